"""What border posts send: each kind of table with its columns, in the words of its template and its documentation."""

from dataclasses import dataclass

from etl.grid import Format
from etl.source import Source
from etl.sources import capacities, counts, statuses, stocks

_ANYWHERE = ("border_point", "site", "hub", "town")
_LINES = ("processing", "sleeping_space", "water", "toilets", "staff", "stock")


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
    """One kind of table: the source that reads it, its format, and which places it may be about.

    ``place_column`` names the column with the place; ``places`` the kinds of place it may name. ``date_column`` is the
    day the content is about.
    """

    id: str
    title: str
    source: Source
    form: Format
    places: tuple[str, ...]
    columns: tuple[Column, ...]
    date_column: str
    place_column: str = "place_id"


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
    return Kind(id_, title, source, counts.FORM.without(preset), places, columns, "period_end_date")


_COUNTS = Kind(
    "counts",
    "Arrivals and departures (or people present)",
    counts.source,
    counts.FORM,
    _ANYWHERE,
    (
        _place("where people were counted"),
        Column("measure", "flow: people who moved; stock: people present", "flow", ("flow", "stock", "queue"), True),
        Column("direction", "of a flow: which way", "arrival", ("arrival", "departure", "present")),
        _day("period_start_date", "first day of a flow", is_needed=False),
        _day("period_end_date", "last day, counted in"),
        _PEOPLE, _BY, _GROUP, _FROM, _UNTIL, _QUALITY, _NOTE,
    ),
    "period_end_date",
)  # fmt: skip
_CAPACITIES = Kind(
    "capacities",
    "Capacity and staff",
    capacities.source,
    capacities.FORM,
    _ANYWHERE,
    (
        _place("what was assessed"),
        Column("line", "which line; staff is one of them", "processing", _LINES, True),
        _day("assessed_date", "the day it was assessed"),
        Column("people", "people served: a day for processing, at once for the others. Empty: not assessed", "600"),
        Column("reported_by", "the organisation that assessed; never a person", "border-service", (), True),
    ),
    "assessed_date",
)  # fmt: skip
_STOCKS = Kind(
    "stocks",
    "Relief items in store",
    stocks.source,
    stocks.FORM,
    _ANYWHERE,
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
    "counted_date",
)
_STATUSES = Kind(
    "statuses",
    "Status of border points",
    statuses.source,
    statuses.FORM,
    ("border_point",),
    (
        Column("border_point_id", "which border point: its id or its name", "example-gate", (), True),
        _day("start_date", "since when"),
        Column("status", "how it is since then", "restricted", ("open", "restricted", "closed"), True),
        Column("end_date", "the day it ended, only when it has ended; the next status ends it by itself"),
        Column("note", "why, in a few words; no names of people", "pedestrians only"),
    ),
    "start_date",
    "border_point_id",
)
KINDS: dict[str, Kind] = {
    kind.id: kind
    for kind in (
        _COUNTS,
        _counted("queues", "Queue lengths", "queue", ("border_point", "site"), "the day; people waiting at its end"),
        _counted("occupancy", "Site occupancy", "stock", ("site",), "the day; people present at its end"),
        _CAPACITIES,
        _STOCKS,
        _STATUSES,
    )
}
"""Every kind, by the name that doors give it."""
