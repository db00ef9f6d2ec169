"""A file while it is received: counted, hashed, and gone again unless it is kept."""

import contextlib
import errno
import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from mem.errors import DiskFull, TooLarge

SUFFIX = ".part"
_LOOK_BYTES = 64 * 2**20  # between looks at the free space


class Part:
    """The file that is being received. Its name is Mem's own; nothing of it comes from the sender."""

    def __init__(self, folder: Path, *, limit: int) -> None:
        self.size = 0  # bytes received
        self._limit = limit
        self._looked = 0
        self._digest = hashlib.sha256()
        self._path = folder / f"{uuid.uuid4()}{SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self._fd = os.open(self._path, flags, 0o600)
        self._kept = False

    @property
    def sha256(self) -> str:
        """The digest of what was written, hex."""
        return self._digest.hexdigest()

    def count(self, received: int) -> None:
        """Add to the size. Raises TooLarge."""
        self.size += received
        if self.size > self._limit:
            raise TooLarge(f"An upload may hold {self._limit:,} bytes; this one has more.")

    def look_is_due(self) -> bool:
        """Whether so much came since the last time that the free space is worth a look."""
        due = self.size - self._looked >= _LOOK_BYTES
        if due:
            self._looked = self.size
        return due

    def write(self, block: bytes) -> None:
        """Append `block`. Raises DiskFull."""
        self._digest.update(block)
        rest = memoryview(block)
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            raise _full(error) from None

    def keep(self) -> Path:
        """Make the file durable under its final name, and give that."""
        final = self._path.with_suffix("")
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            raise _full(error) from None
        self._path.rename(final)
        self._kept = True
        folder = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return final

    def close(self) -> None:
        """Close the file and remove it unless it was kept."""
        os.close(self._fd)
        if not self._kept:
            self._path.unlink(missing_ok=True)


@contextlib.contextmanager
def receiving(folder: Path, *, limit: int) -> Iterator[Part]:
    """A new part in `folder` of at most `limit` bytes, removed at the end unless it was kept."""
    with contextlib.closing(Part(folder, limit=limit)) as part:
        yield part


def sweep(folder: Path) -> int:
    """Remove what a process that ended was still receiving; gives how many."""
    left = [path for path in folder.iterdir() if path.suffix == SUFFIX]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _full(error: OSError) -> Exception:
    return DiskFull() if error.errno in (errno.ENOSPC, errno.EDQUOT) else error
