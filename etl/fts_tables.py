"""The CSV files of money that the Humanitarian Data Exchange makes of FTS: plans with what they ask for, and flows."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd

from data.errors import PayloadRejected
from data.schema.funding_flow import FundingFlow
from data.schema.response_plan import ResponsePlan
from etl.columns import Columns
from etl.countries import iso3_of_code, known
from etl.delimited import Chunk
from etl.left_out import new_columns, without_tags
from etl.markup import plain_text
from etl.numbers import to_whole_number
from etl.source import Ignored, Item, Keeps

STATUSES = {"paid": "paid", "commitment": "commitment", "pledge": "pledge"}
FAR = timedelta(days=3660)
"""Plans are made for years ahead."""
PLANS = ("countryCode", "id", "name", "code", "startDate", "endDate", "year", "requirements", "funding")
FLOWS = ("id", "date", "amountUSD", "status", "boundary")
IGNORED = (
    "typeId", "typeName", "clusterCode", "cluster", "percentFunded", "budgetYear", "description", "srcOrganization",
    "srcOrganizationTypes", "srcLocations", "srcUsageYearStart", "srcUsageYearEnd", "destPlan", "destPlanCode",
    "destPlanId", "destOrganization", "destOrganizationTypes", "destGlobalClusters", "destLocations", "destProject",
    "destProjectCode", "destEmergency", "destUsageYearStart", "destUsageYearEnd", "contributionType", "flowType",
    "method", "onBoundary", "firstReportedDate", "decisionDate", "keywords", "originalAmount", "originalCurrency",
    "exchangeRate", "refCode", "createdAt", "updatedAt",
)  # fmt: skip
_NAMES = {name.casefold(): name for name in (*PLANS, *FLOWS, *IGNORED)}
_PARTS = {"covid": "only the part of plans for COVID-19", "globalcluster": "plans by FTS's global clusters"}


def items_of(chunks: Iterable[Chunk], name: str, now: datetime) -> Iterator[Item]:
    """Yield the plans or flows of a file's chunks; older files write some columns in capitals and with spaces.

    Flows come without their version, and nothing tells new money from money passed on: none is counted, and one that
    the API told stays. Raises PayloadRejected for other columns, and for files that hold plans' money a second time.
    """
    for part in chunks:
        told, tags = without_tags(part)
        names = {label: _NAMES.get(label.replace(" ", "").casefold(), label) for label in told.frame.columns}
        chunk = replace(told, frame=told.frame.rename(columns=names))
        is_flows = {"amountUSD", "boundary"} <= set(names.values())
        _check(name, chunk, FLOWS if is_flows else PLANS)
        yield from (*new_columns(label for label in names.values() if label not in _NAMES.values()), *tags)
        if is_flows:
            yield Ignored(0, "flows of a CSV file are not counted: they do not tell whether the money is new")
            yield Keeps(FundingFlow, "t.source_id = 'fts' AND t.version > s.version", {})
            columns = Columns(chunk, chunk.where)
            yield from columns.items(FundingFlow, _flows(columns, now))
            continue
        no_plan = chunk.frame["id"].str.strip() == ""
        if no_plan.any():
            yield Ignored(int(no_plan.sum()), "money that goes to no plan")
        columns = Columns(chunk.without(no_plan), chunk.where)
        yield from columns.items(ResponsePlan, _plans(columns, now))


def _check(name: str, chunk: Chunk, needed: tuple[str, ...]) -> None:
    """Raise PayloadRejected when columns lack or stand twice, or the name says that the file is a second view."""
    for word, what in _PARTS.items():
        if f"_{word}_" in name.casefold():
            raise PayloadRejected(name, f"holds {what}, the same money again: load fts_requirements_funding_<country>")
    columns = list(chunk.frame.columns)
    twice = sorted({label for label in columns if columns.count(label) > 1})
    missing = sorted(set(needed) - set(columns))
    if twice or missing:
        fault = f"has columns twice: {', '.join(twice)}" if twice else f"lacks the columns {', '.join(missing)}"
        raise PayloadRejected(name, f"{fault}; it has {', '.join(columns)[:500]}")


def _flows(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the flows of a chunk; what is wrong with them is noted in ``columns``."""
    flow, plan = columns.text("id", ""), columns.text("destPlanId", "")
    columns.fault(~flow.str.fullmatch("[0-9]{1,9}"), "id", "is no number")
    last = columns.whole_number("destUsageYearEnd", least=1990)
    first = columns.whole_number("destUsageYearStart", least=1990)
    amount = columns.number("amountUSD", needed=True)
    columns.fault(amount < 0, "amountUSD", "is below zero")
    return pd.DataFrame(
        {
            "source_id": "fts",
            "flow_id": flow,
            "version": 0,
            "flow_date": columns.date("date", now=now, needed=True),
            "amount_usd": amount,
            "status": columns.code("status", STATUSES),
            "is_counted": False,
            "donor": columns.text("srcOrganization").map(plain_text, na_action="ignore"),
            "recipient": columns.text("destOrganization").map(plain_text, na_action="ignore"),
            "plan_id": plan.where(plan.str.fullmatch("[0-9]{1,9}")),
            "cluster": None,
            "country_iso3": columns.text("destLocations", "").map(iso3_of_code),
            "year": first.where(first == last),
        }
    )


def _plans(columns: Columns, now: datetime) -> pd.DataFrame:
    """Return the plans of a chunk; what is wrong with them is noted in ``columns``."""
    country, plan, code = (columns.text(name, "") for name in ("countryCode", "id", "code"))
    columns.fault(~country.isin(known()), "countryCode", "is no country")
    columns.fault(~plan.str.fullmatch("[0-9]{1,9}"), "id", "is no number")
    is_share = pd.Series([c not in p for c, p in zip(country, code, strict=True)], index=plan.index, dtype=bool)
    year, unread = to_whole_number(columns.text("year", ""), least=1990)
    columns.fault(unread | year.isna(), "year", "is no year from 1990 on")
    return pd.DataFrame(
        {
            "source_id": "fts",
            "plan_id": plan.mask(is_share, plan + ":" + country),
            "year": year,
            "cluster": columns.text("cluster", "").map(plain_text),
            "title": columns.text("name", "").map(plain_text),
            "plan_type": columns.text("typeName"),
            "country_iso3": country,
            "start_date": columns.date("startDate", now=now + FAR),
            "end_date": columns.date("endDate", now=now + FAR),
            "requirements_usd": columns.number("requirements"),
            "funding_usd": columns.number("funding"),
        }
    )
