"""Filling a backup: each file the same as in an earlier one, or kept anew."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mem.errors import DiskFull, Stopped, no_room
from mem.objects.pointer import Pointer
from mem.ops.backup import sealing
from mem.ops.backup.copying import copy
from mem.ops.backup.manifest import Manifest, Stored
from mem.ops.backup.place import Making

Origin = tuple[int, int, int]  # size, time of change (ns) and inode


@dataclass
class Filling:
    """What a backup that is being made has so far. Its methods raise DiskFull, Stopped and StorageFailed."""

    making: Making
    earlier: Manifest | None  # of a backup to have files of
    recipients: tuple[str, ...]
    keys: Sequence[Any]
    stopped: Callable[[], bool]
    files: list[Stored] = field(default_factory=list)
    copied: int = 0  # bytes that were written or sent

    def __post_init__(self) -> None:
        before = self.earlier.files if self.earlier and self.earlier.recipients == self.recipients else ()
        self._before = {file.path: file for file in before}

    def put(self, path: str, source: Path, *, growing: bool = False) -> None:
        """Add a file. One that is `growing` is copied, since its writer goes on in the same place."""
        stat = source.stat()
        origin = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        self._add(path, origin, None, lambda: self._store(path, source, origin, growing))

    def put_remote(self, path: str, led: Path, there: Pointer, fetch: Callable[[], Path]) -> None:
        """Add a file that lies in a bucket, to which `led` leads: fetched unless an earlier backup has it."""
        stat = led.stat()
        origin = (there.size, stat.st_mtime_ns, stat.st_ino)
        self._add(path, origin, there.sha256, lambda: self._store(path, fetch(), origin, growing=False))

    def _add(self, path: str, origin: Origin, digest: str | None, store: Callable[[], None]) -> None:
        if self.stopped():
            raise Stopped
        known = self._known(path, origin, digest)
        try:
            if known is not None and self.making.again(known):
                self.files.append(known)
            else:
                store()
        except OSError as error:
            if no_room(error):
                raise DiskFull("There is no room for the backup.") from None
            raise

    def _known(self, path: str, origin: Origin, digest: str | None) -> Stored | None:
        """The same file of the backup before, if it was the same then, by origin or by digest."""
        known = self._before.get(path)
        if known is None or (known.origin != origin and (digest is None or known.sha256 != digest)):
            return None
        return known

    def _store(self, path: str, source: Path, origin: Origin, growing: bool) -> None:
        if self.keys:
            size, sealed = self._sealed(source, origin[0], growing)
            kept, digest = self.making.keep(f"{path}.age", sealed, given=True), None
        else:
            kept = self.making.keep(path, source, growing=growing)
            size, digest = kept.size, kept.sha256
        self.copied += kept.copied
        self.files.append(
            Stored(
                path=path,
                size=size,
                sha256=digest,
                stored_size=kept.size,
                stored_sha256=kept.sha256,
                origin=origin,
            )
        )

    def _sealed(self, source: Path, size: int, growing: bool) -> tuple[int, Path]:
        """The size of what a file holds, and an encrypted copy of it."""
        still = source.with_name(f".{source.name}.still")
        if growing:  # its size is noted too, so it must stand still
            _, size = copy(source, still)
        sealed = self.making.scratch / f".sealed-{uuid.uuid4()}"
        sealing.seal(still if growing else source, sealed, self.keys)
        still.unlink(missing_ok=True)
        return size, sealed
