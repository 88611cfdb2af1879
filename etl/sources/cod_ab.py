"""COD-AB: administrative boundaries with P-codes, of OCHA and the national authorities.

Read are GeoParquet files, answers of the ArcGIS FeatureServer (GeoJSON), zip files of GeoJSON files or shapefiles,
GeoPackages, the lists in spreadsheets, and the global list of P-codes. Decided here, where they leave it open:

- The level of a layer is that of its deepest ``admN_pcode``. Lines, and areas that are no longer valid (``valid_to``),
  are ignored by name, and so are the rows of a level that a part of the country does not have (no code, no name).
- Files before 2026 (``ADM1_EN``, ``ADM1_PCODE``) name no ISO code: it follows from the P-code of the country, which is
  its alpha-2 or alpha-3 code. The first language in the file gives the name, the others are kept beside it.
- A list without outlines never takes away an outline or a fuller row that is known.
- A whole level deletes the areas that it no longer has (as versions); one that the server sends in pages does not.
- The global list gives the ISO code for the parent of a first level: there the parent is left missing.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pandas as pd

from data.errors import PayloadRejected
from data.schema.admin_area import AdminArea
from etl import boundary_zip, geopackage, shapefile
from etl.areas import outline_of, polygons_of_geojson
from etl.client import get
from etl.cod_columns import TEXTS, name_of, strangers, texts_of
from etl.columns import Columns
from etl.countries import HELP, iso3_of_code, wanted
from etl.delimited import read
from etl.first_bytes import kind_of
from etl.geoparquet import Feature, features
from etl.json_text import read_json, whole
from etl.left_out import new_columns, without_tags
from etl.markup import plain_text
from etl.not_fetched import noted, part_by_part
from etl.numbers import to_date, to_number
from etl.source import Ignored, Item, Keeps, Payload, Reject, Replaces, Rows, Spec, Window
from etl.spreadsheet import sheets

LIST_COLUMNS = ("Location", "Admin Level", "P-Code", "Name", "Parent P-Code", "Valid from date")
_LINES_AND_POINTS = frozenset(("Point", "MultiPoint", "LineString", "MultiLineString"))
_PAGE_AREAS = 200
_PCODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
_MOST_VANISHED_SHARE = 0.5


class CodAb:
    """The source; see the module."""

    spec = Spec(
        id="cod_ab",
        title="Administrative boundaries with P-codes (COD-AB)",
        publisher="OCHA with the national authorities",
        url="https://gis.unocha.org/server/rest/services/Hosted",
        licence="CC BY-IGO 3.0",
        cadence=timedelta(days=365),
        tables=(AdminArea,),
        first_date=None,
        rows=(1, 600_000),
        max_bytes=500_000_000,
        key_setting="WAYPOST_COUNTRIES",
        key_help=HELP,
    )

    def fetch(self, client: httpx.Client, window: Window) -> Iterator[Payload]:  # noqa: ARG002 - not a series in time
        """Yield all levels of the countries in WAYPOST_COUNTRIES, and a note of those that did not answer.

        Raises ConfigurationMissing without countries, and the last error when no country answered.
        """
        yield from part_by_part({iso3: self._country(client, iso3.lower()) for iso3 in wanted()})

    def _country(self, client: httpx.Client, iso3: str) -> Iterator[Payload]:
        """Yield the pages of a country's layers."""
        url = f"{self.spec.url}/cod_ab_{iso3}_standardized/FeatureServer"
        body, _ = get(client, url, self.spec.max_bytes, f="json")
        layers = _answer(f"{iso3} layers", body).get("layers")
        named = [(la.get("name"), la.get("id")) for la in layers or [] if isinstance(la, dict)]
        chosen = [(name, number) for name, number in named if re.fullmatch(rf"{iso3}_admin\d", str(name))]
        if not chosen:
            raise PayloadRejected(url, f"has no layer {iso3}_admin0 to {iso3}_admin5; it names {str(named)[:300]}")
        for name, number in chosen:
            start, goes_on = 0, True
            while goes_on:
                asked: dict[str, str | int] = {
                    "where": "1=1", "outFields": "*", "outSR": 4326, "f": "geojson", "resultOffset": start,
                    "resultRecordCount": _PAGE_AREAS,
                }  # fmt: skip
                body, kind = get(client, f"{url}/{number}/query", self.spec.max_bytes, **asked)
                payload = Payload(f"{name}-from-{start}.geojson", body, kind)
                yield payload
                answer = _answer(payload.name, body)
                came = len(answer.get("features") or [])
                goes_on, start = _goes_on(answer) and came > 0, start + came

    def parse(self, payload: Payload) -> Iterator[Item]:
        """Yield the areas of a file, an answer or a list, whichever its first bytes say it is."""
        if (missed := noted(payload)) is not None:
            yield missed
            return
        with payload.open() as stream:
            head = stream.read(64)
        if head.startswith(b"PAR1"):
            columns, rows = features(payload.name, payload.read(self.spec.max_bytes))
            yield from _layer(payload.name, "row", columns, rows, is_whole=True)
        elif head.startswith(geopackage.MARK):
            for name, columns, rows in geopackage.layers(payload.name, payload.read(self.spec.max_bytes)):
                yield from _layer(f"{payload.name}, {name}"[:300], f"{name[:60]} row", columns, rows, is_whole=True)
        elif head.startswith(shapefile.MARK):
            raise PayloadRejected(payload.name, "is a part of a shapefile: send the zip with its .shp, .dbf and .prj")
        elif head.startswith(b"PK\x03\x04") and boundary_zip.is_of_boundaries(payload.read(self.spec.max_bytes)):
            yield from _bundle(payload, self.spec.max_bytes)
        elif head.startswith(b"PK\x03\x04"):
            for title, table in sheets(payload.read(self.spec.max_bytes), payload.name):
                yield from _sheet(payload.name, title, table)
        elif kind_of(head) == "a JSON document":
            yield from _geojson(payload, self.spec.max_bytes)
        else:
            yield from _global_list(payload)


def _bundle(payload: Payload, max_bytes: int) -> Iterator[Item]:
    """Yield the areas of every layer of a zip file; layers of lines and points are ignored by name."""
    for name, parts in boundary_zip.layers(payload.name, payload.read(max_bytes), max_bytes):
        where = f"{payload.name}, {name}"[:300]
        if ".shp" not in parts:
            yield from _geojson(Payload(where, next(iter(parts.values()))), max_bytes)
        elif not shapefile.is_of_areas(parts[".shp"]):
            yield Ignored(0, f"{name}: boundary lines or points, which are no areas")
        elif ".dbf" not in parts:
            raise PayloadRejected(where, "lacks its table (.dbf): outlines without names")
        else:
            told = [parts.get(ending, b"").decode(errors="replace") for ending in (".cpg", ".prj")]
            columns, rows = shapefile.features(where, parts[".shp"], parts[".dbf"], *told)
            yield from _layer(where, f"{name[:60]} row", columns, rows, is_whole=True)


def _answer(name: str, body: bytes) -> dict[str, Any]:
    """Return an answer of the FeatureServer; raise PayloadRejected for its error, which comes with status 200."""
    if kind_of(body[:64]) != "a JSON document":
        raise PayloadRejected(name, f"is {kind_of(body[:64]) or 'no JSON'}, not an answer of the FeatureServer")
    answer = read_json(name, body)
    if not isinstance(answer, dict) or "error" in answer:
        raise PayloadRejected(name, f"is an error of the server: {str(answer)[:300]}")
    return answer


def _goes_on(answer: dict[str, Any]) -> bool:
    """Tell whether an answer says that more areas follow on another page."""
    properties = answer.get("properties")
    said = answer.get("exceededTransferLimit") or (
        properties.get("exceededTransferLimit") if isinstance(properties, dict) else False
    )
    return said is True


def _geojson(payload: Payload, max_bytes: int) -> Iterator[Item]:
    """Yield the areas of a FeatureCollection."""
    answer = _answer(payload.name, payload.read(max_bytes))
    found = answer.get("features")
    if answer.get("type") != "FeatureCollection" or not isinstance(found, list):
        raise PayloadRejected(payload.name, f"is no FeatureCollection: its keys are {str(list(answer))[:200]}")
    system = str(answer.get("crs") or "4326")
    if "4326" not in system and "CRS84" not in system:
        raise PayloadRejected(payload.name, f"is in the reference system {system[:120]}, not in WGS 84 degrees")
    shapes = [f.get("geometry") for f in found if isinstance(f, dict)]
    kinds = {str(shape.get("type")) for shape in shapes if isinstance(shape, dict)}
    if kinds and kinds <= _LINES_AND_POINTS:
        yield Ignored(len(found), "boundary lines and points, which are no areas")
        return
    rows = [_feature(number, feature) for number, feature in enumerate(found, start=1)]
    columns = list(dict.fromkeys(name for row in rows for name in row.attributes))
    is_page = _goes_on(answer) or re.search(r"-from-[1-9]\d*\.geojson$", payload.name) is not None
    yield from _layer(payload.name, "feature", columns, rows, is_whole=not is_page)


def _feature(number: int, feature: Any) -> Feature:
    """Return a GeoJSON feature; what is no feature has no attributes."""
    feature = feature if isinstance(feature, dict) else {}
    told = feature.get("properties")
    told = told if isinstance(told, dict) else {}
    attributes = {whole(name): whole(value) if isinstance(value, str) else "" for name, value in told.items()}
    if feature.get("geometry") is None:
        return Feature(number, attributes, None)
    try:
        return Feature(number, attributes, polygons_of_geojson(feature["geometry"]))
    except ValueError as error:
        return Feature(number, attributes, str(error))


def _sheet(name: str, title: str, table: list[tuple[int, list[str]]]) -> Iterator[Item]:
    """Yield the areas of one sheet, which has no outlines."""
    header = [cell.strip() for cell in table[0][1]] if table else []
    rows = [Feature(number, dict(zip(header, cells, strict=False)), None) for number, cells in table[1:]]
    yield from _layer(f"{name}, sheet {title}"[:300], f"{title[:60]} row", header, rows, is_whole=True)


def _layer(name: str, where: str, columns: Iterable[str], rows: Iterable[Feature], *, is_whole: bool) -> Iterator[Item]:
    """Yield the areas of one level; ``is_whole`` says that the level has no other areas."""
    folded = {column.lower() for column in columns}
    rows = list(rows)
    levels = [level for level in range(6) if f"adm{level}_pcode" in folded]
    if folded & {"left_pcod", "adm_level"} or not rows:
        yield Ignored(len(rows), "boundary lines and points, which are no areas")
        return
    if not levels:
        raise PayloadRejected(name, f"lacks adm0_pcode to adm5_pcode; its columns: {', '.join(sorted(folded))[:500]}")
    yield from new_columns(strangers(folded))
    level = levels[-1]
    read_rows = [(row, {key.lower(): value.strip() for key, value in row.attributes.items()}) for row in rows]
    units, none_there = _split(read_rows, lambda told: told.get(f"adm{level}_pcode") or name_of(told, level))
    if none_there:
        yield Ignored(len(none_there), f"rows without a code and name of level {level}: no such units there")
    valid, ended = _split(units, lambda told: not (told.get("valid_to") or told.get("validto")))
    if ended:
        yield Ignored(len(ended), "areas that are no longer valid (valid_to)")
    yield from _areas(valid, level, where, is_whole=is_whole)


def _split(rows: list[Any], test: Any) -> tuple[list[Any], list[Any]]:
    """Return the rows whose attributes pass a test, and the others."""
    passed = [bool(test(told)) for _, told in rows]
    return [r for r, p in zip(rows, passed, strict=True) if p], [r for r, p in zip(rows, passed, strict=True) if not p]


def _areas(rows: list[tuple[Feature, dict[str, str]]], level: int, where: str, *, is_whole: bool) -> Iterator[Item]:
    """Yield areas, and what a whole level replaces; a row with any fault is rejected."""
    texts = pd.DataFrame([texts_of(told, level) for _, told in rows], columns=list(TEXTS), dtype="str")
    faults: dict[int, list[str]] = {}
    area_sqkm, unread = to_number(texts["area_sqkm"])
    valid_on, undated = to_date(texts["valid_on"])
    _note(faults, unread, texts["area_sqkm"], "area_sqkm {} is no plain number")
    _note(faults, undated, texts["valid_on"], "valid_on {} is no possible date like YYYY-MM-DD")
    _note(faults, texts["name"] == "", texts["pcode"], "{} has no name")
    _note(faults, ~texts["pcode"].str.fullmatch(_PCODE.pattern), texts["pcode"], "{} is no P-code")
    twice = texts["pcode"].duplicated(keep=False) & (texts["pcode"] != "")
    _note(faults, twice, texts["pcode"], "the P-code {} is that of another row as well")
    country = texts["country"].map(lambda code: iso3_of_code(code) or "")
    _note(faults, country == "", texts["country"], "{} is the code of no country")
    wkt, repaired = _outlines([row.outline for row, _ in rows], faults)
    frame = texts[["pcode", "name", "other_names"]].assign(
        source_id="cod_ab", admin_level=level, country_iso3=country, area_sqkm=area_sqkm, valid_from_date=valid_on,
        parent_pcode=texts["parent"].where(texts["parent"] != ""), area_wkt=pd.Series(wkt, texts.index, dtype=object),
    )  # fmt: skip
    for row, reasons in sorted(faults.items()):
        raw = json.dumps(rows[row][1], ensure_ascii=False)[:2000]
        yield Reject("admin_area", f"{where} {rows[row][0].number}", "; ".join(reasons), raw)
    if told := [str(texts["pcode"][row]) for row in repaired if row not in faults]:
        yield Ignored(0, f"{len(told)} outlines were not valid and were repaired: {', '.join(told)[:500]}")
    good = frame[~frame.index.isin(list(faults))]
    bare = good.loc[good["area_wkt"].isna(), "pcode"].tolist()
    if bare:
        yield Keeps(AdminArea, "t.area_wkt IS NOT NULL AND t.pcode = ANY(:codes)", {"codes": bare})
    if len(good):
        locators = pd.Series([f"{where} {rows[row][0].number}" for row in good.index], index=good.index, dtype="str")
        yield Rows(AdminArea, good, locators)
    has_outlines = any(row.outline is not None for row, _ in rows)
    seen = "t.area_wkt IS NULL OR t.pcode <> ALL(:bare)" if has_outlines else "t.area_wkt IS NULL"
    scope = f"t.source_id = 'cod_ab' AND t.country_iso3 = :country AND t.admin_level = :level AND ({seen})"
    for iso3 in sorted(set(good["country_iso3"])) if is_whole else ():
        values = {"country": iso3, "level": level} | ({"bare": bare} if has_outlines else {})
        yield Replaces(AdminArea, scope, _MOST_VANISHED_SHARE, values)


def _outlines(outlines: list[Any], faults: dict[int, list[str]]) -> tuple[list[str | None], list[int]]:
    """Return the outlines as text, and which rows were repaired; note those that cannot be."""
    wkt: list[str | None] = []
    repaired = []
    for row, outline in enumerate(outlines):
        try:
            valid = None if outline is None or isinstance(outline, str) else outline_of(outline)
            wkt.append(valid.wkt if valid else None)
            repaired += [row] if valid and valid.was_repaired else []
            if isinstance(outline, str):
                faults.setdefault(row, []).append(outline)
        except ValueError as error:
            wkt.append(None)
            faults.setdefault(row, []).append(str(error))
    return wkt, repaired


def _note(faults: dict[int, list[str]], bad: "pd.Series[bool]", values: "pd.Series[str]", what: str) -> None:
    """Note what is wrong with the bad rows."""
    for row in bad.index[bad]:
        faults.setdefault(int(row), []).append(what.format(repr(values[row][:60])))


def _global_list(payload: Payload) -> Iterator[Item]:
    """Yield the areas of the global list of P-codes, which has neither outlines nor sizes."""
    yield Keeps(AdminArea, "(t.area_wkt IS NOT NULL OR t.area_sqkm IS NOT NULL)", {})
    with payload.open() as stream:
        for told in read(stream, payload.name, LIST_COLUMNS):
            chunk, tags = without_tags(told)
            yield from (*new_columns(told.added), *tags)
            columns = Columns(chunk)
            yield from columns.items(AdminArea, _listed(columns))


def _listed(columns: Columns) -> pd.DataFrame:
    """Return the areas of a chunk of the global list."""
    pcode, iso3 = columns.text("P-Code"), columns.text("Location")
    columns.fault(~pcode.str.fullmatch(_PCODE.pattern).fillna(value=False).astype(bool), "P-Code", "is no P-code")
    country = iso3.map(iso3_of_code, na_action="ignore")
    columns.fault(country.isna() | (iso3.str.len() != 3), "Location", "is no ISO 3166-1 alpha-3 code")
    name = columns.text("Name").map(plain_text, na_action="ignore")
    columns.fault(name.isna() | (name == ""), "Name", "is missing")
    level, parent = columns.whole_number("Admin Level", needed=True), columns.text("Parent P-Code")
    return pd.DataFrame(
        {
            "pcode": pcode,
            "source_id": "cod_ab",
            "admin_level": level,
            "country_iso3": country,
            "name": name,
            "parent_pcode": parent.mask((level == 1).fillna(value=False).astype(bool) & (parent == iso3)),
            "valid_from_date": columns.date("Valid from date"),
        }
    )


source = CodAb()
