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


def by_ids(r: Reader, ids: Sequence[int]) -> dict[int, Segment]:
    """Those of the given segments that exist, by id."""
    wanted = sorted(set(ids))
    batches = [wanted[first : first + _BATCH] for first in range(0, len(wanted), _BATCH)]
    rows = (row for batch in batches for row in r.read("texts.by_ids", batch, batch[0], batch[-1]))
    return {row["id"]: _segment(row) for row in rows}


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


def newer_than(r: Reader, after_id: int, limit: int) -> list[Segment]:
    """Segments with a higher id, in order of id: from 0 on, all of them."""
    return [_segment(row) for row in r.read("texts.newer_than", after_id, limit)]


def latest(r: Reader) -> int:
    """The highest id, or 0."""
    return int(r.read("texts.latest")[0]["id"])


def count(r: Reader) -> int:
    """How many segments there are."""
    return int(r.read("texts.count")[0]["rows"])


def stats(r: Reader, source_id: int) -> tuple[int, int]:
    """How many segments and words a source has."""
    row = r.read("texts.stats", source_id)[0]
    return row["segments"], row["words"]


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
