import csv
import io
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import PayloadRejected
from etl.situation_tables import REQUIRED, TABLES, country, day, identifier, number, read_table, whole

ROUTES = b"from_id,to_id,distance_km,border_point_id\n"


def test_a_table_gives_typed_values_and_lines():
    content = b"\xef\xbb\xbfplace_id,start_date,end_date,intensity,source\r\n\r\namani,2020-01-10,,0.5,x\r\n"
    sheet = read_table("conflict_periods", content)
    assert sheet.frame.iloc[0].tolist() == ["amani", date(2020, 1, 10), None, 0.5, "x"]
    assert sheet.locators.tolist() == ["conflict_periods.csv row 1"]
    assert sheet.rejects == []


def test_columns_come_in_any_order_and_optional_ones_may_be_absent():
    sheet = read_table("routes", b"to_id,distance_km,from_id\nb,12.5,a\n")
    assert sheet.frame.iloc[0].tolist() == ["a", "b", 12.5, None]


def test_rows_are_counted_as_records_not_lines():
    sheet = read_table("sites", b'id,kind\na,"camp\nor so"\nb\nc,camp\n')
    assert sheet.locators.tolist() == ["sites.csv row 1", "sites.csv row 3"]
    assert [reject.locator for reject in sheet.rejects] == ["sites.csv row 2"]


def test_a_spreadsheet_may_write_utf16_and_semicolons():
    sheet = read_table("sites", "id;kind\nbora;camp\n".encode("utf-16"))
    assert sheet.frame.to_numpy().tolist() == [["bora", "camp"]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"from_id,to_id\na,b\n", "lacks the columns distance_km"),
        (
            b"from_id,to_id,distance_km,capacity\na,b,1,5\n",
            "columns that are not known here: capacity; its columns are",
        ),
        (b"from_id,to_id,distance_km,to_id\na,b,1,c\n", "has columns twice: to_id"),
        (b"", "is empty"),
        (ROUTES + b"a,b,\xe9,\n", "is not UTF-8"),
        (b"<html><body>Please sign in</body></html>", "is not a table"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(content, reason):
    with pytest.raises(PayloadRejected, match=re.escape(reason)):
        read_table("routes", content)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"a,b,12", "has 3 fields instead of 4"),
        (b"a,b,12,,", "has 5 fields instead of 4"),
        (b"a,b,,", "distance_km is missing"),
        (b'a,b,"1,234",', "distance_km is no plain number like 12.5 (1,234)"),
        (b"a,b,~500,", "distance_km is no plain number"),
        (b"a,b,nan,", "distance_km is no plain number"),
        (b"a,b,1e12,", "distance_km is no plain number"),
        (b"A B,b,12,", "from_id is no id"),
        (b"a,b\x00,12,", "to_id is no id"),
        (b'a,"b,12,', "quotation mark that is never closed"),
    ],
)
def test_a_row_that_does_not_fit_is_rejected_alone(row, reason):
    sheet = read_table("routes", ROUTES + row + b"\na,b,12,\n")
    assert len(sheet.frame) == 1
    assert reason in sheet.rejects[0].reason
    assert sheet.rejects[0].raw
    assert sheet.rejects[0].locator == "routes.csv row 1"


@pytest.mark.parametrize(
    ("convert", "text"),
    [(day, "2014-02-30"), (day, "01/02/2014"), (day, "20140201"), (whole, "1.0"), (whole, "١"), (number, "inf"),
     (number, "12 km"), (country, "NA"), (country, "caf"), (identifier, "x:y"), (identifier, "-x"), (identifier, "é")],
)  # fmt: skip
def test_a_value_that_is_not_exactly_right_is_refused(convert, text):
    with pytest.raises(ValueError, match="is no "):
        convert(text)


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content):
    for prefix in (b"", ROUTES):
        try:
            sheet = read_table("routes", prefix + content)
        except PayloadRejected:
            continue
        assert len(sheet.frame) == len(sheet.locators)


names = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1).map(str.strip).filter(bool)


@settings(deadline=None)
@given(
    st.lists(st.tuples(names, st.sampled_from(["town", "hub"]), st.floats(-180, 180), st.none() | st.floats(-90, 90)))
)
def test_what_is_written_comes_back(rows):
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(["id", "name", "kind", "country_iso3", "longitude", "latitude"])
    for index, (name, kind, longitude, latitude) in enumerate(rows):
        shown = "" if latitude is None else f"{latitude:.15f}"
        writer.writerow([f"p{index}", name, kind, "NAM", f"{longitude:.15f}", shown])
    sheet = read_table("places", buffer.getvalue().encode())
    assert sheet.rejects == []
    assert sheet.frame["name"].tolist() == [name for name, *_ in rows]
    assert (sheet.frame["latitude"].isna()).tolist() == [latitude is None for *_, latitude in rows]
    assert sheet.frame["longitude"].tolist() == pytest.approx([longitude for _, _, longitude, _ in rows])


def test_the_document_names_every_column_and_which_are_required():
    document = (Path(__file__).parents[2] / "docs" / "formats" / "situation.md").read_text(encoding="utf-8")
    for name, fields in TABLES.items():
        section = re.split(rf"^## {name}\.csv\n", document, flags=re.MULTILINE)[1].split("\n## ")[0]
        rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
        documented = {column: row[2].strip() == "yes" for row in rows for column in re.findall(r"`(\w+)`", row[1])}
        assert documented == {column: field.needed for column, field in fields.items()}, name
    overview = document.split("## Rules")[0]
    required = {name for name in TABLES if re.search(rf"`{name}\.csv` .*\| yes \|", overview)}
    assert required == set(REQUIRED)
