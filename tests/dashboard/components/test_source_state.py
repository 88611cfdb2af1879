"""What the table of sources says of a look: when the next one comes, and what went wrong, in words."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.components.source_state import in_words, source_table
from dashboard.queries_sources import SourceState
from data.freshness import Looks, State
from etl.registry import source

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(looks: Looks, state: State = State.ON_TIME) -> str:
    """All words of the table of one source that is looked at every hour."""
    one = SourceState(source("gdacs").spec, state, looks, configured=True, scheduled=True)
    table = source_table([one], NOW)
    return " ".join(part for part in table._traverse() if isinstance(part, str)) + " ".join(
        part.children for part in table._traverse() if isinstance(getattr(part, "children", None), str)
    )


def looked(ago: timedelta, **more: object) -> Looks:
    return Looks(looked_at=NOW - ago, status="ok", good_at=NOW - ago, newest_content_at=NOW - ago, **more)


def test_the_next_look_is_told_and_a_worker_that_does_not_come_is_missed():
    assert "next look 1 Mar 2026, 12:30 UTC" in said(looked(timedelta(minutes=30)))
    assert "next look within a minute" in said(looked(timedelta(minutes=61)))
    assert "was due 1 Mar 2026, 11:00 UTC and no worker has come to it" in said(looked(timedelta(hours=2)))
    assert "next look within a minute" in said(Looks())


def test_what_a_failure_said_begins_like_a_sentence():
    failed = looked(timedelta(hours=1), failures=2, message="the number of rows is 2, expected at least 4")
    assert "UTC. The number of rows is 2" in said(failed, State.FAILING)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired", "certificate is not valid"),
        ("ConnectError: [Errno -2] Name or service not known", "cannot be reached from here"),
        ("HTTPStatusError: Server error '500 Internal Server Error' for url 'https://x'", "out of order"),
        ("HTTPStatusError: Client error '403 Forbidden' for url 'https://x'", "refuses us"),
        ("HTTPStatusError: Client error '404 Not Found' for url 'https://x'", "feed may have moved"),
        ("TooManyRedirects: Exceeded maximum allowed redirects.", "leads in a circle"),
    ],
)
def test_f02_a_fault_of_the_publisher_is_told_in_words_before_its_own(message, words):
    assert words in in_words(message)
    assert in_words(message).endswith(f"({message})")
