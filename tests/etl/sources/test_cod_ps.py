"""Population by area, sex and age. Fault numbers are those of the list."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest

from data.errors import IdentityBreak, PayloadRejected
from data.frames import check
from data.schema.indicator import Indicator
from etl import pipeline
from etl.archive import Archive
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.sources.cod_ps import CodPs
from etl.whole import A_PART

PAYLOADS = Path(__file__).parents[2] / "payloads" / "cod_ps"
SOURCE = CodPs(clock=lambda: datetime(2026, 11, 1, tzinfo=UTC))
GLOBAL, COUNTRY = "cod_population_admin2.csv", "tcd_admpop_adm1.csv"


def items(name: str, body: bytes | None = None) -> list:
    return list(SOURCE.parse(Payload(name, body if body is not None else (PAYLOADS / name).read_bytes())))


def figures(name: str, body: bytes | None = None) -> pd.DataFrame:
    found = [item.frame for item in items(name, body) if isinstance(item, Rows)]
    return check(pd.concat(found), Indicator).good.set_index(["area_id", "breakdown"])


def reasons(name: str, body: bytes | None = None) -> list[str]:
    return [f"{item.locator}: {item.reason}" for item in items(name, body) if isinstance(item, Reject)]


def test_a_global_file_gives_one_figure_an_area_and_group():
    found = figures(GLOBAL)
    assert found.loc[("0012", ""), "value"] == 1200
    assert found.loc[("0012", "female 0-4"), "value"] == 0
    assert found.loc[("0012", "male 80+"), "value"] == 7
    assert pd.isna(found.loc[("1E5", ""), "value"])
    row = found.loc[("0012", "")]
    assert row[["country_iso3", "area_id_kind", "area_name", "admin_level", "unit"]].tolist() == [
        "NAM", "pcode", "Long Beach", 2, "people",
    ]  # fmt: skip
    assert (f"{row['period_start_date']:%F}", f"{row['period_end_date']:%F}") == ("2020-01-01", "2020-12-31")


def test_a_whole_country_is_its_alpha_3_code():
    row = figures(GLOBAL).loc[("NAM", "")]
    assert row[["area_id_kind", "admin_level", "value"]].tolist() == ["iso3", 0, 2500]


def test_figures_that_contradict_each_other_are_both_rejected_and_a_repeated_one_is_one():
    assert [r.split(":")[0] for r in reasons(GLOBAL) if "contradict" in r] == ["line 7", "line 8"]
    found = figures(GLOBAL)
    assert "NA9103" not in found.index.get_level_values(0)
    assert found.loc[("NA9104", ""), "value"] == 300


def test_f28_f43_what_cannot_be_read_is_rejected_with_its_value():
    told = "\n".join(reasons(GLOBAL))
    for part in ("1,234", "Age_min is not that of Age_range (0)", "(x)", "2999", "ADM2_PCODE is missing", "XXX"):
        assert part in told


def test_a_countrys_file_has_a_group_a_column():
    found = figures(COUNTRY).loc["TD99"]["value"]
    assert found[["", "female", "male", "female 0-4", "female 80+"]].tolist() == [5000, 2600, 2400, 400, 0]
    assert pd.isna(found["male 0-4"])
    assert [r.split(" is ")[0] for r in reasons(COUNTRY)] == ["line 3: T_TL", "line 4: year"]


def test_new_columns_are_told_and_hashtags_ignored_by_name():
    assert Ignored(0, "columns that are new here and not read: extra") in items(COUNTRY)
    assert [i.rows for i in items(GLOBAL) if isinstance(i, Ignored) and "HXL" in i.reason] == [1]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"ISO3,Gender,Age_range,Population\nNAM,all,all,1\n", "lacks the columns year"),
        (b"ADM0_PCODE,T_TL\nNA,1\n", "year"), (b"<html>", "HTML"), (b"", "empty"),
        (b"ISO3,T_TL,year,Full name\nNAM,1,2020,x\n", "about a person"),
    ],
)  # fmt: skip
def test_f06_f27_what_is_no_population_file_is_refused(body, reason):
    with pytest.raises(PayloadRejected, match=reason):
        items("x.csv", body)


def test_everything_may_be_rejected_and_nothing_breaks():
    assert reasons("x.csv", b"ISO3,T_TL,year\nXXX,1,2020\n") == ["line 2: ISO3 is the code of no country (XXX)"]


def test_fetch_takes_the_files_of_all_levels_from_the_catalogue():
    names = ["cod_population_admin0.csv", "cod_population_admin1.csv", "readme.txt"]
    listed = [
        {
            "name": name,
            "format": "CSV" if name.endswith("csv") else "TXT",
            "url": f"https://data.humdata.org/download/{name}",
        }
        for name in names
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("package_show"):
            assert request.url.params["id"] == "cod-ps-global"
            return httpx.Response(200, json={"success": True, "result": {"resources": listed}})
        return httpx.Response(200, content=request.url.path.encode())

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        found = {p.name: p.content for p in SOURCE.fetch(client, Window(datetime(2026, 1, 1, tzinfo=UTC)))}
    assert found == {name: f"/download/{name}".encode() for name in names[:2]}


@pytest.mark.parametrize("body", [b"[]", b'{"result": null}', b'{"result": {"resources": [1]}}'])
def test_a_catalogue_without_the_files_is_refused(body):
    with (
        httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body))) as client,
        pytest.raises(PayloadRejected, match="lists no CSV file"),
    ):
        list(SOURCE.fetch(client, Window(datetime(2026, 1, 1, tzinfo=UTC))))


@pytest.mark.parametrize(
    "header",
    ["ADM0_PCODE,ADM1_PT,ADM1_PCODE", "Admin0_Code,Admin1_Name,Admin1_Code", "admin0Pcode,admin1Name_en,admin1Pcode"],
)
def test_a_countrys_own_names_of_columns_are_read_and_the_year_of_the_files_name(header):
    name, body = "moz_admpop_adm1_2021_v2.csv", f"{header},T_TL,F_80plus\nMZ,Norte,MZ01,10,1\n".encode()
    row = figures(name, body).loc[("MZ01", "")]
    assert row[["area_name", "country_iso3", "value"]].tolist() == ["Norte", "MOZ", 10]
    assert f"{row['period_start_date']:%F}" == "2021-01-01"
    assert items(name, body)[0] == Ignored(0, "no column tells the year: 2021 is that of the file's name")


def test_a_year_is_not_guessed_from_a_day_in_the_name():
    with pytest.raises(PayloadRejected, match="its name tells none"):
        items("eth_admpop_adm2_20201028.csv", b"ADM0_PCODE,T_TL\nET,1\n")


def test_f52_an_area_that_the_file_of_its_level_lacks_is_deleted_and_no_other(store, tmp_path):
    def load(name: str, *rows: str, header: str = "ISO3,ADM1_PCODE,ADM2_PCODE,year,T_TL") -> int:
        payload = Payload(name, "\n".join([header, *rows]).encode())
        return pipeline.load(store, Archive(tmp_path), SOURCE, [payload])["deleted"]

    def known(**at: datetime) -> list[str]:
        return sorted(set(store.read(Indicator, **at)["area_id"]))

    of_2020 = ("TCD,TD1,TD11,2020,5", "TCD,TD1,TD12,2020,6", "TCD,TD1,TD13,2020,6")
    others = ("CAF,CF1,CF11,2020,5", "TCD,TD1,TD14,2019,5")
    load("cod_population_admin2.csv", *of_2020, *others)
    load("tcd_admpop_adm1.csv", "TCD,TD1,,2020,11")
    load("tcd_admpop_adm2.csv", "TCD,TD1,TD15,2020,3", header="ISO3,ADM1_PCODE,ADM2_PCODE,year,F_00_04")
    before = datetime.now(UTC)
    assert load("tcd_some_areas.csv", of_2020[0]) == 0
    assert A_PART in items("tcd_some_areas.csv", b"ISO3,T_TL,year\nTCD,1,2020\n")
    assert load("tcd_admpop_adm2_2020_v2.csv", *of_2020[:2]) == 1
    assert known() == ["CF11", "TD1", "TD11", "TD12", "TD14", "TD15"]
    assert "TD13" in known(as_of=before)
    with pytest.raises(IdentityBreak):
        load("cod_population_admin2.csv", "TCD,TD1,TD99,2020,5")
