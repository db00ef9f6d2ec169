"""Giving back what the database and the packs hold and nobody needs.

DuckDB keeps the blocks of deleted rows; only a copy, in order of time, is without them. Packs hold dead
bytes where rows went and the pictures stayed; they are written anew by ops/repack.py.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from mem import folders, kept, packs, types
from mem.errors import Conflict, DiskFull
from mem.memory import Memory
from mem.ops import clearing, overwriting, records, repack, told
from mem.ops.check.rows import every_source
from mem.ops.chores import Stopping, Tell
from mem.store import copies, jobs, receipts, whole
from mem.store.database import Session
from mem.store.duck import DuckDatabase
from mem.types import Source

log = logging.getLogger(__name__)

_BLOCK = 512  # bytes to which a member of a pack is filled up
_IN_REEL = 160  # bytes of headers and padding that a picture in a reel of eight takes beside its own
_SLACK = 64 * 1024  # dead bytes in a pack that are not worth the writing
_QUIET, _LATEST = timedelta(hours=1), timedelta(hours=20)  # that deleted rows may lie in the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """Bytes on disk before and after."""

    database_before: int
    database_after: int
    packs_before: int
    packs_after: int
    packs_written: int


def compact(memory: Memory, tell: Tell, stopped: Stopping) -> Compacted:
    """Write the database anew, in order of time, and each pack of which much is dead.

    Writers wait while the rows are copied, readers while the files are exchanged. Cut short anywhere, the old
    file is there or the new one. PostgreSQL is left to its own VACUUM. Raises DiskFull, and TooBusy when
    somebody reads for too long.
    """
    before = memory.db.size_bytes()
    tell(0.0, "writing the packs anew")
    packs_before, packs_after, written = _packs(memory, tell, stopped)
    tell(0.7, "writing the database anew")
    _database(memory)
    done = Compacted(
        database_before=before,
        database_after=memory.db.size_bytes(),
        packs_before=packs_before,
        packs_after=packs_after,
        packs_written=written,
    )
    freed = before + packs_before - done.database_after - packs_after
    log.info("compacted", extra={"action": "compacted", "bytes": freed})
    return done


def daily(memory: Memory) -> bool:
    """Write the database anew where deleted rows lie in its file for long enough; whether that was done.

    That is an hour, if nothing is worked on then, and twenty whatever goes on. Raises as `compact` does.
    """
    begun = overwriting.since(memory)
    if begun is None or types.now() - begun < _QUIET:
        return False
    if types.now() - begun < _LATEST and jobs.counts(memory.db).get("running"):
        return False
    before = memory.db.size_bytes()
    _database(memory)
    freed = before - memory.db.size_bytes()
    log.info("deleted rows are out of the database", extra={"action": "compacted", "bytes": freed})
    return True


def _database(memory: Memory) -> None:
    """Write DuckDB's file anew, without what was deleted."""
    if not isinstance(memory.db, DuckDatabase):
        return
    size, free = memory.db.size_bytes(), folders.free_bytes(memory)
    if free < size + folders.at_least(memory.config.storage.min_free_bytes):
        raise DiskFull(f"{free:,} bytes are free; the copy of the database needs {size:,}.")
    noted = overwriting.notes(memory)
    memory.db.renew(_copy)
    overwriting.drop(noted)


def _copy(session: Session, file: Path) -> None:
    whole.renew(session, file)


def _packs(memory: Memory, tell: Tell, stopped: Stopping) -> tuple[int, int, int]:
    """Bytes of all packs before and after, and how many were written anew."""
    before = after = written = 0
    everything = list(every_source(memory))
    for number, source in enumerate(everything):
        tell(0.7 * number / len(everything), "looking for dead bytes")
        size = _size(memory, source)
        before += size
        if not stopped() and copies.quiet(memory.db, source.id):
            for name in _wasteful(memory, source):
                written += _write_anew(memory, source, name)
        after += _size(memory, source)
    return before, after, written


def _size(memory: Memory, source: Source) -> int:
    return sum(kept.size(path) or 0 for path in kept.packs_of(folders.of(memory, source)))


def _wasteful(memory: Memory, source: Source) -> list[str]:
    """The packs of a source with much in them that nothing names."""
    folder = folders.of(memory, source)
    live: dict[str, int] = {}
    for frame in copies.frames_of(memory.db, source.id):
        image = packs.room(frame.length) if frame.reel_offset is None else frame.length + _IN_REEL
        live[frame.pack] = live.get(frame.pack, 0) + image + packs.room(frame.thumb_length)
    found = []
    for name, live_bytes in live.items():
        size = kept.size(folder / name) or 0
        if size <= live_bytes + _SLACK:
            continue  # one in a bucket need not be fetched to know
        members = told.listed(kept.file(memory, folder / name))
        said = sum(2 * _BLOCK + each for _, each, member in members if member.endswith(records.SUFFIX))
        if size > live_bytes + said + _SLACK:
            found.append(name)
    return found


def _write_anew(memory: Memory, source: Source, name: str) -> int:
    """Write one pack anew with nothing but what rows and records name; cut short, the next start ends it."""
    with memory.db.write() as w:
        asked: dict[str, object] = {"source": source.id, "pack": name}
        receipt = receipts.begin(w, kind="retention", asked=asked, by="compact", now=types.now())
    written = 1
    try:
        with clearing.turn(memory):
            repack.anew(memory, receipt.id, source.id, name)
    except Conflict:
        written = 0
    with memory.db.write() as w:
        receipts.finish(w, receipt.id, types.now())
    return written
