"""Nothing that can be read and is most likely wrong is loaded without a word."""

import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font

from data.errors import PayloadRejected
from etl.source import Ignored, Payload, Reject, Rows
from etl.sources import capacities, counts, statuses, stocks
from tests.doors import book_of, csv_of

FLOW = ("place_id", "measure", "direction", "period_start_date", "period_end_date", "people", "source_id")
STOCK = ("place_id", "item", "counted_date", "quantity", "unit", "reported_by")


def flow(day: str, people: object, *more: str, by: str = "police") -> tuple:
    return ("gate", "flow", "arrival", day, day, str(people), by, *more)


def stored(item: str, quantity: object, unit: str = "piece", by: str = "warehouse") -> tuple:
    return ("gate", item, "2026-03-01", quantity, unit, by)


def rejects(source, body: bytes, name: str = "x.csv") -> dict[str, str]:
    found = source.parse(Payload(name, body))
    return {item.locator: item.reason for item in found if isinstance(item, Reject)}


def loaded(source, body: bytes, name: str = "x.csv") -> int:
    return sum(len(item.frame) for item in source.parse(Payload(name, body)) if isinstance(item, Rows))


@pytest.mark.parametrize(("source", "column", "meant"), [
    (counts.source, "Hours", "window_start_hour"), (counts.source, "sex", "population_group"),
    (counts.source, "الساعات", "window_start_hour"), (statuses.source, "until", "end_date"),
    (counts.source, "Deleted", "withdrawn"), (statuses.source, "Withdrawn", "withdrawn"),
])  # fmt: skip
def test_a_column_whose_loss_would_change_the_figures_refuses_the_table(source, column, meant):
    header, row = FLOW, flow("2026-03-01", 5)
    if source is statuses.source:
        header, row = ("border_point_id", "start_date", "status"), ("gate", "2026-03-01", "closed")
    with pytest.raises(PayloadRejected, match=f"{column}.*call it {meant}.*take the column out"):
        list(source.parse(Payload("x.csv", csv_of((*header, column), (*row, "06-18")))))
    assert loaded(source, csv_of((*header, "weather"), (*row, "dry"))) == 1


def test_f28_twelve_thousand_is_not_twelve():
    rows = [flow(f"2026-03-0{day}", people) for day, people in enumerate(["12.000", "1.000", "12.0", "12"], start=1)]
    assert sorted(rejects(counts.source, csv_of(FLOW, *rows))) == ["line 2", "line 3"]
    kept = ("gate", "staff", "2026-03-01", "1.000", "service")
    assert "line 2" in rejects(capacities.source, csv_of(capacities.COLUMNS, kept))


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 999), st.integers(0, 999))
def test_f28_a_typed_quantity_that_may_be_thousands_is_never_loaded(thousands, rest):
    typed = f"{thousands}.{rest:03}"
    found = rejects(stocks.source, csv_of(STOCK, stored("soap", typed), stored("rope", f"{typed}0")))
    assert found == {"line 2": f"quantity is a number that can be read in two ways ({typed})"}


def test_a_number_of_three_decimals_in_a_cell_is_that_number():
    body = book_of({"data": [list(STOCK), list(stored("rice", 1.234, "t"))]})
    (rows,) = (item for item in stocks.source.parse(Payload("x.xlsx", body)) if isinstance(item, Rows))
    assert rows.frame["quantity"].tolist() == [1.234]


def test_totals_failed_formulas_and_shifted_cells_are_told():
    rows = [stored("blanket", 5), stored("Total", 9), stored("Sous-total", 9), stored("#N/A", 1),
            stored("mat", 1, "=B2"), stored("rope", 1, by="234"), stored("kit", 1, by="#REF!")]  # fmt: skip
    found = rejects(stocks.source, csv_of(STOCK, *rows))
    said = ["a sum of other rows", "a sum of other rows", "formula without", "formula without", "no letter", "formula"]
    assert list(found) == [f"line {line}" for line in range(3, 9)]
    assert all(part in reason for part, reason in zip(said, found.values(), strict=True))


def test_one_organisation_spelt_in_two_ways_is_told():
    rows = [flow("2026-03-01", 5, by="border-police"), flow("2026-03-02", 5, by="border-police"),
            flow("2026-03-02", 5, by="Border Police")]  # fmt: skip
    found = rejects(counts.source, csv_of(FLOW, *rows))
    assert found == {"line 4": "source_id is written 'border-police' elsewhere in this column (Border Police)"}


def test_rows_that_differ_in_what_is_not_read_are_not_taken_for_one():
    rows = [flow("2026-03-01", 5, "by foot"), flow("2026-03-01", 5, "by bus"), flow("2026-03-02", 5, "by bus")]
    found = rejects(counts.source, csv_of((*FLOW, "transport"), *rows))
    assert list(found) == ["line 2", "line 3"]
    assert "but for transport, which is not read" in found["line 2"]
    assert loaded(counts.source, csv_of((*FLOW, "transport"), rows[0], rows[0])) == 2


def test_f41_days_that_a_program_may_have_swapped_are_told_and_others_are_not():
    def told(day: str) -> dict[str, str]:
        rows = [list(row) for row in (FLOW, flow(day, 5), flow("13/03/2026", 7))]
        return rejects(counts.source, book_of({"data": rows}), "x.xlsx")

    assert "day and month may be swapped" in told("2026-01-03")["row 2"]
    assert list(told("2026-01-14")) == ["row 3"]


def test_what_stands_below_other_column_names_may_be_of_another_table():
    found = rejects(counts.source, csv_of(FLOW, flow("2026-03-01", 5), FLOW, flow("2026-03-02", 6)))
    assert "stands below the column names of line 3" in found["line 4"]
    assert "line 2" not in found


def test_marks_of_a_workbook_are_faults_or_notes():
    book = openpyxl.load_workbook(io.BytesIO(book_of({
        "data": [list(STOCK), *(list(stored(item, 5)) for item in ("soap", "mat", "rope", "kit"))],
        "June": [["a", "b"], ["c", "d"]], "instructions": [["read me", "first"]],
    })))  # fmt: skip
    sheet = book["data"]
    sheet["D2"].font = Font(strike=True)
    sheet["D3"].number_format = "0%"
    sheet.merge_cells("D4:D5")
    sheet.row_dimensions[5].hidden = True
    book.save(body := io.BytesIO())
    items = list(stocks.source.parse(Payload("x.xlsx", body.getvalue())))
    assert {item.locator: item.reason for item in items if isinstance(item, Reject)} == {
        "row 2": "quantity is struck through (5)",
        "row 3": "quantity is shown as a percentage (5)",
        "row 5": "quantity is merged with D4",
    }
    assert [item.reason for item in items if isinstance(item, Ignored)] == [
        "of this workbook only the sheet 'data' is read, not June",
        "rows that are hidden in the workbook are read like the others: 5",
    ]
