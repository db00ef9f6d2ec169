"""Notes: what people and programs write about an interval."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, Field, StringConstraints
from starlette.responses import Response

from mem.api import render, times
from mem.api.parameters import Cursor, Id, Limit, Mem, SourceId, storable
from mem.api.shapes import NoteBatch, NotePage
from mem.ops import notes as writing
from mem.ops.notes import Draft
from mem.store import notes
from mem.types import Note

router = APIRouter(prefix="/api/notes", tags=["notes"])

_MAX_BATCH = 1000
_INSTANT = timedelta(milliseconds=1)  # what a note about one instant spans, since intervals are half-open

Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000), AfterValidator(storable)]
Tag = Annotated[
    str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True), AfterValidator(storable)
]
Tags = Annotated[tuple[Tag, ...], Field(max_length=32)]
Author = Annotated[str, StringConstraints(max_length=200), AfterValidator(storable)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNote:
    """A note to write. Without `end` it is about the instant `start`."""

    start: times.Instant
    text: Text
    end: times.Instant | None = None
    source_id: int | None = None
    tags: Tags = ()
    author: Author = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotes:
    """Notes to write all at once, or none of them."""

    notes: Annotated[tuple[NewNote, ...], Field(min_length=1, max_length=_MAX_BATCH)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteChanges:
    """What to change; whatever is left out or null stays."""

    start: times.Instant | None = None
    end: times.Instant | None = None
    text: Text | None = None
    tags: Tags | None = None


@router.get("", response_model=NotePage)
def page(
    memory: Mem, asked: times.AskedRange, limit: Limit, source: SourceId = None, cursor: Cursor = None
) -> Response:
    """Notes that overlap a range, in order of time."""
    span, after = times.resumed("notes", asked, cursor)
    found = notes.between(memory.db, span.start, span.end, source, limit=limit + 1, after=after)
    rows, more = tuple(found[:limit]), len(found) > limit
    return render.answer(
        NotePage(
            from_=span.start,
            to=span.end,
            range_defaulted=span.defaulted,
            notes=rows,
            cursor=times.cursor("notes", span, (rows[-1].start, rows[-1].id)) if more else None,
        )
    )


@router.post("", status_code=201, response_model=Note)
def add(memory: Mem, body: NewNote) -> Response:
    """Write a note."""
    note = writing.add(memory, [_draft(body)])[0]
    return render.answer(note, 201, {"Location": f"/api/notes/{note.id}"})


@router.post("/batch", status_code=201, response_model=NoteBatch)
def add_batch(memory: Mem, body: NewNotes) -> Response:
    """Write up to 1,000 notes, all or none."""
    written = writing.add(memory, [_draft(note) for note in body.notes])
    return render.answer(NoteBatch(notes=tuple(written)), 201)


@router.get("/{id}", response_model=Note)
def one(memory: Mem, note_id: Id) -> Response:
    """One note."""
    return render.answer(notes.get(memory.db, note_id))


@router.patch("/{id}", response_model=Note)
def change(memory: Mem, note_id: Id, body: NoteChanges) -> Response:
    """Change a note."""
    edited = writing.edit(memory, note_id, start=body.start, end=body.end, text=body.text, tags=body.tags)
    return render.answer(edited)


@router.delete("/{id}", status_code=204, response_model=None, response_class=Response)
def remove(memory: Mem, note_id: Id) -> Response:
    """Delete a note."""
    writing.delete(memory, note_id)
    return Response(status_code=204)


def _draft(note: NewNote) -> Draft:
    end: datetime = note.end or note.start + _INSTANT
    return Draft(
        source_id=note.source_id,
        start=note.start,
        end=end,
        text=note.text,
        tags=note.tags,
        author=note.author,
    )
