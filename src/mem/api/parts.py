"""A file while it is received: counted, hashed and written on the way, in a thread of its own."""

import asyncio
import contextlib
import hashlib
import os
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mem import failpoints, folders
from mem.api import writeback
from mem.api.direct import ALIGNED, Direct
from mem.api.room import Claim
from mem.errors import DiskFull, TooLarge, no_room

if TYPE_CHECKING:
    from _hashlib import HASH

SUFFIX = ".part"
_BLOCK = 2**20  # bytes handed to the disk at once
_LONG = 16 * 2**20  # bytes from which on a file is written past the cache; a capture soon reads a short one
_LARGE = 2**14  # bytes of a chunk
# So much at most waits to reach the disk when the last byte comes: the answer must not take long then.
_MARK_BYTES = 64 * 2**20
_MARK_SECONDS = 5.0

Chunk = bytes | bytearray | memoryview
Block = list[Chunk]


class Part:
    """The open file that is being received. Its name is Mem's own; nothing of it comes from the sender."""

    def __init__(
        self,
        path: Path,
        fd: int,
        claim: Claim,
        *,
        limit: int,
        size: int = 0,
        digest: "HASH | None" = None,
    ) -> None:
        self.path = path
        self.size = size  # bytes received
        self.written = size  # bytes handed to the disk, `digest` is theirs
        self.digest = digest or hashlib.sha256()
        self.piece: HASH | None = None  # takes what is written as well, where a piece is checked by itself
        self.mark: Callable[[], None] = self.sync  # called now and then, between two writes
        self._claim = claim
        self._limit = limit
        self._fd, self._direct = fd, Direct(fd)
        self._marked, self._marked_at = size, time.monotonic()

    @property
    def sha256(self) -> str:
        """The digest of what was written, hex."""
        return self.digest.hexdigest()

    def count(self, received: int) -> None:
        """Add to the size. Raises TooLarge."""
        self.size += received
        if self.size > self._limit:
            raise TooLarge(f"This upload may hold {self._limit:,} bytes; it has more.")

    def write(self, block: Block) -> None:
        """Append `block`. Raises DiskFull; then nothing of it counts."""
        size = sum(map(len, block))
        self._claim.use(size)
        after = [self.digest.copy(), *([self.piece.copy()] if self.piece is not None else ())]
        hashing = threading.Thread(target=_hash, args=(block, after), name="digest")
        hashing.start()  # it and the writing let each other run
        try:
            self._append(block, size)
        finally:
            hashing.join()
        self.digest, self.piece = after[0], after[1] if self.piece is not None else None
        self.written += size
        failpoints.reach("upload.written")
        now = time.monotonic()
        if self.written - self._marked >= _MARK_BYTES or now - self._marked_at >= _MARK_SECONDS:
            self.mark()
            self._marked, self._marked_at = self.written, time.monotonic()

    def _append(self, block: Block, size: int) -> None:
        aligned = not (self.written % ALIGNED or size % ALIGNED)
        try:
            if aligned and self.written >= _LONG and self._direct.write(block):
                return
            self._direct.stop()
            for chunk in block:
                rest = memoryview(chunk)
                while rest:
                    rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            raise _full(error) from None
        writeback.begin(self._fd)

    def sync(self) -> None:
        """Wait until what was written is on the disk. Raises DiskFull."""
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            raise _full(error) from None

    def keep(self) -> Path:
        """Make the file durable under its final name, and give that."""
        final = self.path.with_suffix("")
        self.sync()
        failpoints.reach("upload.synced")
        self.path.rename(final)
        failpoints.reach("upload.named")
        folders.sync_names(final.parent)
        return final


@contextlib.contextmanager
def receiving(folder: Path, claim: Claim, *, limit: int) -> Iterator[Part]:
    """A new part in `folder` of at most `limit` bytes, removed at the end unless it was kept."""
    path = folder / f"{uuid.uuid4()}{SUFFIX}"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        failpoints.reach("upload.begun")
        yield Part(path, fd, claim, limit=limit)
    finally:
        os.close(fd)
        path.unlink(missing_ok=True)


async def store(chunks: AsyncIterator[bytes], part: Part) -> None:
    """Write the chunks, receiving the next block while one is hashed and written.

    However it ends, all that was received and counted is written.
    """
    block: Block = []
    held = 0  # bytes
    writing: asyncio.Future[None] | None = None
    try:
        async for chunk in chunks:
            part.count(len(chunk))
            held += len(chunk)
            _add(block, chunk)
            if held >= _BLOCK:
                if writing is not None:
                    await writing
                begun = _taken_off(block, part.size % ALIGNED)
                writing = asyncio.ensure_future(asyncio.to_thread(part.write, block))
                block, held = begun, sum(map(len, begun))
    finally:
        if writing is not None:
            await asyncio.shield(writing)
        if block:
            await asyncio.to_thread(part.write, block)


def _add(block: Block, chunk: bytes) -> None:
    """Put a chunk behind the others: a large one as it is, since copying costs; small ones together."""
    if len(chunk) >= _LARGE:
        block.append(chunk)
    elif block and isinstance(block[-1], bytearray):
        block[-1] += chunk
    else:
        block.append(bytearray(chunk))


def _taken_off(block: Block, size: int) -> Block:
    """The last bytes of `block`, which it loses: they fill no block of the disk."""
    tail = bytearray()
    while len(tail) < size:
        chunk = memoryview(block.pop())
        kept = max(0, len(chunk) - (size - len(tail)))
        tail[:0] = chunk[kept:]
        if kept:
            block.append(chunk[:kept])
    return [tail] if tail else []


def _hash(block: Block, digests: "Sequence[HASH]") -> None:
    for chunk in block:
        for digest in digests:
            digest.update(chunk)  # lets other threads run


def sweep(folder: Path) -> int:
    """Remove what a process that ended was still receiving; gives how many."""
    left = [path for path in folder.iterdir() if path.suffix == SUFFIX]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _full(error: OSError) -> Exception:
    return DiskFull() if no_room(error) else error
