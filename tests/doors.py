"""What the tests of the doors share: a small situation, and tables as people send them."""

import csv
import io

import openpyxl
import pandas as pd

from data.schema.border_point import BorderPoint
from data.schema.place import Place
from data.schema.site import Site
from data.schema.situation import Situation
from data.store import Store

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
QUEUE = ("place_id", "period_end_date", "people", "source_id")


def valley(store: Store, extra: tuple[str, str, str] | None = None) -> Store:
    """A situation with two border points and a camp, and ``extra`` (id, kind, name) if any."""
    known = [("valley:gate", "border_point", "North Gate"), ("valley:ford", "border_point", "Old Ford"),
             ("valley:camp", "site", "Goré Camp"), ("valley:town", "town", "Bahai")]  # fmt: skip
    places = pd.DataFrame(known + ([extra] if extra else []), columns=["id", "kind", "name"])
    points = places.loc[places["kind"] == "border_point", ["id"]]
    about = {"id": "valley", "title": "Valley", "origin_iso3": "CAF", "source": "test", "licence": "test", "note": ""}
    lags = {"conflict_lag_days": 0, "registration_lag_days": 0}
    situation = pd.DataFrame([about | lags | {"start_date": pd.Timestamp("2014-01-01"), "end_date": None}])
    with store.load("situation") as target:
        target.add(Situation, situation)
        target.add(
            Place,
            places.assign(situation_id="valley", country_iso3="TCD", coordinate_quality="unknown", note=""),
        )
        target.add(BorderPoint, points.assign(kind="official", origin_iso3="CAF", host_iso3="TCD", opposite_id=None))
        target.add(Site, pd.DataFrame({"id": ["valley:camp"], "kind": ["camp"]}))
    return store


def shared(owner: str, audience: str = "public", **more: object) -> dict[str, object]:
    """A data set that is called like its owner."""
    about = {"id": owner, "title": owner, "owner": owner, "agreement": "MoU", "audience": audience}
    return about | {"expires_date": None} | more


def csv_of(header: tuple[str, ...], *rows: tuple[str, ...]) -> bytes:
    """A table as CSV."""
    target = io.StringIO()
    csv.writer(target).writerows([header, *rows])
    return target.getvalue().encode()


def queue_csv(*rows: tuple[str, str, str]) -> bytes:
    """Queue lengths: place, day, people."""
    return csv_of(QUEUE, *((*row, "border-police") for row in rows))


def book_of(sheets: dict[str, list[list]]) -> bytes:
    """A workbook from the cells of its sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def sheet_of(records: list[dict]) -> bytes:
    """Records as a workbook with one sheet of data."""
    names = list(dict.fromkeys(name for record in records for name in record))
    return book_of({"data": [names, *([record.get(name) for name in names] for record in records)]})
