"""A stored model answers only when everything about it matches; nothing of an untrusted file is ever run (F65)."""

import json
import logging
import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LinearRegression
from sqlalchemy import update

from data.postgres import engine
from data.schema.driver import Driver
from data.schema.forecast_run import ForecastRun
from data.schema.model_artifact import ModelArtifact
from data.schema.observation import Observation
from data.store import Store
from models.__main__ import main
from models.artifacts import learns, load, save
from models.errors import ArtifactRefused
from models.panel import Panel
from models.registry import LAST_VALUE, candidates, forecaster
from models.selection import Choice
from models.serve import _newest_known, answer, fit, predict
from tests.databases import copied
from tests.worlds import day, facts, growing, panel
from tests.worlds import load as land

NAME = "gradient_boosting"
AT = 126


@pytest.fixture(scope="module")
def learnt(module_database_url: str) -> str:
    """A database with a situation of two sites over 130 days and a model that has learnt from little, at day 126."""
    store = Store(engine(module_database_url))
    steady = {f"s{i}": [(d, 1000.0 + 9 * (i + 1) * d + d % 4) for d in range(0, 131, 7)] for i in range(2)}
    land(store, facts(steady))
    known = Panel.read(store, "w", day(AT))
    save(store, forecaster(NAME).set_params(least_examples=20, rounds=5, refits=1).fit(known), known)
    store.engine.dispose()
    return module_database_url


@pytest.fixture
def small(learnt: str) -> Iterator[Store]:
    """A copy of it."""
    with copied(learnt) as url:
        store = Store(engine(url))
        yield store
        store.engine.dispose()


@pytest.fixture
def boosted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past scores that make gradient boosting answer for everything at the first site, the last value at the other."""
    chosen = Choice({"w:s0": NAME, "w:s1": LAST_VALUE}, {"w:s0": NAME, "w:s1": LAST_VALUE}, {"w:s0": 12.0})
    monkeypatch.setattr("models.serve.choose", lambda *_: chosen)


def changed(store: Store, **values: Any) -> None:
    """Change the stored artifact behind the program's back."""
    with store.engine.begin() as connection:
        connection.execute(update(ModelArtifact).values(**values))


def offered(store: Store, content: bytes) -> None:
    """Offer other bytes, with the hash that fits them."""
    changed(store, content=content, content_sha256=sha256(content).hexdigest())


def refusal(store: Store, at: int = AT, situation: str = "w") -> ArtifactRefused:
    """Return why the stored model is refused."""
    with pytest.raises(ArtifactRefused) as caught:
        load(store, NAME, situation, day(at))
    return caught.value


def content_of(store: Store) -> bytes:
    """Return the stored bytes."""
    return bytes(store.read(ModelArtifact)["content"].iloc[0])


def test_a_large_fitted_model_says_the_same_after_it_was_stored(store: Store):
    land(store, facts(growing(sites=4, days=300)))
    known = Panel.read(store, "w", day(290))
    model = forecaster(NAME).set_params(least_examples=50, rounds=20).fit(known)
    digest = save(store, model, known)
    rows = store.read(ModelArtifact)
    assert rows["content_sha256"].tolist() == [digest]
    assert json.loads(rows["requirements"].iloc[0]).keys() == {"situation_id", "python", "scikit-learn", "skops"}
    again = load(store, NAME, "w", day(290))
    assert again.newest_ is not None
    want, got = (m.predict(known, 60, 40, 7) for m in (model, again))
    np.testing.assert_array_equal(got.arrivals, want.arrivals)
    np.testing.assert_array_equal(got.stock, want.stock)


@pytest.mark.parametrize("name", [name for name, cls in candidates().items() if learns(cls)])
def test_every_forecaster_that_learns_can_be_stored(store: Store, name: str):
    known = panel(200, growing(sites=2, days=200))
    save(store, forecaster(name).fit(known), known)
    assert type(load(store, name, "w", day(200))) is candidates()[name]


def test_a_model_that_learnt_from_another_day_is_not_stored_as_of_this_one(store: Store):
    known = panel(200, growing(sites=2, days=200))
    with pytest.raises(ArtifactRefused, match="has learnt from w until"):
        save(store, forecaster(NAME).fit(known.at(day(150))), known)
    assert store.read(ModelArtifact).empty


def test_f65_a_missing_model_is_named(small: Store):
    assert refusal(small, situation="elsewhere").check == "missing"
    assert str(refusal(small, situation="elsewhere")) == (
        "The stored model gradient_boosting was refused: none is stored for elsewhere"
    )


def test_f65_a_later_cut_off_would_be_look_ahead(small: Store):
    found = refusal(small, at=AT - 1)
    assert found.check == "look-ahead"
    assert f"learnt until {day(AT)}, after the origin {day(AT - 1)}" in str(found)


def test_the_newest_model_that_may_answer_is_taken_and_later_ones_left(small: Store):
    earlier = Panel.read(small, "w", day(112))
    save(small, forecaster(NAME).fit(earlier), earlier)
    assert load(small, NAME, "w", day(AT)).fitted_until_ == {"w": day(AT)}
    assert load(small, NAME, "w", day(120)).fitted_until_ == {"w": day(112)}


def test_f65_one_flipped_bit_is_a_wrong_hash(small: Store):
    content = bytearray(content_of(small))
    content[len(content) // 2] ^= 1
    changed(small, content=bytes(content))
    assert refusal(small).check == "SHA-256"


@pytest.mark.parametrize("kept", [0, 1, 0.5, -1])
def test_f65_truncated_bytes_are_refused_with_either_hash(small: Store, kept: float):
    content = content_of(small)
    cut = content[: int(len(content) * kept) if 0 < kept < 1 else int(kept)]
    changed(small, content=cut)
    assert refusal(small).check == "SHA-256"
    offered(small, cut)
    assert refusal(small).check == "format"


@pytest.mark.parametrize("library", ["scikit-learn", "skops", "python"])
def test_f65_another_version_of_a_library_is_refused(small: Store, library: str):
    made_with = json.loads(small.read(ModelArtifact)["requirements"].iloc[0])
    changed(small, requirements=json.dumps({**made_with, library: "0.0.1"}))
    found = refusal(small)
    assert found.check == library
    assert f"made with {library} 0.0.1, here is {made_with[library]}" in str(found)


def test_f65_another_version_of_the_model_is_refused(small: Store):
    changed(small, model_version="0")
    assert refusal(small).check == "version"


def test_f65_a_model_under_another_name_is_refused(small: Store):
    known = Panel.read(small, "w", day(AT))
    other = forecaster(LAST_VALUE).fit(known)
    offered(small, skops.io.dumps(other))
    assert refusal(small).check == "types"
    offered(small, skops.io.dumps(LinearRegression()))
    assert refusal(small).check == "name"


def test_f65_a_cut_off_that_the_content_contradicts_is_refused(small: Store):
    changed(small, data_cutoff_date=day(AT - 20))
    assert refusal(small).check == "data cut-off"


class _Bomb:
    """What writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], Any], tuple[Path]]:
        return Path.touch, (self.path,)


def test_f65_a_pickle_is_refused_and_never_run(small: Store, tmp_path: Path):
    pickled = pickle.dumps(_Bomb(tmp_path / "ran"))
    offered(small, pickled)
    assert refusal(small).check == "format"
    assert not (tmp_path / "ran").exists()
    pickle.loads(pickled)
    assert (tmp_path / "ran").exists(), "the pickle would have run"


def test_f65_a_function_inside_the_right_format_is_refused_and_never_called(small: Store, tmp_path: Path):
    harmless = tmp_path / "harmless.skops"
    skops.io.dump({"call": np.sum}, harmless)
    with ZipFile(harmless) as have:
        schema = have.read("schema.json").decode()
    assert '"sum"' in schema
    evil = tmp_path / "evil.skops"
    with ZipFile(evil, "w") as made:
        made.writestr("schema.json", schema.replace('"sum"', '"system"').replace('"numpy"', '"os"'))
    offered(small, evil.read_bytes())
    found = refusal(small)
    assert found.check == "types"
    assert "os.system" in str(found)


def test_the_stored_model_answers_without_being_fitted_again(
    small: Store, boosted: None, monkeypatch: pytest.MonkeyPatch
):
    known = Panel.read(small, "w", day(AT))
    want = load(small, NAME, "w", day(AT)).predict(known, 30, 20, 3, ["w:s0"])
    monkeypatch.setattr(candidates()[NAME], "_fit", lambda *_: pytest.fail("fitted again"))
    served = answer(small, known)
    assert served.refused == {}
    np.testing.assert_array_equal(served.predict(known, 30, 20, 3, ["w:s0"]).arrivals, want.arrivals)


def test_f65_where_a_model_is_refused_the_last_value_answers_and_says_so(
    small: Store, boosted: None, caplog: pytest.LogCaptureFixture
):
    changed(small, content=b"rotten")
    with caplog.at_level(logging.WARNING, "waypost.models"):
        known, served = predict(small, "w", day(AT))
    last = forecaster(LAST_VALUE).fit(known).predict(known, 30, 20, 3)
    np.testing.assert_array_equal(served.predict(known, 30, 20, 3).arrivals, last.arrivals)
    run = small.read(ForecastRun, role="deployed")
    said = small.read(Driver, run_id=int(run["id"].iloc[0])).groupby("place_id")["sentence"].agg(" ".join)
    refused = "The stored model gradient_boosting was refused: its SHA-256 does not match"
    assert refused in said["w:s0"]
    assert "the last value answers for arrivals and people present." in said["w:s0"]
    assert refused not in said["w:s1"]
    assert refused in caplog.text
    predict(small, "w", day(AT))
    assert small.read(ForecastRun, role="deployed")["id"].tolist() == run["id"].tolist()


def test_a_report_that_is_withdrawn_is_news_and_leaves_the_forecast(small: Store):
    last = small.read(Observation, period_end_date=day(AT))
    assert _newest_known(small, "w") == day(AT)
    with small.load("made-up") as target:
        target.add(Observation, last[list(Observation.content())].assign(is_deleted=True))
    today = _newest_known(small, "w")
    assert today == datetime.now(UTC).date()
    assert Panel.read(small, "w", today).newest_observation_date == day(AT - 7)


def test_the_commands_fit_and_predict(small: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    monkeypatch.setenv("WAYPOST_DATABASE_URL", small.engine.url.render_as_string(hide_password=False))
    assert main(["fit", "w"]) == 0
    assert f"w: {NAME} stored" in capsys.readouterr().out
    assert set(fit(small, "w")) == {name for name, cls in candidates().items() if learns(cls)}
    assert main(["predict", "w", "--origin", day(128).isoformat()]) == 0
    assert small.read(ForecastRun, role="deployed")["origin_date"].dt.date.tolist() == [day(128)]
    assert main(["predict", "nowhere"]) != 0
    assert main(["predict", "w", "--origin", day(-500).isoformat()]) != 0
