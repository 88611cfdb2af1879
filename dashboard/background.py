"""What runs beside the pages, at the lowest priority: forecasts of what is new, and the looks at the sources."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dashboard.live import listener
from data.settings import PROJECT_ROOT

STOP_SECONDS = 8
NEWS_SECONDS = 300
"""Rows come in bursts: forecasts follow the first of them so much later, with all that came meanwhile."""


@contextmanager
def background_work(host: str, port: int) -> Iterator[None]:
    """While serving, compute what is missing and look at the sources, once the page is up."""
    stop = threading.Event()
    worker = threading.Thread(target=_work, args=(host, port, stop), daemon=True)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(timeout=2 * STOP_SECONDS + 2)


def again_on_news(act: Callable[[], None], news: Callable[[], str], stop: threading.Event, pause: float) -> None:
    """Act now, and again some seconds after ``news`` has become another word, until stopped."""
    while not stop.is_set():
        seen = news()
        act()
        while news() == seen:
            if stop.wait(min(pause, 5.0)):
                return
        stop.wait(pause)


def _work(host: str, port: int, stop: threading.Event) -> None:
    """Say when the page is up, then start the worker of the sources and keep the forecasts up to date."""
    while not _listens(host, port):
        if stop.wait(0.1):
            return
    print(f"\nWaypost is ready: http://{host}:{port}\n", flush=True)
    looks = _begin("etl", "worker", "--with-parent", TQDM_DISABLE="1")  # it is told on the Data page
    again_on_news(lambda: _catch_up(stop), lambda: listener().number, stop, NEWS_SECONDS)
    _end(looks)


def _catch_up(stop: threading.Event) -> None:
    """Derive, issue and score what is missing, in a process of its own; stopping ends it."""
    process = _begin("models", "catch-up")
    while process.poll() is None:
        if stop.wait(0.5):
            _end(process)


def _begin(*command: str, **environment: str) -> subprocess.Popen[bytes]:
    """Begin a command of ours."""
    wanted = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", **environment}
    return subprocess.Popen(["nice", "-n", "19", sys.executable, "-m", *command], cwd=PROJECT_ROOT, env=wanted)  # noqa: S603, S607 - fixed commands


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process; in the middle of a download nothing is lost, its run begins again."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _listens(host: str, port: int) -> bool:
    """Tell whether somebody answers on the port."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0
