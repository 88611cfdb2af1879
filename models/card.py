"""The model card of a situation: what forecasts there, from what, how good it has been and what it is not for.

Generated from stored runs, scores and reports, as Markdown; nothing in it is typed by hand but what holds for every
situation. A figure that is not stored is said to be missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from data.schema.forecast_run import ForecastRun
from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.score import Score
from data.schema.situation import Situation
from data.store import Store
from models.artifacts import stored
from models.errors import UnknownSituation
from models.features.table import FEATURES
from models.forecasters.chosen import Chosen
from models.metrics import INTERVALS
from models.panel import end_of
from models.registry import LAST_VALUE, forecasters
from models.selection import LEAST_GAIN

MEASURES = {"arrivals": "People arriving", "stock": "People present"}
SKILL_HORIZON_DAYS = 30
FEW_FORECASTS = 8
NARROW_SHARE = 0.15
"""A range that held so much less than it should is called too narrow."""
_USE = (
    "For planning ahead at border points and sites: how many people may come, and with what uncertainty, so that "
    "shelter, water, food, staff and transport are there before they are needed.",
    "Aggregates only: counts by place and day. No data about a person goes in or comes out, and it must not be used "
    "to identify, profile, rank or refuse persons or groups.",
    "Never a reason to close or restrict a border, to return people or to delay aid. A low forecast is no evidence "
    "that nobody will come.",
    "A person decides; the forecast is one input beside reports from the field.",
)
_LIMITS = (
    "A forecast continues what was known at its origin. It does not foresee a new offensive, a closure or a change of "
    "registration, and only widens its range for them as far as the past held such changes.",
    "Counts are what was registered or reported, late and with gaps; people who crossed unseen are not in them.",
    "Scores are means over past forecasts whose outcome is known; they overlap in time and are not independent.",
    "The ranges are for each place and day alone, not for all places at once.",
)


@dataclass(frozen=True)
class _Known:
    """What is stored about a situation and was known by a day (missing: now)."""

    situation: pd.Series
    places: pd.DataFrame
    reports: pd.DataFrame
    runs: pd.DataFrame
    scores: pd.DataFrame
    artifacts: pd.DataFrame


def card(store: Store, situation_id: str, until: date | None = None) -> str:
    """Return the model card as Markdown, from what was known at the end of a day (missing: now).

    Runs with an origin after that day, and scores that used later counts, are left out. Raises UnknownSituation.
    """
    known = _read(store, situation_id, until)
    parts = [
        [f"# Model card: {_plain(known.situation['title'])}", "", _about(known, until)],
        ["## What it is for, and what it is not for", "", *_list(_USE)],
        ["## The model", "", *_model(known)],
        ["## The situation and its data", "", *_data(known)],
        ["## How good past forecasts were", "", *_scores(known)],
        ["## Places without skill", "", *_without_skill(known)],
        ["## Known limits", "", *_list([*_LIMITS, *_found_limits(known)])],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _read(store: Store, situation_id: str, until: date | None) -> _Known:
    """Read what is stored."""
    as_of = None if until is None else end_of(until)
    situations = store.read(Situation, as_of, id=situation_id)
    if situations.empty:
        raise UnknownSituation(situation_id, until)
    places = store.read(Place, as_of, situation_id=situation_id)
    runs = store.read(ForecastRun, situation_id=situation_id)
    scores = store.read(Score, situation_id=situation_id)
    artifacts = stored(store, situation_id)
    if until is not None:
        last = pd.Timestamp(until)
        runs = runs[runs["origin_date"] <= last]
        scores = scores[scores["data_cutoff_date"] <= last]
        artifacts = artifacts[artifacts["data_cutoff_date"] <= last]
    reports = store.read(Observation, as_of, place_id=places["id"].tolist())
    return _Known(situations.iloc[0], places, reports, runs.sort_values("origin_date"), scores, artifacts)


def _about(known: _Known, until: date | None) -> str:
    """Say as of when the card is, and from what."""
    when = "now" if until is None else f"on {until}"
    cutoff = f" Scores use counts until {_day(known.scores['data_cutoff_date'].max())}." if len(known.scores) else ""
    return f"Generated from the stored forecasts and scores as known {when}.{cutoff}"


def _model(known: _Known) -> list[str]:
    """Say which model answers, with its newest run, and which are scored beside it."""
    mine = known.runs[known.runs["role"] == "deployed"]
    if mine.empty:
        return ["No forecast has been issued yet."]
    newest = mine.iloc[-1]
    said = _list(
        [
            f"Answering: {_title(newest['model_name'])}, version {newest['model_version']}. {_purpose(Chosen)}",
            f"Newest forecast: origin {_day(newest['origin_date'])}, the last day whose facts it may have seen; newest "
            f"report {_day(newest['newest_observation_date'])}; {newest['path_count']} sample paths, seed "
            f"{newest['seed']}; SHA-256 of the fitted model {newest['model_sha256']}.",
            f"Inputs: reports of arrivals and people present; learnt features of {', '.join(FEATURES)}.",
            "Output: for each place and day ahead (1 to 90) people present and people arriving, as seven quantiles.",
        ]
    )
    classes = forecasters()
    newest_runs = known.runs.drop_duplicates(["model_name", "model_version"], keep="last")
    rows = [
        (_title(run.model_name), run.model_version, run.role, _day(run.origin_date), _purpose(classes[run.model_name]))
        for run in newest_runs.sort_values(["role", "model_name"]).itertuples()
        if run.model_name in classes and run.role != "deployed"
    ]
    artifacts = [
        (_title(a.model_name), a.model_version, _day(a.data_cutoff_date), a.content_sha256)
        for a in known.artifacts.itertuples()
    ]
    said += ["", "Scored beside it:", "", *_table(("Model", "Version", "Role", "Newest origin", "What it does"), rows)]
    if artifacts:
        said += ["", "Stored fitted models:", "", *_table(("Model", "Version", "Data cut-off", "SHA-256"), artifacts)]
    return said


def _data(known: _Known) -> list[str]:
    """Say which situation, with how many places, and who reported what and until when."""
    row = known.situation
    ended = "" if pd.isna(row["end_date"]) else f", ended {_day(row['end_date'])}"
    kinds = known.places["kind"].value_counts()
    said = _list(
        [
            f"People fleeing from {row['origin_iso3']}, since {_day(row['start_date'])}{ended}.",
            "Places: " + (", ".join(f"{n} {_title(kind)}" for kind, n in kinds.items()) or "none") + ".",
            f"Source of the situation: {_plain(row['source'])}; licence: {_plain(row['licence'])}.",
        ]
    )
    by = known.reports.groupby(["source_id", "measure"], sort=True)["period_end_date"].agg(["size", "min", "max"])
    rows = [
        (source, measure, f"{r['size']:,}", _day(r["min"]), _day(r["max"])) for (source, measure), r in by.iterrows()
    ]
    return [
        *said,
        "",
        *_table(("Source", "Measure", "Reports", "First day", "Last day"), rows, "No place reported yet."),
    ]


def _deployed(known: _Known) -> pd.DataFrame:
    """Return the scores of the newest stored version of the answer, over all places and by place."""
    mine = known.scores[known.scores["model_name"] == Chosen.name]
    return mine[mine["model_version"] == mine["model_version"].max()]


def _scores(known: _Known) -> list[str]:
    """Return a table for each measure: errors by horizon beside the last value's, and how much the ranges held."""
    together = _deployed(known)
    together = together[together["place_id"].isna()]
    if together.empty:
        return ["No back-test is stored: nothing is known of how good these forecasts are."]
    last = known.scores[(known.scores["model_name"] == LAST_VALUE) & known.scores["place_id"].isna()]
    heads = ("Days ahead", "Forecasts", "Mean error", "Last value's", "Ratio", *(f"In {p} % range" for p in INTERVALS))
    said = ["All places together, in people. A ratio below 1 is better than repeating the last value."]
    for measure, title in MEASURES.items():
        ours, theirs = (f[f["measure"] == measure] for f in (together, last))
        values = ours.pivot_table(index="horizon_days", columns="metric", values="value", aggfunc="last")
        counts = ours.groupby("horizon_days")["forecasts"].max()
        naive = theirs[theirs["metric"] == "mae"].groupby("horizon_days")["value"].last()
        rows = [
            (
                str(days), f"{counts[days]:,}", _figure(line.get("mae"), ",.0f"), _figure(naive.get(days), ",.0f"),
                _figure(line.get("rmae"), ".2f"), *(_figure(line.get(f"coverage_{p}"), ".0%") for p in INTERVALS),
            )
            for days, line in values.iterrows()
        ]  # fmt: skip
        said += ["", f"### {title}", "", *_table(heads, rows, "No forecast of these could be checked.")]
    return said


def _without_skill(known: _Known) -> list[str]:
    """Name the places where the answer was no better than the last value."""
    ours = _deployed(known)
    ours = ours[ours["place_id"].notna() & (ours["metric"] == "rmae") & (ours["horizon_days"] == SKILL_HORIZON_DAYS)]
    names = dict(zip(known.places["id"], known.places["name"], strict=True))
    said = [f"By the error {SKILL_HORIZON_DAYS} days ahead, against the last value's (at least {LEAST_GAIN:.0%} less)."]
    for measure, title in MEASURES.items():
        mine = ours[ours["measure"] == measure]
        worse = mine[mine["value"] > 1 - LEAST_GAIN].sort_values("value", ascending=False)
        listed = [
            f"{_plain(names.get(r.place_id, r.place_id))} (ratio {r.value:.2f}, {r.forecasts} forecasts)"
            for r in worse.itertuples()
        ]
        head = f"{title}: {len(listed)} of {len(mine)} places that could be checked are without skill."
        said += ["", f"### {title}", "", head, *([""] if listed else []), *_list(listed)]
    return said


def _found_limits(known: _Known) -> list[str]:
    """Say what the scores themselves show: few forecasts, ranges that are too narrow."""
    together = _deployed(known)
    together = together[together["place_id"].isna()]
    said = []
    for row in together.sort_values(["measure", "horizon_days", "metric"]).itertuples():
        title = MEASURES.get(row.measure, row.measure).lower()
        if row.metric == "mae" and row.forecasts < FEW_FORECASTS:
            said.append(f"Only {row.forecasts} forecasts of {title} {row.horizon_days} days ahead could be checked.")
        said += [
            f"The {percent} % range of {title} {row.horizon_days} days ahead held only {row.value:.0%} of what "
            "happened: it is too narrow."
            for percent in INTERVALS
            if row.metric == f"coverage_{percent}" and row.value < percent / 100 - NARROW_SHARE
        ]
    return said


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]], otherwise: str = "None.") -> list[str]:
    """Return the lines of a Markdown table; without rows one sentence."""
    if not rows:
        return [otherwise]
    lines = [heads, ["---"] * len(heads), *([_plain(cell) for cell in row] for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]


def _list(sentences: Sequence[str]) -> list[str]:
    return [f"- {sentence}" for sentence in sentences]


def _plain(text: object) -> str:
    """Return text in one line that is neither markup nor a table's border.

    >>> print(_plain("a <i>"))
    a &lt;i>
    """
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")


def _purpose(cls: type) -> str:
    """Return what a class says of itself in its first sentence."""
    return " ".join((cls.__doc__ or "").split("\n\n")[0].split()).split(". ")[0].removesuffix(".") + "."


def _title(name: str) -> str:
    return str(name).replace("_", " ")


def _figure(value: float | None, form: str) -> str:
    """Return a figure, or that it is missing."""
    return "missing" if value is None or pd.isna(value) else format(value, form)


def _day(day: pd.Timestamp) -> str:
    """Return a day as ISO 8601, or that it is missing."""
    return "missing" if pd.isna(day) else str(day.date())
