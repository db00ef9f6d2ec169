"""Work that is killed at one place of a recording again and again, and what goes on without it."""

import contextlib
import os
import signal
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mem import config as mem_config
from mem import machine, types
from mem.capture import run, submit
from mem.capture.lease import Lease
from mem.errors import RecordingChanged, Stopped
from mem.jobs import worker
from mem.memory import open_memory
from mem.store import checkpoints, frames, jobs, sources, texts
from mem.types import Place
from tests import recordings, videos
from tests.processes import children

FAR = timedelta(days=1)


@pytest.fixture
def memory(tmp_path):
    given = {
        "data_dir": str(tmp_path / "data"),
        "storage.min_free_bytes": 0,
        "whisper.model": "tiny.en",
        "capture.stretch_seconds": 10,
        "capture.frame.interval_seconds": 1,
        "capture.screen_text": "off",
    }
    with open_memory(mem_config.load(given, environ={})) as memory:
        yield memory


def _claimed(memory, after=timedelta(0)):
    with memory.db.write() as w:
        return jobs.claim(w, "test", lease_seconds=60, now=types.now() + after)


def _kill_when_there(operation: str, ended: threading.Event) -> None:
    while not ended.is_set():
        for pid in machine.children(os.getpid()):
            with contextlib.suppress(OSError):  # it ended meanwhile
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                name = (
                    Path(f"/proc/{pid}/comm").read_bytes().strip()
                )  # one that was forked says there what it does
                if operation.encode() in (name, *words):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def _work_and_kill(memory, operation, after):
    ended = threading.Event()
    killer = threading.Thread(target=_kill_when_there, args=(operation, ended))
    killer.start()
    try:
        worker._work(memory, Lease(memory, _claimed(memory, after), threading.Event()))
    finally:
        ended.set()
        killer.join()


def test_a_child_that_dies_three_times_at_one_stretch_is_gone_on_without(memory, tmp_path):
    video = videos.write(tmp_path / "v.mp4", videos.scenes([0, 6_000, 14_000, 22_000], 30))
    job = submit.submit(memory, video)
    for number in range(3):
        _work_and_kill(memory, "see", FAR * number)
    ended = jobs.get(memory.db, job.id)
    assert (ended.state, ended.error_code) == ("failed", "poison")
    assert "seeing, 00:00:00 to 00:00:10" in ended.error_detail
    assert "memory ran out" in ended.error_detail
    with memory.db.write() as w:
        jobs.retry(w, job.id, types.now(), skip=True)
    worker._work(memory, Lease(memory, _claimed(memory), threading.Event()))
    ended = jobs.get(memory.db, job.id)
    source = sources.get(memory.db, ended.source_id)
    assert (ended.state, source.state) == ("partial", "partial")
    assert "Left out of seeing: 00:00:00 to 00:00:10." in ended.error_detail
    begin = source.started_at + timedelta(seconds=10)
    assert ended.result["gaps"] == [
        {"stage": "see", "start": types.written(source.started_at), "end": types.written(begin)}
    ]
    spans = frames.spans_between(memory.db, source.started_at, source.ended_at, source.id, limit=99)
    assert spans[0].start == begin
    assert [one.end for one in spans[:-1]] == [one.start for one in spans[1:]]
    assert spans[-1].end == source.ended_at
    assert frames.at(memory.db, begin - timedelta(seconds=1)) == []
    kept = frames.between(memory.db, source.started_at, source.ended_at, source.id, limit=99)
    assert [round((f.first_seen - source.started_at).total_seconds()) for f in kept] == [10, 14, 22]


def test_a_stretch_that_is_not_listened_to_leaves_the_words_behind_it(memory, tmp_path):
    recording = recordings.make(tmp_path / "said.mp4", loops=2)
    job = submit.submit(memory, recording)
    claimed = _claimed(memory)
    lease = Lease(memory, claimed, threading.Event())
    lease.at(Place("hear", 0, 0, 60_000))
    with memory.db.write() as w:
        jobs.finish(w, claimed, state="failed", error_code="poison", error_detail="x", now=types.now())
        jobs.retry(w, job.id, types.now(), skip=True)
    worker._work(memory, Lease(memory, _claimed(memory), threading.Event()))
    ended = jobs.get(memory.db, job.id)
    source = sources.get(memory.db, ended.source_id)
    assert ended.state == "partial", ended
    assert "Left out of hearing: 00:00:00 to 00:01:00." in ended.error_detail
    said = list(texts.of_source(memory.db, source.id))
    assert said[0].start >= source.started_at + timedelta(seconds=59)
    heard = " ".join(segment.text for segment in said)
    assert "garden" in heard
    assert "kitchen" in heard


def test_a_file_that_is_swapped_for_one_of_the_same_size_is_noticed(memory, tmp_path):
    video = videos.write(tmp_path / "v.mp4", videos.scenes([0, 6_000], 12))
    submit.submit(memory, video)
    lease = Lease(memory, _claimed(memory), threading.Event())
    source = run.look(memory, lease).source
    content = bytearray(video.read_bytes())
    content[-20:] = bytes(20)
    video.write_bytes(content)
    with pytest.raises(RecordingChanged):
        run.see(memory, lease, source, run.Rows(memory, source))
    assert checkpoints.get(memory.db, source.id, "see") is None


def test_a_file_that_was_only_touched_is_still_the_same(memory, tmp_path):
    video = videos.write(tmp_path / "v.mp4", videos.scenes([0, 6_000], 12))
    submit.submit(memory, video)
    lease = Lease(memory, _claimed(memory), threading.Event())
    source = run.look(memory, lease).source
    video.chmod(0o600)
    os.utime(video)
    run.see(memory, lease, source, run.Rows(memory, source))
    assert checkpoints.get(memory.db, source.id, "see").finished


@pytest.mark.parametrize("stage", ["see", "hear"])
def test_a_cancelled_job_ends_soon_and_leaves_all_of_a_stretch_or_none(memory, tmp_path, stage):
    before = children()  # a database server of other tests may be among them
    recording = recordings.make(tmp_path / "said.mp4", loops=3)
    job = submit.submit(memory, recording)
    with worker.running(memory):
        seen, limit = 0, time.monotonic() + 60
        while jobs.get(memory.db, job.id).stage != stage:
            assert time.monotonic() < limit
            seen = memory.bell.wait(seen, 0.05)
        with memory.db.write() as w:
            jobs.cancel(w, job.id, types.now())
        asked = time.monotonic()
        while (now := jobs.get(memory.db, job.id)).state == "running":
            assert time.monotonic() - asked < 10
            seen = memory.bell.wait(seen, 0.05)
    assert now.state == "cancelled"
    source = sources.get(memory.db, now.source_id)
    checkpoint = checkpoints.get(memory.db, source.id, stage)
    until = types.after(source.started_at, checkpoint.until_ms if checkpoint else 0)
    end = source.started_at + FAR
    if stage == "see":
        spans = frames.spans_between(memory.db, source.started_at, end, source.id, limit=999)
        assert (spans[-1].end if spans else source.started_at) == until
    else:
        assert all(one.start < until for one in texts.of_source(memory.db, source.id))
        assert not (checkpoint and checkpoint.finished)
    assert children() <= before


class _Cancelled(Lease):
    """A lease of a job that a person cancels a moment later."""

    asked = 0

    def stopped(self) -> bool:
        self.asked += 1
        return self.asked > 1


@pytest.fixture
def slow_hub(monkeypatch):
    """A place to fetch models from that says what it has and then sends next to nothing."""

    class Slow(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(200)
            self.end_headers()

        def do_GET(self):
            over.wait(30)

        def log_message(self, *_):
            pass

    over = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield
    over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_job_is_cancelled_while_its_model_is_fetched(memory, slow_hub, tmp_path):
    submit.submit(memory, videos.write(tmp_path / "v.mp4", videos.scenes([0], 1)))
    began = time.monotonic()
    with pytest.raises(Stopped):
        run.resolve_model(memory, _Cancelled(memory, _claimed(memory), threading.Event()), "small")
    assert time.monotonic() - began < 10
