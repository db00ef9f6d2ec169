"""What people do to jobs that are there: cancel, try again, and say which comes first."""

from collections.abc import Iterator

from mem import errors, types
from mem.capture import rerun, submit
from mem.errors import BadConfig, MemError, NotFound, Unreadable
from mem.memory import Memory
from mem.store import happened, jobs, parts
from mem.store.database import Reader
from mem.types import ENDED_JOB_STATES, Job

_PAGE = 500  # jobs in one transaction
_MOST = 100_000


def cancel(memory: Memory, job_id: int) -> Job:
    """Ask a job to end; what it committed stays. Raises NotFound, NotCancellable."""
    with memory.db.write() as w:
        now, job_id = types.now(), _whole(w, job_id)
        parts.cancel(w, job_id, now)
        job = jobs.cancel(w, job_id, now)
        if happened.wake(w, job_id, now):  # it rested, and no part of it is worked on
            job = jobs.get(w, job_id)
    memory.bell.ring()
    if job.kind == "rerun" and job.state in ENDED_JOB_STATES:  # no worker has it, so none cleans up
        rerun.clean(memory, job.id)
    return job


def retry(memory: Memory, job_id: int, *, skip: bool = False) -> Job:
    """Queue a job again that failed, was cancelled or ended partly; it goes on where it stopped.

    With `skip` one that was killed too often at one stretch goes on without that. Raises NotFound,
    NotRetriable.
    """
    with memory.db.write() as w:
        now, job_id = types.now(), _whole(w, job_id)
        job = jobs.retry(w, job_id, now, skip=skip, ageing=submit.ageing(memory))
        parts.again(w, job_id, now, skip=skip)
    memory.bell.ring()
    return job


def retry_failed(memory: Memory) -> list[int]:
    """Queue again every job that failed for a reason that may have passed; gives their ids."""
    codes, queued = sorted(set(passing())), list[int]()
    while len(queued) < _MOST:
        with memory.db.write() as w:
            after = queued[-1] if queued else 0
            ageing = submit.ageing(memory)
            more = jobs.retry_failed(w, codes, types.now(), after=after, limit=_PAGE, ageing=ageing)
            for number in more:
                parts.again(w, number, types.now())
        if not more:
            break
        queued += more
    memory.bell.ring()
    return queued


def passing(kind: type[MemError] = MemError) -> Iterator[str]:
    """The codes of reasons that may have passed: not of the recording, but of the machine and its owner."""
    others = (NotFound, Unreadable, BadConfig, errors.PartFailed, errors.RecordingGone)
    if not kind.permanent or kind in others:
        yield kind.code
    for narrower in kind.__subclasses__():
        yield from passing(narrower)


def prioritise(memory: Memory, job_id: int, priority: int) -> Job:
    """Give a waiting job another priority, 0 to 9, higher first. Raises NotFound, NotWaiting."""
    with memory.db.write() as w:
        ageing, job_id = submit.ageing(memory), _whole(w, job_id)
        moved = parts.prioritise(w, job_id, priority, ageing)
        job = jobs.get(w, job_id)
        if not moved or job.state != "running":
            job = jobs.prioritise(w, job_id, priority, types.now(), ageing=ageing)
    memory.bell.ring()
    return job


def _whole(r: Reader, job_id: int) -> int:
    """The job of the recording, where one of its parts is named. Raises NotFound."""
    return jobs.get(r, job_id).parent or job_id
