"""A fetch of many parts: one that fails takes none with it, and is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import PayloadRejected
from etl.not_fetched import noted, part_by_part
from etl.source import Payload


def part(payloads: int, *, fails: bool):
    for number in range(payloads):
        yield Payload(f"{number}", b"")
    if fails:
        raise PayloadRejected("x", "is broken")


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=5))
def test_what_can_be_had_is_had_and_what_fails_is_named_or_raised(parts):
    asked = {str(place): part(payloads, fails=fails) for place, (payloads, fails) in enumerate(parts)}
    had, failed = sum(payloads for payloads, _ in parts), [str(i) for i, (_, fails) in enumerate(parts) if fails]
    if failed and not had:
        with pytest.raises(PayloadRejected, match="is broken"):
            list(part_by_part(asked))
        return
    found = list(part_by_part(asked))
    assert len(found) == had + bool(failed)
    if failed:
        named = ", ".join(f"{name}: PayloadRejected" for name in failed)
        assert noted(found[-1]).reason == f"not fetched: {named}"
