"""What lies in a watched folder, and which of it is to be taken: nothing here changes anything."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from mem.media import suffixes
from mem.store.watched import WatchedFile

MOST_FILES = 200_000  # recordings of one folder; what is beyond is passed over and said
_MOST_DEPTH = 64  # folders within folders
_EXAMPLES = 3
_NO_WORD = re.compile(r"[\W\d_]+")  # a date or a number, not the name of a place or device

Reason = Literal[
    "hidden", "link", "other", "special", "empty", "unstorable", "unreadable", "too_many",
    "open", "failed", "partial", "cancelled", "not_ready", "not_cleared",
]  # fmt: skip
WHY: dict[Reason, str] = {
    "hidden": "hidden: the name begins with a dot",
    "link": "links are not followed",
    "other": "no recording is named like this",
    "special": "neither file nor folder",
    "empty": "empty",
    "unstorable": "the name is not UTF-8",
    "unreadable": "cannot be read by the user that runs Mem",
    "too_many": f"a folder may hold {MOST_FILES:,} recordings, {_MOST_DEPTH} folders deep",
    "open": "a program has it open to write into it",
    "failed": "could not be taken in; tried again when the file changes",
    "partial": "taken in only in part, so the file is left alone",
    "cancelled": "its job was cancelled",
    "not_ready": "its recording is not whole in the memory, so the file is left alone",
    "not_cleared": "taken in, but the file could not be moved or deleted",
}
assert set(WHY) == set(get_args(Reason))


@dataclass(frozen=True, slots=True)
class File:
    """A recording as a look into its folder found it."""

    path: str
    size: int  # bytes
    modified_ns: int  # nanoseconds since 1970


@dataclass(slots=True)
class Tally:
    """How many files were passed over for each reason, with some of their names."""

    counts: dict[Reason, int] = field(default_factory=dict)
    examples: dict[Reason, list[str]] = field(default_factory=dict)

    def add(self, reason: Reason, name: str) -> None:
        """Count one."""
        self.counts[reason] = self.counts.get(reason, 0) + 1
        names = self.examples.setdefault(reason, [])
        if len(names) < _EXAMPLES:
            names.append(name)

    def copy(self) -> "Tally":
        """One that can be counted on without changing this one."""
        return Tally({**self.counts}, {reason: [*names] for reason, names in self.examples.items()})


@dataclass(slots=True)
class Scan:
    """What one look into a folder found."""

    files: dict[str, File] = field(default_factory=dict)
    passed: Tally = field(default_factory=Tally)
    whole: bool = True  # False: a part could not be read, so what was not seen may still be there


@dataclass(frozen=True, slots=True)
class Still:
    """A file that is not known, and since when (seconds of a steady clock) it has been as it is."""

    file: File
    since: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from a look into a folder."""

    ready: list[File]
    waiting: dict[str, Still]  # all that is not known; `plan` wants it back with the next look
    gone: list[str]
    back: list[str]


def look(root: str, *, leave_out: frozenset[str] = frozenset()) -> Scan | None:
    """The recordings below a folder; None when it is not there. Links are never followed.

    One `scandir` a folder and one `stat` a recording; nothing is opened. `root` is a real path, and
    so are the folders to `leave_out`.
    """
    scan = Scan()
    waiting: list[tuple[str, int]] = [(root, 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    _sort(entry, root, scan, waiting, depth, leave_out)
        except FileNotFoundError:
            if folder == root:
                return None
        except OSError:
            if folder == root:
                return None
            scan.passed.add("unreadable", relative(root, folder))
            scan.whole = False
    return scan


def _sort(
    entry: os.DirEntry[str],
    root: str,
    scan: Scan,
    waiting: list[tuple[str, int]],
    depth: int,
    leave_out: frozenset[str],
) -> None:
    """Put one entry where it belongs."""
    reason: Reason | None = None
    if entry.name.startswith("."):
        reason = "hidden"
    elif entry.is_symlink():
        reason = "link"
    elif entry.is_dir(follow_symlinks=False):
        if depth >= _MOST_DEPTH:
            reason = "too_many"
        elif entry.path not in leave_out:
            waiting.append((entry.path, depth + 1))
    elif suffixes.of(entry.name) not in suffixes.RECORDINGS:
        reason = None if suffixes.of(entry.name) in suffixes.SIDECARS else "other"
    elif not entry.is_file(follow_symlinks=False):
        reason = "special"
    else:
        reason = _file(entry, scan)
    if reason is not None:
        scan.passed.add(reason, relative(root, entry.path))


def _file(entry: os.DirEntry[str], scan: Scan) -> Reason | None:
    try:
        stat = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError:
        scan.whole = False
        return "unreadable"
    if stat.st_size == 0:
        return "empty"
    if not storable(entry.path):
        return "unstorable"
    if len(scan.files) >= MOST_FILES:
        scan.whole = False
        return "too_many"
    scan.files[entry.path] = File(entry.path, stat.st_size, stat.st_mtime_ns)
    return None


def plan(
    found: Scan,
    known: Mapping[str, WatchedFile],
    waiting: Mapping[str, Still],
    *,
    now: float,
    settle_seconds: float,
) -> Plan:
    """Which files are to be taken: those not known in this form that stood still for long enough.

    `known` and `waiting` are what earlier looks left; `now` is of the steady clock of `Still`.
    """
    made = Plan(ready=[], waiting={}, gone=[], back=[])
    for path, file in found.files.items():
        if (row := known.get(path)) is not None and same(row, file):
            if row.gone_at is not None:
                made.back.append(path)
            continue
        still = waiting.get(path)
        if still is None or still.file != file:
            still = Still(file, now)
        if now - still.since >= settle_seconds:
            made.ready.append(file)
        made.waiting[path] = still
    if found.whole:
        missing = (path for path, row in known.items() if row.gone_at is None and path not in found.files)
        made.gone.extend(missing)
    return made


def same(row: WatchedFile, file: File) -> bool:
    """Whether the file is as it was when it was handed over."""
    return row.size == file.size and row.modified_ns == file.modified_ns


def labels(root: str, path: str) -> tuple[str | None, str | None]:
    """Location and device from the folders between `root` and a file: DIR/location/device/file.

    A folder that is called by a date or a number names neither.
    """
    folders = relative(root, path).split("/")[:-1]
    named = (folder for folder in folders if not _NO_WORD.fullmatch(folder))
    return next(named, None), next(named, None)


def relative(root: str, path: str) -> str:
    """The path below `root`, always with slashes, every character fit to be shown."""
    return path[len(root.rstrip("/")) + 1 :].encode("utf-8", "replace").decode()


def storable(path: str) -> bool:
    """Whether a database can hold the path: it is UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
