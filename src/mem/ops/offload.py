"""Closed files on their way into a bucket: packs once a capture has ended, recordings, as the settings say.

What is written lies in the data directory first and stays there until the bucket has given back every byte
of it; only then a pointer takes its place, and the file itself becomes part of the cache. A bucket that is
away holds up nothing but this: files wait here, as long as the disk has room.
"""

import contextlib
import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Literal

from mem import folders, observe, types
from mem.errors import DatabaseFailed, ExtraMissing, MemError, Stopped, StorageFailed, TooBusy
from mem.memory import Memory
from mem.objects import pointer
from mem.objects.pointer import Pointer
from mem.ops import clearing, identity
from mem.ops.check.rows import every_source
from mem.store import copies, sources
from mem.types import Source

log = logging.getLogger(__name__)

_QUARANTINE = timedelta(days=1)  # for which an object that nothing names stays: it may be on its way
_ROUND_SECONDS = 24 * 3600.0  # between looks at every folder
_PAUSE_SECONDS = 5.0  # before what did not succeed is tried again; it doubles up to
_LONGEST_PAUSE = 300.0

Stopping = Callable[[], bool]
Come = Literal["done", "busy", "away"]  # away: the bucket


def never() -> bool:
    """Nobody asks to stop."""
    return False


def source(memory: Memory, source_id: int, stopped: Stopping = never) -> bool:
    """Bring the closed files of a source into their bucket; False while a job works on it.

    Raises StorageFailed, ExtraMissing, Conflict while a deletion takes long, and Stopped.
    """
    found = sources.by_ids(memory.db, [source_id]).get(source_id)
    if found is None:
        return True
    waiting = list(_closed(memory, found))
    working = copies.worked_on(memory.db, source_id)  # asked first: it may end between the two
    if waiting and not copies.quiet(memory.db, source_id):
        return not working  # what waits comes again when it has been worked on
    for path, root in waiting:
        _bring(memory, found, path, root, stopped)
    return True


def everything(memory: Memory) -> None:
    """Let every source be looked at whose folder has files that belong into a bucket."""
    for found in every_source(memory):
        if next(_closed(memory, found), None) is not None:
            memory.remote.waiting.add(found.id)


def collect(memory: Memory) -> int:
    """Remove objects of this memory that no pointer leads to, a day old at least; gives how many went.

    One that rows still name stays though its pointer is lost: it is all there is of it. Raises StorageFailed.
    """
    storage = memory.config.storage
    named = copies.pack_names(memory.db)
    oldest, gone = types.now() - _QUARANTINE, 0
    for root in sorted({root for root in (storage.frames, storage.originals) if root is not None}):
        base = f"{root.rstrip('/')}/{identity.of(memory)}/"
        bucket_name, _, prefix = base.removeprefix("s3://").partition("/")
        bucket = memory.remote.bucket(bucket_name)
        for one in bucket.listed(prefix):
            folder, name = _origin(one.key.removeprefix(prefix))
            path, row = memory.folder / folder / name, (folder, name) in named
            if one.written_at > oldest or _leads(path, one.key):
                continue
            with clearing.turn(memory):  # nobody makes a pointer meanwhile
                if not _leads(path, one.key) and not _is_last(path, one.key, row):
                    bucket.delete(one.key)
                    gone += 1
    return gone


def _leads(path: Path, key: str) -> bool:
    """Whether the pointer of a file leads to an object."""
    led = pointer.read(path)
    return led is not None and led.key == key


def _is_last(path: Path, key: str, named: bool) -> bool:
    """Whether an object is all that there is of a file which rows name."""
    if not named or path.exists() or pointer.read(path) is not None:
        return False
    log.error("the pointer of a pack is lost", extra={"action": "pointer_lost", "key": key})
    return True


def _closed(memory: Memory, found: Source) -> Iterator[tuple[Path, str]]:
    """The files in the folder of a source that belong into a bucket, and below which name."""
    storage, folder = memory.config.storage, folders.of(memory, found)
    if storage.frames is not None:
        for path in sorted(folder.glob("frames-*.tar")):
            yield path, storage.frames
    if storage.originals is not None and found.original is not None and (folder / found.original).is_file():
        yield folder / found.original, storage.originals


def _bring(memory: Memory, found: Source, path: Path, root: str, stopped: Stopping) -> None:
    """Store one file, compare what comes back, and let the pointer take its place."""
    with contextlib.suppress(FileNotFoundError), path.open("r+b") as file:  # NFS locks no other
        measured = pointer.measure(file)
        name = f"{path.stem}-{measured.sha256[:12]}{path.suffix}"
        there = measured.at(f"{root.rstrip('/')}/{identity.of(memory)}/{found.folder}/{name}")
        memory.remote.put(path, there, stopped)
        with clearing.turn(memory):
            if _is_still(memory, found, path, file.fileno()) and memory.remote.holds(there):
                _change_over(memory, path, there)


def _is_still(memory: Memory, found: Source, path: Path, fd: int) -> bool:
    """Whether the file of that name is the one that was stored, and nobody is about to write to it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        same = os.path.samestat(os.fstat(fd), path.lstat())
    except (BlockingIOError, FileNotFoundError):
        return False
    present = sources.by_ids(memory.db, [found.id]).get(found.id)
    return same and present is not None and copies.quiet(memory.db, found.id)


def _change_over(memory: Memory, path: Path, there: Pointer) -> None:
    """The pointer first, then the file goes: at every instant one of them leads to the bytes."""
    before = pointer.read(path)
    if before is not None and before.url != there.url:
        memory.remote.delete(before)  # what the file was before it was written anew
    pointer.write(path, there)
    memory.remote.cache.retire(there.sha256, path)
    folders.sync_names(path.parent)
    log.info("file went to the bucket", extra={"action": "offloaded", "file": path.name, "bytes": there.size})


def _origin(name: str) -> tuple[str, str]:
    """Folder and name of the file that an object is of."""
    folder, _, last = name.rpartition("/")
    stem, dot, suffix = last.partition(".")
    return folder, f"{stem.rpartition('-')[0]}{dot}{suffix}"


@contextlib.contextmanager
def running(memory: Memory) -> Iterator[None]:
    """Bring files into their bucket in a thread of its own until the block ends."""
    storage = memory.config.storage
    if storage.frames is None and storage.originals is None:
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_run, args=(memory, ended), name="offload", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        memory.remote.waiting.wake()
        thread.join(storage.s3.timeout_seconds + 5)


def _run(memory: Memory, ended: threading.Event) -> None:
    pause, looked = _PAUSE_SECONDS, -_ROUND_SECONDS
    while not ended.is_set():
        if time.monotonic() - looked > _ROUND_SECONDS:
            looked = time.monotonic()
            _try(memory, lambda: _look_at_all(memory))
        come = _turn(memory, ended)
        observe.OBJECTS_WAITING.set(len(memory.remote.waiting))
        if come == "done":
            memory.remote.waiting.wait(_ROUND_SECONDS, ended.is_set)
        else:
            ended.wait(pause)
        pause = min(2 * pause, _LONGEST_PAUSE) if come == "away" else _PAUSE_SECONDS


def _look_at_all(memory: Memory) -> bool:
    everything(memory)
    collect(memory)
    memory.remote.cache.tidy()
    return True


def _turn(memory: Memory, ended: threading.Event) -> Come:
    """One try for everything that waits; while the bucket is away the rest is not tried."""
    left: list[int] = []
    come: Come = "done"
    for source_id in memory.remote.waiting.take():
        if come != "away" and not ended.is_set():
            one = _try(memory, partial(source, memory, source_id, ended.is_set))
            come = one if one != "done" else come
            if one == "done":
                continue
        left.append(source_id)
    memory.remote.waiting.add(*left)
    return come


def _try(memory: Memory, work: Callable[[], bool]) -> Come:
    """What came of it; why a file could not go is kept for whoever asks how the memory is."""
    waiting = memory.remote.waiting
    try:
        if not work():
            return "busy"
    except (Stopped, DatabaseFailed, TooBusy):
        return "busy"  # the memory is about to be closed, or has much to do: that is no word on the bucket
    except (MemError, OSError) as error:
        waiting.trouble = error.detail if isinstance(error, MemError) else str(error)
        observe.OBJECTS_FAILED.inc()
        facts = {"action": "offload_waits", "detail": waiting.trouble}
        log.warning("files wait for the bucket", extra=facts)
        return "away" if isinstance(error, StorageFailed | ExtraMissing) else "busy"
    waiting.trouble = None
    return "done"
