"""A situation's tables made one whole: references resolved, what is missing derived, what does not fit rejected."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd
from shapely.geometry.base import BaseGeometry

from data.errors import PayloadRejected
from data.frames import check
from data.schema.place import Place
from etl import border_points, links
from etl.situation_tables import Sheet
from etl.source import Reject

_DERIVED = "derived"


@dataclass(frozen=True)
class Facts:
    """The one row of ``situation.csv``. ``end_date`` is missing while the situation goes on; lags are days."""

    id: str
    title: str
    origin_iso3: str
    start_date: date
    end_date: date | None
    conflict_lag_days: int
    registration_lag_days: int
    source: str
    licence: str
    note: str | None


@dataclass
class Whole:
    """The resolved tables by name, ids still local; a column ``locator`` says where each row stood.

    ``rejects`` holds what was left out. A status or conflict period that lasts has no end date.
    """

    facts: Facts
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)

    def keep(self, name: str, frame: pd.DataFrame, fits: "pd.Series[bool]", reason: str) -> pd.DataFrame:
        """Return the rows that fit; reject the others, ``reason`` filled with their values."""
        fits = fits.astype(bool)
        for row in frame[~fits].to_dict("records"):
            told = {key: value for key, value in row.items() if key != "locator" and value is not None}
            raw = ",".join(f"{key}={value}" for key, value in told.items())
            self.rejects.append(Reject(name, row["locator"], reason.format(**row), raw))
        return frame[fits]


def facts_of(sheet: Sheet) -> Facts:
    """Return the situation's row; raise `PayloadRejected` when there is not exactly one good row."""
    if sheet.rejects:
        raise PayloadRejected(sheet.rejects[0].locator, sheet.rejects[0].reason)
    if len(sheet.frame) != 1:
        raise PayloadRejected("situation.csv", f"has {len(sheet.frame)} rows, a situation is described by one")
    facts = Facts(**sheet.frame.iloc[0].to_dict())
    if facts.end_date is not None and facts.end_date < facts.start_date:
        raise PayloadRejected("situation.csv", f"ends on {facts.end_date}, before its start on {facts.start_date}")
    return facts


def resolve(sheets: Mapping[str, Sheet], outlines: Mapping[str, BaseGeometry]) -> Whole:
    """Resolve the tables of a folder; ``outlines`` are needed where it names no border points.

    Raises `PayloadRejected` when the tables contradict each other as a whole.
    """
    whole = Whole(facts_of(sheets["situation"]))
    tables = {name: sheet.frame.assign(locator=sheet.locators) for name, sheet in sheets.items()}
    for name, sheet in sheets.items():
        whole.rejects += [Reject(_TABLE_NAMES[name], r.locator, r.reason, r.raw) for r in sheet.rejects]
    places = _places(whole, tables["places"])
    routes = _routes(whole, tables["routes"], set(places["id"]))
    if "border_points" in tables:
        points = _border_points(whole, tables["border_points"], places)
        reason = "border_point_id {border_point_id} is no border point"
        fits = routes["border_point_id"].isna() | routes["border_point_id"].isin(points["id"])
        routes = whole.keep("route", routes, fits, reason)
    else:
        places, points, routes = _derive(whole, places, routes, outlines)
    whole.frames |= {"places": places, "border_points": points, "routes": routes}
    whole.frames["sites"] = _sites(whole, tables.get("sites"), places)
    whole.frames["links"] = _links(whole, tables.get("links"), places, points, routes)
    if "status_periods" in tables:
        whole.frames["status_periods"] = _status_periods(whole, tables["status_periods"], points)
    if "conflict_periods" in tables:
        whole.frames["conflict_periods"] = _conflict_periods(whole, tables["conflict_periods"], set(places["id"]))
    return whole


_TABLE_NAMES = {
    "situation": "situation", "places": "place", "border_points": "border_point", "sites": "site", "links": "link",
    "routes": "route", "status_periods": "status_period", "conflict_periods": "conflict_period",
}  # fmt: skip


def _places(whole: Whole, places: pd.DataFrame) -> pd.DataFrame:
    """Keep the places that the database would take, so that nothing is derived from one that never lands."""
    places = whole.keep("place", places, ~places["id"].duplicated(), "id {id} is used by a row before")
    located = places["longitude"].notna() & places["latitude"].notna()
    told = places["coordinate_quality"]
    quality = told.where(told.notna(), located.map({True: "published", False: "unknown"}))
    places = places.assign(coordinate_quality=quality, note=places["note"].fillna(""))
    reasons = check(places.drop(columns="locator").assign(situation_id=whole.facts.id), Place).reasons
    for label, reason in reasons.items():
        row = places.loc[label].dropna()
        whole.rejects.append(Reject("place", row.pop("locator"), reason, row.to_json(force_ascii=False)))
    return places[~places.index.isin(list(reasons))]


def _routes(whole: Whole, routes: pd.DataFrame, known: set[str]) -> pd.DataFrame:
    """Keep the routes between two known places, one a pair, in whichever direction they are written."""
    for end in ("from_id", "to_id"):
        routes = whole.keep("route", routes, routes[end].isin(known), f"{end} {{{end}}} is not in places.csv")
    routes = whole.keep("route", routes, routes["from_id"] != routes["to_id"], "leads from {from_id} to itself")
    routes = whole.keep(
        "route", routes, routes["distance_km"].map(lambda km: km > 0), "has no length: {distance_km} km"
    )
    pairs = pd.Series([frozenset(p) for p in zip(routes["from_id"], routes["to_id"], strict=True)], index=routes.index)
    return whole.keep("route", routes, ~pairs.duplicated(), "{from_id} and {to_id} are joined by a row before")


def _border_points(whole: Whole, points: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Keep the border points that are places of that kind; each such place must have its row."""
    if points.empty:
        raise PayloadRejected("border_points.csv", "has no rows; leave the file out to have border points derived")
    at_border = places[places["kind"] == "border_point"]
    fits = points["id"].isin(at_border["id"])
    points = whole.keep("border_point", points, fits, "id {id} is no place of kind border_point")
    points = whole.keep("border_point", points, ~points["id"].duplicated(), "id {id} is used by a row before")
    opposite = points["opposite_id"].isna() | points["opposite_id"].isin(places["id"])
    points = whole.keep("border_point", points, opposite, "opposite_id {opposite_id} is not in places.csv")
    whole.keep("border_point", at_border, at_border["id"].isin(points["id"]), "{id} has no row in border_points.csv")
    return points.assign(kind=points["kind"].where(points["kind"].notna(), "unknown"))


def _derive(
    whole: Whole, places: pd.DataFrame, routes: pd.DataFrame, outlines: Mapping[str, BaseGeometry]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return places, border points and routes of a folder that names no border points."""
    if (places["kind"] == "border_point").any() or routes["border_point_id"].notna().any():
        raise PayloadRejected("border_points.csv", "is missing, but places.csv or routes.csv names border points")
    found = border_points.derive(places, routes, outlines, whole.facts.origin_iso3)
    remarks = [found.remarks.get(place, "") for place in places["id"]]
    told = [f"{note} {remark}".strip() for note, remark in zip(places["note"], remarks, strict=True)]
    places = pd.concat([places.assign(note=told), found.places.assign(locator=_DERIVED)], ignore_index=True)
    return places, found.border_points.assign(locator=_DERIVED), found.routes


def _sites(whole: Whole, sites: pd.DataFrame | None, places: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each place of kind site; its kind is unknown where ``sites.csv`` does not tell."""
    received = places[places["kind"] == "site"]
    kinds: dict[str, str] = {}
    if sites is not None:
        sites = whole.keep("site", sites, sites["id"].isin(received["id"]), "id {id} is no place of kind site")
        sites = whole.keep("site", sites, ~sites["id"].duplicated(), "id {id} is used by a row before")
        kinds = dict(zip(sites["id"], sites["kind"], strict=True))
    return received[["id", "locator"]].assign(kind=[kinds.get(site, "unknown") for site in received["id"]])


def _links(
    whole: Whole, given: pd.DataFrame | None, places: pd.DataFrame, points: pd.DataFrame, routes: pd.DataFrame
) -> pd.DataFrame:
    """Keep the links of known border points to known sites, or derive all of them from the routes."""
    if given is None:
        return links.derive(places, points, routes).assign(since_date=None, locator=_DERIVED)
    fits = given["border_point_id"].isin(points["id"])
    given = whole.keep("link", given, fits, "border_point_id {border_point_id} is no border point")
    fits = given["site_id"].isin(places.loc[places["kind"] == "site", "id"])
    given = whole.keep("link", given, fits, "site_id {site_id} is no place of kind site")
    doubled = given.duplicated(["border_point_id", "site_id"])
    return whole.keep("link", given, ~doubled, "{border_point_id} and {site_id} are linked by a row before")


def _status_periods(whole: Whole, periods: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Give a period of a whole border to each of its points; each period names one point or one pair of countries."""
    pair = periods["origin_iso3"].notna() & periods["host_iso3"].notna()
    half = periods["origin_iso3"].notna() | periods["host_iso3"].notna()
    point = periods["border_point_id"].notna()
    fits = (pair & ~point) | (point & ~half)
    periods = whole.keep("status_period", periods, fits, "names neither one border point nor one pair of countries")
    joined = points.assign(pair=[frozenset(p) for p in zip(points["origin_iso3"], points["host_iso3"], strict=True)])
    rows = []
    for row in periods.to_dict("records"):
        if row["border_point_id"] is None:
            chosen = joined[joined["pair"] == frozenset((row["origin_iso3"], row["host_iso3"]))]
        else:
            chosen = joined[joined["id"] == row["border_point_id"]]
        rows += [{**row, "border_point_id": point, "known": True} for point in chosen["id"]]
        rows += [{**row, "known": False}] if chosen.empty else []
    found = pd.DataFrame(rows, columns=[*periods.columns, "known"])
    found = whole.keep("status_period", found, found["known"].astype(bool), "no border point is known there")
    doubled = found.duplicated(["border_point_id", "start_date"])
    found = whole.keep("status_period", found, ~doubled, "{border_point_id} has a period from {start_date} already")
    return _lasting(whole.facts, found)


def _conflict_periods(whole: Whole, periods: pd.DataFrame, known: set[str]) -> pd.DataFrame:
    """Keep the periods of known places, one a start date."""
    name = "conflict_period"
    periods = whole.keep(name, periods, periods["place_id"].isin(known), "place_id {place_id} is not in places.csv")
    doubled = periods.duplicated(["place_id", "start_date"])
    periods = whole.keep(name, periods, ~doubled, "{place_id} has a period from {start_date} already")
    return _lasting(whole.facts, periods)


def _lasting(facts: Facts, periods: pd.DataFrame) -> pd.DataFrame:
    """Take away ends that are only the end of what was written down: on the situation's last day or after it."""
    if facts.end_date is None:
        return periods
    last = facts.end_date
    return periods.assign(end_date=periods["end_date"].map(lambda end: end if end is not None and end < last else None))
