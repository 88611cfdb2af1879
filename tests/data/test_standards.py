"""The shipped planning standards: every figure says where it comes from and how far to trust it."""

import hashlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest

import data
from data.frames import check
from data.schema.standard import Standard

FOLDER = Path(data.__file__).parent / "reference"
SHIPPED = pd.read_csv(FOLDER / "standards.csv", keep_default_na=False)
ABOUT = json.loads((FOLDER / "standards.json").read_text(encoding="utf-8"))


def of_mark(mark: str) -> "pd.Series[str]":
    return SHIPPED.loc[SHIPPED["trust_mark"] == mark, "source"]


def test_the_file_is_the_one_that_is_described():
    content = (FOLDER / "standards.csv").read_bytes()
    assert ABOUT["sha256"] == hashlib.sha256(content).hexdigest()
    assert (ABOUT["bytes"], ABOUT["rows"]) == (len(content), len(SHIPPED))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", ABOUT["date"])
    assert ABOUT["origin"]
    assert ABOUT["licence"]


def test_the_columns_are_those_of_the_table_and_every_row_fits_it():
    assert SHIPPED.columns.tolist() == Standard.content()
    assert check(SHIPPED, Standard).reasons == {}


def test_no_cell_is_empty_or_padded():
    text = SHIPPED.astype("str")
    assert not (text == "").any(axis=None)
    assert text.equals(text.apply(lambda column: column.str.strip()))


def test_no_id_or_place_in_the_order_is_there_twice():
    assert SHIPPED["id"].is_unique
    assert SHIPPED["sort_order"].is_unique
    assert SHIPPED["sort_order"].is_monotonic_increasing
    assert SHIPPED["id"].str.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*").all()


def test_sectors_stand_together():
    changes = SHIPPED["sector"] != SHIPPED["sector"].shift()
    assert changes.sum() == SHIPPED["sector"].nunique()


def test_all_are_shipped_defaults():
    assert set(SHIPPED["edited_by"]) == {"shipped default"}


def test_each_rests_on_people_or_on_a_standard_that_comes_before_it():
    known = {"people", "arrivals_per_day"}
    for row in SHIPPED.itertuples():
        assert row.basis in known, row.id
        known.add(row.id)


@pytest.mark.parametrize(
    ("mark", "said"),
    [("V2", "quoted second hand"), ("K", "text not seen"), ("A", "Assumption"), ("D", "Derived from")],
)
def test_the_source_says_what_the_mark_means(mark, said):
    sources = of_mark(mark)
    assert len(sources) > 0
    assert sources.str.contains(said, regex=False).all()


@pytest.mark.parametrize("mark", ["K", "A"])
def test_a_figure_without_a_seen_text_does_not_lean_on_a_publication(mark):
    assert not of_mark(mark).str.match(r"(per )?(Sphere|UNHCR|WHO|WFP|CPMS)").any()


def test_what_is_shared_by_many_is_not_rounded_up_to_one_for_few():
    shares = SHIPPED.set_index("id").loc[["health-centre", "hospital"], "rounding"]
    assert set(shares) == {"none"}


def test_the_foods_make_up_the_ration():
    food = SHIPPED.set_index("id")["quantity"]
    parts = [f"ration-{name}" for name in ("cereal", "pulses", "oil", "blended", "sugar", "salt")]
    assert food[parts].sum() == pytest.approx(food["ration"])
