"""Adding a piece to an upload: one sender at a time, from the offset on, with the digest running.

A digest cannot be stored, so it is kept in memory for as long as the server runs; after that, the
bytes that are here are read once more when the next piece comes.
"""

import asyncio
import contextlib
import dataclasses
import fcntl
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mem import failpoints
from mem.api import arrivals
from mem.api.arrivals import Facts
from mem.api.parts import Part
from mem.api.room import Claim
from mem.capture import partial
from mem.capture.partial import Upload
from mem.errors import MediaError, NotFound, OffsetMismatch, UploadBusy
from mem.memory import Memory

if TYPE_CHECKING:
    from _hashlib import HASH

_MOST_DIGESTS = 10_000
_READ = 4 * 2**20  # bytes


class Digests:
    """The digests of the uploads that this process received, by id, each at its acknowledged offset."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[int, HASH]] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, upload_id: str) -> bool:
        return upload_id in self._held

    def at(self, upload_id: str, offset: int) -> "HASH | None":
        """A copy of the digest of the first `offset` bytes, if it is held."""
        with self._lock:
            held = self._held.get(upload_id)
            return held[1].copy() if held is not None and held[0] == offset else None

    def hold(self, upload_id: str, offset: int, digest: "HASH") -> None:
        """Keep a copy; the one that rested longest is let go where there are too many."""
        with self._lock:
            self._held[upload_id] = offset, digest.copy()
            self._held.move_to_end(upload_id)
            if len(self._held) > _MOST_DIGESTS:
                self._held.popitem(last=False)

    def drop(self, upload_id: str) -> None:
        """Forget the digest."""
        with self._lock:
            self._held.pop(upload_id, None)


class Piece:
    """An upload, locked against other senders, while a piece is added to it."""

    def __init__(self, memory: Memory, digests: Digests, upload_id: str, offset: int, claim: Claim) -> None:
        self._memory = memory
        self._digests = digests
        self._file = partial.file_of(memory, upload_id)
        with contextlib.ExitStack() as undo:
            self._fd = _open(self._file)
            undo.callback(os.close, self._fd)
            self.upload = partial.find(memory, upload_id)
            if os.fstat(self._fd).st_size < self.upload.offset:
                raise NotFound("The bytes of this upload are gone.")
            if offset != self.upload.offset or self.upload.ended:
                raise OffsetMismatch(f"The upload has {self.upload.offset:,} bytes, not {offset:,}.")
            os.ftruncate(self._fd, offset)
            digest = digests.at(upload_id, offset) or _digest_of(self._fd)
            os.lseek(self._fd, offset, os.SEEK_SET)
            undo.pop_all()
        size = self.upload.size
        self.part = Part(self._file, self._fd, claim, limit=size, size=offset, digest=digest)
        self.part.mark = self.acknowledge

    def acknowledge(self) -> None:
        """Make durable what was written so far and how far that is. The last byte counts when all is done."""
        self.part.sync()
        failpoints.reach("tus.synced")
        if self.part.written < self.upload.size:
            self.upload = partial.put(
                self._memory, dataclasses.replace(self.upload, offset=self.part.written)
            )
            failpoints.reach("tus.acknowledged")
            self._digests.hold(self.upload.id, self.part.written, self.part.digest)

    def finish(self, facts: Facts) -> None:
        """Hand the whole file over, or drop it when its content is known. Raises DiskFull, TooBusy."""
        self.part.sync()
        failpoints.reach("tus.whole")
        self._digests.drop(self.upload.id)
        whole = dataclasses.replace(self.upload, offset=self.upload.size)
        if source := arrivals.known(self._memory, self.part.sha256):
            self.upload = partial.put(self._memory, dataclasses.replace(whole, source=source.id))
            failpoints.reach("tus.known")
            self._file.unlink()
        else:
            try:
                job = arrivals.queue(self._memory, self._file, self.part.sha256, facts)
            except MediaError:  # refused for what it is: sending it again would not help
                partial.remove(self._memory, self.upload)
                raise
            failpoints.reach("tus.queued")
            self.upload = partial.put(self._memory, dataclasses.replace(whole, job=job.id))
        failpoints.reach("tus.ended")

    def close(self) -> None:
        """Let the next sender come."""
        os.close(self._fd)


@contextlib.asynccontextmanager
async def adding(
    memory: Memory, digests: Digests, upload_id: str, offset: int, claim: Claim
) -> AsyncIterator[Piece]:
    """The upload, open for a piece at `offset`. Raises UploadBusy, OffsetMismatch, NotFound."""
    piece = await asyncio.to_thread(Piece, memory, digests, upload_id, offset, claim)
    try:
        yield piece
    finally:
        piece.close()


@contextlib.contextmanager
def locked(memory: Memory, upload: Upload) -> Iterator[Upload]:
    """The upload while nobody adds to it. Raises UploadBusy."""
    file = partial.file_of(memory, upload.id)
    fd = _open(file) if file.exists() else None
    try:
        yield upload
    finally:
        if fd is not None:
            os.close(fd)


def _open(file: Path) -> int:
    """The file, locked. Raises UploadBusy, and NotFound when there is none any more."""
    try:
        fd = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFound("The bytes of this upload are gone.") from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise UploadBusy from None
    return fd


def _digest_of(fd: int) -> "HASH":
    digest = hashlib.sha256()
    os.lseek(fd, 0, os.SEEK_SET)
    while block := os.read(fd, _READ):
        digest.update(block)
    return digest
