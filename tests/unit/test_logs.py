"""Log lines: whole, safe, and never lost to whoever moves the files."""

import contextlib
import json
import logging
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mem import observe

THREADS, LINES = 4, 25_000


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that the logs go to; afterwards they go where they went before."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield tmp_path / "logs"
    for handler in root.handlers:
        handler.close()
    root.handlers[:], root.level = before, level


def begin(folder: Path, form: str = "json") -> None:
    observe.start_logging("INFO", form, folder)


def test_lines_about_media_work_go_to_a_file_of_their_own(folder):
    begin(folder)
    logging.getLogger("mem.capture.see").info("seen")
    logging.getLogger("mem.jobs.worker").info("worked")
    logging.getLogger("mem.api.edge").info("answered")
    assert [json.loads(line)["message"] for line in (folder / "capture.log").read_text().splitlines()] == [
        "seen",
        "worked",
    ]
    assert [json.loads(line)["message"] for line in (folder / "api.log").read_text().splitlines()] == [
        "answered"
    ]


def test_a_line_says_which_request_and_job_it_belongs_to(folder):
    begin(folder)
    with observe.context(request="abc"), observe.context(job=7):
        logging.getLogger("mem.api").info("stored", extra={"action": "stored", "count": 3})
    told = json.loads((folder / "api.log").read_text())
    assert (told["request"], told["job"], told["count"], told["level"]) == ("abc", 7, 3, "INFO")
    assert told["time"].endswith("Z")


def test_no_line_is_lost_or_torn_while_the_files_are_rotated(folder):
    begin(folder, "text")
    log, moved, done = logging.getLogger("mem.api"), 0, threading.Event()

    def write(number: int) -> None:
        for line in range(LINES):
            log.info("line %d-%d", number, line)

    def rotate() -> None:
        nonlocal moved
        while not done.wait(0.02):
            with contextlib.suppress(FileNotFoundError):
                (folder / "api.log").rename(folder / f"api.log.{moved}")
                moved += 1

    threads = [threading.Thread(target=write, args=(number,)) for number in range(THREADS)]
    rotating = threading.Thread(target=rotate)
    for thread in [*threads, rotating]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    rotating.join()
    lines = [
        line.rsplit(" ", 1)[1] for file in folder.glob("api.log*") for line in file.read_text().splitlines()
    ]
    assert moved > 3
    assert len(lines) == len(set(lines)) == THREADS * LINES


def test_logrotate_itself_loses_no_line(folder, tmp_path):
    logrotate = shutil.which("logrotate", path="/usr/sbin:/usr/bin:/sbin")
    if logrotate is None:
        pytest.skip("logrotate is not installed (apt-get install logrotate)")
    begin(folder, "text")
    stanza = (Path(__file__).parents[2] / "deploy/logrotate/mem").read_text()
    owner = f"{folder.owner()} {folder.group()}"
    stanza = stanza.replace("/var/log/mem", str(folder)).replace("mem mem", owner)
    (tmp_path / "conf").write_text(stanza)
    (tmp_path / "conf").chmod(0o644)
    folder.chmod(0o750)
    log = logging.getLogger("mem.api")
    for turn in range(3):
        for line in range(100):
            log.info("line %d", turn * 100 + line)
        command = [logrotate, "--force", "--state", str(tmp_path / "state"), str(tmp_path / "conf")]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        for file in folder.glob("api.log-*"):  # the same second would bear the same name
            if file.suffix != ".gz" and not file.name.startswith("api.log-t"):
                file.rename(folder / f"api.log-t{turn}")
    log.info("line 300")
    lines = [
        line
        for file in folder.glob("api.log*")
        for line in file.read_text().splitlines()
        if "mem.api: line" in line
    ]
    assert len(set(lines)) == 301
    assert (folder / "api.log").read_text().count("\n") == 1


def test_a_folder_that_was_removed_is_made_again(folder):
    begin(folder)
    log = logging.getLogger("mem.api")
    log.info("before")
    shutil.rmtree(folder)
    log.info("after")
    assert json.loads((folder / "api.log").read_text())["message"] == "after"


def test_a_folder_that_cannot_be_made_again_does_not_stop_the_work(folder, capsys):
    begin(folder)
    shutil.rmtree(folder)
    folder.write_text("in the way")
    logging.getLogger("mem.api").info("after")  # raises nothing
    assert "FileExistsError" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["json", "text"])
def test_nothing_that_is_logged_can_forge_a_line(folder, form):
    begin(folder, form)
    log = logging.getLogger("mem.api")
    evil = "x\n2026-01-01T00:00:00.000Z ERROR mem.api: forged\r\x1b[31m\u2028\u0085y"
    log.info("%s", evil, extra={"path": evil})
    try:
        raise ValueError(evil)
    except ValueError:
        log.exception("failed")
    lines = (folder / "api.log").read_text().splitlines()
    assert not [line for line in lines if line.startswith("2026-01-01")]
    if form == "json":
        assert [json.loads(line)["message"] for line in lines] == [evil, "failed"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_secrets_do_not_reach_the_log(folder, form):
    begin(folder, form)
    secret = "s3cr3tw0rd" * 4
    log = logging.getLogger("mem.api")
    log.info("used mem_abcd2345_%s_abcdef", secret, extra={"password": secret, "url": f"pg://u:{secret}@h"})
    log.info("got", extra={"headers": {"authorization": f"Bearer {secret}", "cookie": f"a={secret}"}})
    try:
        raise ValueError(f"postgresql://mem:{secret}@db/mem")
    except ValueError:
        log.exception("failed")
    text = (folder / "api.log").read_text()
    assert secret not in text
    assert text.count("[redacted]") >= 5
