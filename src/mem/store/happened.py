"""What is told of a job when it changed: an event, and for a part of a recording what it means for the whole.

Parts have no events of their own. What happens to one is progress of the job that it belongs to, and the
end of one wakes that job where it rests. Who changes rows of parts and of their parent in one transaction
changes the parts first, so that no two wait for each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime

from mem.store import sources
from mem.store.database import Reader, Row, Writer, build, to_json
from mem.types import ENDED_JOB_STATES, Job, Parts, Place


def of_row(row: Row) -> Job:
    """The job that a row is."""
    places = {name: Place.parse(row[name]) if row[name] else None for name in ("place", "skip")}
    return build(Job, row, deaths=row["deaths"] or 0, parts=None, **places)


def parts_of(r: Reader, job_ids: Iterable[int]) -> dict[int, Parts]:
    """How far the parts of those of these jobs are that have any, by the ids of the jobs."""
    rows = r.read("parts.counted", list(job_ids))
    return {row["parent"]: Parts(done=row["done"], of=row["rows"]) for row in rows}


def write(w: Writer, job: Job, event: str, now: datetime, data: Mapping[str, object] | None = None) -> None:
    """Tell of a job as it is now; `data` is what is to be said beyond that."""
    if job.parent is None:
        _write(w, job, event, now, data)
        return
    w.change("parts.sum", job.parent)
    if job.state not in ENDED_JOB_STATES or not wake(w, job.parent, now):
        parts = asdict(parts_of(w, [job.parent])[job.parent])
        _write(w, of_row(w.read("jobs.get", job.parent)[0]), "progress", now, {"parts": parts})


def wake(w: Writer, job_id: int, now: datetime) -> bool:
    """Queue a job that rests while its parts are worked on; one that is to be cancelled ends with the last.

    Gives whether there was anything to do.
    """
    w.change("parts.lock", job_id)  # from here on whoever lets it rest has done so, or waits until it is told
    if not w.change("parts.wake", job_id, now):
        return False
    job = of_row(w.read("jobs.get", job_id)[0])
    if job.state == "cancelled" and job.source_id is not None:
        sources.abandon(w, job.source_id)
    _write(w, job, job.state, now, None)
    return True


def _write(w: Writer, job: Job, event: str, now: datetime, data: Mapping[str, object] | None) -> None:
    told: dict[str, object] = {"state": job.state, "stage": job.stage, "progress": job.progress}
    told |= {"attempt": job.attempt, "source_id": job.source_id, "cancel_requested": job.cancel_requested}
    if job.error_code is not None:
        told |= {"error_code": job.error_code, "error_detail": job.error_detail}
    if job.result is not None:
        told["result"] = job.result
    w.run("jobs.add_event", job.id, now, event, to_json({**told, **(data or {})}))
