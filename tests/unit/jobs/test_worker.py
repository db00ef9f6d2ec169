"""What the embedded worker does around a job."""

import threading
import time
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from mem import types
from mem.capture import submit
from mem.capture.lease import Lease
from mem.jobs import worker
from mem.memory import open_memory
from mem.store import jobs
from tests import videos


@pytest.fixture
def memory(config):
    with open_memory(config) as memory:
        yield memory


def _ended(memory, job):
    """The job once it has ended."""
    limit, seen = time.monotonic() + 60, 0
    while (now := jobs.get(memory.db, job.id)).state not in types.ENDED_JOB_STATES:
        assert time.monotonic() < limit, now
        seen = memory.bell.wait(seen, 0.5)
    return now


def _counted(state: str) -> float:
    return REGISTRY.get_sample_value("mem_jobs_ended_total", {"kind": "capture", "state": state}) or 0.0


def test_the_steps_of_jobs_that_ended_long_ago_are_forgotten(memory, tmp_path):
    long_ago = types.now() - timedelta(hours=2)
    with memory.db.write() as w:
        jobs.enqueue(w, kind="capture", source_id=None, params={"path": "/a"}, max_attempts=1, now=long_ago)
        old = jobs.claim(w, "a worker of then", lease_seconds=60, now=long_ago)
        jobs.progress(w, old, stage="see", progress=0.5, now=long_ago)
        jobs.finish(w, old, state="done", now=long_ago)
    with worker.running(memory):
        video = videos.write(tmp_path / "a.mp4", videos.scenes([0], 2))
        assert _ended(memory, submit.submit(memory, video)).state == "done"
    told = [event.type for event in jobs.events(memory.db, job_id=old.id, after=0, limit=9)]
    assert told == ["queued", "claimed", "done"]


def test_a_job_that_is_cancelled_at_work_is_counted(memory, tmp_path):
    before = _counted("cancelled")
    job = submit.submit(memory, videos.write(tmp_path / "a.mp4", videos.scenes([0], 2)))
    with memory.db.write() as w:
        jobs.claim(w, "here", lease_seconds=60, now=types.now())
        asked = jobs.cancel(w, job.id, types.now())
    worker._work(memory, Lease(memory, asked, threading.Event()))
    assert jobs.get(memory.db, job.id).state == "cancelled"
    assert _counted("cancelled") == before + 1
