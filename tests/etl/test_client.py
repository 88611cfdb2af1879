"""The client against a server that does everything wrong. Fault numbers are those of the fault list."""

import gzip
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from data.errors import PayloadRejected
from etl import client
from etl.client import get
from tests.faulty_server import answer, cut, drip, serving, silence

SHORT = b'{"features": []}'
LONG_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 100000\r\n\r\nid,people\n"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """The same client with short times; pauses are counted, not slept."""
    pauses: list[float] = []
    monkeypatch.setattr(client, "pause", pauses.append)
    monkeypatch.setattr(client, "TOTAL_SECONDS", 1.0)
    return pauses


@pytest.fixture
def session():
    with httpx.Client(timeout=httpx.Timeout(0.4), follow_redirects=True) as opened:
        yield opened


def test_a_good_answer_comes_whole_with_its_type(session):
    with serving(answer(SHORT, Content_Type="application/json")) as server:
        assert get(session, server.url, 1000) == (SHORT, "application/json")


def test_f01_a_refused_connection_is_tried_three_times_with_growing_jittered_pauses(session, impatient):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    with pytest.raises(httpx.ConnectError):
        get(session, f"http://127.0.0.1:{closed}/", 1000)
    assert len(impatient) == client.ATTEMPTS - 1
    assert 1 <= impatient[0] <= 2 <= impatient[1] <= 4


def test_f01_a_name_that_nobody_knows_is_an_error_of_transport(session, impatient):
    with pytest.raises(httpx.ConnectError):
        get(session, "http://nobody.invalid/", 1000)
    assert len(impatient) == client.ATTEMPTS - 1


def test_f01_a_server_that_comes_back_is_believed(session):
    with serving(answer(b"busy", "503 Service Unavailable"), cut(b""), answer(SHORT)) as server:
        assert get(session, server.url, 1000)[0] == SHORT
        assert len(server.requests) == 3


def test_f02_a_black_hole_ends_within_the_total_deadline(session):
    began = time.monotonic()
    with serving(silence()) as server, pytest.raises((httpx.TimeoutException, PayloadRejected)):
        get(session, server.url, 1000)
    assert time.monotonic() - began < 3


def test_f03_a_body_that_drips_ends_at_the_total_deadline(session):
    began = time.monotonic()
    with serving(drip(LONG_HEAD)) as server, pytest.raises(PayloadRejected, match="took more than 1 s"):
        get(session, server.url, 1_000_000)
    assert time.monotonic() - began < 2
    assert len(server.requests) == 1


def test_f03_a_head_that_drips_ends_at_the_total_deadline(session):
    began = time.monotonic()
    with (
        serving(drip(b"HTTP/1.1 200 OK\r\nX-Long: ")) as server,
        pytest.raises(PayloadRejected, match="took more than"),
    ):
        get(session, server.url, 1_000_000)
    assert time.monotonic() - began < 3
    assert len(server.requests) == 1


@pytest.mark.parametrize("reset", [False, True])
def test_f04_a_body_that_is_cut_is_never_returned(session, reset, impatient):
    with serving(cut(LONG_HEAD, reset=reset)) as server, pytest.raises(httpx.TransportError):
        get(session, server.url, 1_000_000)
    assert len(server.requests) == client.ATTEMPTS


def test_f04_a_cut_chunked_body_is_never_returned(session):
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nid,pe\r\n"
    with serving(cut(start)) as server, pytest.raises(httpx.TransportError):
        get(session, server.url, 1_000_000)


def test_f04_a_cut_gzip_body_is_never_returned(session):
    half = gzip.compress(b"id,people\n" * 10_000)[:60]
    with serving(answer(half, Content_Encoding="gzip")) as server, pytest.raises(PayloadRejected, match="cut off"):
        get(session, server.url, 1_000_000)


def test_f07_an_empty_body_is_no_answer(session):
    with serving(answer(b"")) as server, pytest.raises(PayloadRejected, match="empty body"):
        get(session, server.url, 1000)


def test_a_packed_answer_is_unpacked(session):
    table = b"id,people\n" * 10_000
    with serving(answer(gzip.compress(table), Content_Encoding="gzip")) as server:
        assert get(session, server.url, len(table))[0] == table


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_f10_an_encoding_that_nobody_asked_for_is_refused(session, encoding):
    with serving(answer(b"x", Content_Encoding=encoding)) as server, pytest.raises(PayloadRejected, match="encoding"):
        get(session, server.url, 1000)


@pytest.mark.parametrize("asked", ["86400", "Wed, 01 Jan 2098 00:00:00 GMT"])
def test_f05_a_server_that_asks_for_a_day_is_waited_for_up_to_the_cap_and_named(session, impatient, asked):
    busy = answer(b"slow down", "429 Too Many Requests", Retry_After=asked)
    with serving(busy) as server, pytest.raises(client.RateLimited, match=r"rate limited by 127\.0\.0\.1"):
        get(session, server.url, 1000)
    assert len(server.requests) <= client.ATTEMPTS
    assert impatient == [client.LONGEST_PAUSE_SECONDS] * (client.ATTEMPTS - 1)


@pytest.mark.parametrize(("asked", "waited"), [("7", 7.0), ("0", 0.0)])
def test_f05_a_short_pause_is_respected_to_the_second(session, impatient, asked, waited):
    with serving(answer(b"", "429 Too Many Requests", Retry_After=asked), answer(SHORT)) as server:
        assert get(session, server.url, 1000)[0] == SHORT
    assert impatient == [waited]


def test_f05_nonsense_in_retry_after_is_no_hot_loop(session, impatient):
    with serving(answer(b"", "429 Too Many Requests", Retry_After="-1e9"), answer(SHORT)) as server:
        assert get(session, server.url, 1000)[0] == SHORT
    assert impatient[0] >= 1


def test_f06_a_refusal_is_an_error_and_not_tried_again(session):
    with serving(answer(b"<html>no</html>", "403 Forbidden")) as server, pytest.raises(httpx.HTTPStatusError):
        get(session, server.url, 1000)
    assert len(server.requests) == 1


def test_f09_more_than_the_limit_is_refused_while_reading(session):
    with serving(answer(b"x" * 200_000)) as server, pytest.raises(PayloadRejected, match="more than 1,000 bytes"):
        get(session, server.url, 1000)


def test_f10_a_gzip_bomb_is_counted_while_it_unpacks(session):
    bomb = gzip.compress(b"0" * 100_000_000, compresslevel=9)
    assert len(bomb) < 150_000
    with serving(answer(bomb, Content_Encoding="gzip")) as server, pytest.raises(PayloadRejected, match="1,000,000"):
        get(session, server.url, 1_000_000)


def test_f11_a_redirect_to_another_place_is_refused():
    with (
        serving(answer(b"secret")) as inside,
        serving(answer(b"", "302 Found", Location=inside.url)) as outside,
        client.client("127.0.0.1") as session,
        pytest.raises(PayloadRejected, match="not followed"),
    ):
        get(session, outside.url, 1000)
    assert inside.requests == []


def test_a_query_that_stands_in_the_address_is_kept_beside_the_parameters():
    asked = []
    transport = httpx.MockTransport(
        lambda request: asked.append(str(request.url)) or httpx.Response(200, content=SHORT)
    )
    with httpx.Client(transport=transport) as web:
        get(web, "https://example.org/a?id=7", 100)
        get(web, "https://example.org/a?id=7", 100, page=2)
    assert asked == ["https://example.org/a?id=7", "https://example.org/a?id=7&page=2"]


@contextmanager
def pretending(folder: Path) -> Iterator[tuple[int, list[bytes]]]:
    """A server with a certificate that nobody vouches for; its port, and what was asked of it."""
    key, certificate, asked = folder / "key.pem", folder / "certificate.pem", []
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=feeds.example"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):  # a refused handshake, and the end of the test
                while True:
                    accepted, _ = listening.accept()
                    with suppress(ssl.SSLError), context.wrap_socket(accepted, server_side=True) as talk:
                        asked.append(talk.recv(1000))

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1], asked


def test_f14_a_certificate_that_nobody_vouches_for_ends_the_look(tmp_path):
    with pretending(tmp_path) as (port, asked), client.client("localhost") as session:
        with pytest.raises(httpx.ConnectError, match="certificate"):
            get(session, f"https://localhost:{port}/feed", 1000)
        assert not any(asked), "nothing is asked of a stranger"


def test_f12_a_name_that_suddenly_leads_to_this_machine_gets_nothing_from_it(tmp_path, monkeypatch):
    here = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *rest, **more: here("127.0.0.1", *rest, **more))
    with pretending(tmp_path) as (port, asked), client.client("feeds.example") as session:
        with pytest.raises(httpx.ConnectError, match="certificate"):
            get(session, f"https://feeds.example:{port}/feed", 1000)
        assert not any(asked)
