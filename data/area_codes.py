"""P-codes of figures that name their area: exact matches, and likenesses that a person accepted; nothing else."""

import pandas as pd

from data.schema.place_match import PlaceMatch
from data.store import Store

KEY = list(PlaceMatch.key)


def coded(store: Store, figures: pd.DataFrame, column: str = "area_pcode") -> pd.DataFrame:
    """Return figures of displacement (or indicators, ``column`` area_id) with the P-codes that their names stand for.

    Matches are taken as known now: what a name means is no news about the area. What nobody has matched stays as it
    is; without figures that have only a name the matches are not asked for.
    """
    names = figures["area_name"]
    if column == "area_id":
        asked = figures["area_id_kind"] == "name"
        names = names.fillna(figures["area_id"])
    else:
        asked = figures[column].isna() & names.notna()
    if not asked.any():
        return figures
    codes = resolved(figures[asked].assign(name=names[asked]), store.read(PlaceMatch)).dropna()
    found = figures[column].where(~figures.index.isin(codes.index), codes.reindex(figures.index))
    coded_figures = figures.assign(**{column: found})
    if column == "area_id":
        kind = figures["area_id_kind"].mask(figures.index.isin(codes.index), "pcode")
        coded_figures = coded_figures.assign(area_id_kind=kind)
    return coded_figures


def resolved(names: pd.DataFrame, matches: pd.DataFrame) -> "pd.Series[str]":
    """Return the P-code that counts for each name (same index), missing while it is unmatched.

    ``names`` has the `KEY`, ``matches`` the columns of `data.schema.place_match`. What a person decided counts first
    (an empty decision: no such area), then an exact match; a suggestion alone never does.
    """
    exact = matches["suggested_pcode"].where(matches["is_exact"].astype(bool))
    counted = matches["decided_pcode"].where(matches["decided_pcode"].notna(), exact)
    table = matches[KEY].assign(pcode=counted.where(counted != ""))
    joined = names[KEY].merge(table, on=KEY, how="left", validate="many_to_one")
    return joined["pcode"].set_axis(names.index)
