"""Worker processes that look at the parts of one recording side by side, and are killed and frozen."""

import contextlib
import os
import signal
import time

from mem import config as mem_config
from mem import types
from mem.capture import submit
from mem.jobs import worker
from mem.memory import open_memory
from mem.store import jobs, parts, sources
from tests import digest, servers, videos
from tests.scale import fleet as fleets

CAPTURE = {"capture__part_seconds": "20", "capture__stretch_seconds": "10"}
BEGAN = types.from_epoch(1_700_000_000_000)


def _alone(folder, clip):
    """What one process over DuckDB makes of it, in the same parts."""
    given = servers.SETTINGS | {name.replace("__", "."): text for name, text in CAPTURE.items()}
    with open_memory(mem_config.load({"data_dir": str(folder), **given}, environ={})) as memory:
        submit.submit(memory, clip, started_at=BEGAN)
        with worker.running(memory, threads=1):
            fleets.wait_until(lambda: fleets.all_done(memory), what=lambda: jobs.counts(memory.db))
        return _held(memory)


def _held(memory):
    (source,) = sources.page(memory.db, 9, None)
    return digest.of_source(memory, source)


def _at_work(memory, job, but=()):
    """Freeze a worker in the middle of a part; gives the process and the part, which is still its."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        for part in parts.of_job(memory.db, job.id):
            pid = int(part.lease_owner.split(":")[1]) if part.lease_owner else None
            if pid is None or pid in but or part.state != "running":
                continue
            os.kill(pid, signal.SIGSTOP)
            time.sleep(0.1)  # what it had sent to the database is done
            now = jobs.get(memory.db, part.id)
            if (now.state, now.fence) == ("running", part.fence):
                return pid, part
            os.kill(pid, signal.SIGCONT)  # it was done in between
    raise AssertionError((jobs.get(memory.db, job.id), parts.of_job(memory.db, job.id)))


def test_workers_killed_and_frozen_in_parts_change_no_row(fleet, tmp_path):
    clip = videos.write(tmp_path / "long.mp4", videos.scenes(range(0, 240_000, 7_000), 240.0, fps=5))
    fleet.settings |= CAPTURE
    memory = fleet.memory()
    for _ in range(2):
        fleet.worker(program="mem")
    fleets.wait_until(lambda: fleet.log.exists() and len(fleet.logged("worker_started")) == 2)
    job = submit.submit(memory, clip, started_at=BEGAN)
    frozen, part = _at_work(memory, job)
    os.kill(_at_work(memory, job, but={frozen})[0], signal.SIGKILL)
    asleep = time.monotonic()
    fleet.worker(program="mem")
    fleets.wait_until(
        lambda: (
            jobs.get(memory.db, part.id).fence > part.fence and time.monotonic() - asleep > 2 * fleets.LEASE
        )
    )
    with contextlib.suppress(ProcessLookupError):
        os.kill(frozen, signal.SIGCONT)
    fleets.wait_until(lambda: fleets.all_done(memory), what=lambda: fleet.log.read_text()[-3000:])
    fleets.wait_until(lambda: bool(fleet.logged("job_lost")), 20, lambda: fleet.log.read_text()[-3000:])
    assert _held(memory) == _alone(tmp_path / "alone", clip)
