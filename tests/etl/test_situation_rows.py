from datetime import date

import pytest
from shapely import box

from data.errors import PayloadRejected
from etl.situation_rows import Whole, resolve
from etl.situation_tables import read_table

OUTLINES = {"AAA": box(0, 0, 2, 2), "BBB": box(2, 0, 4, 2)}
SITUATION = (
    "id,title,origin_iso3,start_date,end_date,conflict_lag_days,registration_lag_days,source,licence\n"
    "s,A situation,AAA,2020-01-01,2020-12-31,30,0,nobody,none\n"
)
PLACES = "id,name,kind,country_iso3,longitude,latitude\na,A,town,AAA,1,1\nb,B,site,BBB,3,1\n"
GATE = "g,G,border_point,BBB,2,1\n"
ROUTES = "from_id,to_id,distance_km,border_point_id\na,b,250,"
POINTS = "id,origin_iso3,host_iso3\ng,AAA,BBB\n"


def whole(**tables: str) -> Whole:
    content = {"situation": SITUATION, "places": PLACES, "routes": ROUTES + "\n"} | tables
    return resolve({name: read_table(name, text.encode()) for name, text in content.items()}, OUTLINES)


def reasons(found: Whole) -> dict[str, str]:
    return {reject.locator: f"{reject.table_name}: {reject.reason}" for reject in found.rejects}


def test_places_and_routes_alone_derive_the_rest():
    found = whole()
    assert found.rejects == []
    assert found.frames["border_points"]["id"].tolist() == ["a-b"]
    assert found.frames["places"]["id"].tolist() == ["a", "b", "a-b"]
    assert found.frames["routes"]["border_point_id"].tolist() == ["a-b"]
    assert found.frames["links"][["border_point_id", "site_id"]].to_numpy().tolist() == [["a-b", "b"]]
    assert found.frames["sites"][["id", "kind"]].to_numpy().tolist() == [["b", "unknown"]]
    assert "status_periods" not in found.frames
    assert found.frames["places"]["coordinate_quality"].tolist() == ["published", "published", "derived_approximate"]


def test_what_cannot_be_derived_is_told_at_the_place():
    found = whole(places="id,name,kind,country_iso3,note\na,A,town,AAA,\nb,B,site,BBB,Known.\n")
    assert found.frames["border_points"].empty
    assert found.frames["links"].empty
    assert found.frames["places"]["note"].tolist()[1].startswith("Known. No border point: an end of the road A–B")
    assert found.frames["places"]["coordinate_quality"].tolist() == ["unknown", "unknown"]


def test_given_border_points_are_taken_and_linked():
    found = whole(places=PLACES + GATE, routes=ROUTES + "g\n", border_points=POINTS)
    assert found.rejects == []
    assert found.frames["border_points"]["kind"].tolist() == ["unknown"]
    assert found.frames["links"]["distance_km"].tolist() == pytest.approx([125.0])


def test_border_points_without_their_table_are_refused():
    for tables in ({"places": PLACES + GATE}, {"routes": ROUTES + "g\n"}):
        with pytest.raises(PayloadRejected, match=r"border_points\.csv: is missing"):
            whole(**tables)
    with pytest.raises(PayloadRejected, match="leave the file out"):
        whole(places=PLACES + GATE, border_points="id,origin_iso3,host_iso3\n")


def test_rows_that_name_nothing_known_are_rejected_with_their_line():
    found = whole(
        places=PLACES + GATE + "h,H,border_point,BBB,2,1.5\n" + "a,Again,town,AAA,1,1\n",
        routes=ROUTES + "g\na,zz,10,\nb,b,10,\nb,a,20,\nb,g,0,\na,g,5,nope\n",
        border_points=POINTS + "b,AAA,BBB\n",
        sites="id,kind\nb,camp\na,camp\nb,camp\n",
        links="border_point_id,site_id,distance_km\ng,b,1\nh,b,1\ng,a,1\ng,b,2\n",
        status_periods="border_point_id,origin_iso3,host_iso3,start_date,status\n"
        "g,,,2020-02-01,closed\nzz,,,2020-02-01,closed\n,AAA,CCC,2020-02-01,closed\ng,AAA,BBB,2020-02-01,closed\n"
        ",AAA,,2020-02-01,closed\n,BBB,AAA,2020-02-01,open\n",
        conflict_periods="place_id,start_date,intensity,source\na,2020-01-01,1,x\nzz,2020-01-01,1,x\na,2020-01-01,1,x\n",
    )
    assert reasons(found) == {
        "places.csv row 5": "place: id a is used by a row before",
        "places.csv row 4": "border_point: h has no row in border_points.csv",
        "routes.csv row 2": "route: to_id zz is not in places.csv",
        "routes.csv row 3": "route: leads from b to itself",
        "routes.csv row 4": "route: b and a are joined by a row before",
        "routes.csv row 5": "route: has no length: 0.0 km",
        "routes.csv row 6": "route: border_point_id nope is no border point",
        "border_points.csv row 2": "border_point: id b is no place of kind border_point",
        "sites.csv row 2": "site: id a is no place of kind site",
        "sites.csv row 3": "site: id b is used by a row before",
        "links.csv row 2": "link: border_point_id h is no border point",
        "links.csv row 3": "link: site_id a is no place of kind site",
        "links.csv row 4": "link: g and b are linked by a row before",
        "status_periods.csv row 2": "status_period: no border point is known there",
        "status_periods.csv row 3": "status_period: no border point is known there",
        "status_periods.csv row 4": "status_period: names neither one border point nor one pair of countries",
        "status_periods.csv row 5": "status_period: names neither one border point nor one pair of countries",
        "status_periods.csv row 6": "status_period: g has a period from 2020-02-01 already",
        "conflict_periods.csv row 2": "conflict_period: place_id zz is not in places.csv",
        "conflict_periods.csv row 3": "conflict_period: a has a period from 2020-01-01 already",
    }
    assert [len(found.frames[name]) for name in ("places", "routes", "border_points", "links")] == [4, 1, 1, 1]


def test_a_place_the_database_would_refuse_carries_nothing():
    found = whole(places=PLACES.replace("b,B,site,BBB,3,1", "b,B,site,BBB,3,91"))
    assert reasons(found) == {
        "places.csv row 2": "place: latitude breaks the rule latitude >= -90 and latitude <= 90 (91.0)",
        "routes.csv row 1": "route: to_id b is not in places.csv",
    }
    assert found.frames["border_points"].empty


def test_a_period_of_a_border_is_for_each_of_its_points_and_ends_when_it_ends():
    found = whole(
        status_periods="origin_iso3,host_iso3,start_date,end_date,status\n"
        "BBB,AAA,2020-02-01,2020-03-01,closed\nAAA,BBB,2020-04-01,2020-12-31,closed\nAAA,BBB,2020-05-01,,open\n"
    )
    periods = found.frames["status_periods"]
    assert periods["border_point_id"].tolist() == ["a-b"] * 3
    assert periods["end_date"].tolist() == [date(2020, 3, 1), None, None]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SITUATION.splitlines()[0] + "\n", "has 0 rows"),
        (SITUATION + SITUATION.splitlines()[1] + "\n", "has 2 rows"),
        (SITUATION.replace("2020-12-31", "2019-12-31"), "ends on 2019-12-31, before its start on 2020-01-01"),
        (SITUATION.replace(",30,", ",,"), "conflict_lag_days is missing"),
    ],
)
def test_a_situation_is_described_by_one_good_row(text, reason):
    with pytest.raises(PayloadRejected, match=reason):
        whole(situation=text)


def test_a_situation_without_an_end_takes_ends_as_they_are():
    found = whole(
        situation=SITUATION.replace("2020-12-31", ""),
        status_periods="origin_iso3,host_iso3,start_date,end_date,status\nAAA,BBB,2020-02-01,2022-03-01,closed\n",
    )
    assert found.frames["status_periods"]["end_date"].tolist() == [date(2022, 3, 1)]
