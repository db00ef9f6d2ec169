"""How full the volumes are that Mem writes to."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from mem.memory import Memory

ROOTS = ("sources", "uploads", "tmp", "backups", "models", "index")


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """The volume of one folder. Folders with the same `volume` share their room."""

    root: str  # data, logs, or a folder of the data directory
    path: str
    volume: int  # a number of the operating system
    free_bytes: int
    total_bytes: int


def look(memory: Memory) -> tuple[Volume, ...]:
    """The data directory, each of its folders that lies on another volume, and the folder of logs."""
    data = volume(memory.folder, "data")
    found = [data]
    inner = [(name, memory.folder / name) for name in ROOTS]
    found += [
        each
        for name, folder in inner
        if folder.is_dir() and (each := volume(folder, name)).volume != data.volume
    ]
    logs = memory.config.logging.dir
    if logs is not None and logs.is_dir():
        found.append(volume(logs, "logs"))
    return tuple(found)


def volume(folder: Path, root: str) -> Volume:
    """The volume that holds a folder."""
    usage = shutil.disk_usage(folder)
    return Volume(
        root=root,
        path=str(folder),
        volume=folder.stat().st_dev,
        free_bytes=usage.free,
        total_bytes=usage.total,
    )
