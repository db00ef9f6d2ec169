"""The units: systemd reads every line of them, and they are as closed as they claim."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mem.cli import installing

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICES = sorted(file.name for file in UNITS.glob("*.service"))
EXPOSURE = 1.5


@pytest.fixture(scope="module")
def units(tmp_path_factory) -> Path:
    """The units as `mem install systemd` writes them for this machine."""
    folder = tmp_path_factory.mktemp("units")
    data = tmp_path_factory.mktemp("data")
    command = [
        sys.executable,
        "-m",
        "mem",
        "--data-dir",
        str(data),
        "install",
        "systemd",
        "--to",
        str(folder),
    ]
    done = subprocess.run([*command, "--logs", str(data), "--user", "daemon"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def analyze(*words: str, **options) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (apt-get install systemd)")
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, **options)


def test_systemd_understands_every_line(units):
    files = sorted(str(file) for file in units.iterdir())
    assert len(files) == 8
    done = analyze("verify", *files)
    told = [line for line in done.stderr.splitlines() if str(units) in line or "mem-" in line]
    assert (done.returncode, told) == (0, [])


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_is_as_closed_as_it_can_be(units, name):
    for folder in (UNITS, units):
        done = analyze("security", "--offline=true", "--threshold=15", str(folder / name))
        score = re.search(r"exposure level for \S+ (\d+\.\d)", done.stdout)
        assert score, done.stdout + done.stderr
        assert float(score[1]) <= EXPOSURE, done.stdout


def test_no_line_has_a_comment_behind_it():
    """systemd has none: it would take the whole line for something else, and drop it."""
    for file in UNITS.iterdir():
        lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
        assert not [line for line in lines if "#" in line], file.name


def test_limits_are_those_that_systemd_has():
    text = (UNITS / "mem-api.service").read_text()
    assert "MemoryMax=8G" in text
    assert "MemoryLimit" not in text
    assert "LimitNOFILE=65536" in text
    assert "CPUQuota=200%" in text


def test_every_timer_starts_a_unit_that_is_there():
    for timer in UNITS.glob("*.timer"):
        named = re.search(r"^Unit=(\S+)$", timer.read_text(), re.MULTILINE)
        unit = named[1] if named else f"{timer.stem}.service"
        assert (UNITS / re.sub(r"@.*\.", "@.", unit)).exists(), timer.name


def test_times_of_timers_are_times():
    for timer in UNITS.glob("*.timer"):
        moment = re.search(r"^OnCalendar=(.+)$", timer.read_text(), re.MULTILINE)[1]
        assert analyze("calendar", moment).returncode == 0, timer.name


def test_the_units_name_this_installation(units):
    text = (units / "mem-api.service").read_text()
    assert f"ExecStart={installing.program()} serve" in text
    assert "/opt/mem" not in text
    assert "/var/l" not in text


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "mem", *words], capture_output=True, text=True)


def test_printing_writes_nothing_and_shows_all():
    done = run("--data-dir", "/srv/mem", "install", "systemd", "--print")
    assert done.returncode == 0
    assert all(f"# ---- {file.name}" in done.stdout for file in UNITS.iterdir())
    assert "MEM_DATA_DIR=/srv/mem" in done.stdout


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("--data-dir", "/srv/a b", "install", "systemd", "--print"), "a space"),
        (("install", "systemd", "--print", "--user", "nobody-of-that-name"), "no user"),
        (("install", "systemd", "--to", "/nowhere/at/all"), "cannot be written"),
    ],
)
def test_what_cannot_be_is_refused(words, wrong):
    done = run(*words)
    assert done.returncode != 0
    assert wrong in done.stderr


def test_the_units_come_as_json_too():
    done = run("install", "systemd", "--json")
    assert set(json.loads(done.stdout)["units"]) == {file.name for file in UNITS.iterdir()}
