"""Notes: what people and programs write about an interval."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from pydantic import AfterValidator, Field, StringConstraints
from starlette.responses import Response

from mem.api import render, times
from mem.api.bounds import Bounds
from mem.api.parameters import Cursor, Id, Limit, Mem, Number, SourceId, Whole, storable
from mem.api.shapes import NoteBatch, NotePage
from mem.ops import notes as writing
from mem.ops.notes import Draft
from mem.store import notes
from mem.types import Note, NoteType

router = APIRouter(prefix="/api/notes", tags=["notes"])

_MAX_BATCH = 1000
_MAX_METADATA = 16 * 1024  # bytes of JSON
_MAX_DEPTH = 32  # of what is within each other there
_INSTANT = timedelta(milliseconds=1)  # what a note about one instant spans, since intervals are half-open

Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000), AfterValidator(storable)]
Tag = Annotated[
    str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True), AfterValidator(storable)
]
Tags = Annotated[tuple[Tag, ...], Field(max_length=32)]
Author = Annotated[str, StringConstraints(max_length=200), AfterValidator(storable)]
IfMatch = Annotated[
    str | None, Header(description="Only if this is the note's ETag still; else 412 `note_changed`")
]
IfNoneMatch = Annotated[str | None, Header(description="304 if this is the note's ETag still")]
WithTag = Annotated[Tag | None, Query(alias="tag", description="Only notes that have this tag")]
OfType = Annotated[NoteType | None, Query(alias="type", description="Only notes of this type")]
ByAuthor = Annotated[Author | None, Query(alias="author", description="Only notes by this author")]


def small(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Metadata that can be stored: JSON of at most 16 KiB, in 32 levels, with numbers of 64 bits."""
    _check_depth(metadata, _MAX_DEPTH)
    try:
        text = json.dumps(metadata, ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except (ValueError, RecursionError):
        raise ValueError("holds a number, a character or a depth that cannot be stored") from None
    if size > _MAX_METADATA:
        raise ValueError(f"takes {size:,} bytes as JSON; {_MAX_METADATA:,} are allowed")
    if "\\u0000" in text:
        raise ValueError("holds a character that cannot be stored (NUL)")
    return metadata


def _check_depth(value: object, left: int) -> None:
    """Raise ValueError for what is nested further, and for numbers that not every reader of JSON has."""
    if left == 0:
        raise ValueError(f"is nested more than {_MAX_DEPTH} levels deep")
    if isinstance(value, int) and abs(value) >= 2**63:
        raise ValueError("holds a number of more than 64 bits")
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for each in inner:
        _check_depth(each, left - 1)


Metadata = Annotated[dict[str, Any], AfterValidator(small)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNote:
    """A note to write. Without `end` it is about the instant `start`."""

    start: times.Instant
    text: Text
    end: times.Instant | None = None
    source_id: Number | None = None
    tags: Tags = ()
    author: Author = "owner"
    type: NoteType = "user_note"
    metadata: Metadata = field(default_factory=dict)


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
    type: NoteType | None = None
    metadata: Metadata | None = None


@router.get("", response_model=NotePage)
def page(
    memory: Mem,
    asked: times.AskedRange,
    limit: Limit,
    source: SourceId = None,
    tag: WithTag = None,
    kind: OfType = None,
    author: ByAuthor = None,
    cursor: Cursor = None,
) -> Response:
    """Notes that overlap a range, in order of time."""
    span, after = times.resumed("notes", asked, cursor)
    found = notes.between(
        memory.db,
        span.start,
        span.end,
        source,
        tag=tag,
        kind=kind,
        author=author,
        limit=limit + 1,
        after=after,
    )
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
def add(memory: Whole, bounds: Bounds, body: NewNote) -> Response:
    """Write a note; the answer has its ETag."""
    bounds.check(body.source_id, body.start, body.end or body.start + _INSTANT)
    note = writing.add(memory, [_draft(body)])[0]
    return _tagged(note, 201, {"Location": f"/api/notes/{note.id}"})


@router.post("/batch", status_code=201, response_model=NoteBatch)
def add_batch(memory: Whole, bounds: Bounds, body: NewNotes) -> Response:
    """Write up to 1,000 notes, all or none."""
    for note in body.notes:
        bounds.check(note.source_id, note.start, note.end or note.start + _INSTANT)
    written = writing.add(memory, [_draft(note) for note in body.notes])
    return render.answer(NoteBatch(notes=tuple(written)), 201)


@router.get("/{id}", response_model=Note, responses={304: {"description": "It is as it was"}})
def one(memory: Mem, note_id: Id, if_none_match: IfNoneMatch = None) -> Response:
    """One note, with the ETag that names its present state."""
    note = notes.get(memory.db, note_id)
    if writing.etag(note) in (_tags(if_none_match) or ()):
        return Response(status_code=304, headers={"ETag": _quoted(note)})
    return _tagged(note)


@router.patch("/{id}", response_model=Note)
def change(
    memory: Whole, bounds: Bounds, note_id: Id, body: NoteChanges, if_match: IfMatch = None
) -> Response:
    """Change a note; with If-Match only if nobody else has meanwhile."""
    bounds.note(note_id, body.start, body.end)
    edited = writing.edit(
        memory,
        note_id,
        start=body.start,
        end=body.end,
        text=body.text,
        tags=body.tags,
        kind=body.type,
        metadata=body.metadata,
        expected=_expected(if_match),
    )
    return _tagged(edited)


@router.delete("/{id}", status_code=204, response_model=None, response_class=Response)
def remove(memory: Whole, bounds: Bounds, note_id: Id, if_match: IfMatch = None) -> Response:
    """Delete a note; with If-Match only if nobody has changed it meanwhile."""
    bounds.note(note_id)
    writing.delete(memory, note_id, _expected(if_match))
    return Response(status_code=204)


def _tagged(note: Note, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return render.answer(note, status, {"ETag": _quoted(note), **(headers or {})})


def _quoted(note: Note) -> str:
    return f'"{writing.etag(note)}"'


def _tags(header: str | None) -> list[str] | None:
    """The tags of an If-Match or If-None-Match, without quotes; None where there is none."""
    return (
        None if header is None else [one.strip().removeprefix("W/").strip('"') for one in header.split(",")]
    )


def _expected(if_match: str | None) -> list[str] | None:
    """What a note's tag must be among: None for anything, which * means as well. Weak tags never match."""
    if if_match is None or if_match.strip() == "*":
        return None
    return [one.strip().strip('"') for one in if_match.split(",")]


def _draft(note: NewNote) -> Draft:
    end: datetime = note.end or note.start + _INSTANT
    return Draft(
        source_id=note.source_id,
        start=note.start,
        end=end,
        text=note.text,
        tags=note.tags,
        author=note.author,
        type=note.type,
        metadata=note.metadata,
    )
