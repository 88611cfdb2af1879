"""Read border controls and customs out of OpenStreetMap extracts: ``.osm.pbf``, ``.osm`` (XML), Overpass answers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import osmium

from data.errors import PayloadRejected
from etl.first_bytes import kind_of
from etl.json_text import read_json
from etl.source import Payload

MOST_OBJECTS = 200_000
"""All of OpenStreetMap has about 30,000 border controls and customs offices."""
_TAGS = (("barrier", "border_control"), ("amenity", "customs"), ("government", "customs"))
_HEADER = b"OSMHeader"
_XML = re.compile(rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?<osm[\s>]")
_DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,20})?", re.ASCII)


@dataclass
class Post:
    """A mapped border control or customs office: what it is called (``n1``, ``w2``), its tags, and where it stands.

    ``position`` is longitude and latitude in degrees, the mean of a way's nodes; missing where nothing tells it.
    """

    id: str
    tags: dict[str, str]
    position: tuple[float, float] | None
    node_ids: tuple[int, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Extract:
    """The posts of an extract, and how many relations and objects without a place were left out."""

    posts: list[Post]
    relations: int


def is_post(tags: dict[str, str]) -> bool:
    """Tell whether tags are those of a border control or a customs office.

    >>> is_post({"barrier": "border_control"}), is_post({"barrier": "gate"})
    (True, False)
    """
    return any(tags.get(key) == value for key, value in _TAGS)


def from_extract(payload: Payload, max_bytes: int) -> Extract:
    """Return the posts of a ``.osm.pbf`` file, or of one in XML.

    It is read twice: for the tagged objects, and for the nodes of the ways among them, so that memory stays small.
    Raises PayloadRejected for other bytes, a damaged file, or more than `MOST_OBJECTS` posts.
    """
    with payload.open() as stream:
        head = stream.read(512).removeprefix(b"\xef\xbb\xbf")
    if _HEADER not in head[:32] and not _XML.match(head):
        kind = kind_of(head)
        raise PayloadRejected(payload.name, f"is no .osm.pbf extract{f': it begins like {kind}' if kind else ''}")
    form = "pbf" if _HEADER in head[:32] else "osm"
    try:
        posts, relations = _tagged(payload, max_bytes, form)
        wanted = {node for post in posts for node in post.node_ids}
        places = dict(_places(payload, max_bytes, form, wanted)) if wanted else {}
    except (RuntimeError, ValueError, OSError) as error:
        raise PayloadRejected(payload.name, f"is a damaged .osm.pbf or .osm extract: {str(error)[:200]}") from error
    for post in posts:
        found = [places[node] for node in dict.fromkeys(post.node_ids) if node in places]
        if found:
            post.position = sum(x for x, _ in found) / len(found), sum(y for _, y in found) / len(found)
    return Extract(posts, relations)


def from_overpass(payload: Payload, max_bytes: int) -> Extract:
    """Return the posts of an Overpass answer in JSON: a way stands at its center, or in the middle of its nodes.

    Raises PayloadRejected for anything else, and for an answer that the server says is not complete.
    """
    answer = read_json(payload.name, payload.read(max_bytes))
    elements = answer.get("elements") if isinstance(answer, dict) else None
    if not isinstance(elements, list):
        said = str(list(answer))[:200] if isinstance(answer, dict) else type(answer).__name__
        raise PayloadRejected(payload.name, f"is no Overpass answer: it has no list of elements ({said})")
    if answer.get("remark"):
        raise PayloadRejected(payload.name, f"is not complete, the server says: {str(answer['remark'])[:200]}")
    posts: list[Post] = []
    relations = 0
    placed = ((e.get("id"), _center(e)) for e in elements if isinstance(e, dict) and e.get("type") == "node")
    nodes = {str(number): at for number, at in placed if at is not None}
    for element in elements:
        if not isinstance(element, dict) or not isinstance(element.get("tags"), dict):
            continue
        tags = {str(k): v for k, v in element["tags"].items() if isinstance(v, str)}
        if not is_post(tags):
            continue
        if element.get("type") not in {"node", "way"}:
            relations += 1
            continue
        if not re.fullmatch(r"-?\d{1,20}", str(element.get("id")), re.ASCII):
            raise PayloadRejected(payload.name, f"has an element with the id {str(element.get('id'))[:40]!r}")
        posts.append(
            Post(f"{str(element['type'])[0]}{element['id']}", tags, _center(element) or _middle(element, nodes))
        )
        _refuse_many(payload.name, posts)
    return Extract(posts, relations)


def _center(element: dict[str, Any]) -> tuple[float, float] | None:
    """Return where an element stands; None where nothing tells it."""
    at = element["center"] if isinstance(element.get("center"), dict) else element
    longitude, latitude = str(at.get("lon")), str(at.get("lat"))
    if not _DEGREES.fullmatch(longitude) or not _DEGREES.fullmatch(latitude):
        return None
    position = float(longitude), float(latitude)
    return position if abs(position[0]) <= 180 and abs(position[1]) <= 90 else None


def _middle(element: dict[str, Any], nodes: dict[str, tuple[float, float]]) -> tuple[float, float] | None:
    """Return the middle of a way's nodes, which ``out body; >; out skel`` gives beside it; None without them."""
    told = element.get("nodes")
    found = [nodes[n] for n in dict.fromkeys(map(str, told if isinstance(told, list) else [])) if n in nodes]
    return (sum(x for x, _ in found) / len(found), sum(y for _, y in found) / len(found)) if found else None


def _file(payload: Payload, max_bytes: int, form: str) -> Any:
    """Return what osmium reads; the format is said, so that no name or content can choose another reader."""
    if isinstance(payload.content, Path):
        return osmium.io.File(str(payload.content.resolve()), form)
    return osmium.io.FileBuffer(payload.read(max_bytes), form)


def _tagged(payload: Payload, max_bytes: int, form: str) -> tuple[list[Post], int]:
    """Return the posts, the ways among them without a place yet, and how many relations are posts."""
    posts: list[Post] = []
    relations = 0
    keys = osmium.filter.KeyFilter(*dict.fromkeys(key for key, _ in _TAGS))
    for thing in osmium.FileProcessor(_file(payload, max_bytes, form)).with_filter(keys):
        tags = {tag.k: tag.v for tag in thing.tags}
        if not is_post(tags):
            continue
        if thing.is_node():
            here = (thing.location.lon, thing.location.lat) if thing.location.valid() else None
            posts.append(Post(f"n{thing.id}", tags, here))
        elif thing.is_way():
            posts.append(Post(f"w{thing.id}", tags, None, tuple(node.ref for node in thing.nodes)))
        else:
            relations += 1
        _refuse_many(payload.name, posts)
    return posts, relations


def _places(payload: Payload, max_bytes: int, form: str, wanted: set[int]) -> Iterator[tuple[int, tuple[float, float]]]:
    """Yield where some nodes are."""
    nodes = osmium.FileProcessor(_file(payload, max_bytes, form), osmium.osm.NODE)
    for node in nodes.with_filter(osmium.filter.IdFilter(wanted)):
        if node.location.valid():
            yield node.id, (node.location.lon, node.location.lat)


def _refuse_many(name: str, posts: list[Post]) -> None:
    """Raise PayloadRejected for more posts than there can be."""
    if len(posts) > MOST_OBJECTS:
        raise PayloadRejected(name, f"has more than {MOST_OBJECTS:,} border controls and customs offices")
