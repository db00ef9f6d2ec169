"""The timeline: what stood on screen, what was said, noted and to be read there, page by page.

The ordered lists are paged as one. A page ends where the first list that is too long for it ends,
so no page is large, nothing comes twice, and nothing that is left out is older than what is shown.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from mem.memory import Memory
from mem.store import frames, known, notes, screen, stretches, texts
from mem.store.frames import Bucket
from mem.types import Frame, Note, ScreenText, Segment, Source, Span

Key = tuple[datetime, int]
Row = TypeVar("Row", Span, Segment, Note, ScreenText)
Rows = Sequence[Span] | Sequence[Segment] | Sequence[Note] | Sequence[ScreenText]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The last row of each list that earlier pages showed; None where they showed none."""

    span: Key | None = None
    segment: Key | None = None
    note: Key | None = None
    line: Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A span with the frame that stood there."""

    source_id: int
    frame_id: int
    start: datetime
    end: datetime
    samples: int
    frame: Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the timeline, each list in order of time."""

    spans: tuple[Shown, ...]
    segments: tuple[Segment, ...]
    notes: tuple[Note, ...]
    screen: tuple[ScreenText, ...]  # empty unless asked for
    sources: dict[int, Source]
    continues: dict[int, int]  # of these sources, those that go on from another without a pause: from which
    next: Position | None  # None: this is the last page


def page(
    memory: Memory,
    start: datetime,
    end: datetime,
    source_id: int | None,
    *,
    limit: int,
    after: Position,
    lines: bool = False,
    words: bool = False,
) -> Page:
    """What overlaps `[start, end)`, at most `limit` rows of each list, going on behind `after`.

    `lines`: also the lines of text on screen, of which a busy screen has dozens at any time; `words`: each
    segment with its words, ten times as much as its text.
    """
    db, more = memory.db, limit + 1
    spans, pictures = frames.shown_between(db, start, end, source_id, limit=more, after=after.span)
    said = texts.between(db, start, end, source_id, limit=more, after=after.segment, words=words)
    noted = notes.between(db, start, end, source_id, limit=more, after=after.note)
    read = screen.between(db, start, end, source_id, limit=more, after=after.line) if lines else []
    lists: tuple[Rows, ...] = (spans, said, noted, read)
    bounds = [rows[limit].start for rows in lists if len(rows) == more]
    bound = min(bounds, default=None)
    kept_spans = _within(spans, bound, limit)
    kept_said = _within(said, bound, limit)
    kept_notes = _within(noted, bound, limit)
    kept_read = _within(read, bound, limit)
    position = Position(
        span=_last(kept_spans, lambda span: span.frame_id, after.span),
        segment=_last(kept_said, lambda segment: segment.id, after.segment),
        note=_last(kept_notes, lambda note: note.id, after.note),
        line=_last(kept_read, lambda line: line.id, after.line),
    )
    found = _sources(memory, kept_spans, kept_said, kept_notes, kept_read)
    return Page(
        spans=tuple(_with_frame(s, pictures[s.frame_id]) for s in kept_spans if s.frame_id in pictures),
        segments=tuple(kept_said),
        notes=tuple(kept_notes),
        screen=tuple(kept_read),
        sources=found,
        continues=stretches.continued(db, list(found)),
        next=None if bound is None else position,
    )


def density(
    memory: Memory, start: datetime, end: datetime, source_id: int | None, *, buckets: int
) -> tuple[int, list[Bucket]]:
    """Seconds of one bucket, and the buckets: at most `buckets` cover the range, empty ones included."""
    seconds = max(1, math.ceil((end - start).total_seconds() / buckets))
    return seconds, frames.density(memory.db, start, end, seconds, source_id)


def _within(rows: Sequence[Row], bound: datetime | None, limit: int) -> Sequence[Row]:
    """The rows of this page: a list that is itself cut at the bound shows all it may."""
    if bound is None:
        return rows
    if len(rows) > limit and rows[limit].start == bound:
        return rows[:limit]
    return [row for row in rows[:limit] if row.start < bound]


def _last(rows: Sequence[Row], number: Callable[[Row], int], before: Key | None) -> Key | None:
    return (rows[-1].start, number(rows[-1])) if rows else before


def _with_frame(span: Span, frame: Frame) -> Shown:
    return Shown(
        source_id=span.source_id,
        frame_id=span.frame_id,
        start=span.start,
        end=span.end,
        samples=span.samples,
        frame=frame,
    )


def _sources(memory: Memory, *lists: Rows) -> dict[int, Source]:
    ids = {row.source_id for rows in lists for row in rows if row.source_id is not None}
    return known.sources(memory.db, sorted(ids))
