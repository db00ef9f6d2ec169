"""What this process may use of the machine: memory and processors, as its cgroup bounds them.

A container or a systemd unit with MemoryMax=2G on a machine of 64 GB has 2 GB; whoever asks the
machine alone plans with memory that it is killed for. Both forms of cgroups are read, along the
whole way from the process's own group up to the root, because every one of them holds.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path

_UNLIMITED = 2**60  # version 1 writes a huge number where nothing is set
_GROUPS = Path("/sys/fs/cgroup")
_PROC = Path("/proc")
# File systems that lie on another machine, where a database file of one owner is not safe.
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "afs", "ceph", "fuse.ceph", "glusterfs"}
    | {"fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "lustre", "gpfs", "beegfs"}
)


def memory_bytes(groups: Path = _GROUPS, proc: Path = _PROC) -> int:
    """Bytes of memory that this process can have: of the machine, or less where its cgroup says so."""
    found = [_physical(proc)]
    for folder in _folders("memory", groups, proc):
        for name in ("memory.max", "memory.high", "memory.limit_in_bytes"):
            limit = _number(folder / name)
            if limit is not None and 0 < limit < _UNLIMITED:
                found.append(limit)
    return min(found)


def processors(groups: Path = _GROUPS, proc: Path = _PROC) -> int:
    """Processors that this process can keep busy, at least one; a quota of 150 % counts as two."""
    found = [float(len(os.sched_getaffinity(0)))]
    for folder in _folders("cpu", groups, proc):
        share = _quota(folder)
        if share is not None:
            found.append(share)
    return max(1, math.ceil(min(found)))


def file_system(folder: Path, proc: Path = _PROC) -> str:
    """The type of the file system that holds a folder; empty where that cannot be known."""
    try:
        lines = (proc / "self" / "mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    here, best, found = str(folder.resolve()), -1, ""
    for line in lines:
        _, place, kind = line.split(" ")[:3]
        place = place.replace("\\040", " ")
        if (here == place or here.startswith(place.rstrip("/") + "/")) and len(place) >= best:
            best, found = len(place), kind
    return found


def memory_used(groups: Path = _GROUPS, proc: Path = _PROC) -> int | None:
    """Bytes that the process's cgroup holds now, children and page cache included; None without one."""
    for folder in _folders("memory", groups, proc):
        for name in ("memory.current", "memory.usage_in_bytes"):
            used = _number(folder / name)
            if used is not None:
                return used
    return None


def resident(pid: int, proc: Path = _PROC) -> int:
    """Bytes of memory that a process holds; 0 when it is gone."""
    try:
        pages = int((proc / str(pid) / "statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def children(pid: int, proc: Path = _PROC) -> list[int]:
    """The processes that descend from a process."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        for file in (proc / str(waiting.pop()) / "task").glob("*/children"):
            try:
                born = [int(word) for word in file.read_text(encoding="ascii").split()]
            except (OSError, ValueError):
                continue  # it ended meanwhile
            found += born
            waiting += born
    return found


def _folders(controller: str, groups: Path, proc: Path) -> Iterator[Path]:
    """The folders of the process's groups, from its own up to the root, for one controller."""
    for root, path in _paths(controller, groups, proc):
        here = path.strip("/")
        yield root / here
        while here:
            here = here.rpartition("/")[0]
            yield root / here


def _paths(controller: str, groups: Path, proc: Path) -> Iterator[tuple[Path, str]]:
    try:
        lines = (proc / "self" / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if not names:
            yield groups, path
            yield groups / "unified", path
        elif controller in names.split(","):
            yield groups / controller, path
            yield groups / names, path


def _quota(folder: Path) -> float | None:
    """Processors that a group may use at once; None where it has no bound."""
    try:
        quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()[:2]
    except (OSError, ValueError):
        given, length = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
        return given / length if given and length and given > 0 else None
    return None if quota == "max" else int(quota) / int(period)


def _physical(proc: Path) -> int:
    try:
        for line in (proc / "meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass  # no Linux: ask the C library
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None  # not there, or "max"
