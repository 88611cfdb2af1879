"""The model card says what is stored, and nothing that was not known by its day."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from data.schema.score import Score
from data.store import Store
from models.__main__ import main
from models.artifacts import save
from models.card import card
from models.errors import UnknownSituation
from models.forecaster import Forecaster
from models.forecasters.chosen import Chosen
from models.panel import Panel
from models.registry import forecaster
from models.serve import predict
from tests.worlds import day, facts, load


@pytest.fixture
def small(store: Store) -> Store:
    """A situation of two sites over 60 days."""
    load(store, facts({f"s{i}": [(d, 1000.0 + 9 * (i + 1) * d) for d in range(0, 61, 7)] for i in range(2)}))
    return store


def _scored(store: Store, rows: list[tuple[str | None, str, int, str, float]], cutoff: date, forecasts: int) -> None:
    """Store scores: place, model, horizon, metric, value."""
    heads = ["place_id", "model_name", "horizon_days", "metric", "value"]
    frame = pd.DataFrame(rows, columns=heads).assign(
        situation_id="w", model_version=Chosen.version, measure="stock", data_cutoff_date=cutoff, forecasts=forecasts
    )
    store.append({Score: frame})


def _fitted(store: Store) -> Forecaster:
    """Store a fitted model of the newest origin."""
    known = Panel.read(store, "w", day(56))
    model = forecaster("gradient_boosting").fit(known)
    save(store, model, known)
    return model


def test_without_runs_and_scores_the_card_says_so(small: Store):
    said = card(small, "w")
    assert "No forecast has been issued yet." in said
    assert "No back-test is stored" in said
    assert "0 of 0 places" in said
    with pytest.raises(UnknownSituation):
        card(small, "nowhere")


def test_the_card_holds_the_stored_run_scores_and_artifact(small: Store):
    predict(small, "w", day(56))
    _fitted(small)
    both = [(None, 30, "mae", 120.0), (None, 30, "rmae", 0.8), (None, 30, "coverage_80", 0.51)]
    by_place = [("w:s0", 30, "rmae", 0.7), ("w:s1", 30, "rmae", 1.25)]
    _scored(small, [(place, "chosen", *rest) for place, *rest in [*both, *by_place]], day(60), 24)
    _scored(small, [(None, "last_value", 30, "mae", 150.0)], day(60), 24)
    said = card(small, "w")
    assert f"origin {day(56)}" in said
    assert f"Answering: chosen, version {Chosen.version}." in said
    assert "| 30 | 24 | 120 | 150 | 0.80 | missing | 51% | missing |" in said
    assert "1 of 2 places that could be checked are without skill." in said
    assert "ratio 1.25, 24 forecasts" in said
    assert "ratio 0.70" not in said
    assert "The 80 % range of people present 30 days ahead held only 51%" in said
    assert f"| gradient boosting | {forecaster('gradient_boosting').version} | {day(56)} |" in said
    assert "Aggregates only" in said
    assert "Never a reason to close" in said


def test_nothing_of_after_the_day_is_on_the_card(small: Store):
    predict(small, "w", day(56))
    _scored(small, [(None, "chosen", 30, "mae", 120.0)], day(60), 24)
    before = card(small, "w", day(40))
    assert str(day(56)) not in before
    assert "No back-test is stored" in before
    assert f"known on {day(40)}" in before
    assert "No back-test is stored" not in card(small, "w", day(60))


def test_a_name_is_neither_markup_nor_a_border_of_the_table(store: Store):
    rows = facts({"s0": [(0, 10.0), (7, 20.0)]})
    for frame in rows.values():
        for column in ("title", "name"):
            if column in frame and len(frame):
                frame[column] = "<b>a|b\n# c"
    load(store, rows)
    first = card(store, "w").splitlines()[0]
    assert first == "# Model card: &lt;b>a\\|b # c"


def test_the_command_writes_or_prints(
    small: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.setenv("WAYPOST_DATABASE_URL", small.engine.url.render_as_string(hide_password=False))
    assert main(["card", "w", "--out", str(tmp_path / "card.md")]) == 0
    assert (tmp_path / "card.md").read_text(encoding="utf-8") == card(small, "w")
    capsys.readouterr()
    assert main(["card", "w"]) == 0
    assert capsys.readouterr().out == card(small, "w")
    assert main(["card", "nowhere"]) != 0
