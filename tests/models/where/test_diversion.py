"""Where the forecast people go when a crossing closes or opens: the sums stay, whatever the roads are."""

import pandas as pd
import pytest

from data.errors import InputRejected
from data.schema.border_point import BorderPoint
from data.schema.link import Link
from data.schema.place import Place
from data.schema.route import Route
from models.panel import Panel
from models.routing import INFORMAL_SHARE, RESTRICTED_SHARE
from models.where.diversion import NO_CROSSING, ON_THE_WAY, STRANDED, Position, if_closed, if_opened, table
from tests.worlds import day, facts, growing, panel

AT, DAYS = 120, 30


def expected(*points: str, a_day: float = 10.0, days: int = 90) -> pd.DataFrame:
    """Cumulative arrivals: as many people every day, three times as many at P90."""
    rows = [(f"w:{point}", n, a_day * n, 3 * a_day * n) for point in points for n in range(1, days + 1)]
    return pd.DataFrame(rows, columns=["place_id", "horizon_days", "q50", "q90"])


def closed(known: Panel, point: str = "w:p-s0", **more) -> pd.DataFrame:
    everywhere = [p.removeprefix("w:") for p in known.point_ids]
    return if_closed(known, point, expected(*everywhere, **more), DAYS).set_index("place_id")


def conserved(found: pd.DataFrame) -> bool:
    sums = found.sum(numeric_only=True)
    return all(sums[f"{q}_after"] == pytest.approx(sums[f"{q}_before"]) for q in ("q50", "q90"))


KEPT = {"open": INFORMAL_SHARE, "restricted": INFORMAL_SHARE / RESTRICTED_SHARE, "closed": 1.0}


@pytest.mark.parametrize("status", KEPT)
@pytest.mark.parametrize("a_day", [0.0, 0.01, 10_000.0])
def test_nobody_is_lost_and_no_other_crossing_loses_anybody(a_day, status):
    known = panel(AT, growing(3, days=100), status=[("p-s0", 60, None, status)])
    found = closed(known, a_day=a_day)
    assert conserved(found)
    others = found.drop("w:p-s0")
    assert (others["q50_after"] >= others["q50_before"] - 1e-6).all()
    assert found["q90_after"]["w:p-s0"] == pytest.approx(KEPT[status] * 3 * a_day * DAYS)


def test_people_arrive_later_and_those_who_do_not_arrive_in_time_are_on_the_way():
    frames = facts(growing(2, days=100))
    way = {"from_id": "w:s1", "to_id": "w:s0", "distance_km": 350.0, "border_point_id": None, "version_id": 99}
    frames[Route] = pd.concat([frames[Route], frames[Route].iloc[[0]].assign(**way)], ignore_index=True)
    also = frames[Link].iloc[[0]].assign(border_point_id="w:p-s1", distance_km=450.0, version_id=99)
    frames[Link] = pd.concat([frames[Link], also], ignore_index=True)
    found = closed(Panel(frames, "w", day(AT)))
    later = found["delay_days"]["w:p-s1"]
    assert 1 < later <= 10
    assert found["q50_after"][ON_THE_WAY] == pytest.approx(0.85 * 10 * round(later))
    assert found["q50_after"][STRANDED] == 0
    assert conserved(found)


def test_who_has_no_other_road_is_stranded_and_counted():
    only = panel(AT, growing(1, days=100))
    found = closed(only)
    assert found["q50_after"][STRANDED] == pytest.approx((1 - INFORMAL_SHARE) * 10 * DAYS)
    assert conserved(found)
    frames = facts(growing(2, days=100))
    town = frames[Place].query("id == 'w:town'").assign(id="w:far", latitude=5.0, version_id=99)
    frames[Place] = pd.concat([frames[Place], town], ignore_index=True)
    frames[Route].loc[0, "from_id"] = "w:far"
    some = closed(Panel(frames, "w", day(AT)))
    assert some["q50_after"][STRANDED] > 0.5 * 10 * DAYS, "those of w:far have no road but the closed one"
    assert conserved(some)


def test_without_roads_or_links_the_people_are_still_told():
    frames = facts(growing(2, days=100))
    frames[Route], frames[Link] = frames[Route].iloc[:0], frames[Link].iloc[:0]
    found = closed(Panel(frames, "w", day(AT)))
    assert found["q50_after"][STRANDED] == pytest.approx((1 - INFORMAL_SHARE) * 10 * DAYS)
    assert conserved(found)


def test_sites_that_no_crossing_is_known_of_receive_too():
    frames = facts(growing(3, days=100))
    frames[Link] = frames[Link].query("site_id != 'w:s2'")
    found = closed(Panel(frames, "w", day(AT)))
    assert found["q50_after"][NO_CROSSING] > 0
    assert conserved(found)


def test_a_point_where_people_arrive_without_a_site_receives_them():
    frames = facts(growing(2, days=100))
    port = frames[Place].query("id == 'w:p-s1'").assign(id="w:port", country_iso3="CCC", version_id=98)
    frames[Place] = pd.concat([frames[Place], port], ignore_index=True)
    point = frames[BorderPoint].iloc[[0]].assign(id="w:port", host_iso3="CCC", version_id=98)
    frames[BorderPoint] = pd.concat([frames[BorderPoint], point], ignore_index=True)
    road = frames[Route].iloc[[0]].assign(to_id="w:port", border_point_id="w:port", version_id=98)
    frames[Route] = pd.concat([frames[Route], road], ignore_index=True)
    known = Panel(frames, "w", day(AT))
    found = closed(known)
    assert found["q50_after"]["w:port"] > found["q50_before"]["w:port"]
    assert conserved(found)
    assert conserved(closed(known, "w:port"))


def test_a_point_that_never_reported_and_a_new_one_are_answered():
    known = panel(AT, growing(2, days=100), extra_sites=("s7",))
    assert conserved(closed(known, "w:p-s7"))
    nobody = if_closed(known, "w:p-s7", expected("p-s0"), DAYS).set_index("place_id")
    assert (nobody["q50_after"] == nobody["q50_before"]).all(), "no forecast there: nobody to divert"
    there = Position.told("BBB", "1.0", "0.1")
    found = if_opened(known, "w:new", there, expected("p-s0", "p-s1"), DAYS).set_index("place_id")
    assert found["q50_before"]["w:new"] == 0
    assert found["q50_after"]["w:new"] > 0
    assert conserved(found)
    assert "w:new" in table(found.reset_index(), known)
    assert "Nothing changes" in table(nobody.reset_index(), known)


def test_unknown_points_and_positions_are_refused():
    known = panel(AT, growing(2, days=100))
    with pytest.raises(InputRejected, match="w:nowhere"):
        if_closed(known, "w:nowhere", expected(), DAYS)
    for words in (("x", "1"), ("181", "1"), ("1", "-91"), ("nan", "1")):
        with pytest.raises(InputRejected, match="longitude"):
            Position.told("BBB", *words)
