import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

import data
from data.errors import InputRejected, PayloadRejected
from data.schema.border_point import BorderPoint
from data.schema.conflict_event import ConflictEvent
from data.schema.link import Link
from data.schema.observation import Observation
from data.schema.place import Place
from data.schema.quarantine import Quarantine
from data.schema.route import Route
from data.schema.situation import Situation
from data.schema.status_period import StatusPeriod
from data.store import Store
from etl.archive import Archive
from etl.situation import load, read

FOLDERS = Path(__file__).parents[1] / "payloads" / "situation"
CAR2013 = Path(data.__file__).parent / "reference" / "situations" / "car2013"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "raw")


@pytest.fixture
def valley(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDERS / "valley", tmp_path / "valley"))


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def changed(counts: dict[str, dict[str, int]]) -> dict[str, int]:
    return {source: rows["new"] + rows["revised"] + rows["deleted"] for source, rows in counts.items()}


def test_a_folder_is_read_geography_first(valley):
    folder = read(valley)
    assert (folder.facts.id, folder.facts.conflict_lag_days, folder.facts.registration_lag_days) == ("valley", 30, 2)
    assert [(source, payload.name) for source, payload in folder.payloads] == [
        ("situation", "valley.zip"), ("counts", "valley/observations.csv"),
    ]  # fmt: skip
    with folder.payloads[0][1].open() as stream, zipfile.ZipFile(stream) as bundle:
        assert bundle.read("routes.csv") == (valley / "routes.csv").read_bytes()
        assert "observations.csv" not in bundle.namelist()


def test_the_same_folder_makes_the_same_bytes(valley):
    first = read(valley).payloads[0][1].content
    shutil.copy(valley / "routes.csv", valley / "x")
    shutil.move(valley / "x", valley / "routes.csv")
    assert read(valley).payloads[0][1].content == first


def test_what_is_no_situation_folder_is_refused(valley, tmp_path):
    with pytest.raises(InputRejected, match="is no folder"):
        read(tmp_path / "nowhere")
    (valley / "route.csv").write_text("x")
    with pytest.raises(InputRejected, match=r"route\.csv is no table of a situation; known are border_points\.csv"):
        read(valley)
    (valley / "route.csv").unlink()
    rewrite(valley / "situation.csv", "valley,", "The Valley,")
    with pytest.raises(PayloadRejected, match="id is no id"):
        read(valley)
    (valley / "situation.csv").unlink()
    with pytest.raises(InputRejected, match=r"lacks situation\.csv"):
        read(valley)


def test_two_towns_land_with_their_border_point(store: Store, archive: Archive):
    counts = load(store, archive, FOLDERS / "two_towns")
    assert counts["situation"]["quarantined"] == 0
    assert store.read(BorderPoint)["id"].tolist() == ["two-towns:amani-bora"]
    assert store.read(Link)["site_id"].tolist() == ["two-towns:bora"]
    start = datetime(2020, 1, 1, tzinfo=UTC)
    assert len(store.read(Place, as_of=start)) == 3
    assert store.read(Place, as_of=datetime(2019, 12, 31, tzinfo=UTC)).empty


def test_a_second_load_changes_nothing_and_an_edit_makes_a_version(store: Store, archive: Archive, valley: Path):
    assert min(changed(load(store, archive, valley)).values()) > 0
    assert set(changed(load(store, archive, valley)).values()) == {0}
    rewrite(valley / "places.csv", "dara,Dara", "dara,New Dara")
    rewrite(valley / "routes.csv", "amani,n7,40,\n", "")
    counts = load(store, archive, valley)["situation"]
    assert (counts["new"], counts["revised"], counts["deleted"]) == (0, 1, 1)
    assert store.history(Place, id="valley:dara")["name"].tolist() == ["Dara", "New Dara"]
    assert len(store.read(Route)) == 3


def test_a_closure_is_open_ended_until_it_ends(store: Store, archive: Archive, valley: Path):
    load(store, archive, valley)
    seen = {}
    for month in (1, 3, 5):
        known = store.read(StatusPeriod, as_of=datetime(2020, month, 1, tzinfo=UTC), border_point_id="valley:gate")
        seen[month] = [(row.status, str(row.end_date)[:10]) for row in known.itertuples()]
    assert seen == {1: [], 3: [("closed", "NaT")], 5: [("closed", "2020-04-15")]}


def test_a_place_outside_its_country_takes_its_roads_along_to_quarantine(store: Store, archive: Archive, valley: Path):
    rewrite(valley / "places.csv", "cela,Céla,site,TCD,,16.20,8.10", "cela,Céla,site,TCD,,16.20,-8.10")
    load(store, archive, valley)
    rejected = store.read(Quarantine)
    assert "lies more than 25 km outside TCD" in rejected.loc[rejected["table_name"] == "place", "reason"].item()
    assert set(rejected["table_name"]) == {"place", "site", "link", "route"}


def test_two_situations_live_beside_each_other(store: Store, archive: Archive, valley: Path):
    load(store, archive, valley)
    load(store, archive, FOLDERS / "two_towns")
    assert set(store.read(Situation)["id"]) == {"valley", "two-towns"}
    assert set(store.read(Place)["situation_id"].value_counts()) == {7, 3}


def test_the_reference_situation_lands_whole(store: Store, archive: Archive):
    counts = load(store, archive, CAR2013)
    assert {source: rows["quarantined"] for source, rows in counts.items()} == {"situation": 0, "counts": 0, "ucdp": 0}
    assert len(store.read(BorderPoint)) == 10
    assert len(store.read(Observation)) == 377
    assert len(store.read(ConflictEvent)) == 835
    march = datetime(2014, 3, 1, tzinfo=UTC)
    closed = store.read(StatusPeriod, as_of=march)
    assert set(closed["border_point_id"]) == {"car2013:bangui-mole", "car2013:mobaye-gbadolite", "car2013:zemio-mboti"}
    assert closed["end_date"].isna().all()
    known = store.read(Observation, as_of=march)
    assert not set(known["place_id"]) & {"car2013:east", "car2013:adamaoua", "car2013:betou", "car2013:bili"}
    events = store.read(ConflictEvent, as_of=march)
    assert str(events["end_date"].max())[:10] <= "2014-01-30"
