"""Tables of the IOM Displacement Tracking Matrix: answers of the API, CSV files of HDX and workbooks of a mission.

All become chunks with the API's column names. A workbook has titles above its header, hashtags below it, sheets beside
the one of figures, and often neither a country nor a date in its rows: the country is then that of the letters a P-code
begins with, and the date the one day that the titles, the sheet's or the file's name tell, if it is exactly one.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile

from data.errors import PayloadRejected
from etl.delimited import Chunk, read
from etl.grid import Format, Row, chunk_of, header_in
from etl.hxl_tags import Tags
from etl.json_records import chunk_of_records
from etl.json_text import read_json
from etl.markup import plain_text
from etl.month_names import iso_day
from etl.personal import refuse_personal
from etl.source import Ignored, Payload
from etl.spreadsheet import MOST_BYTES, sheets
from etl.tables import read_table

FIGURE, DATE = "numPresentIdpInd", "reportingDate"
OPTIONAL = (
    "operation", "admin0Name", "admin0Pcode", "admin1Name", "admin1Pcode", "admin2Name", "admin2Pcode", "roundNumber",
    "displacementReason",
)  # fmt: skip
IGNORED = (
    "id", "adminLevel", "yearReportingDate", "monthReportingDate", "numberMales", "numberFemales",
    "idpOriginAdmin1Name", "idpOriginAdmin1Pcode", "assessmentType", "operationStatus",
)  # fmt: skip
_HERE = "-origin-from"
TAGS = Tags(
    patterns={
        "admin0Pcode": (f"#adm0+code{_HERE}", f"#adm0+pcode{_HERE}", f"#country+code{_HERE}", f"#country+iso3{_HERE}"),
        "admin1Pcode": (f"#adm1+code{_HERE}", f"#adm1+pcode{_HERE}"),
        "admin2Pcode": (f"#adm2+code{_HERE}", f"#adm2+pcode{_HERE}"),
        "admin0Name": (f"#country+name{_HERE}", f"#adm0+name{_HERE}", f"#country-code-iso3-pcode{_HERE}"),
        "admin1Name": (f"#adm1+name+en{_HERE}", f"#adm1+name{_HERE}", f"#adm1-code-pcode{_HERE}"),
        "admin2Name": (f"#adm2+name+en{_HERE}", f"#adm2+name{_HERE}", f"#adm2-code-pcode{_HERE}"),
        FIGURE: (
            f"#affected+idps+ind+total{_HERE}",
            f"#affected+idps+ind-f-m-hh-children-adults-elderly{_HERE}",
            f"#affected+idps-hh-f-m-children-adults-elderly{_HERE}",
        ),
        DATE: ("#date+reported-year-month", "#date+survey-year-month", "#date+assessment", "#date-year-month-start"),
        "roundNumber": ("#round", "#meta+round", "#event+round", "#date+round"),
        "displacementReason": ("#cause", "#affected+reason"),
        "operation": ("#operation", "#operations", "#crisis", "#meta+operation"),
    },
    figure=FIGURE,
)
WITHOUT_DATE = Format((FIGURE,), (DATE, *OPTIONAL), TAGS)
_DAY = re.compile(r"(?<![0-9])(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}[ -][A-Z][a-z]{2,8}[ -][0-9]{4})(?![0-9])")


def chunks_of(payload: Payload, max_bytes: int) -> Iterator[Chunk | Ignored]:
    """Yield the chunks of a payload and what is left out of it; a sheet is one chunk.

    Raises PayloadRejected for what holds no figures of displaced people.
    """
    with payload.open() as stream:
        head = stream.read(65_536).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{"):
        yield _of_api(payload, max_bytes)
    elif head.startswith(b"PK"):
        yield from _of_workbook(payload)
    elif FIGURE.encode() in head.partition(b"\n")[0]:
        with payload.open() as stream:
            for chunk in read(stream, payload.name, (FIGURE, DATE), (*OPTIONAL, *IGNORED)):
                tags = chunk.frame[FIGURE].str.startswith("#")
                if tags.any():
                    yield Ignored(int(tags.sum()), "a line of HXL tags")
                yield chunk.without(tags) if tags.any() else chunk
    else:
        for chunk in read_table(payload, WITHOUT_DATE):
            yield _dated(chunk, payload.name, [])


def _of_api(payload: Payload, max_bytes: int) -> Chunk:
    """Return the rows of the API's envelope; raise PayloadRejected with what it says when it is no success."""
    answer = read_json(payload.name, payload.read(max_bytes))
    if not isinstance(answer, dict) or not isinstance(answer.get("result"), list) or answer.get("isSuccess") is False:
        said = answer.get("errorMessages") or answer.get("message") if isinstance(answer, dict) else None
        raise PayloadRejected(payload.name, f"is no successful answer of the DTM API ({plain_text(str(said))[:200]})")
    required = ("admin0Pcode", FIGURE, DATE)
    optional = tuple(name for name in OPTIONAL if name not in required)
    return chunk_of_records(payload.name, answer["result"], required, optional, IGNORED, "row")


def _of_workbook(payload: Payload) -> Iterator[Chunk | Ignored]:
    """Yield the sheets that hold figures; the others are named, with the reason."""
    refused, found = [], False
    for title, rows in sheets(payload.read(MOST_BYTES), payload.name):
        try:
            header = header_in(rows, WITHOUT_DATE, payload.name)
            refuse_personal([name for name in header.names if name not in WITHOUT_DATE.columns], payload.name)
            if FIGURE not in header.names:
                refused.append(f"the sheet {title} has no column of displaced people (#affected+idps+ind)")
                continue
            chunk = chunk_of(rows, WITHOUT_DATE, payload.name, f"sheet {title} row")
            yield _dated(chunk, payload.name, [title, *_above(rows, header.row)])
            found = True
        except PayloadRejected as error:
            if "data about a person" in error.reason:
                raise
            refused.append(f"the sheet {title} {error.reason}")
    if not found:
        raise PayloadRejected(payload.name, "; ".join(refused)[:1000] or "is empty")
    for reason in refused:
        yield Ignored(0, reason[:500])


def _above(rows: list[Row], header: int) -> list[str]:
    """Return the cells above a header."""
    return [cell for _, cells in takewhile(lambda row: row[0] < header, rows) for cell in cells]


def _dated(chunk: Chunk, name: str, texts: list[str]) -> Chunk:
    """Return a chunk with dates: its own, else the one day that its titles tell, else that of the file's name."""
    if DATE in chunk.frame:
        return chunk
    for told in (texts, [name]):
        days = sorted({iso_day(day) for text in told for day in _DAY.findall(text)})
        if len(days) == 1:
            return replace(chunk, frame=chunk.frame.assign(**{DATE: days[0]}))
        if days:
            break
    said = f"tells several days ({', '.join(days)[:200]})" if days else "tells no day, as 15 October 2024 in a title"
    raise PayloadRejected(name, f"lacks the column {DATE} (#date+reported), and {said}")
