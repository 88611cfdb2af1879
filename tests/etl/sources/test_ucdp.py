"""UCDP events as published. Fault numbers are those of the fault list."""

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import ConfigurationMissing, IdentityBreak, PayloadRejected
from data.frames import check
from data.schema.conflict_event import ConflictEvent
from data.schema.source_run import SourceRun
from etl import pipeline
from etl.archive import Archive
from etl.ged import IGNORED, LAYOUT, REQUIRED
from etl.gleditsch_ward import iso3_by_number
from etl.outlines import outlines
from etl.source import Ignored, Payload, Reject, Replaces, Rows, Window
from etl.sources import ucdp
from etl.sources.ucdp import Ucdp
from etl.whole import A_PART, Whole, told_whole, whole

PAYLOADS = Path(__file__).parents[2] / "payloads" / "ucdp"
EVENTS = (PAYLOADS / "events.csv").read_text(encoding="utf-8")
PAGE = json.loads((PAYLOADS / "page.json").read_text(encoding="utf-8"))
HEADER = EVENTS.splitlines()[0]
NOW = datetime(2021, 4, 1, tzinfo=UTC)
SOURCE = Ucdp(clock=lambda: NOW)


def items(body: bytes | str, name: str = "events.csv") -> list:
    return list(SOURCE.parse(Payload(name, body.encode() if isinstance(body, str) else body)))


def rows(body: bytes | str) -> pd.DataFrame:
    found = [item.frame for item in items(body) if isinstance(item, Rows)]
    return pd.concat(found) if found else pd.DataFrame()


def rejects(body: bytes | str) -> dict[str, str]:
    return {item.locator: item.reason for item in items(body) if isinstance(item, Reject)}


def event(**changes: str) -> str:
    """A file of one sound event with some cells changed."""
    cells = dict(zip(HEADER.split(","), next(csv.reader([EVENTS.splitlines()[1]])), strict=True)) | changes
    buffer = io.StringIO()
    written = csv.DictWriter(buffer, cells)
    written.writeheader()
    written.writerow(cells)
    return buffer.getvalue()


def page(**changes: object) -> bytes:
    return json.dumps({**PAGE, "Result": [{**PAGE["Result"][0], **changes}]}).encode()


def test_every_published_column_is_used_or_ignored_by_name():
    assert sorted([*REQUIRED, *IGNORED]) == sorted(HEADER.split(","))
    assert len(HEADER.split(",")) == 49
    older = (PAYLOADS / "older_42_columns.csv").read_text(encoding="utf-8").splitlines()[0].strip().split(",")
    assert len(older) == 42
    assert set(older) <= {*REQUIRED, *IGNORED}


def test_an_event_becomes_a_row():
    assert rows(event(best="3", low="2", high="4")).iloc[0].to_dict() == {
        "source_id": "ucdp", "event_id": "900001", "kind": "state_based", "start_date": pd.Timestamp("2021-03-04"),
        "end_date": pd.Timestamp("2021-03-04"), "country_iso3": "CAF", "admin1_name": "Ouham province",
        "longitude": 17.45, "latitude": 6.5, "location_precision": "exact",
        "location_flag": pytest.approx(float("nan"), nan_ok=True),
        "fatalities_best": 3, "fatalities_low": 2, "fatalities_high": 4,
    }  # fmt: skip


def test_the_api_and_the_files_say_the_same():
    from_file, from_page = rows(EVENTS).set_index("event_id"), rows(json.dumps(PAGE)).set_index("event_id")
    pd.testing.assert_frame_equal(from_page, from_file.loc[from_page.index])
    assert [i.locators.tolist() for i in items(json.dumps(PAGE)) if isinstance(i, Rows)] == [
        ["result 1", "result 2", "result 3"]
    ]


@pytest.mark.parametrize("version", ["events.csv", "older_42_columns.csv"])
def test_a_zip_with_the_one_file_says_the_same(version):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("GEDEvent.csv", (PAYLOADS / version).read_bytes())
    pd.testing.assert_frame_equal(rows(buffer.getvalue()), rows((PAYLOADS / version).read_bytes()))


@pytest.mark.parametrize(
    "text",
    ["2014-01-05", "2014-01-05 00:00:00.000", "2014-01-05 00:00:00", "2014-01-05T00:00:00", "2014-01-05T00:00:00.000"],
)
def test_dates_come_in_the_shapes_that_were_seen(text):
    assert rows(event(date_start=text, date_end=text))["end_date"].tolist() == [pd.Timestamp("2014-01-05")]


@pytest.mark.parametrize(
    "text", ["03/04/2014", "5-Jan-14", "2014-01-05 13:00:00", "20140105", "2014-13-01", "infinity", "0001-01-01", ""]
)
def test_f41_f43_no_other_date_is_taken(text):
    assert "date_start" in rejects(event(date_start=text))["line 2"]
    assert rows(event(date_start=text)).empty


def test_f43_an_event_in_the_future_is_rejected_and_a_leap_day_is_not():
    tomorrow, later = (f"{NOW + timedelta(days=days):%Y-%m-%d}" for days in (1, 2))
    assert len(rows(event(date_end=tomorrow))) == 1
    assert "date_end" in rejects(event(date_end=later))["line 2"]
    assert len(rows(event(date_start="2020-02-29"))) == 1
    assert "date_start" in rejects(event(date_start="2021-02-29"))["line 2"]


@pytest.mark.parametrize("text", ["1,234", "~500", "5-10", "-1", "1e12", "2.5", "many", "1 000"])
def test_f28_what_is_no_count_is_quarantined(text):
    assert rejects(event(best=text)) == {"line 2": f"best is no plain whole number of 0 or more ({text})"}


def test_missing_deaths_are_not_zero_deaths():
    assert rows(event(best="", low="", high=""))["fatalities_best"].isna().all()
    assert rows(event(best="0", low="0", high="0"))["fatalities_best"].tolist() == [0]
    assert rows(event(best="12.0"))["fatalities_best"].tolist() == [12]


def test_estimates_out_of_order_are_kept_as_published_not_put_right():
    (row,) = check(rows(event(best="5", low="6", high="4")), ConflictEvent).good.to_dict("records")
    assert (row["fatalities_low"], row["fatalities_best"], row["fatalities_high"]) == (6, 5, 4)


@pytest.mark.parametrize(
    ("code", "precision", "flag"),
    [("1", "exact", None), ("2", "near", None), ("3", "admin2", None), ("4.0", "admin1", None), ("5", "unknown", None),
     ("6", "country", None), ("7", "unknown", "sea_or_air")],
)  # fmt: skip
def test_precision_is_what_the_codebook_says(code, precision, flag):
    row = rows(event(where_prec=code)).iloc[0]
    assert row["location_precision"] == precision
    assert (None if pd.isna(row["location_flag"]) else row["location_flag"]) == flag


@pytest.mark.parametrize("column", ["where_prec", "type_of_violence"])
@pytest.mark.parametrize("code", ["0", "8", "", "one", "1.5"])
def test_an_unknown_code_is_a_signal(column, code):
    assert column in rejects(event(**{column: code}))["line 2"]


def test_f31_null_island_is_flagged_and_not_precise():
    row = rows(event(longitude="0", latitude="0.0")).iloc[0]
    assert (row["location_flag"], row["location_precision"]) == ("null_island", "unknown")
    assert pd.isna(rows(event(longitude="0.5", latitude="0")).iloc[0]["location_flag"])


def test_f31_an_event_at_the_centre_of_its_country_is_not_precise():
    centre = outlines()["CAF"].centroid
    row = rows(event(longitude=f"{centre.x:.4f}", latitude=f"{centre.y:.4f}", where_prec="1")).iloc[0]
    assert (row["country_iso3"], row["location_flag"]) == ("CAF", "country_centroid")
    assert row["location_precision"] == "country"


@pytest.mark.parametrize("text", ["NaN", "Infinity", "", "1e2", "6,5"])
def test_f32_a_coordinate_that_is_no_number_is_rejected(text):
    assert "latitude" in rejects(event(latitude=text))["line 2"]


@pytest.mark.parametrize(("longitude", "latitude"), [("181", "4"), ("18", "91"), ("2050000", "480000")])
def test_f32_f33_a_coordinate_out_of_range_breaks_a_rule(longitude, latitude):
    assert "range" in rejects_of_table(event(longitude=longitude, latitude=latitude))


def rejects_of_table(body: bytes | str) -> str:
    return next(iter(check(rows(body), ConflictEvent).reasons.values())).replace("breaks the rule", "is out of range:")


def test_f25_namibia_is_a_country():
    assert rows(event(country_id="565", country="NA"))["country_iso3"].tolist() == ["NAM"]


def test_every_number_of_the_list_of_states_is_a_country_with_an_outline():
    table = iso3_by_number()
    assert len(table) == 225
    assert set(table.values()) <= set(outlines())
    assert {table[number] for number in ("345", "340")} == {"SRB"}
    assert (table["678"], table["482"], table["626"], table["347"]) == ("YEM", "CAF", "SSD", "XKX")


@pytest.mark.parametrize(
    ("number", "day", "longitude", "latitude", "country"),
    [("625", "1991-03-09", "29.48", "4.91", "SSD"), ("625", "1991-03-09", "32.53", "15.5", "SDN"),
     ("625", "2011-07-08", "29.48", "4.91", "SSD"), ("625", "2011-07-09", "29.48", "4.91", "SDN"),
     ("345", "1992-04-09", "18.78", "43.5", "BIH"), ("345", "1998-05-31", "20.9", "42.62", "XKX"),
     ("345", "1998-05-31", "20.46", "44.8", "SRB"), ("530", "1990-01-01", "38.93", "15.33", "ERI"),
     ("365", "1990-01-01", "49.87", "40.4", "AZE"), ("850", "1999-09-06", "125.57", "-8.56", "TLS"),
     ("315", "1990-01-01", "0", "50", "CZE")],
)  # fmt: skip
def test_an_event_of_a_state_that_split_is_in_the_country_that_now_holds_its_place(
    number, day, longitude, latitude, country
):
    body = event(country_id=number, date_start=day, date_end=day, longitude=longitude, latitude=latitude)
    assert rows(body)["country_iso3"].tolist() == [country]


@pytest.mark.parametrize("number", ["751", "-99", "", "CAF"])
def test_an_unknown_state_is_a_signal(number):
    assert "country_id is none of the 225 codes known here" in rejects(event(country_id=number))["line 2"]


def test_f26_an_id_is_text_without_the_fraction_that_an_export_adds():
    assert rows(event(id="900001.0"))["event_id"].tolist() == ["900001"]
    assert "id" in rejects(event(id="XYZ-1"))["line 2"]


def test_f27_a_removed_column_fails_the_file_and_a_new_one_is_reported():
    with pytest.raises(PayloadRejected, match=r"lacks the columns where_prec; columns not known here: precision"):
        items(EVENTS.replace("where_prec", "precision", 1))
    added = [line + (",brand_new" if n == 0 else ",1") for n, line in enumerate(EVENTS.splitlines())]
    report, _ = [item for item in items("\n".join(added)) if isinstance(item, Ignored)]
    assert (report.rows, report.reason) == (0, "columns that are new here and not read: brand_new")
    assert len(rows("\n".join(added))) == len(rows(EVENTS))
    (report,) = [item for item in items(page(brand_new=1)) if isinstance(item, Ignored)]
    assert "brand_new" in report.reason


def test_a_file_without_a_header_says_the_same_and_counts_its_own_lines():
    header, lines = EVENTS.split("\n", 1)
    assert tuple(header.strip().split(",")) == LAYOUT
    first = lines.split(",", 2)
    body = lines.replace(f"{first[0]},{first[1]},", f"{first[0]},XXX-2020-1-1,", 1)
    found = items(body, "GEDEvent_v24_0_1.csv")
    assert any("no header" in item.reason for item in found if isinstance(item, Ignored))
    pd.testing.assert_frame_equal(pd.concat([i.frame for i in found if isinstance(i, Rows)]), rows(EVENTS))
    assert next(item.locators.iloc[0] for item in found if isinstance(item, Rows)) == "line 1"


def test_the_line_of_tags_that_hdx_adds_is_ignored_by_name():
    lines = EVENTS.splitlines()
    meant = {"id": "#event+id", "adm_1": "#adm1+name", "latitude": "#geo+lat", "longitude": "#geo+lon"}
    tags = ",".join(meant.get(column, "") for column in lines[0].split(","))
    found = items("\n".join([lines[0], tags, *lines[1:]]))
    assert [item.rows for item in found if isinstance(item, Ignored)] == [1, 0]
    assert len(pd.concat([item.frame for item in found if isinstance(item, Rows)])) == len(rows(EVENTS))


def test_f29_odd_characters_are_quarantined_by_the_table_and_a_long_cell_by_the_reader():
    for odd in ("Ouham\x00", "Ouham\u202egnp", "Ouham\x07", "x" * 25_000):
        frame = rows(event(adm_1=odd))
        assert list(check(frame, ConflictEvent).reasons) == list(frame.index)
    assert rows(event(adm_1="Ouham 😀"))["admin1_name"].tolist() == ["Ouham 😀"]
    assert list(rejects(event(source_headline="x" * 1_100_000))) == ["line 2"]


def test_f24_a_broken_row_costs_itself_only():
    broken = EVENTS.replace("900002,", '900002,"open', 1)
    assert [r for r in rejects(broken) if r == "line 3"] == ["line 3"]
    assert sorted(rows(broken)["event_id"]) == ["900001", "900003", "900004", "900007"]


def test_a_reject_says_where_it_stood_and_what_it_said():
    (reject,) = [item for item in items(EVENTS) if isinstance(item, Reject) and item.locator == "line 7"]
    assert reject.reason == "best is no plain whole number of 0 or more (~10)"
    assert reject.raw == EVENTS.splitlines()[6]


@pytest.mark.parametrize(
    ("body", "what"),
    [(b"<html>401</html>", "an HTML page"), (b"", "is empty"), (b'{"Result": []', "no JSON"), (b"{}", "no list 'Resu"),
     (b'{"Result": [], "TotalPages": NaN}', "no JSON"), (b'{"Result": []}', "no number 'TotalPages'"),
     (b'{"Result": {}, "TotalPages": 1}', "no list 'Result'"), (b'{"a":' * 200_000, "no JSON"),
     (b'{"TotalPages": 1, "Result": [{"id": 1}]}', "lacks the fields")],
)  # fmt: skip
def test_f06_f22_an_answer_that_is_none_is_refused(body, what):
    with pytest.raises(PayloadRejected, match=what):
        items(body)


def test_f22_a_result_that_is_no_object_costs_itself_only():
    body = json.dumps({**PAGE, "Result": [None, 7, *PAGE["Result"], []]})
    assert rejects(body) == dict.fromkeys(["result 1", "result 2", "result 6"], "is no object")
    assert len(rows(body)) == 3


@pytest.mark.parametrize("value", ["1e12", -1, "~500", 2.5, [1], {"a": 1}, True])
def test_f28_a_count_of_the_api_is_judged_like_one_of_a_file(value):
    assert "best" in rejects(page(best=value))["result 1"]
    assert "range" in rejects_of_table(page(best=1e12))


def test_null_of_the_api_is_missing():
    found = rows(page(best=None, low=None, high=None, adm_1=None)).iloc[0]
    assert found[["fatalities_best", "fatalities_low", "fatalities_high", "admin1_name"]].isna().all()


def test_an_answer_without_events_is_no_error_of_the_parser():
    assert items(json.dumps({**PAGE, "Result": []})) == []


def release(**days: str) -> str:
    """A file of events, each with an id and the day on which it was."""
    files = [event(id=name.lstrip("e"), date_start=day, date_end=day).splitlines() for name, day in days.items()]
    return "\n".join([HEADER, *(line for _, line in files)])


FIRST = {"e1": "2014-01-05", "e2": "2014-02-05", "e3": "2014-12-31", "e4": "2015-01-01"}


def known(store, **at: datetime) -> list[str]:
    return sorted(store.read(ConflictEvent, source_id="ucdp", **at)["event_id"])


def test_f52_an_event_that_a_later_release_lacks_is_deleted_and_an_extract_takes_none_away(store, tmp_path):
    def load(name: str, **days: str) -> int:
        return pipeline.load(store, Archive(tmp_path), SOURCE, [Payload(name, release(**days).encode())])["deleted"]

    load("ged251.csv", **FIRST)
    with store.load("acled") as other:
        other.add(ConflictEvent, rows(release(e7="2014-01-06")).assign(source_id="acled"))
    before = datetime.now(UTC)
    assert load("ged251 (1).csv", e1=FIRST["e1"]) == 0
    assert load("ged261-csv.zip", e1=FIRST["e1"], e3="2014-06-01") == 1
    assert known(store) == ["1", "3", "4"]
    assert known(store, as_of=before) == ["1", "2", "3", "4"]
    assert store.history(ConflictEvent, event_id="2")["is_deleted"].tolist() == [False, True]
    with pytest.raises(IdentityBreak):
        load("GEDEvent_v27_1.csv", e9="2014-01-05")
    assert len(store.read(ConflictEvent, source_id="acled")) == 1


def test_f52_an_event_that_all_pages_lack_is_deleted_and_one_that_a_page_lacks_is_not(store, tmp_path):
    span, later = whole(date(2021, 3, 1), date(2021, 4, 1)), whole(date(2021, 3, 5), date(2021, 4, 1))

    def load(*ids: int, had: Payload | None = None) -> dict[str, int]:
        pages = [Payload(f"page-{id_}.json", page(id=id_)) for id_ in ids]
        return pipeline.load(store, Archive(tmp_path), SOURCE, [*pages, *([had] if had else [])])

    assert load(1, 2, 3, had=span)["new"] == 3
    assert load(1, 2)["deleted"] == load(1, 2, had=later)["deleted"] == 0
    assert load(1, 2, had=span)["deleted"] == 1
    assert known(store) == ["1", "2"]
    load(1, 2, had=span)
    assert store.read(SourceRun).sort_values("id")["message"].iloc[-1] == "the same content as at the last look"


@pytest.mark.parametrize("name", ["ged231-csv.zip", "GEDEvent_v26_1.csv", "ged191.csv"])
def test_a_name_of_a_release_replaces_the_countries_and_years_that_it_has(name):
    assert [item.values for item in items(EVENTS, name) if isinstance(item, Replaces)] == [
        {"cells": ["CAF 2021", "NAM 2021", "TCD 2021"]}
    ]


@pytest.mark.parametrize("name", ["ucdp_ged231_sample1000.csv", "GEDEvent_v26_0_8.csv", "ged231-csv (1).zip", "x.csv"])
def test_a_file_under_any_other_name_replaces_nothing_and_says_so(name):
    found = items(EVENTS, name)
    assert A_PART in found
    assert not any(isinstance(item, Replaces) for item in found)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(REQUIRED), st.text(max_size=12)))
def test_any_cell_lands_or_is_rejected_with_its_column(changes):
    found = items(event(**{name: text.replace("\x00", "") for name, text in changes.items()}))
    assert sum(len(item.frame) if isinstance(item, Rows) else 1 for item in found) >= 1
    for item in found:
        if isinstance(item, Reject) and "fields" not in item.reason:
            assert any(name in item.reason for name in changes) or "carriage return" in item.reason


class Api:
    """An API with some pages, which remembers what it was asked."""

    def __init__(self, pages: int, status: int = 200, **answer: object) -> None:
        self.pages, self.status, self.answer = pages, status, answer
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(self.status, json={**PAGE, "TotalPages": self.pages, **self.answer})

    def fetched(self) -> list[Payload]:
        with httpx.Client(transport=httpx.MockTransport(self)) as client:
            return list(SOURCE.fetch(client, Window(datetime(2021, 3, 1, tzinfo=UTC), NOW)))


@pytest.fixture
def token(monkeypatch):
    monkeypatch.setenv("WAYPOST_UCDP_TOKEN", "secret-token")
    monkeypatch.delenv("WAYPOST_UCDP_VERSION", raising=False)
    monkeypatch.setattr(ucdp, "PAUSE_SECONDS", 0)


def test_fetch_asks_for_every_page_of_the_window_and_shows_its_token_in_a_header_only(token):
    api = Api(pages=3)
    *payloads, last = api.fetched()
    assert told_whole(last) == Whole(start=date(2021, 3, 1), end=date(2021, 4, 1))
    assert [int(request.url.params["page"]) for request in api.asked] == [0, 1, 2]
    assert {request.url.path for request in api.asked} == {"/api/gedevents/26.1"}
    assert {request.headers["x-ucdp-access-token"] for request in api.asked} == {"secret-token"}
    assert api.asked[0].url.params["StartDate"] == "2021-03-01"
    assert api.asked[0].url.params["EndDate"] == "2021-04-01"
    assert not any("secret" in str(request.url) for request in api.asked)
    assert len({payload.name for payload in payloads}) == 3
    assert all(len([i for i in SOURCE.parse(payload) if isinstance(i, Rows)]) == 1 for payload in payloads)


def test_the_version_can_be_set(token, monkeypatch):
    monkeypatch.setenv("WAYPOST_UCDP_VERSION", "25.1")
    api = Api(pages=1)
    assert [payload.name for payload in api.fetched()] == ["gedevents-25.1-page-0.json", "fetched-whole.json"]
    assert api.asked[0].url.path == "/api/gedevents/25.1"


@pytest.mark.parametrize(
    ("version", "word"),
    [
        ("26.0.8", "a candidate release"),
        ("26.01.26.06", "a candidate release"),
        ("26", "no yearly"),
        ("../x", "no yearly"),
    ],
)
def test_a_candidate_version_is_refused_and_nothing_is_asked(token, monkeypatch, version, word):
    monkeypatch.setenv("WAYPOST_UCDP_VERSION", version)
    api = Api(pages=1)
    with pytest.raises(ConfigurationMissing, match=f"WAYPOST_UCDP_VERSION: is .*{word}"):
        api.fetched()
    assert api.asked == []


def test_f13_a_missing_token_is_a_state_of_its_own_and_says_how_to_get_one(monkeypatch):
    monkeypatch.delenv("WAYPOST_UCDP_TOKEN", raising=False)
    with pytest.raises(ConfigurationMissing, match="WAYPOST_UCDP_TOKEN: is not set; ask UCDP for an API token"):
        Api(pages=1).fetched()


def test_a_release_is_the_whole_of_its_years_only_and_no_event_is_no_whole(token, monkeypatch):
    monkeypatch.setenv("WAYPOST_UCDP_VERSION", "21.1")
    assert told_whole(Api(pages=1).fetched()[-1]).end == date(2021, 1, 1)
    assert [payload.name for payload in Api(pages=1, Result=[]).fetched()] == ["gedevents-21.1-page-0.json"]


@pytest.mark.parametrize("status", [400, 401])
def test_a_refusal_passes_through_without_the_token(token, status):
    with pytest.raises(httpx.HTTPStatusError) as refusal:
        Api(pages=1, status=status).fetched()
    assert "secret" not in str(refusal.value)
