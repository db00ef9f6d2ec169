"""The command line without a server: it runs the same app itself."""

import json
import os
import subprocess
import sys

import pytest

from mem.ocr import engines
from tests import videos


def mem(folder, *words: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"MEM_DATA_DIR": str(folder), "MEM_STORAGE__MIN_FREE_BYTES": "0"}
    command = [sys.executable, "-m", "mem", *words]
    return subprocess.run(
        command, env=environ, cwd=folder.parent, capture_output=True, text=True, timeout=120
    )


def test_an_empty_memory_answers_and_nothing_is_written_to_stderr(folder):
    done = mem(folder, "sources", "list")
    assert (done.returncode, done.stderr) == (0, "")
    assert "mem capture FILE" in done.stdout


def test_a_capture_that_is_not_waited_for_is_kept_and_says_who_does_it(folder, tmp_path):
    (tmp_path / "v.mp4").write_text("this is text")
    done = mem(folder, "capture", "v.mp4", "--no-wait")
    assert done.returncode == 0
    assert "No server runs" in done.stdout
    job = mem(folder, "jobs", "follow", "1", "--json")
    assert job.returncode == 1
    assert json.loads(job.stdout)["error_code"] == "not_media"


@pytest.mark.skipif(engines.present("auto") is None, reason="nothing here reads text off frames")
def test_text_on_screen_is_read_before_a_capture_without_a_server_ends(folder, tmp_path):
    videos.write(tmp_path / "v.mp4", [(0, videos.scene(1))])
    assert mem(folder, "capture", "v.mp4").returncode == 0
    found = json.loads(mem(folder, "jobs", "--json").stdout)["jobs"]
    assert {job["kind"]: job["state"] for job in found} == {"capture": "done", "screen": "done"}


def test_a_memory_that_another_process_holds_is_75_and_names_it(folder):
    holder = (
        "import sys; from mem import config; from mem.memory import open_memory\n"
        f"with open_memory(config.load({{'data_dir': {str(folder)!r}}})):\n"
        "    print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "open\n"
        done = mem(folder, "sources", "--json")
        process.stdin.close()
    assert done.returncode == 75
    assert json.loads(done.stderr)["code"] == "locked"
    assert str(process.pid) in done.stderr
