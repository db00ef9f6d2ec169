"""A disk that fills up: nothing acknowledged is lost, reading goes on, and work goes on by itself."""

import os
import resource
import signal
import subprocess
import sys
import time

import httpx

from mem import config
from mem.memory import open_memory
from mem.store import jobs
from tests import servers

AT = {"start": "2026-11-20T14:00:00Z"}
DAY = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z", "limit": 200}


def _write(server, text: str) -> httpx.Response:
    return httpx.post(f"{server.url}/api/notes", json={**AT, "text": text}, timeout=30)


def _notes(server) -> list[str]:
    return [note["text"] for note in server.get("/api/notes", **DAY).json()["notes"]]


def test_a_full_disk_refuses_writing_and_answers_reading(volume, silent_video):
    with servers.running(volume.folder / "data") as server:
        job = server.wait(server.capture(silent_video, started_at=AT["start"])["id"])
        assert job["state"] == "done", job
        assert _write(server, "before").status_code == 201
        volume.leave(100_000)
        body = silent_video.read_bytes() + b"more"
        upload = httpx.post(f"{server.url}/api/upload", params={"filename": "a.mp4"}, content=body)
        assert (upload.status_code, upload.json()["code"]) == (507, "disk_full")
        assert _write(server, "refused").json()["code"] == "disk_full"
        assert _notes(server) == ["before"]
        assert server.get("/api/search", q="before").json()["total"] == 1
        assert server.get("/api/timeline", **DAY).json()["spans"]
        assert server.get("/readyz").status_code == 503  # nothing more can be taken in
        assert "disk" in server.get("/api/status").json()["reasons"][0]
        volume.empty()
        assert _write(server, "after").status_code == 201


def test_a_job_waits_for_room_and_goes_on_by_itself(volume, silent_video):
    facts = {"storage__min_free_bytes": "20MiB", "jobs__max_attempts": "1", "jobs__poll_seconds": "0.2"}
    with servers.running(volume.folder / "data", **facts) as server:
        job = server.capture(silent_video, started_at=AT["start"])["id"]
        volume.leave(19 * 2**20)
        time.sleep(3)
        assert server.job(job)["state"] in ("queued", "running", "retrying")
        volume.empty()
        ended = server.wait(job)
    assert ended["state"] == "done", ended


def test_a_server_starts_on_a_full_disk(volume):
    data = volume.folder / "data"
    with servers.running(data) as server:
        assert _write(server, "kept").status_code == 201
        server.kill()
    volume.leave(100_000)
    with servers.running(data) as server:
        assert _notes(server) == ["kept"]


def test_a_server_without_room_to_say_where_it_is_says_so_when_there_is(volume):
    with servers.running(volume.folder / "data", failpoint="server.noted:1:enospc") as server:
        assert "no room for server.json" in (volume.folder / "serve.log").read_text()
        assert server.get("/healthz").is_success


def test_a_note_without_room_for_its_copy_is_written_and_copied_later(volume):
    with servers.running(volume.folder / "data", failpoint="copy.written:1:enospc") as server:
        assert _write(server, "kept").status_code == 201
        copy = volume.folder / "data" / "sources" / "notes.jsonl"
        assert not copy.exists()
        server.process.terminate()
        server.process.wait(40)
    assert "kept" in copy.read_text()
    assert not list((volume.folder / "data" / "tmp").iterdir())


def test_a_transaction_does_not_begin_without_room(volume):
    """DuckDB would end the process: its undoing of a failed commit that changed an indexed row throws."""
    code = (
        "import sys\n"
        "from mem import config, types\n"
        "from mem.errors import DiskFull\n"
        "from mem.memory import open_memory\n"
        "from mem.store import jobs\n"
        "opened = open_memory(config.load({'data_dir': sys.argv[1]}, environ={}))\n"
        "db = opened.__enter__().db\n"
        "with db.write() as w:\n"
        "    jobs.enqueue(w, kind='capture', source_id=None, params={}, priority=5, max_attempts=3,\n"
        "                 now=types.now())\n"
        "with db.write() as w: job = jobs.claim(w, 'me', lease_seconds=60, now=types.now())\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "try:\n"
        "    with db.write() as w: jobs.heartbeat(w, job, lease_seconds=60, now=types.now())\n"
        "except DiskFull: print('refused', flush=True)\n"
        "sys.stdin.readline()\n"
        "with db.write() as w: jobs.heartbeat(w, job, lease_seconds=60, now=types.now())\n"
        "opened.__exit__(None, None, None)\n"
    )
    command = [sys.executable, "-c", code, str(volume.folder / "data")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        volume.leave(0)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "refused\n"
        volume.empty()
        process.communicate("\n", timeout=30)
    assert process.returncode == 0


FILLED = """
import sys
from mem import config, failpoints, types
from mem.api import lastword
from mem.errors import DiskFull
from mem.memory import open_memory
from mem.store import duck, jobs
lastword.install()
opened = open_memory(config.load({"data_dir": sys.argv[1]}, environ={}))
db = opened.__enter__().db
with db.write() as w:
    jobs.enqueue(w, kind="capture", source_id=None, params={}, priority=5, max_attempts=3, now=types.now())
with db.write() as w: job = jobs.claim(w, "me", lease_seconds=60, now=types.now())
failpoints._trap = failpoints.parse("database.changed:stop")
duck.ROOM = 0  # as if each look at the room came before somebody took it
for _ in range(200):  # until one finds the log's last page full
    try:
        with db.write() as w: exec(sys.argv[2])
    except DiskFull:
        break
sys.stderr.write(jobs.get(db, job.id).state)
opened.__exit__(None, None, None)
"""
UPDATED = "jobs.heartbeat(w, job, lease_seconds=60, now=types.now())"
RETURNED = "w.script('update jobs set fence = fence returning id')"


def test_an_update_that_finds_the_disk_full_is_undone_and_the_database_goes_on(volume):
    command = [sys.executable, "-c", FILLED, str(volume.folder / "data"), UPDATED]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        volume.leave(0)
        process.send_signal(signal.SIGCONT)
        assert process.stderr is not None
        said = process.stderr.read()
    assert "running" in said


def test_a_process_that_duckdb_aborts_ends_with_70_and_the_next_goes_on(volume):
    """Another program takes the room between the look at it and the commit."""
    data = volume.folder / "data"
    command = [sys.executable, "-c", FILLED, str(data), RETURNED]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        volume.leave(0)
        process.send_signal(signal.SIGCONT)
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 70, said
    assert said.endswith("start it anew\n")
    volume.empty()
    with open_memory(config.load({"data_dir": str(data)}, environ={})) as memory:
        assert [job.state for job in jobs.page(memory.db, limit=10)] == ["running"]


def test_a_server_whose_database_failed_says_so_and_ends_with_70(tmp_path):
    data = tmp_path / "data"
    server = servers.start(data)
    assert _write(server, "kept").status_code == 201
    log = (data / "mem.duckdb.wal").stat().st_size
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (log + 3000, resource.RLIM_INFINITY))
    failed = _write(server, "lost " * 1000)
    assert (failed.status_code, failed.json()["code"]) == (503, "database_failed")
    assert server.get("/readyz").status_code == 503
    assert server.process.wait(20) == 70
    with servers.running(data) as server:
        assert _notes(server) == ["kept"]
