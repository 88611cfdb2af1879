"""Ask a server for what is new only: "not modified" is answered with the body that was kept.

Beside each address whose last body is in the archive stand the validators that came with it (ETag, Last-Modified; RFC
9110, 8.8). The next request sends them, and a 304 becomes the same bytes again, which the pipeline knows as the same
content (docs/decisions/0005). A body that is not in the archive, because its load failed or because it was only one
part of a payload, is never asked for so; one that is gone or damaged is fetched anew.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from etl.archive import Archive

FOLDER = "validators"
_ASKED = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
_MOST_CHARACTERS = 1_000


class Conditional(httpx.BaseTransport):
    """A transport that sends validators with a GET and answers a 304 from the archive."""

    def __init__(self, archive: Archive, inner: httpx.BaseTransport) -> None:
        """Use ``inner`` for what goes over the wire."""
        self.archive, self.inner = archive, inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer; one that may be kept carries in ``extensions["keep"]`` what notes its body."""
        known = self._known(request)
        sent = {header: known[name] for name, header in _ASKED.items() if name in known}
        request.headers.update(sent)
        answer = self.inner.handle_request(request)
        for header in sent:  # neither a redirect nor another attempt inherits them
            del request.headers[header]
        if answer.status_code == httpx.codes.NOT_MODIFIED and sent:
            answer.close()
            body = self.archive.read(known["sha256"])
            if body is not None:
                return httpx.Response(200, headers={"content-type": known["content-type"]}, content=body)
            answer = self.inner.handle_request(request)
        if answer.status_code == httpx.codes.OK and request.method == "GET":
            answer.extensions = {**answer.extensions, "keep": lambda whole: self._note(request, answer, whole)}
        return answer

    def close(self) -> None:
        """Close the wire."""
        self.inner.close()

    def _note(self, request: httpx.Request, answer: httpx.Response, body: bytes) -> None:
        """Keep the validators of a body that came whole; an answer without any is forgotten."""
        told = {name: answer.headers[name] for name in _ASKED if name in answer.headers}
        path = self._path(request)
        if not told or any(len(value) > _MOST_CHARACTERS for value in told.values()):
            path.unlink(missing_ok=True)
            return
        about = {"asked": _asked(request), "sha256": sha256(body).hexdigest()}
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        draft.write_text(json.dumps(about | told | {"content-type": answer.headers.get("content-type", "")}))
        draft.replace(path)

    def _known(self, request: httpx.Request) -> dict[str, Any]:
        """Return what was noted of exactly this request; empty where nothing was, or its body was not kept."""
        try:
            known = json.loads(self._path(request).read_text())
        except (OSError, ValueError):
            return {}
        if not isinstance(known, dict) or known.get("asked") != _asked(request):
            return {}
        return known if self.archive.path(known["sha256"]).is_file() else {}

    def _path(self, request: httpx.Request) -> Path:
        """Return where the note of an address lies: one whatever it is asked, so that notes do not grow without end."""
        address = str(request.url.copy_with(query=None, fragment=None))
        return self.archive.folder / FOLDER / f"{sha256(address.encode()).hexdigest()}.json"


def _asked(request: httpx.Request) -> str:
    """Return a fingerprint of what was asked and by whom; the words themselves may hold a key."""
    words = (request.method, str(request.url), request.headers.get("authorization", ""))
    return sha256("\n".join(words).encode()).hexdigest()
