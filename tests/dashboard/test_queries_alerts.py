"""Public warnings on the situation page: only what is in force, here, at the clock."""

import pytest
from shapely import Point

from dashboard.components.alert_list import MOST_SHOWN, alert_list
from dashboard.queries import View
from dashboard.queries_alerts import alerts
from data.schema.public_alert import PublicAlert
from tests.surroundings import instant
from tests.worlds import day, facts, growing, known_rows, load

NEAR = Point(0.1, 0.0).buffer(0.2, 2).wkt


def alert(identifier: str, **more) -> dict:
    return {
        "sender": "met", "identifier": identifier, "sent_at": instant(50), "language": "fr", "part": 1,
        "source_id": "made-up", "status": "actual", "message_type": "alert", "reference_list": "", "categories": "Met",
        "event": "Flood", "urgency": "expected", "severity": "moderate", "certainty": "likely", "headline": identifier,
        "geocodes": "", "is_signed": False, "area_wkt": NEAR, "known_from": instant(50), **more,
    }  # fmt: skip


@pytest.fixture
def seen(store):
    """Load alerts beside a situation; return what is in force on a day."""

    def at(rows: list[dict], number: int = 60):
        load(store, {**facts(growing(1, days=100)), PublicAlert: known_rows(PublicAlert, rows)})
        return alerts(View(store, "w", day(number)))

    return at


def test_only_warnings_in_force_near_the_situation_or_for_its_countries_are_shown_the_severest_first(seen):
    found = seen(
        [
            alert("near"),
            alert("far", area_wkt=Point(60, 40).buffer(1).wkt),
            alert("named", area_wkt=None, geocodes="ISO3=AAA; P-code=AA01", severity="extreme"),
            alert("elsewhere", area_wkt=None, geocodes="ISO3=ZZZ"),
            alert("exercise", status="exercise"),
            alert("test", status="test"),
            alert("over", expires_at=instant(55)),
            alert("later", sent_at=instant(70), known_from=instant(70)),
            alert("ended"),
            alert("end", message_type="cancel", sent_at=instant(52), known_from=instant(52),
                  reference_list=f"met,ended,{instant(50).isoformat()}"),
        ]
    )  # fmt: skip
    assert found["identifier"].tolist() == ["named", "near"]


def test_a_warning_in_two_languages_is_shown_once_in_english(seen):
    found = seen([alert("one", language="es"), alert("one", language="en-GB", headline="Rivers rise")])
    assert found["headline"].tolist() == ["Rivers rise"]


def test_what_is_not_listed_is_counted_and_a_quiet_day_says_so(seen):
    told = str(alert_list(seen([alert(f"a{i:02}") for i in range(MOST_SHOWN + 3)]), day(60)))
    assert f"in force here on 1 Mar 2020: {MOST_SHOWN + 3}" in told
    assert "and 3 more" in told
    assert "no end set" in told
    assert "No public warning" in str(alert_list(seen([], 40), day(40)))
