"""Q3, would it have warned: the chance of a doubling of arrivals, against climatology and the last value.

An event is more arrivals in the next days than twice those of the last month at the same place, and more than a few.
Intervals come from drawing whole places again, since forecasts of one place are hardly independent.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from models.registry import LAST_VALUE
from tests.benchmarks.row import Row

DRAWS = 300
WARN_AT = 0.5
QUICK_MODEL_AP = 0.57
"""Average precision at 30 days of the quick model that the benchmark quotes (its events may differ from these)."""


def rows(judged: pd.DataFrame) -> list[Row]:
    """Return Brier scores, average precision, hits and false alarms by horizon, with 90 % intervals in words."""
    found = []
    arrivals = judged[(judged["measure"] == "arrivals") & judged["chance"].notna()]
    for days, some in arrivals.groupby("horizon_days"):
        ours = _of(some, "deployed")
        if not 0 < ours["event"].sum() < len(ours):
            print(f"  Q3, {days} days: {int(ours['event'].sum())} events in {len(ours)} forecasts: not scored")
            continue
        last = _of(some, LAST_VALUE)
        label = f"{days} days, {int(ours['event'].sum())} events in {len(ours)} forecasts"
        brier, climate = _brier(ours), float(((ours["climate"] - ours["event"]) ** 2).mean())
        words = f"{label}, 90 % between {_interval(ours, _brier)}"
        found += [
            Row(f"Q3 Brier, doubling, {words}", brier, climate, "climate of other countries", "below", brier < climate),
            Row(f"Q3 Brier, doubling, {label}", brier, _brier(last), "last value with its margins", "below",
                brier < _brier(last)),
        ]  # fmt: skip
        precision = _precision(ours)
        peer, name = (QUICK_MODEL_AP, "quick model, quoted") if days == 30 else (_precision(last), "last value")
        words = f"{label}, 90 % between {_interval(ours, _precision)}"
        found.append(Row(f"Q3 average precision, {words}", precision, peer, name, "above", precision > peer))
        warned = ours["chance"] >= WARN_AT
        hits, alarms = float(warned[ours["event"]].mean()), float(warned.sum())
        false = float((~ours.loc[warned, "event"]).mean()) if alarms else float("nan")
        base = float((~ours["event"]).mean())
        found.append(Row(f"Q3 share of events warned of at a chance of one half, {label}", hits, None, "",
                         "no goal yet", None))  # fmt: skip
        if alarms:
            found.append(Row(f"Q3 share of {alarms:.0f} warnings that were false, {label}", false, base,
                             "warning at random", "below", false < base))  # fmt: skip
    return found


def _of(some: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return one model's chances with what happened and how often it happens in other countries."""
    mine = some[some["model_name"] == name].reset_index(drop=True)
    mine["event"] = mine["happened"] > mine["threshold"]
    total, count = mine["event"].sum(), len(mine)
    by = mine.groupby("group")["event"]
    rest = count - by.transform("size")
    mine["climate"] = np.where(rest > 0, (total - by.transform("sum")) / np.maximum(rest, 1), mine["event"].mean())
    return mine


def _brier(mine: pd.DataFrame) -> float:
    return float(((mine["chance"] - mine["event"]) ** 2).mean())


def _precision(mine: pd.DataFrame) -> float:
    return float(average_precision_score(mine["event"], mine["chance"])) if mine["event"].any() else float("nan")


def _interval(mine: pd.DataFrame, score: Callable[[pd.DataFrame], float]) -> str:
    """Return a score's 5 to 95 % range over places drawn with replacement."""
    rng = np.random.default_rng(1)
    at = list(mine.groupby(["situation", "place_id"]).indices.values())
    drawn = [score(mine.iloc[np.concatenate([at[i] for i in rng.integers(0, len(at), len(at))])]) for _ in range(DRAWS)]
    low, high = np.nanquantile(drawn, [0.05, 0.95])
    return f"{low:.3f} and {high:.3f}"
