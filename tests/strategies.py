"""Ways to damage a payload, for every parser's fuzzing."""

import gzip

from hypothesis import strategies as st

POISON = (
    b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", "\ufeff".encode().decode("latin-1").encode(), b"NaN", b"Infinity",
    b"1e999", b"-1", b"99999999999999999999", b'"', b'""', b'"\n"', b",", b";", b"\t", b"\n", b"\r", b"\r\n\r\n",
    b"<", b"</", b"&", b"&#0;", b"&x;", b"<!DOCTYPE a>", b"]]>", b"{", b"}", b"[" * 300, b"0001-01-01", b"9999-12-31",
    b"infinity", b"03/04/2024", "\u202e".encode(), "\U0001f600".encode(), "\u0661".encode(), b"\xed\xa0\x80",
    b"A" * 25_000, b"../../etc/passwd",
)  # fmt: skip
"""Pieces that have broken parsers: marks, separators, half structures, numbers that are none, impossible dates."""

_WRAPPINGS = {
    "as it is": lambda body: body,
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "utf-16": lambda body: body.decode("utf-8", errors="replace").encode("utf-16"),
    "byte order mark": lambda body: b"\xef\xbb\xbf" + body,
    "carriage returns": lambda body: body.replace(b"\n", b"\r"),
    "twice": lambda body: body + body,
}


@st.composite
def damaged(draw: st.DrawFn, payload: bytes) -> bytes:
    """Return the payload with one to four cuts, repetitions, flips or insertions of poison, now and then wrapped."""
    body = payload
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(body) - 1, 0)))
        to = min(len(body), at + draw(st.integers(0, 60)))
        kind = draw(st.sampled_from(("cut", "drop", "repeat", "flip", "poison", "poison")))
        if kind == "cut":
            body = body[:at]
        elif kind == "drop":
            body = body[:at] + body[to:]
        elif kind == "repeat":
            body = body[:to] + body[at:to] + body[to:]
        elif kind == "flip" and body:
            body = body[:at] + bytes([body[at] ^ draw(st.integers(1, 255))]) + body[at + 1 :]
        else:
            body = body[:at] + draw(st.sampled_from(POISON)) + body[to:]
    if draw(st.integers(0, 9)) > 0:
        return body
    return _WRAPPINGS[draw(st.sampled_from(sorted(_WRAPPINGS)))](body)
