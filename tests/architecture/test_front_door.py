"""The script ``./waypost``: what it promises, checked with programs that record how they were called."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = PROJECT / "waypost"
SYSTEM_PATH = "/usr/bin:/bin"
TOOLS = (
    "cat",
    "cksum",
    "cut",
    "date",
    "dirname",
    "find",
    "head",
    "id",
    "ls",
    "readlink",
    "rm",
    "sed",
    "sh",
    "sort",
    "tail",
)

# Stands for every Python and npm: notes its arguments, makes a copy of itself for `-m venv`, and fails once on request.
RECORDER = r"""#!/bin/sh
case "$*" in
--version) echo "Python 3.12.1"; exit ;;
"-c "*) exit 0 ;;
"-m pip config list") cat "$PIP_ANSWER"; exit ;;
esac
echo "${0##*/} $*" >>"$RECORD"
case "$*" in *"$FAIL_ON"*) exit 7 ;; esac
case "$*" in
"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && cp "$0" "$3/bin/npm" ;;
"-m uv "*) env | grep -E '^(UV_DEFAULT_INDEX|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS)=' >>"$RECORD" || true ;;
"ci "*) mkdir -p node_modules ;;
"-m dashboard "*) readlink /proc/$$/cwd >>"$RECORD" ;;
esac
"""


class FrontDoor:
    """A checkout of its own, in a folder with a space in its name, whose programs only record what they are asked."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "way post"
        self.root.mkdir()
        shutil.copy(SCRIPT, self.root)
        for name in ("requirements.lock", "requirements-dev.lock", "requirements-uv.lock", "package-lock.json"):
            (self.root / name).write_text(f"# {name}\n")
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.install("python3", RECORDER)
        self.record = folder / "record"
        self.pip_answer = folder / "pip"
        self.pip_answer.touch()
        self.path = f"{self.programs}:{SYSTEM_PATH}"

    def install(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def __call__(self, *words: str, script: Path | None = None, fail_on: str = "nothing", **environment: str):
        inherited = {name: os.environ[name] for name in ("HOME",) if name in os.environ}
        settings = {
            "PATH": self.path,
            "RECORD": str(self.record),
            "FAIL_ON": fail_on,
            "PIP_ANSWER": str(self.pip_answer),
        }
        return subprocess.run(
            [script or self.root / "waypost", *words],
            env=inherited | settings | {"WAYPOST_DATABASE_URL": "postgresql://elsewhere/x"} | environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            cwd="/",
        )

    def calls(self) -> list[str]:
        """Return what was recorded since the last time."""
        lines = self.record.read_text().splitlines() if self.record.exists() else []
        self.record.unlink(missing_ok=True)
        return lines


@pytest.fixture
def door(tmp_path: Path) -> FrontDoor:
    return FrontDoor(tmp_path)


def test_help_is_the_default_and_names_every_command(door: FrontDoor):
    plain, asked = door(), door("help")
    assert plain.stdout == asked.stdout
    assert plain.returncode == asked.returncode == 0
    dispatched = re.findall(r"^([a-z]+)[ |)]", SCRIPT.read_text().split("case $command in")[1], re.MULTILINE)
    assert set(dispatched) - {"esac"} >= {"run", "test", "bench", "fuzz", "stop", "clean", "basemap", "setup", "help"}
    for command in set(dispatched) - {"esac"}:
        assert re.search(rf"^  {command}\b", plain.stdout, re.MULTILINE), command
    assert door.calls() == [], "help sets nothing up"


def test_an_unknown_command_is_wrong_use(door: FrontDoor):
    answer = door("fly")
    assert answer.returncode == 64
    assert "there is no command 'fly'" in answer.stderr
    assert "usage:" in answer.stderr


def test_set_up_installs_exactly_the_locks_with_hashes_and_runs_no_foreign_script(door: FrontDoor):
    answer = door("setup")
    assert answer.returncode == 0, answer.stderr
    venv, bootstrap, sync, front_end = door.calls()
    assert venv == "python3 -m venv .venv"
    assert bootstrap.endswith("--require-hashes -r requirements-uv.lock")
    assert "--require-hashes requirements.lock" in sync
    assert "--compile-bytecode" in sync
    assert front_end.startswith("npm ci --ignore-scripts")
    assert answer.stderr.count("done in") == 3, "each step says how long it took"


def test_a_second_set_up_does_nothing(door: FrontDoor):
    door("setup")
    door.calls()
    files = {path: path.stat().st_mtime_ns for path in door.root.rglob("*")}
    answer = door("setup")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert door.calls() == []
    assert files == {path: path.stat().st_mtime_ns for path in door.root.rglob("*")}


@pytest.mark.parametrize(
    ("part", "resumes_with"),
    [("-m venv", "-m venv"), ("pip install", "-m venv"), ("pip sync", "pip sync"), ("ci --ignore", "ci --ignore")],
)
def test_an_interrupted_set_up_is_taken_up_again(door: FrontDoor, part: str, resumes_with: str):
    assert door("setup", fail_on=part).returncode == 7
    assert part in door.calls()[-1]
    assert door("setup").returncode == 0
    assert resumes_with in door.calls()[0], "what had been finished is not done again"
    assert door("setup").returncode == 0
    assert door.calls() == []


@pytest.mark.parametrize(
    ("lock", "again"),
    [("requirements.lock", "uv pip sync"), ("requirements-uv.lock", "-m venv"), ("package-lock.json", "ci")],
)
def test_a_changed_lock_is_installed(door: FrontDoor, lock: str, again: str):
    door("setup")
    door.calls()
    (door.root / lock).write_text("# another\n")
    assert door("setup").returncode == 0
    assert again in door.calls()[0]
    assert door("setup").returncode == 0
    assert door.calls() == []


def test_a_checkout_that_was_moved_is_set_up_anew(door: FrontDoor):
    door("setup")
    door.calls()
    door.root = door.root.rename(door.root.with_name("elsewhere"))
    door("setup")
    assert door.calls()[0] == "python3 -m venv .venv"


def test_test_tools_stay_when_the_dashboard_is_run_in_between(door: FrontDoor):
    door.install("chromium", "#!/bin/sh\n")
    fonts = [folder for folder in map(Path, ("/usr/share/fonts", "/usr/local/share/fonts")) if folder.exists()]
    if not any(list(folder.rglob("NotoSans*")) for folder in fonts):
        pytest.skip("NOT CHECKED: needs the fonts that ./waypost test installs")
    door("test")
    assert any("requirements.lock requirements-dev.lock" in call for call in door.calls())
    door("setup")
    assert door.calls() == []
    door("test")
    assert not any("sync" in call for call in door.calls())


def test_run_hands_its_options_to_the_dashboard_and_works_from_anywhere(door: FrontDoor, tmp_path: Path):
    link = tmp_path / "links" / "wp"
    link.parent.mkdir()
    link.symlink_to(Path("..", "second"))
    (tmp_path / "second").symlink_to(door.root / "waypost")
    answer = door("run", "--port", "9000", "--host", "0.0.0.0", script=link)
    assert answer.returncode == 0, answer.stderr
    assert door.calls()[-2:] == ["python -m dashboard serve --port 9000 --host 0.0.0.0", str(door.root)]


def test_the_index_and_certificates_of_pip_reach_uv_and_npm(door: FrontDoor):
    door.pip_answer.write_text(
        ":env:.cert='/my/ca.pem'\nglobal.cert='/other.pem'\nglobal.index-url='https://mirror.invalid/simple'\n"
    )
    door("setup")
    assert {
        "UV_DEFAULT_INDEX=https://mirror.invalid/simple",
        "SSL_CERT_FILE=/my/ca.pem",
        "NODE_EXTRA_CA_CERTS=/my/ca.pem",
    } <= set(door.calls())


def only_tools(door: FrontDoor, *extra: str) -> None:
    """Leave the script a PATH on which there is neither Python nor apt."""
    for name in (*TOOLS, *extra):
        (door.programs / name).symlink_to(str(shutil.which(name, path=SYSTEM_PATH)))
    (door.programs / "python3").unlink()
    door.path = str(door.programs)


def test_without_the_right_to_install_it_says_what_to_install_and_stops(door: FrontDoor):
    only_tools(door)
    answer = door("setup")
    assert answer.returncode == 69
    assert "sudo apt-get install --no-install-recommends python3 python3-venv\n" in answer.stderr
    assert not (door.root / ".venv").exists()


def test_a_user_without_sudo_installs_nothing(door: FrontDoor):
    only_tools(door)
    (door.programs / "id").unlink()
    door.install("id", "#!/bin/sh\necho 1000\n")
    door.install("apt-get", '#!/bin/sh\necho "apt-get $*" >>"$RECORD"\n')
    door.install("sudo", "#!/bin/sh\nexit 1\n")
    assert door("setup").returncode == 69
    assert door.calls() == []


@pytest.mark.parametrize("user", ["0", "1000"])
def test_root_or_sudo_installs_only_what_is_missing(door: FrontDoor, user: str):
    only_tools(door, "env", "cp", "chmod", "mkdir", "grep")
    (door.programs / "id").unlink()
    door.install("id", f"#!/bin/sh\necho {user}\n")
    door.install(
        "sudo", '#!/bin/sh\n[ "$1" = -n ] && shift\n[ "$1" = true ] || echo sudo >>"$RECORD"\nPATH="$PATH:/bin" "$@"\n'
    )
    apt = '#!/bin/sh\necho "apt-get $*" >>"$RECORD"\n[ "$1" = update ] || cp "${0%/*}/recorder" "${0%/*}/python3"\n'
    door.install("apt-get", apt)
    door.install("recorder", RECORDER)
    if not list(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        pytest.skip("NOT CHECKED: without PostgreSQL the script would write below /etc")
    answer = door("setup", "--system")
    assert answer.returncode == 0, answer.stderr
    calls = [call for call in door.calls() if call != "sudo"]
    assert calls[0] == "apt-get update -q"
    assert re.fullmatch(r"apt-get install .*--no-install-recommends .* python3 python3-venv", calls[1])
    assert len(calls) == 2
    door("setup", "--system")
    assert door.calls() == [], "nothing is missing, so apt is not even asked for news"


def app(door: FrontDoor, *words: str) -> subprocess.Popen:
    """Start a program that looks like the dashboard, or like any other program, and note its number."""
    (door.root / "dashboard.py").write_text("import time; time.sleep(60)\n")
    process = subprocess.Popen([sys.executable, *words], cwd=door.root)
    (door.root / "var").mkdir(exist_ok=True)
    (door.root / "var" / "app.pid").write_text(f"{process.pid}\n")
    return process


def test_stop_ends_the_dashboard(door: FrontDoor):
    process = app(door, "-m", "dashboard", "serve")
    answer = door("stop")
    assert answer.returncode == 0, answer.stderr
    assert process.wait(timeout=5) == -15


def test_stop_leaves_a_program_alone_that_has_got_the_number_of_the_dashboard(door: FrontDoor):
    process = app(door, "-c", "import time; time.sleep(60)")
    try:
        assert "not running" in door("stop").stderr
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_clean_asks_first_and_removes_only_what_was_generated(door: FrontDoor):
    door("setup")
    (door.root / "var").mkdir()
    before = door("clean")
    assert (before.returncode, (door.root / "var").exists()) == (64, True)
    assert door("clean", "--yes").returncode == 0
    assert {path.name for path in door.root.iterdir()} == {
        *("waypost", "package-lock.json"),
        *("requirements.lock", "requirements-dev.lock", "requirements-uv.lock"),
    }


def test_the_script_is_plain_posix_shell():
    assert SCRIPT.read_text().startswith("#!/bin/sh\n")
    assert SCRIPT.stat().st_mode & 0o111 == 0o111
    assert subprocess.run(["sh", "-n", SCRIPT], check=False).returncode == 0
    called = set(re.findall(r"\b(curl|wget|git|make|bash|realpath|docker)\b ", SCRIPT.read_text()))
    assert called == set(), "a new machine has none of these"


def test_shellcheck_finds_nothing():
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("NOT CHECKED: shellcheck is not installed")
    found = subprocess.run([shellcheck, SCRIPT, PROJECT / ".ci" / "run"], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_ci_and_the_image_use_the_same_script():
    assert "./waypost test" in (PROJECT / ".ci" / "run").read_text()
    lines = (PROJECT / "Dockerfile").read_text().splitlines()
    run = [line.removeprefix("RUN ") for line in lines if line.startswith("RUN ")]
    assert any(line.startswith("./waypost setup --system") for line in run)
    assert any(line.startswith("./waypost setup &&") for line in run)
    assert not any(re.search(r"apt-get|pip |npm ", line) for line in run), "the script installs, nothing else"
    assert any(re.match(r'CMD \["./waypost", "run"', line) for line in lines)
    users = [number for number, line in enumerate(lines) if line == "USER waypost"]
    assert users, "the image does not run as root"
    assert users[0] < lines.index(next(line for line in lines if line.startswith("CMD [")))


def test_compose_gives_the_application_the_database_beside_it():
    text = (PROJECT / "compose.yaml").read_text()
    services = dict(re.findall(r"^  (\w+):\n((?:    .*\n|\n)+)", text.split("\nvolumes:")[0], re.MULTILINE))
    assert set(services) == {"app", "database"}
    assert "build: ." in services["app"]
    assert '["./waypost", "run"' in services["app"]
    assert "@database:5432/waypost" in services["app"]
    assert "image: postgis/postgis:" in services["database"]
    assert '"127.0.0.1:8050:8050"' in services["app"], "the dashboard is offered to this machine only"
    assert not re.search(r"PASSWORD: [^$]", text), "no password is written down"
