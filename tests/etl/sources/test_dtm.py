"""IOM DTM: sums within a round and place, never over operations. All figures here are invented."""

import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import openpyxl
import pandas as pd
import pytest

from data.errors import ConfigurationMissing, PayloadRejected
from data.schema.displacement import Displacement
from etl import pipeline
from etl.archive import Archive
from etl.registry import source
from etl.source import Ignored, Payload, Reject, Rows, Window
from etl.whole import A_PART, told_whole, whole

PAYLOADS = Path(__file__).parents[2] / "payloads" / "dtm"
SINCE = Window(pd.Timestamp("2024-01-01", tz="UTC").to_pydatetime())


def items(name: str) -> list:
    return list(source("dtm").parse(Payload(name, PAYLOADS / name)))


def rows(name: str) -> pd.DataFrame:
    return pd.concat([i.frame for i in items(name) if isinstance(i, Rows)])


def of(frame: pd.DataFrame, pcode: str, series: str = "Invented operation, BA") -> pd.Series:
    return frame[(frame["area_pcode"] == pcode) & (frame["series"] == series)].iloc[0]


def test_rows_of_one_place_and_round_are_summed_and_operations_are_not():
    frame = rows("admin2.json")
    assert of(frame, "TD1401")["people"] == 150
    assert of(frame, "TD1401", "Another operation, BA")["people"] == 80
    assert frame["record_id"].is_unique


def test_zero_stays_zero_and_a_sum_with_an_unknown_part_is_unknown():
    frame = rows("admin2.json")
    assert of(frame, "TD1402")["people"] == 0
    assert pd.isna(of(frame, "TD1404")["people"])


def test_one_kind_of_reason_is_the_cause_and_several_are_not_told():
    frame = rows("admin2.json")
    assert of(frame, "TD1401")["cause"] == "conflict"
    assert of(frame, "TD1403")["cause"] == "not_told"


def test_not_available_is_missing_and_the_level_above_holds():
    frame = rows("admin2.json")
    row = frame[frame["admin_level"] == 1].iloc[0]
    assert (row["area_pcode"], row["people"]) == ("TD14", 3)


def test_a_workbook_with_titles_and_hxl_tags_is_understood():
    frame = rows("workbook.xlsx").set_index("area_pcode")
    assert frame["people"].isna().tolist() == [False, False, True]
    assert frame.loc["TD1401", "people"] == 1200
    assert frame.loc["TD1401", "area_name"] == "Place A"


@pytest.mark.parametrize(
    ("place", "reason"),
    [(1, "numPresentIdpInd is no plain"), (2, "1,200"), (3, "admin0Pcode is no ISO"), (4, "03/04/2024"), (5, "object")],
)
def test_each_fault_is_rejected_with_its_place_and_reason(place, reason):
    reasons = {item.locator: item.reason for item in items("faults.json") if isinstance(item, Reject)}
    assert reason in reasons[f"row {place}"]
    assert any("colour" in item.reason for item in items("faults.json") if isinstance(item, Ignored))


def test_f13_without_a_key_it_is_not_configured(monkeypatch):
    monkeypatch.delenv("WAYPOST_DTM_KEY", raising=False)
    with pytest.raises(ConfigurationMissing, match="WAYPOST_DTM_KEY"):
        list(source("dtm").fetch(None, SINCE))


def test_a_level_that_cannot_be_had_does_not_take_the_others_with_it(monkeypatch):
    monkeypatch.setenv("WAYPOST_DTM_KEY", "secret")
    monkeypatch.setenv("WAYPOST_COUNTRIES", "TCD")

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Ocp-Apim-Subscription-Key"] == "secret"
        if request.url.path.endswith("admin1"):
            return httpx.Response(403, text="<html>blocked</html>")
        return httpx.Response(200, content=(PAYLOADS / "admin2.json").read_bytes())

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        payloads = list(source("dtm").fetch(client, SINCE))
    names = ["TCD-admin2.json", "TCD-admin0.json", "not-fetched.json", "fetched-whole.json"]
    assert [payload.name for payload in payloads] == names
    assert "TCD admin1" in next(iter(source("dtm").parse(payloads[2]))).reason
    assert told_whole(payloads[3]).parts == {"admin2": ["TCD"], "admin0": ["TCD"]}


@pytest.mark.parametrize("change", [{"totalRecordsCount": 10}, {"totalRecordsCount": None}, {"result": []}])
def test_an_answer_that_lacks_records_or_does_not_count_them_is_not_the_whole(monkeypatch, change):
    monkeypatch.setenv("WAYPOST_DTM_KEY", "secret")
    monkeypatch.setenv("WAYPOST_COUNTRIES", "TCD")
    body = json.loads((PAYLOADS / "admin2.json").read_text()) | change
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=body))) as client:
        assert len(list(source("dtm").fetch(client, SINCE))) == 3


def answer(*places: str, level: int = 2, day: str = "2024-03-31") -> Payload:
    common = {"admin0Pcode": "TCD", "operation": "Invented", "roundNumber": 4, "reportingDate": day}
    records = [{**common, f"admin{level}Pcode": place, "numPresentIdpInd": 5} for place in places]
    return Payload(f"TCD-admin{level}.json", json.dumps({"result": records}).encode())


def test_f52_a_figure_that_the_whole_answer_lacks_is_deleted_and_no_other(store, tmp_path):
    def load(*payloads: Payload) -> int:
        return pipeline.load(store, Archive(tmp_path), source("dtm"), payloads)["deleted"]

    def known(**at: datetime) -> list[str]:
        return sorted(store.read(Displacement, **at)["area_pcode"])

    def had(month: int, **levels: list[str]) -> Payload:
        return whole(date(2024, month, 1), date(2024, month + 1, 1), levels)

    sheet = Payload("x.csv", b"admin0Pcode,admin2Pcode,numPresentIdpInd,reportingDate\nTCD,TD9,1,2024-03-31\n")
    load(answer("TD1", "TD2"), answer("TD", level=1), sheet)
    before = datetime.now(UTC)
    assert load(answer("TD1"), had(4, admin2=["TCD"])) == 0
    assert load(answer("TD1"), had(3, admin2=["NER"], admin1=["NER"])) == 0
    assert load(answer("TD1"), had(3, admin2=["TCD"])) == 1
    assert known() == ["TD", "TD1", "TD9"]
    assert known(as_of=before) == ["TD", "TD1", "TD2", "TD9"]
    assert load(answer("TD1", day="2024-03-30"), had(3, admin2=["TCD"])) == 1  # the round is dated anew
    assert known() == ["TD", "TD1", "TD9"]


def workbook(**titled: list) -> Payload:
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for title, lines in titled.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(line)
    book.save(buffer)
    return Payload("invented.xlsx", buffer.getvalue())


def found(payload: Payload) -> tuple[pd.DataFrame, list]:
    told = list(source("dtm").parse(payload))
    frames = [item.frame for item in told if isinstance(item, Rows)]
    return (pd.concat(frames) if frames else pd.DataFrame()), told


TAGS = [
    "#adm1+name",
    "#adm1+pcode",
    "#adm2+name",
    "#adm2+pcode",
    "#affected+idps+ind",
    "#affected+idps+hh",
    "#adm1+origin+name",
]
NAMES = ["STATE", "STATE CODE", "LOCALITY", "LOCALITY CODE", "IDPs", "HHs", "FROM"]
LINE = ["North", "SD99", "Place A", "SD99001", 700, 140, "South"]


def mission(*lines: list, title: str = "Round 9, 15 October 2024") -> list:
    return [[title], [], [None, None, None, None, "PRESENT"], NAMES, TAGS, *lines]


def test_a_workbook_of_a_mission_has_its_day_in_the_title_and_its_country_in_the_codes():
    frame, told = found(
        workbook(README=[["About"]], IDPs=mission(LINE, ["Grand Total", None, None, None, 700], ["Source: us"]))
    )
    (row,) = frame.to_dict("records")
    assert (row["country_iso3"], row["area_pcode"], row["people"]) == ("SDN", "SD99001", 700)
    assert row["period_end_date"] == pd.Timestamp("2024-10-15")
    reasons = {item.reason: item.rows for item in told if isinstance(item, Ignored)}
    assert reasons["a line of totals"] == reasons["a line without code and figure"] == 1
    assert any("README" in reason for reason in reasons)
    assert not [item for item in told if isinstance(item, Reject)]


@pytest.mark.parametrize(
    ("title", "said"),
    [("Round 9", "tells no day"), ("1 to 2", "tells no day"), ("from 01 May 2024 to 31 May 2024", "several days")],
)
def test_f43_a_workbook_without_one_day_is_refused(title, said):
    with pytest.raises(PayloadRejected, match=rf"lacks the column reportingDate.*{said}"):
        found(workbook(IDPs=mission(LINE, title=title)))


def test_figures_of_two_sheets_count_once_and_differing_ones_are_rejected():
    other = [*LINE[:3], "SD99002", 5, 1, "South"]
    changed = [*LINE[:4], 701, 140, "South"]
    frame, told = found(workbook(First=mission(LINE, other), Again=mission(other, changed)))
    assert frame.set_index("area_pcode")["people"].to_dict() == {"SD99001": 700, "SD99002": 5}
    assert [i for i in told if isinstance(i, Ignored)][-2:] == [
        Ignored(1, "figures that another sheet has too"),
        A_PART,
    ]
    (reject,) = [item for item in told if isinstance(item, Reject)]
    assert (reject.locator, reject.reason) == (
        "sheet Again row 7",
        "differs from another sheet: 701 people instead of 700",
    )


def test_an_area_of_the_same_name_in_two_countries_is_two_areas():
    tags = ["#country+code", "#adm1+name", "#affected+idps", "#date+reported"]
    names = ["Country", "Region", "IDPs", "Date"]
    lines = [
        ["TCD", "Centre", 5, date(2024, 1, 1)],
        ["CMR", "Centre", 6, date(2024, 1, 1)],
        ["CMR", "Est", None, date(2024, 1, 1)],
    ]
    frame, _ = found(workbook(Data=[names, tags, *lines]))
    assert frame["record_id"].is_unique
    assert frame["people"].isna().tolist() == [False, False, True]


def test_a_column_that_is_not_read_may_stand_twice():
    header = "admin0Pcode,admin1Name,HH,HH,numPresentIdpInd,reportingDate"
    frame, _ = found(Payload("x.csv", f"Sheet 1\n{header}\nTCD,Lac,1,2,12,2024-10-15\n".encode()))
    assert frame["people"].tolist() == [12]


def test_a_csv_file_of_hdx_with_a_line_of_tags_says_the_same_as_the_api():
    records = [r for r in json.loads((PAYLOADS / "admin2.json").read_text())["result"] if isinstance(r, dict)]
    lines = pd.DataFrame(records).to_csv(index=False).splitlines()
    tags = ",".join(f"#x+c{number}" for number, _ in enumerate(lines[0].split(",")))
    frame, told = found(Payload("x.csv", "\n".join([lines[0], tags, *lines[1:]]).encode()))
    assert [item.rows for item in told if isinstance(item, Ignored)] == [1, 0]
    assert frame.set_index("record_id")["people"].to_dict() == pytest.approx(
        rows("admin2.json").set_index("record_id")["people"].to_dict(), nan_ok=True
    )


def test_a_workbook_with_names_of_people_is_refused():
    lines = [[*NAMES, "Phone number"], [*TAGS, "#contact"], [*LINE, "1"]]
    with pytest.raises(PayloadRejected, match="looks like data about a person"):
        found(workbook(IDPs=[["15 October 2024"], *lines]))


def test_a_refusal_of_every_question_says_what_it_may_mean(monkeypatch):
    monkeypatch.setenv("WAYPOST_DTM_KEY", "secret")
    monkeypatch.setenv("WAYPOST_COUNTRIES", "TCD")
    refuse = httpx.MockTransport(lambda _: httpx.Response(403, text="<html>blocked</html>"))
    with httpx.Client(transport=refuse) as client, pytest.raises(PayloadRejected, match=r"HTTP 403.*firewall"):
        list(source("dtm").fetch(client, SINCE))


def test_an_unsuccessful_answer_says_what_the_service_said():
    body = b'{"result": null, "isSuccess": false, "errorMessages": ["Operation is unknown"]}'
    with pytest.raises(PayloadRejected, match="Operation is unknown"):
        list(source("dtm").parse(Payload("x", body)))


def told(name: str, body: bytes | Payload) -> list:
    content = body.content if isinstance(body, Payload) else body
    return list(source("dtm").parse(Payload(name, content)))


def frame_of(found: list) -> pd.DataFrame:
    return pd.concat([item.frame for item in found if isinstance(item, Rows)])


def test_two_kinds_of_assessment_of_one_round_are_two_series():
    record = json.loads((PAYLOADS / "admin2.json").read_text())["result"][0]
    both = [{**record, "assessmentType": kind, "numPresentIdpInd": 147} for kind in ("BA", "SA")]
    for body in ({"result": both}, both):
        frame = frame_of(told("api.json", json.dumps(body).encode()))
        assert frame["people"].tolist() == [147, 147]
        assert frame["series"].str[-4:].tolist() == [", BA", ", SA"]
        assert frame["record_id"].is_unique


@pytest.mark.parametrize(
    ("header", "row", "reason"),
    [
        (
            [
                "A2. Région",
                "A3. Département",
                "B1.a Nombre de ménages déplacés",
                "B1.b Nombre d'individus déplacés internes",
            ],
            ["Lac", "Mamdi", 3, 12],
            "not_told",
        ),
        (
            ["Departamento", "Municipio", "Número de personas desplazadas internas", "Causa del desplazamiento"],
            ["Lac", "Mamdi", 12, "Inundación"],
            "disaster",
        ),
        (
            ["Province (Admin 1)", "District (Admin 2)", "Total number of IDP individuals", "Reason for displacement"],
            ["Lac", "Mamdi", 12, "Conflit"],
            "conflict",
        ),
        (
            ["State", "State code", "LGA", "LGA code", "IDP Individuals"],
            ["Lac", "TCD01", "Mamdi", "TCD0101", 12],
            "not_told",
        ),
    ],
)
def test_headings_without_hashtags_are_understood_word_by_word(header, row, reason):
    body = workbook(S=[["DTM Chad, invented"], ["Collecte : 1 - 30 septembre 2024"], header, row, ["Total", None, 12]])
    frame = frame_of(told("dtm.xlsx", body))
    assert frame[["area_name", "people", "cause", "country_iso3"]].to_numpy().tolist() == [["Mamdi", 12, reason, "TCD"]]
    assert frame["period_end_date"].dt.strftime("%Y-%m-%d").tolist() == ["2024-09-30"]


def test_a_heading_over_two_rows_and_a_month_in_the_files_name_are_understood():
    rows_ = [
        ["State of displacement", None, "County", None, "IDPs", None],
        ["Name", "Pcode", "Name", "Pcode", "Households", "Individuals"],
        ["A", "SS01", "B", "SS0102", 1, 0],
    ]
    frame = frame_of(told("dtm-south-sudan-round-12-october-2024.xlsx", workbook(S=rows_)))
    assert frame[["area_pcode", "people"]].to_numpy().tolist() == [["SS0102", 0]]
    assert frame["period_end_date"].dt.strftime("%Y-%m-%d").tolist() == ["2024-10-31"]


@pytest.mark.parametrize(
    ("header", "what"),
    [
        (["State", "Individuals displaced by the flood"], "no column of displaced people"),
        (["State", "IDP households"], "no column of displaced people"),
        (["State", "IDP Individuals", "Phone number"], "data about a person"),
        (["State", "IDP Individuals"], "tells no day"),
    ],
)
def test_a_part_or_households_are_no_figure_and_a_table_without_a_day_is_refused(header, what):
    with pytest.raises(PayloadRejected, match=what):
        told("dtm.xlsx", workbook(S=[header, ["Borno", *([12] * (len(header) - 1))]]))


def test_a_text_with_semicolons_of_western_europe_is_read_and_an_estimate_is_rejected():
    header = "Pays;R\u00e9gion;Cercle;PDI individus;Date de l'\u00e9valuation"
    body = f"{header}\nMali;A;B;1200;2024-05-31\nMali;A;C;~50;2024-05-31\n"
    found = told("mali.csv", body.encode("cp1252"))
    assert frame_of(found)["people"].tolist() == [1200]
    assert [item.locator for item in found if isinstance(item, Reject)] == ["line 3"]


def test_the_sites_of_a_round_are_visited_on_different_days_and_counted_at_its_end():
    header = ["Country", "Survey Round", "1.1.e.1 Region", "1.1.e.2 Zone", "2.1.b.1 Total number of IDP individuals"]
    row = ["Ethiopia", 33, "A", "B"]
    for visited, days in (("1.1.a.1: Survey Date", ["2023-05-03"]), ("Date Reported", ["2023-05-02", "2023-05-03"])):
        body = workbook(S=[[*header, visited], [*row, 120, date(2023, 5, 2)], [*row, 30, date(2023, 5, 3)]])
        frame = frame_of(told("dtm.xlsx", body))
        assert frame["people"].sum() == 150
        assert frame["period_end_date"].dt.strftime("%Y-%m-%d").tolist() == days


def test_visits_without_a_round_are_one_within_a_quarter_of_a_year():
    header = ["Country", "Region", "IDP individuals", "Date of assessment"]
    for last, count in ((date(2023, 6, 30), 1), (date(2024, 6, 30), 2)):
        body = workbook(S=[header, ["Somalia", "A", 5, date(2023, 5, 1)], ["Somalia", "A", 7, last]])
        assert len(frame_of(told("dtm.xlsx", body))) == count


def test_a_sum_that_a_rejected_row_belongs_to_is_not_known():
    header, day = ["Country", "Region", "District", "IDP individuals", "Date"], date(2024, 5, 31)
    rows_ = [["Somalia", "A", area, people, day] for area, people in (("B", 12), ("B", "~30"), ("C", "x"), ("D", 0))]
    found = told("dtm.xlsx", workbook(S=[header, *rows_]))
    frame = frame_of(found).set_index("area_name")
    assert pd.isna(frame.loc["B", "people"])
    assert frame.loc["D", "people"] == 0
    assert list(frame.index) == ["B", "D"]
    assert sum(isinstance(item, Reject) for item in found) == 2


@pytest.mark.parametrize(
    ("sheet", "header", "people"),
    [
        ("PDIs", ["Region", "Cercle", "Menages", "Individus"], 18),
        ("RETOURNEES_PDIs", ["Region", "Cercle", "Menages", "Individus"], None),
        ("PDIs", ["Region", "Cercle", "Individus retournés", "Individus"], None),
        ("Data", ["Region", "Cercle", "Menages", "Individus"], None),
    ],
)
def test_individuals_are_the_displaced_where_the_title_of_the_sheet_says_so_and_no_others_are_named(
    sheet, header, people
):
    body = workbook(**{sheet: [["Mali, septembre 2025"], header, ["A", "B", 3, 18], ["A Total", None, 3, 18]]})
    if people is None:
        with pytest.raises(PayloadRejected, match="no column of displaced people"):
            told("round83.xlsx", body)
    else:
        assert frame_of(told("round83.xlsx", body))["people"].tolist() == [people]


@pytest.mark.parametrize(
    ("heading", "value", "last_day"),
    [
        ("Month", "September 2023", "2023-09-30"),
        ("Mois", "9", "2023-09-30"),
        ("Date", "30/09/2023", "2023-09-30"),
        ("Date", "03/09/2023", None),
    ],
)
def test_a_month_and_a_day_whose_order_is_proven_are_read_and_nothing_is_guessed(heading, value, last_day):
    header = ["Country", "Region", "IDP individuals", heading, "Year"]
    found = told("dtm.xlsx", workbook(S=[header, ["Somalia", "A", 5, value, 2023]]))
    days = [day for item in found if isinstance(item, Rows) for day in item.frame["period_end_date"]]
    assert [f"{day:%Y-%m-%d}" for day in days] == ([last_day] if last_day else [])
    assert any(isinstance(item, Reject) for item in found) == (last_day is None)


def test_arabic_headings_are_understood():
    header = ["المحافظة", "رمز المحافظة", "المديرية", "رمز المديرية", "عدد الأسر النازحة", "عدد الأفراد النازحين"]
    body = workbook(S=[["مصفوفة تتبع النزوح 2024-05-31"], header, ["أ", "YE26", "ب", "YE2613", 5, 40]])
    frame = frame_of(told("dtm.xlsx", body))
    assert frame[["country_iso3", "area_pcode", "people"]].to_numpy().tolist() == [["YEM", "YE2613", 40]]
