"""What was said."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mem.errors import NotFound
from mem.store import outbox
from mem.store.database import Reader, Row, Writer, build, to_json
from mem.types import Channel, Segment, Suspicion, Word, after, milliseconds

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
    channel: Channel | None = None
    suspect: Suspicion | None = None


def add_many(w: Writer, source_id: int, segments: Sequence[NewSegment]) -> list[int]:
    """Add segments of a source; gives their ids in the same order."""
    if not segments:
        return []
    if any(not timedelta(0) < s.end - s.start <= LONGEST for s in segments):
        raise ValueError(f"a segment must end after it starts and last at most {LONGEST}")
    ids = [int(row["id"]) for row in w.run("texts.reserve", len(segments))]
    w.many("texts.add_many", (stored(n, source_id, s) for n, s in zip(ids, segments, strict=True)))
    outbox.texts(w, "speech", ids)
    return ids


def get(r: Reader, segment_id: int) -> Segment:
    """One segment. Raises NotFound."""
    rows = r.read("texts.get", segment_id)
    if not rows:
        raise NotFound(f"There is no segment {segment_id}.")
    return _segment(rows[0])


def edited(r: Reader, source_id: int) -> list[Segment]:
    """The segments of a source whose text a person wrote, in time order."""
    return [_segment(row) for row in r.read("texts.edited", source_id)]


def rewrite(w: Writer, segment: Segment) -> None:
    """Store the text of a segment that is there, with its words and with what was heard instead."""
    words = to_json(_relative(segment.words, segment.start))
    heard_words = None if segment.heard is None else to_json(_relative(segment.heard_words, segment.start))
    w.run(
        "texts.rewrite", segment.id, segment.text, words, segment.heard, heard_words, segment.edited_at,
        segment.edited_by,
    )  # fmt: skip
    outbox.texts(w, "speech", [segment.id])


def replace(
    w: Writer, source_id: int, segments: Sequence[NewSegment], within: tuple[datetime, datetime] | None = None
) -> None:
    """Put these in the place of all segments of a source that begin in ``[start, end)``, or of all.

    Those that a person wrote stay; see `rewrite` for what was heard in their place.
    """
    start, end = within or (None, None)
    w.run("texts.clear", source_id, start, end)
    add_many(w, source_id, segments)
    outbox.recording(w, source_id)


def between(
    r: Reader,
    start: datetime,
    end: datetime,
    source_id: int | None = None,
    *,
    limit: int,
    after: tuple[datetime, int] | None = None,
    suspect: bool = False,
    words: bool = True,
) -> list[Segment]:
    """Segments that overlap ``[start, end)``, in time order; `after` is (start, id) of the last one.

    With `suspect` only those that are doubted; without `words` they have none, at a third of the cost.
    """
    moment, number = after or (None, None)
    query = "texts.between" if words else "texts.said_between"
    rows = r.read(query, start, end, source_id, limit, moment, number, _earliest(start), suspect)
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


def stored(number: int, source_id: int, s: NewSegment | Segment) -> tuple[object, ...]:
    """A segment as a row."""
    row = (
        number, source_id, s.start, s.end, s.text, s.language, s.confidence, s.model,
        _relative(s.words, s.start), s.channel, s.suspect,
    )  # fmt: skip
    if isinstance(s, NewSegment) or s.heard is None:
        return (*row, None, None, None, None)
    return (*row, s.heard, _relative(s.heard_words, s.start), s.edited_at, s.edited_by)


def _relative(words: Sequence[Word], start: datetime) -> list[list[Any]]:
    """Words relative to their segment's start, so that giving the source another date leaves them be."""
    return [
        [milliseconds(word.start - start), milliseconds(word.end - start), word.text, word.probability]
        for word in words
    ]


def _segment(row: Row) -> Segment:
    start: datetime = row["start"]
    words = _words(row.get("words") or (), start)
    heard_words = _words(row.get("heard_words") or (), start)
    return build(Segment, row, words=words, heard_words=heard_words)


def _words(stored_words: Iterable[Any], start: datetime) -> tuple[Word, ...]:
    return tuple(
        Word(start=after(start, begin), end=after(start, end), text=text, probability=probability)
        for begin, end, text, probability in stored_words
    )
