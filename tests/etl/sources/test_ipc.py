"""Food insecurity by phase."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest

from data.errors import ConfigurationMissing, PayloadRejected
from etl.source import Payload, Reject, Rows, Window
from etl.sources.ipc import Ipc

PAYLOADS = Path(__file__).parents[2] / "payloads" / "ipc"
NOW = datetime(2023, 10, 1, tzinfo=UTC)
SOURCE = Ipc(clock=lambda: NOW)


def rows(name: str) -> pd.DataFrame:
    found = SOURCE.parse(Payload(name, (PAYLOADS / name).read_bytes()))
    return pd.concat([item.frame for item in found if isinstance(item, Rows)], ignore_index=True)


def test_figures_of_country_and_nested_areas_with_their_months():
    found = rows("population-country-cf.json").set_index(["area_id", "indicator", "breakdown", "quality"])["value"]
    assert found["CAF", "ipc_people_in_phase", "phase 3+", "reported"] == 2_400_000
    assert found["CAF", "ipc_share_in_phase", "phase 3+", "forecast"] == 0.35
    assert found["CAF", "ipc_people_in_phase", "phase 5", "reported"] == 0
    assert found["CAF/Exampleprefecture/Example Town", "ipc_people_in_phase", "phase 3+", "reported"] == 60_000
    ahead = rows("population-country-cf.json").query("quality == 'forecast'")
    assert set(ahead["period_end_date"].astype(str)) == {"2024-03-31", "2022-08-31"}


def test_a_period_without_phases_gives_no_population():
    found = rows("population-country-cf.json")
    assert "CAF/Exampleprefecture" not in set(found["area_id"])


def test_the_table_says_the_same_in_the_same_words():
    known = {"population-country-cf.json", "long.csv"}
    same = [
        set(frame.loc[(frame["area_id"] == "CAF") & (frame["quality"] == "reported"), "breakdown"])
        for frame in map(rows, known)
    ]
    assert {"all", "phase 3+"} <= same[0] & same[1]


def test_f27_an_empty_figure_is_missing_and_zero_is_zero():
    found = rows("long.csv").query("indicator == 'ipc_people_in_phase'").set_index("breakdown")["value"]
    assert found["phase 5"] == 0
    assert pd.isna(found["phase 4"])


def test_what_is_wrong_is_said():
    body = (PAYLOADS / "population-country-cf.json").read_bytes()
    reasons = " ".join(item.reason for item in SOURCE.parse(Payload("x", body)) if isinstance(item, Reject))
    for part in ("country is none (ZZ)", "analysis_date", "current_period_dates", "about 5", "does not tell"):
        assert part in reasons


def test_areas_within_areas_without_end_are_refused():
    inner: dict = {"name": "x"}
    for _ in range(6):
        inner = {"name": "x", "areas": [inner]}
    analysis = {"country": "CF", "condition": "A", "analysis_date": "Jan 2021", **inner}
    (found,) = SOURCE.parse(Payload("x", httpx.Response(200, json=[analysis]).content))
    assert "levels" in found.reason


def test_f13_the_key_is_needed_and_no_error_shows_it(monkeypatch):
    monkeypatch.setenv("WAYPOST_COUNTRIES", "CAF")
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(403))) as client:
        monkeypatch.delenv("WAYPOST_IPC_KEY", raising=False)
        with pytest.raises(ConfigurationMissing):
            list(SOURCE.fetch(client, Window(NOW)))
        monkeypatch.setenv("WAYPOST_IPC_KEY", "secret")
        with pytest.raises(PayloadRejected, match="403") as refusal:
            list(SOURCE.fetch(client, Window(NOW)))
    assert "secret" not in str(refusal.value)
