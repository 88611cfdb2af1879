"""The layers within a zip file of boundaries, as the Humanitarian Data Exchange hands them out."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath

from data.errors import PayloadRejected

LAYERS = (".geojson", ".json", ".shp")
_SIDES = (".shp", ".dbf", ".prj", ".cpg")
_NOT_READ = {
    ".gdbtable": "is a file geodatabase (.gdb), which is not read: send the shapefile, GeoJSON or GeoPackage instead",
    ".zip": "holds further zip files: send each of them alone",
}
_MOST_TIMES_LARGER = 200
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_IS_ENCRYPTED = 1
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, OSError)
"""What the standard library raises while it reads a damaged zip file; on opening one also ValueError."""

Layer = tuple[str, dict[str, bytes]]
"""The name of a layer, and its files by their ending: one GeoJSON file, or the parts of a shapefile."""


def is_of_boundaries(body: bytes) -> bool:
    """Tell whether a zip file holds GeoJSON files or shapefiles, or boundaries in a form that `layers` refuses.

    One that is damaged holds none.
    """
    try:
        with zipfile.ZipFile(BytesIO(body)) as bundle:
            return any(_ending(member) in {*LAYERS, *_NOT_READ} for member in bundle.infolist())
    except (*_DAMAGE, ValueError):
        return False


def layers(name: str, body: bytes, max_bytes: int) -> Iterator[Layer]:
    """Yield the layers of a zip file by name; names are never used as paths.

    Raises PayloadRejected for boundaries in other forms, for members that are encrypted, packed in an unusual way,
    damaged, or of one name twice, and when what is read unpacks to more than ``max_bytes`` or `_MOST_TIMES_LARGER`
    times its packed size.
    """
    try:
        with zipfile.ZipFile(BytesIO(body)) as bundle:
            found: dict[str, dict[str, zipfile.ZipInfo]] = {}
            for member in bundle.infolist():
                stem = str(PurePosixPath(member.filename).with_suffix(""))
                if _ending(member) in {*LAYERS, *_SIDES} and not stem.startswith("__MACOSX/"):
                    if _ending(member) in found.setdefault(stem, {}):
                        raise PayloadRejected(name, f"holds {member.filename[:120]!r} twice")
                    found[stem][_ending(member)] = member
            endings = {_ending(member) for member in bundle.infolist()}
            other = next((reason for ending, reason in _NOT_READ.items() if ending in endings), None)
            if other and endings.isdisjoint(LAYERS):
                raise PayloadRejected(name, other)
            left = max_bytes
            for stem, parts in sorted(found.items()):
                if parts.keys() & set(LAYERS):
                    left -= _checked(name, list(parts.values()), left)
                    yield PurePosixPath(stem).name, {ending: bundle.read(part) for ending, part in parts.items()}
    except (*_DAMAGE, ValueError) as error:
        raise PayloadRejected(name, f"is no readable zip file: {error}") from error


def _ending(member: zipfile.ZipInfo) -> str:
    """Return the ending of a member's name in small letters."""
    return PurePosixPath(member.filename).suffix.lower()


def _checked(name: str, parts: list[zipfile.ZipInfo], left: int) -> int:
    """Return how many bytes members unpack to; raise PayloadRejected for what should not be unpacked."""
    for part in parts:
        if part.flag_bits & _IS_ENCRYPTED or part.compress_type not in _METHODS:
            raise PayloadRejected(name, f"holds {part.filename[:120]!r} encrypted or packed in a way that is not read")
        if part.file_size > _MOST_TIMES_LARGER * max(part.compress_size, 1):
            raise PayloadRejected(name, f"unpacks to {part.file_size:,} bytes from {part.compress_size:,}; refused")
    unpacked = sum(part.file_size for part in parts)
    if unpacked > left:
        raise PayloadRejected(name, f"unpacks to more than the bytes that are left to read ({left:,})")
    return unpacked
