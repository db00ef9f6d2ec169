"""What a person sees on a terminal."""

import os
import pty
import re
import sys

import pytest

from tests.cli import samples

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture
def terminal(folder):
    """Run a command line in a terminal of 100 columns, in Berlin; gives what it printed, escapes included."""

    def run(*words: str) -> str:
        environ = os.environ | {"TZ": "Europe/Berlin", "MEM_DATA_DIR": str(folder), "TERM": "xterm-256color"}
        environ |= {"COLUMNS": "100", "LINES": "40"}
        environ.pop("NO_COLOR", None)
        pid, fd = pty.fork()
        if pid == 0:
            os.execvpe(sys.executable, [sys.executable, "-m", "mem", *words], environ)
        printed = b""
        while True:
            try:
                data = os.read(fd, 65536)
            except OSError:
                break
            if not data:
                break
            printed += data
        os.close(fd)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0, printed
        return printed.decode()

    return run


# A child made by pty.fork starts another program at once, so that threads of this one do it no harm.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def test_the_words_that_matched_stand_out(api, terminal):
    assert re.search(r"\x1b\[1;38;5;\d+minvoice\x1b\[0m", terminal("search", "invoice"))


def test_a_day_is_named_once_with_its_zone(api, terminal):
    said = ESCAPES.sub("", terminal("timeline"))
    assert said.count("2026-11-20") == 1
    assert said.count("Europe/Berlin") == 1
    assert "15:00:05" in said


def test_a_capture_shows_a_bar_with_its_stage_and_a_panel(api, terminal, tmp_path):
    (tmp_path / "evening.mp4").write_text("x")
    states = iter([samples.job(state="running", stage="see", progress=0.4, source_id=3), samples.done()])
    api.answers["GET /api/jobs/7"] = lambda _: next(states)
    api.streams["/api/jobs/7/events"] = [("progress", {"stage": "hear", "progress": 0.7})]
    said = ESCAPES.sub("", terminal("capture", str(tmp_path / "evening.mp4")))
    assert "listening" in said
    assert "╭─ evening.mp4, source 3" in said


def test_many_recordings_have_one_bar_for_all_beside_the_one_at_work(api, terminal, tmp_path):
    rows = []
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_text("x")
        facts = {
            "size": 10,
            "source_id": None,
            "started_at": None,
            "time_source": None,
            "time_confidence": None,
        }
        rows.append({"path": str(tmp_path / name)} | facts)
    api.answers["POST /api/capture/plan"] = {"files": rows, "bytes_per_second": 10.0}
    states = iter([samples.job(state="running", stage="see", progress=0.4, source_id=3)])
    api.answers["GET /api/jobs/7"] = lambda _: next(states, samples.done())
    said = ESCAPES.sub("", terminal("capture", str(tmp_path)))
    assert "0 of 2 recordings" in said
    assert "1 of 2 recordings" in said
    assert "looking at the pictures" in said
    assert "2 recordings taken in" in said


def test_long_names_do_not_push_the_table_off_the_screen(api, terminal):
    row = samples.source(name="n" * 300)
    api.answers["GET /api/sources"] = {"sources": [row], "cursor": None}
    lines = ESCAPES.sub("", terminal("sources")).splitlines()
    assert max(map(len, lines)) <= 100
    assert "".join(lines).count("n") >= 300
