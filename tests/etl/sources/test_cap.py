"""CAP alerts: dialects, faults, what is in force. Fault numbers are those of the fault list."""

from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import httpx
import pandas as pd
import pytest
import shapely

from data.alerts_in_force import in_force
from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.public_alert import PublicAlert
from etl.cap_area import wkt_of
from etl.registry import source
from etl.source import Ignored, Payload, Reject, Rows, Window
from tests.faulty_server import answer, serving

PAYLOADS = Path(__file__).parents[2] / "payloads" / "cap"


def items(name: str, body: bytes | None = None) -> list:
    return list(source("cap").parse(Payload(name, body if body is not None else (PAYLOADS / name).read_bytes())))


def rows(name: str) -> pd.DataFrame:
    return pd.concat([item.frame for item in items(name) if isinstance(item, Rows)], ignore_index=True)


def test_each_language_is_a_row_and_markup_and_contacts_are_gone():
    frame = rows("flood.xml").set_index("language")
    assert list(frame.index) == ["fr", "ar"]
    assert frame.loc["fr", "headline"] == "Crue attendue au Ouaddaï demain"
    assert frame.loc["fr", "sent_at"] == datetime(2024, 7, 30, 5, tzinfo=UTC)
    assert frame.loc["fr", "geocodes"] == "P-code=TD14"
    assert frame["is_signed"].all()
    assert "a person who is not kept" not in frame.to_csv()


def test_an_area_is_the_union_of_polygons_and_circles_longitude_first():
    shape = shapely.from_wkt(rows("flood.xml").set_index("language").loc["fr", "area_wkt"])
    assert shape.contains(shapely.Point(21.5, 13.5))
    assert shape.contains(shapely.Point(22.25, 13.8))
    assert not shape.contains(shapely.Point(13.5, 21.5))
    assert rows("flood.xml").set_index("language")["area_wkt"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    "text", ["1,2 1,3 2,3 1,2", "1, 2, 1, 3, 2, 3, 1, 2,", "+1,2, +1,3 , 2,3\n1,2", "1,2,1,3 2,3 1,2"]
)
def test_positions_may_be_joined_by_commas(text):
    assert shapely.from_wkt(wkt_of([text], [])).bounds == (2, 1, 3, 2)


def test_f35_a_circle_at_the_antimeridian_is_split_there():
    shape = shapely.from_wkt(wkt_of([], ["-17.0,179.9 60"]))
    assert shape.contains(shapely.Point(-179.8, -17))
    assert shape.contains(shapely.Point(179.6, -17))
    assert not shape.contains(shapely.Point(0, -17))


def test_two_infos_in_one_language_are_both_kept():
    frame = rows("index.atom")
    assert frame.loc[frame["identifier"] == "a", "part"].tolist() == [1, 2]
    assert not frame.duplicated(list(PublicAlert.key)).any()


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (1, "sender is missing"),
        (2, "has no time zone"),
        (3, "is not CAP 1.0, 1.1 or 1.2"),
        (4, "polygon is not closed"),
        (5, "axes swapped"),
        (8, "far from Kenya"),
    ],
)
def test_f17_f20_a_broken_alert_is_rejected_with_the_field_and_the_others_stay(number, reason):
    rejects = [item for item in items("faults.xml") if isinstance(item, Reject)]
    found = next(item for item in rejects if item.locator.startswith(f"alert {number} "))
    assert reason in found.reason
    assert rows("faults.xml")["identifier"].tolist() == ["7"]


def test_an_alert_about_one_person_is_ignored_by_name():
    assert [item.rows for item in items("faults.xml") if isinstance(item, Ignored) and "person" in item.reason] == [1]


def test_f18_the_final_state_is_the_same_in_any_order():
    frame, at = rows("index.atom"), datetime(2024, 7, 30, 7, tzinfo=UTC)
    before = frame[frame["identifier"] != "b"]
    assert in_force(before, at)["identifier"].tolist() == ["a", "a"]
    for order in permutations(frame.index):
        later = in_force(frame.loc[list(order)], datetime(2024, 7, 30, 9, tzinfo=UTC))
        assert later.empty, "the cancellation ends it, and an exercise is never in force"


def test_f19_an_alert_that_ends_before_it_takes_effect_is_never_in_force():
    frame = rows("faults.xml")
    for day in (29, 30, 31):
        assert in_force(frame, datetime(2024, 7, day, 12, tzinfo=UTC)).empty
    assert any("end before they take effect" in i.reason for i in items("faults.xml") if isinstance(i, Ignored))


def test_an_alert_is_in_force_from_its_effect_to_its_end():
    frame = rows("flood.xml")
    assert in_force(frame, datetime(2024, 7, 30, 4, tzinfo=UTC)).empty
    assert len(in_force(frame, datetime(2024, 7, 31, tzinfo=UTC))) == 2
    assert in_force(frame, datetime(2024, 8, 1, 5, tzinfo=UTC)).empty


def test_an_empty_index_is_an_intact_envelope_and_another_document_is_not():
    assert items("i.atom", b'<feed xmlns="http://www.w3.org/2005/Atom"><title>none</title></feed>') == []
    with pytest.raises(PayloadRejected, match="HTML page"):
        items("i.xml", b"<html><body>Sign in</body></html>")
    with pytest.raises(PayloadRejected, match="neither a CAP alert nor an index"):
        items("i.xml", b"<catalogue/>")
    with pytest.raises(PayloadRejected, match="document type"):
        items("i.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><feed>&a;</feed>')


@pytest.mark.parametrize(
    ("polygons", "circles"),
    [
        (["1,2 3,4"], []),
        (["1,2,3 4,5 6,7 1,2"], []),
        (["a,b c,d e,f a,b"], []),
        ([], ["1,2"]),
        ([], ["1,2 -5"]),
        ([], ["1,2 99999"]),
        (["91,181"], []),
    ],
)
def test_what_is_no_area_is_refused(polygons, circles):
    with pytest.raises(ValueError, match=r"polygon|position|circle"):
        wkt_of(polygons, circles)


def test_f20_a_ring_that_is_closed_up_to_rounding_is_closed():
    shape = shapely.from_wkt(wkt_of(["1.0,2.0 1.0,3.0 2.0,3.0 2.0,2.0 1.0004,2.0"], []))
    assert shape.is_valid
    assert shape.contains(shapely.Point(2.5, 1.5))


def test_a_malformed_alert_that_an_index_names_is_rejected_and_alone_it_refuses_the_file():
    broken = b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>1</alert>'
    (found,) = items("linked/example.org/1.cap", broken)
    assert (found.table_name, found.locator) == ("public_alert", "linked/example.org/1.cap")
    assert "line 1, column" in found.reason
    with pytest.raises(PayloadRejected, match="line 1, column"):
        items("1.cap", broken)


def test_what_has_no_end_and_no_effect_told_is_in_force_from_when_it_was_sent():
    frame = rows("flood.xml").assign(effective_at=None, expires_at=None)
    assert in_force(frame, datetime(2024, 7, 30, 4, tzinfo=UTC)).empty
    assert len(in_force(frame, datetime(2030, 1, 1, tzinfo=UTC))) == 2


def test_fetch_follows_an_index_and_what_fails_takes_nothing_with_it(monkeypatch):
    alert = (PAYLOADS / "flood.xml").read_bytes()
    with serving(answer(b"gone", "404 Not Found")) as server, httpx.Client() as client:
        links = "".join(f"<item><link>{server.url}/{n}</link></item>" for n in range(3))
        index = answer(f"<rss><channel>{links}</channel></rss>".encode())
        page = answer(b"<html>Sign in</html>")
        server.answers[:] = [page, index, answer(alert), answer(b"<alert"), answer(b"gone", "404 Not Found")]
        monkeypatch.setenv("WAYPOST_CAP_FEEDS", f"{server.url}/a {server.url}/b")
        payloads = list(source("cap").fetch(client, Window(datetime(2024, 7, 30, tzinfo=UTC))))
    found = [item for payload in payloads for item in source("cap").parse(payload)]
    assert [len(item.frame) for item in found if isinstance(item, Rows)] == [2]
    assert [item.locator.startswith("linked/") for item in found if isinstance(item, Reject)] == [True]
    told = [item.reason for item in found if isinstance(item, Ignored)]
    (missed,) = [reason for reason in told if "of an index" not in reason]
    assert len(told) == 2
    assert "/a: is an HTML page" in missed
    assert "/2: HTTPStatusError" in missed


def test_fetch_raises_when_no_feed_can_be_had_and_hosts_are_those_of_the_setting(monkeypatch):
    monkeypatch.setenv("WAYPOST_CAP_FEEDS", "https://a.example/rss.xml https://c.example:port/ https://b.example/feed")
    assert source("cap").spec.hosts == ("a.example", "b.example")
    monkeypatch.setenv("WAYPOST_CAP_HOSTS", "Alerts.example a.example")
    assert source("cap").spec.hosts == ("a.example", "alerts.example", "b.example")
    with serving(answer(b"<html>Sign in</html>")) as server, httpx.Client() as client:
        monkeypatch.setenv("WAYPOST_CAP_FEEDS", server.url)
        with pytest.raises(PayloadRejected, match="HTML page"):
            list(source("cap").fetch(client, Window(datetime(2024, 7, 30, tzinfo=UTC))))
    monkeypatch.delenv("WAYPOST_CAP_FEEDS")
    with pytest.raises(ConfigurationMissing, match="WAYPOST_CAP_FEEDS"):
        list(source("cap").fetch(client, Window(datetime(2024, 7, 30, tzinfo=UTC))))


def alert(info: str = "", *, scope: str = "Public", kind: str = "Update") -> bytes:
    space = "urn:oasis:names:tc:emergency:cap:1.2"
    head = "<identifier>1</identifier><sender>s</sender><sent>2024-07-30T06:00:00+00:00</sent><status>Actual</status>"
    told = f"<info><event>Crue</event>{info}</info>"
    return f'<alert xmlns="{space}">{head}<msgType>{kind}</msgType><scope>{scope}</scope>{told}</alert>'.encode()


def test_f18_an_update_with_the_all_clear_is_kept_and_never_in_force():
    ends = "<expires>2024-08-02T06:00:00+00:00</expires>"
    at = datetime(2024, 7, 31, tzinfo=UTC)
    for response, running in (("Shelter", 1), ("AllClear", 0)):
        (item,) = [
            one
            for one in items("1.cap", alert(f"<responseType>{response}</responseType>{ends}"))
            if isinstance(one, Rows)
        ]
        assert len(item.frame) == 1
        assert len(in_force(item.frame, at)) == running


def test_what_a_sender_left_out_is_unknown_and_a_strange_word_is_rejected():
    noted, found = items("1.cap", alert())
    assert "leave out" in noted.reason
    assert set(found.frame.loc[0, ["urgency", "severity", "certainty"]]) == {"unknown"}
    (found,) = items("1.cap", alert("<severity>Major</severity>"))
    assert "severity 'major' is none of" in found.reason


@pytest.mark.parametrize("scope", ["Restricted", "private"])
def test_an_alert_that_is_not_for_the_public_is_ignored_by_name(scope):
    (found,) = items("1.cap", alert(scope=scope))
    assert "not for the public" in found.reason


@pytest.mark.parametrize(
    ("more", "rows_kept"),
    [
        ("<event>Alerte AMBER</event>", 0),
        ("<event>amber</event>", 0),
        ("<event>Persona desaparecida</event>", 0),
        ("<headline>AMBER Alert issued</headline>", 0),
        ("<event>Amber wind warning</event>", 1),
        ("<headline>Police searching for a suspicious person</headline>", 0),
        ("<event>Personne dangereuse</event>", 0),
        ("<headline>Missing persons after the flood</headline>", 1),
    ],
)
def test_an_alert_about_one_person_is_known_in_other_languages_and_a_colour_is_none(more, rows_kept):
    assert sum(len(item.frame) for item in items("1.cap", alert(more)) if isinstance(item, Rows)) == rows_kept


def test_blanks_beside_commas_and_bare_decimal_points_are_read():
    shape = shapely.from_wkt(wkt_of(["1, 2\n1 ,3 2.,3\t1,2"], ["\n1.5,2.5\n 10"]))
    assert shape.is_valid
    assert shape.contains(shapely.Point(2.8, 1.2))
    assert shapely.from_wkt(wkt_of([], [".5,-.5\t1"])).contains(shapely.Point(-0.5, 0.5))


def test_an_index_that_was_saved_without_its_alerts_says_so():
    body = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Orange wind</title></entry></feed>'
    (found,) = items("i.atom", body)
    assert (found.rows, "holds no alert" in found.reason) == (1, True)


def test_alerts_that_an_index_keeps_on_another_host_are_named_with_the_setting_and_asked_by_https(monkeypatch):
    index = b"<rss><channel><item><link>http://kept.example/1.xml?at=1</link></item></channel></rss>"
    seen: list[str] = []

    def answered(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        if request.url.host != "hub.example":
            raise PayloadRejected(str(request.url), "is not https on hub.example; not followed")
        return httpx.Response(200, content=index)

    monkeypatch.setenv("WAYPOST_CAP_FEEDS", "https://hub.example/rss")
    with httpx.Client(transport=httpx.MockTransport(answered)) as client:
        payloads = list(source("cap").fetch(client, Window(datetime(2024, 7, 30, tzinfo=UTC))))
    assert seen == ["https://hub.example/rss", "https://kept.example/1.xml?at=1"]
    (told,) = source("cap").parse(payloads[-1])
    assert "WAYPOST_CAP_HOSTS" in told.reason


def test_an_alert_of_cap_1_0_is_read_with_its_codes():
    body = alert("<certainty>Very Likely</certainty><area><geocode>fips6=006109</geocode></area>")
    old = body.replace(b"urn:oasis:names:tc:emergency:cap:1.2", b"http://www.incident.com/cap/1.0")
    (found,) = [item.frame for item in items("1.cap", old) if isinstance(item, Rows)]
    assert found[["certainty", "geocodes"]].to_numpy().tolist() == [["likely", "fips6=006109"]]
