"""UNHCR's yearly statistics."""

import io
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest

from data.errors import IdentityBreak, PayloadRejected
from data.schema.displacement import Displacement
from etl import pipeline
from etl.archive import Archive
from etl.countries import known
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.sources.unhcr_stats import UnhcrStats
from etl.whole import A_PART, Whole, told_whole, whole

PAYLOADS = Path(__file__).parents[2] / "payloads" / "unhcr_stats"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SOURCE = UnhcrStats(clock=lambda: NOW)


def rows(body: bytes, source: UnhcrStats = SOURCE) -> pd.DataFrame:
    found = [item.frame for item in source.parse(Payload("x", body)) if isinstance(item, Rows)]
    return pd.concat(found).set_index("record_id")


PAGE = (PAYLOADS / "page.json").read_bytes()


def test_a_number_a_zero_as_text_and_not_applicable_in_one_row():
    found = rows(PAGE)
    assert found.loc["2020:CAF>TCD:refugees", "people"] == 93053
    assert found.loc["2020:CAF>TCD:asylum_seekers", "people"] == 0
    assert pd.isna(found.loc["2020:CAF>TCD:oip", "people"])


def test_who_returned_is_in_the_country_of_origin():
    found = rows(PAGE).loc[["2020:CAF>TCD:returned_refugees", "2020:CAF>UNK:returned_refugees"]]
    assert found["country_iso3"].tolist() == ["CAF", "CAF"]
    assert found["measure"].tolist() == ["flow", "flow"]
    assert found["note"].tolist() == ["returned from TCD", "returned from UNK"]


def test_a_code_that_is_no_country_leaves_the_origin_missing():
    assert pd.isna(rows(PAGE).loc["2020:XXA>TCD:stateless", "origin_iso3"])


def test_sums_are_ignored_and_faults_rejected():
    found = list(SOURCE.parse(Payload("x", PAGE)))
    assert [i.rows for i in found if isinstance(i, Ignored) and "sum over all" in i.reason] == [1]
    assert [i.reason.split()[0] for i in found if isinstance(i, Reject)] == ["coo_iso", "year", "refugees"]


def test_a_year_that_is_not_final_is_that_of_its_middle():
    early = rows(PAGE, UnhcrStats(clock=lambda: datetime(2021, 5, 31, tzinfo=UTC)))
    late = rows(PAGE, UnhcrStats(clock=lambda: datetime(2021, 6, 1, tzinfo=UTC)))
    at = "2020:CAF>TCD:refugees"
    assert (early.loc[at, "period_end_date"], early.loc[at, "quality"]) == (pd.Timestamp("2020-06-30"), "provisional")
    assert (late.loc[at, "period_end_date"], late.loc[at, "quality"]) == (pd.Timestamp("2020-12-31"), "reported")


def test_the_other_layouts():
    assert rows((PAYLOADS / "hdx.csv").read_bytes())["people"].max() == 100_000
    body = (PAYLOADS / "download.csv").read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("footnotes.csv", "a,b\n1,2\n")
        bundle.writestr("population.csv", body)
    for form in (body, buffer.getvalue()):
        assert rows(form).loc["2021:CAF>TCD:refugees", "people"] == 118_000


@pytest.mark.parametrize("body", [b"{}", b'{"items": [], "maxPages": 1}', b'{"items": [{}], "maxPages": "x"}', b"<p>"])
def test_f06_another_answer_is_refused(body):
    with pytest.raises(PayloadRejected):
        list(SOURCE.parse(Payload("x", body)))


def test_fetch_walks_all_pages():
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params)
        return httpx.Response(200, json={**json.loads(PAGE), "maxPages": 3})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        *pages, last = SOURCE.fetch(client, Window(datetime(2026, 10, 1, tzinfo=UTC), NOW))
    assert len(pages) == 3
    assert told_whole(last) == Whole(start=date(2025, 1, 1), end=date(2027, 1, 1))
    assert [p["page"] for p in asked] == ["1", "2", "3"]
    assert (asked[0]["yearFrom"], asked[0]["coo_all"]) == ("2025", "true")


def test_na_of_r_is_not_applicable_and_groups_that_a_file_has_not_make_no_rows():
    body = b'"year","coo_iso","coa_iso","refugees","oip"\n2020,"CAF","TCD",0,NA\n'
    found = rows(body)
    assert found["people"].isna().to_dict() == {"2020:CAF>TCD:refugees": False, "2020:CAF>TCD:oip": True}
    item = {"year": 2020, "coo_iso": "CAF", "coa_iso": "TCD", "returned_refugees": "5"}
    page = json.dumps({"page": 1, "maxPages": 1, "items": [item]}).encode()
    assert rows(page)["people"].to_dict() == {"2020:CAF>TCD:returned_refugees": 5}


def test_ages_or_decisions_are_refused_and_give_no_missing_figures():
    item = {"year": 2020, "coo_iso": "CAF", "coa_iso": "TCD", "dec_recognized": 5}
    with pytest.raises(PayloadRejected, match="no column of figures read here"):
        rows(json.dumps({"page": 1, "maxPages": 1, "items": [item]}).encode())
    with pytest.raises(PayloadRejected, match="no column of figures read here"):
        rows(b"year,coo_iso,coa_iso,f_0_4\n2020,CAF,TCD,1\n")


ORIGINS = sorted(known())[:20]


def page_of(year: int, *origins: str) -> Payload:
    items = [{"year": year, "coo_iso": origin, "coa_iso": "TCD", "refugees": "0"} for origin in origins]
    return Payload("page-1.json", json.dumps({"page": 1, "maxPages": "1", "items": items}).encode())


def test_f52_a_figure_that_all_pages_of_its_year_lack_is_deleted_and_no_other(store, tmp_path):
    def load(*payloads: Payload) -> int:
        return pipeline.load(store, Archive(tmp_path), SOURCE, payloads)["deleted"]

    def there(**at: datetime) -> set[str]:
        return set(store.read(Displacement, **at)["origin_iso3"])

    years = whole(date(2024, 1, 1), date(2026, 1, 1))
    load(page_of(2023, "SDN"), page_of(2024, *ORIGINS), years)
    before = datetime.now(UTC)
    extract = Payload("x.csv", f"year,coo_iso,coa_iso,refugees\n2024,{ORIGINS[0]},TCD,0\n".encode())
    assert A_PART in list(SOURCE.parse(extract))
    assert load(extract) == load(page_of(2024, *ORIGINS[1:])) == 0
    assert load(page_of(2024, *ORIGINS[1:]), years) == 1
    assert there() == {"SDN", *ORIGINS[1:]}
    assert there(as_of=before) == {"SDN", *ORIGINS}
    with pytest.raises(IdentityBreak):
        load(page_of(2024, *ORIGINS[4:]), years)
