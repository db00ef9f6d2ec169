"""The cold tier: packs that are old enough are written anew with their pictures coded as AV1 reels.

Each picture is compared with what it was before anything is written; a pack that would not become two fifths
smaller stays as it is and is not looked at again. As when a pack is compacted, the new one is on the disk
before the rows name it, and the old one goes after that. Thumbnails stay as they are.
"""

import contextlib
import fcntl
import logging
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from mem import folders, kept, packs, types
from mem.errors import (
    BadRequest,
    Conflict,
    DecoderCrashed,
    MediaError,
    MemError,
    NotFound,
    Stopped,
    Unreadable,
)
from mem.media import reel, sandbox
from mem.media.sandbox import Limits
from mem.media.wire import Message
from mem.memory import Memory
from mem.ops import chores, clearing, repack
from mem.ops.chores import Stopping, Tell
from mem.ops.repack import Reel
from mem.store import copies, forgetting, receipts, reels, sources
from mem.store.reels import Due
from mem.types import Frame, Source, milliseconds

log = logging.getLogger(__name__)

_SAVING = 0.4  # of a pack's bytes: what it must be worth
_FIRST_SECONDS, _ROUND_SECONDS = 300.0, 3600.0  # until packs are looked for, and until it is done again
_NICENESS = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Reeled:
    """What one round did; bytes are those of the packs that were written anew."""

    looked: int  # packs
    written: int
    bytes_before: int
    bytes_after: int


def again(memory: Memory, tell: Tell = chores.silently, stopped: Stopping = chores.never) -> Reeled:
    """Look at every pack that is old enough and was not looked at before.

    Raises BadRequest where storage.reel_after_days is 0, Conflict while somebody else is at it, DiskFull,
    StorageFailed, and Stopped.
    """
    days = memory.config.storage.reel_after_days
    if days == 0:
        raise BadRequest("Reels are off.", hint="Set storage.reel_after_days to the age of packs in days.")
    looked = written = before = after = 0
    with _alone(memory):
        found = reels.due(memory.db, types.now() - timedelta(days=days))
        for number, due in enumerate(found):
            if stopped():
                raise Stopped
            tell(number / len(found), "coding pictures as reels")
            sizes = _pack(memory, due, stopped)
            if sizes is not None:
                looked += 1
                written += sizes[1] < sizes[0]
                before, after = before + sizes[0], after + min(sizes)
    return Reeled(looked=looked, written=written, bytes_before=before, bytes_after=after)


@contextlib.contextmanager
def running(memory: Memory) -> Iterator[None]:
    """Look once an hour in a thread of its own until the block ends; in none where reels are off."""
    if memory.config.storage.reel_after_days == 0:
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_run, args=(memory, ended), name="reels", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _run(memory: Memory, ended: threading.Event) -> None:
    pause = _FIRST_SECONDS
    while not ended.wait(pause):
        pause = _ROUND_SECONDS
        try:
            done = again(memory, stopped=ended.is_set)
        except (Conflict, Stopped):
            continue  # somebody else is at it; or the memory is about to be closed
        except (MemError, OSError) as error:
            detail = error.detail if isinstance(error, MemError) else str(error)
            log.warning("reels wait", extra={"action": "reels_wait", "detail": detail})
            continue
        if done.written:
            freed = done.bytes_before - done.bytes_after
            log.info("packs became reels", extra={"action": "reeled", "count": done.written, "bytes": freed})


@contextlib.contextmanager
def _alone(memory: Memory) -> Iterator[None]:
    """Be the only one who codes reels in this data directory. Raises Conflict."""
    fd = os.open(memory.folder / "reels.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("Reels are being coded already.", hint="Wait until that is done.") from None
        yield
    finally:
        os.close(fd)


def _pack(memory: Memory, due: Due, stopped: Stopping) -> tuple[int, int] | None:
    """Look at one pack; gives its bytes before and after, None where it was not looked at."""
    found = sources.by_ids(memory.db, [due.source_id]).get(due.source_id)
    if found is None:
        return None
    path = folders.of(memory, found) / due.pack
    size = kept.size(path)
    if size is None or size == due.tried:
        return None
    frames = forgetting.of_pack(memory.db, found.id, due.pack)
    with tempfile.TemporaryFile(dir=memory.folder / "tmp") as spool:
        try:
            made = _coded(memory, found, path, frames, size, spool, stopped)
        except (NotFound, Unreadable):
            return None  # `mem db check` says what is wrong
        except MediaError as error:
            facts = {"action": "reel_failed", "source": found.id, "pack": due.pack, "code": error.code}
            log.warning("a pack cannot be coded as reels: %s", error.detail, extra=facts)
            made = []
        new = _written(memory, found, due.pack, frames, made) if made else None
    if made and new is None:
        return None  # it changed meanwhile: it comes again
    name = new or due.pack
    now = kept.size(folders.of(memory, found) / name) or 0
    with memory.db.write() as w:
        reels.note(w, found.id, name, now, before=due.pack)
    return size, now


def _coded(
    memory: Memory,
    found: Source,
    path: Path,
    frames: Sequence[Frame],
    size: int,
    spool: IO[bytes],
    stopped: Stopping,
) -> list[Reel]:
    """The reels of a pack of `size` bytes, which lie in `spool`; of none where they are not worth it."""
    stills: Sequence[Frame] = [frame for frame in frames if frame.reel_offset is None]
    asked = [[_at(found, f), f.offset, f.length, f.width, f.height] for f in stills]
    made: list[Reel] = []
    freed, coming = 0, sum(packs.room(frame.length) for frame in stills)
    with sandbox.run(
        "mem.capture.child",
        "reel",
        kept.file(memory, path),
        {"pictures": asked},
        limits=_limits(memory),
        cancelled=stopped,
    ) as messages:
        for message in messages:
            those, stills = _those(message, stills)
            room = sum(packs.room(frame.length) for frame in those)
            coming -= room
            if message.kind == "reel":
                made.append(_placed(found, message, those, spool))
                freed += room - packs.room(len(message.body))
            if freed + coming < _SAVING * size:
                return []
    return made


def _those(message: Message, stills: Sequence[Frame]) -> tuple[Sequence[Frame], Sequence[Frame]]:
    """The frames that a child's message is about, and those that are still to come."""
    count = message.fields.get("count", 0)
    if not isinstance(count, int) or not 0 <= count <= len(stills):
        raise DecoderCrashed("The process that codes reels told of pictures that it was not given.")
    return stills[:count], stills[count:]


def _placed(found: Source, message: Message, those: Sequence[Frame], spool: IO[bytes]) -> Reel:
    """A reel that a child made of these frames, once its bytes are put aside. Raises DecoderCrashed."""
    places = list(reel.places(message.body))
    if [place.at_ms for place in places] != [_at(found, frame) for frame in those]:
        raise DecoderCrashed("The process that codes reels sent one of other pictures.")
    begin = spool.seek(0, os.SEEK_END)
    spool.write(message.body)

    def data() -> bytes:
        spool.seek(begin)
        return spool.read(len(message.body))

    inside = [(place.offset, place.length) for place in places]
    return Reel(data=data, places=dict(zip((frame.id for frame in those), inside, strict=True)))


def _at(found: Source, frame: Frame) -> int:
    """Offset of a frame into its recording, in milliseconds."""
    return milliseconds(frame.first_seen - found.started_at)


def _written(
    memory: Memory, found: Source, pack: str, frames: Sequence[Frame], made: Sequence[Reel]
) -> str | None:
    """Write the pack with these reels; gives its new name, None where the pack changed meanwhile."""
    folders.guard_space(memory, kept.size(folders.of(memory, found) / pack) or 0)
    with clearing.turn(memory):
        if not copies.quiet(memory.db, found.id) or forgetting.of_pack(memory.db, found.id, pack) != frames:
            return None
        with memory.db.write() as w:
            asked: dict[str, object] = {"source": found.id, "pack": pack}
            receipt = receipts.begin(w, kind="retention", asked=asked, by="reels", now=types.now())
        new = None
        with contextlib.suppress(Conflict):  # a person gave the recording another date meanwhile
            new = repack.anew(memory, receipt.id, found.id, pack, made)
    with memory.db.write() as w:
        receipts.finish(w, receipt.id, types.now())
    return new


def _limits(memory: Memory) -> Limits:
    media = memory.config.media
    return Limits(
        memory=media.child_memory,
        stall_seconds=media.stall_seconds,
        wall_seconds=None,
        threads=1,
        niceness=_NICENESS,
    )
