"""Backups in a folder: each a folder of files, which are links wherever nothing changed."""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mem.errors import Conflict, Unreadable
from mem.ops.backup import linking, manifest
from mem.ops.backup.copying import copy, sha256, sync
from mem.ops.backup.manifest import Manifest, Stored
from mem.ops.backup.place import Kept
from mem.ops.chores import Stopping
from mem.store.database import sync_folder

_LOCK = ".lock"


class Folder:
    """A folder of backups."""

    at_once = 1

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def where(self, name: str) -> str:
        """How a person names a backup in it."""
        return str(self.folder / name)

    def names(self) -> list[str]:
        """The folders in it that have the name of a backup. Raises Unreadable."""
        try:
            found = list(self.folder.iterdir()) if self.folder.is_dir() else []
            return [path.name for path in found if manifest.is_name(path.name) and path.is_dir()]
        except OSError as error:  # such as one whose name is too long
            raise Unreadable(f"{self.folder} cannot be read: {error.strerror}.") from None

    def read(self, name: str, file: str) -> bytes:
        """A short file of a backup. Raises FileNotFoundError."""
        return (self.folder / name / file).read_bytes()

    def note(self, name: str, file: str, data: bytes) -> None:
        """Write a short file beside the manifest, all at once."""
        part = self.folder / name / f".{file}.part"
        try:
            part.write_bytes(data)
            part.replace(self.folder / name / file)
        except OSError:
            part.unlink(missing_ok=True)
            raise

    @contextmanager
    def stored(self, name: str, found: Manifest, file: Stored) -> Iterator[Path]:
        """The file itself. Raises FileNotFoundError."""
        path = self.folder / name / manifest.stored_name(found, file)
        if not path.is_file() or path.is_symlink():
            raise FileNotFoundError(path)
        yield path

    def on_disk_of(self, folder: Path) -> bool:
        """Whether both are on one device."""
        return self.folder.stat().st_dev == folder.stat().st_dev

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock in it, so that only one changes its backups. Raises Conflict."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self.folder / _LOCK, str(self)):
            yield

    @contextmanager
    def making(
        self,
        name: str,
        earlier: tuple[str, Manifest] | None,
        scratch: Path,  # noqa: ARG002 - what is prepared lies on the disk of the backup
        stopped: Stopping,  # noqa: ARG002 - asked between files
    ) -> Iterator["Part"]:
        """A folder under a name that is no backup's; it goes, unless it was published."""
        part = self.folder / f".{name}.part"
        part.mkdir(mode=0o700)
        try:
            yield Part(self.folder, name, part, earlier)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def remove(self, name: str) -> None:
        """Take away its name, then its files."""
        doomed = self.folder / f".{name}.part"
        (self.folder / name).rename(doomed)  # cut short, half a backup is never listed
        sync_folder(self.folder)
        shutil.rmtree(doomed)

    def sweep(self) -> None:
        """Remove what was cut short."""
        for left in self.folder.glob(".mem-*.part"):
            shutil.rmtree(left, ignore_errors=True)

    def release(self, kept: Iterable[Manifest]) -> None:
        """Nothing: the last link takes the bytes with it."""


class Part:
    """A backup that is being made in a folder."""

    def __init__(self, root: Path, name: str, part: Path, earlier: tuple[str, Manifest] | None) -> None:
        self._root, self._name, self._part, self._earlier = root, name, part, earlier
        self.scratch = part

    def again(self, known: Stored) -> bool:
        """Link to the file of the backup before."""
        assert self._earlier is not None
        name, before = self._earlier
        there = self._root / name / manifest.stored_name(before, known)
        if not there.is_file() or there.stat().st_size != known.stored_size:
            return False
        return linking.link(there, self._target(manifest.stored_name(before, known)))

    def keep(self, path: str, source: Path, *, growing: bool = False, given: bool = False) -> Kept:
        """Link to the file where it stays as it is and lies on the same disk, or copy it."""
        target = self._target(path)
        if given:
            source.rename(target)
            target.chmod(0o600)
            sync(target)
            size = target.stat().st_size
            return Kept(size=size, sha256=sha256(target), copied=size)
        same_disk = source.stat().st_dev == self._part.stat().st_dev
        if same_disk and not growing and linking.link(source, target):
            return Kept(size=target.stat().st_size, sha256=sha256(target), copied=0)
        digest, size = copy(source, target)
        return Kept(size=size, sha256=digest, copied=size)

    def settle(self) -> None:
        """Nothing is under way: each file was written before the next."""

    def publish(self, raw: bytes) -> None:
        """Give the backup its name, once all of it is on the disk."""
        fd = os.open(self._part / manifest.NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as out:
            out.write(raw)
            out.flush()
            os.fsync(out.fileno())
        for folder, _, _ in os.walk(self._part, topdown=False):
            sync_folder(Path(folder))
        self._part.rename(self._root / self._name)
        sync_folder(self._root)

    def _target(self, path: str) -> Path:
        target = self._part / path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return target


@contextmanager
def locked(file: Path, place: str) -> Iterator[None]:
    """Hold a lock on a file, so that only one on this machine changes the backups. Raises Conflict."""
    fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"The backups in {place} are being changed already.", hint="Wait until that is done."
            ) from None
        yield
    finally:
        os.close(fd)
