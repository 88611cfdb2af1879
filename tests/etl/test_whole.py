"""What a fetch had wholly travels as a payload of its own."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import PayloadRejected
from etl.source import Payload
from etl.whole import NAME, Whole, told_whole, whole


@given(st.dates(), st.dates(), st.dictionaries(st.text(max_size=9), st.lists(st.sampled_from(["TCD", "CAF"]))))
def test_what_is_told_is_what_was_had(start, end, parts):
    assert told_whole(whole(start, end, parts)) == Whole(start=start, end=end, parts=parts)


def test_any_other_payload_tells_nothing():
    assert told_whole(Payload("page-1.json", whole(date(2024, 1, 1), date(2024, 2, 1)).content)) is None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"start": "2024-01-01", "end": "soon"}', b"\xff", b"[" * 100_000]
)
def test_f22_a_broken_one_is_refused(body):
    with pytest.raises(PayloadRejected, match="does not tell what was fetched"):
        told_whole(Payload(NAME, body))
