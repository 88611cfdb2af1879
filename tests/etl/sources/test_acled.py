"""ACLED: what is a violent event, what is gone, what is never kept. All payloads are invented."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.conflict_event import ConflictEvent
from etl import pipeline
from etl.acled_rows import IGNORED, OPTIONAL, REQUIRED
from etl.archive import Archive
from etl.source import Ignored, Payload, Reject, Replaces, Rows, Window
from etl.sources.acled import Acled

PAYLOADS = Path(__file__).parents[2] / "payloads" / "acled"
NOW = datetime(2024, 2, 1, tzinfo=UTC)
SOURCE = Acled(clock=lambda: NOW)
EVENTS = json.loads((PAYLOADS / "events-page-1.json").read_text())
DELETED = {"success": True, "data": [{"event_id_cnty": "CAF9002", "deleted_timestamp": "1706000000"}]}


def items(name: str) -> list:
    return list(SOURCE.parse(Payload(name, (PAYLOADS / name).read_bytes())))


def rows(found: list) -> pd.DataFrame:
    return pd.concat([i.frame for i in found if isinstance(i, Rows)]).set_index("event_id")


def page(**changes: object) -> list:
    record = {**EVENTS["data"][0], **changes}
    return list(SOURCE.parse(Payload("page", json.dumps({"success": True, "data": [record]}).encode())))


def test_every_published_column_is_used_or_ignored_by_name():
    for name in ("export.csv", "export_before_2023.csv"):
        header = (PAYLOADS / name).read_text().splitlines()[0].split(",")
        assert len(header) == 31
        assert set(header) <= {*REQUIRED, *OPTIONAL, *IGNORED}


def test_types_and_sides_become_kinds_and_the_rest_is_ignored_by_name_and_taken_away():
    found = items("events-page-1.json")
    assert rows(found)["kind"].to_dict() == {
        "CAF9001": "non_state", "CAF9002": "one_sided", "CAF9003": "non_state", "XKX9005": "non_state",
        "CAF9007": "state_based", "CAF9008": "state_based", "CAF9009": "other", "CAF9010": "other",
        "CAF9011": "one_sided",
    }  # fmt: skip
    reasons = [(item.reason, item.rows) for item in found if isinstance(item, Ignored)]
    assert reasons == [("no organised violence: 1 Protests, 1 Strategic developments", 2)]
    assert [item.values for item in found if isinstance(item, Replaces)] == [{"ids": ["CAF9004", "CAF9006"]}]


def test_zero_is_not_missing_and_precision_and_times_are_those_told():
    frame = rows(items("events-page-1.json"))
    assert frame.loc["CAF9002", "fatalities_best"] == 0
    assert pd.isna(frame.loc["CAF9003", "fatalities_best"])
    assert "fatalities_low" not in frame
    assert frame["location_precision"].tolist()[:4] == ["exact", "near", "admin1", "exact"]
    assert frame.loc["CAF9001", "known_at"] == datetime(2024, 1, 10, tzinfo=UTC)
    assert frame["country_iso3"].tolist()[:4] == ["CAF", "CAF", "CAF", "XKX"]


@pytest.mark.parametrize("name", ["events-page-1.json", "export.csv", "export_before_2023.csv"])
def test_notes_actors_and_sources_are_never_kept(name):
    assert "nvented" not in "".join(i.frame.to_csv() for i in items(name) if isinstance(i, Rows))


@pytest.mark.parametrize("name", ["faults-page-1.json", "broken.csv"])
def test_a_rejected_row_does_not_show_its_notes(name):
    line = (PAYLOADS / "export.csv").read_text().replace(",3,,", ",~3,,").replace("CAF9302", 'CAF9302"')
    found = items(name) if name.endswith("json") else list(SOURCE.parse(Payload(name, line.encode())))
    told = [item for item in found if isinstance(item, Reject)]
    assert told
    assert not any("nvented" in item.raw + item.reason for item in told)


def test_dates_come_in_three_shapes():
    assert set(rows(items("export.csv"))["start_date"]) == {pd.Timestamp("2024-01-05")}
    assert rows(items("export_before_2023.csv"))["end_date"].tolist() == [pd.Timestamp("2022-01-05")]
    assert len(rows(items("export.csv"))) == 3


@pytest.mark.parametrize("text", ["5. January 2024", "05 Janvier 2024", "31 Feb 2024", "01/02/2024", "01 Jan 2030", ""])
def test_f41_f43_no_other_date_is_taken(text):
    (reject,) = [item for item in page(event_date=text) if isinstance(item, Reject)]
    assert "event_date" in reject.reason


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (2, "event_type is no event type"), (3, "fatalities is no plain"), (4, "event_date is no date"),
        (5, "geo_precision is none of"), (6, "latitude is missing"), (7, "iso is no ISO"),
        (8, "timestamp lies in the future"), (9, "event_id_cnty is no id"), (10, "is no object"),
    ],
)  # fmt: skip
def test_each_fault_is_rejected_with_its_place_and_reason(place, reason):
    reasons = {item.locator: item.reason for item in items("faults-page-1.json") if isinstance(item, Reject)}
    assert len(reasons) == 9
    assert reason in reasons[f"record {place}"]


def test_f27_new_columns_are_reported_and_missing_ones_refused():
    assert any("brand_new" in item.reason for item in items("faults-page-1.json") if isinstance(item, Ignored))
    record = {key: value for key, value in EVENTS["data"][0].items() if key != "fatalities"}
    with pytest.raises(PayloadRejected, match="lacks the fields fatalities"):
        list(SOURCE.parse(Payload("x", json.dumps({"success": True, "data": [record]}).encode())))


def test_f31_null_island_is_flagged():
    row = rows(items("faults-page-1.json")).loc["CAF9120"]
    assert (row["location_flag"], row["location_precision"]) == ("null_island", "unknown")


@pytest.mark.parametrize(
    ("body", "what"),
    [(b"<html>login</html>", "an HTML page"), (b"", "is empty"),
     (b'{"success": false, "data": [], "error": "terms not accepted"}', "terms not accepted"),
     (b'{"message": "Access denied"}', "Access denied"), (b'{"status": 403, "data": []}', "no successful")],
)  # fmt: skip
def test_f06_an_answer_that_is_none_is_refused(body, what):
    with pytest.raises(PayloadRejected, match=what):
        list(SOURCE.parse(Payload("x", body)))


def test_a_deleted_event_and_one_that_is_a_protest_now_are_gone_and_the_past_is_kept(store, tmp_path):
    changed = {"success": True, "data": [{**EVENTS["data"][0], "event_type": "Protests"}, EVENTS["data"][2]]}
    archive = Archive(tmp_path)
    pipeline.load(store, archive, SOURCE, [Payload("1", json.dumps(EVENTS).encode())])
    later = [Payload("2", json.dumps(changed).encode()), Payload("3", json.dumps(DELETED).encode())]
    pipeline.load(store, archive, SOURCE, later)
    gone = {"CAF9001", "CAF9002"}
    assert {*rows(items("events-page-1.json")).index} - {*store.read(ConflictEvent)["event_id"]} == gone
    history = store.history(ConflictEvent)
    assert len(history[history["event_id"] == "CAF9002"]) == 2


@given(st.dictionaries(st.sampled_from([*REQUIRED, *OPTIONAL]), st.text(max_size=12)))
def test_any_cell_lands_or_is_rejected_or_ignored(changes):
    assert any(isinstance(item, (Rows, Reject, Ignored)) for item in page(**changes))


class Api:
    """The API with some pages of events and one of deletions, which remembers what it was asked."""

    def __init__(
        self, pages: int = 2, status: int = 200, login: httpx.Response | None = None, broken_iso: str = ""
    ) -> None:
        self.pages, self.status, self.broken_iso = pages, status, broken_iso
        self.login = login or httpx.Response(200, json={"access_token": "a-token", "expires_in": 86400})
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.method == "POST":
            return self.login
        if request.url.params.get("iso") == self.broken_iso:
            return httpx.Response(200, text="<html>busy</html>")
        is_deleted = "deleted" in request.url.path
        answer = DELETED if is_deleted else EVENTS
        has = int(request.url.params["page"]) <= (1 if is_deleted else self.pages)
        return httpx.Response(self.status, json=answer if has else {**answer, "data": []})

    def fetched(self, window: Window | None = None) -> list[str]:
        window = window or Window(datetime(2024, 1, 1, tzinfo=UTC), NOW)
        with httpx.Client(transport=httpx.MockTransport(self)) as client:
            return [p.name for p in SOURCE.fetch(client, window)]


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("WAYPOST_ACLED_USERNAME", "someone")
    monkeypatch.setenv("WAYPOST_ACLED_PASSWORD", "a-secret")
    monkeypatch.setenv("WAYPOST_COUNTRIES", "CAF")


def test_fetch_pages_until_an_empty_page_and_then_asks_what_was_deleted(account):
    api = Api()
    assert api.fetched() == ["events-CAF-1.json", "events-CAF-2.json", "deleted-1.json"]
    login, *calls = api.asked
    assert parse_qs(login.content.decode()) == {
        "username": ["someone"], "password": ["a-secret"], "grant_type": ["password"], "client_id": ["acled"],
    }  # fmt: skip
    assert [int(call.url.params["page"]) for call in calls] == [1, 2, 3, 1, 2]
    assert calls[0].url.params["timestamp"] == "1704067200"
    assert {call.headers["authorization"] for call in calls} == {"Bearer a-token"}
    assert not any("a-secret" in str(call.url) or "a-token" in str(call.url) for call in api.asked)


def test_a_slice_of_the_past_is_asked_for_by_the_events_days(account):
    api = Api(pages=1)
    past = Window(datetime(2023, 1, 1, tzinfo=UTC), datetime(2023, 2, 1, tzinfo=UTC))
    assert api.fetched(past) == ["events-CAF-1.json"]
    asked = api.asked[1].url.params
    assert (asked["event_date"], asked["event_date_where"]) == ("2023-01-01|2023-01-31", "BETWEEN")
    assert (asked["iso"], "timestamp" in asked) == ("140", False)


def test_neither_notes_nor_actors_are_asked_for(account):
    api = Api()
    api.fetched()
    asked = set(api.asked[1].url.params["fields"].split("|"))
    assert asked == {*REQUIRED, *OPTIONAL}
    assert not asked & {"notes", "actor1", "actor2", "source"}


def test_a_refusal_after_a_good_login_names_terms_and_profile(account):
    with pytest.raises(PayloadRejected, match=r"HTTP 403 after a good login.*terms of use.*profile"):
        Api(status=403).fetched()


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_login_names_the_settings_and_not_what_is_in_them(account, status):
    with pytest.raises(PayloadRejected, match=f"HTTP {status}: check WAYPOST_ACLED_USERNAME") as refusal:
        Api(login=httpx.Response(status)).fetched()
    assert "a-secret" not in str(refusal.value)


@pytest.mark.parametrize("body", [{}, [], {"access_token": "a\nb"}, {"access_token": ""}])
def test_a_login_without_a_token_is_no_login(account, body):
    with pytest.raises(PayloadRejected, match="without an access_token"):
        Api(login=httpx.Response(200, json=body)).fetched()


def test_a_page_that_is_none_is_named_and_the_rest_is_kept(account, monkeypatch):
    monkeypatch.setenv("WAYPOST_COUNTRIES", "CAF,TCD")
    api = Api(pages=1, broken_iso="148")
    assert api.fetched() == ["events-CAF-1.json", "deleted-1.json", "not-fetched.json"]


@pytest.mark.parametrize("name", ["USERNAME", "PASSWORD"])
def test_f13_without_an_account_it_is_not_configured(account, monkeypatch, name):
    monkeypatch.delenv(f"WAYPOST_ACLED_{name}")
    with pytest.raises(ConfigurationMissing, match=f"WAYPOST_ACLED_{name}"):
        Api().fetched()


OLD = """GWNO,EVENT_ID_CNTY,EVENT_ID_NO_CNTY,EVENT_DATE,YEAR,TIME_PRECISION,EVENT_TYPE,ACTOR1,ALLY_ACTOR_1,INTER1,\
ACTOR2,ALLY_ACTOR_2,INTER2,INTERACTION,COUNTRY,ADMIN1,ADMIN2,ADMIN3,LOCATION,LATITUDE,LONGITUDE,GEO_PRECISION,SOURCE,NOTES,\
FATALITIES
482,9401CAF,,{day}/04/2012,2012,1,Remote violence,Invented,,2,Invented,,7,27,Central African Republic,Ouham,,,Invented,\
6.5,17.45,1,Invented,An invented note.,1
482,9402CAF,,03/04/2012,2012,1,Battle-No change of territory,Invented,,1,Invented,,2,12,Central African Republic,Ouham,\
,,Invented,6.5,17.45,3,Invented,,0
482,9403CAF,,03/04/2012,2012,1,Riots/Protests,Invented,,5,,,0,50,Central African Republic,Ouham,,,Invented,6.5,17.45,1,\
Invented,,0
"""
"""The layout of 2017 and before: capitals, no ISO number, other kinds of event."""


def told(name: str, body: str | bytes) -> list:
    return list(SOURCE.parse(Payload(name, body.encode() if isinstance(body, str) else body)))


def test_a_file_of_2017_gives_todays_kinds_ids_and_days():
    found = told("africa.csv", OLD.format(day=25))
    frame = rows(found)
    assert frame["kind"].to_dict() == {"CAF9401": "one_sided", "CAF9402": "state_based"}
    assert frame["start_date"].dt.strftime("%Y-%m-%d").tolist() == ["2012-04-25", "2012-04-03"]
    assert frame["country_iso3"].tolist() == ["CAF", "CAF"]
    assert frame.loc["CAF9402", "fatalities_best"] == 0
    assert any("1 Riots" in item.reason for item in found if isinstance(item, Ignored))
    assert "nvented" not in frame.to_csv()


def test_f41_days_with_slashes_are_not_guessed_where_the_file_does_not_prove_their_order():
    rejects = [item for item in told("africa.csv", OLD.format(day="02")) if isinstance(item, Reject)]
    assert ["event_date is no date" in item.reason for item in rejects] == [True, True]


def test_a_workbook_a_zip_and_a_latin_1_text_say_what_the_csv_says(tmp_path):
    text = (PAYLOADS / "export.csv").read_text()
    expected = rows(told("export.csv", text))
    cells = pd.read_csv(PAYLOADS / "export.csv", dtype=str, keep_default_na=False)
    cells.rename(columns=str.upper).to_excel(tmp_path / "export.xlsx", index=False)
    with zipfile.ZipFile(tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("acled.csv", text)
    for name in ("export.xlsx", "export.zip"):
        pd.testing.assert_frame_equal(rows(told(name, (tmp_path / name).read_bytes())), expected)
    latin = text.replace("Ouham", "Ouh\u00e2m").encode("cp1252")
    assert set(rows(told("latin.csv", latin))["admin1_name"]) == {"Ouh\u00e2m"}


def test_the_line_of_tags_that_hdx_adds_is_ignored_by_name():
    header, *lines = (PAYLOADS / "export_before_2023.csv").read_text().splitlines()
    tags = ",".join("#x+y" for _ in header.split(","))
    found = told("hdx.csv", "\n".join([header, tags, *lines]))
    assert len(rows(found)) == 1
    assert next(item.rows for item in found if isinstance(item, Ignored)) == 1


def test_f06_a_zip_or_workbook_without_events_is_refused(tmp_path):
    pd.DataFrame({"a": [1]}).to_excel(tmp_path / "x.xlsx", index=False)
    for body in ((tmp_path / "x.xlsx").read_bytes(), b"PK\x03\x04 damaged"):
        with pytest.raises(PayloadRejected):
            told("x.xlsx", body)


def test_a_list_that_was_saved_without_its_envelope_is_read():
    frame = rows(list(SOURCE.parse(Payload("list.json", json.dumps(EVENTS["data"][:2]).encode()))))
    assert sorted(frame.index) == ["CAF9001", "CAF9002"]


MONADIC = "event_id_cnty,event_date,event_type,inter1,iso,latitude,longitude,geo_precision,fatalities"


def test_a_monadic_export_has_a_row_for_each_side_of_one_event():
    lines = [f"CAF9001,2024-01-05,Battles,{side},140,7.1,21.2,1,4" for side in ("Rebel group", "State forces")]
    answer = {"success": True, "data": [dict(zip(MONADIC.split(","), line.split(","), strict=True)) for line in lines]}
    for body in ("\n".join([MONADIC, *lines]), json.dumps(answer)):
        found = told("monadic", body)
        assert rows(found)["kind"].to_dict() == {"CAF9001": "state_based"}
        assert [item.rows for item in found if isinstance(item, Ignored)] == [1]


def test_an_answer_of_the_api_before_2023_does_not_tell_the_target_and_the_other_side_does():
    record = {**EVENTS["data"][0], "event_type": "Explosions/Remote violence", "inter1": "1", "inter2": "7"}
    del record["civilian_targeting"]
    assert rows(told("old.json", json.dumps({"status": 200, "success": True, "data": [record]})))["kind"].tolist() == [
        "one_sided"
    ]


@pytest.mark.parametrize("day", ["5-Jan-24", "05-Jan-2024", "5 January 2024"])
def test_days_and_degrees_as_spreadsheets_of_other_countries_save_them_are_read(day):
    body = f"{MONADIC.replace(',', ';')}\nCAF9001;{day};Battles;Rebel group;140;7,1;21,25;1;4\n"
    row = rows(told("saved.csv", body)).loc["CAF9001"]
    assert (f"{row['start_date']:%Y-%m-%d}", row["latitude"], row["longitude"]) == ("2024-01-05", 7.1, 21.25)


def test_f41_days_whose_file_proves_that_the_month_comes_first_are_read():
    body = f"{MONADIC}\nCAF9001,01/25/2024,Battles,Rebel group,140,7.1,21.2,1,4\n"
    assert f"{rows(told('us.csv', body)).loc['CAF9001', 'start_date']:%Y-%m-%d}" == "2024-01-25"
