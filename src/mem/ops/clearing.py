"""Removing the files whose rows a deletion has removed, as its receipt names them.

Only what lies in the folders of the recordings is removed, and only what a receipt names: a database
that is missing, or another one, never makes Mem remove a file.
"""

import contextlib
import fcntl
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from mem import failpoints, folders, kept
from mem.errors import Conflict
from mem.memory import Memory
from mem.store import receipts
from mem.types import Source

_WAIT_SECONDS = 30.0
_LOOK_SECONDS = 0.02


@contextlib.contextmanager
def turn(memory: Memory) -> Iterator[None]:
    """Be the only one who deletes in this data directory. Raises Conflict when another one takes long."""
    fd = os.open(memory.folder / "deleting.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        limit = time.monotonic() + _WAIT_SECONDS
        while not _taken(fd):
            if time.monotonic() > limit:
                raise Conflict("Another deletion is under way.", hint="`mem retention receipts` shows it.")
            time.sleep(_LOOK_SECONDS)
        yield
    finally:
        os.close(fd)


def is_own(memory: Memory, source: Source) -> bool | None:
    """Whether the folder of a source is its own by its source.json; None where that says nothing.

    Another database over this data directory may know another recording by the same number.
    """
    try:
        told = json.loads((folders.of(memory, source) / "source.json").read_text(encoding="utf-8"))
        return bool(told["content_hash"] == source.content_hash)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def refuse_foreign(memory: Memory, source: Source) -> None:
    """Raise Conflict when the folder of a source holds another recording."""
    if is_own(memory, source) is False:
        raise Conflict(
            f"{source.folder} holds another recording than source {source.id}.",
            hint="Database and data directory do not belong together: check database.url and --data-dir.",
        )


def clear(memory: Memory, receipt_id: int) -> None:
    """Remove what a deletion has named, files or folders of sources, and note that it is gone.

    Raises StorageFailed while the bucket that has some of it does not answer: the deletion stays begun.
    """
    pending = receipts.files(memory.db, receipt_id)
    if not pending:
        return
    root = (memory.folder / "sources").resolve()
    for name, _ in pending:
        path = memory.folder / name
        if path.parent.resolve().is_relative_to(root) and path.resolve() != root:
            _remove(memory, path)
    with memory.db.write() as w:
        receipts.cleared(w, receipt_id)
    failpoints.reach("delete.removed")


def _remove(memory: Memory, path: Path) -> None:
    """Remove a file, or a folder that is moved away whole first: half of it must not look like a source."""
    if path.is_dir() and not path.is_symlink():
        kept.clear(memory.remote, path)
        doomed = memory.folder / "tmp" / f"deleted-{uuid.uuid4()}"
        path.rename(doomed)
        failpoints.reach("delete.moved")
        shutil.rmtree(doomed)
        _prune(path.parent, memory.folder / "sources")
    elif path.parent.is_dir():
        kept.drop(memory.remote, path)
        folders.sync_names(path.parent)


def _prune(folder: Path, root: Path) -> None:
    """Remove the folders of the day, month and year when they hold nothing more."""
    while folder != root and folder.is_relative_to(root) and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _taken(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
