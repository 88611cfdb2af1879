"""Fitted forecasters, stored and read back without trusting their bytes: skops' format, never pickle.

An artifact says what it is (model, version, situation, data cut-off), what it was made with, and the SHA-256 of its
bytes. Whatever does not match refuses it (`models.errors.ArtifactRefused`); who answers then is for the caller to say.
"""

import json
import platform
import zlib
from datetime import date
from hashlib import sha256
from importlib.metadata import version
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile

import numpy as np
import pandas as pd
import skops.io
from skops.io.exceptions import UnsupportedTypeException, UntrustedTypesFoundException
from sqlalchemy import select

from data.schema.model_artifact import ModelArtifact
from data.store import Store, reported
from models.errors import ArtifactRefused
from models.forecaster import Forecaster
from models.panel import Panel
from models.registry import forecasters

TRUSTED = (
    "datetime.date",
    "models.forecasters.gradient_boosting._Taught",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)
"""Types that skops may build besides numbers, text, arrays, scikit-learn's own estimators and the forecaster itself."""
_UNREADABLE = (
    BadZipFile, zlib.error, UnsupportedTypeException, ValueError, TypeError, KeyError, IndexError, AttributeError,
    ImportError, EOFError, NotImplementedError, RecursionError,
)  # fmt: skip
"""What skops and the zip and JSON readers below it raise at bytes that are not an artifact."""


def learns(cls: type[Forecaster]) -> bool:
    """Tell whether a forecaster learns anything when it is fitted; the others have nothing to store."""
    return cls._fit is not Forecaster._fit


def save(store: Store, forecaster: Forecaster, panel: Panel) -> str:
    """Store a forecaster that was fitted on a panel, beside earlier ones; return the SHA-256 of its bytes.

    The data cut-off is the panel's origin: the last day whose facts the forecaster may have seen. Raises
    ArtifactRefused when the forecaster was not fitted on that panel, or holds what could not be read back.
    """
    name = forecaster.name
    learnt_until = getattr(forecaster, "fitted_until_", {}).get(panel.situation_id)
    if learnt_until != panel.origin_date:
        reason = f"it has learnt from {panel.situation_id} until {learnt_until}, not {panel.origin_date}"
        raise ArtifactRefused(name, "data cut-off", reason)
    content = skops.io.dumps(forecaster, compression=ZIP_DEFLATED)
    foreign = set(skops.io.get_untrusted_types(data=content)) - set(_trusted(type(forecaster)))
    if foreign:
        raise ArtifactRefused(name, "types", f"it holds types that would not be trusted: {', '.join(sorted(foreign))}")
    digest = sha256(content).hexdigest()
    row = {
        "model_name": name,
        "model_version": forecaster.version,
        "data_cutoff_date": panel.origin_date,
        "requirements": json.dumps({"situation_id": panel.situation_id, **_versions()}, sort_keys=True),
        "content_sha256": digest,
        "content": content,
    }
    store.add_one(ModelArtifact, row, {})
    return digest


def load(store: Store, name: str, situation_id: str, origin: date) -> Forecaster:
    """Return the newest stored forecaster of a situation that may answer at an origin.

    Raises ArtifactRefused, with what does not match: none is stored, all have seen days after the origin (that would
    be look-ahead), the version of the model, a library's version, the hash, the format, a type that is not trusted,
    or a content that is another model or cut-off than it is stored as.
    """
    found = _newest(store, name, situation_id, origin)
    cls = forecasters()[name]
    if found.model_version != cls.version:
        reason = f"it is version {found.model_version}, this program has version {cls.version}"
        raise ArtifactRefused(name, "version", reason)
    for library, here in _versions().items():
        if (then := found.made_with.get(library)) != here:
            raise ArtifactRefused(name, library, f"it was made with {library} {then}, here is {here}")
    query = select(ModelArtifact.content).where(ModelArtifact.id == int(found.id))
    with reported(), store.engine.connect() as connection:
        content = bytes(connection.execute(query).scalar_one())
    digest = sha256(content).hexdigest()
    if digest != found.content_sha256:
        reason = f"its SHA-256 does not match: {digest[:12]}... of {len(content)} bytes, {found.content_sha256[:12]}..."
        raise ArtifactRefused(name, "SHA-256", f"{reason} was stored")
    model = _read(name, cls, content)
    until = getattr(model, "fitted_until_", {}).get(situation_id)
    if until != found.data_cutoff_date.date():
        reason = f"it says {until}, it was stored as {found.data_cutoff_date.date()}"
        raise ArtifactRefused(name, "data cut-off", reason)
    return model


def stored(store: Store, situation_id: str) -> pd.DataFrame:
    """Return the artifacts of a situation without their bytes, the one that has learnt longest first.

    Columns: id, model_name, model_version, data_cutoff_date (as pandas datetime), content_sha256 and ``made_with``
    (versions by library).
    """
    table = ModelArtifact
    columns = (table.id, table.model_name, table.model_version, table.data_cutoff_date, table.content_sha256)
    query = select(*columns, table.requirements)
    with reported(), store.engine.connect() as connection:
        rows = connection.execute(query.order_by(table.data_cutoff_date.desc(), table.id.desc()))
        frame = pd.DataFrame(rows.fetchall(), columns=list(rows.keys()))
    frame["made_with"] = [json.loads(text) for text in frame.pop("requirements")]
    frame["data_cutoff_date"] = pd.to_datetime(frame["data_cutoff_date"])
    mine = [made.get("situation_id") == situation_id for made in frame["made_with"]]
    return frame[np.array(mine, dtype=bool)].reset_index(drop=True)


def _read(name: str, cls: type[Forecaster], content: bytes) -> Forecaster:
    """Build the forecaster from bytes; nothing but trusted types is ever built or called."""
    try:
        model = skops.io.loads(content, trusted=_trusted(cls))
    except UntrustedTypesFoundException as error:
        raise ArtifactRefused(name, "types", f"it holds types that are not trusted: {error}") from error
    except _UNREADABLE as error:
        reason = f"it cannot be read as skops' format ({type(error).__name__} in {len(content)} bytes)"
        raise ArtifactRefused(name, "format", reason) from error
    if type(model) is not cls:
        raise ArtifactRefused(name, "name", f"its content is a {type(model).__name__}, not a {cls.__name__}")
    found: Forecaster = model
    return found


def _newest(store: Store, name: str, situation_id: str, origin: date) -> Any:
    """Return the row of the newest artifact (columns of `stored`) that has seen nothing after the origin."""
    every = stored(store, situation_id)
    mine = every[every["model_name"] == name]
    if mine.empty:
        raise ArtifactRefused(name, "missing", f"none is stored for {situation_id}")
    before = mine[mine["data_cutoff_date"] <= pd.Timestamp(origin)]
    if before.empty:
        until = mine["data_cutoff_date"].min().date()
        raise ArtifactRefused(name, "look-ahead", f"it has learnt until {until}, after the origin {origin}")
    return before.iloc[0]


def _trusted(cls: type[Forecaster]) -> list[str]:
    """Return the names of the types that an artifact of a forecaster may hold."""
    return [*TRUSTED, f"{cls.__module__}.{cls.__qualname__}"]


def _versions() -> dict[str, str]:
    """Return the versions that must be the same on reading: the learnt state of another one may mean other things."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, "scikit-learn": version("scikit-learn"), "skops": version("skops")}
