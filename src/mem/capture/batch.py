"""What taking many recordings in will mean, said before any of them is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mem import types
from mem.capture import look
from mem.errors import MemError
from mem.media import clock
from mem.memory import Memory
from mem.store import sources
from mem.store.database import Row
from mem.types import Confidence, TimeSource

MOST_FILES = 1_000  # of one plan
MOST_PROBED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFile:
    """One recording that is to be taken in."""

    path: str
    size: int  # bytes
    source_id: int | None  # as which it is whole in the memory, by path, size and time: it need not be read
    started_at: datetime | None  # by its name or a file beside it; None: only a look into it can say
    time_source: TimeSource | None
    time_confidence: Confidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What taking files in will mean; those that are not there, or may not be captured, are left out."""

    files: tuple[PlannedFile, ...]
    bytes_per_second: float | None  # of the new recordings, by a look into a few; None: it was not taken


def plan(memory: Memory, paths: Mapping[str, Path], *, probe: int) -> Plan:
    """What capturing files will mean: `paths` maps what they are called to their real paths.

    `probe` of the new ones are opened to tell their rate.
    """
    known = sources.whole_at(memory.db, [str(path) for path in paths.values()])
    found = (_planned(memory, name, path, known) for name, path in paths.items())
    files = [file for file in found if file is not None]
    new = [file for file in files if file.source_id is None]
    step = max(1, len(new) // probe) if probe else 1
    return Plan(files=tuple(files), bytes_per_second=_rate(memory, new[::step][:probe]))


def _planned(memory: Memory, name: str, path: Path, known: Mapping[str, Row]) -> PlannedFile | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    row, last_year = known.get(str(path)), types.now().year + 1
    modified = datetime.fromtimestamp(stat.st_mtime, UTC)
    same = row is not None and row["size"] == stat.st_size and modified <= row["added_at"]
    zone = memory.config.zone
    start = clock.from_sidecars(look.sidecars(path), zone, last_year)
    start = start or clock.from_name(path.name, zone, last_year)
    return PlannedFile(
        path=name,
        size=stat.st_size,
        source_id=row["id"] if row is not None and same else None,
        started_at=start.start if start else None,
        time_source=start.source if start else None,
        time_confidence=start.confidence if start else None,
    )


def _rate(memory: Memory, files: Sequence[PlannedFile]) -> float | None:
    """Bytes of these recordings in a second of them; a file that is no recording is not counted."""
    size, duration_ms = 0, 0
    for file in files:
        try:
            media = look.probe(memory, Path(file.path), lambda: False)
        except MemError:
            continue
        if media.duration_ms:
            size, duration_ms = size + file.size, duration_ms + media.duration_ms
    memory.eye.leave()
    return size * 1000 / duration_ms if duration_ms else None
