"""The command line without a server: it runs the same app itself."""

import json
import os
import subprocess
import sys


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
