"""The pictures kept, and the spans during which each stood for what its source showed.

A source's spans tile its time: they never overlap, so at most one holds an instant. That makes every
question about an interval bounded: the spans that overlap ``[start, end)`` are the one of each source
that holds ``start``, and those that begin within it. However long a picture stood, nothing older is read.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter

from mem.errors import BadRequest, NotFound
from mem.store import database, outbox
from mem.store.database import Reader, Writer, build, bulk
from mem.types import Frame, Span

MAX_BUCKETS = 10_000
_BATCH = 1_000  # instants, or ids that lie close together, in one query
_CLOSE = 4  # ids between the first and the last, for each that is wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFrame:
    """A frame that has no id yet; its fields are those of Frame."""

    first_seen: datetime
    width: int
    height: int
    format: str
    colour: str
    pack: str
    offset: int
    length: int
    thumb_offset: int
    thumb_length: int
    sha256: str
    reel_offset: int | None = None
    still_length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What is kept, in sums."""

    frames: int
    bytes: int  # of images and thumbnails
    spans: int
    samples: int  # looks at the picture

    @property
    def dropped_share(self) -> float:
        """The share of samples that showed nothing new, 0 to 1."""
        return 1 - self.frames / self.samples if self.samples else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """How much happened in one piece of time."""

    start: datetime
    frames: int
    segments: int
    notes: int


def add_many(w: Writer, source_id: int, frames: Sequence[NewFrame]) -> list[int]:
    """Add frames of a source; gives their ids in the same order."""
    if not frames:
        return []
    ids = [int(row["id"]) for row in w.run("frames.reserve", len(frames))]
    w.many(
        "frames.add_many",
        (
            (number, source_id, f.first_seen, f.width, f.height, f.format, f.colour, f.pack, f.offset,
             f.length, f.thumb_offset, f.thumb_length, f.sha256, f.reel_offset, f.still_length)
            for number, f in zip(ids, frames, strict=True)
        ),
    )  # fmt: skip
    return ids


def add_spans(w: Writer, spans: Sequence[Span]) -> None:
    """Add spans. Those of one source must not overlap each other or any that is there."""
    if any(span.start >= span.end for span in spans):
        raise ValueError("a span must end after it starts")
    w.many("frames.add_spans", ((s.source_id, s.frame_id, s.start, s.end, s.samples) for s in spans))


def extend_span(w: Writer, source_id: int, start: datetime, end: datetime, samples: int) -> None:
    """Give the span that begins at `start` a new end and number of samples. Raises NotFound."""
    if not w.change("frames.extend_span", source_id, start, end, samples):
        raise NotFound(f"Source {source_id} has no span that begins at {start}.")


def replace(w: Writer, source_id: int, frames: Sequence[NewFrame], spans: Sequence[Span]) -> None:
    """Put these in the place of all frames and spans of a source; a span names its frame by its number.

    What was read off the old frames is from now on about those that stand at its time.
    """
    w.run("frames.clear", source_id)
    w.run("frames.clear_spans", source_id)
    ids = add_many(w, source_id, frames)
    add_spans(w, [dataclasses.replace(span, frame_id=ids[span.frame_id]) for span in spans])
    moved = w.run("frames.repoint", source_id)
    outbox.texts(w, "screen", [row["id"] for row in moved if not row["draft"]])


def packs(r: Reader, source_id: int) -> set[str]:
    """The packs that hold a source's frames."""
    return {row["pack"] for row in r.read("frames.packs", source_id)}


def get(r: Reader, frame_id: int) -> Frame:
    """The frame with this id. Raises NotFound."""
    rows = r.read("frames.get", frame_id)
    if not rows:
        raise NotFound(f"There is no frame {frame_id}.")
    return build(Frame, rows[0])


def placed(r: Reader, frame: Frame) -> Frame:
    """The frame with where its bytes lie, which who is limited in time is not told. Raises NotFound."""
    rows = r.read("frames.place", frame.id)
    if not rows:
        raise NotFound(f"There is no frame {frame.id}.")
    return dataclasses.replace(frame, **rows[0])


def by_ids(r: Reader, ids: Sequence[int]) -> dict[int, Frame]:
    """Those of the given frames that exist, by id."""
    wanted = set(ids)
    first, last = min(wanted, default=0), max(wanted, default=0)
    if len(wanted) <= _BATCH and last - first < _CLOSE * len(wanted):
        rows = [row for row in r.read("frames.by_range", first, last) if row["id"] in wanted]
        return {row["id"]: build(Frame, row) for row in sorted(rows, key=itemgetter("id"))}
    return {row["id"]: build(Frame, row) for row in database.by_ids(r, "frames.by_ids", wanted)}


def neighbours(r: Reader, frame: Frame) -> tuple[int | None, int | None]:
    """The ids of the frames of the same source right before and right after it."""
    rows = r.read("frames.neighbours", frame.source_id, frame.first_seen, frame.id)
    found = {row["earlier"]: int(row["id"]) for row in rows}
    return found.get(True), found.get(False)


def at(r: Reader, moment: datetime, source_id: int | None = None) -> list[tuple[Span, Frame]]:
    """What stood at `moment`: one span and frame of each source that was recording then, by source."""
    spans = [build(Span, row) for row in r.read("frames.at", moment, source_id)]
    pictures = by_ids(r, [span.frame_id for span in spans])
    return [(span, pictures[span.frame_id]) for span in spans if span.frame_id in pictures]


def between(
    r: Reader,
    start: datetime,
    end: datetime,
    source_id: int | None = None,
    *,
    limit: int,
    after: tuple[datetime, int] | None = None,
) -> list[Frame]:
    """Frames first seen in ``[start, end)``, in time order; `after` is (first_seen, id) of the last one."""
    moment, number = after or (None, None)
    rows = r.read("frames.between", start, end, source_id, limit, moment, number)
    return [build(Frame, row) for row in rows]


def spans_between(
    r: Reader,
    start: datetime,
    end: datetime,
    source_id: int | None = None,
    *,
    limit: int,
    after: tuple[datetime, int] | None = None,
) -> list[Span]:
    """Spans that overlap ``[start, end)``; `after` is (start, frame_id) of the last one, which is unique."""
    moment, number = after or (None, None)
    standing_then = holding(r, _playing(r, start, source_id)).values()
    earliest = min((span.start for span in standing_then), default=start)
    rows = r.read("frames.spans_between", start, end, source_id, limit, moment, number, earliest)
    return [build(Span, row) for row in rows]


def shown_between(
    r: Reader,
    start: datetime,
    end: datetime,
    source_id: int | None = None,
    *,
    limit: int,
    after: tuple[datetime, int] | None = None,
) -> tuple[list[Span], dict[int, Frame]]:
    """The same spans, and their frames by id; one that was deleted meanwhile is not among these."""
    moment, number = after or (None, None)
    rows = r.read("frames.shown_between", start, end, source_id, limit, moment, number)
    spans = [build(Span, row) for row in rows]
    return spans, by_ids(r, [span.frame_id for span in spans])


def spans_of(r: Reader, frame: Frame, *, limit: int) -> list[Span]:
    """When a frame stood, in time order."""
    return [build(Span, row) for row in r.read("frames.spans_of", frame.id, frame.source_id, limit)]


def standing(
    r: Reader, wanted: Sequence[tuple[int, datetime]]
) -> dict[tuple[int, datetime], tuple[Span, Frame]]:
    """What stood in each (source, instant); those that no span holds are left out."""
    held = holding(r, wanted)
    frames = by_ids(r, [span.frame_id for span in held.values()])
    return {pair: (span, frames[span.frame_id]) for pair, span in held.items() if span.frame_id in frames}


def density(
    r: Reader, start: datetime, end: datetime, bucket_seconds: int, source_id: int | None = None
) -> list[Bucket]:
    """Frames, segments and notes that begin in each bucket of ``[start, end)``, empty ones included.

    Buckets are counted from `start`; the last one may reach beyond `end`. Raises BadRequest for more
    than MAX_BUCKETS of them.
    """
    width = timedelta(seconds=bucket_seconds)
    if bucket_seconds < 1 or end <= start:
        raise BadRequest("Density needs an interval and buckets of at least a second.")
    if (count := -(-(end - start) // width)) > MAX_BUCKETS:
        raise BadRequest(f"That makes {count} buckets; at most {MAX_BUCKETS} are counted at once.")
    found: dict[tuple[int, str], int] = {
        (row["bucket"], row["kind"]): row["rows"]
        for row in r.read("frames.density", start, end, bucket_seconds, source_id)
    }
    return [
        Bucket(
            start=start + number * width,
            frames=found.get((number, "frames"), 0),
            segments=found.get((number, "segments"), 0),
            notes=found.get((number, "notes"), 0),
        )
        for number in range(count)
    ]


def stats(r: Reader, source_id: int | None = None) -> Stats:
    """Sums over everything, or over one source."""
    rows = r.read("frames.stats") if source_id is None else r.read("frames.stats_of", source_id)
    return build(Stats, rows[0])


def _playing(r: Reader, moment: datetime, source_id: int | None) -> list[tuple[int, datetime]]:
    """The sources that were recording at `moment`, each with it."""
    return [(row["id"], moment) for row in r.read("frames.playing", moment, source_id)]


def holding(r: Reader, wanted: Sequence[tuple[int, datetime]]) -> dict[tuple[int, datetime], Span]:
    """The span that holds each (source, instant), in the order asked; without those that none holds."""
    pairs = list(dict.fromkeys(wanted))
    held: dict[tuple[int, datetime], Span] = {}
    for first in range(0, len(pairs), _BATCH):
        rows = r.read("frames.standing", next(bulk(pairs[first : first + _BATCH])))
        held |= {(row["source_id"], row["moment"]): build(Span, row) for row in rows}
    return {pair: held[pair] for pair in pairs if pair in held}
