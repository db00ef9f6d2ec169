"""All that lies in an interval, read to its end a page at a time."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from mem.store import frames, notes, texts
from mem.store.database import Reader, Row
from mem.types import Note, Segment, Span

_PAGE = 500
Key = tuple[datetime, int]
Item = TypeVar("Item", Span, Segment, Note)


def showing(r: Reader, start: datetime, end: datetime, source_id: int | None) -> int:
    """How many pictures stood in ``[start, end)``."""
    return int(r.read("ranges.showing", start, end, source_id)[0]["rows"])


def spans(r: Reader, start: datetime, end: datetime, source_id: int) -> Iterator[Span]:
    """The spans of a source that overlap ``[start, end)``, in time order."""

    def page(after: Key | None) -> Sequence[Span]:
        return frames.spans_between(r, start, end, source_id, limit=_PAGE, after=after)

    return _all(page, lambda span: (span.start, span.frame_id))


def segments(r: Reader, start: datetime, end: datetime, source_id: int) -> Iterator[Segment]:
    """What was said in ``[start, end)`` of a source, in time order."""

    def page(after: Key | None) -> Sequence[Segment]:
        return texts.between(r, start, end, source_id, limit=_PAGE, after=after)

    return _all(page, lambda segment: (segment.start, segment.id))


def noted(r: Reader, start: datetime, end: datetime, source_id: int | None) -> Iterator[Note]:
    """Notes that overlap ``[start, end)``, in time order."""

    def page(after: Key | None) -> Sequence[Note]:
        return notes.between(r, start, end, source_id, limit=_PAGE, after=after)

    return _all(page, lambda note: (note.start, note.id))


def screen_texts(r: Reader, start: datetime, end: datetime, source_id: int) -> Iterator[Row]:
    """What could be read on screen in ``[start, end)`` of a source, in time order, with its place."""
    moment: datetime | None = None
    number: int | None = None
    while rows := r.read("ranges.screen_texts", source_id, start, end, _PAGE, moment, number):
        yield from rows
        moment, number = rows[-1]["start"], rows[-1]["id"]


def _all(page: Callable[[Key | None], Sequence[Item]], key: Callable[[Item], Key]) -> Iterator[Item]:
    after: Key | None = None
    while rows := page(after):
        yield from rows
        after = key(rows[-1])
