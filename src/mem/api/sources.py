"""Sources: what there is, its words, its recording, and how it is changed or deleted."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints
from starlette.responses import FileResponse, Response, StreamingResponse

from mem import kept, recordings, transcripts
from mem.api import cursors, guard, opened, ranged, render, times
from mem.api.parameters import Cursor, Id, Label, Limit, Mem, Priority
from mem.api.shapes import SourcePage, Transcript
from mem.api.uploads import accepted
from mem.capture import rerun
from mem.ops import delete, edit
from mem.store import sources
from mem.types import Job, Receipt, RerunStage, Source

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
    hotwords: Label | None = None  # names and rare words to listen for; an empty text: none
    prompt: Label | None = None  # a phrase taken as said before


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
        hotwords=body.hotwords,
        prompt=body.prompt,
    )
    return render.answer(edited)


@router.delete("/{id}", response_model=Receipt)
def remove(request: Request, memory: Mem, source_id: Id) -> Response:
    """Delete a source with all that was made from it; the file it was captured from stays."""
    return render.answer(delete.source(memory, source_id, by=guard.caller(request).name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """Which stages are done again; model and language are for speech."""

    stages: Annotated[list[RerunStage], Field(min_length=1, max_length=10)]
    model: Annotated[str, StringConstraints(max_length=40)] | None = None
    language: Annotated[str, StringConstraints(pattern=r"^(auto|[a-z]{2,3})$")] | None = None
    priority: Priority | None = None
    from_: Annotated[times.Instant | None, Field(alias="from")] = None  # with `to`: speech in that range only
    to: times.Instant | None = None


@router.post("/{id}/rerun", status_code=202, response_model=Job)
def run_again(memory: Mem, source_id: Id, body: Rerun) -> Response:
    """Do stages again; what they made before stays until all of the new can take its place at once."""
    within = None
    if body.from_ is not None or body.to is not None:
        span = times.checked(body.from_ or times.FIRST, body.to or times.LAST)
        within = (span.start, span.end)
    job = rerun.ask(
        memory,
        source_id,
        body.stages,
        model=body.model,
        language=body.language,
        priority=body.priority,
        within=within,
    )
    return accepted(job)


@router.get(
    "/{id}/transcript.{form}",
    response_class=StreamingResponse,
    responses={200: {"model": Transcript, "content": _TEXTS}},
)
def transcript(memory: Mem, source_id: Id, form: transcripts.Form) -> Response:
    """What was said, as text, SubRip or WebVTT subtitles, or JSON."""
    text = transcripts.write(memory, source_id, form)
    return StreamingResponse(text, media_type=transcripts.MEDIA_TYPES[form])


@router.head("/{id}/video", include_in_schema=False)
@router.get(
    "/{id}/video",
    response_class=FileResponse,
    responses={200: {"content": {"video/*": {}, "audio/*": {}}}, 206: {"description": "The range asked for"}},
)
def video(request: Request, memory: Mem, source_id: Id) -> Response:
    """The recording itself, whole or by Range (also with If-Range; HEAD says its size)."""
    path, media_type = recordings.find(memory, source_id)
    there = kept.elsewhere(path)
    if there is not None:
        return ranged.answer(request, memory, there, media_type)
    return opened.answer(memory, path, media_type)
