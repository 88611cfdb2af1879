"""The names of an area in other languages, in the one text that `data.schema.admin_area` keeps of them."""

from collections.abc import Iterable

_BETWEEN = " | "


def joined(names: Iterable[tuple[str, str]], main: str) -> str:
    """Return names with their languages ("" where not told) as one text, each once, without the main name.

    >>> joined([("ar", "دمشق"), ("", "Damas"), ("fr", "Damas"), ("en", "Damascus")], "Damascus")
    'ar: دمشق | Damas'
    """
    told: dict[str, str] = {}
    for language, name in names:
        plain = name.replace("|", "/").strip()
        if plain and plain != main:
            told.setdefault(plain, language)
    return _BETWEEN.join(f"{language}: {name}" if language else name for name, language in told.items())


def split(other_names: str) -> list[str]:
    """Return the names alone.

    >>> split("ar: دمشق | Damas"), split("")
    (['دمشق', 'Damas'], [])
    """
    parts = [part for part in other_names.split(_BETWEEN) if part]
    return [part[4:] if part[2:4] == ": " else part for part in parts]
