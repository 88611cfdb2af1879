"""Ways to damage a payload, for every parser's fuzzing."""

from hypothesis import strategies as st

POISON = (
    b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"NaN", b"Infinity", b"1e999", b"-1", b"99999999999999999999",
    b'"', b",", b";", b"\n", b"<", b"</", b"&", b"<!DOCTYPE a>", b"]]>", b"{", b"}", b"[" * 300, b"0001-01-01",
    b"infinity", b"03/04/2024", "\u202e".encode(), "\U0001f600".encode(), b"A" * 25_000, b"../../etc/passwd",
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, payload: bytes) -> bytes:
    """Return the payload with one to four cuts, repetitions, flips or insertions of poison."""
    body = payload
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(body) - 1, 0)))
        to = min(len(body), at + draw(st.integers(0, 60)))
        kind = draw(st.sampled_from(("cut", "drop", "repeat", "flip", "poison")))
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
    return body
