"""Deleting an interval, and the receipts of all deletions."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from mem.api import cursors, guard, render, times
from mem.api.parameters import Cursor, Id, Limit, Mem
from mem.api.shapes import Next
from mem.errors import MemError
from mem.memory import Memory
from mem.ops import delete, overwriting
from mem.ops.delete import Extent
from mem.store import receipts
from mem.types import Receipt

router = APIRouter(prefix="/api", tags=["deleting"])
log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 15.0  # after which the answer is that it goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """What to delete: everything in ``[from, to)``, of one source or of all."""

    from_: Annotated[times.Instant, Field(alias="from")]
    to: times.Instant
    source: Annotated[int | None, Field(ge=1, le=2**63 - 1)] = None
    dry_run: Annotated[bool, Field(description="Only say what would go")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionPlan:
    """What a deletion would remove; nothing has been."""

    from_: Annotated[datetime, Field(alias="from")]
    to: datetime
    source: int | None
    dry_run: bool
    extent: Extent


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPage:
    """Deletions, the newest first."""

    receipts: tuple[Receipt, ...]
    cursor: Next


@router.post(
    "/delete",
    response_model=DeletionPlan | Receipt,
    responses={202: {"model": Receipt, "description": "It goes on; Location says where to look"}},
)
def remove(request: Request, memory: Mem, body: Deletion) -> Response:
    """Delete all that lies in an interval, or (`dry_run`) say what that would be.

    Spans and lines on screen are cut at its ends; segments and notes that touch it go whole; pictures
    taken in it go with all that they stood for; a recording that reaches into it goes as a file, since it
    cannot be cut without coding it anew. What was backed up before stays in that backup.
    """
    span = times.checked(body.from_, body.to)
    if body.dry_run:
        found = delete.extent(memory, span.start, span.end, body.source)
        return render.answer(
            DeletionPlan(from_=span.start, to=span.end, source=body.source, dry_run=True, extent=found)
        )
    by = guard.caller(request).name
    begun = delete.begin_interval(memory, span.start, span.end, body.source, by=by)
    return awaited(memory, begun, lambda: delete.go_on(memory, begun))


@router.get("/receipts", response_model=ReceiptPage)
def page(memory: Mem, limit: Limit, cursor: Cursor = None) -> Response:
    """What was deleted, the newest first; kept for good, without what it was."""
    before = cursors.decode("receipts", cursor, 1)[0] if cursor else None
    found = receipts.page(memory.db, limit + 1, before)
    rows, more = tuple(overwriting.told(memory, each) for each in found[:limit]), len(found) > limit
    following = cursors.encode("receipts", [rows[-1].id]) if more else None
    return render.answer(ReceiptPage(receipts=rows, cursor=following))


@router.get("/receipts/{id}", response_model=Receipt)
def one(memory: Mem, receipt_id: Id) -> Response:
    """One deletion: how far it is, and what went."""
    return render.answer(overwriting.told(memory, receipts.get(memory.db, receipt_id)))


def awaited(memory: Memory, begun: Receipt, go_on: Callable[[], object]) -> Response:
    """Do a deletion that has begun, and answer with it: 200 when it is done soon, else 202 meanwhile."""
    errors: list[MemError] = []

    def work() -> None:
        try:
            go_on()
        except MemError as error:
            errors.append(error)
            facts = {"action": "deletion_waits", "receipt": begun.id, "detail": error.detail}
            log.warning("deletion waits", extra=facts)

    # The process may end before it does: the next one finishes it.
    worker = threading.Thread(target=work, name=f"delete-{begun.id}", daemon=True)
    worker.start()
    worker.join(_PATIENCE_SECONDS)
    for error in errors:
        raise error
    receipt = overwriting.told(memory, receipts.get(memory.db, begun.id))
    if receipt.state == "done":
        return render.answer(receipt)
    return render.answer(receipt, 202, {"Location": f"/api/receipts/{receipt.id}"})
