"""JSON records as chunks of text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import PayloadRejected
from etl.json_records import chunk_of_records

PLAIN = st.none() | st.booleans() | st.text()


def test_null_is_empty_and_zero_is_zero():
    chunk = chunk_of_records("x", [{"a": None, "b": "0"}, {"a": "-"}, {"a": True, "b": ""}], ["a", "b"])
    assert chunk.frame.to_numpy().tolist() == [["", "0"], ["-", ""], ["true", ""]]
    assert chunk.lines.tolist() == [1, 2, 3]


def test_what_is_no_plain_value_breaks_its_record_only():
    chunk = chunk_of_records("x", [{"a": ["1"]}, {"a": "1", "new": "2", ":@host": "3"}, "a", {"a": "\ud800"}], ["a"])
    assert chunk.frame["a"].tolist() == ["1"]
    assert [(b.row, b.reason.split()[-1]) for b in chunk.broken] == [(1, "value"), (3, "object"), (4, "surrogate)")]
    assert chunk.added == ("new",)


def test_a_field_that_no_record_has_is_missing_from_the_answer():
    with pytest.raises(PayloadRejected, match="lacks the fields b"):
        chunk_of_records("x", [{"a": "1"}], ["a", "b"])


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b"]), PLAIN)))
def test_every_record_is_a_row_or_broken(records):
    chunk = chunk_of_records("x", [{"a": "", **record} for record in records], ["a"], ["b"])
    assert len(chunk.frame) + len(chunk.broken) == len(records)
