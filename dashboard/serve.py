"""Everything that stands between a fresh clone and the first page: database, tables, reference data, first forecast."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from dashboard import queries
from dashboard.app import create_server
from dashboard.background import background_work
from dashboard.queries import View
from data import migrate
from data.errors import PortInUse
from data.postgres import database_url, engine
from data.settings import PROJECT_ROOT, Settings
from data.store import Store
from etl import pipeline, situation
from etl.archive import Archive
from etl.registry import source
from etl.source import Payload
from models import issue
from models.arrivals import derive

REFERENCE = PROJECT_ROOT / "data" / "reference"


def serve(settings: Settings) -> None:
    """Bring everything up and serve until stopped; the rest of the forecasts is computed beside it."""
    host, port = settings.server.host, settings.server.port
    require_free_port(host, port)
    with step("Starting the database"):
        store = Store(engine(database_url(settings)))
    with step("Bringing the tables to the newest schema"):
        migrate.upgrade(store.engine)
    load_reference(store, settings.paths.var)
    first_forecasts(store)
    signal.signal(signal.SIGTERM, _leave)
    with own_pid(settings.paths.var / "app.pid"), background_work(host, port):
        uvicorn.run(create_server(), host=host, port=port, log_level="warning", access_log=False)


def _leave(*_: object) -> None:
    """Leave in good order when told to end: uvicorn hands the signal on when it has stopped serving."""
    raise SystemExit(0)


def load_reference(store: Store, var: Path) -> None:
    """Load what ships with Waypost and is not in the database yet: the standards and the example situations."""
    archive = Archive(var / "raw")
    with step("Loading the planning standards"):
        shipped = [Payload("standards.csv", REFERENCE / "standards.csv")]
        if not pipeline.is_loaded(store, "standards", shipped):
            pipeline.load(store, archive, source("standards"), shipped)
    for folder in sorted((REFERENCE / "situations").glob("*/situation.csv")):
        with step(f"Loading the situation {folder.parent.name}"):
            content = situation.read(folder.parent)
            if not all(pipeline.is_loaded(store, source_id, [payload]) for source_id, payload in content.payloads):
                situation.load(store, archive, folder.parent)


def first_forecasts(store: Store) -> None:
    """Issue the forecast that the clock of each situation shows, unless it exists."""
    for situation_id in queries.situations(store)["id"]:
        shown = queries.clock(store, situation_id)
        if queries.forecast_run(View(store, situation_id, shown)) is None:
            with step(f"Forecasting {situation_id} as known on {shown}"):
                derive(store, situation_id)
                for origin in reversed(issue.origins(store, situation_id, shown)):
                    issue.issue_one(store.engine.url, situation_id, origin, answer=True)


def require_free_port(host: str, port: int) -> None:
    """Raise `PortInUse` when somebody listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortInUse(host, port) from error


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print what is being done and how long it took."""
    began = time.monotonic()
    print(f"  {title} ...", flush=True)
    yield
    print(f"  {title}: {time.monotonic() - began:.1f} s", flush=True)


@contextmanager
def own_pid(path: Path) -> Iterator[None]:
    """Keep the process id in a file while serving."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{os.getpid()}\n")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
