"""Every setting that a source reads is in the documentation, with how to get one."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"\bWAYPOST_[A-Z][A-Z_]*[A-Z]\b(?!_)")
OF_THE_PROGRAM = {"WAYPOST_DATABASE_URL", "WAYPOST_VAR", "WAYPOST_SOURCES"}


def test_every_setting_of_a_source_is_in_the_table_of_settings():
    named = {name for path in (ROOT / "etl").rglob("*.py") for name in NAME.findall(path.read_text(encoding="utf-8"))}
    lines = (ROOT / "docs" / "data-and-schedule.md").read_text(encoding="utf-8").splitlines()
    rows = [line.split("|") for line in lines if line.startswith("| `WAYPOST_")]
    told = {name for row in rows if len(row) == 5 and row[3].strip() for name in NAME.findall(row[1])}
    assert len(named) > 8
    assert named - OF_THE_PROGRAM - told == set()
    assert told - named == set()


def test_the_page_on_own_data_leads_to_it():
    assert "data-and-schedule.md#settings-of-sources" in (ROOT / "docs" / "own-data.md").read_text(encoding="utf-8")
