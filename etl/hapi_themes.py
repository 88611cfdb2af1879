"""The themes of the HDX Humanitarian API: their columns and what these mean in our tables."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from data.schema import Versioned
from data.schema.displacement import Displacement
from data.schema.indicator import Indicator
from data.schema.response_plan import ResponsePlan
from etl.columns import Columns

GROUPS = {
    "REF": ("refugee", "stock"), "ROC": ("refugee", "stock"), "ASY": ("asylum_seeker", "stock"),
    "IDP": ("idp", "stock"), "IOC": ("idp", "stock"), "STA": ("stateless", "stock"), "OIP": ("other", "stock"),
    "OOC": ("other", "stock"), "RET": ("returned_refugee", "flow"), "RDP": ("returned_idp", "flow"),
}  # fmt: skip
"""UNHCR's population groups. The host community is not displaced and no group here."""
HOSTS = "HST"
STATUSES = {"AFF": "affected", "INN": "in_need", "TGT": "targeted", "REA": "reached", "all": "population"}
QUALITIES = {"final": "reported", "prelim": "provisional", "forecast": "forecast", "": "reported"}
IPC_TYPES = {"current": "reported", "first projection": "forecast", "second projection": "forecast"}
AREA = (
    "provider_admin1_name", "provider_admin2_name", "admin1_code", "admin1_name", "admin2_code", "admin2_name",
    "admin_level",
)  # fmt: skip
KNOWN = (
    "has_hrp", "in_gho", "dataset_hdx_id", "resource_hdx_id", "warning", "provider_admin1_code", "provider_admin2_code",
    "location_name", "location_ref", "admin1_ref", "admin2_ref", "origin_has_hrp", "origin_in_gho", "asylum_has_hrp",
    "asylum_in_gho", "origin_location_name", "asylum_location_name", "hxl",
)  # fmt: skip
PERIOD = ("reference_period_start", "reference_period_end")


@dataclass(frozen=True)
class Theme:
    """One theme: where it is served, its columns, how a row is read and how it becomes rows of a table.

    ``read`` returns the columns beside area and period. ``figures`` are the measured ones of a row: column, indicator
    and unit (none: the row is already one of the table). ``sums`` joins parts over the whole payload (None: rows are
    independent of each other). ``marks`` is SQL on alias ``t`` that tells its rows from those of other themes in its
    table, where no indicator does.
    """

    path: str
    table: type[Versioned]
    own: tuple[str, ...]
    more: tuple[str, ...]
    read: Callable[[Columns], pd.DataFrame]
    figures: tuple[tuple[str, str, str], ...] = ()
    sums: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    marks: str = "true"
    country: str = "location_code"
    filter: str = "location_code"

    @property
    def required(self) -> tuple[str, ...]:
        """Return the columns that make the theme."""
        return (self.country, *self.own, *PERIOD)

    @property
    def optional(self) -> tuple[str, ...]:
        """Return the columns that are read where they are there."""
        return (*AREA, *self.more, "error")

    @property
    def known(self) -> tuple[str, ...]:
        """Return the columns that are known and not read."""
        return tuple(name for name in KNOWN if name not in self.required)

    @property
    def condition(self) -> str:
        """Return SQL on alias ``t`` that holds for the theme's rows among those of HAPI in its table."""
        names = ", ".join(f"'{indicator}'" for _, indicator, _ in self.figures)
        return f"t.indicator IN ({names})" if names else self.marks

    def spread(self, frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """Yield rows of the table, one frame a measured figure."""
        names = [name for name, _, _ in self.figures]
        for name, indicator, unit in self.figures:
            yield frame.drop(columns=names).assign(indicator=indicator, unit=unit, value=frame[name])
        if self.table is ResponsePlan:
            yield _plans(frame)
        elif not self.figures:
            yield frame


def _figure(columns: Columns, name: str) -> "pd.Series[float]":
    """Return a column of figures; -1 is how some providers write "not known"."""
    raw = columns.chunk.frame
    if name in raw:
        raw[name] = raw[name].mask(raw[name].str.strip().isin(["-1", "-1.0"]), "")
    return columns.number(name)


def _idps(columns: Columns) -> pd.DataFrame:
    operation, turn = columns.text("operation", "no operation named"), columns.text("reporting_round", "")
    assessment = columns.text("assessment_type", "")
    parts = (operation, assessment, turn, *(columns.text(n, "") for n in _PLACE))
    end = columns.text("reference_period_end", "")
    return pd.DataFrame(
        {
            "record_id": ["idps|" + "|".join(values) for values in zip(*parts, end, strict=True)],
            "series": operation + (", " + assessment).where(assessment != "", ""),
            "population_group": "IDP",
            "measure": "stock",
            "people": _figure(columns, "population").astype("Float64"),
            "is_additive": True,
        }
    )


_PLACE = ("location_code", "admin1_code", "admin2_code", "provider_admin1_name", "provider_admin2_name")


def _persons(columns: Columns) -> pd.DataFrame:
    group, origin = columns.text("population_group", ""), columns.text("origin_location_code")
    columns.fault(~group.isin(list(GROUPS)), "population_group", f"is none of {', '.join(GROUPS)}")
    return pd.DataFrame(
        {
            "origin_iso3": origin.where(origin.str.fullmatch("[A-Z]{3}").fillna(value=False)),
            "population_group": group,
            "measure": group.map(lambda code: GROUPS.get(code, ("", "stock"))[1]),
            "gender": columns.text("gender", "all"),
            "age": columns.text("age_range", "all"),
            "people": _figure(columns, "population").astype("Float64"),
        }
    )


def _total_of_parts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one figure a pair of countries, group and period: the published total, or the sum of one set of parts."""
    key = ["origin_iso3", "country_iso3", "population_group", "measure", "period_start_date", "period_end_date"]
    all_genders, all_ages = frame["gender"] == "all", frame["age"] == "all"
    rank = pd.Series(3, index=frame.index).mask(all_genders, 2).mask(all_ages, 1).mask(all_genders & all_ages, 0)
    frame = frame.assign(rank=rank, origin_iso3=frame["origin_iso3"].fillna("?"))
    best = frame[rank == frame.groupby(key)["rank"].transform("min")]
    groups = best.groupby(key, sort=False)
    sums = groups.agg(people=("people", lambda p: p.sum(skipna=False)), locator=("locator", "first")).reset_index()
    parts = (sums[name].astype("str") for name in key)
    return sums.assign(
        source_id="hapi",
        record_id=["persons|" + "|".join(values) for values in zip(*parts, strict=True)],
        series="UNHCR",
        origin_iso3=sums["origin_iso3"].where(sums["origin_iso3"] != "?"),
        admin_level=0,
        is_additive=True,
    )


NEEDS_PARTS = ("category", "gender", "age_range", "disabled_marker", "population_group")
"""What a figure of needs is a part by; the second version of the API has one column for all of them."""


def _needs(columns: Columns) -> pd.DataFrame:
    status = columns.code("population_status", STATUSES)
    breakdown = columns.text("sector_code", "Intersectoral")
    for name in NEEDS_PARTS:
        part = columns.text(name, "")
        breakdown += ("; " + part).where((part != "") & (part.str.casefold() != "all"), "")
    return pd.DataFrame(
        {"breakdown": breakdown + "; " + status, "population": _figure(columns, "population"), "quality": "reported"}
    )


def _conflict(columns: Columns) -> pd.DataFrame:
    figures = {name: _figure(columns, name) for name in ("events", "fatalities")}
    return pd.DataFrame({"breakdown": columns.text("event_type", ""), **figures, "quality": "reported"})


def _within_area(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row an area, month and type: some areas of the provider lie in one P-code, and are summed there."""
    figures = ["events", "fatalities"]
    key = ["country_iso3", "area_id_kind", "area_id", "breakdown", "period_start_date", "period_end_date"]
    alone = frame[~frame.duplicated(key, keep=False)]
    several = frame[frame.duplicated(key, keep=False)]
    groups = several.groupby(key, sort=False)
    sums = groups[figures].agg(lambda part: part.sum(skipna=False))
    first = groups[[name for name in frame.columns if name not in {*key, *figures}]].first()
    return pd.concat([alone, sums.join(first).reset_index()], ignore_index=True)[list(frame.columns)]


def _food(columns: Columns) -> pd.DataFrame:
    phase, kind = columns.text("ipc_phase", ""), columns.text("ipc_type", "")
    figures = {n: _figure(columns, n) for n in ("population_in_phase", "population_fraction_in_phase")}
    quality = columns.code("ipc_type", IPC_TYPES)
    return pd.DataFrame({"breakdown": "phase " + phase + "; " + kind, **figures, "quality": quality})


def _rain(columns: Columns) -> pd.DataFrame:
    names = ("rainfall", "rainfall_long_term_average", "rainfall_anomaly_pct")
    figures = {name: _figure(columns, name) for name in names}
    quality = columns.code("version", QUALITIES)
    return pd.DataFrame({"breakdown": columns.text("aggregation_period", ""), **figures, "quality": quality})


def _people(columns: Columns) -> pd.DataFrame:
    breakdown = columns.text("gender", "all") + "; " + columns.text("age_range", "all")
    return pd.DataFrame(
        {
            "breakdown": breakdown.replace("all; all", ""),
            "population": _figure(columns, "population"),
            "quality": "estimated",
        }
    )


def _risk(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame({**{name: _figure(columns, name) for name, _, _ in RISKS}, "quality": "estimated"})


def _poverty(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame({**{name: _figure(columns, name) for name, _, _ in POVERTY}, "quality": "estimated"})


def _money(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "plan_id": columns.text("appeal_code", "not specified"),
            "cluster": "",
            "title": columns.text("appeal_name", "not specified"),
            "plan_type": columns.text("appeal_type"),
            "requirements_usd": _figure(columns, "requirements_usd"),
            "funding_usd": _figure(columns, "funding_usd"),
        }
    )


def _plans(frame: pd.DataFrame) -> pd.DataFrame:
    """Return plans, with a plan's year that of its beginning and its country in its id, since one may span several."""
    return frame.rename(columns={"period_start_date": "start_date", "period_end_date": "end_date"}).assign(
        year=frame["period_start_date"].dt.year, plan_id=frame["plan_id"] + "|" + frame["country_iso3"]
    )


RISKS = (
    ("overall_risk", "inform_risk", "0-10"), ("hazard_exposure_risk", "hazard_exposure", "0-10"),
    ("vulnerability_risk", "vulnerability", "0-10"), ("coping_capacity_risk", "lack_of_coping_capacity", "0-10"),
)  # fmt: skip
"""INFORM's index and its dimensions; `etl.sources.inform_risk` has them from their publisher, under its own name."""
POVERTY = (
    ("mpi", "multidimensional_poverty_index", "0-1"), ("headcount_ratio", "multidimensionally_poor", "percent"),
    ("intensity_of_deprivation", "intensity_of_deprivation", "percent"),
    ("vulnerable_to_poverty", "vulnerable_to_poverty", "percent"),
    ("in_severe_poverty", "in_severe_poverty", "percent"),
)  # fmt: skip
NOT_READ = {"commodity_code": "prices at markets", "org_acronym": "who works where", "org_name": "who works where"}
"""Themes of HAPI that say nothing of people, by one of their columns."""
_ASYLUM = "asylum_location_code"
_GROUPED = ("origin_location_code", "population_group", "gender", "age_range", "population")
_RETURNED = "t.population_group IN ('returned_refugee', 'returned_idp')"
THEMES = (
    Theme("affected-people/idps", Displacement, ("reporting_round", "assessment_type", "population"), ("operation",),
          _idps, marks="starts_with(t.record_id, 'idps|')"),
    Theme("affected-people/refugees-persons-of-concern", Displacement, _GROUPED, ("min_age", "max_age"),
          _persons, sums=_total_of_parts, marks=f"starts_with(t.record_id, 'persons|') AND NOT {_RETURNED}",
          country=_ASYLUM, filter=_ASYLUM),
    Theme("affected-people/returnees", Displacement, _GROUPED, ("min_age", "max_age"),
          _persons, sums=_total_of_parts, marks=f"starts_with(t.record_id, 'persons|') AND {_RETURNED}",
          country=_ASYLUM, filter=_ASYLUM),
    Theme("affected-people/humanitarian-needs", Indicator, ("sector_code", "population_status", "population"),
          ("sector_name", *NEEDS_PARTS, "min_age", "max_age"), _needs,
          (("population", "humanitarian_needs", "people"),)),
    Theme("coordination-context/conflict-events", Indicator, ("event_type", "events", "fatalities"), (), _conflict,
          (("events", "conflict_events", "events"), ("fatalities", "conflict_fatalities", "people")), _within_area),
    Theme("food-security-nutrition-poverty/food-security", Indicator,
          ("ipc_phase", "ipc_type", "population_in_phase"), ("population_fraction_in_phase",), _food,
          (("population_in_phase", "food_insecure_people", "people"),
           ("population_fraction_in_phase", "food_insecure_share", "share of people"))),
    Theme("climate/rainfall", Indicator, ("aggregation_period", "rainfall", "version"),
          ("rainfall_long_term_average", "rainfall_anomaly_pct", "number_pixels"), _rain,
          (("rainfall", "rainfall", "mm"), ("rainfall_long_term_average", "rainfall_average", "mm"),
           ("rainfall_anomaly_pct", "rainfall_percent_of_average", "percent"))),
    Theme("coordination-context/funding", ResponsePlan, ("appeal_code", "appeal_name", "funding_usd"),
          ("appeal_type", "requirements_usd", "funding_pct"), _money),
    Theme("geography-infrastructure/baseline-population", Indicator, ("gender", "age_range", "population"),
          ("min_age", "max_age"), _people, (("population", "population", "people"),)),
    Theme("coordination-context/national-risk", Indicator, tuple(name for name, _, _ in RISKS),
          ("risk_class", "global_rank", "meta_missing_indicators_pct", "meta_avg_recentness_years"), _risk, RISKS),
    Theme("food-security-nutrition-poverty/poverty-rate", Indicator, tuple(name for name, _, _ in POVERTY), (),
          _poverty, POVERTY),
)  # fmt: skip
