"""Money for humanitarian response from OCHA's Financial Tracking Service: plans, what they ask for, and flows.

Three forms are read: the overview of all plans of a year, a search for flows, and the CSV files of the Humanitarian
Data Exchange by plan, by plan and cluster, or of flows (`etl.fts_tables`). Decided here, where FTS leaves it open:

- A flow counts towards a plan when it is new money, paid or committed, and no part of another flow.
- The answer of one page to "the flows of a plan" is the whole of them: a flow that is no longer there was withdrawn. Of
  a plan with several pages, and of files, nothing is taken for gone.
- A plan over several years is one row, under its first year; of a plan over several countries the country is missing.
- In a country's CSV a plan whose code does not name the country is one over several countries: its row is the share
  of this country, under ``<plan>:<ISO3>``. Money that goes to no plan is ignored by name.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pandas as pd

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.funding_flow import FundingFlow
from data.schema.response_plan import ResponsePlan
from etl import not_fetched
from etl.client import get, send
from etl.countries import iso3_of_name, known, wanted
from etl.delimited import read
from etl.fts_tables import FAR, STATUSES, items_of
from etl.json_records import object_of, shown
from etl.json_text import read_json
from etl.markup import plain_text
from etl.numbers import to_date, to_number
from etl.source import Ignored, Item, Payload, Reject, Replaces, Rows, Spec, Window

MOST_PAGES = 200
MOST_VANISHED_SHARE = 0.5
_OF_PLAN = "t.source_id = 'fts' AND t.plan_id = :plan"
_ONLY_PAGE = re.compile(r"plan-([0-9]{1,9})-flows-page-1\.json$")
_INSTANT = re.compile(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|\+00:00)?)?$")


class Fts:
    """The source; see the module. ``clock`` tells now: no flow is from a later day."""

    spec = Spec(
        id="fts",
        title="Humanitarian response plans and funding (FTS)",
        publisher="UN OCHA, Financial Tracking Service",
        url="https://api.hpc.tools/",
        licence="CC BY-IGO",
        cadence=timedelta(days=1),
        tables=(ResponsePlan, FundingFlow),
        first_date=date(1999, 1, 1),
        rows=(1, 2_000_000),
        max_bytes=200_000_000,
    )

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:
        """Yield the overview of each year of a window, and the flows of the plans for WAYPOST_COUNTRIES, if set.

        A plan whose flows cannot be had does not hold up the others: a last payload names it.
        """
        failed = []
        for year in range(window.start.year, window.end.year + 1):
            url = f"{self.spec.url}v2/fts/flow/plan/overview/progress/{year}"
            body, kind = get(client, url, self.spec.max_bytes)
            overview = Payload(f"plan-overview-progress-{year}.json", body, kind)
            yield overview
            for plan_id in _plans_for(overview, self.spec.max_bytes, _countries()):
                try:
                    yield from self._flows(client, plan_id)
                except httpx.HTTPError as error:
                    failed.append(f"the flows of plan {plan_id}: {type(error).__name__}")
        if failed:
            yield not_fetched.note(failed)

    def _flows(self, client: httpx.Client, plan_id: str) -> Iterator[Payload]:
        """Yield the pages of a plan's flows, from link to link on the same host; the client follows no other."""
        url = f"{self.spec.url}v1/fts/flow/custom-search?planid={plan_id}"
        seen: set[str] = set()
        while url and url not in seen and len(seen) < MOST_PAGES:
            seen.add(url)
            body, kind = send(client, client.build_request("GET", url), self.spec.max_bytes)
            payload = Payload(f"plan-{plan_id}-flows-page-{len(seen)}.json", body, kind)
            yield payload
            url = _next_link(_envelope(payload, self.spec.max_bytes))

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield plans or flows."""
        if failed := not_fetched.noted(payload):
            yield failed
            return
        with payload.open() as stream:
            start = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
        if not start.startswith((b"{", b"[")):
            with payload.open() as stream:
                yield from items_of(read(stream, payload.name, ()), payload.name, self.clock())
            return
        answer = _envelope(payload, self.spec.max_bytes)
        data = answer["data"]
        if isinstance(data.get("plans"), list):
            yield from _records("response_plan", data["plans"], ResponsePlan, lambda r: _plan(r, self.clock()))
        elif isinstance(data.get("flows"), list):
            yield from _records("funding_flow", data["flows"], FundingFlow, lambda r: _flow(r, self.clock()))
            if data["flows"] and (plan := _ONLY_PAGE.match(payload.name)) and not _next_link(answer):
                yield Replaces(FundingFlow, _OF_PLAN, MOST_VANISHED_SHARE, {"plan": plan[1]})
        else:
            raise PayloadRejected(payload.name, "holds neither plans nor flows; totals by group come in the CSV files")


def _envelope(payload: Payload, max_bytes: int) -> dict[str, Any]:
    """Return an answer with its ``data``; raise `PayloadRejected` for anything else, such as a status that is no ok."""
    content = read_json(payload.name, payload.read(max_bytes))
    if not isinstance(content, dict) or content.get("status") != "ok" or not isinstance(content.get("data"), dict):
        raise PayloadRejected(payload.name, f"is no answer of FTS with status ok: {shown(content)[:200]}")
    return content


def _next_link(answer: dict[str, Any]) -> str:
    """Return where an answer goes on, empty where it does not."""
    meta = answer.get("meta")
    following = meta.get("nextLink") if isinstance(meta, dict) else None
    return following if isinstance(following, str) else ""


def _countries() -> list[str]:
    """Return the countries whose flows are wanted; none where none are set."""
    try:
        return wanted()
    except ConfigurationMissing:
        return []


def _plans_for(overview: Payload, max_bytes: int, countries: Iterable[str]) -> list[str]:
    """Return the ids of the plans of an overview that are for one of the countries."""
    asked, plans = set(countries), _envelope(overview, max_bytes)["data"].get("plans")
    found = [plan for plan in plans if isinstance(plan, dict)] if isinstance(plans, list) else []
    return [str(plan.get("id")) for plan in found if asked & set(_countries_of(plan))]


def _countries_of(plan: dict[str, Any]) -> list[str]:
    """Return the alpha-3 codes of a plan's countries; regions, which have none, are left out."""
    countries = plan.get("countries")
    told = [c.get("iso3") for c in countries if isinstance(c, dict)] if isinstance(countries, list) else []
    return [code for code in told if isinstance(code, str) and code in known()]


def _records(
    name: str,
    records: list[object],
    table: type[ResponsePlan] | type[FundingFlow],
    row: Callable[[Any], dict[str, Any]],
) -> Iterator[Item]:
    """Yield the rows of records; of several versions of a flow the newest is kept."""
    rows, where = [], []
    for number, record in enumerate(records, start=1):
        place = f"record {number}"
        try:
            fields = object_of(record)
            if fields.get("restricted") is True:
                yield Ignored(1, "a plan that FTS does not show to everybody")
                continue
            rows.append(row(fields))
            where.append(f"{place} ({fields.get('id')})")
        except ValueError as error:
            yield Reject(name, place, str(error), shown(record))
    if not rows:
        return
    frame, locators = pd.DataFrame(rows), pd.Series(where, dtype="str")
    newest = frame.sort_values("version", kind="stable") if "version" in frame else frame
    newest = newest.drop_duplicates(list(table.key), keep="last").sort_index()
    if len(newest) < len(frame):
        yield Ignored(len(frame) - len(newest), "an older state of a record that is there again")
    yield Rows(table, newest, locators[newest.index])


def _plan(plan: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return a plan of the overview as a row; raise ValueError with what is wrong with it."""
    asked, given = _object(plan, "requirements"), _object(plan, "funding")
    years = sorted(int(year) for year in (_text(y, "year") for y in _objects(plan, "usageYears")) if _is_year(year))
    if not years:
        raise ValueError("usageYears name no year")
    countries = set(_countries_of(plan))
    start, end = (_day(_text(plan, key), key, now + FAR) for key in ("startDate", "endDate"))
    revised = _money(asked, "revisedRequirements")
    return {
        "source_id": "fts",
        "plan_id": _id(plan, "id"),
        "year": years[0],
        "cluster": "",
        "title": plain_text(_text(plan, "name")) or None,
        "plan_type": plain_text(_text(_object(plan, "planType"), "name")) or None,
        "country_iso3": next(iter(countries)) if len(_objects(plan, "countries")) == len(countries) == 1 else None,
        "start_date": start,
        "end_date": end,
        "requirements_usd": _money(asked, "origRequirements") if revised is None else revised,
        "funding_usd": _money(given, "totalFunding"),
    }


def _flow(flow: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return a flow as a row; raise ValueError with what is wrong with it."""
    status, new_money = _text(flow, "status"), flow.get("newMoney")
    if status not in STATUSES:
        raise ValueError(f"status is none of {', '.join(STATUSES)} ({status[:40]})")
    if not isinstance(new_money, bool):
        raise ValueError(f"newMoney is neither true nor false ({str(new_money)[:40]})")  # noqa: TRY004 - one error for all faults
    givers, takers = _objects(flow, "sourceObjects"), _objects(flow, "destinationObjects")
    years = [int(year) for year in _names(takers, "UsageYear") if _is_year(year)]
    places = _names(takers, "Location")
    plans = [_text(o, "id") for o in takers if o.get("type") == "Plan"]
    clusters = _names(takers, "Cluster")
    return {
        "source_id": "fts",
        "flow_id": _id(flow, "id"),
        "version": int(_id(flow, "versionId")),
        "flow_date": _day(_text(flow, "date"), "date", now),
        "amount_usd": _money(flow, "amountUSD"),
        "status": STATUSES[status],
        "is_counted": new_money and status != "pledge" and not _text(flow, "parentFlowId"),
        "donor": "; ".join(_names(givers, "Organization")) or None,
        "recipient": "; ".join(_names(takers, "Organization")) or None,
        "plan_id": plans[0] if len(plans) == 1 else None,
        "cluster": clusters[0] if len(clusters) == 1 else None,
        "country_iso3": iso3_of_name(places[0]) if len(places) == 1 else None,
        "year": years[0] if len(years) == 1 else None,
    }


def _text(record: dict[str, Any], key: str) -> str:
    """Return a field as text, empty where it is absent or null; raise ValueError for a list or an object."""
    value = record.get(key)
    if isinstance(value, (list, dict)):
        raise ValueError(f"{key} is no plain value")  # noqa: TRY004 - one error for all faults
    return "" if value is None else str(value).strip()


def _object(record: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a field that is an object, an empty one where it is absent or null."""
    value = record.get(key) or {}
    if not isinstance(value, dict):
        raise ValueError(f"{key} is no object")  # noqa: TRY004 - one error for all faults
    return value


def _objects(record: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return a field that is a list of objects, an empty one where it is absent or null."""
    value = record.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(f"{key} is no list of objects")
    return value


def _names(objects: list[dict[str, Any]], kind: str) -> list[str]:
    """Return the names of the objects of one type."""
    told = [plain_text(_text(one, "name")) for one in objects if one.get("type") == kind]
    return [name for name in told if name]


def _id(record: dict[str, Any], key: str) -> str:
    """Return a number that names something; raise ValueError for anything else."""
    text = _text(record, key)
    if not re.fullmatch("[0-9]{1,9}", text):
        raise ValueError(f"{key} is no number ({text[:40]})")
    return text


def _is_year(text: str) -> bool:
    """Tell whether a text is a year of four digits."""
    return re.fullmatch("[0-9]{4}", text) is not None


def _money(record: dict[str, Any], key: str) -> float | None:
    """Return an amount, None where it is not told; raise ValueError for what is no plain number."""
    text = _text(record, key)
    values, unread = to_number(pd.Series([text], dtype="str"))
    if unread[0]:
        raise ValueError(f"{key} is no plain number ({text[:40]})")
    return None if pd.isna(values[0]) else float(values[0])


def _day(text: str, key: str, latest: datetime) -> pd.Timestamp | None:
    """Return a date, None where it is not told; raise ValueError for one in another form, or an impossible one."""
    found = _INSTANT.match(text)
    values, unread = to_date(pd.Series([found[1] if found else text], dtype="str"), now=latest)
    if unread[0]:
        raise ValueError(f"{key} is no date like 2020-01-31, or an impossible one ({text[:40]})")
    return None if pd.isna(values[0]) else values[0]


source = Fts()
