"""A range as one ZIP: recordings, frames, words, text on screen, notes, a contact sheet, a manifest.

Made while it is read: nothing is copied to the disk, and no more is in memory than one picture, a page of
rows and the table of contents. What cannot be had, such as a recording that is not kept, is named in the
manifest under `omitted`; anything else that goes wrong breaks the stream off.
"""

import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import mem
from mem import folders, pictures, transcripts, types
from mem.errors import ExportTooLarge, MediaError, NotFound, ReelDamaged
from mem.memory import Memory
from mem.ops.export import recording, sheet
from mem.ops.export.archive import Archive
from mem.store import forgetting, frames, ranges, sources
from mem.transcripts import Form
from mem.types import Frame, Source, Span, written

Reading = Callable[[Memory, Path, Frame], bytes]
_FORMS: tuple[Form, ...] = ("srt", "vtt", "txt")
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What is asked for: ``[start, end)`` of one source or of all."""

    start: datetime
    end: datetime
    source_id: int | None
    defaulted: bool  # whether an end was left to the server


def pieces(memory: Memory, asked: Range) -> Iterator[bytes]:
    """The archive's bytes. Raises NotFound or ExportTooLarge at the call, before the first of them."""
    if asked.source_id is not None:
        sources.get(memory.db, asked.source_id)
    most = memory.config.api.export_max_frames
    number = ranges.showing(memory.db, asked.start, asked.end, asked.source_id)
    if number > most:
        raise ExportTooLarge(f"The range holds {number:,} frames; an export holds {most:,}.")
    return _Export(memory, asked).pieces()


class _Export:
    """One export under way."""

    def __init__(self, memory: Memory, asked: Range) -> None:
        self._memory, self._asked = memory, asked
        self._archive = Archive()
        self._told: list[dict[str, object]] = []  # of the sources
        self._omitted: list[dict[str, object]] = []

    def pieces(self) -> Iterator[bytes]:
        """All of it."""
        asked, db = self._asked, self._memory.db
        for source in forgetting.overlapping(db, asked.start, asked.end, asked.source_id):
            if source.ended_at is not None or source.state == "processing":
                yield from self._source(source)
        notes = ranges.noted(db, asked.start, asked.end, asked.source_id)
        yield from self._json("notes.json", "notes", map(asdict, notes))
        manifest = json.dumps(self._manifest(), default=_plain, ensure_ascii=False, indent=1)
        yield from self._archive.add("manifest.json", [manifest.encode()], types.now(), squeeze=True)
        yield from self._archive.close()

    def _source(self, source: Source) -> Iterator[bytes]:
        folder = f"{_stamp(source.started_at)}-{source.id}-{_slug(Path(source.name).stem)}"
        zero, made = max(source.started_at, self._asked.start), len(self._archive.entries)
        facts: dict[str, object] = {"id": source.id, "name": source.name, "folder": folder}
        with ExitStack() as stack:
            try:
                zero = yield from self._recording(source, folder, stack)
                facts["recording"] = self._archive.entries[-1].name
            except (MediaError, NotFound) as error:
                self._omitted.append({"source": source.id, "what": "recording", "why": error.detail})
        shown = yield from self._frames(source, folder)
        said = yield from self._words(source, folder, zero)
        yield from self._screen(source, folder)
        yield from self._sheet(source, folder, shown)
        self._told.append(
            {
                **facts,
                "location": source.location,
                "device": source.device,
                "started_at": source.started_at,
                "ended_at": source.ended_at,
                "zero": zero,  # the instant of 0:00 in the recording's part and the subtitles
                "frames": len(shown),
                "segments": said,
                "files": len(self._archive.entries) - made,
            }
        )

    def _recording(self, source: Source, folder: str, stack: ExitStack) -> Generator[bytes, None, datetime]:
        """The part of the recording; its value is the instant that is time 0 of it."""
        part = recording.find(self._memory, source, self._asked.start, self._asked.end, stack)
        name = f"{folder}/recording{part.suffix}"
        yield from self._archive.add(
            name, self._unbroken(source, part.pieces), source.started_at, size=part.size
        )
        return part.zero

    def _unbroken(self, source: Source, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces up to where the recording cannot be read further, which the manifest then says."""
        try:
            yield from pieces
        except MediaError as error:
            why = f"It ends early: {error.detail}"
            self._omitted.append({"source": source.id, "what": "rest of the recording", "why": why})

    def _frames(self, source: Source, folder: str) -> Generator[bytes, None, list[Frame]]:
        """The pictures and the list of when each stood; the value is them, in the order of time."""
        spans = list(ranges.spans(self._memory.db, self._asked.start, self._asked.end, source.id))
        shown: list[Frame] = []
        for page in _pages(list(dict.fromkeys(span.frame_id for span in spans))):
            found = frames.by_ids(self._memory.db, page)
            shown += [found[number] for number in page if number in found]
        names = {frame.id: f"{folder}/frames/{_stamp(frame.first_seen)}.{frame.format}" for frame in shown}
        for frame in shown:
            data = self._picture(pictures.whole, source, frame)
            if data is not None:
                yield from self._archive.add(names[frame.id], [data], frame.first_seen, size=len(data))
        rows = (_shown(span, names[span.frame_id]) for span in spans if span.frame_id in names)
        yield from self._json(f"{folder}/frames.json", "spans", rows)
        return shown

    def _words(self, source: Source, folder: str, zero: datetime) -> Generator[bytes, None, int]:
        """The transcript in every form; the value is how many segments it has."""
        counted = 0
        shifted = replace(source, started_at=zero)
        for form in _FORMS:
            segments = ranges.segments(self._memory.db, self._asked.start, self._asked.end, source.id)
            text = (piece.encode() for piece in transcripts.rendered(shifted, segments, form))
            yield from self._archive.add(f"{folder}/transcript.{form}", text, source.started_at, squeeze=True)

        def counting() -> Iterator[dict[str, object]]:
            nonlocal counted
            for segment in ranges.segments(self._memory.db, self._asked.start, self._asked.end, source.id):
                counted += 1
                yield transcripts.timed(shifted, segment)

        yield from self._json(f"{folder}/transcript.json", "segments", counting(), zero=written(zero))
        return counted

    def _screen(self, source: Source, folder: str) -> Iterator[bytes]:
        rows = ranges.screen_texts(self._memory.db, self._asked.start, self._asked.end, source.id)
        yield from self._json(f"{folder}/screen.json", "lines", map(dict, rows))

    def _sheet(self, source: Source, folder: str, shown: list[Frame]) -> Iterator[bytes]:
        step = max(1, -(-len(shown) // sheet.MOST))
        chosen = shown[::step]
        small = [
            (frame.first_seen, data)
            for frame in chosen
            if (data := self._picture(pictures.thumbnail, source, frame)) is not None
        ]
        if small:
            page = sheet.draw(f"{source.name}, from {written(source.started_at)}", small)
            yield from self._archive.add(
                f"{folder}/contact-sheet.jpg", [page], source.started_at, size=len(page)
            )

    def _picture(self, read: Reading, source: Source, frame: Frame) -> bytes | None:
        try:
            return read(self._memory, folders.of(self._memory, source), frame)
        except (NotFound, ReelDamaged) as error:
            self._omitted.append({"source": source.id, "what": f"frame {frame.id}", "why": error.detail})
            return None

    def _json(
        self, name: str, key: str, rows: Iterable[dict[str, object]], **head: object
    ) -> Iterator[bytes]:
        yield from self._archive.add(name, _listed(key, rows, head), types.now(), squeeze=True)

    def _manifest(self) -> dict[str, object]:
        asked = self._asked
        return {
            "mem": mem.__version__,
            "made_at": types.now(),
            "from": asked.start,
            "to": asked.end,
            "range_defaulted": asked.defaulted,
            "source": asked.source_id,
            "sources": self._told,
            "omitted": self._omitted,
            "counts": {"files": len(self._archive.entries), "sources": len(self._told)},
            "bytes": sum(entry.bytes for entry in self._archive.entries),
            "files": [asdict(entry) for entry in self._archive.entries],
        }


def _shown(span: Span, name: str) -> dict[str, object]:
    return {
        "start": span.start,
        "end": span.end,
        "samples": span.samples,
        "frame": span.frame_id,
        "file": name,
    }


def _listed(key: str, rows: Iterable[dict[str, object]], head: dict[str, object]) -> Iterator[bytes]:
    """A JSON object with one list, row by row."""
    begin = "".join(f"{json.dumps(name)}: {json.dumps(value)}, " for name, value in head.items())
    yield f"{{{begin}{json.dumps(key)}: [".encode()
    for number, row in enumerate(rows):
        text = json.dumps(row, default=_plain, ensure_ascii=False)
        yield (",\n" if number else "\n").encode() + text.encode("utf-8", "backslashreplace")
    yield b"\n]}\n"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, tuple):
        return list(value)
    return dict(value)  # type: ignore[call-overload]


def _pages(ids: list[int]) -> Iterator[list[int]]:
    return (ids[first : first + _PAGE] for first in range(0, len(ids), _PAGE))


def _stamp(moment: datetime) -> str:
    """An instant as a file's name: UTC, to the millisecond, such as 2026-11-20T14-00-05.500Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").replace(":", "-")


def _slug(name: str) -> str:
    """What of a name may stand in a file's name anywhere."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60] or "source"
