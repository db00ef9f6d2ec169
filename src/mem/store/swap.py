"""Putting one state of a data directory in the place of another, whatever ends the process meanwhile.

The new state lies in ``tmp`` below the data directory; what it replaces goes to ``before-TIME`` beside it.
A note of what is to be moved is made durable first. From then on the next opening of the memory goes on
where a dead process stopped: until then all is as it was, and afterwards all is new.
"""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mem.errors import DatabaseFailed, Locked
from mem.store.database import sync_folder

NOTE = "swapping.json"
_LOCK = ".lock"
# All that belongs to one state, in the order in which it is moved.
ROWS = ("mem.duckdb.wal", "mem.duckdb", "index")
PARTS = (*ROWS, "sources")


@contextmanager
def used(folder: Path) -> Iterator[None]:
    """Keep the state of `folder` from being exchanged. Raises Locked while it is."""
    with _locked(folder, fcntl.LOCK_SH):
        finish(folder)
        yield


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep every other process out of `folder`. Raises Locked, naming who is in it."""
    with _locked(folder, fcntl.LOCK_EX):
        with contextlib.suppress(DatabaseFailed):  # one that waits is begun anew, or given up
            finish(folder)
        yield


@contextmanager
def _locked(folder: Path, kind: int) -> Iterator[None]:
    fd = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(f"{_holder(fd)} uses {folder}.") from None
        yield
    finally:
        os.close(fd)


def _holder(fd: int) -> str:
    """Who has the lock of the file, as far as the system says."""
    inode = os.fstat(fd).st_ino
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return "Another process"
    pids = [words[4] for line in lines if (words := line.split()) and words[5].endswith(f":{inode}")]
    return f"Process {pids[0]}" if pids else "Another process"


def begin(
    folder: Path,
    new: Path,
    before: Path,
    *,
    parts: Sequence[str] = PARTS,
    first: Callable[[], None] | None = None,
) -> None:
    """Put `new` in the place of the `parts` of the present state, which go to `before`, on the same disk.

    A part that `new` lacks is moved away all the same. `first` is what must be done before, where rows lie
    elsewhere: cut short in it, nothing can be opened until the exchange is begun anew.
    """
    before.mkdir(mode=0o700, parents=True)
    sync_folder(before.parent)
    plan: dict[str, object] = {
        "new": str(new.relative_to(folder)),
        "before": str(before.relative_to(folder)),
        "parts": list(parts),
        "had": [name for name in parts if (folder / name).exists()],
    }
    if first is not None:
        _note(folder, {**plan, "waits": True})
        first()
    _note(folder, plan)
    finish(folder)


def _note(folder: Path, plan: Mapping[str, object]) -> None:
    part = folder / f".{NOTE}.part"
    with part.open("w", encoding="utf-8") as out:
        json.dump(plan, out)
        out.flush()
        os.fsync(out.fileno())
    part.replace(folder / NOTE)
    sync_folder(folder)


def finish(folder: Path) -> bool:
    """Go on with an exchange that was begun, to its end; whether there was one."""
    try:
        fd = os.open(folder / NOTE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    with os.fdopen(fd) as note:
        fcntl.flock(note, fcntl.LOCK_EX)  # two processes may start at once
        if not (folder / NOTE).exists():
            return False
        plan = json.load(note)
        if plan.get("waits"):
            raise DatabaseFailed(
                "A restore into PostgreSQL was cut short.", hint="Run the same `mem restore` again."
            )
        new, before = folder / plan["new"], folder / plan["before"]
        _move(folder, new, before, plan)
        for changed in (new, before, folder):
            sync_folder(changed)
        (folder / NOTE).unlink()
        sync_folder(folder)
        shutil.rmtree(new, ignore_errors=True)
    return True


def _move(folder: Path, new: Path, before: Path, plan: Mapping[str, Any]) -> None:
    """Each part: away with the old one, unless that is done, then the new one into its place."""
    for name in plan["parts"]:
        live, away, fresh = folder / name, before / name, new / name
        if name in plan["had"] and not away.exists():
            live.rename(away)
        if fresh.exists():
            fresh.rename(live)
