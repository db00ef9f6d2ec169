"""The memory: its configuration, rows, index and data directory, opened together.

The only place that builds adapters. Everything above gets a `Memory` and passes on what it needs.
"""

import contextlib
import logging
import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mem import machine, reindex, rights
from mem.config import Config
from mem.errors import BadConfig
from mem.index import Index
from mem.meaning import Meaning
from mem.media.nursery import Nursery
from mem.media.warm import Warm
from mem.objects.bucket import Access
from mem.objects.cache import Cache
from mem.objects.remote import Remote
from mem.speech import native
from mem.store import engines, swap
from mem.store.database import Database

log = logging.getLogger(__name__)

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


class Pulse:
    """When each worker thread of this process gave its last sign of life, by time.monotonic."""

    def __init__(self) -> None:
        self._beats: dict[int, float] = {}
        self._lock = threading.Lock()

    def begin(self) -> None:
        """The calling thread is a worker from now on, until `end`."""
        with self._lock:
            self._beats[threading.get_ident()] = time.monotonic()

    def beat(self) -> None:
        """The calling thread lives; of a thread that is no worker nothing is noted."""
        with self._lock:
            if threading.get_ident() in self._beats:
                self._beats[threading.get_ident()] = time.monotonic()

    def end(self) -> None:
        """The calling thread ends as it should; one that dies otherwise falls silent."""
        with self._lock:
            self._beats.pop(threading.get_ident(), None)

    def silent(self) -> float | None:
        """Seconds since the last sign of the worker that was quiet longest; None without workers."""
        with self._lock:
            return time.monotonic() - min(self._beats.values()) if self._beats else None


def _ear() -> Warm:
    return Warm("mem.capture.child", "hear", native.environment())


@dataclass(frozen=True)
class Memory:
    """One opened memory."""

    config: Config
    db: Database
    index: Index
    folder: Path  # the data directory
    remote: Remote  # files that lie in buckets
    bell: Bell = field(default_factory=Bell)
    pulse: Pulse = field(default_factory=Pulse)
    copying: threading.Lock = field(default_factory=threading.Lock)  # of rows into a source's folder
    meaning: Meaning | None = None  # where search.semantic is on
    ear: Warm = field(default_factory=_ear)  # keeps the speech model
    eye: Nursery = field(default_factory=lambda: Nursery("mem.capture.child", "eye"))  # the decoders
    reader: Nursery = field(default_factory=lambda: Nursery("mem.capture.child", "reader"))  # RapidOCR

    def reap(self) -> None:
        """Let go of children that ended because nothing came."""
        self.ear.reap()
        self.eye.reap()
        self.reader.reap()

    def leave(self) -> None:
        """End the children that rest for the calling thread, which will not be back."""
        self.ear.leave()
        self.eye.leave()
        self.reader.leave()


def _check_rights(config: Config) -> None:
    """Say that others can read what is private. Raises BadConfig where that is not to be."""
    found = rights.exposed(config.data_dir)
    if not found:
        return
    names = ", ".join(path.name for path in found)
    detail = f"Other users of this machine can read or change of {config.data_dir}: {names}."
    if config.security.strict_permissions:
        raise BadConfig(detail, hint=f"chmod -R go= {config.data_dir}")
    log.warning("%s Close it with: chmod -R go= %s", detail, config.data_dir, extra={"action": "exposed"})


def check_place(folder: Path, url: str | None, proc: Path = Path("/proc")) -> None:
    """Raise BadConfig for a DuckDB file on a file system of another machine."""
    kind = machine.file_system(folder, proc)
    if url is None and kind in machine.NETWORK:
        raise BadConfig(
            f"{folder} is on {kind}, where locks do not hold: a DuckDB file there can be lost.",
            hint="Keep the data directory on a disk of this machine, and set storage.frames to a bucket; or "
            "set database.url: with PostgreSQL the data directory may be shared.",
        )


@contextlib.contextmanager
def open_memory(config: Config, *, migrating: bool = True) -> Iterator[Memory]:
    """Open the memory in `config.data_dir`, making the directory when it is missing.

    Raises Locked when another process holds the database, DatabaseFailed when it cannot be opened, and
    without `migrating` SchemaDiffers when its schema is not this version's; BadConfig when others can read
    what is private and security.strict_permissions is set, and for DuckDB on another machine's disk.
    """
    os.umask(0o077)
    folder = config.data_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_rights(config)
    check_place(folder, config.database.url)
    folder = folder.resolve()  # recordings are opened by real paths, in which no link is followed
    for name in FOLDERS:
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    with swap.used(folder):
        db = engines.open_database(
            config.database.url,
            folder=folder,
            memory_limit=config.database.memory_limit,
            threads=config.database.threads,
            programs=config.database.programs,
            connections=config.database.connections,
            statement_seconds=config.database.statement_timeout_seconds,
            migrating=migrating,
        )
        with (
            contextlib.closing(db),
            reindex.open_index(db, folder / "index") as index,
            _meaning(config, db, index) as meaning,
        ):
            memory = Memory(
                config=config,
                db=db,
                index=index,
                folder=folder,
                remote=remote(config, folder),
                meaning=meaning,
            )
            with (
                contextlib.closing(memory.ear),
                contextlib.closing(memory.eye),
                contextlib.closing(memory.reader),
            ):
                yield memory


def remote(config: Config, folder: Path) -> Remote:
    """The buckets that the configuration leads to; none of them is asked yet."""
    storage, s3 = config.storage, config.storage.s3
    access = Access(
        endpoint=s3.endpoint,
        region=s3.region,
        access_key_id=s3.access_key_id,
        secret_access_key=s3.secret_access_key,
        session_token=s3.session_token,
        virtual_hosted=s3.virtual_hosted,
        timeout_seconds=s3.timeout_seconds,
    )
    return Remote(access, Cache(folder / "cache", storage.cache_bytes, storage.min_free_bytes))


@contextlib.contextmanager
def _meaning(config: Config, db: Database, index: Index) -> Iterator[Meaning | None]:
    """What finds by meaning; where that is off, what it kept of the texts is not left behind."""
    folder = config.data_dir / "meaning"
    if config.search.semantic == "off" or db.engine != "duckdb":
        shutil.rmtree(folder, ignore_errors=True)
        yield None
        return
    meaning = Meaning(db, folder)
    index.watcher = meaning.changed
    try:
        yield meaning
    finally:
        index.watcher = None
        meaning.close()
