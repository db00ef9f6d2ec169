"""The embedded worker: threads of the serving process that claim jobs and do them one by one."""

import contextlib
import logging
import os
import random
import shutil
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from mem import errors, folders, observe, types
from mem.capture import partial
from mem.capture.lease import Lease
from mem.capture.run import Outcome
from mem.errors import DatabaseFailed, DiskFull, MemError, StaleFence, Stopped, TooBusy
from mem.jobs import tasks
from mem.memory import Memory
from mem.ops import delete
from mem.store import jobs
from mem.types import Job

log = logging.getLogger(__name__)

_FIRST_DELAY = timedelta(seconds=5)
_LONGEST_DELAY = timedelta(hours=1)
_PROGRESS_KEPT = timedelta(hours=1)  # for listeners that come back; one long capture has thousands of steps


@contextlib.contextmanager
def running(memory: Memory) -> Iterator[None]:
    """Work on jobs in `jobs.concurrency` threads until the block ends.

    At the end every job goes back to the queue at its last committed stretch.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}"
    if memory.db.engine == "duckdb":
        _take_up(memory)
    stop = threading.Event()
    threads = [
        threading.Thread(target=_loop, args=(memory, f"{owner}:{n}", stop), name=f"worker-{n}")
        for n in range(memory.config.jobs.concurrency)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        memory.bell.ring()
        for thread in threads:
            thread.join()


def _take_up(memory: Memory) -> None:
    """Go on where an earlier process stopped; it alone owned the database, so nobody else is at work.

    On PostgreSQL others may be: there a job comes back when its lease runs out.
    """
    _recover(memory)
    delete.finish(memory)
    _empty(memory.folder / "tmp")
    _drop_uploads(memory)


def delay(attempt: int) -> timedelta:
    """How long to wait before the try after `attempt`: 5 s times four for each, ±20 %, an hour at most."""
    wait = min(_FIRST_DELAY * float(4 ** min(attempt - 1, 10)), _LONGEST_DELAY)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 - spread, not secrecy


def _recover(memory: Memory) -> None:
    """Queue what an earlier process left running; on a full disk that waits until the leases run out."""
    try:
        with memory.db.write() as w:
            found = jobs.recover(w, types.now())
    except DiskFull as error:
        log.warning("jobs wait: the disk is full", extra={"action": "jobs_wait", "detail": error.detail})
        return
    if found:
        log.info("jobs taken up again", extra={"action": "jobs_recovered", "count": found})


def _loop(memory: Memory, owner: str, stop: threading.Event) -> None:
    seen = 0
    while not stop.is_set():
        try:
            job = _claim(memory, owner)
            if job is None:
                seen = memory.bell.wait(seen, memory.config.jobs.poll_seconds)
                continue
            with observe.context(job=job.id):
                _work(memory, Lease(memory, job, stop))
        except (DatabaseFailed, DiskFull, StaleFence, TooBusy) as error:
            # What became of a job could not be written. It is claimed again when its lease has run out.
            facts = {"action": "worker_waits", "code": error.code, "detail": error.detail}
            log.warning("the worker waits: the database takes nothing", extra=facts)
            stop.wait(memory.config.jobs.poll_seconds)
        memory.bell.ring()


def _claim(memory: Memory, owner: str) -> Job | None:
    if folders.free_bytes(memory) < folders.least_free(memory) or not jobs.due(memory.db, types.now()):
        return None  # without room every try would end as the one before, and grow the database
    with memory.db.write() as w:
        return jobs.claim(w, owner, lease_seconds=memory.config.jobs.lease_seconds, now=types.now())


def _work(memory: Memory, lease: Lease) -> None:
    """Do one job and record how it ended; nothing that goes wrong with it ends the worker."""
    try:
        _end(memory, lease, tasks.run(memory, lease))
    except StaleFence:
        log.warning("job was taken over", extra={"action": "job_lost"})
    except Stopped:
        _stopped(memory, lease)
    except MemError as error:
        _failed(memory, lease, error)
    except Exception as error:
        if errors.no_room(error):
            _failed(memory, lease, DiskFull())
            return
        log.exception("job failed for a reason that is a bug", extra={"action": "job_bug"})
        _failed(memory, lease, MemError(f"Something went wrong inside Mem: {type(error).__name__}."))


def _end(memory: Memory, lease: Lease, outcome: Outcome) -> None:
    now = types.now()
    with memory.db.write() as w:
        jobs.finish(
            w,
            lease.job,
            state=outcome.state,
            result=outcome.result,
            error_code="partial" if outcome.detail else None,
            error_detail=outcome.detail,
            now=now,
        )
        jobs.forget_progress(w, now - _PROGRESS_KEPT)
    observe.JOBS_ENDED.labels(lease.job.kind, outcome.state).inc()
    log.info("job ended", extra={"action": "job_ended", "state": outcome.state, **outcome.result})


def _stopped(memory: Memory, lease: Lease) -> None:
    """A person cancelled the job, or this process is going away."""
    with memory.db.write() as w:
        if lease.cancelled:
            jobs.finish(w, lease.job, state="cancelled", now=types.now())
        else:
            jobs.release(w, lease.job, types.now())
    if lease.cancelled:
        observe.JOBS_ENDED.labels(lease.job.kind, "cancelled").inc()
    log.info("job stopped", extra={"action": "job_stopped", "cancelled": lease.cancelled})


def _failed(memory: Memory, lease: Lease, error: MemError) -> None:
    """Put the job back for another try when that may help, else end it and say why."""
    now = types.now()
    again = not error.permanent and (
        lease.job.attempt < lease.job.max_attempts or lease.advanced or error.patient
    )
    facts = {"action": "job_failed", "code": error.code, "detail": error.detail, "again": again}
    log.warning("job failed", extra=facts)
    detail = f"{error.detail} {error.hint}".strip()
    with memory.db.write() as w:
        if again:
            jobs.retry_later(
                w,
                lease.job,
                not_before=now + delay(lease.job.attempt),
                error_code=error.code,
                error_detail=detail,
                now=now,
                counted=not (lease.advanced or error.patient),
            )
            return
        jobs.finish(w, lease.job, state="failed", error_code=error.code, error_detail=detail, now=now)
    observe.JOBS_ENDED.labels(lease.job.kind, "failed").inc()
    if (
        error.permanent
        and lease.job.params.get("upload")
        and jobs.get(memory.db, lease.job.id).source_id is None
    ):
        Path(str(lease.job.params["path"])).unlink(missing_ok=True)


def _drop_uploads(memory: Memory) -> None:
    """Remove uploads that were never acknowledged: cut off, or stored just before a crash.

    Those that come in pieces stay until they expire.
    """
    partial.sweep(memory)
    for file in list((memory.folder / "uploads").iterdir()):
        if not partial.is_part(file) and jobs.of_path(memory.db, str(file)) is None:
            file.unlink(missing_ok=True)


def _empty(folder: Path) -> None:
    """Remove what an earlier process left in its scratch folder."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
