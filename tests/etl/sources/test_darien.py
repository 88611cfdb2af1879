"""Crossings of the Darién."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from data.errors import ConfigurationMissing
from data.schema.observation import Observation
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.sources.darien import Darien

FILE = Path(__file__).parents[2] / "payloads" / "darien" / "by_nationality.csv"
NOW = datetime(2021, 1, 1, tzinfo=UTC)
SOURCE = Darien(clock=lambda: NOW)


def test_a_month_is_the_sum_of_its_nationalities_and_nothing_is_told_by_nationality():
    found = list(SOURCE.parse(Payload(FILE.name, FILE.read_bytes())))
    (flows,) = [item.frame for item in found if isinstance(item, Rows) and item.table is Observation]
    assert dict(zip(flows["period_start_date"].dt.month, flows["people"], strict=True)) == {1: 134, 3: 0, 6: 17}
    assert set(flows["population_group"]) == {"all"}
    assert flows["period_end_date"].dt.day.tolist() == [31, 31, 30]


def test_a_month_with_a_bad_row_has_no_sum_and_whole_years_are_ignored():
    found = list(SOURCE.parse(Payload(FILE.name, FILE.read_bytes())))
    months = [item.raw[:7] for item in found if isinstance(item, Reject) and item.locator.startswith("month")]
    assert {"2020-02", "2020-07"} <= set(months)
    assert [item.rows for item in found if isinstance(item, Ignored)] == [1]


def test_nothing_is_fetched():
    with httpx.Client() as client, pytest.raises(ConfigurationMissing):
        SOURCE.fetch(client, Window(NOW))
