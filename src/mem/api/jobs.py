"""Jobs: what is being worked on, how far it is, and what happens to it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from mem.api import cursors, render
from mem.api.feed import Feed
from mem.api.parameters import Cursor, Id, Limit, Mem, Priority, SourceId
from mem.api.shapes import JobPage
from mem.api.uploads import accepted
from mem.capture import control
from mem.errors import BadCursor
from mem.memory import Memory
from mem.store import jobs, parts
from mem.types import Job, JobEvent, JobState

router = APIRouter(prefix="/api", tags=["jobs"])

State = Annotated[JobState | None, Query(description="Only jobs in this state")]
LastEventId = Annotated[int | None, Header(ge=0, le=2**63 - 1, description="Go on behind this event")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """How a job is tried again."""

    skip: bool = False  # without the stretch at which it was killed; that is left out, and said to be


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How soon a job is wanted."""

    priority: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Requeued:
    """Jobs that wait again, by their ids."""

    queued: tuple[int, ...]


def known_job(memory: Mem, job_id: Id) -> int:
    """The id of a job that exists, checked before a stream begins."""
    return jobs.get(memory.db, job_id).id


# On the event loop, so that counting the listeners needs no lock.
async def listener(request: Request) -> AsyncIterator[Feed]:
    """The feed, for as long as the answer lasts."""
    feed: Feed = request.app.state.feed
    with feed.listening():
        yield feed


Listener = Annotated[Feed, Depends(listener)]
KnownJob = Annotated[int, Depends(known_job)]


@router.get("/jobs", response_model=JobPage)
def page(
    memory: Mem, limit: Limit, state: State = None, source: SourceId = None, cursor: Cursor = None
) -> Response:
    """Jobs, newest first."""
    before = _before(cursor)
    found = jobs.page(memory.db, limit=limit + 1, before=before, state=state, source_id=source)
    rows, more = tuple(parts.counted(memory.db, found[:limit])), len(found) > limit
    return render.answer(JobPage(jobs=rows, cursor=cursors.encode("jobs", [rows[-1].id]) if more else None))


@router.get("/jobs/{id}", response_model=Job)
def one(memory: Mem, job_id: Id) -> Response:
    """One job."""
    return render.answer(_whole(memory, jobs.get(memory.db, job_id)))


@router.post("/jobs/{id}/cancel", status_code=202, response_model=Job)
def cancel(memory: Mem, job_id: Id) -> Response:
    """Ask a job to end; what it committed stays."""
    return accepted(_whole(memory, control.cancel(memory, job_id)))


@router.post("/jobs/{id}/retry", status_code=202, response_model=Job)
def retry(memory: Mem, job_id: Id, body: Again | None = None) -> Response:
    """Queue a job again that failed, was cancelled or ended partly; it goes on where it stopped."""
    queued = control.retry(memory, job_id, skip=body is not None and body.skip)
    return accepted(_whole(memory, queued))


@router.post("/jobs/{id}/priority", status_code=202, response_model=Job)
def prioritise(memory: Mem, job_id: Id, body: Turn) -> Response:
    """Give a waiting job another priority; how long it has waited still counts."""
    return accepted(_whole(memory, control.prioritise(memory, job_id, body.priority)))


@router.post("/jobs/retry", status_code=202, response_model=Requeued)
def retry_failed(memory: Mem) -> Response:
    """Queue again every job that failed for a reason that may have passed, which no recording's fault is."""
    return render.answer(Requeued(queued=tuple(control.retry_failed(memory))), 202)


def _after(memory: Mem, last_event_id: LastEventId = None) -> int:
    """The event to go on behind, known before the answer begins: what happens from then on is told."""
    return jobs.latest_event(memory.db) if last_event_id is None else last_event_id


# The two streams are not plain functions: each would hold a thread for as long as somebody listens.
@router.get("/jobs/{id}/events", response_class=EventSourceResponse)
async def follow(
    feed: Listener, memory: Mem, job_id: KnownJob, last_event_id: LastEventId = None
) -> AsyncIterator[ServerSentEvent]:
    """What happened and happens to one job (data: JobEvent), until it has ended."""
    async for event in feed.of_job(memory.db, job_id, last_event_id or 0):
        yield _sent(event)


@router.get("/events", response_class=EventSourceResponse)
async def follow_all(
    feed: Listener, memory: Mem, after: Annotated[int, Depends(_after)]
) -> AsyncIterator[ServerSentEvent]:
    """What happens to all jobs (data: JobEvent): from now on, or behind Last-Event-ID."""
    async for event in feed.of_all(memory.db, after):
        yield _sent(event)


def _sent(event: JobEvent) -> ServerSentEvent:
    return ServerSentEvent(id=str(event.id), event=event.type, raw_data=render.encode(event).decode())


def _whole(memory: Memory, job: Job) -> Job:
    """The job, with how far its parts are where it has any."""
    (found,) = parts.counted(memory.db, [job])
    return found


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    (before,) = cursors.decode("jobs", cursor, 1)
    if before is None:
        raise BadCursor
    return before
