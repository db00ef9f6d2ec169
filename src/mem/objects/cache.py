"""What is kept on this machine of files that lie in a bucket: blocks and whole files, within bounds.

Everything bears the sum of the file that it is of, so nothing here can be of another one. What was used
longest ago goes first; a whole file stays for a minute after its last use, since somebody may be about to
open it.
"""

import errno
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mem.errors import DiskFull

_WHOLE = "whole"
_SHARE = 16  # a sixteenth of the bound may come before it is looked at again
_GRACE_SECONDS = 60.0


class Cache:
    """A folder of at most about `most` bytes; several processes may share it."""

    def __init__(self, folder: Path, most: int, least_free: int) -> None:
        self._folder, self._most, self._least_free = folder, most, least_free
        self._lock = threading.Lock()
        self._come = most  # bytes since it was looked at; what an earlier process left counts too

    def block(self, sha256: str, number: int) -> bytes | None:
        """A block of the file with this sum; None where it is not kept."""
        place = self._place(sha256, str(number))
        try:
            data = place.read_bytes()
        except FileNotFoundError:
            return None
        _touch(place)
        return data

    def keep(self, sha256: str, number: int, data: bytes) -> None:
        """Keep a block; a disk that takes nothing more makes no difference to the reader."""
        if len(data) > self._most or not self._has_room(len(data)):
            return
        place = self._place(sha256, str(number))
        with suppress(OSError):
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = place.with_name(f".{place.name}-{uuid.uuid4()}.part")
            try:
                part.write_bytes(data)
                part.replace(place)
            finally:
                part.unlink(missing_ok=True)
        self._count(len(data))

    def whole(self, sha256: str) -> Path | None:
        """The whole file with this sum, which stays for a minute at least; None where it is not kept."""
        place = self._place(sha256, _WHOLE)
        return place if _touch(place) else None

    def room(self, sha256: str, size: int) -> Path:
        """Where the whole file may be written before `take` gives it its name. Raises DiskFull."""
        place = self._place(sha256, _WHOLE)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._has_room(size):
            self.tidy()
            if not self._has_room(size):
                raise DiskFull(f"{size:,} bytes of a bucket find no room in {self._folder}.")
        return place.with_name(f".{place.name}-{uuid.uuid4()}.part")

    def take(self, sha256: str, file: Path) -> Path:
        """Give a file that was written to `room` its name."""
        place = self._place(sha256, _WHOLE)
        size = file.stat().st_size
        file.replace(place)
        _touch(place)
        self._count(size)
        return place

    def retire(self, sha256: str, file: Path) -> None:
        """Move a file here that is to be had elsewhere too, or remove it where it is too much."""
        if file.stat().st_size > self._most:
            file.unlink()
            return
        self._place(sha256, _WHOLE).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self.take(sha256, file)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            file.unlink()  # the recordings lie on a volume of their own

    def forget(self, sha256: str) -> None:
        """Keep nothing of the file with this sum any more."""
        folder = self._place(sha256, _WHOLE).parent
        for file in list(folder.iterdir()) if folder.is_dir() else ():
            file.unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()

    def tidy(self) -> int:
        """Let go of what was used longest ago until the rest is within bounds; gives the bytes that stay."""
        with self._lock:
            self._come = 0
            found = sorted(self._files())
            used = sum(size for _, size, _ in found)
            limit = time.time() - _GRACE_SECONDS
            for used_at, size, file in found:
                if used <= self._most:
                    break
                if not file.name.isdecimal() and used_at > limit:
                    continue  # a whole file, or a part of one: somebody is about to open it
                file.unlink(missing_ok=True)
                with suppress(OSError):
                    file.parent.rmdir()
                used -= size
            return used

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        for folder, _, names in os.walk(self._folder):
            for name in names:
                file = Path(folder, name)
                with suppress(FileNotFoundError):
                    facts = file.lstat()
                    yield facts.st_mtime, facts.st_size, file

    def _count(self, size: int) -> None:
        with self._lock:
            self._come += size
            due = self._come > self._most // _SHARE
        if due:
            self.tidy()

    def _has_room(self, size: int) -> bool:
        """Whether so much may be written to the volume; where the folder is not made yet, it may."""
        try:
            return shutil.disk_usage(self._folder).free - size >= self._least_free
        except FileNotFoundError:
            return True

    def _place(self, sha256: str, name: str) -> Path:
        return self._folder / sha256[:2] / sha256 / name


def _touch(file: Path) -> bool:
    try:
        os.utime(file)
    except FileNotFoundError:
        return False
    return True
