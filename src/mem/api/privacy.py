"""Pausing what is taken in, and making what was taken in unrecognisable."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from mem.api import deleting, guard, render, times
from mem.api.parameters import Mem
from mem.capture import pausing
from mem.config.guarding import Mask
from mem.memory import Memory
from mem.ops import delete, redact
from mem.ops.redact import Redaction
from mem.store import forgetting
from mem.types import Receipt

router = APIRouter(prefix="/api", tags=["privacy"])

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """Whether anything is taken in now, and what of it is not kept."""

    paused: bool
    since: datetime | None
    until: datetime | None  # null: until somebody ends the pause
    by: str | None
    rules: int  # of privacy.exclude
    mask: tuple[Mask, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRequest:
    """How long nothing is to be taken in; without `until`: until somebody ends it."""

    until: times.Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactRequest:
    """What to make unrecognisable: ``[from, to)`` of one source or of all, or a region of its pictures."""

    from_: Annotated[times.Instant, Field(alias="from")]
    to: times.Instant
    source: Annotated[int | None, Field(ge=1, le=2**63 - 1)] = None
    region: Annotated[
        tuple[Share, Share, Share, Share] | None,
        Field(description="Left, top, width and height, as shares of the picture; null: all of it"),
    ] = None
    dry_run: Annotated[bool, Field(description="Only say what that would be")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionPlan:
    """What a redaction would be about; nothing has been changed."""

    from_: Annotated[datetime, Field(alias="from")]
    to: datetime
    source: int | None
    region: tuple[float, float, float, float] | None
    dry_run: Literal[True]
    sources: int
    pictures: int
    originals: int  # recordings that go, since they show it too
    detached: int  # recordings elsewhere that Mem will not refer to any more; their files stay


@router.get("/privacy", response_model=Privacy)
def state(memory: Mem) -> Response:
    """Whether taking in is paused, and what is not kept."""
    return _state(memory)


@router.post("/privacy/pause", response_model=Privacy)
def pause(request: Request, memory: Mem, body: PauseRequest | None = None) -> Response:
    """Take nothing in from now on: uploads and captures get 503 `capture_paused`, watched folders wait.

    What was accepted before is worked on to its end.
    """
    pausing.pause(memory, until=body.until if body else None, by=guard.caller(request).name)
    return _state(memory)


@router.post("/privacy/resume", response_model=Privacy)
def resume(request: Request, memory: Mem) -> Response:
    """End the pause."""
    pausing.resume(memory, by=guard.caller(request).name)
    return _state(memory)


@router.post(
    "/redact",
    response_model=RedactionPlan | Receipt,
    responses={202: {"model": Receipt, "description": "It goes on; Location says where to look"}},
)
def redaction(request: Request, memory: Mem, body: RedactRequest) -> Response:
    """Make pictures unrecognisable, or a region of them, and let go of what was said and to be read there.

    All pictures that stood for something of the interval are covered, also for the time outside for which
    they stood. The recording itself goes. What was backed up before stays in that backup.
    """
    span = times.checked(body.from_, body.to)
    region = None if body.region is None else redact.checked(body.region)
    wanted = Redaction(start=span.start, end=span.end, source_id=body.source, region=region)
    if body.dry_run:
        return render.answer(_plan(memory, wanted))
    begun = delete.begin_redaction(memory, wanted, by=guard.caller(request).name)
    return deleting.awaited(memory, begun, lambda: delete.go_on(memory, begun))


def _plan(memory: Memory, wanted: Redaction) -> RedactionPlan:
    found = delete.overlapping(memory.db, wanted.start, wanted.end, wanted.source_id)
    frames = [forgetting.standing_in(memory.db, each.id, wanted.start, wanted.end) for each in found]
    return RedactionPlan(
        from_=wanted.start,
        to=wanted.end,
        source=wanted.source_id,
        region=wanted.region,
        dry_run=True,
        sources=len(found),
        pictures=sum(len(ids) for packs in frames for ids in packs.values()),
        originals=sum(each.original is not None for each in found),
        detached=sum(each.path is not None for each in found),
    )


def _state(memory: Memory) -> Response:
    found, config = pausing.state(memory), memory.config.privacy
    return render.answer(
        Privacy(
            paused=found is not None,
            since=found.set_at if found else None,
            until=found.until_at if found else None,
            by=found.setter if found else None,
            rules=len(config.exclude),
            mask=config.mask,
        )
    )
