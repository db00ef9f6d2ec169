"""Who still writes into a file, where the system can say it.

Linux shows in /proc what each process has open, to its own user and to root. What another user, a
container, another machine (over NFS or SMB), or any other system has open cannot be known.
"""

import os
from collections.abc import Iterable

_WRITES = os.O_WRONLY | os.O_RDWR


def among(paths: Iterable[str], *, processes: str = "/proc") -> set[str]:
    """Those of the files (real paths) that a visible process has open to write; none where nobody can say."""
    wanted = set(paths)
    found: set[str] = set()
    if not wanted:
        return found
    for process in _names(processes):
        if not process.isdecimal():
            continue
        for number in _names(f"{processes}/{process}/fd"):
            try:
                path = os.readlink(f"{processes}/{process}/fd/{number}")  # noqa: PTH115
            except OSError:
                continue  # closed meanwhile
            if path in wanted and _written(f"{processes}/{process}/fdinfo/{number}"):
                found.add(path)
    return found


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - thousands of names, and no need of paths
    except OSError:
        return []  # not Linux, the process ended, or it belongs to somebody else


def _written(facts: str) -> bool:
    try:
        with open(facts, encoding="ascii") as lines:  # noqa: PTH123
            flags = next((line.split()[1] for line in lines if line.startswith("flags:")), "0")
    except OSError:
        return False
    return bool(int(flags, 8) & _WRITES)
