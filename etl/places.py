"""Which place a sender means: by id, by local id or by name, within one situation; what is near when none fits."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from difflib import get_close_matches

import pandas as pd

_NEAR = 0.6


class Places:
    """The places a table may name; built from rows of `data.schema.place.Place`."""

    def __init__(self, places: pd.DataFrame, situation_id: str | None, kinds: Iterable[str]) -> None:
        """Take the places; names and local ids mean something within ``situation_id`` only."""
        self.kinds = tuple(kinds)
        self.situation_id = situation_id
        self._kind = dict(zip(places["id"], places["kind"], strict=True))
        self._name = dict(zip(places["id"], places["name"], strict=True))
        self._by_word: dict[str, set[str]] = defaultdict(set)
        for place in places[places["situation_id"] == situation_id].itertuples():
            self._by_word[folded(place.id.partition(":")[2])].add(place.id)
            self._by_word[folded(place.name)].add(place.id)

    def find(self, told: str) -> tuple[str | None, str]:
        """Return the id of the place that a text means, or None and what is wrong with it in words."""
        found = {told} if told in self._kind else self._by_word.get(folded(told), set())
        fits = sorted(place for place in found if self._kind[place] in self.kinds)
        if len(fits) == 1:
            return fits[0], ""
        if fits:
            return None, f"is the name of several places ({', '.join(fits)}); write the id"
        if found:
            place = min(found)
            wanted = " or ".join(kind.replace("_", " ") for kind in self.kinds)
            return None, f"is a {self._kind[place].replace('_', ' ')}; this table is about a {wanted}"
        return None, "names no place known here" + self._suggestion(told)

    def _suggestion(self, told: str) -> str:
        """Name the nearest place, empty where none is near."""
        if self.situation_id is None:
            return "; choose the situation, or write the id as situation:place"
        near = get_close_matches(folded(told), self._by_word, 1, _NEAR)
        if not near:
            return ""
        place = min(self._by_word[near[0]])
        return f"; did you mean {self._name[place]} ({place})?"


def folded(text: str) -> str:
    """Return a name without accents, case, spaces and signs.

    >>> folded(" Goré - Camp"), folded("gore_camp")
    ('gorecamp', 'gorecamp')
    """
    plain = unicodedata.normalize("NFKD", text).casefold()
    return re.sub(r"[\W_]+", "", "".join(c for c in plain if not unicodedata.combining(c)))
