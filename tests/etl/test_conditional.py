"""Validators: what has not changed is asked for, not fetched; a server that lies about it is asked again."""

import gzip

import httpx
import pytest

from etl.archive import Archive
from etl.client import get
from etl.conditional import FOLDER, Conditional
from etl.source import Payload
from tests.faulty_server import answer, serving

BODY = b'{"features": [1]}'
FRESH = answer(BODY, Content_Type="application/json", ETag='"v1"', Last_Modified="Sun, 01 Mar 2026 00:00:00 GMT")
SAME = answer(status="304 Not Modified")


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "raw")


@pytest.fixture
def session(archive):
    with httpx.Client(transport=Conditional(archive, httpx.HTTPTransport()), follow_redirects=True) as opened:
        yield opened


def look(session, server, archive, **params):
    """Fetch, and keep what came as a load does."""
    body, type_ = get(session, server.url, 1000, **params)
    archive.keep(Payload("feed", body))
    return body, type_


def test_a_second_look_sends_the_validators_and_a_304_is_the_same_content_again(session, archive):
    with serving(FRESH, SAME) as server:
        first, second = look(session, server, archive), look(session, server, archive)
        assert first == second == (BODY, "application/json")
        plain, asked = server.requests
    assert b"if-none-match" not in plain.lower()
    assert b'If-None-Match: "v1"' in asked
    assert b"If-Modified-Since: Sun, 01 Mar 2026 00:00:00 GMT" in asked


def test_what_changed_comes_whole_and_its_validators_take_the_place_of_the_old(session, archive):
    with serving(FRESH, answer(b"[2]", ETag='"v2"'), SAME) as server:
        assert [look(session, server, archive)[0] for _ in range(3)] == [BODY, b"[2]", b"[2]"]
        assert b'If-None-Match: "v2"' in server.requests[2]
        assert b"if-modified-since" not in server.requests[2].lower()


@pytest.mark.parametrize(
    "damage", [lambda path: path.write_bytes(gzip.compress(b"other")), lambda path: path.open("w")]
)
def test_a_304_without_the_body_it_speaks_of_leads_to_a_plain_request(session, archive, damage):
    with serving(FRESH, SAME, FRESH) as server:
        look(session, server, archive)
        damage(next(archive.folder.glob("*.gz")))
        assert look(session, server, archive)[0] == BODY
        assert len(server.requests) == 3
        assert b"if-none-match" not in server.requests[2].lower()


def test_a_304_that_nobody_asked_for_is_an_error(session, archive):
    with serving(SAME) as server, pytest.raises(httpx.HTTPStatusError, match="304"):
        look(session, server, archive)


def test_a_body_whose_load_failed_is_fetched_again(session, archive):
    with serving(FRESH, FRESH) as server:
        for _ in range(2):
            assert get(session, server.url, 1000)[0] == BODY
        assert b"if-none-match" not in server.requests[1].lower()


def test_another_question_or_another_asker_gets_an_answer_of_its_own(session, archive):
    with serving(FRESH) as server:
        look(session, server, archive, key="secret")
        look(session, server, archive, key="other")
        session.headers["Authorization"] = "Bearer x"
        look(session, server, archive, key="other")
        assert all(b"if-none-match" not in asked.lower() for asked in server.requests)
    (note,) = (archive.folder / FOLDER).iterdir()
    assert "secret" not in note.read_text()


@pytest.mark.parametrize("text", ["", "[]", "{}", "not json", '{"asked": 1, "sha256": 2}'])
def test_a_note_that_cannot_be_read_is_none(session, archive, text):
    with serving(FRESH) as server:
        look(session, server, archive)
        next((archive.folder / FOLDER).iterdir()).write_text(text)
        assert look(session, server, archive)[0] == BODY
        assert b"if-none-match" not in server.requests[1].lower()


def test_a_packed_answer_is_known_by_what_it_unpacks_to(session, archive):
    packed = answer(gzip.compress(BODY), Content_Encoding="gzip", ETag='"v1"')
    with serving(packed, SAME) as server:
        assert [look(session, server, archive)[0] for _ in range(2)] == [BODY, BODY]
        assert b"If-None-Match" in server.requests[1]


def test_an_answer_without_validators_is_forgotten(session, archive):
    with serving(FRESH, answer(b"[3]"), answer(b"[4]")) as server:
        assert [look(session, server, archive)[0] for _ in range(3)] == [BODY, b"[3]", b"[4]"]
        assert b"if-none-match" not in server.requests[2].lower()
