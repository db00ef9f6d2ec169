"""Writing notes: the rows, then the copy in the source's folder. The index follows by itself."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from mem import failpoints, folders, types
from mem.errors import NoteChanged
from mem.memory import Memory
from mem.store import notes, sources
from mem.store.database import Reader
from mem.types import Note, NoteType

_TAG_LETTERS = 32  # of the hex digits of a digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A note that is not written yet."""

    source_id: int | None
    start: datetime
    end: datetime
    text: str
    tags: tuple[str, ...]
    author: str
    type: NoteType = "user_note"
    metadata: Mapping[str, object] = field(default_factory=dict)


def etag(note: Note) -> str:
    """What names this state of a note: as long as nobody changes it, it is the same."""
    text = json.dumps(asdict(note), default=_plain, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:_TAG_LETTERS]


def add(memory: Memory, drafts: Sequence[Draft]) -> list[Note]:
    """Write all of the notes or none. Raises NotFound for an unknown source, BadTime."""
    now = types.now()
    with memory.db.write() as w:
        for source_id in {draft.source_id for draft in drafts if draft.source_id is not None}:
            sources.get(w, source_id)
        written = [
            notes.add(
                w,
                source_id=draft.source_id,
                start=draft.start,
                end=draft.end,
                text=draft.text,
                tags=draft.tags,
                author=draft.author,
                kind=draft.type,
                metadata=draft.metadata,
                now=now,
            )
            for draft in drafts
        ]
        folders.mark(memory, {note.source_id for note in written})
    _copy(memory, {note.source_id for note in written})
    return written


def edit(
    memory: Memory,
    note_id: int,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    text: str | None = None,
    tags: Sequence[str] | None = None,
    kind: NoteType | None = None,
    metadata: Mapping[str, object] | None = None,
    expected: Collection[str] | None = None,
) -> Note:
    """Change what is given; with `expected`, only a note whose `etag` is among these.

    Raises NotFound, BadTime, NoteChanged.
    """
    with memory.db.write() as w:
        _refuse_changed(w, note_id, expected)
        note = notes.edit(
            w,
            note_id,
            start=start,
            end=end,
            text=text,
            tags=tags,
            kind=kind,
            metadata=metadata,
            now=types.now(),
        )
        folders.mark(memory, {note.source_id})
    _copy(memory, {note.source_id})
    return note


def delete(memory: Memory, note_id: int, expected: Collection[str] | None = None) -> None:
    """Remove a note; with `expected`, only one whose `etag` is among these. Raises NotFound, NoteChanged."""
    with memory.db.write() as w:
        note = _refuse_changed(w, note_id, expected)
        notes.delete(w, note_id)
        folders.mark(memory, {note.source_id})
    _copy(memory, {note.source_id})


def _refuse_changed(r: Reader, note_id: int, expected: Collection[str] | None) -> Note:
    note = notes.get(r, note_id)
    if expected is not None and etag(note) not in expected:
        raise NoteChanged(f"Note {note_id} was changed at {types.written(note.updated_at)}.")
    return note


def _plain(value: object) -> str:
    return types.written(value) if isinstance(value, datetime) else str(value)


def _copy(memory: Memory, source_ids: set[int | None]) -> None:
    failpoints.reach("note.written")
    with folders.repaying(memory, source_ids):
        for source_id in source_ids:
            if source_id is None:
                folders.write_loose_notes(memory)
            else:
                folders.write_notes(memory, source_id)
