import io
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from data.errors import ConfigurationMissing, PayloadRejected
from data.frames import check
from etl.situation_tables import REQUIRED
from etl.source import Payload, Reject, Replaces, Rows, Window
from etl.sources.situation import SituationSource, source, unpack

FOLDERS = Path(__file__).parents[2] / "payloads" / "situation"
GEOGRAPHY = SituationSource(outlines=lambda: {"CAF": box(14, 2, 27, 7.7), "TCD": box(13, 7.7, 24, 23)})


def zipped(folder: str, **changes: str | None) -> Payload:
    """A test folder's geography as a payload, files replaced or (None) left out."""
    files = {path.stem: path.read_text(encoding="utf-8") for path in (FOLDERS / folder).glob("*.csv")} | changes
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in files.items():
            if text is not None and (name in changes or name not in {"observations", "conflict_events"}):
                bundle.writestr(f"{folder}/{name}.csv", text)
        bundle.writestr(f"{folder}/README.txt", "a document")
    return Payload(f"{folder}.zip", buffer.getvalue())


def tables(payload: Payload) -> dict[str, pd.DataFrame]:
    items = list(GEOGRAPHY.parse(payload))
    return {item.table.__tablename__: item.frame for item in items if isinstance(item, Rows)}


def test_every_row_of_a_good_folder_fits_its_table():
    items = list(GEOGRAPHY.parse(zipped("valley")))
    assert not [item for item in items if isinstance(item, Reject)]
    for item in items:
        if isinstance(item, Rows):
            content = item.frame.drop(columns=["known_at", "assumed_known_at"], errors="ignore")
            assert check(content, item.table).reasons == {}
            assert item.locators.index.equals(item.frame.index)
            assert item.table in source.spec.tables
    assert [len(frame) for frame in tables(zipped("valley")).values()] == [1, 7, 2, 3, 2, 4, 4, 2]


def test_ids_carry_the_situation():
    found = tables(zipped("valley"))
    assert found["place"]["id"].str.startswith("valley:").all()
    assert found["place"]["situation_id"].unique().tolist() == ["valley"]
    assert found["border_point"]["opposite_id"].fillna("").tolist() == ["valley:amani", ""]
    assert found["route"]["border_point_id"].fillna("").tolist() == ["", "valley:gate", "", ""]
    assert found["situation"]["id"].tolist() == ["valley"]


def test_the_end_of_a_closure_is_known_when_it_ends():
    closed = tables(zipped("valley"))["status_period"].query("border_point_id == 'valley:gate' and status == 'closed'")
    assert closed["known_at"].tolist() == [datetime(2020, 2, 1, tzinfo=UTC), datetime(2020, 4, 15, tzinfo=UTC)]
    assert [pd.isna(end) for end in closed["end_date"]] == [True, False]
    # The second period ends on the situation's last day, which is only the end of the file.
    lasting = tables(zipped("valley"))["status_period"].query("status == 'restricted'")
    assert sorted(lasting["border_point_id"]) == ["valley:ford", "valley:gate"]
    assert lasting["end_date"].isna().all()


def test_conflict_is_known_after_its_lag():
    conflict = tables(zipped("valley"))["conflict_period"]
    assert conflict["known_at"].tolist() == [datetime(2020, 2, 9, tzinfo=UTC), datetime(2020, 6, 9, tzinfo=UTC)]


def test_geography_is_known_from_the_start_and_a_link_from_its_date():
    found = tables(zipped("valley"))
    start = datetime(2020, 1, 1, tzinfo=UTC)
    for name in ("situation", "place", "border_point", "site", "route"):
        assert set(found[name]["assumed_known_at"]) == {start}
    assert found["link"]["assumed_known_at"].tolist() == [start, datetime(2020, 3, 1, tzinfo=UTC)]


def test_two_places_and_a_road_are_enough():
    found = tables(zipped("two_towns"))
    assert found["border_point"]["id"].tolist() == ["two-towns:amani-bora"]
    point = found["place"].set_index("id").loc["two-towns:amani-bora"]
    assert (point["latitude"], point["coordinate_quality"]) == (7.7, "derived_approximate")
    assert found["link"]["site_id"].tolist() == ["two-towns:bora"]


def test_the_folder_replaces_what_was_known_of_it_unless_a_row_is_in_quarantine():
    replaced = {i.table.__tablename__: i for i in GEOGRAPHY.parse(zipped("valley")) if isinstance(i, Replaces)}
    assert set(replaced) == {table.__tablename__ for table in source.spec.tables} - {"situation"}
    assert replaced["place"].max_vanished_share < 1
    assert {item.values["prefix"] for item in replaced.values()} == {"valley:"}
    broken = zipped("valley", sites="id,kind\nbora,camp\nnobody,camp\n")
    items = list(GEOGRAPHY.parse(broken))
    assert [item.locator for item in items if isinstance(item, Reject)] == ["sites.csv row 2"]
    assert "site" not in {item.table.__tablename__ for item in items if isinstance(item, Replaces)}


def test_parsing_is_pure():
    payload = zipped("valley")
    first, second = ([str(item) for item in GEOGRAPHY.parse(payload)] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"places": None}, r"lacks places\.csv"),
        ({"route": "x"}, r"route\.csv: is no table of a situation"),
        ({"observations": "x"}, "is read by the source counts"),
        ({"places": "id,name\n"}, "lacks the columns country_iso3, kind"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused(changes, reason):
    with pytest.raises(PayloadRejected, match=reason):
        list(GEOGRAPHY.parse(zipped("valley", **changes)))


def test_a_table_twice_is_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("a/sites.csv", "id,kind\n")
        bundle.writestr("b/sites.csv", "id,kind\n")
    with pytest.raises(PayloadRejected, match="is there twice"):
        unpack(Payload("x.zip", buffer.getvalue()), 1_000)


def test_a_bomb_is_refused_before_it_is_unpacked():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("places.csv", b"0" * 10_000_000)
    assert len(buffer.getvalue()) < 20_000
    with pytest.raises(PayloadRejected, match="unpacks to 10,000,000 bytes, more than 1,000,000"):
        unpack(Payload("x.zip", buffer.getvalue()), 1_000_000)


@given(st.data())
def test_a_damaged_file_is_refused_or_read_and_nothing_else(data):
    content = bytearray(zipped("two_towns").content)
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = Payload("x.zip", bytes(content[: data.draw(st.integers(0, len(content)))]))
    with suppress(PayloadRejected):
        assert set(REQUIRED) <= set(unpack(damaged, 1_000_000))


def test_there_is_nothing_to_fetch():
    with pytest.raises(ConfigurationMissing, match="python -m etl situation DIR"):
        source.fetch(None, Window(datetime(2020, 1, 1, tzinfo=UTC)))
