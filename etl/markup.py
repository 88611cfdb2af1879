"""XML and the texts and links within feeds, read without trusting them."""

import gzip
import re
import zlib
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from data.errors import PayloadRejected
from etl.first_bytes import kind_of

_MANGLED_MARK = "\ufeff".encode().decode("latin-1").encode()
"""A byte order mark that was taken for Latin-1 and written as UTF-8 again (seen in GDACS feeds of 2024)."""
_WRONG_UTF16 = re.compile(rb"""^(<\?xml[^>]{0,80}?)\sencoding=["']utf-16["']""", re.IGNORECASE)
"""A declaration of UTF-16 in a text of single bytes: what a text written within a program says of itself."""
_GZIP_MARK = b"\x1f\x8b"
_XML_KINDS = {None, "an XML document", "markup"}
_TITLE_CHARACTERS = 500
_LINK_CHARACTERS = 2_000


def parse_xml(name: str, body: bytes, max_bytes: int) -> Element:
    """Return the root of an XML payload; a gzip body is unpacked, up to ``max_bytes``.

    Raises PayloadRejected when it is something else, is not well-formed, or has a document type (which could declare
    entities that grow without end or name files).
    """
    if body.startswith(_GZIP_MARK):
        body = _unpacked(name, body, max_bytes)
    body = body.removeprefix(_MANGLED_MARK)
    kind = kind_of(body)
    if kind not in _XML_KINDS:
        raise PayloadRejected(name, f"is {kind}, not XML")
    # White space before the declaration is an error of XML; UTF-16 has its own marks and no ASCII white space.
    body = _WRONG_UTF16.sub(rb"\1", body.lstrip(b" \t\r\n"))
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        raise PayloadRejected(name, f"has a document type or entities ({type(error).__name__}); refused") from error
    except (ParseError, ValueError, LookupError) as error:
        raise PayloadRejected(name, f"is no well-formed XML: {error}") from error
    return root


def _unpacked(name: str, body: bytes, max_bytes: int) -> bytes:
    """Return a gzip body unpacked, never more than ``max_bytes`` of it."""
    try:
        with gzip.GzipFile(fileobj=BytesIO(body)) as stream:
            plain = stream.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise PayloadRejected(name, f"is no readable gzip file: {error}") from error
    if len(plain) > max_bytes:
        raise PayloadRejected(name, f"unpacks to more than {max_bytes:,} bytes")
    return plain


class _Words(HTMLParser):
    """The words of a text that may hold markup; what is within scripts and styles are no words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - as the base class has it
        """Begin to leave out what is code."""
        self.hidden += tag in self.CDATA_CONTENT_ELEMENTS

    def handle_endtag(self, tag: str) -> None:
        """End leaving out."""
        self.hidden -= tag in self.CDATA_CONTENT_ELEMENTS and self.hidden > 0

    def handle_data(self, data: str) -> None:
        """Keep words."""
        if not self.hidden:
            self.words.append(data)


def plain_text(text: str, most_characters: int = _TITLE_CHARACTERS) -> str:
    """Return a feed's text without markup and control characters, on one line, at most 500 characters (a title's).

    >>> plain_text('Flood in <b>A</b> &amp; B <script>alert(1)</script>')
    'Flood in A & B'
    """
    words = _Words()
    words.feed(text[: most_characters * 4])
    words.close()
    line = re.sub(r"\s+", " ", "".join(words.words))
    return "".join(letter for letter in line if letter.isprintable()).strip()[:most_characters]


def link_of(text: str) -> str | None:
    """Return a link that a browser may follow, None for anything but http and https.

    >>> link_of("https://www.gdacs.org/report.aspx?eventid=1"), link_of(" JavaScript:alert(1)")
    ('https://www.gdacs.org/report.aspx?eventid=1', None)
    """
    if len(text) > _LINK_CHARACTERS or re.search(r"[\s\x00-\x1f\x7f<>\"'`\\]", text):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme in {"http", "https"} and parts.netloc else None
