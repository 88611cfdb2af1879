"""Counts in our own contract. Fault numbers are those of the fault list."""

import csv
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import ConfigurationMissing, PayloadRejected
from data.frames import check
from data.schema.observation import Observation
from etl.source import Ignored, Payload, Reject, Rows, Window, Withdrawn
from etl.sources.counts import FORM, REQUIRED, Counts

ROOT = Path(__file__).parents[3]
PAYLOADS = ROOT / "tests" / "payloads" / "counts"
NOW = datetime(2026, 4, 1, tzinfo=UTC)
SOURCE = Counts(clock=lambda: NOW)
FLOW = {
    "place_id": "example:gate", "measure": "flow", "direction": "arrival", "period_start_date": "2026-03-01",
    "period_end_date": "2026-03-07", "people": "412", "source_id": "border-police",
}  # fmt: skip
STOCK = {"place_id": "camp", "measure": "stock", "period_end_date": "2026-03-07", "people": "9", "source_id": "unhcr"}


def items(body: bytes | str) -> list:
    return list(SOURCE.parse(Payload("counts.csv", body.encode() if isinstance(body, str) else body)))


def rows(body: bytes | str) -> pd.DataFrame:
    found = [item.frame for item in items(body) if isinstance(item, Rows)]
    return pd.concat(found) if found else pd.DataFrame()


def reasons(body: bytes | str) -> dict[str, str]:
    """Why rows do not land, by line: what the parser says and what the table says."""
    found = items(body)
    told = {item.locator: item.reason for item in found if isinstance(item, Reject)}
    for item in found:
        if isinstance(item, Rows):
            told |= {item.locators[label]: why for label, why in check(item.frame, Observation).reasons.items()}
    return told


def file_of(*counts: dict[str, str]) -> str:
    buffer = io.StringIO()
    written = csv.DictWriter(buffer, list(dict.fromkeys(name for count in counts for name in count)))
    written.writeheader()
    written.writerows(counts)
    return buffer.getvalue()


def test_a_flow_becomes_a_row_with_its_defaults():
    (row,) = check(rows(file_of(FLOW)), Observation).good.astype(object).to_dict("records")
    assert row | {"flag": None, "note": None} == {
        "place_id": "example:gate", "measure": "flow", "direction": "arrival", "population_group": "all",
        "period_start_date": pd.Timestamp("2026-03-01"), "period_end_date": pd.Timestamp("2026-03-07"),
        "source_id": "border-police", "people": 412, "window_start_hour": 0, "window_end_hour": 24,
        "quality": "reported", "flag": None, "note": None,
    }  # fmt: skip


def test_a_stock_needs_neither_direction_nor_start():
    row = rows(file_of(STOCK)).iloc[0]
    assert (row["direction"], row["period_start_date"]) == ("present", pd.Timestamp("2026-03-07"))
    assert not reasons(file_of(STOCK | {"direction": "present", "period_start_date": "2026-03-07"}))


def test_not_counted_is_not_nobody():
    found = check(rows(file_of(FLOW | {"people": ""}, FLOW | {"people": "0"})), Observation)
    assert not found.reasons
    assert found.good["people"].isna().tolist() == [True, False]
    assert found.good["people"].tolist()[1] == 0


@pytest.mark.parametrize("text", ["1,234", "~500", "5-10", "-1", "1e12", "12.5", "-", "N/A", "NA", "about 5", "١٢"])
def test_f28_what_is_no_count_is_quarantined_never_guessed(text):
    assert reasons(file_of(FLOW | {"people": text})) == {
        "line 2": f"people is no plain whole number of 0 or more ({text})"
    }


@pytest.mark.parametrize("text", ["03/04/2026", "2026-3-4", "4 March 2026", "2026-02-29", "0001-01-01", "2026-04-03"])
def test_f41_f43_only_possible_dates_of_the_one_form(text):
    assert "period_end_date is no date like YYYY-MM-DD" in reasons(file_of(FLOW | {"period_end_date": text}))["line 2"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"direction": ""}, "direction of a flow is none of arrival, departure"),
        ({"direction": "present"}, "direction of a flow is none of arrival, departure (present)"),
        ({"period_start_date": ""}, "period_start_date is needed for a flow"),
        ({"period_start_date": "2026-03-08"}, "period_end_date >= period_start_date"),
        ({"measure": "guess"}, "measure in ('stock', 'flow', 'queue')"),
        ({"measure": ""}, "measure is missing"),
        ({"place_id": " "}, "place_id is missing"),
        ({"source_id": ""}, "source_id is missing"),
        ({"period_end_date": ""}, "period_end_date is missing"),
        ({"people": "60000000"}, "people <= 50000000"),
        ({"window_start_hour": "18", "window_end_hour": "6"}, "window_end_hour > window_start_hour"),
        ({"window_end_hour": "25"}, "window_end_hour <= 24"),
        ({"window_start_hour": "06:00"}, "window_start_hour is no plain whole number"),
        ({"quality": "guessed"}, "quality in ('reported', 'provisional', 'estimated')"),
        ({"note": "rain\u202e"}, "note has control characters"),
    ],
)
def test_what_does_not_fit_is_rejected_with_the_reason(changes, why):
    assert why in reasons(file_of(FLOW | changes))["line 2"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"direction": "arrival"}, "direction of a stock is none of present (arrival)"),
     ({"period_start_date": "2026-03-01"}, "period_start_date of a stock is not its end: one day (2026-03-01)")],
)  # fmt: skip
def test_a_stock_is_of_one_day_and_has_no_direction(changes, why):
    assert reasons(file_of(STOCK | changes)) == {"line 2": why}


def test_every_row_of_the_file_of_faults_lands_or_says_why():
    body = (PAYLOADS / "faults.csv").read_text(encoding="utf-8")
    told = reasons(body)
    assert set(told) == {f"line {line}" for line in range(3, 18)}
    assert rows(body).loc[[1, 17], "people"].tolist() == [412, 0]


@pytest.mark.parametrize("column", ["name", "Surname", "passport_no", "date de naissance", "teléfono", "تاريخ الميلاد"])
def test_a_column_about_a_person_refuses_the_file_whole(column):
    with pytest.raises(PayloadRejected, match="looks like data about a person"):
        items(file_of(FLOW | {column: "x"}))


def test_f27_other_columns_are_named_and_left_aside_and_missing_ones_refuse_the_file():
    found = items(file_of(FLOW | {"weather": "dry"}))
    assert [item.reason for item in found if isinstance(item, Ignored)] == ["columns that no count has: weather"]
    with pytest.raises(PayloadRejected, match=r"lacks the columns people; columns not known here: persons"):
        items(file_of({("persons" if name == "people" else name): text for name, text in FLOW.items()}))


def test_f23_a_spreadsheets_unicode_text_keeps_its_letters():
    found = rows((PAYLOADS / "spreadsheet.csv").read_bytes())
    assert found["population_group"].tolist() == ["retournés", "all", "all"]
    assert found["note"].tolist() == ["semaine de pluie; piste coupée", "non compté", "fermé"]
    with pytest.raises(PayloadRejected, match="is not UTF-8"):
        items(file_of(FLOW | {"note": "piste coupée"}).encode("cp1252"))


def test_the_window_stays_what_was_observed():
    found = rows(file_of(FLOW | {"window_start_hour": "6", "window_end_hour": "18"})).iloc[0]
    assert (found["window_start_hour"], found["window_end_hour"]) == (6, 18)


def test_counts_are_sent_never_fetched():
    with pytest.raises(ConfigurationMissing, match="python -m etl run counts --from FILE"):
        SOURCE.fetch(None, Window(NOW))
    assert SOURCE.spec.cadence is None


def test_the_document_names_every_column_and_which_are_required():
    document = (ROOT / "docs" / "formats" / "counts.md").read_text(encoding="utf-8")
    table = [line.split("|") for line in document.splitlines() if line.startswith("| `")]
    documented = {re.findall(r"`(\w+)`", row[1])[0]: row[2].strip() for row in table}
    assert set(documented) == {*FORM.columns}
    assert {name for name, word in documented.items() if word == "yes"} == set(REQUIRED)
    examples = {re.findall(r"`(\w+)`", row[1])[0]: row[5].strip().strip("`") for row in table}
    assert not reasons(file_of(examples))


def test_the_example_lands_whole():
    body = (ROOT / "docs" / "formats" / "counts-example.csv").read_bytes()
    assert not reasons(body)
    assert set(rows(body)["measure"]) == {"stock", "flow"}


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FORM.columns), st.text(max_size=12) | st.just("yes")))
def test_any_cell_lands_or_is_rejected(changes):
    written = {name: text.replace("\x00", "") for name, text in changes.items()}
    found = items(file_of(FLOW | written))
    assert sum(len(item.frame) if isinstance(item, (Rows, Withdrawn)) else 1 for item in found) == 1
