"""What a reading of the screen does next: some spans in order of time, and the frames to read for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mem import types
from mem.capture.read import MOST_PASSED, Step
from mem.ocr import Line
from mem.store import frames, screen, sources
from mem.store.database import Reader
from mem.types import Frame, Source, Span

SPANS = 256  # gone through by one child
PICTURE_BYTES = 48 * 2**20  # that one child is given, except for the fewest frames that it must have
_END = datetime.max.replace(tzinfo=UTC)
_FEWEST = MOST_PASSED + 2  # with which a child always gets on, also where it passes frames over


@dataclass(frozen=True, slots=True)
class Shown:
    """A span, as offsets."""

    frame_id: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A piece of the work on one source."""

    spans: Sequence[Shown]
    steps: Sequence[Step]  # the frames to read, in order
    known: Mapping[int, list[Line]]  # what stands on frames that were read earlier
    pictures: Sequence[Frame]  # those that a child needs
    last: bool  # whether nothing follows


def make(r: Reader, source_id: int, until_ms: int, *, draft: bool) -> Plan | None:
    """The plan for what follows the offset `until_ms`, None where nothing does. Raises NotFound."""
    source = sources.get(r, source_id)
    begin = types.after(source.started_at, until_ms)
    spans = frames.spans_between(r, begin, _END, source_id, limit=SPANS + 1)
    spans = [span for span in spans if span.start >= begin]
    if not spans:
        return None
    found = frames.by_ids(r, [span.frame_id for span in spans])
    firsts = screen.first_shown(r, source_id, list(found))
    kept = _within(spans[:SPANS], found, firsts)
    unread = [span for span in kept if firsts.get(span.frame_id) == span.start]
    before = _befores(r, source, spans, begin)
    reading = {span.frame_id for span in unread}
    earlier = {span.frame_id: firsts.get(span.frame_id) for span in kept if span.frame_id not in reading}
    earlier |= _firsts_of(r, source_id, {before[span] for span in unread} - reading - earlier.keys() - {None})
    known = {
        number: [] if first is None else _lines(r, source_id, first, draft=draft)
        for number, first in earlier.items()
    }
    steps = [Step(span.frame_id, before[span], _offset(source, span.start)) for span in unread]
    needed = {step.frame for step in steps} | {step.before for step in steps if step.before is not None}
    return Plan(
        spans=[Shown(s.frame_id, _offset(source, s.start), _offset(source, s.end)) for s in kept],
        steps=steps,
        known=known,
        pictures=list(frames.by_ids(r, sorted(needed)).values()),
        last=len(kept) == len(spans),
    )


def _within(spans: Sequence[Span], found: Mapping[int, Frame], firsts: Mapping[int, datetime]) -> list[Span]:
    """As many of the spans as have pictures of PICTURE_BYTES in sum."""
    kept: list[Span] = []
    size = count = 0
    for span in spans:
        if firsts.get(span.frame_id) == span.start:
            size += found[span.frame_id].length
            count += 1
            if size > PICTURE_BYTES and count > _FEWEST:
                break
        kept.append(span)
    return kept


def _befores(r: Reader, source: Source, spans: Sequence[Span], begin: datetime) -> dict[Span, int | None]:
    """The frame that stood before each span."""
    last: int | None = None
    if begin > source.started_at:
        for span, _ in frames.standing(r, [(source.id, types.after(begin, -1))]).values():
            last = span.frame_id
    before: dict[Span, int | None] = {}
    for span in spans:
        before[span] = last
        last = span.frame_id
    return before


def _firsts_of(r: Reader, source_id: int, wanted: set[int | None]) -> dict[int, datetime | None]:
    numbers = [number for number in wanted if number is not None]
    firsts = screen.first_shown(r, source_id, numbers) if numbers else {}
    return {number: firsts.get(number) for number in numbers}


def _lines(r: Reader, source_id: int, moment: datetime, *, draft: bool) -> list[Line]:
    rows = screen.standing(r, source_id, moment, draft=draft)
    return [Line(row.text, row.confidence, row.box) for row in rows]


def _offset(source: Source, moment: datetime) -> int:
    return types.milliseconds(moment - source.started_at)
