"""The script and the table for cron, as cron runs them: with next to no environment."""

import fcntl
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
SCRIPT = DEPLOY / "bin" / "backup-mem.sh"
BIN = Path(sys.executable).parent


def environment(data: Path) -> dict[str, str]:
    return {
        "MEM_BIN": str(BIN),
        "MEM_DATA_DIR": str(data),
        "MEM_STORAGE__MIN_FREE_BYTES": "0",
        "MEM_KEEP": "1",
    }


@pytest.fixture
def data(tmp_path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


def run(data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(SCRIPT)], env=environment(data), cwd="/", capture_output=True, text=True)


def test_the_script_makes_a_checked_backup_keeps_the_newest_and_says_nothing(data):
    for _ in range(2):
        done = run(data)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    command = [str(BIN / "mem"), "backup", "list", "--json"]
    listed = subprocess.run(command, env=environment(data), cwd="/", capture_output=True, text=True)
    (backup,) = json.loads(listed.stdout)["backups"]
    assert backup["good"] is True


def test_a_second_one_at_the_same_time_ends_with_75(data):
    with (data / ".backup-mem.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run(data)
    assert done.returncode == 75
    assert "under way" in done.stderr


def test_a_failure_is_told_and_is_a_failure(data):
    (data / "config.yaml").write_text("nonsense: 1\n")
    done = run(data)
    assert done.returncode == 78
    assert "nonsense" in done.stderr


def test_the_table_has_a_user_and_no_per_cent_sign():
    lines = [line for line in (DEPLOY / "cron.d/mem").read_text().splitlines() if re.match(r"[\d*]", line)]
    assert len(lines) == 4
    for line in lines:
        assert line.split()[5] == "mem"
        assert "%" not in line
