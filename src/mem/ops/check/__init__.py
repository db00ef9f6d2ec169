"""Looking whether all is as it should be, while everything goes on, and mending what can be made again."""

import logging
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from mem import folders, reindex
from mem.errors import MemError, Stopped
from mem.memory import Memory
from mem.ops import chores
from mem.ops.check import copies, pictures, rest, rows
from mem.ops.check.findings import CODES, MOST, REPAIRED, Depth, Finding, Report, finding
from mem.ops.chores import Stopping, Tell
from mem.store import blocks, sources
from mem.types import Source

__all__ = ["CODES", "Depth", "Finding", "Report", "check", "unopened"]

log = logging.getLogger(__name__)


@dataclass
class _Found:
    """The findings so far; of one kind no more than MOST are listed."""

    listed: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, more: list[Finding]) -> None:
        for one in more:
            self.counts[one.code] += 1
            if self.counts[one.code] <= MOST:
                self.listed.append(one)


def check(
    memory: Memory,
    depth: Depth = "normal",
    *,
    repair: bool = False,
    tell: Tell = chores.silently,
    stopped: Stopping = chores.never,
) -> Report:
    """Look at everything; with `repair`, mend what can be made again from something that is whole.

    quick: blocks, rows and whether files are there. normal: also each frame's place in its pack, the copies
    in the folders and some texts in the index. deep: also every byte of packs and recordings.
    """
    began, found, seen = time.monotonic(), _Found(), pictures.Seen()
    tell(0.0, "reading the database")
    damaged, read = rows.look_at_blocks(memory)
    found.add(damaged)
    number = 0
    if not damaged:  # else reading on could end the server
        unreadable, number = rows.look_at_values(memory)
        found.add(unreadable)
    looked = 0
    if not found.listed:
        found.add(list(rows.look_at_spans(memory)))
        looked = _sources(memory, depth, found, seen, tell, stopped)
        found.add(rest.look_at_index(memory, depth))
        for look in (rest.look_at_folders, rest.look_at_uploads, rest.look_at_leftovers):
            found.add(list(look(memory)))
    listed = [_repaired(memory, one) for one in found.listed] if repair else found.listed
    report = Report(
        depth=depth,
        good=all(one.repaired for one in listed) and sum(found.counts.values()) == len(listed),
        findings=tuple(listed),
        more=sum(found.counts.values()) - len(listed),
        blocks=read,
        rows=number,
        sources=looked,
        frames=seen.frames,
        bytes=seen.bytes,
        seconds=round(time.monotonic() - began, 3),
    )
    log.info("checked", extra={"action": "checked", "depth": depth, "findings": sum(found.counts.values())})
    return report


def unopened(file: Path, why: MemError) -> Report:
    """What can be said of a database that cannot be opened: which of its blocks are damaged."""
    found = [finding("database_unreadable", file.name, why.detail)]
    read = None
    if file.is_file():
        look = blocks.check(file)
        read = look.read
        found += [finding("database_damaged", f"{file.name}, {place}") for place in look.damaged]
    return Report(
        depth="quick", good=False, findings=tuple(found), more=0, blocks=read, rows=0, sources=0, frames=0,
        bytes=0, seconds=0.0,
    )  # fmt: skip


def _sources(
    memory: Memory, depth: Depth, found: _Found, seen: pictures.Seen, tell: Tell, stopped: Stopping
) -> int:
    """Each recording by itself; how many there were."""
    whole = sum(sources.counts(memory.db).values())
    number = 0
    for number, source in enumerate(rows.every_source(memory), 1):
        if stopped():
            raise Stopped
        wrong = _source(memory, source, depth, seen)
        if wrong:  # it may have been changed under the look
            present = sources.by_ids(memory.db, [source.id]).get(source.id)
            wrong = [] if present is None else _source(memory, present, depth, pictures.Seen())
        found.add(wrong)
        tell(0.1 + 0.8 * number / max(1, whole), "looking at the recordings")
    return number


def _source(memory: Memory, source: Source, depth: Depth, seen: pictures.Seen) -> list[Finding]:
    found = pictures.look(memory, source, depth, seen)
    found += copies.look_at_original(memory, source, depth)
    if depth != "quick":
        found += copies.look(memory, source)
    return found


def _repaired(memory: Memory, one: Finding) -> Finding:
    """The finding, mended where that can be done."""
    if one.code not in REPAIRED:
        return one
    folder, _, name = one.place.rpartition("/")
    tail = folder.rpartition("/")[2]
    source = sources.by_ids(memory.db, [int(tail)]).get(int(tail)) if tail.isdecimal() else None
    try:
        if one.code == "index_differs":
            reindex.renew(memory.db, memory.index)
        elif one.code in ("upload_orphan", "leftover"):
            rest.remove(memory, one.place)
        elif source is None:
            return one
        elif one.code == "pack_tail":
            pictures.cut_tail(memory, source)
        elif one.code == "original_missing":
            with memory.db.write() as w:
                sources.drop_original(w, source.id)
            folders.write_source(memory, source.id)
        elif name == "packs.jsonl":
            return one if _packs_wrong(memory, source) else _written(memory, source, one)
        else:
            copies.mend(memory, source.id, name)
    except MemError as error:
        return replace(one, detail=f"{one.detail}; not mended: {error.detail}")
    return replace(one, repaired=True)


def _packs_wrong(memory: Memory, source: Source) -> bool:
    """Whether pictures are damaged: then no sum of the packs may be made from them."""
    codes = ("pack_missing", "pack_short", "frame_header", "frame_damaged")
    return any(one.code in codes for one in pictures.look(memory, source, "deep", pictures.Seen()))


def _written(memory: Memory, source: Source, one: Finding) -> Finding:
    folders.write_frames(memory, source.id)
    return replace(one, repaired=True)
