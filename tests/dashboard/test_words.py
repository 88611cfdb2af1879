"""Words for instants."""

from datetime import UTC, datetime, timedelta

from dashboard.words import age

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_f44_no_age_is_negative_when_the_clock_has_jumped_back():
    assert {age(NOW + timedelta(days=days), NOW) for days in (0, 1, 400)} == {"just now"}
