"""Find the forecasters: every module of `models.forecasters` that holds a `Forecaster`.

Roles: a *baseline* is always issued and scored beside the others, a *shadow* is a candidate, *retired* is neither, and
*deployed* is the one that answers: it follows the candidates' stored scores, place by place (`models.selection`).
"""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

import models.forecasters
from data.errors import InputRejected
from models.forecaster import Forecaster

LAST_VALUE = "last_value"


def forecasters() -> dict[str, type[Forecaster]]:
    """Return all forecasters by name, sorted."""
    found: dict[str, type[Forecaster]] = {}
    for module in (import_module(f"models.forecasters.{m.name}") for m in iter_modules(models.forecasters.__path__)):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Forecaster) and value.__module__ == module.__name__:
                found[value.name] = value
    return dict(sorted(found.items()))


def lacking(cls: type[Forecaster]) -> str | None:
    """Return what keeps a forecaster from being used here, in words; None where nothing does."""
    if cls.needs is None or find_spec(cls.needs) is not None:
        return None
    return f"needs the extra forecasts (the package {cls.needs} is not installed)"


def candidates() -> dict[str, type[Forecaster]]:
    """Return the forecasters that are issued and scored at every origin: the baselines and shadows that can be used."""
    every = forecasters().items()
    return {name: cls for name, cls in every if cls.role in ("baseline", "shadow") and lacking(cls) is None}


def forecaster(name: str) -> Forecaster:
    """Return a new forecaster by name; raise InputRejected when there is none or when it cannot be used here."""
    known = forecasters()
    if name not in known:
        raise InputRejected(name, f"is no forecaster; known are {', '.join(known)}")
    if (reason := lacking(known[name])) is not None:
        raise InputRejected(name, reason)
    return known[name]()
