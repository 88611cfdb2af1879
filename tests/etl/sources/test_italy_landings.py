"""Sea landings in Italy with their vintages."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from data.schema.observation import Observation
from etl import pipeline
from etl.archive import Archive
from etl.source import Ignored, Payload, Reject
from etl.sources.italy_landings import ItalyLandings

FILE = Path(__file__).parents[2] / "payloads" / "italy_landings" / "sbarchi-per-giorno.csv"
SOURCE = ItalyLandings(clock=lambda: datetime(2021, 1, 1, tzinfo=UTC))
PAYLOAD = Payload(FILE.name, FILE.read_bytes())


def test_days_that_were_not_over_are_dropped_by_name_even_those_that_no_calendar_has():
    assert sum(item.rows for item in SOURCE.parse(PAYLOAD) if isinstance(item, Ignored)) == 4


def test_f28_what_is_no_count_is_quarantined():
    reasons = [item.reason.split()[0] for item in SOURCE.parse(PAYLOAD) if isinstance(item, Reject)]
    assert reasons == ["Valore", "Data_Report"]


def test_what_was_known_on_a_day_is_what_its_reports_said(store, tmp_path):
    pipeline.load(store, Archive(tmp_path), SOURCE, [PAYLOAD])

    def known(day: datetime) -> dict[str, float]:
        found = store.read(Observation, as_of=day)
        return dict(zip(found["period_end_date"].dt.strftime("%m-%d"), found["people"].astype("Float64"), strict=True))

    assert known(datetime(2020, 2, 15, 12, tzinfo=UTC)) == {}
    assert known(datetime(2020, 2, 20, tzinfo=UTC)) == {"02-01": 40, "02-02": 0}
    later = known(datetime(2020, 3, 1, tzinfo=UTC))
    assert (later["02-01"], later["02-15"]) == (44, 12)
    assert pd.isna(later["02-02"])
