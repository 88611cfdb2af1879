"""Indexes of alerts (RSS, Atom), and documents that hold alerts (alone, many, within EDXL)."""

from xml.etree.ElementTree import Element

from data.errors import PayloadRejected
from etl.markup import link_of, parse_xml
from etl.source import Payload

_INDEXES = {"rss", "feed", "RDF", "EDXLDistribution"}


def name_of(element: Element) -> str:
    """Return an element's name without its namespace; a comment has none."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def root_of(payload: Payload, max_bytes: int) -> Element:
    """Return the root of an alert or an index; raise `PayloadRejected` for any other document."""
    root = parse_xml(payload.name, payload.read(max_bytes), max_bytes)
    if name_of(root) in _INDEXES or alerts_in(root):
        return root
    raise PayloadRejected(payload.name, f"is neither a CAP alert nor an index of some: its root is <{root.tag[:80]}>")


def alerts_in(root: Element) -> list[Element]:
    """Return the alerts that a document holds."""
    return [element for element in root.iter() if name_of(element) == "alert"]


def entries_in(root: Element) -> list[Element]:
    """Return the entries of an RSS or Atom index."""
    return [element for element in root.iter() if name_of(element) in {"item", "entry"}]


def links_in(root: Element, feed: str) -> list[str]:
    """Return the addresses of the alerts that an index names, none when it holds them itself.

    Those of a ``feed`` by https are taken as https too: Canada's index of 2014 still writes http.
    """
    if alerts_in(root):
        return []
    links = []
    for entry in entries_in(root):
        named = [child for child in entry if name_of(child) == "link"]
        typed = [one for one in named if "cap" in one.get("type", "")]
        for one in (typed or named)[:1]:
            link = link_of((one.get("href") or "".join(one.itertext())).strip())
            if link and feed.startswith("https://") and link.startswith("http://"):
                link = f"https://{link.removeprefix('http://')}"
            links += [link] if link else []
    return links
