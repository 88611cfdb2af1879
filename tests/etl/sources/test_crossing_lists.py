"""National lists of crossing points in their three shapes. Fault numbers are those of the list."""

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest

from data.errors import PayloadRejected
from data.schema.border_point import BorderPoint
from data.schema.place import Place
from data.schema.situation import Situation
from data.schema.status_period import StatusPeriod
from data.store import Store
from etl.archive import Archive
from etl.pipeline import load
from etl.source import Ignored, Payload, Reject, Replaces, Rows, Window
from etl.sources.crossing_lists import CrossingLists

PAYLOADS = Path(__file__).parents[2] / "payloads" / "crossing_lists"
SOURCE = CrossingLists(clock=lambda: datetime(2026, 11, 1, tzinfo=UTC))
UKRAINE, TUNISIA, OWN = "UKR_Border_Crossings_20230530.geojson", "entry_points.csv", "valley.csv"
HEADER = "id,name,origin_iso3,host_iso3,status,status_date,longitude,latitude\n"


def payload(name: str) -> Payload:
    return Payload(name, (PAYLOADS / name).read_bytes())


def rows(sent: Payload, table: type) -> pd.DataFrame:
    found = [item.frame for item in SOURCE.parse(sent) if isinstance(item, Rows) and item.table is table]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=table.content())


def reasons(sent: Payload) -> dict[str, str]:
    return {item.locator: item.reason for item in SOURCE.parse(sent) if isinstance(item, Reject)}


def own(*lines: str) -> Payload:
    return Payload("valley.csv", (HEADER + "\n".join(lines) + "\n").encode())


def ukraine(status: str, day: str) -> Payload:
    document = json.loads((PAYLOADS / UKRAINE).read_bytes())
    document["features"] = document["features"][:2]
    for feature in document["features"]:
        feature["properties"] |= {"Status": status, "StatusAsOf": day}
    return Payload(f"UKR_Border_Crossings_{day.replace('-', '')}.geojson", json.dumps(document).encode())


def test_the_list_for_ukraine_names_the_neighbour_and_its_own_country_follows_from_the_map():
    points = rows(payload(UKRAINE), BorderPoint)
    assert set(points["origin_iso3"]) == {"UKR"}
    assert points["host_iso3"].tolist() == ["POL", "POL", "ROU", "MDA"]
    assert set(points["kind"]) == {"official"}
    places = rows(payload(UKRAINE), Place)
    assert places["id"][1] == "list-ukr-border-crossings:upper-bridge-gorny-most-pol"
    assert places["note"][0] == "Міст; Road"


def test_a_status_is_known_from_its_day_on():
    periods = rows(payload(UKRAINE), StatusPeriod)
    assert sorted(periods["status"]) == ["closed", "closed", "open", "restricted"]
    assert set(periods["start_date"].dt.strftime("%F")) == {"2023-05-30"}
    assert set(periods["known_at"]) == {datetime(2023, 5, 30, tzinfo=UTC)}
    assert periods["end_date"].isna().all()


def test_f30_f41_f43_rows_of_the_list_for_ukraine_that_cannot_be():
    told = reasons(payload(UKRAINE))
    assert "not within 25 km of UKR" in told["feature 5"]
    assert "Moldavia" in told["feature 6"]
    assert "Half open" in told["feature 7"]
    assert "2999" in told["feature 8"]
    assert "Lat 49.0 is not that of its point" in told["feature 9"]
    assert "status_date is missing" in told["feature 10"]
    assert "no feature" in told["feature 11"]


def test_the_list_for_tunisia_has_its_neighbours_from_the_map():
    points = rows(payload(TUNISIA), BorderPoint)
    assert set(points["host_iso3"]) == {"TUN"}
    assert points["origin_iso3"].tolist() == ["DZA", "LBY", "DZA"]
    assert points["kind"].tolist() == ["official", "informal", "informal"]
    assert rows(payload(TUNISIA), StatusPeriod).empty
    ignored = {item.reason[:9]: item.rows for item in SOURCE.parse(payload(TUNISIA)) if isinstance(item, Ignored)}
    assert ignored == {"airports ": 2, "rows that": 1}
    assert "no second country" in reasons(payload(TUNISIA))["line 8"]


def test_our_own_shape_with_a_history():
    sent = payload(OWN)
    periods = rows(sent, StatusPeriod)
    ford = periods[periods["border_point_id"] == "list-valley:ford"].sort_values(["start_date", "known_at"])
    said = [
        (
            f"{r.start_date:%m-%d}",
            r.status,
            None if pd.isna(r.end_date) else f"{r.end_date:%m-%d}",
            f"{r.known_at:%m-%d}",
        )
        for r in ford.itertuples()
    ]
    assert said == [
        ("01-01", "open", None, "01-01"), ("01-01", "open", "03-01", "03-01"), ("03-01", "closed", None, "03-01"),
        ("03-01", "closed", "05-01", "05-01"), ("05-01", "open", None, "05-01"),
    ]  # fmt: skip
    places = rows(sent, Place).set_index("id")
    assert list(places.index) == ["list-valley:ford", "list-valley:bridge-of-stones-tcd", "list-valley:nowhere"]
    assert places.loc["list-valley:nowhere", "coordinate_quality"] == "unknown"
    assert f"{rows(sent, Situation)['start_date'].item():%F}" == "2024-01-01"


def test_rows_of_our_own_shape_that_cannot_be():
    told = reasons(payload(OWN))
    assert "no Latin name" in told["line 7"]
    assert "that of another point, on line 2" in told["line 8"]
    assert "origin_iso3" in told["line 9"]
    assert "semi" in told["line 10"]
    assert "not both given" in told["line 12"]
    assert not [item for item in SOURCE.parse(payload(OWN)) if isinstance(item, Replaces)]


@pytest.mark.parametrize("status", ["", "unknown", "Unknown", "n/a", "-"])
def test_a_status_that_is_not_told_is_none(status):
    assert rows(own(f"a,A,CAF,TCD,{status},,18.5,7.99"), StatusPeriod).empty


def test_f29_half_a_character_is_marked_and_the_point_lands():
    body = (PAYLOADS / UKRAINE).read_bytes()
    for half in (b"\xed\xa0\x80Lower", b"\\ud800Lower"):
        places = rows(Payload(UKRAINE, body.replace(b"Lower", half)), Place)
        assert places["name"].str.endswith("Lower Bridge - Dolny Most").any()


def test_two_statuses_on_one_day_contradict_each_other():
    sent = own("a,A,CAF,TCD,open,2024-01-01,18.5,7.99", "a,A,CAF,TCD,closed,2024-01-01,18.5,7.99")
    assert set(reasons(sent)) == {"line 2", "line 3"}
    assert rows(sent, StatusPeriod).empty
    assert len(rows(sent, BorderPoint)) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"resources": [{"url": "https://data.example/list.geojson"}]}', "list.geojson"), (b"<html>", "HTML"),
        (b'{"type": "FeatureCollection", "features": []}', "0 features"), (b"a,b\n1,2\n", "lacks host_iso3"),
        ((HEADER.strip() + ",Passport number\n").encode(), "about a person"), (b"[1]", "no GeoJSON"), (b"", "empty"),
    ],
)  # fmt: skip
def test_f06_what_is_no_list_is_refused(body, reason):
    with pytest.raises(PayloadRejected, match=reason):
        list(SOURCE.parse(Payload("x.csv", body)))


def test_f47_a_later_list_adds_what_changed_and_the_same_one_nothing(store: Store, tmp_path: Path):
    archive = Archive(tmp_path)
    assert load(store, archive, SOURCE, [ukraine("Operational", "2023-05-30")])["new"] == 7
    assert load(store, archive, SOURCE, [ukraine("Operational", "2023-05-30")])["new"] == 0
    counts = load(store, archive, SOURCE, [ukraine("Closed", "2023-06-30")])
    assert (counts["new"], counts["deleted"]) == (2, 0)
    before = store.read(StatusPeriod, as_of=datetime(2023, 6, 15, tzinfo=UTC))
    assert set(before["status"]) == {"open"}
    newest = store.read(StatusPeriod).sort_values("start_date").groupby("border_point_id").tail(1)
    assert newest["status"].tolist() == ["closed", "closed"]


def test_a_newer_list_ends_the_older_status_and_one_that_comes_back_begins_anew(store: Store, tmp_path: Path):
    told = [("Operational", "05-30"), ("Closed", "06-30"), ("Closed", "07-15"), ("Operational", "08-31")]
    for status, day in told:
        load(store, Archive(tmp_path), SOURCE, [ukraine(status, f"2023-{day}")])
    wanted = [("open", "05-30", "06-30"), ("closed", "06-30", "08-31"), ("open", "08-31", None)]
    for _, periods in store.read(StatusPeriod).sort_values("start_date").groupby("border_point_id"):
        found = periods[["status", "start_date", "end_date"]].itertuples(index=False, name=None)
        assert [(s, f"{a:%m-%d}", None if pd.isna(b) else f"{b:%m-%d}") for s, a, b in found] == wanted
    in_july = store.read(StatusPeriod, as_of=datetime(2023, 7, 20, tzinfo=UTC))
    assert in_july[in_july["status"] == "closed"]["end_date"].isna().all(), "an end is known when it ends"
    for status, day in told:
        counts = load(store, Archive(tmp_path), SOURCE, [ukraine(status, f"2023-{day}"), own("a,A,CAF,TCD,,,,")])
        assert (counts["revised"], counts["deleted"]) == (0, 0), "told again, in any order, they change nothing"


def test_an_older_list_that_comes_late_ends_where_the_known_status_begins(store: Store, tmp_path: Path):
    for status, day in (("Operational", "2023-08-31"), ("Closed", "2023-05-30")):
        load(store, Archive(tmp_path), SOURCE, [ukraine(status, day)])
    ends = store.read(StatusPeriod).set_index("status")["end_date"]
    assert ends["open"].isna().all()
    assert set(ends["closed"]) == {pd.Timestamp("2023-08-31")}


def test_fetch_takes_the_geojson_of_the_list_for_ukraine():
    address = "https://data.humdata.org/download/ukr_border_crossings.geojson"
    files = [{"format": "XLSX"}, {"format": "GeoJSON", "name": "ukr_border_crossings.geojson", "url": address}]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("package_show"):
            return httpx.Response(200, json={"result": {"resources": files}})
        assert str(request.url) == address
        return httpx.Response(200, content=b"{}")

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        (found,) = SOURCE.fetch(client, Window(datetime(2026, 1, 1, tzinfo=UTC)))
    assert (found.name, found.content) == ("ukr_border_crossings.geojson", b"{}")


def test_a_catalogue_without_the_list_is_refused():
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"result": {"resources": []}}))
    with httpx.Client(transport=transport) as client, pytest.raises(PayloadRejected, match="no GeoJSON file"):
        list(SOURCE.fetch(client, Window(datetime(2026, 1, 1, tzinfo=UTC))))
