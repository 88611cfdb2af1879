"""``python -m models COMMAND SITUATION...``: estimate arrivals, fit models, issue and score forecasts."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from data.errors import WaypostError
from data.postgres import database_url, engine
from data.schema.situation import Situation
from data.settings import read_settings
from data.store import Store
from models.answered import expected_arrivals, newest_answer
from models.arrivals import derive
from models.backtest import FIRST_ORIGIN_DAYS, backtest, nothing_known, report
from models.calibrate import calibrate
from models.calibration import TABLE_FILE
from models.card import card
from models.cluster import workers
from models.fit_where import fit_where
from models.issue import issue, progress
from models.panel import Panel
from models.paths import HORIZON_DAYS
from models.scoring import COLUMNS
from models.serve import fit, predict
from models.targets import OPEN_DAYS, WIDEST_DAYS
from models.where.coefficients import COEFFICIENTS_FILE
from models.where.diversion import NOBODY_IS_STOPPED, Position, if_closed, if_opened, table

NOTHING_JUDGED = (
    f"Nothing could be judged: that takes a forecast from {FIRST_ORIGIN_DAYS} days after the start on, at a place "
    f"heard of since {OPEN_DAYS} days, and reports at most {WIDEST_DAYS} days apart on what then happened"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code (``sysexits.h``)."""
    chosen = _parser().parse_args(arguments)
    try:
        connections = engine(database_url(read_settings()))
        try:
            _COMMANDS[chosen.command](Store(connections), chosen)
        finally:
            connections.dispose()
    except WaypostError as error:
        print(f"waypost: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="python -m models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    derive_it = commands.add_parser("derive", help="write arrivals estimated from stock reports")
    issue_it = commands.add_parser("issue", help="issue forecasts at all origins, the newest first")
    issue_it.add_argument("--newest", action="store_true", help="only the newest origin")
    backtest_it = commands.add_parser("backtest", help="issue what is missing and score everything")
    backtest_it.add_argument("--report", type=Path, metavar="FILE", help="also write the scores as JSON")
    catch_up = commands.add_parser("catch-up", help="derive, issue and score whatever is missing, of all situations")
    where = commands.add_parser("fit-where", help="learn destination shares from situations that are over")
    where.add_argument("--out", type=Path, default=COEFFICIENTS_FILE, metavar="FILE", help="the committed table")
    calibrate_it = commands.add_parser("calibrate", help="learn margins and skills from situations that are over")
    calibrate_it.add_argument("--out", type=Path, default=TABLE_FILE.parent, metavar="FOLDER", help="of the tables")
    for command in (issue_it, backtest_it, catch_up, calibrate_it):
        command.add_argument("--jobs", type=int, default=1, help="origins computed at once (default 1)")
        command.add_argument("--dask", metavar="ADDRESS", help="compute on the Dask cluster there (tcp://...)")
    fit_it = commands.add_parser("fit", help="fit the models that learn at the newest origin and store them")
    predict_it = commands.add_parser("predict", help="answer from stored models, without fitting")
    predict_it.add_argument("--origin", type=date.fromisoformat, metavar="DATE", help="last day that may be known")
    card_it = commands.add_parser("card", help="print the model card as Markdown")
    card_it.add_argument("--out", type=Path, metavar="FILE", help="write it there instead")
    what_if_it = commands.add_parser("what-if", help="where people would have to go if a crossing closed or one opened")
    what_if_it.add_argument("situation", metavar="SITUATION", help="id of the situation")
    what_if_it.add_argument("point", metavar="POINT", help="id of the border point that closes, or of the new one")
    what_if_it.add_argument(
        "--as-of", type=date.fromisoformat, metavar="DATE", help="as known on a day (default today)"
    )
    what_if_it.add_argument("--days", type=int, default=30, choices=HORIZON_DAYS, help="days ahead (default 30)")
    what_if_it.add_argument("--opens-at", nargs=3, metavar=("ISO3", "LON", "LAT"), help="POINT is new, and there")
    for command in (derive_it, issue_it, backtest_it, where, calibrate_it, fit_it, predict_it, card_it):
        command.add_argument("situations", nargs="+", metavar="SITUATION", help="id of a situation")
    return parser


def _derive(store: Store, chosen: argparse.Namespace) -> None:
    """Derive arrivals of each situation."""
    for situation in chosen.situations:
        counts = derive(store, situation)
        print(f"{situation}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))


def _issue(store: Store, chosen: argparse.Namespace) -> None:
    """Issue each situation."""
    for situation in chosen.situations:
        with workers(chosen.jobs, chosen.dask) as jobs:
            new = issue(store, situation, jobs, newest_only=chosen.newest)
        state = progress(store, situation)
        print(f"{situation}: {new} new, {state.done} of {state.total} origins issued")


def _backtest(store: Store, chosen: argparse.Namespace) -> None:
    """Score each situation and print the relative errors of all places together."""
    with workers(chosen.jobs, chosen.dask) as jobs:
        parts = [_judged(store, situation, jobs) for situation in chosen.situations]
    found = pd.concat(parts, ignore_index=True)
    if chosen.report is not None:
        report(found, chosen.report)
    together = found[found["place_id"].isna() & (found["metric"] == "rmae")]
    table = together.pivot_table(
        index=["situation_id", "measure", "model_name"], columns="horizon_days", values="value"
    )
    told = f"Error over the last value's error (rmae), by horizon in days:\n{table.round(3).to_string()}"
    print(NOTHING_JUDGED if table.empty else told)


def _judged(store: Store, situation: str, jobs: int) -> pd.DataFrame:
    """Back-test one situation, or say why that cannot be done."""
    if (reason := nothing_known(store, situation)) is None:
        return backtest(store, situation, jobs)
    print(f"{situation}: nothing can be forecast: {reason}")
    return pd.DataFrame(columns=COLUMNS)


def _fit_where(store: Store, chosen: argparse.Namespace) -> None:
    """Learn the structural model from situations in the database."""
    today = datetime.now(UTC).date()
    learnt = fit_where([Panel.read(store, situation, today) for situation in chosen.situations], chosen.out)
    print("\n".join(f"{name} {value:.3f}" for name, value in asdict(learnt.coefficients).items()))


def _calibrate(store: Store, chosen: argparse.Namespace) -> None:
    """Learn how wrong the forecasters are, and which is how good, from situations in the database."""
    with workers(chosen.jobs, chosen.dask) as jobs:
        for path in calibrate(store, chosen.situations, chosen.out, jobs):
            print(path)


def _catch_up(store: Store, chosen: argparse.Namespace) -> None:
    """Bring every situation up to date, one after the other."""
    with workers(chosen.jobs, chosen.dask) as jobs:
        for situation in store.read(Situation)["id"]:
            derive(store, situation)
            backtest(store, situation, jobs)


def _fit(store: Store, chosen: argparse.Namespace) -> None:
    """Store the fitted models of each situation."""
    for situation in chosen.situations:
        for name, digest in fit(store, situation).items():
            print(f"{situation}: {name} stored, SHA-256 {digest}")


def _predict(store: Store, chosen: argparse.Namespace) -> None:
    """Answer for each situation, and say which stored models were refused."""
    for situation in chosen.situations:
        panel, model = predict(store, situation, chosen.origin)
        if panel.newest_observation_date is None:
            print(f"{situation}: nothing had been reported by {panel.origin_date}, and no place is forecast")
            continue
        names, newest = ", ".join(model.components_), panel.newest_observation_date
        print(f"{situation}: answered at {panel.origin_date} by {names}, from reports until {newest}")
        for sentence in sorted(set((model.refused or {}).values())):
            print(f"{situation}: {sentence}")


def _card(store: Store, chosen: argparse.Namespace) -> None:
    """Print the model cards of the situations, or write them into one file."""
    text = "\n".join(card(store, situation) for situation in chosen.situations)
    if chosen.out is None:
        print(text, end="")
    else:
        chosen.out.write_text(text, encoding="utf-8")


def _what_if(store: Store, chosen: argparse.Namespace) -> None:
    """Print where people would have to go if one crossing closed, or a new one opened."""
    asked_date = chosen.as_of or datetime.now(UTC).date()
    panel = Panel.read(store, chosen.situation, asked_date)
    expected = expected_arrivals(store, chosen.situation, asked_date)
    if chosen.opens_at:
        at = Position.told(*chosen.opens_at)
        found = if_opened(panel, chosen.point, at, expected, chosen.days)
    else:
        found = if_closed(panel, chosen.point, expected, chosen.days)
    run = newest_answer(store, chosen.situation, asked_date)
    span = "no forecast yet"
    if run is not None:
        newest = run["newest_observation_date"]
        rests = "" if pd.isna(newest) else f", from reports until {newest.date()}"
        span = f"people in the {chosen.days} days after {run['origin_date'].date()}{rests}"
    change = "opens" if chosen.opens_at else "closes"
    print(f"{chosen.point} {change}, as known on {asked_date}: {span}")
    print(table(found, panel))
    print(NOBODY_IS_STOPPED)


_COMMANDS = {
    "catch-up": _catch_up, "derive": _derive, "issue": _issue, "backtest": _backtest, "fit-where": _fit_where,
    "calibrate": _calibrate,
    "fit": _fit, "predict": _predict, "card": _card, "what-if": _what_if,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
