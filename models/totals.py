"""Which places are added up: the situation and each host country."""

from collections.abc import Mapping
from functools import lru_cache

from models.panel import Panel


@lru_cache(maxsize=8)
def totals(panel: Panel) -> Mapping[str, frozenset[str]]:
    """Return the places that are added up, by the id of the total (the situation's id, ``<situation>:<ISO3>``).

    A counted border point is left out where arrivals at a site it feeds are known as well: the same people. A site with
    a single count of people present tells nothing of arrivals, and takes nothing from its points.
    """
    counted = set(panel.counted_ids)
    arrivals, links = panel.arrivals(), panel.links()
    told = counted & set(arrivals.loc[arrivals["people"].notna(), "place_id"])
    twice = set(links.loc[links["site_id"].isin(told), "border_point_id"])
    members = counted - twice
    country = dict(zip(panel.places["id"], panel.places["country_iso3"], strict=True))
    found = {panel.situation_id: frozenset(members)}
    for iso3 in sorted({country[m] for m in members}):
        found[f"{panel.situation_id}:{iso3}"] = frozenset(m for m in members if country[m] == iso3)
    return found
