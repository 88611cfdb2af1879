"""What all tables share: types, constraint names, and the versions of a fact.

A rule on a row is written once, as the text of a named CHECK constraint, in the part of the expression language
that PostgreSQL and ``pandas.DataFrame.eval`` have in common (comparisons, ``and``, ``in``). `data.frames` evaluates the
same text before a load, so that a bad row is quarantined with a reason and the constraint is the second wall.
"""

from datetime import date, datetime
from typing import Any, ClassVar

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Text,
)
from sqlalchemy import text as sql_text
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables. A ``datetime`` is an instant (UTC), a ``str`` is text without a length limit."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True), date: Date(), str: Text()}


class Versioned(Base):
    """A fact with its history: each row is one version, current from ``known_from`` until ``known_to``.

    ``key`` names the columns that identify the fact, ``content_time`` the date or instant its content is about (None:
    timeless), ``references`` which column names which table's ``id``. ``known_to`` is missing for the version that is
    current. A deletion is a version with ``is_deleted``. Rows are never changed except that a newer version ends an
    older one.
    """

    __abstract__ = True
    key: ClassVar[tuple[str, ...]]
    content_time: ClassVar[str | None] = None
    references: ClassVar[tuple[tuple[str, str], ...]] = ()

    version_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, sort_order=-10)
    known_from: Mapped[datetime] = mapped_column(sort_order=90)
    known_to: Mapped[datetime | None] = mapped_column(sort_order=91)
    is_deleted: Mapped[bool] = mapped_column(server_default=sql_text("false"), sort_order=92)
    run_id: Mapped[int] = mapped_column(ForeignKey("source_run.id"), sort_order=93)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        """Give each fact table its version index, its rule of one current version, and its own rules."""
        name = cls.__tablename__
        return (
            Index(f"uq_{name}_version", *cls.key, "known_from", unique=True),
            Index(f"uq_{name}_current", *cls.key, unique=True, postgresql_where=sql_text("known_to IS NULL")),
            CheckConstraint("known_to > known_from", name="version_order"),
            *cls.rules(),
        )

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        """Return the table's own constraints and indexes."""
        return ()

    @classmethod
    def content(cls) -> list[str]:
        """Return the columns that a source fills: the fact itself, without its versions."""
        own = set(Versioned.__annotations__)
        return [c.name for c in cls.__table__.columns if c.name not in own and c.computed is None]


def rule(name: str, condition: str) -> CheckConstraint:
    """Return a named CHECK whose text `data.frames` can evaluate as well."""
    return CheckConstraint(condition, name=name, info={"rule": condition})


def on_earth() -> tuple[CheckConstraint, CheckConstraint]:
    """Return the rules for a longitude and a latitude in degrees; they also refuse NaN and infinity."""
    return (
        rule("longitude_range", "longitude >= -180 and longitude <= 180"),
        rule("latitude_range", "latitude >= -90 and latitude <= 90"),
    )


def point_of(longitude: str, latitude: str) -> Mapped[Any]:
    """Return a point geometry (EPSG:4326) that the database computes, so that it cannot disagree with its numbers."""
    return mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False),
        Computed(f"ST_SetSRID(ST_MakePoint({longitude}, {latitude}), 4326)", persisted=True),
        nullable=True,
        deferred=True,
    )


def area_of(wkt: str) -> Mapped[Any]:
    """Return a geometry (EPSG:4326) that the database reads from well-known text in degrees, longitude first."""
    return mapped_column(
        Geometry("GEOMETRY", srid=4326, spatial_index=False),
        Computed(f"ST_GeomFromText({wkt}, 4326)", persisted=True),
        nullable=True,
        deferred=True,
    )
