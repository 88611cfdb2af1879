"""The reasons of gradient boosting where every feature has something to say."""

import numpy as np
import pytest

from models.centred import REASON_DAYS
from models.features.table import FEATURES, features_now, speaking
from models.forecasters.gradient_boosting import GradientBoosting
from models.panel import Panel
from models.past import now
from tests.surroundings import world
from tests.worlds import day, facts, growing

AT = 860


def test_every_story_is_told_and_the_effects_add_up():
    known = Panel(world(AT), "w", day(AT - 1))
    model = GradientBoosting(refits=0).fit(known)
    told = model.reasons(known)
    assert set(speaking(features_now(known))) == set(FEATURES)
    assert len(set(told["topic"]) - {"level"}) >= 4
    assert told["sentence"].str.match(r"(Up|Down) (because|although) |As if ").all()
    assert not told["sentence"].str.contains("nan").any()
    everyone = np.arange(len(known.counted_ids))
    centre = model._centre(known, known.origin_day, now(known), everyone, REASON_DAYS)
    sums = told.groupby("place_id")["effect_people_per_day"].sum()
    assert sums[list(known.counted_ids)].to_numpy() == pytest.approx(centre.arrivals.mean(axis=1), rel=1e-6)


def test_what_has_no_data_does_not_enter_the_model():
    known = Panel(facts(growing()), "w", day(250))
    model = GradientBoosting(refits=0).fit(known)
    assert set(speaking(features_now(known))) <= {"recent", "region", "neighbours"}
    assert model.newest_ is not None
    names = [name for feature in FEATURES.values() for name in feature.names]
    used = {names[i] for i in model.newest_.columns}
    allowed = {n for group in ("recent", "region", "neighbours") for n in FEATURES[group].names}
    assert "rate_30" in used
    assert used <= allowed
    assert model.newest_.model.n_features_in_ == len(used) + 1
