"""IOM Displacement Tracking Matrix: IDPs present by area and round, from the API (v3) or a published workbook.

What is decided here, where the source leaves it open:

- Figures are stocks at the reporting date. One place has several rows a round, one a reason and origin: they are summed
  within operation, round, date and area. Operations of one country overlap: each is a series of its own, and two
  series never add up.
- A sum over a row without a figure is not known, and missing: a part is not the whole.
- Reasons come as free combinations ("Conflict; Natural disaster"): a figure with one kind of reason has that cause, one
  with several or none is *not_told*.
- The licence forbids passing rows on: they are for this installation only.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pandas as pd
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.displacement import Displacement
from etl.client import get
from etl.columns import Columns
from etl.countries import known, wanted
from etl.delimited import Chunk
from etl.grid import Format
from etl.hxl_tags import Tags
from etl.json_records import chunk_of_records
from etl.json_text import read_json
from etl.markup import plain_text
from etl.not_fetched import note, noted
from etl.source import Ignored, Item, Payload, Rows, Spec, Window
from etl.tables import read_table

LEVELS = ("admin2", "admin1", "admin0")
API_NAMES = {
    "operation": "operation", "admin0Pcode": "admin0_pcode", "admin1Pcode": "admin1_pcode",
    "admin2Pcode": "admin2_pcode", "admin0Name": "admin0_name", "admin1Name": "admin1_name",
    "admin2Name": "admin2_name", "numPresentIdpInd": "idp_individuals", "reportingDate": "reporting_date",
    "roundNumber": "round_number", "displacementReason": "displacement_reason",
}  # fmt: skip
API_IGNORED = (
    "id", "yearReportingDate", "monthReportingDate", "numberMales", "numberFemales", "idpOriginAdmin1Name",
    "idpOriginAdmin1Pcode", "assessmentType",
)  # fmt: skip
REQUIRED = ("admin0_pcode", "idp_individuals", "reporting_date")
OPTIONAL = (
    "operation", "admin1_pcode", "admin2_pcode", "admin1_name", "admin2_name", "round_number", "displacement_reason",
)  # fmt: skip
TAGS = Tags(
    patterns={
        "admin0_pcode": ("#adm0+code", "#country+code", "#country+iso3"),
        "admin1_pcode": ("#adm1+code", "#adm1+pcode"),
        "admin2_pcode": ("#adm2+code", "#adm2+pcode"),
        "admin1_name": ("#adm1+name", "#adm1-code-pcode"),
        "admin2_name": ("#adm2+name", "#adm2-code-pcode"),
        "idp_individuals": ("#affected+idps+ind-f-m-hh", "#affected+ind+idps", "#affected+idps-hh-f-m"),
        "reporting_date": ("#date+reported", "#date+survey", "#date+assessment", "#date"),
        "round_number": ("#round", "#meta+round", "#event+round"),
        "displacement_reason": ("#cause", "#affected+reason"),
        "operation": ("#crisis", "#operations", "#meta+operation"),
    },
    figure="idp_individuals",
)
FORM = Format(REQUIRED, OPTIONAL, TAGS)
DATE_FORMS = ("%Y-%m-%d", "%Y-%m-%dT00:00:00", "%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00:00Z", "%Y-%m-%dT00:00:00.000Z")
NOT_AVAILABLE = re.compile(r"(?i)not available|n/?a|-|null")
CAUSES = {"conflict": r"(?i)conflict|insecurity|violence|clash", "disaster": r"(?i)disaster|flood|drought|storm|climat"}


class DtmSettings(BaseSettings):
    """``WAYPOST_DTM_KEY``; the countries are those of ``WAYPOST_COUNTRIES``."""

    model_config = SettingsConfigDict(env_prefix="WAYPOST_DTM_", env_ignore_empty=True, hide_input_in_errors=True)

    key: str | None = None


class Dtm:
    """The source; see the module. ``clock`` tells now: no figure was reported more than a day later."""

    spec = Spec(
        id="dtm",
        title="Internally displaced people (IOM DTM)",
        publisher="International Organization for Migration, Displacement Tracking Matrix",
        url="https://dtmapi.iom.int/v3/displacement",
        licence="non-commercial, no redistribution and no derived works (IOM DTM): for this installation only",
        cadence=timedelta(days=30),
        tables=(Displacement,),
        first_date=date(2010, 1, 1),
        rows=(1, 5_000_000),
        max_bytes=300_000_000,
        publication_delay=timedelta(days=60),
        key_setting="WAYPOST_DTM_KEY",
        key_help="subscribe to the API at dtm-apim-portal.iom.int (free); set WAYPOST_COUNTRIES too",
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield each country's figures at each level; what cannot be had is named, the rest stays."""
        key = DtmSettings().key
        if not key:
            raise ConfigurationMissing("WAYPOST_DTM_KEY", f"is not set; {self.spec.key_help}")
        client.headers["Ocp-Apim-Subscription-Key"] = key
        span = {"FromReportingDate": f"{window.start:%Y-%m-%d}", "ToReportingDate": f"{window.end:%Y-%m-%d}"}
        failed: list[str] = []
        asked = [(country, level) for country in wanted() for level in LEVELS]
        for country, level in asked:
            try:
                body, kind = get(client, f"{self.spec.url}/{level}", self.spec.max_bytes, Admin0Pcode=country, **span)
            except (httpx.HTTPError, PayloadRejected) as error:
                failed.append(f"{country} {level}: {type(error).__name__}")
                if len(failed) == len(asked):
                    raise
            else:
                yield Payload(f"{country}-{level}.json", body, kind)
        if failed:
            yield note(failed)

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the sums of an answer of the API, or of a workbook or CSV file with or without HXL tags."""
        if (missed := noted(payload)) is not None:
            yield missed
            return
        with payload.open() as stream:
            start = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
        chunks = [_of_api(payload, self.spec.max_bytes)] if start.startswith(b"{") else read_table(payload, FORM)
        found = []  # a place's rows may stand far apart: sums need them all
        for chunk in chunks:
            if chunk.added:
                yield Ignored(0, f"columns that are new here and not read: {', '.join(chunk.added)[:500]}")
            columns = Columns(chunk, chunk.where)
            rows = columns.good(_read(columns, self.clock()))
            yield from columns.rejects("displacement")
            found.append(rows.assign(locator=columns.locators()[rows.index]))
        if sum(map(len, found)):
            sums = _sums(pd.concat(found, ignore_index=True))
            yield Rows(Displacement, sums.drop(columns="locator"), sums["locator"])


def _of_api(payload: Payload, max_bytes: int) -> Chunk:
    """Return the rows of the API's envelope; raise PayloadRejected with what it says when it is no success."""
    answer = read_json(payload.name, payload.read(max_bytes))
    if not isinstance(answer, dict) or not isinstance(answer.get("result"), list) or answer.get("isSuccess") is False:
        said = answer.get("errorMessages") or answer.get("message") if isinstance(answer, dict) else None
        raise PayloadRejected(payload.name, f"is no successful answer of the DTM API ({plain_text(str(said))[:200]})")
    records = [
        {API_NAMES.get(key, key): value for key, value in record.items()} if isinstance(record, dict) else record
        for record in answer["result"]
    ]
    return chunk_of_records(payload.name, records, REQUIRED, OPTIONAL, (*API_IGNORED, "admin0_name"), "row")


def _read(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return typed rows of a chunk; what is wrong with them is noted in ``columns``."""
    raw = columns.chunk.frame
    for name in raw.columns:
        raw[name] = raw[name].mask(raw[name].str.strip().str.fullmatch(NOT_AVAILABLE), "")
    country = columns.text("admin0_pcode", "")
    columns.fault(~country.isin(known()), "admin0_pcode", "is no ISO 3166-1 alpha-3 code")
    reason = columns.text("displacement_reason", "")
    causes = {cause: reason.str.contains(pattern) for cause, pattern in CAUSES.items()}
    only = {
        cause: told & ~pd.concat([v for k, v in causes.items() if k != cause], axis=1).any(axis=1)
        for cause, told in causes.items()
    }
    level = pd.Series(0, index=raw.index).mask(
        columns.text("admin1_pcode").notna() | columns.text("admin1_name").notna(), 1
    )
    level = level.mask(columns.text("admin2_pcode").notna() | columns.text("admin2_name").notna(), 2)
    return pd.DataFrame(
        {
            "series": columns.text("operation", "no operation named"),
            "round": columns.text("round_number", ""),
            "country_iso3": country,
            "admin_level": level,
            "area_pcode": columns.text("admin2_pcode").where(level == 2, columns.text("admin1_pcode")),
            "area_name": columns.text("admin2_name").where(level == 2, columns.text("admin1_name")),
            "period_end_date": columns.date("reporting_date", *DATE_FORMS, now=now, needed=True),
            "people": columns.whole_number("idp_individuals"),
            "cause": reason.map(lambda _: "not_told")
            .mask(only["conflict"], "conflict")
            .mask(only["disaster"], "disaster"),
        }
    )


def _sums(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each operation, round, date and area; ``locator`` is where the first of its rows stood."""
    key = ["series", "round", "country_iso3", "admin_level", "area_pcode", "area_name", "period_end_date"]
    groups = rows.groupby(key, dropna=False, sort=False)
    sums = groups.agg(
        people=("people", lambda people: people.sum(skipna=False)),
        cause=("cause", lambda causes: causes.iloc[0] if causes.nunique() == 1 else "not_told"),
        locator=("locator", "first"),
    ).reset_index()
    place = sums["area_pcode"].fillna(sums["area_name"]).fillna(sums["country_iso3"])
    parts = (sums["series"], sums["round"], sums["period_end_date"].dt.strftime("%Y-%m-%d"), place)
    return sums.drop(columns="round").assign(
        source_id="dtm",
        record_id=["|".join(map(str, values)) for values in zip(*parts, strict=True)],
        population_group="idp",
        measure="stock",
        period_start_date=sums["period_end_date"],
        is_additive=True,
        people=sums["people"].astype("Int64"),
    )


source = Dtm()
