"""The files of a data set in the catalogue of the Humanitarian Data Exchange (its API is that of CKAN)."""

from typing import NamedTuple

import httpx

from data.errors import PayloadRejected
from etl.client import get
from etl.json_text import read_json

CATALOGUE = "https://data.humdata.org/api/3/action/package_show"
_MOST_BYTES = 20_000_000


class File(NamedTuple):
    """A file as the catalogue names it, and its address."""

    name: str
    url: str


def files_of(client: httpx.Client, catalogue: str, dataset: str, form: str) -> list[File]:
    """Return the files of a data set in a form (CSV, GeoJSON), in the catalogue's order.

    Raises PayloadRejected when there is none.
    """
    body, _ = get(client, catalogue, _MOST_BYTES, id=dataset)
    answer = read_json(dataset, body)
    result = answer.get("result") if isinstance(answer, dict) else None
    listed = result.get("resources") if isinstance(result, dict) else None
    files = [
        File(str(one.get("name")), str(one.get("url")))
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and str(one.get("format")).casefold() == form.casefold()
    ]
    if not files:
        raise PayloadRejected(dataset, f"lists no {form} file: {str(listed)[:300]}")
    return files
