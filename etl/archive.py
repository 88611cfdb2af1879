"""Keep every payload as it came, once, under the hash of its content."""

import gzip
import hashlib
import shutil
import tempfile
import zlib
from pathlib import Path

from etl.source import Payload

_BLOCK_BYTES = 1 << 20


def sha256_of(payload: Payload) -> str:
    """Return the SHA-256 of a payload's content."""
    digest = hashlib.sha256()
    with payload.open() as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


class Archive:
    """A folder of gzip files named by the SHA-256 of what they hold."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``; it is made when the first payload comes."""
        self.folder = folder

    def keep(self, payload: Payload) -> str:
        """Store the payload unless it is there already; return its SHA-256. A half-written file is never left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as target:
            try:
                with (
                    payload.open() as stream,
                    gzip.GzipFile(fileobj=target, mode="wb", compresslevel=1, mtime=0) as out,
                ):
                    while block := stream.read(_BLOCK_BYTES):
                        digest.update(block)
                        out.write(block)
                target.close()
                Path(target.name).replace(self.path(digest.hexdigest()))
            finally:
                Path(target.name).unlink(missing_ok=True)
        return digest.hexdigest()

    def path(self, sha256: str) -> Path:
        """Return where a payload with this hash lies."""
        return self.folder / f"{sha256}.gz"

    def read(self, sha256: str) -> bytes | None:
        """Return a kept payload; None where there is none, or it is not what its name says any more."""
        try:
            content = gzip.decompress(self.path(sha256).read_bytes())
        except (OSError, EOFError, zlib.error):
            return None
        return content if hashlib.sha256(content).hexdigest() == sha256 else None

    def restore(self, sha256: str, target: Path) -> None:
        """Write a kept payload to ``target``."""
        with gzip.open(self.path(sha256)) as stream, target.open("wb") as out:
            shutil.copyfileobj(stream, out)
