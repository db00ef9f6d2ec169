"""Writing notes: the rows, then the copy in the source's folder. The index follows by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mem import folders, types
from mem.memory import Memory
from mem.store import notes, sources
from mem.types import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A note that is not written yet."""

    source_id: int | None
    start: datetime
    end: datetime
    text: str
    tags: tuple[str, ...]
    author: str


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
                now=now,
            )
            for draft in drafts
        ]
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
) -> Note:
    """Change what is given. Raises NotFound, BadTime."""
    with memory.db.write() as w:
        note = notes.edit(w, note_id, start=start, end=end, text=text, tags=tags, now=types.now())
    _copy(memory, {note.source_id})
    return note


def delete(memory: Memory, note_id: int) -> None:
    """Remove a note. Raises NotFound."""
    with memory.db.write() as w:
        note = notes.get(w, note_id)
        notes.delete(w, note_id)
    _copy(memory, {note.source_id})


def _copy(memory: Memory, source_ids: set[int | None]) -> None:
    for source_id in source_ids:
        if source_id is not None:
            folders.write_notes(memory, source_id)
