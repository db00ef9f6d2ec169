"""What people and programs wrote about an interval."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from mem.errors import BadTime, NotFound
from mem.store import outbox
from mem.store.database import Reader, Row, Writer, build, to_json
from mem.types import Note, NoteType

_PAGE = 1_000


def add(
    w: Writer,
    *,
    source_id: int | None,
    start: datetime,
    end: datetime,
    text: str,
    tags: Sequence[str] = (),
    kind: NoteType = "user_note",
    author: str,
    metadata: Mapping[str, object] | None = None,
    now: datetime,
) -> Note:
    """Add a note. Raises BadTime unless it ends after it starts."""
    _check(start, end)
    kept = to_json(dict(metadata or {}))
    rows = w.run("notes.add", source_id, start, end, text, to_json(list(tags)), kind, author, kept, now)
    outbox.texts(w, "note", [rows[0]["id"]])
    return get(w, rows[0]["id"])


def get(r: Reader, note_id: int) -> Note:
    """The note with this id. Raises NotFound."""
    rows = r.read("notes.get", note_id)
    if not rows:
        raise NotFound(f"There is no note {note_id}.")
    return _note(rows[0])


def edit(
    w: Writer,
    note_id: int,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    text: str | None = None,
    tags: Sequence[str] | None = None,
    kind: NoteType | None = None,
    metadata: Mapping[str, object] | None = None,
    now: datetime,
) -> Note:
    """Change what is given, and `updated_at`. Raises NotFound, or BadTime."""
    before = get(w, note_id)
    _check(start or before.start, end or before.end)
    labels = None if tags is None else to_json(list(tags))
    kept = None if metadata is None else to_json(dict(metadata))
    w.run("notes.edit", note_id, start, end, text, labels, kind, kept, now)
    outbox.texts(w, "note", [note_id])
    return get(w, note_id)


def delete(w: Writer, note_id: int) -> None:
    """Remove a note. Raises NotFound."""
    if not w.run("notes.delete", note_id):
        raise NotFound(f"There is no note {note_id}.")
    outbox.texts(w, "note", [note_id])


def between(
    r: Reader,
    start: datetime,
    end: datetime,
    source_id: int | None = None,
    *,
    tag: str | None = None,
    kind: NoteType | None = None,
    author: str | None = None,
    limit: int,
    after: tuple[datetime, int] | None = None,
) -> list[Note]:
    """Notes that overlap ``[start, end)``, in time order; `after` is (start, id) of the last one.

    `tag`, `kind` (its type) and `author` leave only notes that have exactly these.
    """
    moment, number = after or (None, None)
    rows = r.read("notes.between", start, end, source_id, limit, moment, number, tag, kind, author)
    return [_note(row) for row in rows]


def of_source(r: Reader, source_id: int) -> Iterator[Note]:
    """All notes about a source, in order of id."""
    last = 0
    while rows := r.read("notes.of_source", source_id, last, _PAGE):
        yield from map(_note, rows)
        last = rows[-1]["id"]


def _check(start: datetime, end: datetime) -> None:
    if start >= end:
        raise BadTime("A note must end after it starts.")


def _note(row: Row) -> Note:
    return build(Note, row, tags=tuple(row["tags"]))
