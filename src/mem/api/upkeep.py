"""Upkeep of the whole memory, and what to send to somebody who helps."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from prometheus_client import generate_latest
from pydantic import Field
from starlette.responses import Response

from mem import types
from mem.api import render, times
from mem.api.parameters import Mem
from mem.errors import TooBusy
from mem.memory import Memory
from mem.ops import capacity, compact, gauges, health, maintenance, stored, support
from mem.ops.capacity import Capacity
from mem.ops.chores import Chores
from mem.ops.compact import Compacted
from mem.ops.maintenance import Period, Upkeep
from mem.ops.stored import StoredDay

router = APIRouter(prefix="/api", tags=["system"])

ZIP = "application/zip"
_PATIENCE = 3000.0  # seconds that a compaction may take before the report says that it goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepRequest:
    """Which upkeep to do; a longer period holds all of the shorter ones."""

    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is kept of the recordings of each day; days that keep nothing are left out."""

    from_: Annotated[datetime, Field(alias="from")]
    to: datetime
    range_defaulted: bool
    zone: str
    days: tuple[StoredDay, ...]


@router.post("/maintenance", response_model=Upkeep)
def upkeep(request: Request, memory: Mem, body: UpkeepRequest) -> Response:
    """Look after disk, logs, jobs, leftovers and the database; `ok` false: something needs a person."""
    chores: Chores = request.app.state.chores
    done = maintenance.run(memory, body.period, request.app.state.began, lambda: _compacted(memory, chores))
    return render.answer(done)


def _compacted(memory: Memory, chores: Chores) -> Compacted:
    """Compact as anybody's chore, so that no two are at it. Raises Conflict, and TooBusy when it failed."""
    begun = chores.begin("compact", lambda tell, stopped: compact.compact(memory, tell, stopped))
    ended = chores.wait(begun.id, _PATIENCE)
    if isinstance(ended.result, Compacted):
        return ended.result
    failure = ended.failure
    raise TooBusy(
        failure.detail if failure else "The compaction goes on.", hint=failure.hint if failure else ""
    )


@router.get("/capacity", response_model=Capacity)
def growth(memory: Mem) -> Response:
    """How fast the memory grows, and when its disk will be full."""
    return render.answer(capacity.forecast(memory))


@router.get("/storage", response_model=Stored)
def storage(
    memory: Mem,
    asked: times.AskedRange,
    zone: Annotated[str, Query(max_length=100, description="Whose days: an IANA time zone")] = "UTC",
) -> Response:
    """What is kept on disk, by the day on which it was recorded and by the place and device."""
    days = stored.by_day(memory, asked.start, asked.end, stored.zone(zone))
    return render.answer(
        Stored(from_=asked.start, to=asked.end, range_defaulted=asked.defaulted, zone=zone, days=days)
    )


@router.get(
    "/support", response_class=Response, responses={200: {"content": {ZIP: {}}, "description": "The bundle"}}
)
def bundle(request: Request, memory: Mem) -> Response:
    """A ZIP for somebody who helps: versions, settings, status, metrics, log lines; no content."""
    began = request.app.state.began
    gauges.measure(memory, began)
    found = support.bundle(memory, health.status(memory, began), generate_latest())
    name = f"mem-support-{types.now():%Y%m%d-%H%M%S}.zip"
    return Response(found, media_type=ZIP, headers={"content-disposition": f'attachment; filename="{name}"'})
