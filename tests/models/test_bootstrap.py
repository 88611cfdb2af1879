"""Errors drawn from the past keep what belongs together together."""

import numpy as np
import pytest

from models.bootstrap import Errors, blocks, chances, draw


def errors(days: int = 40, places: int = 3, horizon: int = 30) -> np.ndarray:
    """Error paths that say on which past day they arose (all places alike)."""
    return np.tile(np.arange(days, dtype=np.float32)[:, None, None], (1, places, horizon))


def test_places_that_erred_together_err_together_on_a_path():
    found = draw(errors(200), errors(200), chances(1, 400, ["a", "b", "c"]))
    assert np.corrcoef(found[:, 0, 0], found[:, 1, 0])[0, 1] > 0.8
    assert np.corrcoef(found[:, 0, 0], found[:, 0, -1])[0, 1] > 0.8, "and stay wrong from block to block"


def test_what_never_happened_is_never_drawn_from_a_full_past():
    own = errors(200)
    assert set(np.unique(draw(own, own, chances(1, 300, ["a", "b", "c"])))) <= set(np.arange(200.0))


def test_without_any_past_there_is_still_a_range():
    nothing = np.full((0, 2, 20), np.nan, dtype=np.float32)
    found = draw(nothing, nothing, chances(1, 500, ["a", "b"]))
    assert np.isfinite(found).all()
    assert found.std() > 0.5


def test_a_place_without_a_past_of_its_own_borrows():
    own = np.full((200, 1, 20), np.nan, dtype=np.float32)
    found = draw(own, np.full((200, 5, 20), 7, dtype=np.float32), chances(1, 50, ["a"]))
    assert (found == 7).all()


def test_chances_of_a_place_do_not_depend_on_the_others():
    alone, together = chances(3, 20, ["b"]), chances(3, 20, ["a", "b"])
    np.testing.assert_array_equal(alone.path, together.path)
    np.testing.assert_array_equal(alone.own[:, 0], together.own[:, 1])


@pytest.mark.parametrize("days", [1, 7, 8, 90, 91, 200])
def test_blocks_cover_every_day_once(days):
    covered = [d for b in blocks(days) for d in range(b.start, b.stop)]
    assert covered == list(range(days))


def test_errors_hold_both_measures():
    both = Errors(errors(2), errors(2))
    assert both.arrivals.shape == both.stock.shape
