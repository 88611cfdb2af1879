"""What a payload is by its first bytes, so that a refusal can name what came instead of what was expected."""

_MARKS = (
    (b"\x1f\x8b", "a gzip file"),
    (b"pk\x03\x04", "a zip file (a spreadsheet .xlsx is one)"),
    (b"pk\x05\x06", "an empty zip file"),
    (b"\xd0\xcf\x11\xe0", "an Office file with a password, or one of before 2007 (.xls)"),
    (b"%pdf", "a PDF document"),
    (b"sqlite format 3", "an SQLite file"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<ogrvrt", "a GDAL virtual data set"),
    (b"<?xml", "an XML document"),
    (b"<", "markup"),
    (b"{", "a JSON document"),
    (b"[", "a JSON document"),
)


def kind_of(head: bytes) -> str | None:
    r"""Return in words what a payload is that starts with these bytes, None when they are no known mark.

    >>> kind_of(b"\r\n  <!DOCTYPE html><title>Sign in</title>")
    'an HTML page'
    >>> kind_of(b"id,relid,year") is None
    True
    """
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    return next((kind for mark, kind in _MARKS if start.startswith(mark)), None)
