"""Background work, durable and handed out by lease.

    queued ──claim──> running ──finish──> done | partial | failed | cancelled
       ^                │ ├──retry_later──> retrying ──claim──> running
       └──release───────┘ └──lease runs out──> running again under a new fence, or failed

A worker that is lost, or a child of it, counts as a death at the job's place (a stretch of a stage). With
so many deaths at one place, without a step between, the job fails as ``poison``; without an attempt left, as
``worker_lost``. Whose turn it is follows from priority and waiting: `turn` is when a job came less so
many minutes for each level, and the earliest is next.

Every change writes an event in the same transaction, and one that ends a job early says of its source
that it is not whole. What a worker does under an old fence raises
StaleFence, so two that believe to own one job cannot both store its rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from mem.errors import (
    NotCancellable,
    NotFound,
    NotRetriable,
    NotWaiting,
    Poison,
    StaleFence,
    WorkerLost,
)
from mem.store import happened, sources
from mem.store.database import Reader, Writer, build, to_json
from mem.types import Job, JobEvent, JobKind, JobState, Place

EndState = Literal["done", "partial", "failed", "cancelled"]

KINDS: tuple[JobKind, ...] = get_args(JobKind)
_CLAIM_TRIES = 20  # times that another process may be faster
MOST_DEATHS = 3  # at one place, where the configuration says nothing else
AGEING = timedelta(minutes=10)  # of waiting that are worth one level of priority, likewise


@dataclass(frozen=True, slots=True)
class Due:
    """A job that waits to be claimed, and how it was when it was looked at."""

    id: int
    state: JobState
    fence: int


def enqueue(
    w: Writer,
    *,
    kind: JobKind,
    source_id: int | None,
    params: Mapping[str, object],
    priority: int = 5,
    max_attempts: int,
    now: datetime,
    ageing: timedelta = AGEING,
) -> Job:
    """Add a job that is due at once. `priority` is 0 to 9, higher first; waiting `ageing` adds one."""
    turn = now - priority * ageing
    rows = w.run("jobs.enqueue", kind, source_id, to_json(dict(params)), priority, max_attempts, now, turn)
    return _changed(w, rows[0]["id"], "queued", now)


def active_for_path(r: Reader, path: str) -> Job | None:
    """The capture of the file at `path` that has not ended."""
    rows = r.read("jobs.active_for_path", path)
    return happened.of_row(rows[0]) if rows else None


def of_path(r: Reader, path: str) -> int | None:
    """The id of a job, ended ones included, that is about the file at `path`."""
    rows = r.read("jobs.of_path", path)
    return int(rows[0]["id"]) if rows else None


def due(r: Reader, now: datetime, kinds: Iterable[JobKind] = KINDS) -> Due | None:
    """The job that waits to be claimed; saves a transaction where none does."""
    rows = r.read("jobs.due", now, ",".join(kinds))
    return Due(**rows[0]) if rows else None


def waiting_now(r: Reader, now: datetime, limit: int) -> list[tuple[int, JobKind, int]]:
    """Id, kind and fence of jobs that a worker could take at once, in their turn."""
    return [(row["id"], row["kind"], row["fence"]) for row in r.read("jobs.waiting_now", now, limit)]


def claim(
    w: Writer,
    owner: str,
    *,
    lease_seconds: float,
    now: datetime,
    most_deaths: int = MOST_DEATHS,
    kinds: Iterable[JobKind] = KINDS,
    first: Due | None = None,
) -> Job | None:
    """Take the job of these kinds whose turn it is, or None when none is due.

    `first` is the one that was due a moment ago: it is taken without another look at the queue, unless
    somebody has changed it meanwhile.
    A job whose lease ran out is taken over; one that died `most_deaths` times at one place fails with
    ``poison``, one that has no attempt left with ``worker_lost``.
    """
    given_up: list[int] = []
    if w.read("jobs.lost", now):
        given_up = [row["id"] for row in w.run("jobs.give_up", now, WorkerLost().detail, most_deaths)]
    until = now + timedelta(seconds=lease_seconds)
    if first is not None and _took(w, first, owner, now, until):
        taken: int | None = first.id
    else:
        taken = _take(w, owner, now, until, ",".join(kinds))
    # The events come last: they lock out other writers, who may hold the rows above.
    for number in given_up:
        _changed(w, number, _told_why(w, number).state, now)
    return None if taken is None else _changed(w, taken, "claimed", now)


def _take(w: Writer, owner: str, now: datetime, until: datetime, kinds: str) -> int | None:
    """The id of the job that was claimed."""
    for _ in range(_CLAIM_TRIES):
        rows = w.read("jobs.next", now, kinds)
        if not rows:
            return None
        if _took(w, due := Due(**rows[0]), owner, now, until):
            return due.id
    return None


def _took(w: Writer, due: Due, owner: str, now: datetime, until: datetime) -> bool:
    return bool(w.change("jobs.claim", due.id, due.state, due.fence, now, owner, until))


def check_fence(w: Writer, job: Job) -> None:
    """Raise StaleFence unless `job` is still its claimer's; holds it until the transaction ends."""
    _owned(w.run("jobs.hold", job.id, job.fence), job)


def heartbeat(w: Writer, job: Job, *, lease_seconds: float, now: datetime) -> Job:
    """Extend the lease; the job that comes back says whether to cancel. Raises StaleFence."""
    until = now + timedelta(seconds=lease_seconds)
    _owned(w.change("jobs.heartbeat", job.id, job.fence, until), job)
    return get(w, job.id)


def attach(w: Writer, job: Job, source_id: int, file_mark: str | None = None) -> Job:
    """Say which source the job is about, and which file that was found in. Raises StaleFence."""
    _owned(w.change("jobs.attach", job.id, job.fence, source_id, file_mark), job)
    return get(w, job.id)


def progress(
    w: Writer,
    job: Job,
    *,
    stage: str | None,
    progress: float | None,
    now: datetime,
    data: Mapping[str, object] | None = None,
    place: Place | None = None,
    committed: bool = False,
) -> Job:
    """Say how far the job is (0 to 1; None leaves it) and at which place. Raises StaleFence.

    With `committed` its attempts begin anew: it got further than before.
    """
    at = None if place is None else str(place)
    _owned(w.change("jobs.progress", job.id, job.fence, stage, progress, at, committed), job)
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
    _owned(w.change("jobs.finish", job.id, job.fence, state, stored, error_code, error_detail, now), job)
    return _changed(w, job.id, state, now)


def died(w: Writer, job: Job) -> int:
    """Count a child that ended badly; gives the deaths at the job's place. Raises StaleFence."""
    _owned(w.change("jobs.died", job.id, job.fence), job)
    return get(w, job.id).deaths


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
    _owned(w.change("jobs.retry_later", job.id, job.fence, *values), job)
    return _changed(w, job.id, get(w, job.id).state, now)


def release(w: Writer, job: Job, now: datetime) -> Job:
    """Give the job back because the worker stops: the attempt does not count. Raises StaleFence."""
    _owned(w.change("jobs.release", job.id, job.fence, now), job)
    return _changed(w, job.id, get(w, job.id).state, now)


def cancel(w: Writer, job_id: int, now: datetime) -> Job:
    """End a waiting job, or ask the worker of a running one to stop. Raises NotFound, NotCancellable."""
    job = get(w, job_id)
    if w.change("jobs.cancel_waiting", job_id, now):
        return _changed(w, job_id, "cancelled", now)
    if not w.change("jobs.cancel_running", job_id):
        raise NotCancellable(f"Job {job_id} is {get(w, job_id).state}.")
    if job.cancel_requested:
        return job
    return _changed(w, job_id, "progress", now)


def prioritise(w: Writer, job_id: int, priority: int, now: datetime, *, ageing: timedelta = AGEING) -> Job:
    """Give a waiting job another priority; how long it waits still counts. Raises NotFound, NotWaiting."""
    get(w, job_id)
    if not w.change("jobs.prioritise", job_id, priority, ageing):
        raise NotWaiting(f"Job {job_id} is {get(w, job_id).state}.")
    return _changed(w, job_id, get(w, job_id).state, now)


def retry(w: Writer, job_id: int, now: datetime, *, skip: bool = False, ageing: timedelta = AGEING) -> Job:
    """Queue a job again that failed, was cancelled or ended partly. Raises NotFound, NotRetriable.

    With `skip` the stretch at which it was killed is left out.
    """
    job = get(w, job_id)
    if not w.change("jobs.retry", job_id, now, skip, ageing):
        if skip and job.state in ("failed", "partial", "cancelled"):
            raise NotRetriable(
                f"Job {job_id} was not killed at a stretch that could be left out.",
                hint=f"`mem jobs retry {job_id}` tries it again.",
            )
        raise NotRetriable(f"Job {job_id} is {get(w, job_id).state}.")
    return _changed(w, job_id, "queued", now)


def retry_failed(
    w: Writer, codes: Iterable[str], now: datetime, *, after: int, limit: int, ageing: timedelta = AGEING
) -> list[int]:
    """Queue again at most `limit` of the jobs above the id `after` that failed for one of these reasons."""
    wanted = to_json({str(number): [code] for number, code in enumerate(codes)})
    ids = [int(row["id"]) for row in w.read("jobs.failed_with", wanted, after, limit)]
    queued = [number for number in ids if w.change("jobs.retry", number, now, False, ageing)]
    for number in queued:
        _changed(w, number, "queued", now)
    return queued


def recover(w: Writer, now: datetime, *, owner_prefix: str = "", most_deaths: int = MOST_DEATHS) -> int:
    """Queue the running jobs of workers that are gone: those whose name begins with `owner_prefix`.

    For the start of a process that alone has workers. The attempt that was cut short does not count; one
    that died `most_deaths` times at one place fails with ``poison``.
    """
    rows = w.run("jobs.recover", now, owner_prefix, most_deaths)
    for row in rows:
        _changed(w, row["id"], _told_why(w, row["id"]).state, now)
    return len(rows)


def others_wait(r: Reader, job: Job, now: datetime) -> bool:
    """Whether work of another kind than the job's has waited for a second or more."""
    return bool(r.read("jobs.others_wait", job.kind, now))


def step_back(w: Writer, job: Job, now: datetime) -> None:
    """Let others go first once the job is given back. Raises StaleFence."""
    _owned(w.change("jobs.step_back", job.id, job.fence, now), job)


def interrupt(w: Writer, source_id: int, kind: JobKind, now: datetime) -> None:
    """Take the running jobs of a kind from their workers: what they know of a source is no longer so."""
    for row in w.run("jobs.interrupt", source_id, kind):
        _changed(w, row["id"], "queued", now)


def poison(job: Job, deaths: int, why: str = "") -> Poison:
    """What it means that a job died so often where it is."""
    where = job.place.spoken if job.place else "at work"
    detail = f"It was killed {deaths} times at the same place: {where}. {why}".strip()
    if job.place is None or job.place.stage == "look":
        return Poison(detail, hint="Convert the file, then capture the result.")
    whole = job.parent or job.id
    return Poison(detail, hint=f"`mem jobs retry {whole} --skip` goes on without that stretch.")


def get(r: Reader, job_id: int) -> Job:
    """The job with this id. Raises NotFound."""
    rows = r.read("jobs.get", job_id)
    if not rows:
        raise NotFound(f"There is no job {job_id}.")
    return happened.of_row(rows[0])


def page(
    r: Reader,
    *,
    limit: int,
    before: int | None = None,
    state: JobState | None = None,
    source_id: int | None = None,
) -> list[Job]:
    """Jobs, newest first; `before` is the id of the last one seen."""
    return [happened.of_row(row) for row in r.read("jobs.page", limit, before, state, source_id)]


def active_of(r: Reader, source_id: int, *, limit: int = 100) -> list[Job]:
    """The jobs of a source that have not ended."""
    return [happened.of_row(row) for row in r.read("jobs.active_of", source_id, limit)]


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


def worked_on(r: Reader) -> bool:
    """Whether any job is in the hands of a worker."""
    return bool(r.read("jobs.worked_on"))


def oldest_queued(r: Reader) -> datetime | None:
    """Since when the oldest waiting job waits, or part of one."""
    oldest: datetime | None = r.read("jobs.waiting")[0]["oldest"]
    return oldest


def _told_why(w: Writer, job_id: int) -> Job:
    """The job; one that has just failed as poison says where."""
    job = get(w, job_id)
    if job.state == "failed" and job.error_code == Poison.code:
        why = poison(job, job.deaths)
        w.run("jobs.explain", job_id, f"{why.detail} {why.hint}")
    return job


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
    happened.write(w, job, event, now, data)
    return job
