"""The shape of the house: package names, what may be committed, sizes of modules."""

import ast
import re
import subprocess
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
OURS = ("dashboard", "data", "etl", "models")
LONGEST_MODULE_LINES = 350
TEXT = {".py", ".md", ".toml", ".lock", ".json", ".js", ".css", ".yaml", ".csv", ".sh", ".svg", ".txt", ""}


def committed() -> list[Path]:
    """The files of the checkout that git knows or would add; without git (an image), what is there."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("NOT CHECKED: this is no git checkout")
    return [PROJECT / name for name in listed.stdout.splitlines() if (PROJECT / name).is_file()]


def test_no_other_distribution_claims_our_package_names():
    claimed = packages_distributions()
    assert {name: claimed.get(name, []) for name in OURS if set(claimed.get(name, [])) - {"waypost"}} == {}


def test_no_committed_text_names_a_registry_or_a_place_of_a_machine():
    registries = r"pypi\.org|pythonhosted|registry\.(npmjs|yarnpkg)|/simple/|deb\.debian\.org"
    machine = "|".join(("/ho" + "me/[a-z]", "/wo" + "rk/", "/ro" + "ot/"))
    found = [
        f"{path.relative_to(PROJECT)}:{number}"
        for path in committed()
        if path.suffix in TEXT
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if re.search(f"{registries}|{machine}", line) and path != Path(__file__)
    ]
    assert found == []


def test_no_generated_or_huge_file_is_committed():
    assert [p.name for p in committed() if p.suffix in {".pyc", ".pkl", ".joblib", ".min.js"}] == []
    basemap = {"basemap.pmtiles"}
    assert [p.name for p in committed() if p.stat().st_size > 3_000_000 and p.name not in basemap] == []


@pytest.mark.parametrize("package", OURS)
def test_modules_are_short_and_said_what_for(package):
    for path in (PROJECT / package).rglob("*.py"):
        if "migrations" in path.parts:
            continue
        text = path.read_text()
        assert len(text.splitlines()) <= LONGEST_MODULE_LINES, (
            f"{path.name} is longer than {LONGEST_MODULE_LINES} lines"
        )
        assert ast.get_docstring(ast.parse(text)), f"{path} does not say what it is for"


def test_nothing_unpickles():
    """A pickle runs code when it is read (FAULTS, F65): no module of ours reads one."""
    readers = re.compile(r"\b(pickle|joblib|dill|cloudpickle)\.loads?\(|read_pickle\(")
    assert [p.name for name in OURS for p in (PROJECT / name).rglob("*.py") if readers.search(p.read_text())] == []
