"""Read the one table within a zip file, without unpacking it anywhere."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, cast

from data.errors import PayloadRejected
from etl.source import Payload

MOST_TIMES_LARGER = 200
"""How much larger than packed a table may be: text packs 5 to 20 times, a bomb a thousand times."""
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_IS_ENCRYPTED = 1
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, OSError)
"""What the standard library raises while it reads a damaged zip file; on opening one also ValueError."""


@contextmanager
def single_csv(payload: Payload, max_bytes: int) -> Iterator[BinaryIO]:
    """Open the only CSV file within a zip payload. Its name is never used as a path; other files are left alone.

    Raises PayloadRejected when there is no such file or several, when it is encrypted, packed in an unusual way or
    larger than ``max_bytes`` or `MOST_TIMES_LARGER` times its packed size, and when it turns out to be damaged.
    """
    with ExitStack() as stack:
        try:
            bundle = stack.enter_context(zipfile.ZipFile(stack.enter_context(payload.open())))
            table = stack.enter_context(bundle.open(_only_csv(payload.name, bundle, max_bytes)))
        except (*_DAMAGE, ValueError) as error:
            raise PayloadRejected(payload.name, f"is no readable zip file: {error}") from error
        try:
            yield cast(BinaryIO, table)
        except _DAMAGE as error:
            raise PayloadRejected(payload.name, f"is damaged: {error}") from error


def _only_csv(name: str, bundle: zipfile.ZipFile, max_bytes: int) -> zipfile.ZipInfo:
    """Return the one CSV file; the size it declares is as much as will be read of it."""
    tables = [
        member
        for member in bundle.infolist()
        if member.filename.lower().endswith((".csv", ".txt", ".tsv")) and not member.filename.startswith("__MACOSX/")
    ]
    if len(tables) != 1:
        raise PayloadRejected(name, f"holds {len(tables)} CSV files, not one")
    table = tables[0]
    if table.flag_bits & _IS_ENCRYPTED or table.compress_type not in _METHODS:
        raise PayloadRejected(name, "is encrypted or packed in a way that is not read here")
    if table.file_size > max_bytes or table.file_size > MOST_TIMES_LARGER * max(table.compress_size, 1):
        size = f"{table.file_size:,} bytes from {table.compress_size:,}"
        raise PayloadRejected(name, f"unpacks to {size}; refused")
    return table
