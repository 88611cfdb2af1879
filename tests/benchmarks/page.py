"""The first page in a browser: seconds until the map is drawn, and kB on the wire."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from data.cluster import Cluster
from tests.benchmarks.row import Row

FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-gpu"]


def run(folder: Path) -> list[Row]:
    """Start the dashboard on an empty database, then open its page cold and warm."""
    cluster = Cluster(folder / "pg", throwaway=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "WAYPOST_DATABASE_URL": cluster.start(), "WAYPOST_VAR": str(folder / "var")}
    command = [sys.executable, "-m", "dashboard", "serve", "--port", str(port)]
    began = time.monotonic()
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        while not _up(port):
            time.sleep(0.2)
        ready = time.monotonic() - began
        cold, warm, cold_kb, warm_kb = _opened(f"http://127.0.0.1:{port}")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
        cluster.remove()
    return [
        Row("seconds from an empty database to the page", ready, None, "", "no goal yet", None),
        Row("seconds until the map is drawn, cold", cold, None, "", "no goal yet", None),
        Row("seconds until the map is drawn, warm", warm, None, "", "no goal yet", None),
        Row("kB on the wire, cold", cold_kb, None, "", "no goal yet", None),
        Row("kB on the wire, warm", warm_kb, None, "", "no goal yet", None),
    ]


def _opened(address: str) -> tuple[float, float, float, float]:
    """Return seconds and kB of a first and a second visit."""
    times, sizes = [], []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        session = page.context.new_cdp_session(page)
        received: list[float] = []
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
        for _ in range(2):
            received.clear()
            began = time.monotonic()
            page.goto(address)
            page.wait_for_selector("#map[data-ready=true]", timeout=120_000)
            times.append(time.monotonic() - began)
            sizes.append(sum(received) / 1000)
        browser.close()
    return times[0], times[1], sizes[0], sizes[1]


def _up(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx.HTTPError:
        return False
