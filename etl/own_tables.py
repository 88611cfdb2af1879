"""What tables of Waypost's own contracts have in common, whoever sends them."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import pandas as pd

from data.errors import PayloadRejected
from data.schema import Versioned
from etl.columns import Columns
from etl.delimited import Chunk
from etl.grid import WITHDRAWN
from etl.personal import refuse_personal
from etl.plain_words import FAILED, TOTAL
from etl.source import Ignored, Item, Withdrawn

_HOURS = (
    "window", "hours", "hour", "time", "times", "shift", "opening_hours", "working_hours", "counting_hours",
    "hours_of_counting", "heures", "heure", "horaire", "horaires", "plage_horaire", "horas", "hora", "horario",
    "години", "час", "часы", "время", "الساعات", "الساعة", "الوقت", "ساعت", "ساعات",
)  # fmt: skip
_MEANS = {
    "window_start_hour": (*_HOURS, "start_hour", "from_hour", "start_time", "hour_from", "time_from", "opening"),
    "window_end_hour": ("end_hour", "to_hour", "end_time", "hour_to", "time_to", "closing"),
    "population_group": (
        "group", "sex", "gender", "age_group", "ages", "nationality", "citizenship", "category", "population",
        "who", "groupe", "nationalité", "catégorie", "tranche_d_âge", "grupo", "nacionalidad", "categoría", "стать",
        "група", "категорія", "громадянство", "пол", "группа", "категория", "гражданство", "الجنس", "الفئة",
        "الجنسية", "جنسیت", "گروه", "ملیت",
    ),
    "direction": (
        "in_or_out", "in_out", "movement", "entry_exit", "way", "sens", "entrée_sortie", "mouvement", "dirección",
        "movimiento", "напрямок", "направление", "الاتجاه", "جهت",
    ),
    "end_date": (
        "until", "to", "end", "ended", "reopened", "reopening", "reopening_date", "date_to", "fin", "jusqu_au",
        "date_de_fin", "hasta", "до", "кінець", "конец", "حتى", "الى", "تا",
    ),
    "owner": ("owned_by", "belongs_to", "property_of", "propriétaire", "propietario", "власник", "владелец", "المالك"),
    "quality": ("provisional", "estimate", "estimated", "is_estimated", "reliability", "confidence"),
    WITHDRAWN: (
        "withdrawn", "withdraw", "is_withdrawn", "retracted", "deleted", "delete", "is_deleted", "removed", "void",
        "voided", "cancelled", "canceled", "annulled", "retiré", "supprimé", "annulé", "retirado", "anulado",
        "eliminado", "відкликано", "скасовано", "видалено", "отозвано", "отменено", "удалено", "ملغى", "محذوف", "حذف",
    ),
}  # fmt: skip
"""Other words for columns that may be left out: one of them unread would change what the figures mean."""
_ORGANISATIONS = ("source_id", "reported_by", "owner", "organisation", "organiser", "publisher")
_SUMMED = ("population_group", "item")
_TOLD_APART = (*_SUMMED, "source_id", "owner")
"""Words that anybody may choose and that tell counts apart: spelt in two ways they make two counts of one."""
_FORMULA = re.compile(f"=.*|{FAILED.pattern}", re.IGNORECASE | re.DOTALL)


def items_of(
    chunks: Iterable[Chunk | Ignored],
    name: str,
    key: Collection[str],
    table: type[Versioned],
    noun: str,
    read: Callable[[Columns], pd.DataFrame],
    refuse: Callable[[tuple[str, ...], str], None] = refuse_personal,
) -> Iterator[Item]:
    """Yield the rows and rejects of a payload's chunks; ``read`` makes rows of ``table`` from the columns of one.

    ``key`` names the columns by which rows speak of the same: of a withdrawn row the others are not read.
    Columns beyond the contract are looked at by ``refuse``, which raises PayloadRejected when one is about a person,
    and by `refuse_unread`; they are then named once as what no ``noun`` has.
    """
    is_first = True
    for chunk in chunks:
        if isinstance(chunk, Ignored):
            yield chunk
            continue
        if is_first:
            refuse(chunk.added, name)
            yield from left_aside(chunk, name, table, noun)
            is_first = False
        columns = Columns(chunk, chunk.where)
        given, withdrawn = parted(columns, read(columns), key, table)
        yield from columns.items(table, given)
        yield from withdrawn


def left_aside(chunk: Chunk, name: str, table: type[Versioned], noun: str) -> Iterator[Ignored]:
    """Yield what the sender is to know of the first chunk: what no ``noun`` has, and the notes on the file.

    Raises PayloadRejected where a column that is left out of the table seems to be there under another name.
    """
    content = [column for column in (*table.content(), WITHDRAWN) if column not in chunk.frame]
    for column in chunk.added:
        meant = next((ours for ours in content if _plain(column) in _MEANS.get(ours, ())), None)
        if meant:
            told = f"has the column {column[:80]!r}, which is not read: if it says what {meant} does, call it {meant}"
            raise PayloadRejected(name, f"{told} and write it as the template does; if not, take the column out")
    if chunk.added:
        yield Ignored(0, f"columns that no {noun} has: {', '.join(chunk.added)[:500]}")
    for note in chunk.notes:
        yield Ignored(0, note)


def parted(
    columns: Columns, frame: pd.DataFrame, key: Collection[str], table: type[Versioned]
) -> tuple[pd.DataFrame, list[Withdrawn]]:
    """Look closely at what was read of a chunk; return the rows that are given, and those that are withdrawn, if any.

    Of a withdrawn row nothing but the columns of its ``key`` is read, so that nothing else can be wrong with it.
    """
    rows = columns.withdrawn
    look_closely(columns)
    if not rows.any():
        return frame, []
    columns.forgive(rows, {*key, WITHDRAWN})
    for name in table.key:
        told = columns.good(frame[rows])
        columns.fault(told[name].isna(), name, "is missing")
    told = columns.good(frame[rows])[list(table.key)]
    return frame[~rows], [Withdrawn(table, told, columns.locators()[told.index])] if len(told) else []


def look_closely(columns: Columns) -> None:
    """Note cells and rows that can be read and are most likely not what they seem.

    Such are formulas that failed, rows of totals, words where cells have shifted, one word spelt in two ways, and rows
    that only differ in what is not read.
    """
    frame = columns.chunk.frame
    known = [name for name in frame.columns if name not in columns.chunk.added]
    for name in known:
        _fault(columns, name, frame[name].str.strip().str.fullmatch(_FORMULA), "is a formula without a result")
    for name in {*_SUMMED} & {*known}:
        _fault(columns, name, frame[name].str.strip().str.match(TOTAL), "is a sum of other rows")
    for name in {*_ORGANISATIONS} & {*known}:
        told = frame[name].str.strip()
        _fault(columns, name, (told != "") & ~told.str.contains(r"[^\W\d_]"), "has no letter, so cells have shifted")
    for name in {*_TOLD_APART} & {*known}:
        _spelt_alike(columns, name)
    for name in [name for name in known if name.endswith("_date") and columns.where == "row"]:
        _perhaps_swapped(columns, name)
    _below_another_header(columns, known)
    _unread_apart(columns, known)


def _fault(columns: Columns, name: str, bad: "pd.Series[bool]", what: str) -> None:
    """Note what is wrong with cells that nothing else is wrong with."""
    for row in bad.index[bad.astype("bool")]:
        if any(told.startswith(f"{name} ") for told in columns.faults.get(row, [])):
            bad = bad.where(bad.index != row, other=False)
    columns.fault(bad.astype("bool"), name, what)


def _spelt_alike(columns: Columns, name: str) -> None:
    """Note words that differ from another of their column in case, blanks or hyphens alone: it would count twice.

    A withdrawn row counts no more: it may take back the very word that was spelt in another way.
    """
    told = columns.chunk.frame.loc[~columns.withdrawn, name].str.strip()
    alike = told.map(_folded)
    usual: Any = told.groupby(alike).agg(lambda words: words.mode(dropna=False).iloc[0])
    for word in told[(told != alike.map(usual)) & alike.str.contains(r"[^\W\d_]")].unique():
        columns.fault(told == word, name, f"is written {usual[_folded(word)]!r} elsewhere in this column")


def _perhaps_swapped(columns: Columns, name: str) -> None:
    """Note days of a workbook's column that a program read, where it could not read others of it as month and day.

    It then took 3 January for 1 March and left 13 January as text; days from the 13th on show that it did not.
    """
    told = columns.chunk.frame[name].str.strip()
    read = told.str.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
    left = told.str.fullmatch(r"(?:1[3-9]|2[0-9]|3[01])[/.-][0-9]{1,2}[/.-](?:[0-9]{4}|[0-9]{2})")
    if left.any() and (told[read].str[-2:] <= "12").all():
        _fault(columns, name, read, "stands among days that a program could not read, so day and month may be swapped")


def _below_another_header(columns: Columns, known: list[str]) -> None:
    """Note the rows below column names that stand in the table again: another table may begin there."""
    frame = columns.chunk.frame
    repeated = sum((frame[name].map(_plain) == name).astype("int64") for name in known) >= 2
    if repeated.any():
        line = columns.chunk.lines[repeated.idxmax()]
        what = f"stands below the column names of {columns.where} {line}, so the row may be of another table"
        columns.fault(repeated.cumsum().astype("bool") & ~repeated, known[0], what)


def _unread_apart(columns: Columns, known: list[str]) -> None:
    """Note rows that are the same in all that is read and differ in columns that are not: two counts, or one twice."""
    chunk = columns.chunk
    told = chunk.frame[[*known, *chunk.added]].apply(lambda column: column.str.strip())
    same = told[told.duplicated(known, keep=False)]
    for _, rows in same.groupby(known, dropna=False):
        differing = [name for name in chunk.added if rows[name].nunique() > 1]
        for row in rows.index if differing else ():
            other = chunk.lines[next(label for label in rows.index if label != row)]
            apart = ", ".join(differing)[:100]
            what = f"and the rest are as in {columns.where} {other}, but for {apart}, which is not read"
            columns.fault(pd.Series(chunk.frame.index == row, index=chunk.frame.index), known[0], what)


def _plain(name: str) -> str:
    """Return a name as our columns are written: small letters and underscores."""
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFC", name).casefold()).strip("_")


def _folded(word: str) -> str:
    """Return a word without what people write now so, now so: case, blanks, hyphens.

    >>> _folded("Border  Police") == _folded("border-police"), _folded("<18") == _folded("18+")
    (True, False)
    """
    return re.sub(r"[\s_\-]+", " ", unicodedata.normalize("NFKC", word).casefold()).strip()
