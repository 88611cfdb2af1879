"""Food insecurity by phase."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest

from data.errors import ConfigurationMissing, IdentityBreak, PayloadRejected
from data.schema.indicator import Indicator
from etl import pipeline
from etl.archive import Archive
from etl.source import Payload, Reject, Replaces, Rows, Window
from etl.sources.ipc import Ipc
from etl.whole import A_PART

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


def test_an_empty_figure_is_missing_and_zero_is_zero():
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
    found, _ = SOURCE.parse(Payload("x", httpx.Response(200, json=[analysis]).content))
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


def told(body: str) -> pd.DataFrame:
    found = SOURCE.parse(Payload("x.csv", body.encode()))
    return pd.concat([item.frame for item in found if isinstance(item, Rows)], ignore_index=True)


SHARE_OF_ALL = """Date of analysis,Country,Validity period,From,To,Phase,Number,Percentage
Jan 2023,TCD,current,2023-01-01,2023-02-28,all,10,1
"""
OLD_WIDE = """analysis_date,country_iso3,population,period_start,period_end,affected_population,p3plus_population,\
p3plus_percentage,phase1_population,phase1_percentage,period_start_projected,period_end_projected,\
phase5_population_projected,phase5_percentage_projected
#date+analysis,#country+code,#population,#date+start,#date+end,#affected,#affected+p3,#pct,#a,#b,#c,#d,#e,#f
Jun 2021,TCD,900,2021-06-01,2021-09-01,100,49,0.49,51,0.51,2021-10-01,2022-03-01,0,0
"""
OLD_LONG = """analysis_date,country_iso3,level1_name,projection,period_start,period_end,phase,number_affected,\
percentage_affected
Jun 2021,TCD,Lac,current,2021-06-01,2021-09-01,P3+,49,0.49
Jun 2021,TCD,Lac,projected,2021-10-01,2022-03-01,5,0,0
"""
WIDE = """Date of analysis,Country,Level 1,Area,Current from,Current to,Population analyzed current,\
Phase 3+ number current,Phase 3+ percentage current,Second projection from,Second projection to,\
Phase 1 number second projection
Jun 2021,TCD,Lac,Mamdi,2021-06-01,2021-09-30,100,49,0.49,,,
Jun 2021,TCD,Lac,Wayi,2021-06-01,2021-09-30,10,~5,0.5,2022-01-01,2022-02-28,7
"""


def test_wide_and_older_files_give_the_figures_of_a_long_one():
    key = ["indicator", "breakdown", "quality"]
    wide = told(OLD_WIDE).set_index(key)
    assert wide.loc[("ipc_people_in_phase", "all", "reported"), "value"] == 100
    assert wide.loc[("ipc_share_in_phase", "phase 3+", "reported"), "value"] == 0.49
    assert wide.loc[("ipc_people_in_phase", "phase 5", "forecast"), "value"] == 0
    assert pd.isna(wide.loc[("ipc_people_in_phase", "phase 4", "forecast"), "value"])
    assert ("ipc_share_in_phase", "all", "reported") not in wide.index
    assert set(wide["period_end_date"].astype(str)) == {"2021-09-30", "2022-03-31"}
    long = told(OLD_LONG).set_index(key)
    assert long.loc[("ipc_people_in_phase", "phase 3+", "reported"), ["value", "area_id"]].tolist() == [49, "TCD/Lac"]
    assert set(long["period_end_date"].astype(str)) == {"2021-09-30", "2022-03-31"}


def test_a_period_that_a_wide_row_does_not_tell_is_none_and_a_fault_costs_its_own_phase():
    frame = told(WIDE)
    assert set(frame.loc[frame["area_id"] == "TCD/Lac/Mamdi", "quality"]) == {"reported"}
    assert set(frame.loc[frame["area_id"] == "TCD/Lac/Wayi", "quality"]) == {"reported", "forecast"}
    rejects = [item for item in SOURCE.parse(Payload("x.csv", WIDE.encode())) if isinstance(item, Reject)]
    assert [(item.locator, "~5" in item.reason) for item in rejects] == [("line 3", True)]


def test_f27_a_table_of_something_else_is_refused_with_what_it_lacks():
    with pytest.raises(PayloadRejected, match="lacks the columns Country, Date of analysis"):
        told("a,b\n1,2\n")


def analysis(month: str, months: str, *areas: str, country: str = "TD") -> dict:
    figures = {"p3plus": 5, "p3plus_percentage": 0.5, "estimated_population": 10}
    told = {"country": country, "condition": "A", "analysis_date": month, "current_period_dates": months, **figures}
    return told | {"areas": [{"name": area, **figures} for area in areas]}


def test_f52_a_figure_that_the_list_of_a_country_lacks_is_deleted_and_no_other(store, tmp_path):
    def load(*analyses: dict, name: str = "population-country-td.json") -> int:
        payload = Payload(name, httpx.Response(200, json=list(analyses)).content)
        return pipeline.load(store, Archive(tmp_path), SOURCE, [payload])["deleted"]

    def known(**at: datetime) -> list[str]:
        found = store.read(Indicator, **at)
        return sorted(set(found["area_id"] + found["period_start_date"].dt.strftime(" %y-%m")))

    old, new = analysis("May 2021", "May 2021 - Jun 2021", "A"), analysis("Jan 2023", "Jan 2023 - Feb 2023", "A", "B")
    withdrawn = analysis("May 2022", "May 2022 - Jun 2022", "A")
    load(old, withdrawn, new)
    load(analysis("May 2022", "May 2022 - Jun 2022", country="CF"), name="population-country-cf.json")
    pipeline.load(store, Archive(tmp_path), SOURCE, [Payload("x.csv", SHARE_OF_ALL.encode())])
    before = datetime.now(UTC)
    assert load(new, name="one analysis.json") == load(new) == 0  # its months only
    assert load(old, new) == 6
    assert known() == ["CAF 22-05", "TCD 21-05", "TCD 23-01", "TCD/A 21-05", "TCD/A 23-01", "TCD/B 23-01"]
    assert "TCD/A 22-05" in known(as_of=before)
    with pytest.raises(IdentityBreak):
        load(analysis("May 2021", "May 2021 - Feb 2023"))


def test_files_replace_nothing_and_say_so():
    found = [*SOURCE.parse(Payload("x.csv", WIDE.encode())), *SOURCE.parse(Payload("x.json", b'[{"condition": "C"}]'))]
    assert found.count(A_PART) == 2
    assert not any(isinstance(item, Replaces) for item in found)


def test_the_map_of_an_analysis_is_refused_with_what_it_lacks():
    with pytest.raises(PayloadRejected, match="neither its country nor its months"):
        list(SOURCE.parse(Payload("ipc_afg.geojson", b'{"type": "FeatureCollection", "features": []}')))
