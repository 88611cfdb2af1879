"""Series of counted arrivals, as panels of border points that count: one method, no choice by hand.

Ours is the combination, which the committed skills name for places that count arrivals; its prior is made of round
values that these series were looked at for, so it is flattered a little. The simple peers are scored on the same rows,
and the best of them is picked in hindsight, set by set and lead by lead.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from models.panel import Panel
from models.registry import forecaster
from tests.benchmarks.made_up import situation
from tests.benchmarks.row import Row

FIRST = 36
MOST_ORIGINS = 36
MEMORY_YEARS = 4
"""Years before an origin that a panel holds."""
PATHS = 200
JOBS = 2
CUTS = (0.1, 0.5, 0.9)
OURS = "combination"
NO_GOAL = "no goal of its own"
GOALS = {("sectors", 1): 0.18, ("sectors", 2): 0.28, ("sectors", 3): 0.35}
PUBLISHED = {
    ("italy", 1): 0.56, ("italy", 4): 0.52, ("italy", 13): 0.64, ("darien", 1): 0.19, ("darien", 3): 0.40,
    ("frontex", 1): 0.34, ("frontex", 3): 0.55, ("sectors", 1): 0.211, ("sectors", 2): 0.336, ("sectors", 3): 0.414,
    ("ports", 1): 0.14, ("ports", 3): 0.115,
}  # fmt: skip


class Series(NamedTuple):
    """Counts (periods, series) with the last day of each period, the leads to forecast, and periods in a year."""

    counts: pd.DataFrame
    leads: tuple[int, ...]
    season: int


def measure(folder: Path, every: int = 1) -> list[Row]:
    """Return errors of the middle and how often ranges held, by set and lead, over every ``every``-th origin."""
    found, held, ratios = [], [], []
    for name, series in read(folder).items():
        periods = len(series.counts)
        last = periods - max(series.leads)
        origins = list(range(max(FIRST, last - MOST_ORIGINS), last, every))
        done = Parallel(n_jobs=JOBS, return_as="generator")(delayed(_origin)(series, o) for o in origins)
        made = dict(zip(origins, tqdm(done, desc=f"series {name}", total=len(origins)), strict=True))
        for lead in series.leads:
            ours, best, peer = _score(series, made, lead)
            goal = GOALS.get((name, lead), best)
            words = f"at most {goal:.3g} (published best simple {PUBLISHED[name, lead]})"
            label = f"series WAPE {name}, {lead} ahead, {len(origins)} newest origins"
            found.append(Row(label, ours, best, f"{peer}, picked in hindsight", words, ours <= goal))
            ratios.append(ours / best)
            held += _held(name, series, made, lead)
    mean = float(np.exp(np.mean(np.log(ratios))))
    found.append(
        Row("series WAPE over the best simple, geometric mean", mean, 1.0, "best simple", "at most 0.9", mean <= 0.9)
    )
    return [*found, *held]


def read(folder: Path) -> Mapping[str, Series]:
    """Return the sets. A month without a row after a series' first is a month without people.

    The zero weeks at the end of Italy's daily file are days still to come when it was made, and left out.
    """
    italy = pd.read_csv(folder / "italy_sea_landings_daily" / "series.csv")
    italy["date"] = pd.to_datetime(italy["date"].astype(str), errors="coerce")
    daily = pd.to_numeric(italy.dropna().set_index("date")["landed"], errors="coerce").asfreq("D")
    weekly = daily.resample("W-SUN").agg(lambda s: s.sum() if len(s) == 7 and s.notna().all() else np.nan).dropna()
    weekly = weekly[: np.flatnonzero(weekly)[-1] + 1]
    sectors = pd.read_csv(folder / "us_southwest_sectors_monthly" / "series.csv")
    sectors = sectors[sectors["area"] != "(not given)"]
    sectors["key"] = sectors["component"] + sectors["area"]
    darien = pd.read_csv(folder / "darien_monthly" / "series.csv").assign(key="darien")
    return {
        "italy": Series(weekly.to_frame("italy"), (1, 4, 13), 52),
        "darien": Series(_monthly(darien, "key", "persons"), (1, 3), 12),
        "frontex": Series(
            _monthly(pd.read_csv(folder / "frontex_routes_monthly" / "series.csv"), "route", "detections"), (1, 3), 12
        ),
        "sectors": Series(_monthly(sectors, "key", "encounters"), (1, 2, 3), 12),
        "ports": Series(
            _monthly(pd.read_csv(folder / "us_bts_ports_monthly" / "series.csv"), "port_code", "persons"), (1, 3), 12
        ),
    }


def _monthly(rows: pd.DataFrame, key: str, value: str) -> pd.DataFrame:
    """Return counts by the last day of the month and series."""
    wide = rows.assign(month=pd.PeriodIndex(rows["month"], freq="M")).pivot_table(
        index="month", columns=key, values=value, aggfunc="sum"
    )
    wide = wide.reindex(pd.period_range(wide.index.min(), wide.index.max(), freq="M"))
    begun = wide.notna().cummax()
    filled = wide.fillna(0.0).where(begun)
    filled.index = filled.index.to_timestamp(how="end").normalize()
    return filled


def _origin(series: Series, origin: int) -> np.ndarray:
    """Return our P10, P50 and P90 of every period ahead (leads, 3, series and their sum), as known at an origin."""
    counts = series.counts.iloc[max(origin + 1 - MEMORY_YEARS * series.season, 0) : origin + 1]
    if series.season == 52:
        before = counts.index - pd.Timedelta(days=7)
    else:
        before = counts.index.to_period("M").to_timestamp() - pd.Timedelta(days=1)
    flow = {
        f"p-{i:03d}": [
            ((a - before[0]).days, (b - before[0]).days, float(people))
            for a, b, people in zip(before + pd.Timedelta(days=1), counts.index, counts[column], strict=True)
            if np.isfinite(people)
        ]
        for i, column in enumerate(counts.columns)
    }
    start = before[0].date()
    known = Panel(situation(flow, start), "w", counts.index[-1].date())
    ends = [(series.counts.index[origin + lead] - counts.index[-1]).days for lead in range(max(series.leads) + 1)]
    paths = forecaster(OURS).fit(known).predict(known, max(ends), PATHS, 1)
    column = {place: i for i, place in enumerate(paths.place_ids)}
    found = np.full((len(series.leads), len(CUTS), len(flow) + 1), np.nan)
    for j, lead in enumerate(series.leads):
        came = paths.arrivals[:, :, ends[lead - 1] : ends[lead]].sum(axis=2)
        for i, place in enumerate(flow):
            if f"w:{place}" in column:
                found[j, :, i] = np.quantile(came[:, column[f"w:{place}"]], CUTS)
        found[j, :, -1] = np.quantile(came[:, np.isfinite(came).all(axis=0)].sum(axis=1), CUTS)
    return found


def _held(name: str, series: Series, made: Mapping[int, np.ndarray], lead: int) -> list[Row]:
    """Return how often the 80 % range held what came, of each series and of the sum of those that are forecast."""
    counts, j = series.counts.to_numpy(float), series.leads.index(lead)
    each: list[bool] = []
    sums: list[bool] = []
    for origin, forecast in made.items():
        low, _, high = forecast[j]
        truth = counts[origin + lead]
        known = np.isfinite(low[:-1]) & np.isfinite(truth)
        each += ((low[:-1] <= truth) & (truth <= high[:-1]))[known].tolist()
        sums.append(bool(low[-1] <= truth[known].sum() <= high[-1]))
    rows = {f"{len(each)} forecasts": each} | ({f"the sum, {len(sums)} forecasts": sums} if counts.shape[1] > 1 else {})
    return [
        Row(f"series coverage of 80 %, {name}, {lead} ahead, {what}", float(np.mean(some)), None, "", NO_GOAL, None)
        for what, some in rows.items()
    ]


def _score(series: Series, made: Mapping[int, np.ndarray], lead: int) -> tuple[float, float, str]:
    """Return our error, the best simple method's, and its name."""
    counts = series.counts.to_numpy(float)
    j = series.leads.index(lead)
    ours, size = 0.0, 0.0
    simple: dict[str, float] = {}
    for origin, forecast in made.items():
        truth = counts[origin + lead]
        peers = _simple(counts, origin, lead, series.season)
        middle = forecast[j, CUTS.index(0.5), :-1]
        fit = np.isfinite(truth) & np.all([np.isfinite(v) for v in (*peers.values(), middle)], axis=0)
        ours += float(np.abs(middle - truth)[fit].sum())
        size += float(truth[fit].sum())
        for name, said in peers.items():
            simple[name] = simple.get(name, 0.0) + float(np.abs(said - truth)[fit].sum())
    peer = min(simple, key=lambda n: simple[n])
    return ours / size, simple[peer] / size, peer


def _simple(counts: np.ndarray, origin: int, lead: int, season: int) -> dict[str, np.ndarray]:
    """Return the plain peers' forecasts (series,)."""
    year = counts[max(origin - 11, 0) : origin + 1]
    return {
        "last value": counts[origin],
        "mean of 3": counts[origin - 2 : origin + 1].mean(axis=0),
        "mean of 12": year.mean(axis=0),
        "median of 12": np.median(year, axis=0),
        "same period last year": counts[origin + lead - season] if origin + lead >= season else counts[origin],
    }
