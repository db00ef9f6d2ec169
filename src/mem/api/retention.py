"""Retention: what the rules let go of, when the disk is full, and the pins that keep intervals."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import AfterValidator, Field, StringConstraints
from starlette.responses import Response

from mem import types
from mem.api import cursors, deleting, guard, render, times
from mem.api.parameters import Cursor, Id, Limit, Mem, storable
from mem.api.shapes import Next
from mem.memory import Memory
from mem.ops import forecast, retention
from mem.ops.forecast import Forecast
from mem.ops.retention import Sum
from mem.store import pins, receipts, sources
from mem.store.pins import Pin
from mem.types import Receipt

router = APIRouter(prefix="/api", tags=["deleting"])

Reason = Annotated[str, StringConstraints(max_length=500), AfterValidator(storable)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPlan:
    """What the rules let go of now, by class; nothing has gone. `last` is the run before."""

    rules: Annotated[tuple[dict[str, object], ...], Field(description="As in storage.retention")]
    dry_run: bool
    removed: dict[str, Sum]
    notes: int
    freed_bytes: int
    over_bytes: int
    skipped: tuple[int, ...]
    forecast: Forecast
    last: Receipt | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Whether to remove, or only to say what would be."""

    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPin:
    """An interval to keep, of one source or of all."""

    start: times.Instant
    end: times.Instant
    source_id: Annotated[int | None, Field(ge=1, le=2**63 - 1)] = None
    reason: Reason = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinPage:
    """Pins in the order in which they were made."""

    pins: tuple[Pin, ...]
    cursor: Next


@router.get("/retention", response_model=RetentionPlan)
def show(memory: Mem) -> Response:
    """What the rules let go of now, and when the disk will be full."""
    return render.answer(_plan(memory))


@router.post(
    "/retention",
    response_model=RetentionPlan | Receipt,
    responses={202: {"model": Receipt, "description": "It goes on; Location says where to look"}},
)
def run(request: Request, memory: Mem, body: Run) -> Response:
    """Remove what the rules let go of, which the server does once a day by itself as well."""
    if body.dry_run:
        return render.answer(_plan(memory))
    begun = retention.begin(memory, by=guard.caller(request).name)
    return deleting.awaited(memory, begun, lambda: retention.go_on(memory, begun))


@router.get("/pins", response_model=PinPage)
def pinned(memory: Mem, limit: Limit, cursor: Cursor = None) -> Response:
    """The intervals that nothing deletes."""
    after = cursors.decode("pins", cursor, 1)[0] if cursor else None
    found = pins.page(memory.db, limit + 1, after or 0)
    rows, more = tuple(found[:limit]), len(found) > limit
    return render.answer(PinPage(pins=rows, cursor=cursors.encode("pins", [rows[-1].id]) if more else None))


@router.post("/pins", status_code=201, response_model=Pin)
def pin(memory: Mem, body: NewPin) -> Response:
    """Keep an interval: neither retention nor a deletion touches it."""
    with memory.db.write() as w:
        if body.source_id is not None:
            sources.get(w, body.source_id)
        made = pins.add(
            w,
            source_id=body.source_id,
            start=body.start,
            end=body.end,
            reason=body.reason,
            now=types.now(),
        )
    return render.answer(made, 201, {"Location": f"/api/pins/{made.id}"})


@router.get("/pins/{id}", response_model=Pin)
def one(memory: Mem, pin_id: Id) -> Response:
    """One pin."""
    return render.answer(pins.get(memory.db, pin_id))


@router.delete("/pins/{id}", status_code=204, response_model=None, response_class=Response)
def unpin(memory: Mem, pin_id: Id) -> Response:
    """Let go of an interval; what it kept stays until something deletes it."""
    with memory.db.write() as w:
        pins.delete(w, pin_id)
    return Response(status_code=204)


def _plan(memory: Memory) -> RetentionPlan:
    found = retention.plan(memory)
    return RetentionPlan(
        rules=tuple(rule.model_dump() for rule in retention.rules(memory)),
        dry_run=True,
        removed={str(what): total for what, total in found.sums().items()},
        notes=found.notes,
        freed_bytes=found.bytes,
        over_bytes=found.over_bytes,
        skipped=found.skipped,
        forecast=forecast.forecast(memory),
        last=receipts.latest(memory.db, "retention"),
    )
