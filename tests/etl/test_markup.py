"""XML, texts and links of feeds. Fault numbers are those of the fault list."""

import gzip
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import PayloadRejected
from etl.markup import link_of, parse_xml, plain_text

MANGLED = b"\xc3\xaf\xc2\xbb\xc2\xbf"
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)).replace(b"&a0;", b"&a;")
    + b"]><rss>&a9;</rss>"
)


def parse(body: bytes):
    return parse_xml("feed.xml", body, 1_000_000)


@pytest.mark.parametrize(
    "body",
    [b"<rss/>", b'<?xml version="1.0" encoding="utf-8"?><rss/>', b"\xef\xbb\xbf<?xml version='1.0'?><rss/>",
     MANGLED + b'<?xml version="1.0" encoding="utf-8"?><rss/>', b'\r\n  <?xml version="1.0"?><rss/>',
     gzip.compress(b"<rss/>", mtime=0), b'<?xml version="1.0" encoding="UTF-16" standalone="no"?><rss/>',
     '<?xml version="1.0" encoding="utf-16"?><rss/>'.encode("utf-16")],
)  # fmt: skip
def test_marks_white_space_and_gzip_before_the_feed_are_no_obstacle(body):
    assert parse(body).tag == "rss"


@pytest.mark.parametrize(
    ("body", "what"),
    [(b"", "no well-formed XML"), (b"<rss>", "no well-formed XML"), (b"<rss>\x00</rss>", "no well-formed XML"),
     (b"<!DOCTYPE html><html><body>login</body></html>", "an HTML page"), (b"<HTML></HTML>", "an HTML page"),
     (b'{"features": []}', "a JSON document"), (b"PK\x03\x04", "a zip file"), (b"\x1f\x8b\x08nonsense", "gzip"),
     (gzip.compress(b"<rss/>", mtime=0)[:-6], "gzip"),
     (gzip.compress(b" " * 2_000_000, mtime=0), "unpacks to more than 1,000,000"),
     (b'<?xml version="1.0" encoding="nonsense"?><rss/>', "no well-formed XML"),
     (b'<?xml version="1.0" encoding="utf-7"?><rss/>', "no well-formed XML")],
)  # fmt: skip
def test_f06_what_is_no_feed_is_refused_by_name(body, what):
    with pytest.raises(PayloadRejected, match=what):
        parse(body)


def test_f15_billion_laughs_are_refused_at_once():
    began = time.process_time()
    with pytest.raises(PayloadRejected, match="document type or entities"):
        parse(LAUGHS)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "{canary}">]><rss>&x;</rss>',
        '<!DOCTYPE rss SYSTEM "{canary}"><rss/>',
        '<!DOCTYPE rss [<!ENTITY % x SYSTEM "{canary}"> %x;]><rss/>',
        "<!DOCTYPE rss><rss/>",
    ],
)
def test_f16_external_entities_and_document_types_are_refused_and_no_file_is_read(body, tmp_path):
    canary = tmp_path / "canary.txt"
    canary.write_text("the canary's song")
    with pytest.raises(PayloadRejected) as refusal:
        parse(body.replace("{canary}", canary.as_uri()).encode())
    assert "song" not in str(refusal.value)


def test_f16_an_include_is_an_element_like_any_other(tmp_path):
    canary = tmp_path / "canary.txt"
    canary.write_text("the canary's song")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{canary.as_uri()}" parse="text"/>'
    assert "".join(parse(f"<rss>{include}</rss>".encode()).itertext()) == ""


def test_f22_nesting_without_end_is_no_end_of_the_process():
    root = parse(b"<a>" * 100_000 + b"</a>" * 100_000)
    assert root.tag == "a"


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Flood <script>alert(1)</script>", "Flood"), ("a<b>c</b>&lt;i&gt;", "ac<i>"), ("x <5 km & y", "x <5 km & y"),
     ("<img src=x onerror=alert(1)>Fire", "Fire"), ("a\n\t b\u202ec\x07", "a bc"), ("<style>p{}</style>Red", "Red"),
     ("<!-- c -->T", "T"), ("&#0;&#x202e;ok", "\ufffdok"), ("Évènement 😀", "Évènement 😀"), ("<script>", ""),
     ("</script>x", "x")],
)  # fmt: skip
def test_f21_a_title_is_shown_as_text(text, plain):
    assert plain_text(text) == plain


@settings(deadline=None)
@given(st.text(max_size=3000))
def test_f29_any_title_is_one_short_printable_line(text):
    line = plain_text(text)
    assert line.isprintable()
    assert len(line) <= 500
    assert line == line.strip()


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "file:///etc/passwd", "//host/path", "http://",
     "", "ftp://host/x", "https://host/a b", 'https://host/"onload=', "https://host/\x00", "http://[bad/", "https:host",
     "https://" + "x" * 3000, " https://host/"],
)  # fmt: skip
def test_f21_what_is_no_web_link_is_absent(text):
    assert link_of(text) is None


@pytest.mark.parametrize("text", ["https://www.gdacs.org/report.aspx?eventtype=FL&eventid=1", "http://host:80/#x"])
def test_a_web_link_is_kept(text):
    assert link_of(text) == text
