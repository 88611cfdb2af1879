"""GDACS alerts as published. Fault numbers are those of the fault list."""

import gzip
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import PayloadRejected
from data.frames import check
from data.schema.hazard_event import HazardEvent
from etl.gdacs_codes import KINDS
from etl.source import Ignored, Keeps, Payload, Reject, Rows, Window
from etl.sources.gdacs import IGNORED, USED, Gdacs
from tests.strategies import damaged

PAYLOADS = Path(__file__).parents[2] / "payloads" / "gdacs"
QUIRKS = (PAYLOADS / "quirks.xml").read_bytes()
FEED = (PAYLOADS / "rss.xml").read_bytes()
NOW = datetime(2021, 4, 1, tzinfo=UTC)
SOURCE = Gdacs(clock=lambda: NOW)

SOUND = {
    "title": "Green earthquake (Magnitude 5.1M)", "link": "https://www.gdacs.org/report.aspx?eventtype=EQ&amp;eventid=7",
    "pubDate": "Mon, 01 Mar 2021 02:30:00 GMT", "guid": "EQ7", "gdacs:iscurrent": "false",
    "gdacs:fromdate": "Mon, 01 Mar 2021 02:03:00 GMT", "gdacs:todate": "Mon, 01 Mar 2021 02:04:00 GMT",
    "gdacs:datemodified": "Mon, 01 Mar 2021 02:45:00 GMT", "georss:point": "38.1 142.5", "gdacs:eventtype": "EQ",
    "gdacs:alertlevel": "Green", "gdacs:eventid": "7", "gdacs:iso3": "JPN",
}  # fmt: skip


def feed(*changes: dict[str, str | None], extra: str = "") -> bytes:
    """A feed with an item for each set of changes; None leaves an element out."""
    written = ""
    for change in changes or ({},):
        parts = {name: text for name, text in (SOUND | change).items() if text is not None}
        written += "<item>" + "".join(f"<{name}>{text}</{name}>" for name, text in parts.items()) + extra + "</item>"
    head = FEED[: FEED.index(b"<item>")].decode()
    return f"{head}{written}</channel></rss>".encode()


def items(body: bytes) -> list:
    return list(SOURCE.parse(Payload("rss.xml", body)))


def rows(body: bytes) -> pd.DataFrame:
    found = [item.frame for item in items(body) if isinstance(item, Rows)]
    return pd.concat(found) if found else pd.DataFrame(columns=["event_id"])


def event(**changes: str | None) -> pd.Series:
    (row,) = rows(feed({name.replace("__", ":"): text for name, text in changes.items()})).to_dict("records")
    return pd.Series(row, dtype=object)


def reason(**changes: str | None) -> str:
    (reject,) = [
        item
        for item in items(feed({name.replace("__", ":"): text for name, text in changes.items()}))
        if isinstance(item, Reject)
    ]
    return reject.reason


@pytest.mark.parametrize("zone", ["GMT", "UT", "UTC", "+0000", "-0000"])
def test_every_name_of_universal_time_is_read(zone):
    assert event(gdacs__fromdate=f"Mon, 01 Mar 2021 02:03:00 {zone}")["started_at"] == datetime(
        2021, 3, 1, 2, 3, tzinfo=UTC
    )


def test_every_element_of_an_item_is_used_or_ignored_by_name():
    tags = set(re.findall(rb"<((?:\w+:)?\w+)", QUIRKS[QUIRKS.index(b"<item>") :])) - {b"item"}
    names = {tag.decode() for tag in tags}
    assert names - {"gdacs:newthing"} <= USED | IGNORED
    assert not USED & IGNORED
    reports = [item.reason for item in items(QUIRKS) if isinstance(item, Ignored) and item.rows == 0]
    assert reports == ["elements that are new here and not read: gdacs:newthing"]


def test_an_item_becomes_a_row():
    row = event(gdacs__severity=None)
    assert row.to_dict() == {
        "source_id": "gdacs", "event_id": "EQ7", "kind": "earthquake", "title": "Green earthquake (Magnitude 5.1M)",
        "alert_level": "green", "started_at": pd.Timestamp("2021-03-01 02:03", tz="UTC"),
        "ended_at": pd.Timestamp("2021-03-01 02:04", tz="UTC"),
        "modified_at": pd.Timestamp("2021-03-01 02:45", tz="UTC"), "is_current": False, "country_iso3": "JPN",
        "longitude": 142.5, "latitude": 38.1, "severity": None, "severity_unit": None,
        "url": "https://www.gdacs.org/report.aspx?eventtype=EQ&eventid=7",
    }  # fmt: skip


def test_the_quirks_seen_in_the_feed():
    found = rows(QUIRKS).set_index("event_id")
    assert found["kind"].to_dict() == {
        "TC9100001": "tropical_cyclone", "DR9100002": "drought", "VO9100003": "volcano", "WF9100004": "wildfire",
        "TS9100005": "tsunami", "EQ9100011": "earthquake",
    }  # fmt: skip
    assert found.loc["TC9100001", "longitude"] == -178.5
    assert (found.loc["TC9100001", "severity"], found.loc["TC9100001", "severity_unit"]) == (203.7, "km/h")
    assert pd.isna(found.loc["DR9100002", "country_iso3"])
    assert found["ended_at"].notna().to_dict() == {name: name == "VO9100003" for name in found.index}
    assert pd.isna(found.loc["EQ9100011", "url"])
    assert not check(rows(QUIRKS), HazardEvent).reasons


def test_temporary_items_are_ignored_by_name():
    ignored = [item.reason for item in items(QUIRKS) if isinstance(item, Ignored) and item.rows == 1]
    assert ignored == ["a temporary item, which GDACS has not confirmed"]


def test_what_is_wrong_with_an_item_is_said_with_its_place():
    reasons = {item.locator: item.reason for item in items(QUIRKS) if isinstance(item, Reject)}
    assert {where: reason.split()[0] for where, reason in reasons.items()} == {
        "item 7 (EQ9100007)": "position", "item 8 (EQ9100008)": "fromdate", "item 9 (EQ9100009)": "alertlevel",
        "item 10 (EQ9100010)": "iscurrent",
    }  # fmt: skip


def test_of_several_states_of_an_event_the_newest_is_kept_whatever_the_order():
    newer = {"gdacs:datemodified": "Tue, 02 Mar 2021 00:00:00 GMT", "gdacs:alertlevel": "Orange"}
    for body in (feed({}, newer), feed(newer, {})):
        assert rows(body)["alert_level"].tolist() == ["orange"]
        assert [item.rows for item in items(body) if isinstance(item, Ignored)] == [1]
    assert len(rows(feed({}, {"gdacs:eventtype": "FL"}))) == 2  # an id is unique within its type only


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_kind_of_the_table_has_its_code(code):
    assert event(gdacs__eventtype=code)["kind"] == KINDS[code]
    assert not check(rows(feed({"gdacs:eventtype": code})), HazardEvent).reasons


@pytest.mark.parametrize("code", ["XX", "eq", "", None])
def test_an_unknown_kind_is_a_signal(code):
    assert "eventtype" in reason(gdacs__eventtype=code)


@pytest.mark.parametrize("level", ["Green", "Orange", "Red", "RED"])
def test_levels(level):
    assert event(gdacs__alertlevel=level)["alert_level"] == level.lower()


@pytest.mark.parametrize("level", ["Yellow", "", None, "1"])
def test_an_unknown_level_is_a_signal(level):
    assert "alertlevel" in reason(gdacs__alertlevel=level)


@pytest.mark.parametrize("number", ["", "x7", "-7", None, "7" * 30, "٧"])
def test_an_event_without_a_number_is_no_event(number):
    assert "eventid" in reason(gdacs__eventid=number)


@pytest.mark.parametrize(
    "text",
    ["2021-03-01T02:03:00", "01/03/2021 02:03", "Mon, 31 Feb 2021 02:03:00 GMT", "Mon, 01 Mar 0001 02:03:00 GMT",
     "Mon, 01 Mar 2021 02:03:00", "Mon, 01 Mar 2021 02:03:00 +0300", "Mon, 01 Mar 2021 25:03:00 GMT",
     "Mon, 01 Mrz 2021 02:03:00 GMT", "infinity", "Mon, 01 Mar 2031 02:03:00 GMT"],
)  # fmt: skip
def test_f41_f42_f43_only_the_feeds_own_possible_dates_are_taken(text):
    assert "fromdate" in reason(gdacs__fromdate=text)


def test_f43_a_day_ahead_is_possible_and_a_later_end_of_a_drought_too():
    written = f"{NOW + timedelta(hours=23):%a, %d %b %Y %H:%M:%S} GMT"
    assert event(gdacs__datemodified=written)["modified_at"] == NOW + timedelta(hours=23)
    assert event(gdacs__todate="Wed, 01 Sep 2021 00:00:00 GMT")["ended_at"].year == 2021


def test_older_feeds_have_no_date_of_change_and_do_not_say_what_goes_on():
    row = event(gdacs__datemodified=None, gdacs__iscurrent=None)
    assert row["modified_at"] == pd.Timestamp("2021-03-01 02:30", tz="UTC")
    assert row["is_current"] is False


def test_the_end_of_what_goes_on_is_not_known():
    assert pd.isna(event(gdacs__iscurrent="true")["ended_at"])
    assert event(gdacs__iscurrent="True")["is_current"] is True


@pytest.mark.parametrize("missing", ["gdacs:fromdate", "pubDate"])
def test_a_missing_date_is_quarantined_by_the_table(missing):
    frame = rows(feed({missing: None, "gdacs:datemodified": None}))
    assert "is missing" in next(iter(check(frame, HazardEvent).reasons.values()))


@pytest.mark.parametrize(
    ("text", "longitude"), [("-16 -181.2", 178.8), ("10 180", 180), ("10 -180", -180), ("0 359", -1)]
)
def test_longitudes_beyond_the_antimeridian_are_brought_back(text, longitude):
    assert event(georss__point=text)["longitude"] == pytest.approx(longitude)


@pytest.mark.parametrize(
    "text", ["91 10", "10", "10 20 30", "NaN 10", "1e1 10", "10,20", "ten 20", "10 400", "Infinity 0"]
)
def test_f32_a_position_that_is_none_is_rejected(text):
    assert "position" in reason(georss__point=text) or "plain numbers" in reason(georss__point=text)


def test_the_other_way_to_write_a_point():
    written = "<geo:lat>-16.1</geo:lat><geo:long>-181.2</geo:long>"
    row = event(georss__point=None, geo__Point=written)
    assert (row["latitude"], row["longitude"]) == (-16.1, pytest.approx(178.8))
    assert "position" in reason(georss__point=None)


def test_f20_f30_swapped_axes_are_recognised_by_the_box_in_its_own_order():
    assert "axes swapped" in reason(georss__point="142.5 38.1", gdacs__bbox="138.5 146.5 34.1 42.1")
    assert "axes swapped" in reason(georss__point="12.5 38.1", gdacs__bbox="8.5 16.5 34.1 42.1")
    assert event(georss__point="38.1 142.5", gdacs__bbox="138.5 146.5 34.1 42.1")["longitude"] == 142.5
    assert event(georss__point="-17 179.5", gdacs__bbox="-184.9 -176.1 -21 -13")["longitude"] == 179.5


@pytest.mark.parametrize(
    ("text", "country"),
    [("TCD", "TCD"), ("", None), (None, None), ("XJE", None), ("XKO", None), ("ITA,FRA", "ITA"), ("NAM", "NAM")],
)
def test_f25_countries(text, country):
    assert event(gdacs__iso3=text)["country_iso3"] == country


@pytest.mark.parametrize("text", ["tcd", "TC", "Chad", "T1D"])
def test_a_country_that_is_no_code_is_a_signal(text):
    assert "iso3" in reason(gdacs__iso3=text)


@pytest.mark.parametrize(
    ("written", "severity", "unit"),
    [('unit="M" value="5.1"', 5.1, "M"), ('unit="" value="0"', None, None), ('value="7"', None, None),
     ('unit="km2" value=""', None, None), ('unit="km2" value="349846"', 349846.0, "km2")],
)  # fmt: skip
def test_a_severity_needs_its_unit(written, severity, unit):
    found = rows(feed({}, extra=f"<gdacs:severity {written}>words</gdacs:severity>")).iloc[0]
    assert (found["severity"], found["severity_unit"]) == (severity, unit)


def test_f28_a_severity_that_is_no_number_is_rejected():
    body = feed({}, extra='<gdacs:severity unit="M" value="~5">words</gdacs:severity>')
    assert [item.reason for item in items(body) if isinstance(item, Reject)] == ["severity '~5' is no plain number"]


def test_f21_a_script_in_the_title_is_no_script_and_its_link_is_absent():
    title = "Flood &lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;storm&lt;/b&gt; &lt;3"
    row = event(title=title, link="javascript:alert(1)")
    assert (row["title"], row["url"]) == ("Flood & storm <3", None)
    assert event(title="Flood <b>in</b> Chad")["title"] == "Flood in Chad"
    assert "title is missing" in reason(title="&lt;script&gt;x")


@pytest.mark.parametrize("body", [QUIRKS, gzip.compress(QUIRKS, mtime=0), b"\xef\xbb\xbf" + FEED, b"\n\n" + FEED])
def test_f06_wrappings_of_the_feed_are_taken_off(body):
    assert len(rows(body)) in {2, 6}


@pytest.mark.parametrize(
    ("body", "what"),
    [(b"<!DOCTYPE html><html>maintenance</html>", "an HTML page"), (b"\x1f\x8b\x08\x00garbage", "gzip"),
     (b'<?xml version="1.0"?><feed/>', "no RSS feed: its root is <feed>"), (b"<rss/>", "no RSS feed"),
     (b'<rdf:RDF xmlns:rdf="x"><channel/></rdf:RDF>', "no RSS feed"), (FEED[:2000], "no well-formed XML"),
     (b'<!DOCTYPE rss [<!ENTITY x "y">]><rss><channel/></rss>', "document type or entities")],
)  # fmt: skip
def test_f06_f15_f16_what_is_not_the_feed_is_refused_by_name(body, what):
    with pytest.raises(PayloadRejected, match=re.escape(what)):
        items(body)


def test_an_empty_feed_is_left_to_the_expectations_of_the_run():
    assert items(feed()[: feed().index(b"<item>")] + b"</channel></rss>") == []
    assert SOURCE.spec.rows[0] == 1


@settings(deadline=None)
@given(st.data())
def test_any_text_in_any_element_lands_or_is_rejected(data):
    words = st.text(st.characters(codec="utf-8", exclude_characters="<&"), max_size=40)
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(SOUND)), words.filter(lambda text: text.isprintable())))
    found = items(feed(changes))
    assert sum(len(item.frame) if isinstance(item, Rows) else 1 for item in found if not isinstance(item, Keeps)) == 1


@settings(deadline=None)
@given(damaged(FEED))
def test_a_damaged_feed_ends_in_items_or_a_refusal(body):
    try:
        for item in items(body):
            if isinstance(item, Rows):
                check(item.frame, HazardEvent)
    except PayloadRejected:
        pass


def test_fetch_yields_the_feed_as_it_came():
    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "https://www.gdacs.org/xml/rss.xml"
        return httpx.Response(200, content=FEED, headers={"content-type": "text/xml"})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        (payload,) = SOURCE.fetch(client, Window(NOW))
    assert (payload.content, payload.content_type) == (FEED, "text/xml")
