"""A planner's journey in a real browser, on the real situation: what is on the page is what is in the database.

With WAYPOST_SCREENSHOTS naming a folder, the pages are kept there as pictures.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect, sync_playwright

from data.postgres import engine
from data.schema.forecast import Forecast
from data.schema.forecast_run import ForecastRun
from data.schema.observation import Observation
from data.store import Store

pytestmark = pytest.mark.browser
FLAGS = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-gpu",
)  # fmt: skip
START_SECONDS = 240
POINT = "car2013:bangui-mole"
MISTAKES: tuple[dict[str, object], ...] = (
    {"people": "1,200"},
    {"place_id": "Gorre"},
    {"period_start_date": "31/02/2016", "period_end_date": "31/02/2016"},
)


@pytest.fixture(scope="module")
def address(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard as a stranger starts it, on an empty database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    var = tmp_path_factory.mktemp("var")
    environment = {**os.environ, "WAYPOST_DATABASE_URL": module_database_url, "WAYPOST_VAR": str(var)}
    environment["WAYPOST_SOURCES"] = "none"  # no look at the world from a test
    command = [sys.executable, "-m", "dashboard", "serve", "--port", str(port)]
    with (var / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, process_group=0)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + START_SECONDS
        while not _healthy(url):
            assert server.poll() is None, (var / "log").read_text()
            assert time.monotonic() < until, (var / "log").read_text()
            time.sleep(0.5)
        yield url
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


@pytest.fixture(scope="module")
def world(module_database_url: str) -> Store:
    """The database behind the page."""
    return Store(engine(module_database_url))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["wide", "narrow"])
def page(browser: Browser, address: str, request) -> Iterator[Page]:
    """An empty page of a visitor of its own; the test fails when it asks for anything outside or logs an error."""
    width, height = request.param
    faults: list[str] = []
    visitor = browser.new_context(viewport={"width": width, "height": height}, base_url=address)
    opened = visitor.new_page()
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    opened.on("request", lambda sent: None if _inside(sent.url, address) else faults.append(f"outside: {sent.url}"))
    yield opened
    visitor.close()
    assert faults == []


def test_the_numbers_on_the_page_are_those_in_the_database(page, world):
    page.goto("/")
    expect(page.locator("#map")).to_have_attribute("data-ready", "true", timeout=60_000)
    page.locator("#points .ag-cell", has_text="Bangui–Mole").first.click()
    shown = page.locator("#expected-arrivals")
    expect(shown).to_be_visible(timeout=30_000)
    run = _run(world, datetime(2014, 3, 1, tzinfo=UTC))
    assert float(shown.get_attribute("data-value")) == pytest.approx(_median(world, run, POINT, 30), abs=1e-5)
    expect(page.locator("#gap-now")).to_contain_text("not assessed")
    _keep(page, "situation")


def test_who_hears_the_page_is_told_its_fields_and_who_sees_it_the_whole_map(page):
    page.goto("/")
    expect(page.get_by_role("radiogroup", name="Arrivals within")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("slider", name="Replay clock")).to_be_visible(timeout=60_000)
    drawn, legend = page.locator("#map").bounding_box(), page.locator(".legend").bounding_box()
    assert legend["y"] >= drawn["y"] + drawn["height"]


def test_moving_the_clock_changes_what_is_known(page, world):
    _choose(page, "Bangui–Mole")
    before = page.locator("#expected-arrivals").get_attribute("data-value")
    page.locator("#clock-back").click()
    expect(page.locator("#clock-issued")).to_contain_text("Forecast of", timeout=30_000)
    expect(page.locator("#expected-arrivals")).not_to_have_attribute("data-value", before, timeout=60_000)
    page.locator("#clock-forth").click()
    expect(page.locator("#expected-arrivals")).to_have_attribute("data-value", before, timeout=60_000)


def test_a_what_if_shows_a_gap_and_saves_nothing(page, world):
    _choose(page, "Bangui–Mole")
    page.locator(".what-if summary").click()
    page.locator("#what-if-processing").fill("10")
    expect(page.locator("#what-if-result")).to_contain_text("overwhelmed", timeout=30_000)
    expect(page.locator("#what-if-result")).to_contain_text("Lines not assessed may be worse")
    page.locator("#what-if-processing").fill("-5")
    expect(page.locator("#what-if-result")).not_to_contain_text("overwhelmed", timeout=30_000)


def test_if_a_crossing_closed_everybody_is_still_counted(page):
    _choose(page, "Gamboula–Lolo")
    page.locator("#closing label").click()
    expect(page.locator("#closing-result")).to_contain_text("never a recommendation", timeout=30_000)
    said, lines = page.locator("#closing-said"), page.locator("#closing-table tbody tr").all()
    more = sum(float(line.get_attribute("data-p50")) for line in lines)
    kept = float(said.get_attribute("data-kept"))
    assert kept + more == pytest.approx(float(said.get_attribute("data-before")), abs=1)
    _keep(page, "closing")
    page.locator("#closing label").click()
    expect(page.locator("#closing-said")).to_have_count(0, timeout=30_000)


@pytest.mark.parametrize("path", ["standards", "scorecard", "data", "upload", "about"])
def test_the_other_pages_open(page, path):
    page.goto(f"/{path}")
    expect(page.locator("h1")).to_be_visible(timeout=30_000)
    _keep(page, path)


def test_a_clerk_mends_a_table_and_loads_it(page, world, tmp_path):
    page.goto("/upload")
    with page.expect_download(timeout=30_000) as template:
        page.get_by_text("Template for Excel").click()
    template.value.save_as(empty := tmp_path / "empty.xlsx")
    day = f"2016-01-{page.viewport_size['width'] % 28 + 1:02}"  # another day for each screen: nothing is known already
    good = {"measure": "flow", "direction": "arrival", "period_start_date": day, "period_end_date": day}
    good |= {"place_id": "gore", "people": 120, "source_id": "clerk"}
    bad = [good | more for more in MISTAKES]
    shown, button = page.locator("#upload-preview"), page.locator("#upload-confirm")
    page.set_input_files("#upload-file input", _filled(empty, [good, *bad], tmp_path / "bad.xlsx"))
    expect(shown).to_contain_text("4 problems in 3 rows", timeout=30_000)
    for words in ("Write 1200", "Did you mean Gore", "no such day", "row 4"):
        expect(shown).to_contain_text(words)
    expect(button).to_be_disabled()
    _keep(page, "upload-problems")
    page.set_input_files("#upload-file input", _filled(empty, [good], tmp_path / "good.xlsx"))
    expect(shown).to_contain_text("1 new · 0 changed · 0 known already · 0 with problems", timeout=30_000)
    assert _sent(world, day) == []
    button.click()
    expect(page.locator("#upload-said")).to_contain_text("Loaded good.xlsx: 1 new", timeout=30_000)
    assert _sent(world, day) == [120]


def test_a_file_that_cannot_be_used_says_what_to_do(page, tmp_path):
    page.goto("/upload")
    expect(page.get_by_text("Template for Excel")).to_be_visible(timeout=30_000)
    (tmp_path / "old.xls").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1"))
    page.set_input_files("#upload-file input", tmp_path / "old.xls")
    expect(page.locator("#upload-preview")).to_contain_text("save it as .xlsx", timeout=30_000)
    (tmp_path / "large.csv").write_bytes(b"x" * 11_000_000)
    page.set_input_files("#upload-file input", tmp_path / "large.csv")
    expect(page.locator("#upload-said")).to_contain_text("large.csv has 11.0 MB, more than 10 MB", timeout=30_000)
    expect(page.locator("#upload-preview")).to_be_empty()


def test_a_replayed_registration_is_the_source_files_figure(world, address):
    rows = world.read(
        Observation, as_of=datetime(2014, 3, 1, 23, tzinfo=UTC), place_id="car2013:amboko", measure="stock"
    )
    newest = rows.sort_values("period_end_date").iloc[-1]
    assert (newest["people"], f"{newest['period_end_date']:%Y-%m-%d}") == (10623, "2014-02-28")


def _choose(page: Page, name: str) -> None:
    page.goto("/")
    page.locator("#points .ag-cell", has_text=name).first.click()
    expect(page.locator("#expected-arrivals")).to_be_visible(timeout=60_000)


def _filled(template: Path, rows: list[dict[str, object]], target: Path) -> Path:
    """Write rows into a downloaded template, each value under its column."""
    book = load_workbook(template)
    header = [cell.value for cell in book["data"][1]]
    for row in rows:
        book["data"].append([row.get(name) for name in header])
    book.save(target)
    return target


def _sent(world: Store, day: str) -> list[int]:
    """Return what is known of a day from the clerk."""
    rows = world.read(Observation, place_id="car2013:gore", source_id="clerk")
    return [int(people) for people in rows.loc[rows["period_end_date"] == day, "people"]]


def _run(world: Store, clock: datetime) -> int:
    runs = world.read(ForecastRun, situation_id="car2013", role="deployed")
    runs = runs[runs["origin_date"] <= clock.replace(tzinfo=None)]
    return int(runs.sort_values("origin_date")["id"].iloc[-1])


def _median(world: Store, run: int, place_id: str, days: int) -> float:
    wanted = {"measure": "arrivals", "aggregation": "cumulative", "horizon_days": days}
    return float(world.read(Forecast, run_id=run, place_id=place_id, **wanted)["q50"].iloc[0])


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def _inside(url: str, address: str) -> bool:
    return url.startswith((address, address.replace("http", "ws", 1), "data:", "blob:"))


def _keep(page: Page, name: str) -> None:
    folder = os.environ.get("WAYPOST_SCREENSHOTS")
    if folder:
        size = page.viewport_size or {}
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(1500)
        page.screenshot(path=str(Path(folder) / f"{name}-{size.get('width')}.png"))
