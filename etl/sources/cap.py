"""Common Alerting Protocol 1.0, 1.1 and 1.2: alerts of national hubs, alone, in an RSS or Atom index, or within EDXL.

What is decided here, where the standard leaves it open:

- One row a language of an alert; an alert without an ``info`` (a cancellation) is one row without an event.
- Every message is kept, also tests and cancellations: what is in force follows from all (`data.alerts_in_force`).
- An ``info`` that gives the all-clear (``responseType`` AllClear) is kept and never in force: it ends when it begins.
  Some senders never cancel, they update with the all-clear and let it run for hours.
- Urgency, severity and certainty that the sender left out are *unknown*, which is CAP's own word for it. A word that is
  none of CAP's is rejected: nobody knows how bad a "Major" is.
- A signature is noted and not verified: nobody here holds the senders' certificates.
- ``contact`` and ``parameter`` are not read; they name people. Alerts about one person (child abduction, a missing or
  wanted person) are ignored by name: there is no place for a person here. So are alerts that are not for the public.
- Areas given by name or code only have no shape. One that is far from the alert's country, and in it with latitude and
  longitude exchanged, is rejected (`etl.cap_country`); an alert that names no country is not checked.
- An index may name alerts on other hosts (Canada's does): those are asked only where `CapSettings` names them. A plain
  http link of an index that came by https is asked by https.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element

import httpx
import pandas as pd
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigurationMissing, PayloadRejected, WaypostError
from data.schema.public_alert import PublicAlert
from etl.cap_area import texts, wkt_of
from etl.cap_country import check_axes, country_of
from etl.cap_index import alerts_in, entries_in, links_in, name_of, root_of
from etl.cap_person import is_about_a_person
from etl.client import get
from etl.markup import link_of, plain_text
from etl.not_fetched import note, noted
from etl.source import Ignored, Item, Payload, Reject, Rows, Spec, Window

NAMESPACES = (
    "urn:oasis:names:tc:emergency:cap:1.2", "urn:oasis:names:tc:emergency:cap:1.1", "http://www.incident.com/cap/1.0",
)  # fmt: skip
STATUSES = ("actual", "exercise", "system", "test", "draft")
MESSAGE_TYPES = ("alert", "update", "cancel", "ack", "error")
SEVERITIES = ("extreme", "severe", "moderate", "minor", "unknown")
URGENCIES = ("immediate", "expected", "future", "past", "unknown")
CERTAINTIES = ("observed", "likely", "possible", "unlikely", "unknown")
NOT_PUBLIC = ("restricted", "private")
SAID_BY_EACH = ("urgency", "severity", "certainty")
MOST_ALERTS = 500
_NOT_FOLLOWED = "not followed"
_LINKED = "linked/"
"""How the name of a document begins that an index names."""
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LONG_TEXT_CHARACTERS = 8_000
_MOST_GEOCODES = 200


class CapSettings(BaseSettings):
    """``WAYPOST_CAP_FEEDS``: addresses of alerts or of indexes of alerts, separated by blanks.

    ``WAYPOST_CAP_HOSTS``: further hosts on which these indexes keep their alerts, separated by blanks.
    """

    model_config = SettingsConfigDict(env_prefix="WAYPOST_CAP_", env_ignore_empty=True)

    feeds: str = ""
    hosts: str = ""


class Cap:
    """The source; see the module."""

    @property
    def spec(self) -> Spec:
        """Return what is declared; the hosts are those of the feeds, and those that are set beside them."""
        settings = CapSettings()
        hosts = {_host(feed) for feed in settings.feeds.split()} | set(settings.hosts.casefold().split())
        return replace(_SPEC, hosts=tuple(sorted(hosts - {""})))

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - an index has no window
        """Yield the alerts of every feed; one that cannot be had does not take the others with it.

        When no feed can be had, the error of the last one passes through.
        """
        feeds = CapSettings().feeds.split()
        if not feeds:
            raise ConfigurationMissing("WAYPOST_CAP_FEEDS", f"is not set; {_SPEC.key_help}")
        failed: list[str] = []
        had = 0
        for feed in feeds:
            try:
                index = _got(client, feed)
                links = links_in(root_of(index, _SPEC.max_bytes), feed)
            except (httpx.HTTPError, httpx.InvalidURL, WaypostError) as error:
                failed.append(_failed(feed, error))
                if had == 0 and feed == feeds[-1]:
                    raise
                continue
            had += 1
            yield index
            if len(links) > MOST_ALERTS:
                failed.append(f"{len(links) - MOST_ALERTS} further alerts of {feed[:200]}")
            for link in links[:MOST_ALERTS]:
                try:
                    yield _got(client, link, _LINKED)
                except (httpx.HTTPError, WaypostError) as error:
                    failed.append(_failed(link, error))
        if any(_NOT_FOLLOWED in told for told in failed):
            failed.append("an index keeps alerts on another host: name it in WAYPOST_CAP_HOSTS")
        if failed:
            yield note(failed)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield each alert once a language; an alert that is not one is rejected and leaves the others.

        An alert that an index names is rejected also where its whole document is malformed.
        """
        missed = noted(payload)
        if missed is not None:
            yield missed
            return
        try:
            root = root_of(payload, _SPEC.max_bytes)
        except PayloadRejected as error:
            if not payload.name.startswith(_LINKED):
                raise
            with payload.open() as stream:
                raw = stream.read(4000).decode(errors="replace")
            yield Reject("public_alert", payload.name, error.reason, raw)
            return
        found = alerts_in(root)
        if not found and (entries := entries_in(root)):
            yield Ignored(len(entries), "entries of an index, which holds no alert: each is a document of its own")
        rows: list[dict[str, Any]] = []
        silent = 0
        for number, alert in enumerate(found, start=1):
            locator = f"alert {number} ({_text(alert, 'identifier')[:80] or 'no identifier'})"
            try:
                if (reason := _no_place(alert)) is not None:
                    yield Ignored(1, reason)
                else:
                    rows += [{"locator": locator, **row} for row in _messages(alert)]
                    silent += sum(not all(_text(info, name) for name in SAID_BY_EACH) for info in _infos(alert))
            except ValueError as error:
                raw = " ".join("".join(alert.itertext()).split())
                yield Reject("public_alert", locator, str(error), raw[:4000])
        if silent:
            yield Ignored(0, f"{silent} alerts leave out urgency, severity or certainty: kept as unknown")
        if rows:
            yield from _rows(pd.DataFrame(rows))


def _rows(frame: pd.DataFrame) -> Iterator[Item]:
    """Yield the rows of a document, and that some are never in force."""
    early = frame["expires_at"] < frame["effective_at"].fillna(frame["sent_at"])
    if early.any():
        yield Ignored(0, f"{int(early.sum())} alerts end before they take effect: kept, never in force")
    yield Rows(PublicAlert, frame.drop(columns="locator"), frame["locator"])


def _no_place(alert: Element) -> str | None:
    """Return why an alert has no place here, None when it has one."""
    if is_about_a_person(alert):
        return "an alert about one person; there is no place for a person here"
    if _text(alert, "scope").lower() in NOT_PUBLIC:
        return "an alert that is not for the public (scope Restricted or Private)"
    return None


def _messages(alert: Element) -> Iterator[dict[str, Any]]:
    """Yield one row for each ``info`` of an alert; raise ValueError with what is wrong with it."""
    space = alert.tag.rpartition("}")[0].removeprefix("{")
    if space not in NAMESPACES:
        raise ValueError(f"namespace {space[:80]!r} is not CAP 1.0, 1.1 or 1.2")
    head: dict[str, Any] = {
        "sender": _needed(alert, "sender"),
        "identifier": _needed(alert, "identifier"),
        "sent_at": _instant(alert, "sent", needed=True),
        "source_id": "cap",
        "status": _word(alert, "status", STATUSES),
        "message_type": _word(alert, "msgType", MESSAGE_TYPES),
        "reference_list": " ".join(_text(alert, "references").split())[:20_000],
        "is_signed": alert.find(f".//{_SIGNATURE}") is not None,
    }
    _needed(alert, "scope")
    infos = _infos(alert)
    if not infos and head["message_type"] in {"alert", "update"}:
        raise ValueError("info is missing, which an alert or update has")
    parts: Counter[str] = Counter()
    for info in infos:
        said = _info(info)
        if _is_all_clear(info):
            said["expires_at"] = said["effective_at"] or head["sent_at"]
        country = country_of(head["sender"], head["identifier"], said["geocodes"])
        if country and said["area_wkt"]:
            check_axes(said["area_wkt"], country)
        parts[said["language"]] += 1
        yield head | said | {"part": parts[said["language"]]}
    if not infos:
        unknown = dict.fromkeys(SAID_BY_EACH, "unknown")
        empty = dict.fromkeys(("effective_at", "onset_at", "expires_at", "area_wkt"))
        yield head | {"language": "", "part": 1, "categories": "", "event": "", "geocodes": ""} | unknown | empty


def _info(info: Element) -> dict[str, Any]:
    """Return what one language says."""
    areas = [child for child in info if name_of(child) == "area"]
    certainty = _word(info, "certainty", (*CERTAINTIES, "very likely"), silent="unknown")
    return {
        "language": _text(info, "language") or "en-US",
        "categories": ", ".join(
            sorted({plain_text("".join(child.itertext())) for child in info if name_of(child) == "category"})
        ),
        "event": plain_text(_needed(info, "event")),
        "urgency": _word(info, "urgency", URGENCIES, silent="unknown"),
        "severity": _word(info, "severity", SEVERITIES, silent="unknown"),
        "certainty": "likely" if certainty == "very likely" else certainty,
        "effective_at": _instant(info, "effective"),
        "onset_at": _instant(info, "onset"),
        "expires_at": _instant(info, "expires"),
        "sender_name": plain_text(_text(info, "senderName")) or None,
        "headline": plain_text(_text(info, "headline")) or None,
        "description": plain_text(_text(info, "description"), _LONG_TEXT_CHARACTERS) or None,
        "instruction": plain_text(_text(info, "instruction"), _LONG_TEXT_CHARACTERS) or None,
        "url": link_of(_text(info, "web")),
        "area_name": plain_text("; ".join(text for area in areas for text in texts(area, "areaDesc"))) or None,
        "geocodes": "; ".join([code for area in areas for code in _geocodes(area)][:_MOST_GEOCODES])[:20_000],
        "area_wkt": wkt_of(
            [text for area in areas for text in texts(area, "polygon")],
            [text for area in areas for text in texts(area, "circle")],
        ),
    }


def _infos(alert: Element) -> list[Element]:
    """Return what an alert says, one element a language or area."""
    return [child for child in alert if name_of(child) == "info"]


def _is_all_clear(info: Element) -> bool:
    """Tell whether the threat is over."""
    return any("".join(e.itertext()).strip().lower() == "allclear" for e in info if name_of(e) == "responseType")


def _text(element: Element, name: str) -> str:
    """Return the text of the first child of a name, empty when there is none."""
    return next(("".join(child.itertext()).strip() for child in element if name_of(child) == name), "")


def _needed(element: Element, name: str) -> str:
    """Return a text that must be there."""
    text = _text(element, name)
    if not text:
        raise ValueError(f"{name} is missing")
    return text


def _word(element: Element, name: str, known: tuple[str, ...], *, silent: str | None = None) -> str:
    """Return a word of a vocabulary in lower case, ``silent`` where it is left out and may be."""
    word = (_text(element, name) or silent or _needed(element, name)).lower()
    if word not in known:
        raise ValueError(f"{name} {word[:40]!r} is none of {', '.join(known)}")
    return word


def _instant(element: Element, name: str, *, needed: bool = False) -> datetime | None:
    """Return an instant with its zone as UTC, None when absent."""
    text = _needed(element, name) if needed else _text(element, name)
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{name} {text[:40]!r} is no date and time like 2024-02-29T12:00:00+01:00") from error
    if instant.tzinfo is None:
        raise ValueError(f"{name} {text[:40]!r} has no time zone")
    latest = datetime.now(UTC) + (timedelta(days=1) if name == "sent" else timedelta(days=3660))
    if not _EARLIEST <= instant <= latest:
        raise ValueError(f"{name} {text[:40]!r} is before {_EARLIEST.year} or too far ahead")
    return instant.astimezone(UTC)


def _geocodes(area: Element) -> list[str]:
    """Return an area's codes as "system=code", which is how CAP 1.0 writes them."""
    codes = [child for child in area if name_of(child) == "geocode"]
    return [
        f"{plain_text(_text(code, 'valueName'))}={plain_text(_text(code, 'value'))}" if len(code)
        else plain_text(code.text or "")
        for code in codes
    ]  # fmt: skip


def _got(client: httpx.Client, url: str, prefix: str = "") -> Payload:
    """Return a document as a payload."""
    body, kind = get(client, url, _SPEC.max_bytes)
    return Payload(prefix + url.rpartition("://")[2][:200], body, kind)


def _failed(url: str, error: Exception) -> str:
    """Return which document cannot be had, and why."""
    return f"{url[:200]}: {error.reason[:200] if isinstance(error, PayloadRejected) else type(error).__name__}"


def _host(feed: str) -> str:
    """Return the host of an address, empty where it is none."""
    try:
        return httpx.URL(feed).host
    except httpx.InvalidURL:
        return ""


_SPEC = Spec(
    id="cap",
    title="Public alerts (CAP)",
    publisher="the alerting authorities named in each alert",
    url="https://docs.oasis-open.org/emergency/cap/v1.2/CAP-v1.2.html",
    licence="that of each authority; most ask to be named and to leave alerts unchanged",
    cadence=timedelta(minutes=10),
    tables=(PublicAlert,),
    first_date=None,
    rows=(0, 50_000),
    max_bytes=20_000_000,
    key_setting="WAYPOST_CAP_FEEDS",
    key_help="set it to the addresses of alert hubs (an RSS or Atom index, or one alert), separated by blanks",
)
source = Cap()
