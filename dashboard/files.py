"""Files the browser needs: front-end parts from npm by an allow-list, and the basemap by byte range."""

import json
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

from data.settings import PROJECT_ROOT

BASEMAP = PROJECT_ROOT / "data" / "reference" / "basemap" / "basemap.pmtiles"
_VENDOR = json.loads((Path(__file__).parent / "vendor.json").read_text())
_TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}
router = APIRouter()


@router.get("/vendor/{path:path}", response_class=FileResponse)
def vendor(path: str) -> FileResponse:
    """Return a front-end part; 404 unless it is on the allow-list, 503 when the set-up did not install it."""
    listed = _VENDOR.get(f"/vendor/{path}")
    if listed is None:
        raise HTTPException(404, "not a part of this application")
    file = PROJECT_ROOT / "node_modules" / listed
    if not file.is_file():
        raise HTTPException(503, "this part is not installed; run ./waypost setup")
    kind = _TYPES.get(file.suffix, "application/octet-stream")
    return FileResponse(file, media_type=kind, headers={"Cache-Control": "public, max-age=86400"})


@router.get("/basemap.pmtiles", response_class=FileResponse)
def basemap() -> FileResponse:
    """Return the basemap; the browser asks for ranges of it."""
    return FileResponse(
        BASEMAP, media_type="application/octet-stream", headers={"Cache-Control": "public, max-age=3600"}
    )
