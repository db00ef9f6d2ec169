"""What `mem doctor` looks at on the machine itself: memory, clock, file system, who holds the database."""

import ctypes
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mem import machine
from mem.cli import words

if TYPE_CHECKING:
    from mem.ocr.engines import Setting

State = Literal["good", "doubtful", "broken"]

_SPEECH_MEMORY = 750 * 2**20  # bytes that speech takes with the packaged model and with base
_SERVER_MEMORY = 300 * 2**20
_SKEW_SECONDS = 5.0
_EARLIEST = datetime(2026, 11, 1, tzinfo=UTC)  # Mem was not there before
_UNSYNCHRONISED = 5  # what adjtimex answers when nothing keeps the clock right
_REMOTE = machine.NETWORK | {"9p"}
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, how it is, and what to do about it."""

    what: str
    state: State
    detail: str
    fix: str = ""


def memory() -> Finding:
    """What the process may use, and whether that is enough."""
    have, cores = machine.memory_bytes(), machine.processors()
    detail = f"{words.size(have)} of memory and {words.count(cores, 'processor')} for this process"
    if have < _SERVER_MEMORY + _SPEECH_MEMORY:
        need = words.size(_SERVER_MEMORY + _SPEECH_MEMORY)
        return Finding(
            "Memory",
            "doubtful",
            f"{detail}; writing down speech needs {need} with the smallest models",
            "Give the container or unit more (MemoryMax, mem_limit), or add swap.",
        )
    return Finding("Memory", "good", detail)


def clock() -> Finding:
    """Whether the clock can be believed, since every time in the memory comes from some clock."""
    now = datetime.now(UTC)
    if now < _EARLIEST:
        fix = "Set the clock, or let a time service (systemd-timesyncd, chrony) do it."
        return Finding("Clock", "broken", f"it says {now:%Y-%m-%d}, which is long past", fix)
    if _kept_right() is False:
        fix = "Turn on a time service: timedatectl set-ntp true."
        return Finding(
            "Clock", "doubtful", f"it says {now:%Y-%m-%d %H:%M:%S} UTC; nothing keeps it right", fix
        )
    return Finding("Clock", "good", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _kept_right() -> bool | None:
    """Whether the kernel knows of something that keeps the clock right; None where it cannot be asked."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _UNSYNCHRONISED


def screen_text(setting: "Setting") -> Finding:
    """Whether text on screens is read, and by what."""
    from mem.ocr import engines

    if setting == "off":
        return Finding("Screen text", "good", "switched off by capture.screen_text")
    found = engines.present(setting)
    if found is None:
        return Finding(
            "Screen text", "doubtful", "no engine is here; text on screens is not read", engines.INSTALL
        )
    return Finding("Screen text", "good", " ".join([found.name, found.version]).strip())


def file_system(folder: Path) -> Iterator[Finding]:
    """Where the data directory lies: a disk of this machine, with a clock that agrees."""
    kind = machine.file_system(folder)
    if kind in _REMOTE:
        fix = "Keep the data directory on a disk of this machine; frames and recordings may go to a bucket."
        yield Finding("File system", "broken", f"{folder} is on {kind}, where locks do not hold", fix)
    elif kind in ("tmpfs", "ramfs"):
        fix = "Choose a directory on a disk with --data-dir."
        yield Finding("File system", "doubtful", f"{folder} is in memory ({kind}) and gone at a restart", fix)
    else:
        yield Finding("File system", "good", f"{folder} is on {kind or 'a disk'}")
    skew = _skew(folder)
    if skew is not None and abs(skew) > _SKEW_SECONDS:
        fix = "Set both clocks by the same time service."
        yield Finding(
            "Clock", "doubtful", f"the disk's clock differs from this machine's by {skew:.0f} s", fix
        )


def _skew(folder: Path) -> float | None:
    """Seconds by which the clock of the folder's file system is ahead; None where nothing can be written."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as probe:
            probe.write(b"x")
            probe.flush()
            return os.fstat(probe.fileno()).st_mtime - time.time()
    except OSError:
        return None


def rights(folder: Path) -> Finding:
    """Whether others can read what is private: the database, its log, keys, and the configuration."""
    names = ("mem.duckdb", "mem.duckdb.wal", "server.json", "config.yaml")
    places = [folder, *(folder / name for name in names), folder / "sources", folder / "backups"]
    found = [place for place in places if place.exists()]
    if open_ := [place for place in found if place.stat().st_mode & 0o077]:
        shown = ", ".join(place.name or str(place) for place in open_)
        fix = f"chmod -R go= {folder}"
        return Finding("Data directory", "doubtful", f"other users can read of {folder}: {shown}", fix)
    strange = [place for place in found if place.stat().st_uid != os.geteuid()]
    if strange and os.geteuid() != 0:
        fix = f"chown -R {os.geteuid()} {folder}, or run Mem as its owner."
        return Finding("Data directory", "doubtful", f"{strange[0]} belongs to another user", fix)
    return Finding("Data directory", "good", f"{folder}, readable by its owner alone")


def holders(file: Path) -> list[tuple[int, str]]:
    """The processes that have a file open, as far as this user may see: number and name."""
    try:
        wanted = file.stat()
    except OSError:
        return []
    same = (wanted.st_dev, wanted.st_ino)
    running = Path("/proc").glob("[0-9]*")
    return sorted((int(each.name), _name(each)) for each in running if _has_open(each / "fd", same))


def locks(folder: Path) -> Finding:
    """Who has the database open; only one process can."""
    held = holders(folder / "mem.duckdb")
    if not held:
        return Finding("Lock", "good", "no process has the database open")
    shown = ", ".join(f"process {pid} ({name})" for pid, name in held[:_SHOWN])
    if len(held) > 1:
        fix = "Find out what the second one is: no other program may open the file, not even to read."
        return Finding("Lock", "doubtful", f"held by {shown}", fix)
    return Finding("Lock", "good", f"held by {shown}")


def _has_open(descriptors: Path, wanted: tuple[int, int]) -> bool:
    try:
        for entry in os.scandir(descriptors):
            try:
                facts = entry.stat()
            except OSError:
                continue
            if (facts.st_dev, facts.st_ino) == wanted:
                return True
    except OSError:
        return False  # another user's, or gone
    return False


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "gone"
