"""Sources: what there is, its words, its recording, and how it is changed or deleted."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import FileResponse, Response, StreamingResponse

from mem import recordings, transcripts
from mem.api import cursors, render, times
from mem.api.parameters import Cursor, Id, Label, Limit, Mem
from mem.api.shapes import SourcePage, Transcript
from mem.ops import delete, edit
from mem.ops.delete import Deleted
from mem.store import sources
from mem.types import Source

router = APIRouter(prefix="/api/sources", tags=["sources"])

_TEXTS: dict[str, Any] = {kind.partition(";")[0]: {} for kind in transcripts.MEDIA_TYPES.values()}
Name = Annotated[Label, StringConstraints(min_length=1, strip_whitespace=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What to change; whatever is left out or null stays."""

    name: Name | None = None
    location: Label | None = None
    device: Label | None = None
    started_at: times.Instant | None = None


@router.get("", response_model=SourcePage)
def page(memory: Mem, limit: Limit, cursor: Cursor = None) -> Response:
    """Sources, the latest recording first."""
    before = cursors.to_key(*cursors.decode("sources", cursor, 2)) if cursor else None
    found = sources.page(memory.db, limit + 1, before)
    rows, more = tuple(found[:limit]), len(found) > limit
    key = cursors.from_key((rows[-1].started_at, rows[-1].id)) if more else ()
    return render.answer(SourcePage(sources=rows, cursor=cursors.encode("sources", key) if more else None))


@router.get("/{id}", response_model=Source)
def one(memory: Mem, source_id: Id) -> Response:
    """One source."""
    return render.answer(sources.get(memory.db, source_id))


@router.patch("/{id}", response_model=Source)
def change(memory: Mem, source_id: Id, body: Changes) -> Response:
    """Rename, relabel or re-date a source; a new start moves all of its times."""
    edited = edit.source(
        memory,
        source_id,
        name=body.name,
        location=body.location,
        device=body.device,
        started_at=body.started_at,
    )
    return render.answer(edited)


@router.delete("/{id}", response_model=Deleted)
def remove(memory: Mem, source_id: Id) -> Response:
    """Delete a source with all that was made from it; the file it was captured from stays."""
    return render.answer(delete.source(memory, source_id))


@router.get(
    "/{id}/transcript.{form}",
    response_class=StreamingResponse,
    responses={200: {"model": Transcript, "content": _TEXTS}},
)
def transcript(memory: Mem, source_id: Id, form: transcripts.Form) -> Response:
    """What was said, as text, SubRip or WebVTT subtitles, or JSON."""
    text = transcripts.write(memory, source_id, form)
    return StreamingResponse(text, media_type=transcripts.MEDIA_TYPES[form])


@router.get(
    "/{id}/video",
    response_class=FileResponse,
    responses={200: {"content": {"video/*": {}, "audio/*": {}}}, 206: {"description": "The range asked for"}},
)
def video(memory: Mem, source_id: Id) -> Response:
    """The recording itself, whole or by Range."""
    path, media_type = recordings.find(memory, source_id)
    return FileResponse(path, media_type=media_type, headers={"Cache-Control": "private, no-cache"})
