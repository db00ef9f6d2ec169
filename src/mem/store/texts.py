"""What was said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mem.store import outbox
from mem.store.database import Reader, Row, Writer, build
from mem.types import Segment, Word, after, milliseconds

LONGEST = timedelta(hours=1)  # no segment is longer, so a question about an interval looks back no further
_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSegment:
    """A segment that has no id yet; its fields are those of Segment."""

    start: datetime
    end: datetime
    text: str
    language: str
    confidence: float
    model: str
    words: tuple[Word, ...]


def add_many(w: Writer, source_id: int, segments: Sequence[NewSegment]) -> list[int]:
    """Add segments of a source; gives their ids in the same order."""
    if not segments:
        return []
    if any(not timedelta(0) < s.end - s.start <= LONGEST for s in segments):
        raise ValueError(f"a segment must end after it starts and last at most {LONGEST}")
    ids = [int(row["id"]) for row in w.run("texts.reserve", len(segments))]
    w.many(
        "texts.add_many",
        (
            (number, source_id, s.start, s.end, s.text, s.language, s.confidence, s.model, _stored_words(s))
            for number, s in zip(ids, segments, strict=True)
        ),
    )
    outbox.texts(w, "speech", ids)
    return ids


def between(
    r: Reader,
    start: datetime,
    end: datetime,
    source_id: int | None = None,
    *,
    limit: int,
    after: tuple[datetime, int] | None = None,
) -> list[Segment]:
    """Segments that overlap ``[start, end)``, in time order; `after` is (start, id) of the last one."""
    moment, number = after or (None, None)
    rows = r.read("texts.between", start, end, source_id, limit, moment, number, _earliest(start))
    return [_segment(row) for row in rows]


def of_source(r: Reader, source_id: int) -> Iterator[Segment]:
    """The whole transcript of a source in time order, read a page at a time."""
    moment: datetime | None = None
    number: int | None = None
    while rows := r.read("texts.of_source", source_id, _BATCH, moment, number):
        yield from (_segment(row) for row in rows)
        moment, number = rows[-1]["start"], rows[-1]["id"]


def _earliest(start: datetime) -> datetime:
    try:
        return start - LONGEST
    except OverflowError:
        return start


def _stored_words(segment: NewSegment) -> list[list[Any]]:
    """Words relative to the segment's start, so that giving the source another date leaves them be."""
    return [
        [milliseconds(word.start - segment.start), milliseconds(word.end - segment.start), word.text,
         word.probability]
        for word in segment.words
    ]  # fmt: skip


def _segment(row: Row) -> Segment:
    start: datetime = row["start"]
    return build(
        Segment,
        row,
        words=tuple(
            Word(start=after(start, begin), end=after(start, end), text=text, probability=probability)
            for begin, end, text, probability in row["words"]
        ),
    )
