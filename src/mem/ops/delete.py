"""Deleting: a source, or whatever lies in an interval.

A deletion begins with a receipt and ends with it: cut short by anything, it is done to its end at the
next start. What it removes:

- a source that lies in the interval whole goes with everything: rows, folder, jobs;
- of one that lies in it partly go the pictures taken in it (with all that they stood for), its words and
  notes that touch it, and the recording as a whole, since it cannot be cut without coding it anew. A
  file that was captured by path is no longer known, but stays where it is: it is not Mem's;
- notes about the time itself that touch it, unless one source was asked for;
- what the search index holds of all that.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mem import failpoints, folders, kept, reindex, types
from mem.errors import Conflict, MemError, Pinned
from mem.memory import Memory
from mem.ops import clearing, overwriting, redact, repack
from mem.ops.redact import Redaction
from mem.store import forgetting, jobs, pins, receipts, sources
from mem.store.database import Reader, Writer
from mem.types import Receipt, Source, after, milliseconds, written

log = logging.getLogger(__name__)

_TABLES = ("frames", "spans", "segments", "screen_texts", "notes")
_FOUND = ("sources", "segments", "notes", "screen_texts")  # that the search index knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What a deletion of an interval would remove. Bytes are those of files."""

    sources: int  # that go whole
    cut_sources: int  # that lie in it partly
    frames: int
    spans: int
    segments: int
    screen_texts: int
    notes: int
    originals: int  # recordings as they were uploaded
    detached: int  # recordings elsewhere that Mem will not refer to any more; their files stay
    original_bytes: int
    pack_bytes: int
    uncovered_ms: int  # time outside the interval that loses its picture, since that was taken in it


def extent(memory: Memory, start: datetime, end: datetime, source_id: int | None) -> Extent:
    """What deleting ``[start, end)`` would remove. Raises NotFound for an unknown source."""
    rows: dict[str, int] = {}
    found = overlapping(memory.db, start, end, source_id)
    for source in found:
        whole = _whole(source, start, end)
        counted = sources.extent(memory.db, source.id) if whole else None
        counted = counted or forgetting.extent(memory.db, source.id, start, end)
        packed = _pack_bytes(memory, source) if whole else _picture_bytes(memory, source, start, end)
        facts = {
            **{name: counted.get(name, 0) for name in _TABLES},
            "sources": int(whole),
            "cut_sources": int(not whole),
            "originals": int(source.original is not None),
            "detached": int(source.path is not None),
            "original_bytes": _original_bytes(memory, source),
            "pack_bytes": packed,
            "uncovered_ms": 0 if whole else forgetting.uncovered_ms(memory.db, source.id, start, end),
        }
        rows = {name: rows.get(name, 0) + number for name, number in facts.items()}
    if source_id is None:
        rows["notes"] = rows.get("notes", 0) + forgetting.loose_notes(memory.db, start, end)
    names = Extent.__dataclass_fields__
    return Extent(**{name: rows.get(name, 0) for name in names})


def begin_interval(
    memory: Memory, start: datetime, end: datetime, source_id: int | None, *, by: str
) -> Receipt:
    """Decide that ``[start, end)`` is deleted; `go_on` does it.

    Raises NotFound for an unknown source, Pinned, and Conflict while a job works on a source in it.
    """
    asked = {"from": written(start), "to": written(end), "source": source_id}
    with memory.db.write() as w:
        for source in overlapping(w, start, end, source_id):
            refuse_while_working(w, source.id)
            clearing.refuse_foreign(memory, source)
        _refuse_pinned(w, start, end, source_id)
        receipt = receipts.begin(w, kind="interval", asked=asked, by=by, now=types.now())
    failpoints.reach("delete.noted")
    return receipt


def begin_redaction(memory: Memory, wanted: Redaction, *, by: str) -> Receipt:
    """Decide that something is made unrecognisable; `go_on` does it.

    Raises NotFound for an unknown source, Pinned, and Conflict while a job works on a source in it.
    """
    with memory.db.write() as w:
        for found in overlapping(w, wanted.start, wanted.end, wanted.source_id):
            refuse_while_working(w, found.id)
            clearing.refuse_foreign(memory, found)
        _refuse_pinned(w, wanted.start, wanted.end, wanted.source_id)
        receipt = receipts.begin(w, kind="redaction", asked=wanted.asked(), by=by, now=types.now())
    failpoints.reach("redact.noted")
    return receipt


def source(memory: Memory, source_id: int, *, by: str = "local") -> Receipt:
    """Delete a source and everything that was made from it.

    Raises NotFound, Pinned, and Conflict while a job about it has not ended.
    """
    with memory.db.write() as w:
        found = sources.get(w, source_id)
        refuse_while_working(w, source_id)
        clearing.refuse_foreign(memory, found)
        _refuse_pinned(w, found.started_at, _end(found) or after(found.started_at, 1), source_id)
        receipt = receipts.begin(w, kind="source", asked={"source": source_id}, by=by, now=types.now())
    failpoints.reach("delete.noted")
    return go_on(memory, receipt)


def go_on(memory: Memory, receipt: Receipt) -> Receipt:
    """Bring a deletion that has begun to its end. Raises Conflict, or DiskFull: then it stays begun."""
    with clearing.turn(memory):
        receipt = receipts.get(memory.db, receipt.id)
        if receipt.state == "done":
            return overwriting.told(memory, receipt)
        clearing.clear(memory, receipt.id)
        if receipt.kind == "source":
            for found in sources.by_ids(memory.db, [int(str(receipt.asked["source"]))]).values():
                remove(memory, receipt.id, found)
        elif receipt.kind == "interval":
            _interval(memory, receipt)
        elif receipt.kind == "redaction":
            _redact(memory, receipt)
        return conclude(memory, receipt.id)


def conclude(memory: Memory, receipt_id: int) -> Receipt:
    """Take out of index and database file what went, and close the receipt."""
    found = bool(receipts.get(memory.db, receipt_id).removed.keys() & set(_FOUND))
    if found:
        reindex.purge(memory.db, memory.index)
        if memory.meaning is not None:
            memory.meaning.prune()
        overwriting.note(memory, receipt_id)
    with memory.db.write() as w:
        receipt = receipts.finish(w, receipt_id, types.now())
    if found:
        overwriting.soon(memory)
    facts = {"action": "deleted", "receipt": receipt.id, "kind": receipt.kind, "bytes": receipt.freed_bytes}
    log.info("deletion done", extra={**facts, **receipt.removed})
    return overwriting.told(memory, receipt)


def finish(memory: Memory) -> None:
    """Bring deletions to their end that were cut short; one that cannot go on now is tried again later."""
    for receipt in receipts.unfinished(memory.db):
        try:
            go_on(memory, receipt)
        except MemError as error:
            facts = {"action": "deletion_waits", "receipt": receipt.id, "detail": error.detail}
            log.warning("deletion waits", extra=facts)


def remove(memory: Memory, receipt_id: int, found: Source) -> None:
    """Remove a whole source for a receipt. Raises Conflict while a job works on it."""
    clearing.refuse_foreign(memory, found)
    with memory.copying:
        size = kept.folder_bytes(folders.of(memory, found))
        with memory.db.write() as w:
            refuse_while_working(w, found.id)
            removed = sources.delete(w, found.id)
            receipts.add(w, receipt_id, removed, [(found.folder, size)])
        failpoints.reach("delete.committed")
        clearing.clear(memory, receipt_id)


def refuse_while_working(r: Reader, source_id: int) -> None:
    """Raise Conflict while a job about the source has not ended.

    Reading its screen is no hindrance: who changes its spans interrupts that; it goes on with what is left.
    """
    for job in jobs.active_of(r, source_id):
        if job.kind == "screen":
            continue
        raise Conflict(
            f"Job {job.id} about source {source_id} is {job.state}.",
            hint="Wait for its end, or cancel it first.",
        )


def _interval(memory: Memory, receipt: Receipt) -> None:
    start = datetime.fromisoformat(str(receipt.asked["from"]))
    end = datetime.fromisoformat(str(receipt.asked["to"]))
    source_id = None if receipt.asked["source"] is None else int(str(receipt.asked["source"]))
    for found in forgetting.overlapping(memory.db, start, end, source_id):
        if _touches(found, start, end):
            if _whole(found, start, end):
                remove(memory, receipt.id, found)
            else:
                _cut(memory, receipt.id, found, start, end)
    if source_id is None:
        with memory.db.write() as w:
            notes = forgetting.delete_loose_notes(w, start, end)
            receipts.add(w, receipt.id, {"notes": notes})
        folders.write_loose_notes(memory)


def _redact(memory: Memory, receipt: Receipt) -> None:
    """Words at once, then the pictures; they are counted when all are done, since each may be drawn twice."""
    wanted, drawn = Redaction.of(receipt), 0
    for found in forgetting.overlapping(memory.db, wanted.start, wanted.end, wanted.source_id):
        if _touches(found, wanted.start, wanted.end):
            with memory.db.write() as w:
                refuse_while_working(w, found.id)
            redact.words(memory, receipt.id, found, wanted)
            drawn += redact.pictures(memory, receipt.id, found, wanted)
    with memory.db.write() as w:
        receipts.add(w, receipt.id, {"pictures": drawn})


def _cut(memory: Memory, receipt_id: int, found: Source, start: datetime, end: datetime) -> None:
    """Take an interval out of a source: its rows at once, then pack by pack its pictures."""
    folder = folders.of(memory, found)
    with memory.db.write() as w:
        refuse_while_working(w, found.id)
        repack.refuse_if_moved(w, found)
        jobs.interrupt(w, found.id, "screen", types.now())
        removed = forgetting.cut(w, found.id, start, end)
        kept = {"originals": int(found.original is not None), "detached": int(found.path is not None)}
        names = [found.original] if found.original is not None else []
        names += [path.name for path in folder.glob("*.state*")]
        pending = [(f"{found.folder}/{name}", _size(memory, found, name)) for name in names]
        receipts.add(w, receipt_id, {**removed, **kept}, pending)
    failpoints.reach("delete.committed")
    clearing.clear(memory, receipt_id)
    gone: dict[str, Mapping[int, int | None]] = {
        pack: dict.fromkeys(ids) for pack, ids in forgetting.taken_in(memory.db, found.id, start, end).items()
    }
    bounds = milliseconds(start - found.started_at), milliseconds(end - found.started_at)
    repack.source(memory, receipt_id, found.id, gone, bounds)
    if folder.is_dir():
        folders.write_source(memory, found.id)
        folders.write_transcript(memory, found.id)
        folders.write_notes(memory, found.id)


def overlapping(r: Reader, start: datetime, end: datetime, source_id: int | None) -> list[Source]:
    """Sources that may hold something of ``[start, end)``. Raises NotFound for an unknown one."""
    if source_id is not None:
        sources.get(r, source_id)
    found = forgetting.overlapping(r, start, end, source_id)
    return [source for source in found if _touches(source, start, end)]


def _touches(found: Source, start: datetime, end: datetime) -> bool:
    """Whether a source may hold something of the interval; one of unknown length may reach anywhere."""
    until = _end(found)
    return found.started_at < end and (until is None or until > start)


def _whole(found: Source, start: datetime, end: datetime) -> bool:
    until = _end(found)
    return start <= found.started_at and until is not None and until <= end


def _end(found: Source) -> datetime | None:
    """Where a source ends, as far as that is known."""
    if found.ended_at is not None:
        return found.ended_at
    stated = found.media.duration_ms if found.media is not None else None
    return None if stated is None else after(found.started_at, max(stated, 1))


def _refuse_pinned(w: Writer, start: datetime, end: datetime, source_id: int | None) -> None:
    for pin in pins.touching(w, start, end, source_id):
        raise Pinned(f"Pin {pin.id} keeps {written(pin.start)} to {written(pin.end)}.")


def _original_bytes(memory: Memory, found: Source) -> int:
    return _size(memory, found, found.original) if found.original is not None else 0


def _size(memory: Memory, found: Source, name: str) -> int:
    return kept.size(folders.of(memory, found) / name) or 0


def _pack_bytes(memory: Memory, found: Source) -> int:
    return sum(kept.size(path) or 0 for path in kept.packs_of(folders.of(memory, found)))


def _picture_bytes(memory: Memory, found: Source, start: datetime, end: datetime) -> int:
    return forgetting.picture_bytes(memory.db, found.id, start, end)
