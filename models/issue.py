"""Issue forecasts: fit at an origin, draw, and store the run with its quantiles and its reasons.

The newest origin comes first, with a short look-back that the choice of the answering forecaster rests on; the older
ones follow from the oldest on, so that at each the choice uses only what had been scored by then. A run that is there
is not made again. How far it has come is the number of runs against the number of origins (`progress`).
"""

import pickle
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from zlib import crc32

import pandas as pd
from joblib import Parallel, delayed
from sqlalchemy import URL
from tqdm import tqdm

from data.postgres import engine
from data.schema.driver import Driver
from data.schema.forecast import Forecast
from data.schema.forecast_run import ForecastRun
from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.situation import Situation
from data.store import Store
from models.errors import UnknownSituation
from models.forecaster import Forecaster
from models.forecasters.chosen import Chosen
from models.outcomes import outcomes
from models.panel import Panel
from models.paths import HORIZON_DAYS
from models.registry import candidates, forecaster
from models.rows import forecast_rows
from models.selection import choose, kinds_of

STEP_DAYS = 14
LONG_DAYS = 1000
HORIZON = 90
PATHS = 500
LOOK_BACK = 6
LOOK_BACK_STEP = 2
"""The newest choice rests on six earlier origins, 28 days apart, until all have been issued."""


@dataclass(frozen=True)
class Progress:
    """Origins that have an answer, and origins in all."""

    done: int
    total: int


def origins(store: Store, situation_id: str, until: date | None = None) -> list[date]:
    """Return the origins of a situation, the newest first: fortnightly, four-weekly after its first `LONG_DAYS`.

    From a fortnight after its start to its end, its last report or ``until`` (missing: no limit), whichever is first.
    Raises UnknownSituation when there is none of that id.
    """
    found = store.read(Situation, id=situation_id)
    if found.empty:
        raise UnknownSituation(situation_id, None)
    start, end = found["start_date"][0].date(), found["end_date"][0]
    places = store.read(Place, situation_id=situation_id)["id"].tolist()
    reported = store.read(Observation, place_id=places)["period_end_date"].max()
    limits = [d.date() for d in (end, reported) if not pd.isna(d)]
    last = min([*limits, *([until] if until else [])], default=start)
    after = range(STEP_DAYS, (last - start).days + 1, STEP_DAYS)
    kept = [days for days in after if days <= LONG_DAYS or days % (2 * STEP_DAYS) == 0]
    return [start + timedelta(days=days) for days in reversed(kept)]


def progress(store: Store, situation_id: str) -> Progress:
    """Return how many origins of a situation have an answer."""
    every = set(origins(store, situation_id))
    return Progress(len(every & _issued(store, situation_id, Chosen)), len(every))


def issue(store: Store, situation_id: str, jobs: int = 1, *, newest_only: bool = False) -> int:
    """Issue all forecasters at all origins, or at the newest with its look-back; return how many answers were new.

    ``jobs`` origins are computed at once, each in a process of its own.
    """
    every = origins(store, situation_id)
    missing = set(every) - _issued(store, situation_id, Chosen)
    if not missing:
        return 0
    newest, url = every[0], store.engine.url
    look_back = every[1 + LOOK_BACK_STEP - 1 : 1 + LOOK_BACK * LOOK_BACK_STEP : LOOK_BACK_STEP]
    older = [] if newest_only else sorted(missing - {newest})
    with tqdm(total=len(older) + (newest in missing), desc=f"forecasts {situation_id}", unit="origin") as bar:
        if newest in missing:
            _run(url, situation_id, [(o, False) for o in reversed(look_back)], jobs)
            _run(url, situation_id, [(newest, True)], 1)
            bar.update()
        for begin in range(0, len(older), jobs):
            some = older[begin : begin + jobs]
            _run(url, situation_id, [(o, True) for o in some], jobs)
            bar.update(len(some))
    if older:
        _renew(store, situation_id, newest)
    return len(older) + (newest in missing)


def _run(url: URL, situation_id: str, work: Iterable[tuple[date, bool]], jobs: int) -> None:
    """Issue several origins, in processes where there is more than one job."""
    Parallel(n_jobs=jobs)(delayed(issue_one)(url, situation_id, origin, answer) for origin, answer in work)


def issue_one(url: URL, situation_id: str, origin: date, answer: bool) -> None:
    """Issue every candidate at one origin, and with ``answer`` the chosen one; skips what is stored."""
    store = Store(engine(url.render_as_string(hide_password=False)))
    try:
        panel = Panel.read(store, situation_id, origin)
        fitted: dict[str, Forecaster] = {}
        for name, cls in candidates().items():
            fitted[name] = forecaster(name)
            if origin not in _issued(store, situation_id, cls):
                store_run(store, panel, fitted[name].fit(panel), HORIZON_DAYS)
        if answer and origin not in _issued(store, situation_id, Chosen):
            store_run(store, panel, _answer(store, panel, fitted), range(1, HORIZON + 1))
    finally:
        store.engine.dispose()


def _answer(store: Store, panel: Panel, fitted: dict[str, Forecaster]) -> Chosen:
    """Return the chosen forecaster of a panel, from scores known at its origin."""
    choice = choose(outcomes(store, panel), kinds_of(panel), list(candidates()))
    chosen = Chosen(choice.arrivals, choice.stock, choice.gain_percent)
    chosen.adopt({name: model for name, model in fitted.items() if hasattr(model, "fitted_until_")})
    return chosen.fit(panel)


def _renew(store: Store, situation_id: str, origin: date) -> None:
    """Issue the newest answer again when the look-back had chosen otherwise than all origins do."""
    panel = Panel.read(store, situation_id, origin)
    chosen = _answer(store, panel, {})
    runs = store.read(ForecastRun, situation_id=situation_id, model_name=Chosen.name, model_version=Chosen.version)
    old = runs[runs["origin_date"] == pd.Timestamp(origin)]
    if not old.empty and old["model_sha256"].iloc[0] != fingerprint(chosen):
        store.remove(ForecastRun, id=int(old["id"].iloc[0]))
        store_run(store, panel, chosen, range(1, HORIZON + 1))


def store_run(store: Store, panel: Panel, model: Forecaster, days: Sequence[int]) -> int:
    """Store one run with its quantiles on some days ahead and its reasons, together; return its id."""
    seed = crc32(f"{panel.situation_id} {panel.origin_date}".encode()) & 0x7FFFFFFF
    rows = forecast_rows(model, panel, HORIZON, PATHS, seed, days)
    run = {
        "situation_id": panel.situation_id,
        "model_name": model.name,
        "model_version": model.version,
        "role": model.role,
        "origin_date": panel.origin_date,
        "newest_observation_date": panel.newest_observation_date,
        "seed": seed,
        "path_count": PATHS,
        "model_sha256": fingerprint(model),
    }
    return store.add_one(ForecastRun, run, {Forecast: rows, Driver: model.drivers(panel)})


def fingerprint(model: Forecaster) -> str:
    """Return the SHA-256 of what a fitted forecaster is: its name, version, parameters and all it has learnt."""
    learnt = {name: value for name, value in sorted(vars(model).items()) if not name.startswith("_")}
    return sha256(pickle.dumps((model.name, model.version, learnt), protocol=5)).hexdigest()


def _issued(store: Store, situation_id: str, cls: type[Forecaster]) -> set[date]:
    """Return the origins at which a forecaster's run is stored."""
    runs = store.read(ForecastRun, situation_id=situation_id, model_name=cls.name, model_version=cls.version)
    return set(_dates(runs["origin_date"]))


def _dates(days: "pd.Series[pd.Timestamp]") -> Iterator[date]:
    return (d.date() for d in days)
