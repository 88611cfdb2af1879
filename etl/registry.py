"""Find the sources: every module of `etl.sources` that holds an object named ``source``."""

from importlib import import_module
from pkgutil import iter_modules

import etl.sources
from data.errors import InputRejected
from etl.source import Source


def sources() -> dict[str, Source]:
    """Return all sources by id."""
    modules = [import_module(f"etl.sources.{m.name}") for m in iter_modules(etl.sources.__path__)]
    found: list[Source] = [m.source for m in modules if hasattr(m, "source")]
    return {s.spec.id: s for s in sorted(found, key=lambda s: s.spec.id)}


def source(source_id: str) -> Source:
    """Return one source; raise `InputRejected` with the known ids when there is none of that name."""
    known = sources()
    if source_id not in known:
        raise InputRejected(source_id, f"is no source; known are {', '.join(known)}")
    return known[source_id]
