"""Find the forecasters: every module of `models.forecasters` that holds a `Forecaster`.

Roles: a *baseline* is always issued and scored beside the others, a *shadow* is a candidate, *retired* is neither, and
*deployed* is the one that answers: it follows the candidates' stored scores, place by place (`models.selection`).
"""

from importlib import import_module
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


def candidates() -> dict[str, type[Forecaster]]:
    """Return the forecasters that are issued and scored at every origin: baselines and shadows."""
    return {name: cls for name, cls in forecasters().items() if cls.role in ("baseline", "shadow")}


def forecaster(name: str) -> Forecaster:
    """Return a new forecaster by name; raise InputRejected with the known names when there is none."""
    known = forecasters()
    if name not in known:
        raise InputRejected(name, f"is no forecaster; known are {', '.join(known)}")
    return known[name]()
