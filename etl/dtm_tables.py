"""Tables of the IOM Displacement Tracking Matrix: answers of the API, CSV files of HDX and workbooks of a mission.

All become chunks with the API's column names. A workbook has titles above its header, hashtags below it, sheets beside
the one of figures, and often neither a country nor a date in its rows: the country is then that of the letters a P-code
begins with, or the one that the titles or the file's name name, and the date the one day that the titles, the sheet's
or the file's name tell (the last of a month, where they tell the month only), if it is exactly one. Without hashtags
the headings' words decide (`etl.dtm_words`).
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import Any

import pandas as pd

from data.errors import PayloadRejected
from etl.delimited import Chunk, read
from etl.dtm_words import DATE, FIGURE, MONTH, SURVEYED, YEAR, country_in, day_in, day_of_month, headings
from etl.first_bytes import kind_of
from etl.grid import HEADER_ROWS, Format, Row, chunk_of, header_in
from etl.hxl_tags import Tags, is_tag_row
from etl.json_records import chunk_of_records
from etl.json_text import read_json
from etl.left_out import without_tags
from etl.markup import plain_text
from etl.personal import refuse_personal
from etl.source import Ignored, Payload
from etl.spreadsheet import MOST_BYTES, sheets

OPTIONAL = (
    "operation", "admin0Name", "admin0Pcode", "admin1Name", "admin1Pcode", "admin2Name", "admin2Pcode", "roundNumber",
    "displacementReason", "assessmentType",
)  # fmt: skip
IGNORED = (
    "id", "adminLevel", "yearReportingDate", "monthReportingDate", "numberMales", "numberFemales",
    "idpOriginAdmin1Name", "idpOriginAdmin1Pcode", "operationStatus",
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
        DATE: ("#date+reported-year-month", "#date-year-month-start-survey-assessment"),
        SURVEYED: ("#date+survey-year-month", "#date+assessment"),
        "roundNumber": ("#round", "#meta+round", "#event+round", "#date+round"),
        "displacementReason": ("#cause", "#affected+reason"),
        "operation": ("#operation", "#operations", "#crisis", "#meta+operation"),
    },
    figure=FIGURE,
)
WITHOUT_DATE = Format((FIGURE,), (DATE, SURVEYED, MONTH, YEAR, *OPTIONAL), TAGS)
LEAST_HEADINGS = 2
_HEAD_CHARACTERS = 65_536


def chunks_of(payload: Payload, max_bytes: int) -> Iterator[Chunk | Ignored]:
    """Yield the chunks of a payload and what is left out of it; a sheet is one chunk.

    Raises PayloadRejected for what holds no figures of displaced people.
    """
    with payload.open() as stream:
        head = stream.read(65_536).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"{", b"[")):
        yield _of_api(payload, max_bytes)
    elif head.startswith(b"PK"):
        yield from _of_sheets(sheets(payload.read(MOST_BYTES), payload.name), payload.name)
    elif FIGURE.encode() in head.partition(b"\n")[0]:
        with payload.open() as stream:
            for chunk in read(stream, payload.name, (FIGURE, DATE), (*OPTIONAL, *IGNORED)):
                figures, tags = without_tags(chunk)
                yield from tags
                yield figures
    elif kind := kind_of(head):
        raise PayloadRejected(payload.name, f"is not a table: it begins like {kind}")
    else:
        yield from _of_sheets([("", _csv_rows(payload))], payload.name)


def _of_api(payload: Payload, max_bytes: int) -> Chunk:
    """Return the rows of the API's envelope."""
    required = ("admin0Pcode", FIGURE, DATE)
    optional = tuple(name for name in OPTIONAL if name not in required)
    return chunk_of_records(payload.name, _answer(payload, max_bytes)["result"], required, optional, IGNORED, "row")


def is_complete(payload: Payload, max_bytes: int) -> bool:
    """Tell whether an answer of the API has records, and as many as it says that there are."""
    answer = _answer(payload, max_bytes)
    return len(answer["result"]) > 0 and str(len(answer["result"])) == answer.get("totalRecordsCount")


def _answer(payload: Payload, max_bytes: int) -> dict[str, Any]:
    """Return the API's envelope; raise PayloadRejected with what it says when it is no success."""
    answer = read_json(payload.name, payload.read(max_bytes))
    answer = {"result": answer} if isinstance(answer, list) else answer
    if not isinstance(answer, dict) or not isinstance(answer.get("result"), list) or answer.get("isSuccess") is False:
        said = answer.get("errorMessages") or answer.get("message") if isinstance(answer, dict) else None
        raise PayloadRejected(payload.name, f"is no successful answer of the DTM API ({plain_text(str(said))[:200]})")
    return answer


def _csv_rows(payload: Payload) -> list[Row]:
    """Return the rows of a text with their lines; UTF-8, or else what spreadsheets of western Europe save."""
    body = payload.read(MOST_BYTES)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    delimiter = max(",;\t", key=text[:_HEAD_CHARACTERS].count)
    reader, rows, line = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [], 1
    try:
        for cells in reader:
            rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise PayloadRejected(payload.name, f"cannot be read: line {line}: {error}"[:200]) from error
    return rows


def _of_sheets(found: list[tuple[str, list[Row]]], name: str) -> Iterator[Chunk | Ignored]:
    """Yield the sheets that hold figures; the others are named, with the reason. A text is a sheet without a title."""
    refused, has_any = [], False
    for title, told in found:
        the_sheet = f"the sheet {title}" if title else "the table"
        try:
            rows = _understood(told, [title, *_titles(told), name])
            header = header_in(rows, WITHOUT_DATE, name)
            refuse_personal([label for label in header.names if label not in WITHOUT_DATE.columns], name)
            if FIGURE not in header.names:
                labels = ", ".join(label.strip() for label in header.names)[:300]
                refused.append(f"{the_sheet} has no column of displaced people (#affected+idps+ind), but {labels}")
                continue
            chunk = chunk_of(rows, WITHOUT_DATE, name, f"sheet {title} row" if title else "line")
            yield _placed(_dated(chunk, name, [title, *_above(rows, header.row)]), name, _above(rows, header.row))
            has_any = True
        except PayloadRejected as error:
            if "data about a person" in error.reason:
                raise
            refused.append(f"{the_sheet} {error.reason}")
    if not has_any:
        raise PayloadRejected(name, "; ".join(refused)[:1000] or "is empty")
    for reason in refused:
        yield Ignored(0, reason[:500])


def _titles(rows: list[Row]) -> list[str]:
    """Return the lines of one cell at the top of a sheet."""
    alone = takewhile(lambda row: sum(bool(cell.strip()) for cell in row[1]) < 2, rows[:HEADER_ROWS])
    return [cell for _, cells in alone for cell in cells if cell.strip()]


def _understood(rows: list[Row], titles: list[str]) -> list[Row]:
    """Return rows whose header, where no hashtags explain it, has our names: the row with most headings known here.

    ``titles`` say whom a sheet counts, where its headings do not.
    """
    top = list(enumerate(rows))[:HEADER_ROWS]
    if any(is_tag_row(cells) for _, (_, cells) in top):
        return rows
    best, most = None, LEAST_HEADINGS - 1
    for place, (number, cells) in top:
        for above in ([], rows[place - 1][1] if place else []):
            names = headings(cells, above, titles)
            known = len(set(names) & set(WITHOUT_DATE.columns))
            if known > most and FIGURE in names:
                best, most = (place, (number, names)), known
    return rows if best is None else [*rows[: best[0]], best[1], *rows[best[0] + 1 :]]


def _above(rows: list[Row], header: int) -> list[str]:
    """Return the cells above a header."""
    return [cell for _, cells in takewhile(lambda row: row[0] < header, rows) for cell in cells]


def _dated(chunk: Chunk, name: str, texts: list[str]) -> Chunk:
    """Return a chunk with dates: its own, else the one day that its titles tell, else that of the file's name.

    Its own are the days of report, else those on which sites were visited, else months.
    """
    frame = chunk.frame
    if DATE in frame:
        return chunk
    if SURVEYED in frame:
        return replace(chunk, frame=frame.assign(**{DATE: frame[SURVEYED]}))
    if MONTH in frame:
        pairs = zip(frame[MONTH], frame.get(YEAR, pd.Series("", index=frame.index)), strict=True)
        return replace(chunk, frame=frame.assign(**{DATE: [day_of_month(*pair) for pair in pairs]}))
    said = []
    for told in (texts, [name]):
        try:
            return replace(chunk, frame=frame.assign(**{DATE: day_in(told)}))
        except ValueError as error:
            said.append(str(error))
            if "several" in said[-1]:
                break
    raise PayloadRejected(name, f"lacks the column {DATE} (#date+reported), and {said[-1]}")


def _placed(chunk: Chunk, name: str, texts: list[str]) -> Chunk:
    """Return a chunk with the country that its titles or the file's name tell, where its rows have no column of it."""
    if {"admin0Pcode", "admin0Name"} & set(chunk.frame.columns):
        return chunk
    told = country_in(texts) or country_in([name])
    return replace(chunk, frame=chunk.frame.assign(admin0Pcode=told)) if told else chunk
