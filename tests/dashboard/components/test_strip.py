"""The chips of sources on the first page say what is true when a feed never brought anything."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from dashboard.components.strip import source_strip

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("newest", "says", "not_said"),
    [
        (pd.NaT, "last look failed", "last good data"),
        (pd.Timestamp("2026-02-27", tz="UTC"), "the last good data are shown", "nothing known"),
    ],
)
def test_a_failed_look_speaks_of_good_data_only_where_there_are_some(newest, says, not_said):
    state = {"source_id": "gdacs", "newest_content_at": newest, "checked_at": NOW, "status": "failed"}
    told = str(source_strip(pd.DataFrame([state]), {"gdacs": "Hazards"}, NOW, NOW))
    assert says in told
    assert not_said not in told
