"""CAP alerts: dialects, faults, what is in force. Fault numbers are those of the fault list."""

from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pandas as pd
import pytest
import shapely

from data.alerts_in_force import in_force
from data.errors import PayloadRejected
from data.schema.public_alert import PublicAlert
from etl.cap_area import wkt_of
from etl.registry import source
from etl.source import Ignored, Payload, Reject, Rows

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
        (3, "is not CAP 1.1 or 1.2"),
        (4, "polygon is not closed"),
        (5, "axes swapped"),
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
