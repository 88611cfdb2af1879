"""What the commands of the feeds do with local files."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data.errors import InputRejected
from data.schema.observation import Observation
from etl.archive import Archive
from etl.commands import run
from tests.doors import valley

COUNTS = "place_id,measure,period_end_date,people,source_id\ncamp,stock,2020-03-07,9,unhcr\n"


@pytest.mark.parametrize(("lag_days", "known"), [(10, "2020-03-17"), (3660, "2030-03-15"), (None, None)])
def test_counts_of_the_past_are_known_when_they_were_or_from_now_on(store, tmp_path: Path, lag_days, known):
    valley(store, ("valley:camp", "site", "Camp"))
    file = tmp_path / "counts.csv"
    file.write_text(COUNTS)
    options = argparse.Namespace(sources=["counts"], files=[file], situation="valley", lag_days=lag_days)
    assert run(store, Archive(tmp_path / "raw"), options) == 0
    now = datetime.now(UTC)
    (at,) = store.read(Observation)["known_from"]
    assert at <= now
    assert str(at.date()) == (known if known and known < str(now.date()) else str(now.date()))


@pytest.mark.parametrize("lag_days", [-1, 10**9])
def test_a_lag_that_cannot_be_is_refused(store, tmp_path: Path, lag_days):
    options = argparse.Namespace(sources=["counts"], files=[tmp_path], situation="valley", lag_days=lag_days)
    with pytest.raises(InputRejected, match=f"is {lag_days}, not between 0 and 3660"):
        run(store, Archive(tmp_path / "raw"), options)
