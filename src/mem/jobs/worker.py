"""A worker: threads of a process that claim jobs and do them one by one.

The serving process has one (`jobs.backend: embedded`), or processes of `mem worker` are nothing else.
"""

import contextlib
import logging
import os
import random
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from mem import errors, failpoints, folders, observe, types
from mem.capture import partial, rerun
from mem.capture.lease import Lease
from mem.capture.parts import Resting
from mem.capture.run import Outcome
from mem.errors import (
    DatabaseFailed,
    DecoderCrashed,
    DecoderHung,
    DecoderOutOfMemory,
    DiskFull,
    MemError,
    Poison,
    SchemaDiffers,
    StaleFence,
    Stopped,
    TooBusy,
)
from mem.jobs import tasks
from mem.memory import Memory
from mem.ops import delete, repack
from mem.store import jobs, migrate, parts
from mem.store.database import Writer
from mem.types import Job, JobKind

log = logging.getLogger(__name__)

_FIRST_DELAY = timedelta(seconds=5)
_LONGEST_DELAY = timedelta(hours=1)
_PROGRESS_KEPT = timedelta(hours=1)  # for listeners that come back; one long capture has thousands of steps


class Shift:
    """What the threads of one worker share: which jobs they take, and when they are to stop."""

    def __init__(self, memory: Memory, kinds: Iterable[JobKind] = jobs.KINDS) -> None:
        self.memory = memory
        self.kinds = tuple(kinds)
        self.stop = threading.Event()
        self.ended_by: SchemaDiffers | None = None  # why no job may be taken any more

    def owner(self, number: int) -> str:
        """The name of one of its threads, which says where it is."""
        return f"{socket.gethostname()}:{os.getpid()}:{number}"

    def end(self, reason: SchemaDiffers | None = None) -> None:
        """Stop: every job goes back to the queue at its last committed stretch."""
        self.ended_by = self.ended_by or reason
        self.stop.set()
        self.memory.bell.ring()


@contextlib.contextmanager
def running(
    memory: Memory, *, threads: int | None = None, kinds: Iterable[JobKind] = jobs.KINDS
) -> Iterator[Shift]:
    """Work on jobs in `threads` threads (None: `jobs.concurrency`) until the block ends.

    At the end every job goes back to the queue at its last committed stretch.
    """
    if memory.db.engine == "duckdb":
        _take_up(memory)
    rerun.sweep(memory)
    shift = Shift(memory, kinds)
    many = memory.config.jobs.concurrency if threads is None else threads
    workers = [
        threading.Thread(target=_loop, args=(shift, number), name=f"worker-{number}")
        for number in range(many)
    ]
    for worker in workers:
        worker.start()
    try:
        yield shift
    finally:
        shift.end()
        for worker in workers:
            worker.join()


def _take_up(memory: Memory) -> None:
    """Go on where an earlier process stopped; it alone owned the database, so nobody else is at work.

    On PostgreSQL others may be: there a job comes back when its lease runs out.
    """
    _recover(memory)
    delete.finish(memory)
    repack.mend(memory)
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
            found = jobs.recover(w, types.now(), most_deaths=memory.config.jobs.poison_deaths)
        failpoints.reach("jobs.recovered")
    except DiskFull as error:
        log.warning("jobs wait: the disk is full", extra={"action": "jobs_wait", "detail": error.detail})
        return
    if found:
        log.info("jobs taken up again", extra={"action": "jobs_recovered", "count": found})


def _loop(shift: Shift, number: int) -> None:
    seen, memory = 0, shift.memory
    memory.pulse.begin()
    while not shift.stop.is_set():
        memory.pulse.beat()
        if turn(shift, number) is None:
            memory.reap()
            seen = memory.bell.wait(seen, memory.config.jobs.poll_seconds)
    memory.leave()
    memory.pulse.end()


def turn(shift: Shift, number: int) -> Job | None:
    """Claim a job and do it; gives the job as it was claimed, None when none is due or could be claimed."""
    memory, job = shift.memory, None
    try:
        job = _claim(shift, number)
        if job is None:
            return None
        with observe.context(job=job.id):
            _work(memory, Lease(memory, job, shift.stop))
    except SchemaDiffers as error:
        log.critical("no job is taken any more", extra={"action": "schema_differs", "detail": error.detail})
        shift.end(error)
    except (DatabaseFailed, DiskFull, TooBusy) as error:
        # What became of a job could not be written. It is claimed again when its lease has run out.
        facts = {"action": "worker_waits", "code": error.code, "detail": error.detail}
        log.warning("the worker waits: the database takes nothing", extra=facts)
        shift.stop.wait(memory.config.jobs.poll_seconds)
    memory.bell.ring()
    return job


def _claim(shift: Shift, number: int) -> Job | None:
    memory, kinds = shift.memory, shift.kinds
    if folders.free_bytes(memory) < folders.least_free(memory):
        return None  # without room every try would end as the one before, and grow the database
    first = jobs.due(memory.db, types.now(), kinds)
    if first is None:
        return None
    if memory.db.engine == "postgres":
        migrate.check(memory.db)  # another process may have brought it up to date
        first = None  # many look at once: `claim` passes over what another one is taking
    config = memory.config.jobs
    with memory.db.write() as w:
        return jobs.claim(
            w,
            shift.owner(number),
            lease_seconds=config.lease_seconds,
            now=types.now(),
            most_deaths=config.poison_deaths,
            kinds=kinds,
            first=first,
        )


def _work(memory: Memory, lease: Lease) -> None:
    """Do one job and record how it ended; a job that was taken over is left to whoever has it now.

    One that slept past its lease may first fail because its files are gone.
    """
    try:
        _attempt(memory, lease)
    except StaleFence:
        observe.JOBS_LOST.inc()
        log.warning("job was taken over", extra={"action": "job_lost"})


def _attempt(memory: Memory, lease: Lease) -> None:
    """Nothing that goes wrong with a job ends the worker."""
    try:
        failpoints.reach("job.claimed")
        found = tasks.run(memory, lease)
        if isinstance(found, Resting):
            _rest(memory, lease, found)
            return
        _end(memory, lease, found)
        if lease.job.kind == "screen":
            delete.finish(memory)  # what it read may have to be redacted by a rule
    except StaleFence:
        raise
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


def _write(memory: Memory, lease: Lease, act: Callable[[Writer], object]) -> None:
    """Write what became of a job; room, and PostgreSQL that is away, are waited for as long as a lease lasts.

    What was committed although it looked failed is refused the second time by its fence.
    """
    limit = time.monotonic() + memory.config.jobs.lease_seconds
    while True:
        try:
            with memory.db.write() as w:
                act(w)
            return
        except (DatabaseFailed, DiskFull, TooBusy) as error:
            passes = isinstance(error, DiskFull) or memory.db.engine == "postgres"
            if not passes or lease.ending or time.monotonic() > limit:
                raise
        memory.pulse.beat()
        time.sleep(memory.config.jobs.poll_seconds)


def _end(memory: Memory, lease: Lease, outcome: Outcome) -> None:
    now = types.now()

    def end(w: Writer) -> None:
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

    _write(memory, lease, end)
    failpoints.reach("job.ended")
    _count(lease.job, outcome.state)
    log.info("job ended", extra={"action": "job_ended", "state": outcome.state, **outcome.result})


def _count(job: Job, state: str) -> None:
    """Count a job that ended at work; a part counts with the recording's own."""
    if job.parent is None:
        observe.JOBS_ENDED.labels(job.kind, state).inc()


def _rest(memory: Memory, lease: Lease, resting: Resting) -> None:
    """Let the job wait, without a worker, until one of its parts ends."""
    _write(memory, lease, lambda w: parts.rest(w, lease.job, resting.ended, types.now()))
    failpoints.reach("job.rests")
    log.info("job waits for its parts", extra={"action": "job_rests", "ended": resting.ended})


def _stopped(memory: Memory, lease: Lease) -> None:
    """A person cancelled the job, or this process is going away."""

    def stop(w: Writer) -> None:
        if lease.cancelled:
            jobs.finish(w, lease.job, state="cancelled", now=types.now())
        else:
            jobs.release(w, lease.job, types.now())

    _write(memory, lease, stop)
    failpoints.reach("job.released")
    if lease.cancelled:
        if lease.job.kind == "rerun":
            rerun.clean(memory, lease.job.id)
        _count(lease.job, "cancelled")
    log.info("job stopped", extra={"action": "job_stopped", "cancelled": lease.cancelled})


def _failed(memory: Memory, lease: Lease, error: MemError) -> None:
    """Put the job back for another try when that may help, else end it and say why."""
    now, error = types.now(), _counted(memory, lease, error)
    again = not error.permanent and (
        lease.job.attempt < lease.job.max_attempts or lease.advanced or error.patient
    )
    facts = {"action": "job_failed", "code": error.code, "detail": error.detail, "again": again}
    log.warning("job failed", extra=facts)
    code, detail = error.code, f"{error.detail} {error.hint}".strip()

    def put_off(w: Writer) -> None:
        later, counted = now + delay(lease.job.attempt), not (lease.advanced or error.patient)
        jobs.retry_later(
            w,
            lease.job,
            not_before=later,
            error_code=code,
            error_detail=detail,
            now=now,
            counted=counted,
        )

    def end(w: Writer) -> None:
        jobs.finish(w, lease.job, state="failed", error_code=code, error_detail=detail, now=now)

    if again:
        _write(memory, lease, put_off)
        return
    _write(memory, lease, end)
    failpoints.reach("job.failed")
    _count(lease.job, "failed")
    if error.permanent:
        _drop_refused(jobs.get(memory.db, lease.job.id))


def _counted(memory: Memory, lease: Lease, error: MemError) -> MemError:
    """The error; Poison in its place where a child died once too often at the place where the job is."""
    if not isinstance(error, DecoderCrashed | DecoderHung | DecoderOutOfMemory):
        return error
    with memory.db.write() as w:
        deaths = jobs.died(w, lease.job)
        job = jobs.get(w, lease.job.id)
    if job.place is None or deaths < memory.config.jobs.poison_deaths:
        return error
    return jobs.poison(job, deaths, f"{error.detail} {error.hint}".strip())


def _drop_uploads(memory: Memory) -> None:
    """Remove uploads that were never acknowledged: cut off, or stored just before a crash.

    Those that come in pieces stay until they expire.
    """
    partial.sweep(memory)
    for file in list((memory.folder / "uploads").iterdir()):
        job = jobs.of_path(memory.db, str(file))
        if job is not None:
            _drop_refused(jobs.get(memory.db, job))
        elif not partial.is_part(file):
            file.unlink(missing_ok=True)


def _drop_refused(job: Job) -> None:
    """Remove the file of an upload that no other try can make a recording of."""
    refused = job.state == "failed" and job.error_code != Poison.code and errors.is_permanent(job.error_code)
    if refused and job.params.get("upload") and job.source_id is None:
        Path(str(job.params["path"])).unlink(missing_ok=True)


def _empty(folder: Path) -> None:
    """Remove what an earlier process left in its scratch folder."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
