"""The committed tables are the ones that are described, and can be made again from situations in the store."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.errors import InputRejected
from data.store import Store
from models.__main__ import main
from models.calibrate import calibrate
from models.calibration import COLUMNS, TABLE_FILE
from models.registry import LAST_VALUE, candidates
from models.selection import COUNTED, PRIOR_FILE, REGISTERED
from tests.worlds import facts, load


def described(table: Path) -> dict[str, object]:
    about: dict[str, object] = json.loads(table.with_suffix(".json").read_text(encoding="utf-8"))
    content = table.read_bytes()
    assert about["file"] == table.name
    assert about["sha256"] == sha256(content).hexdigest()
    assert (about["bytes"], about["rows"]) == (len(content), len(pd.read_csv(table)))
    assert about["origin"]
    assert about["licence"]
    return about


@pytest.mark.parametrize("table", [TABLE_FILE, PRIOR_FILE], ids=lambda path: path.name)
def test_a_committed_table_is_the_one_that_is_described(table):
    described(table)


def test_both_tables_can_be_made_again(store: Store, tmp_path, monkeypatch, database_url):
    steady = {f"s{i}": [(d, 1000.0 + 9 * (i + 1) * d + d % 4) for d in range(0, 64, 7)] for i in range(2)}
    load(store, facts(steady))
    monkeypatch.setenv("WAYPOST_DATABASE_URL", database_url)
    few = {name: candidates()[name] for name in (LAST_VALUE, "steady_change")}
    for module in ("models.issue", "models.calibrate"):
        monkeypatch.setattr(f"{module}.candidates", lambda: few)
    assert main(["calibrate", "w", "--out", str(tmp_path)]) == 0
    for name in ("errors.csv", "skill.csv"):
        assert "1 situations of 1 countries" in str(described(tmp_path / name)["origin"])
    errors, skills = pd.read_csv(tmp_path / "errors.csv"), pd.read_csv(tmp_path / "skill.csv")
    assert set(errors["model_name"]) == set(few)
    assert (np.diff(errors[COLUMNS], axis=1) >= 0).all()
    registered = skills[skills["kind"] == REGISTERED].set_index(["measure", "model_name"])["log_ratio"]
    assert registered["stock", LAST_VALUE] == 0
    assert registered["stock", "steady_change"] < 0, "it grows steadily"
    committed = pd.read_csv(PRIOR_FILE)  # nobody counted arrivals in this situation
    counted = [frame[frame["kind"] == COUNTED].reset_index(drop=True) for frame in (skills, committed)]
    pd.testing.assert_frame_equal(*counted)


def test_a_situation_without_reports_teaches_nothing(store: Store, tmp_path):
    load(store, facts({}))
    with pytest.raises(InputRejected, match="no report"):
        calibrate(store, ["w"], tmp_path)
    assert not list(tmp_path.iterdir())
