"""Boundaries with P-codes: the files, answers and lists as they are published. Fault numbers are those of the list."""

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest
import shapely

from data.errors import ConfigurationMissing, PayloadRejected
from data.frames import check
from data.schema.admin_area import AdminArea
from data.store import Store
from etl.archive import Archive
from etl.pipeline import load
from etl.source import Ignored, Keeps, Payload, Reject, Replaces, Rows, Window
from etl.sources.cod_ab import source

PAYLOADS = Path(__file__).parents[2] / "payloads" / "cod_ab"
SQUARE = [[["20", "7"], ["20", "8"], ["21", "8"], ["21", "7"], ["20", "7"]]]


def payload(name: str) -> Payload:
    return Payload(name, (PAYLOADS / name).read_bytes())


def areas(sent: Payload) -> pd.DataFrame:
    found = [item.frame for item in source.parse(sent) if isinstance(item, Rows)]
    return check(pd.concat(found), AdminArea).good.set_index("pcode")


def told(sent: Payload, kind: type) -> list:
    return [item for item in source.parse(sent) if isinstance(item, kind)]


def geojson(*properties: dict, **more: object) -> Payload:
    geometry = {"type": "Polygon", "coordinates": [[[float(x), float(y)] for x, y in SQUARE[0]]]}
    features = [{"type": "Feature", "geometry": geometry, "properties": p} for p in properties]
    return Payload("a.geojson", json.dumps({"type": "FeatureCollection", "features": features, **more}).encode())


def test_a_parquet_file_gives_areas_with_outlines_and_names_in_other_languages():
    found = areas(payload("xyz_admin1.parquet"))
    assert list(found.index) == ["CF81", "CF82", "CF83"]
    first = found.loc["CF81"]
    assert first[["admin_level", "country_iso3", "name", "parent_pcode", "area_sqkm"]].tolist() == [
        1, "CAF", "Nord-Val", "CF", 1000.5,
    ]  # fmt: skip
    assert first["other_names"] == "sg: Val ti Banga"
    assert found.loc["CF82", "other_names"] == "Etang"
    assert f"{first['valid_from_date']:%Y-%m-%d}" == "2024-03-01"
    assert first["area_wkt"].startswith("MULTIPOLYGON (((17 ")


def test_f33_f34_outlines_that_are_none_are_rejected_and_repairs_are_told():
    rejects = told(payload("xyz_admin1.parquet"), Reject)
    assert [reject.locator for reject in rejects] == ["row 4", "row 6"]
    assert "crosses itself" in rejects[0].reason
    assert "no degrees" in rejects[1].reason
    reasons = [item.reason for item in told(payload("xyz_admin1.parquet"), Ignored)]
    assert "1 outlines were not valid and were repaired: CF83" in reasons
    assert "areas that are no longer valid (valid_to)" in reasons


def test_f26_an_answer_of_the_server_keeps_codes_as_text_and_says_when_it_goes_on():
    sent = payload("tcd_admin2-from-0.geojson")
    found = areas(sent)
    assert list(found.index) == ["TD9901", "0012", "1E5"]
    assert f"{found.loc['0012', 'valid_from_date']:%Y-%m-%d}" == "2024-03-01"
    assert pd.isna(found.loc["0012", "area_wkt"])
    assert found.loc["TD9901", "other_names"] == "ar: الوادي"
    assert not told(sent, Replaces)
    assert ["GeometryCollection" in r.reason or "'XXX'" in r.reason for r in told(sent, Reject)] == [True, True]


def test_the_older_columns_are_read():
    found = areas(payload("older_columns.geojson"))
    (row,) = found.reset_index().to_dict("records")
    assert (row["pcode"], row["name"], row["country_iso3"]) == ("SS98", "River Side", "SSD")
    assert row["other_names"] == "ar: ضفة النهر | en: Riverside"
    reasons = [reject.reason for reject in told(payload("older_columns.geojson"), Reject)]
    assert "28/09/2018" in reasons[0]
    assert all("SS96" in reason for reason in reasons[1:])


def test_a_sheet_without_outlines_never_takes_one_away():
    sent = payload("xyz_cod_ab.xlsx")
    assert areas(sent).index.tolist() == ["CF81"]
    assert [item.values for item in told(sent, Keeps)] == [{"codes": ["CF81"]}]
    assert "t.area_wkt IS NULL" in told(sent, Replaces)[0].condition
    assert sum(item.rows for item in told(sent, Ignored)) == 2


def test_f25_the_global_list():
    found = areas(payload("global_pcodes.csv"))
    assert found["name"].to_dict() == {
        "NA91": "Dune Coast", "NA9101": "Long Beach", "0012": "Short Beach", "1E5": "Beach, Middle",
    }  # fmt: skip
    assert set(found["country_iso3"]) == {"NAM"}
    assert pd.isna(found.loc["NA91", "parent_pcode"])
    assert found.loc["NA9101", "parent_pcode"] == "NA91"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is empty"), (b"<!DOCTYPE html><title>Sign in</title>", "HTML"),
        (b'{"error": {"code": 400, "message": "Invalid URL"}}', "Invalid URL"), (b"[]", "error of the server"),
        (b'{"type": "FeatureCollection"}', "no FeatureCollection"),
        (b'{"features": [], "type": "FeatureCollection", "crs": {"properties": {"name": "EPSG:32633"}}}', "32633"),
        (b"a,b\n1,2\n", "lacks the columns"), (b"PAR1xx", "Parquet"), (b"PK\x03\x04xx", "spreadsheet"),
    ],
)  # fmt: skip
def test_f06_what_is_no_boundary_file_is_refused(body, reason):
    with pytest.raises(PayloadRejected, match=reason):
        list(source.parse(Payload("x", body)))


def test_f27_a_renamed_code_column_is_refused_with_the_names_there_are():
    with pytest.raises(PayloadRejected, match="adm1_code"):
        list(source.parse(geojson({"adm1_name": "A", "adm1_code": "CF1", "iso3": "CAF"})))


def test_f29_half_a_character_is_marked_and_rejects_its_row_only():
    told_ = [{"adm1_name": "A", "adm1_pcode": code, "iso3": "CAF"} for code in ("CF\ud800", "CF12")]
    assert areas(geojson(*told_)).index.tolist() == ["CF12"]


def test_lines_are_ignored_by_name():
    (item,) = source.parse(geojson({"adm_level": 1, "left_pcod": "CF81", "right_pcod": "CF82"}))
    assert item == Ignored(1, "boundary lines and points, which are no areas")


def test_a_list_loaded_after_the_outlines_changes_nothing_of_them(store: Store, tmp_path: Path):
    archive = Archive(tmp_path)
    load(store, archive, source, [payload("xyz_admin1.parquet")])
    load(store, archive, source, [payload("xyz_cod_ab.xlsx")])
    header = "Location,Admin Level,P-Code,Name,Parent P-Code,Valid from date\n"
    listed = Payload("list.csv", f"{header}CAF,1,CF81,Other,CAF,\nCAF,1,CF99,New,CAF,\n".encode())
    assert load(store, archive, source, [listed])["new"] == 1
    known = store.read(AdminArea).set_index("pcode")
    assert known.loc["CF81", "name"] == "Nord-Val"
    assert known["area_wkt"].notna().sum() == 3


def test_f39_an_area_that_is_gone_from_a_whole_level_is_deleted(store: Store, tmp_path: Path):
    def level(*codes: str) -> Payload:
        return geojson(*map(about, codes))

    archive = Archive(tmp_path)
    load(store, archive, source, [level("CF11", "CF12", "CF13")])
    assert load(store, archive, source, [level("CF11", "CF12")])["deleted"] == 1
    assert sorted(store.read(AdminArea)["pcode"]) == ["CF11", "CF12"]


Z_AND_M = [[*position, 300.0, 7.0] for position in [[20.0, 7.0], [20.0, 8.0], [21.0, 8.0], [20.0, 7.0]]]
SHAPES = {
    "CF11": {"type": "Polygon", "coordinates": [Z_AND_M]},
    "CF12": {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [Z_AND_M]}]},
    "CF13": {"type": "Polygon", "coordinates": []},
    "CF14": {"type": "LineString", "coordinates": [[20.0, 7.0], [21.0, 8.0]]},
    "CF15": None,
}
"""Outlines with heights and measures, within a collection, empty, of another type, and none."""


def test_f38_odd_geometries_are_coerced_or_rejected_and_none_takes_no_known_outline_away(store: Store, tmp_path: Path):
    archive = Archive(tmp_path)
    load(store, archive, source, [geojson(*(about(code) for code in SHAPES))])
    odd = json.loads(geojson(*(about(code) for code in SHAPES)).read(10**6))
    for feature, shape in zip(odd["features"], SHAPES.values(), strict=True):
        feature["geometry"] = shape
    sent = Payload("odd.geojson", json.dumps(odd).encode())
    assert [reject.reason.split()[-1] for reject in told(sent, Reject)] == ["MultiPolygon", "empty", "MultiPolygon"]
    counts = load(store, archive, source, [sent])
    assert (counts["revised"], counts["deleted"], counts["quarantined"]) == (1, 0, 3)
    known = store.read(AdminArea).set_index("pcode")["area_wkt"]
    assert " 300" not in known["CF11"]
    assert known.notna().all()
    for feature in odd["features"][1:]:
        feature["geometry"] = None
    load(store, archive, source, [Payload("bare.geojson", json.dumps(odd).encode())])
    assert store.read(AdminArea)["area_wkt"].notna().sum() == len(SHAPES)


def about(code: str) -> dict[str, str]:
    return {"adm1_name": code, "adm1_pcode": code, "adm0_pcode": "CF", "iso3": "CAF"}


def answered(layers: dict[str, list[bytes]]) -> httpx.MockTransport:
    """A FeatureServer of countries by code, each with pages of its first level."""

    def answer(request: httpx.Request) -> httpx.Response:
        iso3 = request.url.path.split("cod_ab_")[1][:3]
        if iso3 not in layers:
            return httpx.Response(200, json={"error": {"code": 404, "message": "Service not found"}})
        if not request.url.path.endswith("query"):
            named = [f"{iso3}_admincentroids", f"{iso3}_admin1", f"{iso3}_admin1_em"]
            return httpx.Response(200, json={"layers": [{"id": i, "name": name} for i, name in enumerate(named)]})
        assert request.url.path.endswith("/1/query")
        assert request.url.params["f"] == "geojson"
        return httpx.Response(200, content=layers[iso3][int(request.url.params["resultOffset"])])

    return httpx.MockTransport(answer)


def page(code: str, *, goes_on: bool) -> bytes:
    sent = geojson(
        {"adm1_name": code, "adm1_pcode": code, "iso3": "CAF"}, properties={"exceededTransferLimit": goes_on}
    )
    assert isinstance(sent.content, bytes)
    return sent.content


def fetched(layers: dict[str, list[bytes]]) -> list[Payload]:
    with httpx.Client(transport=answered(layers)) as client:
        return list(source.fetch(client, Window(datetime(2026, 1, 1, tzinfo=UTC))))


def test_fetch_follows_the_pages_and_names_the_countries_that_did_not_answer(monkeypatch):
    monkeypatch.setenv("WAYPOST_COUNTRIES", "caf, TCD")
    payloads = fetched({"caf": [page("CF11", goes_on=True), page("CF12", goes_on=False)]})
    assert [p.name for p in payloads] == ["caf_admin1-from-0.geojson", "caf_admin1-from-1.geojson", "not-fetched.json"]
    assert not [item for p in payloads for item in source.parse(p) if isinstance(item, Replaces)]
    assert "TCD" in told(payloads[-1], Ignored)[0].reason


def test_a_level_on_one_page_is_the_whole_level(monkeypatch):
    monkeypatch.setenv("WAYPOST_COUNTRIES", "CAF")
    (payload,) = fetched({"caf": [page("CF11", goes_on=False)]})
    assert [item.values for item in told(payload, Replaces)] == [{"country": "CAF", "level": 1, "bare": []}]


def test_when_no_country_answers_the_run_fails(monkeypatch):
    monkeypatch.setenv("WAYPOST_COUNTRIES", "TCD,SDN")
    with pytest.raises(PayloadRejected, match="Service not found"):
        fetched({})


def test_f13_without_countries_it_is_not_configured(monkeypatch):
    monkeypatch.delenv("WAYPOST_COUNTRIES", raising=False)
    with pytest.raises(ConfigurationMissing, match="WAYPOST_COUNTRIES"):
        next(source.fetch(None, Window(datetime(2026, 1, 1, tzinfo=UTC))))


def test_a_zip_gives_the_areas_of_its_shapefiles_and_geojson_files():
    sent = payload("tcd_boundaries.zip")
    found = areas(sent)
    assert found["admin_level"].to_dict() == {"TD": 0, "TD91": 1, "TD92": 1}
    row = found.loc["TD92"]
    assert row[["name", "country_iso3", "parent_pcode"]].tolist() == ["Forêt", "TCD", "TD"]
    assert f"{row['valid_from_date']:%Y-%m-%d}" == "2026-01-01"
    shape = shapely.from_wkt(row["area_wkt"])
    assert shape.area == pytest.approx(4 - 0.25 + 1)
    assert not shape.contains(shapely.Point(22.75, 7.75))
    assert Ignored(0, "tcd_points: boundary lines or points, which are no areas") in told(sent, Ignored)


def test_a_geopackage_gives_the_areas_of_its_layers_of_polygons():
    found = areas(payload("tcd.gpkg"))
    assert found["name"].to_dict() == {"TD91": "Val", "TD92": "Forêt"}
    assert found.loc["TD91", ["country_iso3", "area_sqkm"]].tolist() == ["TCD", 12.5]
    assert shapely.from_wkt(found.loc["TD92", "area_wkt"]).area == pytest.approx(4 - 0.25)


def zipped(**files: bytes) -> Payload:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as bundle:
        for ending, content in files.items():
            bundle.writestr(f"x.{ending}", content)
    return Payload("x.zip", body.getvalue())


def shapes() -> dict[str, bytes]:
    with zipfile.ZipFile(PAYLOADS / "tcd_boundaries.zip") as bundle:
        return {ending: bundle.read(f"tcd_adm1.{ending}") for ending in ("shp", "dbf", "prj", "cpg")}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"prj": b'PROJCS["WGS_1984_UTM_Zone_33N"]'}, "reference system"),
        ({"cpg": b"klingon"}, "no readable shapefile"),
        ({"dbf": None}, "lacks its table"),
        ({"dbf": b"\x03"}, "no readable shapefile"),
    ],
)
def test_a_shapefile_that_is_damaged_or_in_metres_is_refused(change, reason):
    parts = {ending: content for ending, content in (shapes() | change).items() if content is not None}
    with pytest.raises(PayloadRejected, match=reason):
        areas(zipped(**parts))


def test_outlines_that_are_not_as_many_as_the_rows_are_refused_and_a_part_alone_is_told():
    parts = shapes()
    with pytest.raises(PayloadRejected, match="has 1 outlines and 2 rows"):
        areas(zipped(**parts | {"shp": parts["shp"][: 100 + 8 + 128]}))
    with pytest.raises(PayloadRejected, match="send the zip"):
        areas(Payload("x.shp", parts["shp"]))


def test_names_in_an_older_encoding_are_read_with_and_without_its_name():
    parts = shapes()
    older = parts["dbf"].replace("Forêt ".encode(), "Forêt  ".encode("cp1252"))
    for files in ({**parts, "dbf": older, "cpg": b"ANSI 1252"}, {**parts, "dbf": older, "cpg": b""}):
        assert areas(zipped(**files)).loc["TD92", "name"] == "Forêt"
