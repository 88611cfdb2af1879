"""Rows of hazards, indicators and displaced people around the made-up situations of `tests.worlds`."""

from datetime import UTC, datetime
from functools import cache

from data.schema.displacement import Displacement
from data.schema.hazard_event import HazardEvent
from data.schema.indicator import Indicator
from models.panel import FOOD, RAIN
from tests.worlds import day, facts, growing, known_rows


def instant(number: int) -> datetime:
    return datetime.combine(day(number), datetime.min.time(), UTC)


def hazard(number: int, kind: str, colour: str = "red", **more) -> dict:
    return {
        "source_id": "made-up", "event_id": str(number), "kind": kind, "title": kind, "alert_level": colour,
        "started_at": instant(number), "ended_at": None, "modified_at": instant(number), "is_current": True,
        "longitude": 0.3, "latitude": 0.1, "known_from": instant(number + 1), **more,
    }  # fmt: skip


def indicator(name: str, number: int, value: float, breakdown: str = "", **more) -> dict:
    return {
        "source_id": "made-up", "indicator": name, "breakdown": breakdown, "country_iso3": "AAA", "area_id": "AA01",
        "area_id_kind": "pcode", "admin_level": 1, "period_start_date": day(number - 30),
        "period_end_date": day(number), "value": value, "unit": "%", "quality": "reported", "longitude": 0.1,
        "latitude": 0.0, "known_from": instant(number + 5), **more,
    }  # fmt: skip


def displaced(number: int, people: int | None, **more) -> dict:
    return {
        "source_id": "made-up", "record_id": str(number), "series": "one", "population_group": "idp",
        "measure": "stock", "country_iso3": "AAA", "admin_level": 1, "area_pcode": "AA01",
        "period_start_date": day(number), "period_end_date": day(number), "people": people, "is_additive": True,
        "longitude": 0.1, "latitude": 0.0, "known_from": instant(number + 10), **more,
    }  # fmt: skip


@cache
def world(last: int, odd: int = 1, cut: int = 0) -> dict:
    """Everything a feature can see up to a day; ``odd`` changes the figures from the day ``cut`` on."""

    def changed(number: int) -> int:
        return odd if number >= cut else 1

    stock = {
        place: [(d, people * changed(d)) for d, people in reports if d <= last]
        for place, reports in growing(days=last + 1).items()
    }
    frames = facts(
        stock,
        events=[(d, 0.5 * changed(d), 0.1) for d in (10 + k * k for k in range(32)) if d < last],
        status=[("p-s0", d, d + 20, "closed") for d in range(100, last, 150)],
    )
    kinds = ("flood", "tropical_cyclone", "earthquake", "drought", "wildfire")
    every = range(20, last, 30)
    return {
        **frames,
        HazardEvent: known_rows(HazardEvent, [hazard(d, kinds[i % 5]) for i, d in enumerate(every)]),
        Indicator: known_rows(
            Indicator,
            [indicator(RAIN, d, 60.0 + (d % 90) * changed(d)) for d in every]
            + [indicator(FOOD, d, (0.2 + d / 10_000) / changed(d), "phase 3+") for d in every],
        ),
        Displacement: known_rows(Displacement, [displaced(d, (1000 + 10 * d) * changed(d)) for d in every]),
    }
