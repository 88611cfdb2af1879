"""Every table keeps its own rules, in the check before the load and in the database; a new table is covered at once."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from itertools import product

import pandas as pd
import pytest
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, DateTime, Float, Integer, insert
from sqlalchemy.exc import IntegrityError

from data.frames import check
from data.schema import Base, versioned_tables
from data.schema.source_run import SourceRun

TABLES = versioned_tables()
NOW = datetime(2024, 5, 1, tzinfo=UTC)
NUMBERS = (1, 2, 0.5, 2000, 12, 0, -1, -1e18, 1e18)
DAYS = (date(2024, 1, 2), date(2024, 1, 1), date(1800, 1, 1), date(2199, 1, 1))
WORDS = ("AAA", "BBB", "no such word")


def rules(table) -> dict[str, str]:
    found = [c for c in table.__table__.constraints if isinstance(c, CheckConstraint) and "rule" in c.info]
    return {str(c.name): c.info["rule"] for c in sorted(found, key=lambda c: str(c.name))}


def used(text: str, table) -> list[str]:
    return [name for name in table.content() if name in re.findall(r"[a-z_0-9]+", re.sub(r"'[^']*'", "", text))]


def candidates(name: str, table) -> list:
    """Values of a column's type, those of its vocabulary first."""
    kind = table.__table__.columns[name].type
    if isinstance(kind, Boolean):
        return [True, False]
    if isinstance(kind, (Integer, BigInteger)):
        return [int(n) for n in NUMBERS if n == int(n)]
    if isinstance(kind, Float):
        return list(NUMBERS)
    if isinstance(kind, DateTime):
        return [NOW, datetime(2024, 4, 1, tzinfo=UTC)]
    if isinstance(kind, Date):
        return list(DAYS)
    vocabulary = [re.findall(r"'([^']*)'", text) for text in rules(table).values() if f"{name} in" in text]
    return [*(vocabulary[0] if vocabulary else ()), *WORDS]


@cache
def good_row(table) -> dict:
    """A row that keeps every rule, found by trying."""
    row = {name: candidates(name, table)[0] for name in table.content() if not name.endswith("_wkt")}
    row |= {name: "POINT (1 2)" for name in table.content() if name.endswith("_wkt")}
    for text in rules(table).values():
        names = used(text, table)
        if f"breaks the rule {text}" in reason(row, table):
            tried = variants(row, names, table)
            broken = reasons(tried, table)
            row = next((t for i, t in enumerate(tried) if f"breaks the rule {text}" not in broken.get(i, "")), row)
    assert reason(row, table) == ""
    return row


def variants(row: dict, names: Sequence[str], table) -> list[dict]:
    """The row with each combination of candidates for some columns."""
    every = product(*(candidates(name, table) for name in names))
    return [row | dict(zip(names, values, strict=True)) for values in every]


def reasons(rows: list[dict], table) -> Mapping:
    """Why rows do not fit, by their number; those that do are absent."""
    return check(pd.DataFrame(rows, dtype=object), table).reasons


def reason(row: dict, table) -> str:
    """Why the row does not fit, empty when it does."""
    return reasons([row], table).get(0, "")


@cache
def broken_row(table, text: str) -> dict:
    """A row that breaks this rule and no other."""
    tried = variants(good_row(table), used(text, table), table)
    for number, said in reasons(tried, table).items():
        if said.count("breaks the rule") == 1 and text in said:
            return tried[number]
    raise AssertionError(f"no row breaks {text!r} alone: the rule cannot fail")


ALL_RULES = [(name, rule) for name, table in TABLES.items() for rule in rules(table)]


@pytest.mark.parametrize(("name", "rule"), ALL_RULES)
def test_each_rule_has_a_row_that_breaks_it(name, rule):
    table = TABLES[name]
    assert rules(table)[rule] in reason(broken_row(table, rules(table)[rule]), table)


def test_f32_the_database_refuses_what_the_check_refuses(engine):
    with engine.begin() as connection:
        run = connection.execute(
            insert(SourceRun).values(source_id="x", checked_at=NOW, status="running").returning(SourceRun.id)
        ).scalar_one()
        more = {"known_from": NOW, "run_id": run}
        for table in TABLES.values():
            with connection.begin_nested() as point:
                connection.execute(insert(table).values(**good_row(table), **more))
                point.rollback()
            for rule, text in rules(table).items():
                with pytest.raises(IntegrityError, match=rule), connection.begin_nested():
                    connection.execute(insert(table).values(**broken_row(table, text), **more))


def test_the_migrations_make_exactly_the_rules_of_the_tables(engine):
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT conname FROM pg_constraint WHERE contype = 'c'").scalars().all()
    wanted = {
        str(c.name) for t in Base.metadata.tables.values() for c in t.constraints if isinstance(c, CheckConstraint)
    }
    assert wanted <= set(found)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_key_is_content_and_never_missing(name):
    table = TABLES[name]
    assert set(table.key) <= set(table.content())
    assert not any(table.__table__.columns[column].nullable for column in table.key)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_what_a_table_points_to_is_a_table_with_an_id(name):
    for column, parent in TABLES[name].references:
        assert column in TABLES[name].content()
        assert "id" in TABLES[parent].content()


@pytest.mark.parametrize("name", sorted(Base.metadata.tables))
def test_no_table_has_a_place_for_a_person(name):
    """Aggregates only: no name, birth date, document, phone or fingerprint of anybody."""
    personal = (
        r"(first|last|full|family|given)_?name|surname|birth|passport|document|phone|biometric|finger|iris|gender|email"
    )
    assert not [column.name for column in Base.metadata.tables[name].columns if re.search(personal, column.name)]


@pytest.mark.parametrize("name", sorted(Base.metadata.tables))
def test_every_instant_has_a_time_zone_and_every_name_says_what_it_is(name):
    for column in Base.metadata.tables[name].columns:
        if isinstance(column.type, DateTime):
            assert column.type.timezone
            assert column.name.endswith("_at") or column.name in {"known_from", "known_to"}
        elif isinstance(column.type, Date):
            assert column.name.endswith("_date")
