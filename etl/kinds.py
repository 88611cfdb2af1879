"""What is sent through the doors: each kind of table with its columns, in the words of its template and its docs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from etl.delimited import Chunk
from etl.grid import WITHDRAWN, Format
from etl.source import Ignored, Payload, Source
from etl.sources import campaigns, capacities, country_indicators, counts, outbreaks, statuses, stocks
from etl.tables import read_table
from etl.world_bank import indicators, is_world_bank

_PLACE_AND_DAYS = "place_id and days"
_ANYWHERE = ("border_point", "site", "hub", "town")
_LINES = ("processing", "sleeping_space", "water", "toilets", "staff", "stock")
_QUALITIES = ("reported", "provisional", "estimated", "forecast")
YES_NO = ("yes", "no")
"""The words of a column that says yes or no; in JSON also true and false."""
_CAMPAIGNS = ("vaccination", "distribution", "registration", "market", "election", "pilgrimage", "school", "other")


@dataclass(frozen=True)
class Column:
    """One column of a template: its name, what to write, an example, and the only words it may hold (empty: any)."""

    name: str
    meaning: str
    example: str = ""
    words: tuple[str, ...] = ()
    is_needed: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind of table: the source that reads it and its format.

    ``same`` says in words which columns make two rows speak of the same. ``place_column`` names the column with the
    place and ``places`` the kinds of place it may name (None: the table is about countries and areas). ``chunks`` cuts
    a payload into cells as its source does. ``own_column`` names the column whose word keeps one organisation's facts
    apart from another's (None: there is one fact for all).
    """

    id: str
    title: str
    source: Source
    form: Format
    columns: tuple[Column, ...]
    same: str
    places: tuple[str, ...] = ()
    place_column: str | None = None
    own_column: str | None = None
    chunks: Callable[[Payload, Format], Iterator[Chunk | Ignored]] = read_table

    @property
    def key(self) -> tuple[str, ...]:
        """Return the columns by which rows speak of the same, and by which one is withdrawn."""
        return tuple(column.name for column in self.columns if column.name in self.form.key)


def _place(meaning: str) -> Column:
    return Column("place_id", f"{meaning}: its id or its name", "example-gate", is_needed=True)


def _day(name: str, meaning: str, *, is_needed: bool = True) -> Column:
    return Column(name, f"{meaning}, written 2026-03-01 (year-month-day)", "2026-03-01", is_needed=is_needed)


_PEOPLE = Column("people", "how many people: a whole number. Empty: nobody counted. 0: counted, nobody there", "412")
_GROUP = Column("population_group", "who was counted, as a group. Empty: all", "all")
_BY = Column(
    "source_id", "the organisation that counted, the same word each time; never a person", "border-police", (), True
)
_FROM = Column("window_start_hour", "local hour in which counting began each day, 0 to 23. Empty: 0", "6")
_UNTIL = Column(
    "window_end_hour", "local hour in which it ended, 1 to 24. Empty: 24. 06-18 is never read as 24 h", "18"
)
_QUALITY = Column("quality", "provisional if it will change. Empty: reported", "reported", ("reported", "provisional"))
_NOTE = Column("note", "anything a reader must know; no names of people", "rain, road cut")


def _counted(id_: str, title: str, measure: str, places: tuple[str, ...], what: str) -> Kind:
    """Return a kind of count at one moment: its measure is fixed, its period is one day."""
    preset = {"measure": measure, "direction": "present"}
    columns = (
        _place("where"), _day("period_end_date", what), _PEOPLE, _BY, _GROUP, _FROM, _UNTIL, _QUALITY, _NOTE,
    )  # fmt: skip
    source = counts.Counts(preset=preset)
    return Kind(
        id_, title, source, counts.FORM.without(preset), columns, _PLACE_AND_DAYS, places, "place_id", "source_id"
    )


_COUNTS = Kind(
    "counts",
    "Arrivals and departures (or people present)",
    counts.source,
    counts.FORM,
    (
        _place("where people were counted"),
        Column("measure", "flow: people who moved; stock: people present", "flow", ("flow", "stock", "queue"), True),
        Column("direction", "of a flow: which way", "arrival", ("arrival", "departure", "present")),
        _day("period_start_date", "first day of a flow", is_needed=False),
        _day("period_end_date", "last day, counted in"),
        _PEOPLE, _BY, _GROUP, _FROM, _UNTIL, _QUALITY, _NOTE,
    ),
    _PLACE_AND_DAYS,
    _ANYWHERE,
    "place_id",
    "source_id",
)  # fmt: skip
_CAPACITIES = Kind(
    "capacities",
    "Capacity and staff",
    capacities.source,
    capacities.FORM,
    (
        _place("what was assessed"),
        Column("line", "which line; staff is one of them", "processing", _LINES, True),
        _day("assessed_date", "the day it was assessed"),
        Column("people", "people served: a day for processing, at once for the others. Empty: not assessed", "600"),
        Column("reported_by", "the organisation that assessed; never a person", "border-service", (), True),
    ),
    "place_id, line and day",
    _ANYWHERE,
    "place_id",
)  # fmt: skip
_STOCKS = Kind(
    "stocks",
    "Relief items in store",
    stocks.source,
    stocks.FORM,
    (
        _place("where the store is"),
        Column("item", "what is in store", "blanket", (), True),
        _day("counted_date", "the day it was counted"),
        Column("quantity", "how much. Empty: not counted. 0: none left", "1200"),
        Column("unit", "piece, kg, litre, ...", "piece", (), True),
        Column("reported_by", "the organisation that reports; never a person", "gate-warehouse", (), True),
        Column("owner", "whose it is. Empty: the one who reports", "red-crescent"),
        Column("standard_id", "the planning standard it answers, by its id. Empty: none"),
    ),
    "place_id, item and day",
    _ANYWHERE,
    "place_id",
    "owner",
)
_STATUSES = Kind(
    "statuses",
    "Status of border points",
    statuses.source,
    statuses.FORM,
    (
        Column("border_point_id", "which border point: its id or its name", "example-gate", (), True),
        _day("start_date", "since when"),
        Column("status", "how it is since then", "restricted", ("open", "restricted", "closed"), True),
        Column("end_date", "the day it ended, only when it has ended; the next status ends it by itself"),
        Column("note", "why, in a few words; no names of people", "pedestrians only"),
    ),
    "border_point_id and day",
    ("border_point",),
    "border_point_id",
)
_COUNTRY = Column("country_iso3", "the country, as its code of three letters", "TCD", (), True)
_AREA_CODE = Column("area_pcode", "the area's P-code. Empty: the whole country, or an area without a code", "TD14")
_AREA_NAME = Column("area_name", "the area in words", "Ouaddai")
_CALENDARS = Kind(
    "campaigns",
    "Campaign calendars",
    campaigns.source,
    campaigns.FORM,
    (
        Column("campaign_id", "the event, the same each time; begin with the organiser", "moh-2026-polio-2", (), True),
        Column("kind", "what it is", "vaccination", _CAMPAIGNS, True),
        Column("title", "what people call it", "Polio round 2", (), True),
        _COUNTRY, _AREA_CODE, _AREA_NAME,
        _day("start_date", "first day; it may lie ahead"),
        _day("end_date", "last day, counted in"),
        Column("target_people", "for how many people: a whole number. Empty: not told, which is not 0", "185000"),
        Column("organiser", "the organisation; never a person", "Ministry of Health", (), True),
        _NOTE,
    ),
    "campaign_id",
    own_column="campaign_id",
)  # fmt: skip
_OUTBREAKS = Kind(
    "outbreaks",
    "Notices of disease outbreaks",
    outbreaks.source,
    outbreaks.FORM,
    (
        Column("notice_id", "the notice, without blanks and commas; the same while it goes on", "chd-01", (), True),
        Column("disease", "which disease, the same word each time", "Cholera", (), True),
        _COUNTRY, _AREA_CODE, _AREA_NAME,
        _day("reported_date", "the day of the notice"),
        Column("level", "the assessed risk. Empty: not assessed", "high", ("low", "moderate", "high", "very_high")),
        Column("headline", "the notice in a few words; no names of people", "Cholera in Ouaddai"),
        Column("url", "where the notice is published", "https://example.org/1"),
        Column("organisation", "who reports, the same word each time; never a person", "Ministry of Health", (), True),
        Column("cases", "all cases so far, a total. Empty: not told. 0: counted, none", "68"),
        Column("deaths", "all deaths so far, a total. Empty: not told. 0: counted, none", "4"),
        Column("language", "language of the headline. Empty: en", "en"),
        Column("replaces_date", "the day of the notice of the same id that this one replaces. Empty: none"),
        Column("ended_date", "the day the outbreak was declared over. Empty: it goes on"),
    ),
    "organisation, notice_id and day",
    own_column="organisation",
)  # fmt: skip
_INDICATORS = Kind(
    "country_indicators",
    "Country indicators (prices, economy, politics)",
    country_indicators.source,
    country_indicators.FORM,
    (
        Column("indicator", "what is measured, a code of small letters and _", "consumer_prices", (), True),
        _COUNTRY,
        _day("period_start_date", "first day of the period"),
        _day("period_end_date", "last day of the period, counted in"),
        Column("value", "the figure, in its unit. Empty: not available", "145.5"),
        Column("unit", "the unit of the figure", "%", (), True),
        Column("publisher", "the organisation that publishes it, the same word each time", "World Bank", (), True),
        Column("url", "where the figure is published", "https://example.org/cpi", (), True),
        Column("breakdown", "what the figure is split by. Empty: the whole"),
        Column("quality", "how sure it is. Empty: reported", "reported", _QUALITIES),
        Column("published_date", "the day it was published, written 2026-03-01. Empty: known when it is loaded"),
    ),
    "publisher, indicator, country_iso3 and days",
    own_column="publisher",
    chunks=lambda payload, form: indicators(payload) if is_world_bank(payload) else read_table(payload, form),
)  # fmt: skip


def _withdrawable(kind: Kind) -> Kind:
    """Return a kind with the last column of every kind, by which a row is taken back."""
    meaning = (
        f"yes: sent in error, it counts no more; of such a row only {', '.join(kind.key)} are read, written as they "
        "were sent, and the other cells may stay empty. Empty: no"
    )
    return replace(kind, columns=(*kind.columns, Column(WITHDRAWN, meaning, "", YES_NO)))


KINDS: dict[str, Kind] = {
    kind.id: _withdrawable(kind)
    for kind in (
        _COUNTS,
        _counted("queues", "Queue lengths", "queue", ("border_point", "site"), "the day; people waiting at its end"),
        _counted("occupancy", "Site occupancy", "stock", ("site",), "the day; people present at its end"),
        _CAPACITIES,
        _STOCKS,
        _STATUSES,
        _CALENDARS,
        _OUTBREAKS,
        _INDICATORS,
    )
}
"""Every kind, by the name that doors give it."""
