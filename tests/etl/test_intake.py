"""The validator behind the doors: what would change, what is wrong in plain words, all or nothing."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from data.errors import InputRejected, PayloadRejected
from data.schema.capacity import Capacity
from data.schema.observation import Observation
from data.schema.quarantine import Quarantine
from data.schema.source_run import SourceRun
from data.schema.status_period import StatusPeriod
from data.schema.stock import Stock
from etl import datasets
from etl.archive import Archive
from etl.checked import RowsRefused
from etl.intake import MOST_BYTES, Intake, Sending, file_name
from etl.source import Payload
from tests.doors import QUEUE, book_of, csv_of, queue_csv, shared, valley

HEADER = ["Place ID", "Period End Date", "People", "Source ID", "note"]
FUTURE = f"{datetime.now(UTC).date() + timedelta(days=200):%Y-%m-%d}"
MISTAKES = book_of({
    "data": [
        ["Daily report of the North Gate"], [], HEADER,
        ["North Gate", date(2026, 3, 1), 412, "police", "rain"],
        ["gate", "04/03/2026", 5, "police", None],        # row 5: day and month may be swapped
        ["gate", "2026-03-05", "1,234", "police", None],  # row 6: thousands
        ["gate", "2026-03-06", "n/a", "police", None],    # row 7: no number
        ["Nort Gate", "2026-03-07", 5, "police", None],   # row 8: misspelt place
        ["gate", "2026-03-08", 7, "police", None],
        ["gate", "2026-03-08", 7, "police", None],        # row 10: repeated
        ["gate", "2026-03-09", -3, "police", None],       # row 11: negative
        ["gate", FUTURE, 3, "police", None],              # row 12: still to come
        [None] * 5, ["", " ", None, None, ""],            # rows 13, 14: empty rows of a template
        ["Total", None, 1664, None, None],                # row 15
    ]
})  # fmt: skip


@pytest.fixture
def intake(store, tmp_path):
    valley(store)
    return Intake(store, Archive(tmp_path / "raw"))


def sending(body: bytes, kind: str = "queues", name: str = "x.csv", **more) -> Sending:
    return Sending(kind, Payload(name, body), more.pop("situation_id", "valley"), **more)


def test_the_mistakes_of_somebody_who_is_no_programmer_are_told_by_row_and_column(intake, store):
    seen = intake.preview(sending(MISTAKES, name="x.xlsx"))
    told = {problem.place: (problem.column, problem.value, problem.hint) for problem in seen.problems}
    assert told == {
        "row 5": ("period_end_date", "04/03/2026", "write 2026-03-04 or 2026-04-03 (year-month-day), "
                  "whichever is meant"),
        "row 6": ("people", "1,234", "write 1234, without marks between the thousands"),
        "row 7": ("people", "n/a", "leave the cell empty where nobody counted; 0 says that somebody counted and there "
                  "was none"),
        "row 8": ("place_id", "Nort Gate", "did you mean North Gate (valley:gate)?"),
        "row 11": ("people", "-3", "a count cannot be below zero; people who left are a flow of departures"),
        "row 12": ("period_end_date", FUTURE, told["row 12"][2]),
        "row 15": ("", "", "this looks like a row of totals: take it out, Waypost adds up by itself"),
    }  # fmt: skip
    assert told["row 12"][2].startswith("this day is still to come")
    assert seen.notes == ["row 10 repeats row 9: taken once"]
    assert (seen.counts["new"], seen.good_rows) == (2, 2)
    assert [day.isoformat() for day in seen.span] == ["2026-03-01", "2026-03-08"]
    assert store.read(Observation).empty


def test_two_problems_of_a_row_are_both_told(intake):
    seen = intake.preview(sending(queue_csv(("gaet", "2026-03-01", "?"), ("gate", "2026-03-02", "1"))))
    assert [(p.place, p.column) for p in seen.problems] == [("line 2", "place_id"), ("line 2", "people")]


def test_a_renamed_column_and_a_column_about_people_refuse_the_file_with_the_reason(intake, tmp_path):
    renamed = csv_of(("place_id", "period_end_date", "persons", "source_id"), ("gate", "2026-03-01", "1", "p"))
    assert "call people what is called persons now?" in intake.preview(sending(renamed)).refusal
    about = csv_of(
        ("place_id", "period_end_date", "people", "source_id", "Full name"), ("gate", "2026-03-01", "1", "p", "x")
    )
    assert "'Full name' looks like data about a person" in intake.preview(sending(about)).refusal
    with pytest.raises(PayloadRejected):
        intake.load(sending(about))
    assert not list((tmp_path / "raw").glob("*")) if (tmp_path / "raw").exists() else True


def test_nothing_is_loaded_of_a_table_with_problems_unless_that_is_chosen(intake, store):
    with pytest.raises(RowsRefused, match="7 rows have problems; nothing was loaded") as caught:
        intake.load(sending(MISTAKES, name="x.xlsx"))
    assert len(caught.value.problems) == 7
    assert store.read(Observation).empty
    assert store.read(SourceRun, source_id="counts")["status"].tolist() == ["failed"]
    loaded = intake.load(sending(MISTAKES, name="x.xlsx"), accept_good_rows=True)
    assert (loaded.counts["new"], loaded.counts["quarantined"], len(loaded.problems)) == (2, 7, 7)
    assert sorted(store.read(Observation)["people"]) == [7, 412]
    assert "row 6" in store.read(Quarantine)["locator"].tolist()


def test_a_preview_is_what_the_load_then_does_and_leaves_nothing(intake, store, tmp_path):
    intake.load(sending(queue_csv(("gate", "2026-03-01", "5"), ("gate", "2026-03-02", "6"))))
    runs, raw = len(store.read(SourceRun)), sorted((tmp_path / "raw").iterdir())
    table = sending(queue_csv(("gate", "2026-03-01", "5"), ("gate", "2026-03-02", "9"), ("ford", "2026-03-02", "1")))
    seen = intake.preview(table)
    assert (len(store.read(SourceRun)), sorted((tmp_path / "raw").iterdir())) == (runs, raw)
    changes = seen.changes.set_index("place_id")
    assert changes.loc["valley:gate", ["change", "people", "before_people"]].tolist() == ["revised", 9, 6]
    assert changes.loc["valley:ford", "change"] == "new"
    assert intake.load(table).counts == seen.counts | {"unchanged": 1}


def test_the_same_bytes_are_other_facts_in_another_kind_and_a_preview_of_them_records_nothing(intake, store):
    nobody = queue_csv(("camp", "2026-03-01", "0"))
    intake.load(sending(nobody))
    assert intake.preview(sending(nobody, "occupancy")).counts["new"] == 1
    assert intake.preview(sending(nobody)).counts["unchanged"] == 1
    assert len(store.read(SourceRun, source_id="counts")) == 1
    assert intake.load(sending(nobody, "occupancy")).counts["new"] == 1
    assert sorted(store.read(Observation)["measure"]) == ["queue", "stock"]


def test_a_name_beside_the_code_that_means_another_place_is_told(intake):
    header = ("place_id", "period_end_date", "people", "source_id", "Place name")
    rows = [("gate", "2026-03-01", "5", "p", "Old Ford"), ("ford", "2026-03-01", "5", "p", "old ford"),
            ("ford", "2026-03-02", "5", "p", "the ford by the mill")]  # fmt: skip
    seen = intake.preview(sending(csv_of(header, *rows)))
    assert [(p.place, p.reason) for p in seen.problems] == [
        ("line 2", "place_id names another place than Place name (Old Ford)")
    ]
    assert seen.counts["new"] == 2


def test_rows_that_contradict_each_other_are_both_refused(intake):
    seen = intake.preview(sending(queue_csv(("gate", "2026-03-01", "5"), ("North Gate", "2026-03-01", "6"))))
    assert [(p.place, p.reason) for p in seen.problems] == [
        ("line 2", "place_id and days are those of line 3 as well, the rest is not"),
        ("line 3", "place_id and days are those of line 2 as well, the rest is not"),
    ]


def test_a_row_that_is_given_and_withdrawn_in_one_table_is_told_twice_known_or_not(intake):
    given, gone = ("gate", "2026-03-01", "5", "p", ""), ("North Gate", "2026-03-01", "", "p", "yes")
    seen = intake.preview(sending(csv_of((*QUEUE, "withdrawn"), given, gone)))
    assert [(p.place, p.reason) for p in seen.problems] == [
        ("line 2", "place_id and days are those of line 3 as well, and one of them is withdrawn"),
        ("line 3", "place_id and days are those of line 2 as well, and one of them is withdrawn"),
    ]


def test_f42_two_windows_of_one_day_are_never_added_up(intake):
    header = ("place_id", "period_end_date", "people", "source_id", "window_start_hour", "window_end_hour")
    shifts = csv_of(header, ("gate", "2026-03-01", "5", "p", "6", "18"), ("gate", "2026-03-01", "9", "p", "18", "24"))
    seen = intake.preview(sending(shifts))
    assert [p.place for p in seen.problems] == ["line 2", "line 3"]
    assert seen.counts.get("new", 0) == 0


@pytest.mark.parametrize(
    ("kind", "place", "reason"),
    [("occupancy", "gate", "is a border point; this table is about a site"),
     ("queues", "Bahai", "is a town; this table is about a border point or site"),
     ("queues", "nowhere-at-all", "names no place known here")],
)  # fmt: skip
def test_a_place_must_be_one_that_the_table_can_be_about(intake, kind, place, reason):
    seen = intake.preview(sending(queue_csv((place, "2026-03-01", "5")), kind))
    assert reason in seen.problems[0].reason


def test_queues_and_occupancy_are_counts_of_one_moment(intake, store):
    intake.load(sending(queue_csv(("gate", "2026-03-01", "5"))))
    intake.load(sending(queue_csv(("Gore camp", "2026-03-01", "9")), "occupancy"))
    rows = store.read(Observation).set_index("place_id")
    assert rows.loc["valley:gate", ["measure", "direction"]].tolist() == ["queue", "present"]
    assert rows.loc["valley:camp", ["measure", "direction"]].tolist() == ["stock", "present"]
    told = csv_of(
        ("place_id", "measure", "period_end_date", "people", "source_id"), ("gate", "flow", "2026-03-02", "1", "p")
    )
    assert "measure of such a file is queue" in intake.preview(sending(told)).problems[0].reason


def test_local_hours_are_kept(intake, store):
    header = ("place_id", "period_end_date", "people", "source_id", "window_start_hour", "window_end_hour")
    intake.load(sending(csv_of(header, ("gate", "2026-03-01", "5", "p", "6", "18"))))
    assert store.read(Observation)[["window_start_hour", "window_end_hour"]].to_numpy().tolist() == [[6, 18]]


def test_staff_is_a_capacity_line_and_a_stock_is_counted_by_item(intake, store):
    lines = csv_of(
        ("place_id", "line", "assessed_date", "people", "reported_by"), ("gate", "staff", "2026-03-01", "40", "b")
    )
    intake.load(sending(lines, "capacities"))
    assert store.read(Capacity)[["line", "people"]].to_numpy().tolist() == [["staff", 40]]
    header = ("place_id", "item", "counted_date", "quantity", "unit", "reported_by", "standard_id")
    stock = csv_of(header, ("camp", "blanket", "2026-03-01", "12.5", "bale", "red-crescent", ""))
    intake.load(sending(stock, "stocks"))
    assert store.read(Stock)[["item", "owner", "quantity"]].to_numpy().tolist() == [["blanket", "red-crescent", 12.5]]
    unknown = csv_of(header, ("camp", "blanket", "2026-03-01", "1", "bale", "red-crescent", "no-such"))
    assert "standard_id names no planning standard" in intake.preview(sending(unknown, "stocks")).problems[0].reason


def test_a_new_status_ends_the_running_one_which_stays_known_as_it_was(intake, store):
    header = ("border_point_id", "start_date", "status")
    intake.load(sending(csv_of(header, ("gate", "2026-01-01", "open"), ("gate", "2026-02-10", "closed")), "statuses"))
    before = datetime.now(UTC)
    intake.load(sending(csv_of(header, ("North Gate", "2026-02-20", "restricted")), "statuses"))
    rows = store.read(StatusPeriod).sort_values("start_date")
    assert rows["status"].tolist() == ["open", "closed", "restricted"]
    assert rows["end_date"].dt.strftime("%m-%d").tolist()[:2] == ["02-10", "02-20"]
    assert pd.isna(rows["end_date"].iloc[2])
    then = store.read(StatusPeriod, before).sort_values("start_date")
    assert then["status"].tolist() == ["open", "closed"]
    assert pd.isna(then["end_date"].iloc[1])


def test_a_status_reported_late_ends_where_the_next_begins(intake, store):
    header = ("border_point_id", "start_date", "status")
    intake.load(sending(csv_of(header, ("gate", "2026-02-10", "closed")), "statuses"))
    intake.load(sending(csv_of(header, ("gate", "2026-01-01", "open")), "statuses"))
    rows = store.read(StatusPeriod).sort_values("start_date")
    assert rows["end_date"].dt.strftime("%m-%d").fillna("").tolist() == ["02-10", ""]


def statuses(*rows: tuple[str, str, str, str], withdrawn: str = "") -> Sending:
    header = ("border_point_id", "start_date", "status", "end_date", "withdrawn")
    return sending(csv_of(header, *((*row, withdrawn) for row in rows)), "statuses")


def test_a_status_that_is_withdrawn_lets_the_one_before_it_run_on(intake, store):
    def now() -> list[str]:
        rows = store.read(StatusPeriod).sort_values("start_date")
        ends = rows["end_date"].dt.strftime(" %m-%d").fillna("")
        return (rows["start_date"].dt.strftime("%m-%d ") + rows["status"] + ends).tolist()

    intake.load(statuses(("gate", "2026-01-01", "open", "2026-03-20"), ("ford", "2026-02-10", "open", "")))
    first = now()
    intake.load(statuses(("gate", "2026-02-10", "closed", "")))
    intake.load(statuses(("gate", "2026-03-01", "restricted", "")))
    assert "01-01 open 02-10" in now()
    wrong = statuses(("gate", "2026-02-10", "", ""), withdrawn="yes")
    assert sorted(intake.preview(wrong).changes["change"]) == ["deleted", "revised"]
    intake.load(wrong)
    assert now() == ["01-01 open 03-01", "02-10 open", "03-01 restricted"]  # open until 20 March was cut once more
    intake.load(statuses(("gate", "2026-03-01", "", ""), withdrawn="yes"))
    assert now() == first


def test_what_was_sent_for_the_wrong_place_or_under_a_misspelt_name_is_put_right_in_one_table(intake, store):
    header = (*QUEUE, "withdrawn")
    intake.load(sending(csv_of(QUEUE, ("ford", "2026-03-01", "5", "Border Police"))))
    right = csv_of(header, ("ford", "2026-03-01", "1,234", "Border Police", "Yes"),
                   ("gate", "2026-03-01", "5", "border-police", "no"))  # fmt: skip
    assert intake.preview(sending(right)).problems == []
    assert intake.load(sending(right)).told() == "1 new, 1 withdrawn"
    assert store.read(Observation)[["place_id", "source_id"]].to_numpy().tolist() == [["valley:gate", "border-police"]]


def test_a_table_with_hashtags_withdraws_by_its_tag_or_its_heading(intake, store):
    tags = ("#loc+name", "#date+occurred", "#affected+waiting", "#org")
    row = ("North Gate", "2026-03-01", "5", "police")
    for header in (((*tags, "#meta+withdrawn"),), (("Poste", "Jour", "Nombre", "Par", "withdrawn"), (*tags, ""))):
        intake.load(sending(csv_of(tags, row)))
        intake.load(sending(csv_of(header[0], *header[1:], (*row, "TRUE"))))
        assert store.read(Observation).empty


def test_a_withdrawal_is_said_in_two_words_and_needs_all_that_tells_rows_apart(intake):
    header = (*QUEUE, "withdrawn")
    told = csv_of(header, ("gate", "2026-03-01", "5", "p", "ja"), ("gate", "", "", "p", "yes"),
                  ("", "2026-03-01", "", "p", "yes"), ("gaet", "2026-03-01", "", "p", "yes"))  # fmt: skip
    problems = [(p.place, p.column, p.hint) for p in intake.preview(sending(told)).problems]
    assert problems == [
        ("line 2", "withdrawn", "write one of: yes, no"),
        ("line 3", "period_end_date", "fill in this cell, like 2026-03-01"),
        ("line 4", "place_id", "fill in this cell; of merged cells only the first one holds what they show"),
        ("line 5", "place_id", "did you mean North Gate (valley:gate)?"),
    ]


def test_what_comes_without_an_agreement_is_for_operational_use(intake, store):
    intake.load(sending(queue_csv(("gate", "2026-03-01", "5"))))
    assert store.read(SourceRun, source_id="counts")["dataset_id"].tolist() == [datasets.UNSHARED]
    assert datasets.known(store).set_index("id").loc[datasets.UNSHARED, "audience"] == "operational"


def test_another_owner_changes_nothing_at_all_and_the_same_owner_may_under_another_data_set(intake, store):
    for one in (shared("police"), shared("police", "partners", id="police-2"), shared("clinic", "operational")):
        datasets.add(store, one)
    intake.load(sending(queue_csv(("gate", "2026-03-01", "5")), dataset_id="police"))
    before = store.history(Observation)
    other = sending(queue_csv(("gate", "2026-03-01", "6"), ("ford", "2026-03-01", "7")), dataset_id="clinic")
    with pytest.raises(RowsRefused) as caught:
        intake.load(other)
    assert caught.value.problems == intake.preview(other).problems
    assert [(p.place, p.column, p.value, p.reason) for p in caught.value.problems] == [
        ("line 2", "source_id", "border-police", "source_id is of a figure that others sent, and only they can change "
         "it: police, under the data set police; send yours under your own source_id")
    ]  # fmt: skip
    assert store.history(Observation).equals(before)
    gone = csv_of((*QUEUE, "withdrawn"), ("gate", "2026-03-01", "", "border-police", "yes"))
    assert intake.preview(sending(gone, dataset_id="clinic")).problems == intake.preview(other).problems
    intake.load(sending(queue_csv(("gate", "2026-03-01", "8")), dataset_id="police-2"))
    assert intake.load(other, accept_good_rows=True).counts["new"] == 1
    assert sorted(store.read(Observation)["people"]) == [7, 8]


def test_what_came_without_an_agreement_is_corrected_without_one_alone(intake, store):
    datasets.add(store, shared("police"))
    with store.load("counts") as target:  # an open source
        day = pd.Timestamp("2026-03-01")
        about = {"place_id": "valley:gate", "measure": "queue", "direction": "present", "population_group": "all"}
        about |= {"period_start_date": day, "period_end_date": day, "source_id": "border-police", "quality": "reported"}
        target.add(Observation, pd.DataFrame([about | {"people": 4}]))
    for people in ("5", "6"):
        table = sending(queue_csv(("gate", "2026-03-01", people)))
        assert intake.load(table).counts["revised"] == 1
    refused = intake.preview(sending(queue_csv(("gate", "2026-03-01", "7")), dataset_id="police"))
    assert "it came without an agreement" in refused.problems[0].reason
    intake.load(sending(queue_csv(("ford", "2026-03-01", "1")), dataset_id="police"))
    assert "police, under" in intake.preview(sending(queue_csv(("ford", "2026-03-01", "2")))).problems[0].reason


def test_who_ends_the_status_of_another_does_not_come_to_own_it(intake, store):
    for owner in ("police", "clinic"):
        datasets.add(store, shared(owner))
    header = ("border_point_id", "start_date", "status")
    intake.load(sending(csv_of(header, ("gate", "2026-01-01", "open")), "statuses", dataset_id="police"))
    intake.load(sending(csv_of(header, ("gate", "2026-02-10", "closed")), "statuses", dataset_id="clinic"))
    corrected = sending(csv_of(header, ("gate", "2026-01-01", "restricted")), "statuses", dataset_id="police")
    assert intake.load(corrected).counts["revised"] == 1


@pytest.mark.parametrize(
    ("more", "why"),
    [({"situation_id": "nowhere"}, "is not known"), ({"dataset_id": "nobody"}, "is not known"),
     ({"kind": "people"}, "is no kind of table")],
)  # fmt: skip
def test_what_cannot_be_is_refused_without_reading(intake, more, why):
    with pytest.raises(InputRejected, match=why):
        intake.load(sending(queue_csv(("gate", "2026-03-01", "5")), **more))


@pytest.mark.parametrize("name", ["x.csv", "x.xlsx", "x.json", "x.vrt", "x"])
def test_f70_a_file_that_is_another_thing_than_its_name_says_is_refused(intake, name):
    vrt = b"<OGRVRTDataSource><OGRVRTLayer><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    assert intake.preview(sending(vrt, name=name)).refusal
    other = MISTAKES if name != "x.xlsx" else queue_csv(("gate", "2026-03-01", "5"))
    assert intake.preview(sending(other, name=name)).refusal


def test_f70_a_table_too_large_is_refused_unread(intake):
    assert "more than 10,000,000" in intake.preview(sending(b"x" * (MOST_BYTES + 1))).refusal


def test_f29_control_marks_in_a_note_are_a_problem_and_not_shown_raw(intake):
    header = ("place_id", "period_end_date", "people", "source_id", "note")
    seen = intake.preview(sending(csv_of(header, ("gate", "2026-03-01", "5", "p", "rain\u202e"))))
    assert "note has control characters" in seen.problems[0].reason


def test_f46_f47_the_same_table_twice_changes_nothing(intake, store):
    table = sending(queue_csv(("gate", "2026-03-01", "5")))
    intake.load(table)
    before = store.history(Observation)
    assert intake.load(table).counts["unchanged"] == 1
    assert store.history(Observation).equals(before)


@pytest.mark.parametrize("told", ["../../x.csv", "C:\\temp\\x.csv", "x\x00.csv", "/x.csv"])
def test_f70_a_name_is_never_a_path(told):
    assert file_name(told) == "x.csv"
