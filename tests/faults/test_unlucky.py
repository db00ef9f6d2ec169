"""What an unlucky owner meets: one recording twice at once, files that change, what a crash left behind."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests import servers

START = "2026-11-20T14:00:00Z"


class _Stranger(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def stranger():
    """Another program that listens, in a process that lives: this one."""
    with HTTPServer(("127.0.0.1", 0), _Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def _writer(data: Path) -> int | None:
    """The process that says in server.json that it serves."""
    try:
        return json.loads((data / "server.json").read_text())["pid"]
    except FileNotFoundError:
        return None


def test_one_recording_under_two_names_at_once_is_taken_in_once(silent_video, tmp_path):
    first, second = (shutil.copy(silent_video, tmp_path / name) for name in ("a.mp4", "b.mp4"))
    facts = {"jobs__concurrency": "2", "jobs__max_attempts": "1", "jobs__poll_seconds": "0.1"}
    with servers.running(tmp_path / "data", **facts) as server:
        started = [server.capture(path, started_at=START)["id"] for path in (first, second)]
        ended = [server.wait(job, 30) for job in started]
        held = server.get("/api/sources").json()["sources"]
    assert [job["state"] for job in ended] == ["done", "done"], ended
    assert [source["state"] for source in held] == ["ready"]
    assert sorted(job["result"]["known"] for job in ended) == [False, True]


def test_a_pipe_in_the_place_of_a_recording_does_not_hold_up_the_worker(silent_video, tmp_path):
    lost = shutil.copy(silent_video, tmp_path / "lost.mp4")
    with servers.running(tmp_path / "data", jobs__poll_seconds="2") as server:
        time.sleep(0.2)
        first = server.capture(silent_video, started_at=START)["id"]
        second = server.capture(lost)["id"]
        lost.unlink()
        os.mkfifo(lost)
        assert server.wait(first)["state"] == "done"
        ended = server.wait(second, 20)
        server.process.terminate()
        assert server.process.wait(20) == 0
    assert (ended["state"], ended["error_code"]) == ("failed", "unreadable")


def test_a_recording_that_is_still_written_is_refused_and_can_be_captured_later(silent_video, tmp_path):
    growing = shutil.copy(silent_video, tmp_path / "growing.mp4")
    stop = threading.Event()

    def grow():
        with growing.open("ab") as file:
            while not stop.wait(0.002):
                file.write(b"\0" * 100)
                file.flush()

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with servers.running(tmp_path / "data") as server:
            ended = server.wait(server.capture(growing, started_at=START)["id"])
            assert (ended["state"], ended["error_code"]) == ("failed", "unreadable")
            assert server.get("/api/sources").json()["sources"] == []
            stop.set()
            writer.join()
            assert server.wait(server.capture(growing, started_at=START)["id"])["state"] == "done"
    finally:
        stop.set()
        writer.join()


def test_what_a_crash_left_does_not_pass_for_a_server_when_another_program_has_its_port(stranger, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    left = {"pid": os.getpid(), "url": f"http://127.0.0.1:{stranger}", "key": "old"}
    (data / "server.json").write_text(json.dumps(left))
    assert servers.answer(data, "sources", "list") is not None
    process = subprocess.Popen(
        [sys.executable, "-m", "mem", "serve"], env=servers.environment(data), stderr=subprocess.DEVNULL
    )
    try:
        limit = time.monotonic() + 30
        while _writer(data) != process.pid:
            assert process.poll() is None
            assert time.monotonic() < limit
            time.sleep(0.05)
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_a_word_that_is_no_text_is_searched_for_without_a_traceback(tmp_path):
    command = [sys.executable.encode(), b"-m", b"mem", b"search", b"caf\xe9"]
    done = subprocess.run(
        command, env=servers.environment(tmp_path / "data"), capture_output=True, timeout=60, check=False
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0
