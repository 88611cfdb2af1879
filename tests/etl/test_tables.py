"""Tables in any form: headers as people make them, hashtags, records. Fault numbers are those of the fault list."""

import io
import json

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import PayloadRejected
from etl.grid import Format, renamed
from etl.hxl_tags import Tags
from etl.source import Payload
from etl.tables import read_table
from tests.doors import book_of, csv_of

TAGS = Tags(
    {"place_id": ("#loc+code", "#loc+name", "#loc"), "day": ("#date",), "people": ("#affected",)},
    implied={"#*+arrivals": {"direction": "arrival"}},
    same={"first_day": "day"},
)
FORM = Format(("place_id", "day", "people"), ("note", "direction", "first_day"), TAGS)


def table(body: bytes, name: str = "x"):
    (chunk,) = read_table(Payload(name, body), FORM)
    return chunk


def book(*rows: list, **more: list) -> bytes:
    return book_of({"data": list(rows), **more})


GOOD = (["place_id", "day", "people"], ["gate", "2026-03-01", 412])


def test_a_workbook_csv_and_json_are_the_same_table():
    as_csv = table(csv_of(*(tuple(map(str, row)) for row in GOOD)))
    as_book = table(book(*GOOD))
    as_json = table(json.dumps([dict(zip(*GOOD, strict=True))]).encode())
    assert as_csv.frame.to_dict("records") == as_book.frame.to_dict("records") == as_json.frame.to_dict("records")
    assert [chunk.where for chunk in (as_csv, as_book, as_json)] == ["line", "row", "record"]
    assert [chunk.lines.tolist() for chunk in (as_csv, as_book, as_json)] == [[2], [2], [1]]


def test_titles_empty_rows_and_other_spellings_of_the_header():
    chunk = table(book(["Daily report"], [], ["Place ID *", "DAY", "People"], [], ["gate", "2026-03-01", 0]))
    assert chunk.frame.to_dict("records") == [{"place_id": "gate", "day": "2026-03-01", "people": "0"}]
    assert chunk.lines.tolist() == [5]


def test_a_header_merged_over_two_rows():
    form = Format(("place_id", "window_start_hour", "window_end_hour"))
    rows = ["place_id", "window", None], [None, "start hour", "end hour"], ["gate", 6, 18]
    (chunk,) = read_table(Payload("x.xlsx", book(*rows)), form)
    assert chunk.frame.to_dict("records") == [{"place_id": "gate", "window_start_hour": "6", "window_end_hour": "18"}]


def test_a_cell_beyond_the_header_breaks_its_row_only():
    chunk = table(book(*GOOD, ["gate", "2026-03-02", 5, None, "oops"]))
    assert len(chunk.frame) == 1
    assert [(item.line, item.reason) for item in chunk.broken] == [(3, "has 5 fields instead of 3")]


def test_f27_a_renamed_column_is_named_with_what_it_may_be():
    for body in (
        book(["place_id", "day", "persons"], ["gate", "2026-03-01", 1]),
        b"place_id,day,persons\ngate,2026-03-01,1\n",
    ):
        with pytest.raises(
            PayloadRejected, match=r"lacks the columns people; .*call people what is called persons now"
        ):
            table(body)
    assert renamed(["people"], ["weather"]) == ""


def test_f24_a_column_twice_refuses_the_table():
    with pytest.raises(PayloadRejected, match="columns twice: people"):
        table(book(["place_id", "day", "people", "People"], ["gate", "2026-03-01", 1, 2]))


def test_the_sheet_called_data_is_read_and_two_that_fit_are_refused():
    chunk = table(book_of({"example": [GOOD[0], ["x", "2026-01-01", 1]], "Data": list(GOOD)}))
    assert chunk.frame["place_id"].tolist() == ["gate"]
    assert table(book_of({"notes": [["hello", "you"]], "May": list(GOOD)})).frame["place_id"].tolist() == ["gate"]
    with pytest.raises(PayloadRejected, match=r"several sheets with these columns \(May, June\); call yours data"):
        table(book_of({"May": list(GOOD), "June": list(GOOD)}))


def test_data_about_people_on_another_sheet_refuse_the_workbook():
    with pytest.raises(PayloadRejected, match="'Passport No' looks like data about a person"):
        table(book_of({"data": list(GOOD), "list": [["Passport No", "x"], ["1", "2"]]}))


def hidden(title: str, heading: str) -> bytes:
    """A good workbook with one more sheet, which nobody sees."""
    full = openpyxl.load_workbook(io.BytesIO(book(*GOOD, **{title: [[heading, "a"], ["x", "y"]]})))
    full[title].sheet_state = "hidden"
    full.save(body := io.BytesIO())
    return body.getvalue()


def test_data_about_people_on_a_hidden_sheet_refuse_the_workbook_that_would_be_kept_with_it():
    with pytest.raises(PayloadRejected, match=r"hidden sheet 'old' the column 'Passport no' looks like data"):
        table(hidden("old", "Passport no"))
    assert table(hidden("old", "remarks")).lines.tolist() == [2]


@pytest.mark.parametrize("above", ["Counts of the gate, in May;;\r\n", "sep=;\r\n", ";;\r\nMay, a, b, c;;\r\n"])
def test_a_title_above_the_header_of_a_csv_does_no_harm_and_lines_stay_those_of_the_file(above):
    chunk = table(f"{above}place_id;day;people\r\ngate;2026-03-01;\r\ngate;2026-03-02;7\r\n".encode())
    first = above.count("\n") + 2
    assert chunk.lines.tolist() == [first, first + 1]
    assert chunk.frame["people"].tolist() == ["", "7"]


def test_f23_a_titled_csv_in_another_encoding_is_refused_with_the_byte():
    with pytest.raises(PayloadRejected, match="is not UTF-8: byte 1 cannot be read"):
        table("Décompte\r\nplace_id,day,people\r\ngate,2026-03-01,1\r\n".encode("latin-1"))


def test_hashtags_mean_columns_whatever_the_headings_say():
    csv = "Poste,Jour,Nombre,Météo\n#loc+name,#date+reported,#affected+arrivals,\nGoré,2026-03-01,12,sec\n".encode()
    chunk = table(csv)
    row = {"place_id": "Goré", "day": "2026-03-01", "people": "12", "Météo": "sec", "direction": "arrival"}
    assert chunk.frame.to_dict("records") == [row | {"first_day": "2026-03-01"}]
    assert (chunk.lines.tolist(), chunk.added) == ([3], ("Météo",))
    rows = ["Where", "When", "How many"], ["#loc", "#date", "#affected"], ["Goré", "2026-03-01", 12]
    assert table(book(*rows)).frame["people"].tolist() == ["12"]


def test_the_better_hashtag_is_taken_and_two_equal_ones_are_refused():
    body = b"#loc+name,#loc+code,#date,#affected\nGate,valley:gate,2026-03-01,1\n"
    assert table(body).frame["place_id"].tolist() == ["valley:gate"]
    with pytest.raises(PayloadRejected, match=r"several columns tagged as people: #affected\+f, #affected\+m"):
        table(b"#loc,#date,#affected+f,#affected+m\ngate,2026-03-01,1,2\n")


def test_f23_a_tagged_csv_in_utf_16_and_with_semicolons():
    text = "#loc;#date;#affected\nGoré;2026-03-01;1\n"
    for body in (text.encode("utf-16"), text.encode("utf-8-sig")):
        assert table(body).frame["place_id"].tolist() == ["Goré"]
    with pytest.raises(PayloadRejected, match="cannot be read"):
        table(text.encode("cp1252"))


def test_f26_codes_and_f25_namibia_stay_text():
    rows = (["place_id", "day", "people"], ["0012", "2026-03-01", 1], ["1E5", "2026-03-01", 1], ["NA", "2026-03-01", 1])
    assert table(book(*rows)).frame["place_id"].tolist() == ["0012", "1E5", "NA"]
    records = [{"place_id": "NA", "day": "2026-03-01", "people": 1.0}, {"place_id": "0012"}]
    assert table(json.dumps(records).encode()).frame["place_id"].tolist() == ["NA", "0012"]


@pytest.mark.parametrize("body", [b"[1]", b"[[]]", b'[{"place_id": []}]', b"[" * 100_000, b'[{"a": 1, "a": 2}]'])
def test_f22_records_that_are_none_are_refused(body):
    with pytest.raises(PayloadRejected):
        table(body)


CELLS = st.one_of(st.none(), st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False),
                  st.text(st.characters(exclude_categories=("C",)), max_size=8))  # fmt: skip


@given(st.lists(st.lists(CELLS, max_size=5), min_size=1, max_size=8))
def test_any_workbook_gives_rows_or_is_refused(rows):
    try:
        chunk = table(book_of({"data": [[f"'{c}" if str(c).startswith("=") else c for c in row] for row in rows]}))
    except PayloadRejected:
        return
    assert set(chunk.frame.columns) >= set(FORM.required)
