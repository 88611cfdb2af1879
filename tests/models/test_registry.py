"""What can be used here, and what is said about the rest."""

import pytest

from data.errors import InputRejected
from models import registry
from models.registry import candidates, forecaster, forecasters, lacking


def test_without_the_extra_its_forecasters_are_known_and_not_used(monkeypatch):
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    assert {"auto_ets", "auto_theta"} <= set(forecasters())
    assert not {"auto_ets", "auto_theta"} & set(candidates())
    assert "last_value" in candidates()
    with pytest.raises(InputRejected, match="needs the extra forecasts"):
        forecaster("auto_ets")


def test_a_name_that_is_none_is_told_the_known_ones():
    with pytest.raises(InputRejected, match="last_value"):
        forecaster("oracle")
    assert lacking(forecasters()["last_value"]) is None
