"""Working ahead changes nothing but the time it takes."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.ahead import ahead


@settings(deadline=None)
@given(st.lists(st.integers() | st.none()))
def test_the_same_parts_in_the_same_order(parts):
    assert list(ahead(iter(parts))) == parts


def test_an_error_comes_where_its_part_would_have_come():
    def failing():
        yield 1
        yield 2
        raise ValueError("third")

    seen = []
    with pytest.raises(ValueError, match="third"):
        seen.extend(ahead(failing()))
    assert seen == [1, 2]


def test_at_most_one_part_waits_and_the_thread_ends_with_the_reader():
    made = []

    def parts():
        for number in range(10):
            made.append(number)
            yield number

    reader = ahead(parts())
    assert next(reader) == 0
    reader.close()
    assert made in ([0], [0, 1])
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
