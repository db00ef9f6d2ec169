"""The parts of a long recording: jobs beneath that of the recording, which rests while they are worked on.

A job that rests is ``running`` without lease or worker. The transaction that ends a part queues it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from mem.errors import StaleFence
from mem.store import happened
from mem.store.database import Reader, Writer, to_json
from mem.types import Job


def add(w: Writer, job: Job, params: Sequence[Mapping[str, object]], now: datetime) -> None:
    """Add a part of a job for each of `params`, in which `share` is how much of its whole work that is."""
    for each in params:
        w.change("parts.add", job.id, to_json(dict(each)), now)


def of_source(r: Reader, source_id: int) -> list[Job]:
    """The parts of a recording, in their order."""
    return [happened.of_row(row) for row in r.read("parts.of_source", source_id)]


def of_job(r: Reader, job_id: int) -> list[Job]:
    """The parts of a job, in their order."""
    return [happened.of_row(row) for row in r.read("parts.of_job", job_id)]


def counted(r: Reader, jobs: Sequence[Job]) -> list[Job]:
    """The same jobs, each with how far its parts are where it has any."""
    found = happened.parts_of(r, [job.id for job in jobs])
    return [replace(job, parts=found.get(job.id)) for job in jobs]


def adopt(w: Writer, job: Job, source_id: int, now: datetime) -> None:
    """Let a recording's parts be those of `job`; what was given up with the job before is queued again."""
    w.change("parts.adopt", source_id, job.id)
    again(w, job.id, now)


def again(w: Writer, job_id: int, now: datetime, *, done: int | None = None, skip: bool = False) -> None:
    """Queue the parts of a job that were not done, and `done`, whose work is gone.

    With `skip` those that were killed too often at one stretch go on without that.
    """
    w.change("parts.again", job_id, done, now, skip)


def cancel(w: Writer, job_id: int, now: datetime) -> None:
    """End the parts of a job that wait, and ask the workers of the others to stop."""
    w.change("parts.cancel_waiting", job_id, now)
    w.change("parts.cancel_running", job_id)


def prioritise(w: Writer, job_id: int, priority: int, ageing: timedelta) -> bool:
    """Give what waits of a resting job another priority; whether there is such a job."""
    return w.change("parts.prioritise", job_id, priority, ageing) > 0


def rest(w: Writer, job: Job, ended: int, now: datetime) -> None:
    """Let the job wait for its parts, of which it knows that so many have ended. Raises StaleFence.

    Where others have ended meanwhile it is due at once.
    """
    if not w.change("parts.rest", job.id, job.fence):
        raise StaleFence(f"Job {job.id} is no longer this worker's.")
    w.change("parts.sum", job.id)
    if int(w.read("parts.ended", job.id)[0]["rows"]) != ended:
        happened.wake(w, job.id, now)
