"""Rows as the folders of the recordings hold them: read page by page, and put back under their numbers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mem.store import outbox
from mem.store.database import Reader, Writer, build
from mem.store.sources import media_json
from mem.store.texts import stored
from mem.types import Checkpoint, Frame, Note, ScreenText, Segment, Source, Span

_PAGE = 5_000
_DRAWN = 100_000  # numbers drawn with one statement


def frames_of(r: Reader, source_id: int) -> Iterator[Frame]:
    """All frames of a source, in order of id."""
    last = 0
    while rows := r.read("copies.frames_of", source_id, last, _PAGE):
        yield from (build(Frame, row) for row in rows)
        last = rows[-1]["id"]


def spans_of(r: Reader, source_id: int) -> Iterator[Span]:
    """All spans of a source, in order of time."""
    last = None
    while rows := r.read("copies.spans_of", source_id, last, _PAGE):
        yield from (build(Span, row) for row in rows)
        last = rows[-1]["start"]


def checkpoints_of(r: Reader, source_id: int) -> Iterator[Checkpoint]:
    """How far each stage of a source is."""
    return (build(Checkpoint, row) for row in r.read("copies.checkpoints_of", source_id))


def loose_notes(r: Reader) -> Iterator[Note]:
    """The notes about the time itself, in order of id."""
    last = 0
    while rows := r.read("copies.loose_notes", last, _PAGE):
        yield from (build(Note, row, tags=tuple(row["tags"])) for row in rows)
        last = rows[-1]["id"]


def put_source(w: Writer, s: Source) -> None:
    """Put a source back."""
    w.run(
        "copies.put_source", s.id, s.kind, s.name, s.location, s.device, s.content_hash, s.size, s.path,
        s.original, s.folder, s.started_at, s.ended_at, s.time_source, s.time_confidence, s.time_evidence,
        media_json(s.media), s.state, s.added_at, s.hotwords, s.prompt, s.scan_status,
    )  # fmt: skip
    outbox.source(w, s.id)


def put_frames(w: Writer, frames: Iterable[Frame]) -> None:
    """Put frames back."""
    w.many(
        "frames.add_many",
        (
            (f.id, f.source_id, f.first_seen, f.width, f.height, f.format, f.colour, f.pack, f.offset,
             f.length, f.thumb_offset, f.thumb_length, f.sha256, f.reel_offset, f.still_length)
            for f in frames
        ),
    )  # fmt: skip


def put_segments(w: Writer, segments: Iterable[Segment]) -> None:
    """Put segments back."""
    kept = list(segments)
    w.many("texts.add_many", (stored(s.id, s.source_id, s) for s in kept))
    outbox.texts(w, "speech", [s.id for s in kept])


def put_screen_texts(w: Writer, lines: Iterable[ScreenText]) -> None:
    """Put lines of screen text back."""
    kept = list(lines)
    w.many(
        "screen.add_many",
        (
            (s.id, s.source_id, s.frame_id, s.start, s.end, s.text, s.confidence, s.engine, s.box.x, s.box.y,
             s.box.width, s.box.height, False)
            for s in kept
        ),
    )  # fmt: skip
    outbox.texts(w, "screen", [s.id for s in kept])


def put_notes(w: Writer, notes: Iterable[Note]) -> None:
    """Put notes back."""
    kept = list(notes)
    w.many(
        "copies.put_notes",
        (
            (n.id, n.source_id, n.start, n.end, n.text, list(n.tags), n.type, n.author, dict(n.metadata),
             n.created_at, n.updated_at)
            for n in kept
        ),
    )  # fmt: skip
    outbox.texts(w, "note", [n.id for n in kept])


def draw_numbers(w: Writer) -> None:
    """See that no number in use is ever given out again."""
    for sequence, highest in w.read("copies.highest")[0].items():
        draw_until(w, sequence, int(highest))


def draw_until(w: Writer, sequence: str, highest: int) -> None:
    """See that a sequence never gives out a number up to `highest` again."""
    missing = highest
    while missing > 0:
        last = int(w.run("copies.draw", sequence, 1)[0]["last"])
        if last < highest:
            last = int(w.run("copies.draw", sequence, min(highest - last, _DRAWN))[0]["last"])
        missing = highest - last


def open_packs(r: Reader) -> set[tuple[str, str]]:
    """Folder and name of the packs to which captures go on writing."""
    return {(row["folder"], row["pack"]) for row in r.read("copies.open_packs")}


def pack_names(r: Reader) -> set[tuple[str, str]]:
    """Folder and name of every pack that a frame lies in."""
    return {(row["folder"], row["pack"]) for row in r.read("copies.pack_names")}


def quiet(r: Reader, source_id: int, stages: Sequence[str] = ("see", "hear")) -> bool:
    """Whether no job works on a source, and the given stages of it that were begun have ended."""
    return bool(r.read("copies.undisturbed", source_id, list(stages))[0]["quiet"])


def worked_on(r: Reader, source_id: int) -> bool:
    """Whether a job works on a source now."""
    return bool(r.read("copies.worked_on", source_id)[0]["running"])


def untiled(r: Reader, limit: int) -> list[Mapping[str, Any]]:
    """Where a span does not begin at the end of the one before it."""
    return r.read("copies.untiled", limit)


def loose_ends(r: Reader, limit: int) -> dict[str, list[Mapping[str, Any]]]:
    """Rows that stand for nothing: spans that end before they start, frames without span, and so on."""
    return {name: r.read(f"copies.{name}", limit) for name in ("backwards", "spanless")} | {
        "frameless": r.read("copies.frameless")
    }


def awaited_paths(r: Reader) -> dict[str, bool]:
    """The files that jobs wait for or work on; whether the recording in each is not known yet.

    An upload stays where it is until its recording is known, and goes into that one's folder then.
    """
    return {str(row["path"]): bool(row["unknown"]) for row in r.read("copies.awaited_paths")}
