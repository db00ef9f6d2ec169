"""The folder of one recording: everything needed to make its rows again.

``source.json`` says what the recording is and when it began, ``transcript.jsonl`` what was said,
``screen.jsonl`` what was to be read on screen,
``notes.jsonl`` what was written about it, ``frames.jsonl`` and ``spans.jsonl`` what was shown; the packs
beside them hold its pictures. They are copies of committed rows, replaced whole, so a reader sees the old
file or the new one and never a part.
"""

import dataclasses
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from mem import failpoints, kept, types
from mem.errors import DiskFull, no_room
from mem.memory import Memory
from mem.packs import Sum
from mem.store import copies, notes, screen, sources, texts
from mem.types import Checkpoint, Frame, Note, ScreenText, Segment, Source, Span

log = logging.getLogger(__name__)

ORIGINAL = "original"
_LEFT = "-left"  # ends the name of one for which there was no room
_OWED = "owed-"  # marks in data/tmp: copies that are to follow the rows
LOOSE_NOTES = "sources/notes.jsonl"  # notes about the time itself, whatever was recorded
Copied = Source | Segment | Note | ScreenText | Frame | Span | Checkpoint | Sum
Copies = dict[str, Callable[[Source], Iterable[Copied]]]  # what stands in the files of a folder, by name
# Bytes that recordings leave free whatever is configured: twice what the database asks for, so that on a
# volume full of recordings a job's end can still be written down and a source deleted.
_LEAST_FREE = 16 * 2**20


def of(memory: Memory, source: Source) -> Path:
    """The folder of `source`, which exists once something was stored in it."""
    return memory.folder / source.folder


def media_file(memory: Memory, source: Source) -> Path | None:
    """The recording itself: the kept original, or the file that was captured by path."""
    if source.original is not None:
        return of(memory, source) / source.original
    return Path(source.path) if source.path is not None else None


def write_source(memory: Memory, source_id: int) -> None:
    """Write source.json from the row."""
    _copy(memory, source_id, {"source.json": lambda source: [source]})


def write_transcript(memory: Memory, source_id: int) -> None:
    """Write transcript.jsonl from the rows, one segment a line."""
    _copy(memory, source_id, {"transcript.jsonl": lambda source: texts.of_source(memory.db, source.id)})


def write_notes(memory: Memory, source_id: int) -> None:
    """Write notes.jsonl from the rows about this source, one note a line."""
    _copy(memory, source_id, {"notes.jsonl": lambda source: notes.of_source(memory.db, source.id)})


def write_screen(memory: Memory, source_id: int) -> None:
    """Write screen.jsonl from the rows, one line of text a line, and how far the reading is."""
    db = memory.db
    copied: Copies = {
        "screen.jsonl": lambda source: screen.of_source(db, source.id),
        "checkpoints.jsonl": lambda source: copies.checkpoints_of(db, source.id),
    }
    _copy(memory, source_id, copied)


def write_loose_notes(memory: Memory) -> None:
    """Write the notes that are about the time itself, one a line."""
    with memory.copying:
        _write(memory.folder / LOOSE_NOTES, copies.loose_notes(memory.db))


def write_frames(memory: Memory, source_id: int) -> None:
    """Write frames.jsonl, spans.jsonl and checkpoints.jsonl from the rows, and packs.jsonl from the packs.

    For a source whose capture has ended, and again whenever its pictures change: until then its packs'
    own records say what they hold.
    """
    _copy(memory, source_id, _pictures(memory))
    kept.changed(memory, source_id)


def write_captured(memory: Memory, source_id: int) -> None:
    """Write all that a capture made."""
    told: Copies = {
        "source.json": lambda source: [source],
        "transcript.jsonl": lambda source: texts.of_source(memory.db, source.id),
    }
    _copy(memory, source_id, told | _pictures(memory))
    kept.changed(memory, source_id)


def _pictures(memory: Memory) -> Copies:
    db = memory.db
    return {
        "frames.jsonl": lambda source: copies.frames_of(db, source.id),
        "spans.jsonl": lambda source: copies.spans_of(db, source.id),
        "checkpoints.jsonl": lambda source: copies.checkpoints_of(db, source.id),
        "packs.jsonl": lambda source: kept.sums(of(memory, source)),
    }


def _copy(memory: Memory, source_id: int, files: Copies) -> None:
    """Put rows in place of files of the source's folder, each durably and all at once.

    One copy at a time: each is made whole from the rows, so the one that ends last is the newest. A
    source that was deleted meanwhile gets no folder again.
    """
    with memory.copying:
        source = sources.find(memory.db, source_id)
        if source is not None:
            for name, rows in files.items():
                _write(of(memory, source) / name, rows(source))


def _write(file: Path, rows: Iterable[Copied]) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    with part.open("w", encoding="utf-8") as out:
        out.writelines(f"{line(row)}\n" for row in rows)
        out.flush()
        os.fdatasync(out.fileno())
    failpoints.reach("copy.written")
    part.replace(file)
    failpoints.reach("copy.named")


def mark(memory: Memory, source_ids: Iterable[int | None]) -> None:
    """Note, before rows change, that this thread owes these sources new copies; None: the loose notes."""
    for source_id in source_ids:
        _mark(memory, source_id).touch()


def unmark(memory: Memory, source_ids: Iterable[int | None]) -> None:
    """Note that the copies were made."""
    for source_id in source_ids:
        _mark(memory, source_id).unlink(missing_ok=True)


@contextmanager
def owing(memory: Memory, source_id: int) -> Iterator[None]:
    """Owe a source new copies from here on, until they are made at the end of the block."""
    mark(memory, [source_id])
    yield
    unmark(memory, [source_id])


@contextmanager
def repaying(memory: Memory, source_ids: Iterable[int | None]) -> Iterator[None]:
    """Make copies that are owed since `mark`, in the block; where there is no room `repay` makes them later.

    The rows are committed by then, so a full disk must not look as if nothing had been written.
    """
    owed = list(source_ids)
    try:
        yield
    except OSError as error:
        if not no_room(error):
            raise
        for source_id in owed:
            mark = _mark(memory, source_id)
            with suppress(OSError):  # then the next start finds it
                mark.replace(mark.with_name(f"{mark.name}-{time.monotonic_ns()}{_LEFT}"))
        log.warning("no room for copies of rows", extra={"action": "copies_owed", "count": len(owed)})
        return
    unmark(memory, owed)


def repay(memory: Memory) -> None:
    """Make the copies for which there was no room. Raises DiskFull where there still is none."""
    for mark in (memory.folder / "tmp").glob(f"{_OWED}*{_LEFT}"):
        guard_space(memory)
        _pay(memory, mark)


def owed(memory: Memory) -> set[int]:
    """The sources that are owed copies."""
    return {_number(mark) for mark in (memory.folder / "tmp").glob(f"{_OWED}*")} - {0}


def mend(memory: Memory) -> None:
    """Make the copies that a process owed when it died."""
    for mark in (memory.folder / "tmp").glob(f"{_OWED}*"):
        _pay(memory, mark)


def _pay(memory: Memory, mark: Path) -> None:
    number = _number(mark)
    if number == 0:
        write_loose_notes(memory)
    write_source(memory, number)
    write_transcript(memory, number)
    write_notes(memory, number)
    if _has(memory, number, "frames.jsonl"):
        write_frames(memory, number)
    if _has(memory, number, "screen.jsonl"):
        write_screen(memory, number)
    mark.unlink(missing_ok=True)


def _number(mark: Path) -> int:
    return int(mark.name.removeprefix(_OWED).split("-")[0])


def _has(memory: Memory, source_id: int, name: str) -> bool:
    source = sources.by_ids(memory.db, [source_id]).get(source_id)
    return source is not None and (of(memory, source) / name).exists()


def _mark(memory: Memory, source_id: int | None) -> Path:
    """One for each thread, so that none takes away what another still owes. No source has the number 0."""
    return memory.folder / "tmp" / f"{_OWED}{source_id or 0}-{threading.get_ident()}"


def free_bytes(memory: Memory) -> int:
    """Free bytes on the volume of the data directory."""
    return shutil.disk_usage(memory.folder).free


def least_free(memory: Memory) -> int:
    """Bytes that must stay free on the volume of the data directory."""
    return at_least(memory.config.storage.min_free_bytes)


def at_least(min_free_bytes: int) -> int:
    """The same for what `storage.min_free_bytes` says."""
    return max(min_free_bytes, _LEAST_FREE)


def guard_space(memory: Memory, wanted: int = 0) -> None:
    """Raise DiskFull when writing `wanted` bytes would leave less than `least_free`."""
    least, free = least_free(memory), free_bytes(memory)
    if free - wanted < least:
        raise DiskFull(f"{free:,} bytes are free; {wanted:,} are wanted and {least:,} must stay free.")


def sync_names(folder: Path) -> None:
    """Make durable which files `folder` has."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def line(value: Copied) -> str:
    """A row as the folder's files hold it."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return types.written(value)
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
