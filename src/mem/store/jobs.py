"""Background work, durable and handed out by lease.

    queued ──claim──> running ──finish──> done | partial | failed | cancelled
       ^                │ ├──retry_later──> retrying ──claim──> running
       └──release───────┘ └──lease runs out──> running again under a new fence, or failed (worker_lost)

Every change writes an event in the same transaction, and one that ends a job early says of its source
that it is not whole. What a worker does under an old fence raises
StaleFence, so two that believe to own one job cannot both store its rows.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from mem.errors import NotCancellable, NotFound, NotRetriable, StaleFence
from mem.store import sources
from mem.store.database import Reader, Writer, build, to_json
from mem.types import Job, JobEvent, JobKind, JobState

EndState = Literal["done", "partial", "failed", "cancelled"]

_CLAIM_TRIES = 20  # times that another process may be faster
_LOST = "The worker stopped without a word, and no attempt is left."


def enqueue(
    w: Writer,
    *,
    kind: JobKind,
    source_id: int | None,
    params: Mapping[str, object],
    priority: int = 5,
    max_attempts: int,
    now: datetime,
) -> Job:
    """Add a job that is due at once. `priority` is 0 to 9, higher first."""
    rows = w.run("jobs.enqueue", kind, source_id, to_json(dict(params)), priority, max_attempts, now)
    return _changed(w, rows[0]["id"], "queued", now)


def active_for_path(r: Reader, path: str) -> Job | None:
    """The capture of the file at `path` that has not ended."""
    rows = r.read("jobs.active_for_path", path)
    return build(Job, rows[0]) if rows else None


def of_path(r: Reader, path: str) -> int | None:
    """The id of a job, ended ones included, that is about the file at `path`."""
    rows = r.read("jobs.of_path", path)
    return int(rows[0]["id"]) if rows else None


def due(r: Reader, now: datetime) -> bool:
    """Whether a job waits to be claimed; saves a transaction where none does."""
    return bool(r.read("jobs.due", now))


def claim(w: Writer, owner: str, *, lease_seconds: float, now: datetime) -> Job | None:
    """Take the job whose turn it is, or None when none is due.

    A job whose lease ran out is taken over; one that has no attempt left fails with ``worker_lost``.
    """
    for row in w.run("jobs.give_up", now, _LOST):
        job = get(w, row["id"])
        _changed(w, job.id, job.state, now)
    for _ in range(_CLAIM_TRIES):
        due = w.read("jobs.due", now)
        if not due:
            return None
        number, state, fence = due[0]["id"], due[0]["state"], due[0]["fence"]
        until = now + timedelta(seconds=lease_seconds)
        if w.run("jobs.claim", number, state, fence, now, owner, until):
            return _changed(w, number, "claimed", now)
    return None


def check_fence(w: Writer, job: Job) -> None:
    """Raise StaleFence unless `job` is still its claimer's; holds it until the transaction ends."""
    _owned(w.run("jobs.hold", job.id, job.fence), job)


def heartbeat(w: Writer, job: Job, *, lease_seconds: float, now: datetime) -> Job:
    """Extend the lease; the job that comes back says whether to cancel. Raises StaleFence."""
    until = now + timedelta(seconds=lease_seconds)
    _owned(w.run("jobs.heartbeat", job.id, job.fence, until), job)
    return get(w, job.id)


def attach(w: Writer, job: Job, source_id: int) -> Job:
    """Say which source the job is about. Raises StaleFence."""
    _owned(w.run("jobs.attach", job.id, job.fence, source_id), job)
    return get(w, job.id)


def progress(
    w: Writer,
    job: Job,
    *,
    stage: str | None,
    progress: float | None,
    now: datetime,
    data: Mapping[str, object] | None = None,
) -> Job:
    """Say how far the job is (0 to 1; None leaves it). Raises StaleFence."""
    _owned(w.run("jobs.progress", job.id, job.fence, stage, progress), job)
    return _changed(w, job.id, "progress", now, data)


def finish(
    w: Writer,
    job: Job,
    *,
    state: EndState,
    result: Mapping[str, object] | None = None,
    error_code: str | None = None,
    error_detail: str | None = None,
    now: datetime,
) -> Job:
    """End the job. Raises StaleFence."""
    stored = None if result is None else to_json(dict(result))
    _owned(w.run("jobs.finish", job.id, job.fence, state, stored, error_code, error_detail, now), job)
    return _changed(w, job.id, state, now)


def retry_later(
    w: Writer,
    job: Job,
    *,
    not_before: datetime,
    error_code: str,
    error_detail: str,
    now: datetime,
    counted: bool = True,
) -> Job:
    """Put the job off after an error that may pass; a wish to cancel it wins. Raises StaleFence.

    Unless `counted`, the attempts start anew: this one got further than the one before.
    """
    values = (not_before, error_code, error_detail, now, job.attempt if counted else 0)
    _owned(w.run("jobs.retry_later", job.id, job.fence, *values), job)
    return _changed(w, job.id, get(w, job.id).state, now)


def release(w: Writer, job: Job, now: datetime) -> Job:
    """Give the job back because the worker stops: the attempt does not count. Raises StaleFence."""
    _owned(w.run("jobs.release", job.id, job.fence, now), job)
    return _changed(w, job.id, get(w, job.id).state, now)


def cancel(w: Writer, job_id: int, now: datetime) -> Job:
    """End a waiting job, or ask the worker of a running one to stop. Raises NotFound, NotCancellable."""
    job = get(w, job_id)
    if w.run("jobs.cancel_waiting", job_id, now):
        return _changed(w, job_id, "cancelled", now)
    if not w.run("jobs.cancel_running", job_id):
        raise NotCancellable(f"Job {job_id} is {get(w, job_id).state}.")
    if job.cancel_requested:
        return job
    return _changed(w, job_id, "progress", now)


def retry(w: Writer, job_id: int, now: datetime) -> Job:
    """Queue a job again that failed, was cancelled or ended partly. Raises NotFound, NotRetriable."""
    get(w, job_id)
    if not w.run("jobs.retry", job_id, now):
        raise NotRetriable(f"Job {job_id} is {get(w, job_id).state}.")
    return _changed(w, job_id, "queued", now)


def recover(w: Writer, now: datetime, *, owner_prefix: str = "") -> int:
    """Queue the running jobs of workers that are gone: those whose name begins with `owner_prefix`.

    For the start of a process that alone has workers. The attempt that was cut short does not count.
    """
    rows = w.run("jobs.recover", now, owner_prefix)
    for row in rows:
        _changed(w, row["id"], get(w, row["id"]).state, now)
    return len(rows)


def get(r: Reader, job_id: int) -> Job:
    """The job with this id. Raises NotFound."""
    rows = r.read("jobs.get", job_id)
    if not rows:
        raise NotFound(f"There is no job {job_id}.")
    return build(Job, rows[0])


def page(
    r: Reader,
    *,
    limit: int,
    before: int | None = None,
    state: JobState | None = None,
    source_id: int | None = None,
) -> list[Job]:
    """Jobs, newest first; `before` is the id of the last one seen."""
    return [build(Job, row) for row in r.read("jobs.page", limit, before, state, source_id)]


def active_of(r: Reader, source_id: int, *, limit: int = 100) -> list[Job]:
    """The jobs of a source that have not ended."""
    return [build(Job, row) for row in r.read("jobs.active_of", source_id, limit)]


def events(r: Reader, *, job_id: int | None = None, after: int, limit: int) -> list[JobEvent]:
    """What happened after the event with the id `after`, of one job or of all."""
    return [build(JobEvent, row) for row in r.read("jobs.events", after, limit, job_id)]


def latest_event(r: Reader) -> int:
    """The id of the last event, or 0."""
    return int(r.read("jobs.latest_event")[0]["id"])


def forget_progress(w: Writer, before: datetime) -> None:
    """Drop the progress events of jobs that ended before an instant."""
    w.run("jobs.forget_progress", before)


def counts(r: Reader) -> dict[JobState, int]:
    """How many jobs are in each state that occurs."""
    return {row["state"]: row["rows"] for row in r.read("jobs.counts")}


def queued(r: Reader) -> int:
    """How many jobs wait, those that wait for another attempt included."""
    return int(r.read("jobs.waiting")[0]["rows"])


def oldest_queued(r: Reader) -> datetime | None:
    """Since when the oldest waiting job waits."""
    oldest: datetime | None = r.read("jobs.waiting")[0]["oldest"]
    return oldest


def _owned(rows: object, job: Job) -> None:
    if not rows:
        raise StaleFence(f"Job {job.id} is no longer this worker's.")


def _changed(
    w: Writer, job_id: int, event: str, now: datetime, data: Mapping[str, object] | None = None
) -> Job:
    """The job as it is now, after an event that says so was written and its source told of an early end."""
    job = get(w, job_id)
    if job.state in ("failed", "cancelled") and job.source_id is not None:
        sources.abandon(w, job.source_id)
    told: dict[str, object] = {"state": job.state, "stage": job.stage, "progress": job.progress}
    told |= {"attempt": job.attempt, "source_id": job.source_id, "cancel_requested": job.cancel_requested}
    if job.error_code is not None:
        told |= {"error_code": job.error_code, "error_detail": job.error_detail}
    if job.result is not None:
        told["result"] = job.result
    w.run("jobs.add_event", job_id, now, event, to_json({**told, **(data or {})}))
    return job
