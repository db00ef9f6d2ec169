"""The folder of one recording: everything needed to make its rows again.

``source.json`` says what the recording is and when it began, ``transcript.jsonl`` what was said,
``notes.jsonl`` what was written about it; the packs beside them hold its pictures. They are copies
of committed rows, replaced whole, so a reader sees the old file or the new one and never a part.
"""

import dataclasses
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from mem import types
from mem.errors import DiskFull
from mem.memory import Memory
from mem.store import notes, sources, texts
from mem.types import Note, Segment, Source

ORIGINAL = "original"
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
    _copy(memory, source_id, "source.json", lambda source: [source])


def write_transcript(memory: Memory, source_id: int) -> None:
    """Write transcript.jsonl from the rows, one segment a line."""
    _copy(memory, source_id, "transcript.jsonl", lambda source: texts.of_source(memory.db, source.id))


def write_notes(memory: Memory, source_id: int) -> None:
    """Write notes.jsonl from the rows about this source, one note a line."""
    _copy(memory, source_id, "notes.jsonl", lambda source: notes.of_source(memory.db, source.id))


def _copy(
    memory: Memory, source_id: int, name: str, rows: Callable[[Source], Iterable[Source | Segment | Note]]
) -> None:
    """Put the rows in place of a file of the source's folder, durably and all at once.

    One copy at a time: each is made whole from the rows, so the one that ends last is the newest. A
    source that was deleted meanwhile gets no folder again.
    """
    with memory.copying:
        source = sources.by_ids(memory.db, [source_id]).get(source_id)
        if source is None:
            return
        file = of(memory, source) / name
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = file.with_name(f".{name}.part")
        with part.open("w", encoding="utf-8") as out:
            out.writelines(f"{_line(row)}\n" for row in rows(source))
            out.flush()
            os.fdatasync(out.fileno())
        part.replace(file)


def free_bytes(memory: Memory) -> int:
    """Free bytes on the volume of the data directory."""
    return shutil.disk_usage(memory.folder).free


def least_free(memory: Memory) -> int:
    """Bytes that must stay free on the volume of the data directory."""
    return max(memory.config.storage.min_free_bytes, _LEAST_FREE)


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


def _line(value: Source | Segment | Note) -> str:
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
