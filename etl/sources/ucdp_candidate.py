"""UCDP Candidate Events: a month of organised violence, about a month after it, before the yearly release checks it.

What is decided here, where the feed leaves it open:

- A file is the whole truth for its month, and replaces it: UCDP gives ids anew and drops events until the yearly
  release. The month is that of the file's name or the API's version (v26_0_8, 26.0.8: August 2026), and an event
  belongs to the month in which it ends. Of a file whose name tells no month (a roll-up of several, a renamed one) the
  events are taken and nothing is replaced; so it is with a page of an answer of several pages, which is not the whole.
- A file with a rejected row replaces nothing (`data.load`): what could not be read is not known to be gone.
- An event that ends outside its file's month is kept as published.
- The yearly release (source ``ucdp``) covers the same events again under other ids. Rule for readers: two sources never
  add up; for a year that ``ucdp`` covers (its newest ``end_date`` lies in that year or later) the events of
  ``ucdp_candidate`` do not count, for later years they alone do.
- The files need no token; `etl.ged` reads them.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx

from data.schema.conflict_event import ConflictEvent
from etl.client import get
from etl.ged import envelope, events_of, is_page
from etl.not_fetched import noted, part_by_part
from etl.source import Ignored, Item, Payload, Replaces, Rows, Spec, Window

LEAST_MONTHS = 3
"""How many months before the window's end are always looked for: a month comes out about a month after its end."""
_SCOPE = "t.source_id = 'ucdp_candidate' AND t.end_date >= :start AND t.end_date < :next"
_VERSION = re.compile(r"(?:^|[^0-9])(?P<year>[0-9]{2})[._]0[._](?P<month>1[0-2]|[1-9])(?![0-9._]*[0-9])")


class UcdpCandidate:
    """The source; see the module. ``clock`` tells now: an event more than a day later is none."""

    spec = Spec(
        id="ucdp_candidate",
        title="UCDP candidate events",
        publisher="Uppsala Conflict Data Program",
        url="https://ucdp.uu.se/downloads/candidateged/",
        licence="CC BY 4.0",
        cadence=timedelta(days=31),
        tables=(ConflictEvent,),
        first_date=date(2020, 1, 1),
        rows=(1, 200_000),
        max_bytes=200_000_000,
        publication_delay=timedelta(days=62),
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield the files of the window's months; raise the last error when there is none.

        The newest two months may not be out yet, which is no failure; any other month without a file is noted.
        """
        months = _months(window)
        names = {first: f"GEDEvent_v{first:%y}_0_{first.month}.csv" for first in months}
        yield from part_by_part(
            {name: self._file(client, name, may_be_absent=first in months[-2:]) for first, name in names.items()}
        )

    def _file(self, client: httpx.Client, name: str, *, may_be_absent: bool) -> Iterator[Payload]:
        """Yield a month's file, nothing when it is not there and may be absent."""
        try:
            body, kind = get(client, self.spec.url + name, self.spec.max_bytes)
        except httpx.HTTPStatusError as error:
            if may_be_absent and error.response.status_code == httpx.codes.NOT_FOUND:
                return
            raise
        yield Payload(name, body, kind)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the events of a month's file or API answer, and the replacement of that month when it is whole."""
        if (missed := noted(payload)) is not None:
            yield missed
            return
        month, pages = month_of(payload.name), 1
        if is_page(payload):
            _, pages = envelope(payload, self.spec.max_bytes)
        has_rows = False
        for item in events_of(payload, self.spec.id, self.spec.max_bytes, self.clock()):
            has_rows = has_rows or isinstance(item, Rows)
            yield item
        if month is None:
            yield Ignored(0, "the name tells no month (GEDEvent_v26_0_8.csv): no month is replaced")
        elif pages > 1:
            yield Ignored(0, f"this is one of {pages} pages: the month is not replaced")
        elif has_rows:
            yield Replaces(ConflictEvent, _SCOPE, 1.0, {"start": month, "next": _next(month)})


def month_of(name: str) -> date | None:
    """Return the first day of the month of a candidate version in a name, None where there is none.

    >>> month_of("GEDEvent_v26_0_8.csv"), month_of("gedevents-26.0.12-page-0.json")
    (datetime.date(2026, 8, 1), datetime.date(2026, 12, 1))
    >>> month_of("GEDEvent_v26_01_26_06.csv") is None, month_of("ged261-csv.zip") is None
    (True, True)
    """
    found = _VERSION.search(name)
    return date(2000 + int(found["year"]), int(found["month"]), 1) if found else None


def _months(window: Window) -> list[date]:
    """Return the first days of the months of a window, oldest first, and at least of some months before its end."""
    last = window.end.date().replace(day=1)
    first = last
    for _ in range(LEAST_MONTHS):
        first = (first - timedelta(days=1)).replace(day=1)
    months = [max(min(first, window.start.date().replace(day=1)), date(2020, 1, 1))]
    while (following := _next(months[-1])) < last:
        months.append(following)
    return months


def _next(month: date) -> date:
    """Return the first day of the month after one."""
    return (month + timedelta(days=31)).replace(day=1)


source = UcdpCandidate()
