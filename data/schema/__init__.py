"""Every table of Waypost. Importing this package registers all of them on ``Base.metadata``.

A new table is one new module here: it is discovered, not listed.
"""

from importlib import import_module
from pkgutil import iter_modules

from data.schema.base import Base, Versioned

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")


def versioned_tables() -> dict[str, type[Versioned]]:
    """Return every fact table by name: the tables that keep "known since" and are written by the store only."""
    mappers = {mapper.class_ for mapper in Base.registry.mappers}
    return {cls.__tablename__: cls for cls in sorted(mappers, key=lambda c: c.__name__) if issubclass(cls, Versioned)}


__all__ = ["Base", "Versioned", "versioned_tables"]
