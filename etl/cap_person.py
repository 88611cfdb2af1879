"""Alerts of the Common Alerting Protocol about one person, which have no place here."""

import re
from xml.etree.ElementTree import Element

from etl.cap_index import name_of

CODES = frozenset(("CAE", "MEP", "BLU"))
"""SAME codes of alerts about one person: child abduction, missing endangered person, blue alert."""
_ALERT = re.compile(
    r"abduct|\bkidnap|\b(?:amber|silver|blue|ebony|feather|ashanti) alert|\balert[ae]? (?:amber|silver)\b|"
    r"enl[eè]vement|sustracci[oó]n de|\b(?:dangerous|suspicious|wanted) (?:person|individual|man|woman)\b|\bfugitive|"
    r"(?:personne|individu) (?:dangereu[sx]|recherch)|pr[oó]fugo",
    re.IGNORECASE,
)
"""How such alerts are called. A colour alone is none: "amber wind warning"."""
_EVENT = re.compile(
    r"^\s*(?:amber|silver)\s*$|missing (?:person|child|adult|endangered|vulnerable)|\bdisparition\b|personne disparue|"
    r"desaparecid[oa]|persona scomparsa|vermisste|مفقود",
    re.IGNORECASE | re.MULTILINE,
)
"""What an event says of a person; a headline with such words can be about the many whom a flood took."""


def is_about_a_person(alert: Element) -> bool:
    """Tell whether an alert is about one person, by its event, its headline or its SAME code."""
    events = "\n".join(_texts(alert, "event"))
    named = "\n".join([events, *_texts(alert, "headline")])
    return bool(CODES.intersection(_texts(alert, "value")) or _ALERT.search(named) or _EVENT.search(events))


def _texts(alert: Element, name: str) -> list[str]:
    """Return the texts of all elements of a name within an alert."""
    found = (element for element in alert.iter() if name_of(element) == name)
    return ["".join(element.itertext()).strip() for element in found]
