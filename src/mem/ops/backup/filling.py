"""Filling a backup: each file shared with an earlier one, shared with the memory, or copied."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mem.errors import DiskFull, Stopped, no_room
from mem.objects.pointer import Pointer
from mem.ops.backup import linking, manifest, sealing
from mem.ops.backup.manifest import Manifest, Stored

_PIECE = 2**20


@dataclass
class Filling:
    """A backup that is being made in `folder`, under a name that is no backup's."""

    folder: Path
    earlier: tuple[Path, Manifest] | None  # one to share files with
    recipients: tuple[str, ...]
    keys: Sequence[Any]
    stopped: Callable[[], bool]
    files: list[Stored] = field(default_factory=list)
    shared: int = 0  # bytes that were not copied
    copied: int = 0

    def put_remote(self, path: str, led: Path, there: Pointer, fetch: Callable[[], Path]) -> None:
        """Add a file that lies in a bucket, to which `led` leads: fetched unless an earlier backup has it.

        Raises as `put`, and StorageFailed.
        """
        if self.stopped():
            raise Stopped
        stat = led.stat()
        origin = (there.size, stat.st_mtime_ns, stat.st_ino)
        target = self.folder / f"{path}{'.age' if self.keys else ''}"
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            if not self._share(path, origin, target, there.sha256):
                self._store(path, fetch(), origin, target, growing=False)
        except OSError as error:
            if no_room(error):
                raise DiskFull(f"There is no room for the backup in {self.folder.parent}.") from None
            raise

    def put(self, path: str, source: Path, *, growing: bool = False) -> None:
        """Add a file. One that is `growing` is copied, since its writer goes on in the same place.

        Raises DiskFull, and Stopped when it is to end early.
        """
        if self.stopped():
            raise Stopped
        stat = source.stat()
        origin = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        target = self.folder / f"{path}{'.age' if self.keys else ''}"
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            if not self._share(path, origin, target):
                self._store(path, source, origin, target, growing)
        except OSError as error:
            if no_room(error):
                raise DiskFull(f"There is no room for the backup in {self.folder.parent}.") from None
            raise

    def _share(
        self, path: str, origin: tuple[int, int, int], target: Path, digest: str | None = None
    ) -> bool:
        """Link to the same file of the backup before, if it was the same then, by origin or by digest."""
        if self.earlier is None:
            return False
        folder, before = self.earlier
        known = before.find(path)
        if known is None or before.recipients != self.recipients:
            return False
        if known.origin != origin and (digest is None or known.sha256 != digest):
            return False
        there = folder / manifest.stored_name(before, known)
        if not there.is_file() or there.stat().st_size != known.stored_size:
            return False
        if not linking.link(there, target):
            return False
        self.files.append(known)
        self.shared += known.stored_size
        return True

    def _store(
        self, path: str, source: Path, origin: tuple[int, int, int], target: Path, growing: bool
    ) -> None:
        if self.keys:
            self._seal(path, source, origin, target, growing)
            return
        same_disk = source.stat().st_dev == self.folder.stat().st_dev
        if same_disk and not growing and linking.link(source, target):
            digest, size = sha256(target), target.stat().st_size
            self.shared += size
        else:
            digest, size = copy(source, target)
            self.copied += size
        self.files.append(
            Stored(path=path, size=size, sha256=digest, stored_size=size, stored_sha256=digest, origin=origin)
        )

    def _seal(
        self, path: str, source: Path, origin: tuple[int, int, int], target: Path, growing: bool
    ) -> None:
        size, still = origin[0], source.with_name(f".{source.name}.still")
        if growing:  # its size is noted too, so it must stand still
            _, size = copy(source, still)
        sealing.seal(still if growing else source, target, self.keys)
        still.unlink(missing_ok=True)
        target.chmod(0o600)
        sync(target)
        sealed, digest = target.stat().st_size, sha256(target)
        self.files.append(
            Stored(path=path, size=size, sha256=None, stored_size=sealed, stored_sha256=digest, origin=origin)
        )
        self.copied += sealed


def sha256(file: Path) -> str:
    """The digest of a file, hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def copy(source: Path, target: Path) -> tuple[str, int]:
    """Copy a file durably; gives the digest of what was copied and its size."""
    digest, size = hashlib.sha256(), 0
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with source.open("rb") as here, os.fdopen(fd, "wb") as there:
        while piece := here.read(_PIECE):
            digest.update(piece)
            there.write(piece)
            size += len(piece)
        there.flush()
        os.fsync(there.fileno())
    return digest.hexdigest(), size


def sync(file: Path) -> None:
    """Bring a file to the disk."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
