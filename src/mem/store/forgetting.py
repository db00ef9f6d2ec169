"""The rows that a deletion touches: counted, cut and removed.

A picture belongs to the instant at which it was taken (`first_seen`): whatever else it stood for goes
with it. Bytes are those of a pack's members, headers and padding included.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mem.errors import DiskFull, TooBusy
from mem.store import frames, outbox, sources, whole
from mem.store.database import Database, Reader, Session, Writer, build
from mem.store.duck import DuckDatabase
from mem.types import Frame, Source, Span

_BATCH = 1_000
_ALL = (0.0, 0.0, 1.0, 1.0)  # of a picture
_SMALL = 128 * 2**20  # bytes; up to here, some two years, the copy takes a few seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Removable:
    """Frames of one pack that may go."""

    source_id: int
    pack: str
    frames: int
    bytes: int


def overlapping(r: Reader, start: datetime, end: datetime, source_id: int | None) -> list[Source]:
    """Sources of which something may lie in ``[start, end)``, by id."""
    return [sources.of_row(row) for row in r.read("forgetting.overlapping", start, end, source_id)]


def extent(r: Reader, source_id: int, start: datetime, end: datetime) -> dict[str, int]:
    """How many rows of a source ``[start, end)`` touches, by table."""
    return {row["table"]: row["rows"] for row in r.read("forgetting.extent", source_id, start, end)}


def picture_bytes(r: Reader, source_id: int, start: datetime, end: datetime) -> int:
    """Bytes of the pictures that were taken in ``[start, end)``."""
    return int(r.read("forgetting.picture_bytes", source_id, start, end)[0]["bytes"])


def uncovered_ms(r: Reader, source_id: int, start: datetime, end: datetime) -> int:
    """Milliseconds outside ``[start, end)`` for which a picture stands that was taken in it."""
    return round(float(r.read("forgetting.uncovered", source_id, start, end)[0]["ms"]))


def loose_notes(r: Reader, start: datetime, end: datetime) -> int:
    """How many notes about the time itself touch ``[start, end)``."""
    return int(r.read("forgetting.loose_notes", start, end)[0]["rows"])


def delete_loose_notes(w: Writer, start: datetime, end: datetime) -> int:
    """Remove them; gives how many."""
    gone = [row["id"] for row in w.run("forgetting.delete_loose_notes", start, end)]
    outbox.texts(w, "note", gone)
    return len(gone)


def cut(w: Writer, source_id: int, start: datetime, end: datetime) -> dict[str, int]:
    """Remove what was shown, said and noted in ``[start, end)`` of a source; gives the rows by table.

    Spans and lines of text on screen that reach over an end are shortened. Pictures stay until their pack
    is written anew. The recording itself is let go of: it is no longer known where it lies.
    """
    taken = {row["id"] for row in w.read("forgetting.taken_in", source_id, start, end)}
    edges = [build(Span, row) for row in w.read("forgetting.edges", source_id, start, end)]
    for query in ("split", "end", "begin"):
        w.run(f"forgetting.{query}_screen_texts", source_id, start, end)
    removed = {
        table: len(w.run(f"forgetting.delete_{table}", source_id, start, end))
        for table in ("spans", "segments", "notes", "screen_texts")
    }
    rests = [rest for span in edges if span.frame_id not in taken for rest in _rests(span, start, end)]
    frames.add_spans(w, rests)
    w.run("forgetting.detach", source_id)
    w.run("forgetting.drop_states", source_id)
    outbox.recording(w, source_id)
    return removed


def detach(w: Writer, source_id: int) -> None:
    """Note that the recording itself is not known here any more, wherever it lies."""
    w.run("forgetting.detach", source_id)


def packs(r: Reader, source_id: int) -> list[str]:
    """The packs in which a source's frames lie."""
    return [row["pack"] for row in r.read("forgetting.packs", source_id)]


def taken_in(r: Reader, source_id: int, start: datetime, end: datetime) -> dict[str, set[int]]:
    """The frames that were taken in ``[start, end)``, by pack."""
    found: dict[str, set[int]] = {}
    for row in r.read("forgetting.taken_in", source_id, start, end):
        found.setdefault(row["pack"], set()).add(row["id"])
    return found


def of_pack(r: Reader, source_id: int, pack: str) -> list[Frame]:
    """The frames of a source that lie in one pack, in the order of time."""
    return [build(Frame, row) for row in r.read("forgetting.of_pack", source_id, pack)]


def move(
    w: Writer,
    source_id: int,
    old: str,
    new: str | None,
    length: int,
    places: Iterable[tuple[int, int, int, int | None]],
) -> None:
    """Say that pictures lie in the pack `new` now: (frame id, offset, that of the thumbnail, of the reel)."""
    w.many("forgetting.move", ((number, new, place, thumb, reel) for number, place, thumb, reel in places))
    w.run("forgetting.move_checkpoint", source_id, old, new, length)


def redraw(w: Writer, drawn: Iterable[tuple[int, int, int, str, str, int | None]]) -> None:
    """Say what pictures are now whose bytes are others.

    Of each: id, length, that of the thumbnail, sha256, colour, length as a still where it is in a reel.
    """
    w.many("forgetting.redraw", drawn)


def standing_in(r: Reader, source_id: int, start: datetime, end: datetime) -> dict[str, set[int]]:
    """The frames that were taken in ``[start, end)`` or stood for something of it, by pack."""
    found: dict[str, set[int]] = {}
    for row in r.read("forgetting.standing_in", source_id, start, end):
        found.setdefault(row["pack"], set()).add(row["id"])
    return found


def forget_words(
    w: Writer,
    source_id: int,
    start: datetime,
    end: datetime,
    region: tuple[float, float, float, float] | None,
) -> dict[str, int]:
    """Remove what was said in ``[start, end)`` of a source, and what was to be read on its frames.

    With a region (left, top, width and height as shares of the picture) only what was to be read in it. The
    recording itself is let go of. Gives the rows by table.
    """
    rows = w.run("forgetting.redact_screen_texts", source_id, start, end, *(region or _ALL))
    gone = [row["id"] for row in rows]
    outbox.texts(w, "screen", gone)
    said = []
    if region is None:
        said = [row["id"] for row in w.run("forgetting.delete_segments", source_id, start, end)]
        outbox.texts(w, "speech", said)
    detach(w, source_id)
    w.run("forgetting.drop_states", source_id)
    return {"segments": len(said), "screen_texts": len(gone)}


def drop_frames(w: Writer, source_id: int, gone: Mapping[int, int | None]) -> int:
    """Remove frames; what each stood for is told of the frame it is given, or lost with None.

    Gives how many spans went. Spans of one frame that follow each other become one.
    """
    if not gone:
        return 0
    ids = sorted({*gone, *(other for other in gone.values() if other is not None)})
    spans = [span for batch in _batches(ids) for span in _spans_of(w, source_id, batch)]
    for batch in _batches(ids):
        w.run("forgetting.delete_spans_of_frames", source_id, batch)
    for batch in _batches(sorted(gone)):
        w.run("forgetting.delete_frames", source_id, batch)
        lines = w.read("forgetting.screen_texts_of_frames", source_id, batch)
        outbox.texts(w, "screen", [row["id"] for row in lines])
    w.many("forgetting.tell_screen_texts", ((n, other) for n, other in gone.items() if other is not None))
    kept = merged(_told(spans, gone))
    frames.add_spans(w, kept)
    return len(spans) - len(kept)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in the order of time; those of one frame without a pause between them are one."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        last = found[-1] if found else None
        if last is not None and last.frame_id == span.frame_id and last.end == span.start:
            found[-1] = _lasting(last, last.start, span.end, last.samples + span.samples)
        else:
            found.append(span)
    return found


def settled(
    r: Reader,
    *,
    before: datetime | None = None,
    source_id: int | None = None,
    location: str | None = None,
    device: str | None = None,
) -> list[Source]:
    """Sources that are whole and that no job works on, in the order of time."""
    rows = r.read("forgetting.settled", before, source_id, location, device)
    return [sources.of_row(row) for row in rows]


def pinned(r: Reader) -> set[int]:
    """Sources of which a pin keeps something."""
    return {row["id"] for row in r.read("forgetting.pinned")}


def removable(r: Reader, before: datetime | None, *, thin: bool) -> list[Removable]:
    """Frames taken before an instant that no pin keeps, by pack, the oldest first.

    With `thin` only those that are not the first of their minute.
    """
    return [build(Removable, row) for row in r.read("forgetting.removable", before, thin)]


def removable_of(r: Reader, source_id: int, pack: str, before: datetime | None, *, thin: bool) -> set[int]:
    """The same of one pack: ids."""
    return {row["id"] for row in r.read("forgetting.removable_of_pack", before, thin, source_id, pack)}


def pack_bytes(r: Reader) -> dict[int, int]:
    """Bytes of the pictures of each source that has some."""
    return {row["source_id"]: int(row["bytes"]) for row in r.read("forgetting.pack_bytes")}


def kept_originals(
    r: Reader, *, source_id: int | None = None, location: str | None = None, device: str | None = None
) -> dict[int, int]:
    """Bytes of the kept recording of each source in question, 0 where none is kept."""
    return {row["id"]: int(row["bytes"]) for row in r.read("forgetting.kept", source_id, location, device)}


def old_notes(r: Reader, before: datetime) -> list[int]:
    """Notes about the time itself that ended before an instant and that no pin keeps."""
    return [row["id"] for row in r.read("forgetting.old_notes", before)]


def delete_old_notes(w: Writer, before: datetime) -> int:
    """Remove them; gives how many."""
    gone = old_notes(w, before)
    for batch in _batches(gone):
        w.run("forgetting.delete_old_notes", batch)
    outbox.texts(w, "note", gone)
    return len(gone)


def overwrite(db: Database) -> bool:
    """Write DuckDB's file anew, which else keeps the blocks of deleted rows, and its log with it.

    False where that has to wait: the file is large, somebody reads for too long, or there is no room for a
    copy.
    """
    if not isinstance(db, DuckDatabase):
        return True
    if db.size_bytes() > _SMALL:
        return False
    try:
        db.renew(_copy)
    except (DiskFull, TooBusy):
        return False
    return True


def _copy(session: Session, file: Path) -> None:
    whole.renew(session, file)


def _spans_of(r: Reader, source_id: int, ids: Sequence[int]) -> list[Span]:
    return [build(Span, row) for row in r.read("forgetting.spans_of_frames", source_id, ids)]


def _told(spans: Iterable[Span], gone: Mapping[int, int | None]) -> Iterable[Span]:
    for span in spans:
        other = gone.get(span.frame_id, span.frame_id)
        if other is not None:
            yield Span(
                source_id=span.source_id,
                frame_id=other,
                start=span.start,
                end=span.end,
                samples=span.samples,
            )


def _rests(span: Span, start: datetime, end: datetime) -> Iterable[Span]:
    """What is left of a span outside ``[start, end)``; its looks are shared out by length."""
    for begin, until in ((span.start, min(span.end, start)), (max(span.start, end), span.end)):
        if begin < until:
            share = (until - begin) / (span.end - span.start)
            yield _lasting(span, begin, until, max(1, round(span.samples * share)))


def _lasting(span: Span, start: datetime, end: datetime, samples: int) -> Span:
    return Span(source_id=span.source_id, frame_id=span.frame_id, start=start, end=end, samples=samples)


def _batches(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[first : first + _BATCH] for first in range(0, len(ids), _BATCH))
