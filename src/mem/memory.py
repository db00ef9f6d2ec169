"""The memory: its configuration, rows, index and data directory, opened together.

The only place that builds adapters. Everything above gets a `Memory` and passes on what it needs.
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mem import reindex
from mem.config import Config
from mem.index import Index
from mem.store import engines
from mem.store.database import Database

FOLDERS = ("sources", "uploads", "models", "tmp", "backups", "inbox")


class Bell:
    """Wakes threads of this process when jobs or their events changed, so that none has to poll fast."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rung = 0

    def ring(self) -> None:
        """Wake everyone who waits."""
        with self._condition:
            self._rung += 1
            self._condition.notify_all()

    def wait(self, seen: int, timeout: float) -> int:
        """Wait until the bell was rung more than `seen` times, at most `timeout` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._rung > seen, timeout)
            return self._rung


@dataclass(frozen=True)
class Memory:
    """One opened memory."""

    config: Config
    db: Database
    index: Index
    folder: Path  # the data directory
    bell: Bell = field(default_factory=Bell)
    copying: threading.Lock = field(default_factory=threading.Lock)  # of rows into a source's folder


@contextlib.contextmanager
def open_memory(config: Config) -> Iterator[Memory]:
    """Open the memory in `config.data_dir`, making the directory when it is missing.

    Raises Locked when another process holds the database, DatabaseFailed when it cannot be opened.
    """
    os.umask(0o077)
    folder = config.data_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in FOLDERS:
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    db = engines.open_database(
        config.database.url,
        folder=folder,
        memory_limit=config.database.memory_limit,
        threads=config.database.threads,
    )
    with contextlib.closing(db), reindex.open_index(db, folder / "index") as index:
        yield Memory(config=config, db=db, index=index, folder=folder)
