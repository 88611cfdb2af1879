"""Notices of disease outbreaks in Waypost's own contract (docs/formats/outbreaks.md), as public alerts on health.

A notice has the terms of the Common Alerting Protocol; what those mean of an outbreak is decided here:

- ``status`` is actual, ``categories`` Health, ``event`` the disease. Sent is the reported day, 00:00 UTC.
- The level is that of a risk assessment. ``very_high`` is extreme and immediate, ``high`` severe and expected,
  ``moderate`` moderate and expected, ``low`` minor and future; without a level severity and urgency are unknown.
- ``certainty`` is observed where at least one case was counted, likely where nobody says how many; a notice of no case
  at all (preparedness) is possible.
- Cases and deaths are totals and become words of the description: 0 is said, an empty cell is not.
- A notice that replaces an earlier one of its own id is an update, which ends the earlier one
  (`data.alerts_in_force`); the day an outbreak was declared over is the last on which its notice is in force.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pandas as pd

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.public_alert import PublicAlert
from etl.columns import Columns
from etl.countries import known
from etl.grid import Format
from etl.hxl_tags import Tags
from etl.markup import link_of, plain_text
from etl.own_tables import items_of
from etl.personal import refuse_personal
from etl.source import Item, Payload, Spec, Window
from etl.tables import read_table

REQUIRED = ("notice_id", "disease", "country_iso3", "reported_date", "organisation")
OPTIONAL = (
    "area_pcode", "area_name", "level", "headline", "url", "cases", "deaths", "language", "replaces_date", "ended_date",
)  # fmt: skip
TAGS = Tags(
    patterns={
        "notice_id": ("#event+code", "#event+id"),
        "disease": ("#event+type", "#event+name", "#cause"),
        "country_iso3": ("#country+code",),
        "area_pcode": ("#adm3+code", "#adm2+code", "#adm1+code", "#loc+code"),
        "area_name": ("#adm3+name", "#adm2+name", "#adm1+name", "#loc+name"),
        "reported_date": ("#date+reported", "#date-ended-replaced"),
        "level": ("#severity", "#indicator+level"),
        "headline": ("#description", "#event+headline"),
        "url": ("#meta+url",),
        "organisation": ("#org",),
        "cases": ("#affected+cases", "#affected+infected"),
        "deaths": ("#affected+killed", "#affected+deaths"),
        "language": ("#meta+language",),
        "replaces_date": ("#date+replaced",),
        "ended_date": ("#date+ended",),
    },
    figure="cases",
)
"""How HXL hashtags mean the columns (docs/formats/hxl.md)."""
FORM = Format(REQUIRED, OPTIONAL, TAGS, ("notice_id", "reported_date", "organisation", "language"))
SEVERITIES = {"very_high": "extreme", "high": "severe", "moderate": "moderate", "low": "minor", "": "unknown"}
URGENCIES = {"very_high": "immediate", "high": "expected", "moderate": "expected", "low": "future", "": "unknown"}
PATIENT = ("patient", "paciente", "malade", "linelist", "مريض")
"""Words in a column's name that say: one row a person who is ill, beside those of `etl.personal`."""
_ID = re.compile(r"[^\s,<&]{1,200}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")


class Outbreaks:
    """The source; see the module. ``clock`` tells now: no notice was reported more than a day later."""

    spec = Spec(
        id="outbreaks",
        title="Notices of disease outbreaks",
        publisher="the organisation that reports (column organisation)",
        url="docs/formats/outbreaks.md",
        licence="as agreed with the organisation that reports",
        cadence=None,
        tables=(PublicAlert,),
        first_date=None,
        rows=(1, 500_000),
        max_bytes=100_000_000,
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - the contract
        """Raise ConfigurationMissing: notices are sent as files."""
        raise ConfigurationMissing("outbreaks", "are loaded from files: python -m etl run outbreaks --from FILE")

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the notices of a table; a file with a column about a person is refused whole.

        Raises `PayloadRejected` as `etl.tables.read_table` does.
        """
        now = self.clock()
        yield from items_of(
            read_table(payload, FORM),
            payload.name,
            FORM.key,
            PublicAlert,
            "notice",
            lambda columns: _notices(columns, now),
            _refuse_patients,
        )


def _refuse_patients(columns: tuple[str, ...], name: str) -> None:
    """Raise PayloadRejected when a column is about a person, or says that each row is one who is ill."""
    refuse_personal(columns, name)
    for column in columns:
        plain = re.sub(r"[\W_]+", "", column.casefold())
        if any(word in plain for word in PATIENT):
            reason = f"the column {column[:80]!r} looks like data about a person; send totals, one row a notice"
            raise PayloadRejected(name, reason + ", nothing of this file was kept")


def _notices(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the notices of a chunk."""
    notice, language = columns.text("notice_id", ""), columns.text("language", "en")
    columns.fault(~notice.str.fullmatch(_ID), "notice_id", "is missing, or has a blank or comma in it")
    columns.fault(~language.str.fullmatch(_LANGUAGE), "language", "is no language like en, fr or ar-TD")
    organisation = columns.text("organisation", "").map(plain_text)
    sender = organisation.map(_sender)
    columns.fault(sender == "", "organisation", "is missing")
    disease = columns.text("disease", "").map(plain_text)
    columns.fault(disease == "", "disease", "is missing")
    level = columns.text("level", "").str.casefold().str.replace(r"[\s-]+", "_", regex=True)
    columns.fault(~level.isin(list(SEVERITIES)), "level", "is none of low, moderate, high, very_high")
    link = columns.text("url", "")
    columns.fault((link != "") & link.map(link_of).isna(), "url", "is no http or https address")
    sent, ended, replaced = _days(columns, now)
    cases, deaths = columns.whole_number("cases"), columns.whole_number("deaths")
    columns.fault((deaths > cases).fillna(value=False), "deaths", "are more than the cases")
    return pd.DataFrame(
        {
            "sender": sender,
            "identifier": notice,
            "sent_at": sent,
            "language": language,
            "part": 1,
            "source_id": "outbreaks",
            "status": "actual",
            "message_type": replaced.notna().map({True: "update", False: "alert"}),
            "reference_list": _references(sender, notice, replaced),
            "categories": "Health",
            "event": disease,
            "urgency": level.map(URGENCIES),
            "severity": level.map(SEVERITIES),
            "certainty": _certainty(cases),
            "expires_at": ended + timedelta(days=1),
            "sender_name": organisation,
            "headline": columns.text("headline").map(plain_text, na_action="ignore"),
            "description": _totals(cases, deaths),
            "url": link.map(link_of),
            "area_name": columns.text("area_name").map(plain_text, na_action="ignore"),
            "geocodes": _geocodes(columns),
            "is_signed": False,
        }
    )


def _days(columns: Columns, now: datetime) -> tuple["pd.Series[pd.Timestamp]", ...]:
    """Return when a notice was sent, when its outbreak ended, and when the notice it replaces was sent (UTC)."""
    sent, ended, replaced = (
        columns.date(name, now=now, needed=name == "reported_date").dt.tz_localize(UTC)
        for name in ("reported_date", "ended_date", "replaces_date")
    )
    columns.fault(ended < sent, "ended_date", "is before reported_date")
    columns.fault(replaced >= sent, "replaces_date", "is not before reported_date")
    return sent, ended, replaced


def _certainty(cases: "pd.Series[int]") -> "pd.Series[str]":
    """Return how certain an outbreak is by its cases."""
    told = pd.Series("likely", index=cases.index)
    return told.mask((cases > 0).fillna(value=False), "observed").mask((cases == 0).fillna(value=False), "possible")


def _references(
    sender: "pd.Series[str]", notice: "pd.Series[str]", replaced: "pd.Series[pd.Timestamp]"
) -> "pd.Series[str]":
    """Return the reference to the notice that each one replaces, as CAP writes it; empty where it replaces none."""
    told = sender + "," + notice + "," + replaced.dt.strftime("%Y-%m-%dT00:00:00+00:00")
    return told.fillna("")


def _totals(cases: "pd.Series[int]", deaths: "pd.Series[int]") -> "pd.Series[str]":
    """Return cases and deaths in words, missing where neither is told."""
    words = [
        ", ".join(f"{name}: {number:,}" for name, number in (("cases", c), ("deaths", d)) if not pd.isna(number))
        for c, d in zip(cases, deaths, strict=True)
    ]
    return pd.Series([text or None for text in words], index=cases.index, dtype="str")


def _geocodes(columns: Columns) -> "pd.Series[str]":
    """Return country and area as codes; an unknown country is noted."""
    country, pcode = columns.text("country_iso3"), columns.text("area_pcode", "")
    columns.fault(~country.isin(known()), "country_iso3", "is no ISO 3166-1 alpha-3 code")
    return "ISO3=" + country.fillna("") + pcode.map(lambda code: f"; P-code={code}" if code else "")


def _sender(name: str) -> str:
    """Return an organisation's name as CAP has senders: without blanks and commas.

    >>> _sender("Ministry of Health, Chad")
    'ministry-of-health-chad'
    """
    return re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", name.casefold())).strip("-")


source = Outbreaks()
