"""Strict JSON. Fault numbers are those of the fault list."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import PayloadRejected
from etl.json_text import read_json


def test_numbers_stay_the_text_they_are():
    assert read_json("f", b'{"a": 1.50, "b": [10, 1e5, true, null, "x"]}') == {
        "a": "1.50", "b": ["10", "1e5", True, None, "x"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [b"", b'{"a": 1', b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": 1, "a": 2}', b"[" * 200_000, b'{"a":' * 200_000,
     b"\xff\xfe", b"<html>", b"{} {}", b"[" * 100 + b"]" * 99],
)  # fmt: skip
def test_f22_what_is_no_strict_json_is_refused(body):
    with pytest.raises(PayloadRejected, match="is no JSON"):
        read_json("page.json", body)


values = st.recursive(
    st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@settings(deadline=None)
@given(values)
def test_any_document_comes_back(value):
    assert read_json("page.json", json.dumps(value).encode()) == value
