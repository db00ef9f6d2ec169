"""Files in buckets as everything else wants them: put there whole, read by range or as a file."""

import os
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from mem import observe
from mem.errors import DiskFull, NotFound, Stopped, StorageFailed, no_room
from mem.objects.bucket import Access, Bucket
from mem.objects.cache import Cache
from mem.objects.pointer import Pointer
from mem.objects.waiting import Waiting

_RUN = 4 * 2**20  # bytes asked for at once, in whole blocks
_TRIES = 3


class Remote:
    """Buckets of one S3, opened when they are first asked, and the cache over all of them."""

    def __init__(self, access: Access, cache: Cache) -> None:
        self._access, self.cache, self.waiting = access, cache, Waiting()
        self._buckets: dict[str, Bucket] = {}
        self._lock = threading.Lock()

    def bucket(self, name: str) -> Bucket:
        """A bucket. Raises ExtraMissing without the library."""
        with self._lock:
            if name not in self._buckets:
                self._buckets[name] = Bucket(name, self._access)
            return self._buckets[name]

    def put(self, file: Path, pointer: Pointer, stopped: Callable[[], bool]) -> None:
        """Store a file where its pointer says, and read all of it back. Raises StorageFailed, and Stopped."""
        bucket = self.bucket(pointer.bucket)
        if bucket.size(pointer.key) != pointer.size:
            bucket.put(pointer.key, file, stopped)
            observe.OBJECT_BYTES.labels("up").inc(pointer.size)
        try:
            for _ in self._runs(pointer, range(len(pointer.blocks))):
                if stopped():
                    raise Stopped
        except NotFound as error:
            bucket.delete(pointer.key)  # the next try stores it anew
            raise StorageFailed(error.detail) from None

    def probe(self, url: str) -> None:
        """Write, read and remove a small object below ``s3://bucket/prefix``. Raises what those do."""
        name, _, prefix = url.removeprefix("s3://").partition("/")
        bucket, key = self.bucket(name), f"{prefix.rstrip('/')}/probe-{uuid.uuid4()}".lstrip("/")
        said = uuid.uuid4().bytes
        bucket.put_bytes(key, said)
        try:
            if bucket.range(key, 4, 8) != said[4:12]:
                raise StorageFailed(f"{key} in the bucket {name} is not what was written.")
        finally:
            bucket.delete(key)

    def holds(self, pointer: Pointer) -> bool:
        """Whether the object is there, as long as it was. Raises StorageFailed."""
        return self.bucket(pointer.bucket).size(pointer.key) == pointer.size

    def delete(self, pointer: Pointer) -> None:
        """Remove a file's object and what is kept of it here. Raises StorageFailed."""
        self.bucket(pointer.bucket).delete(pointer.key)
        self.cache.forget(pointer.sha256)

    def read(self, pointer: Pointer, offset: int, length: int) -> bytes:
        """Bytes of a file, as they were written; fewer where it ends before.

        Raises NotFound when the object is gone, and StorageFailed.
        """
        wanted = pointer.covering(offset, min(length, max(0, pointer.size - offset)))
        whole = self.cache.whole(pointer.sha256)
        if whole is not None:
            data = _part(whole, offset, length)
            if data is not None:
                return data
        blocks = {number: self.cache.block(pointer.sha256, number) for number in wanted}
        missing = [number for number, data in blocks.items() if data is None]
        for number, data in self._runs(pointer, missing):
            blocks[number] = data
            self.cache.keep(pointer.sha256, number, data)
        joined = b"".join(data for _, data in sorted(blocks.items()) if data is not None)
        begin = offset - wanted.start * pointer.block
        return joined[begin : begin + length]

    def stream(self, pointer: Pointer, offset: int, length: int) -> Iterator[bytes]:
        """The same in pieces, none of which is kept."""
        end = min(pointer.size, offset + length)
        whole = self.cache.whole(pointer.sha256)
        if whole is not None:
            yield from _pieces(whole, offset, end)
            return
        for number, data in self._runs(pointer, pointer.covering(offset, max(0, end - offset))):
            at = number * pointer.block
            yield data[max(0, offset - at) : end - at]

    def file(self, pointer: Pointer) -> Path:
        """A whole file on this machine, as it was written; it stays for a minute at least.

        Raises NotFound when the object is gone, StorageFailed, and DiskFull.
        """
        kept = self.cache.whole(pointer.sha256)
        if kept is not None:
            return kept
        room = self.cache.room(pointer.sha256, pointer.size)
        try:
            with room.open("wb") as out:
                for _, data in self._runs(pointer, range(len(pointer.blocks))):
                    out.write(data)
            return self.cache.take(pointer.sha256, room)
        except OSError as error:
            if no_room(error):
                raise DiskFull from None
            raise
        finally:
            room.unlink(missing_ok=True)

    def _runs(self, pointer: Pointer, numbers: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """Blocks by number, those that lie side by side asked for together, each compared with its sum."""
        run: list[int] = []
        for number in numbers:
            if run and (number != run[-1] + 1 or len(run) * pointer.block >= _RUN):
                yield from self._run(pointer, run)
                run = []
            run.append(number)
        if run:
            yield from self._run(pointer, run)

    def _run(self, pointer: Pointer, numbers: list[int]) -> list[tuple[int, bytes]]:
        """Raises NotFound when other bytes come back each time, and StorageFailed when fewer do."""
        offset = numbers[0] * pointer.block
        length = min(len(numbers) * pointer.block, pointer.size - offset)
        bucket = self.bucket(pointer.bucket)
        for _ in range(_TRIES):
            data = bucket.range(pointer.key, offset, length)
            observe.OBJECT_BYTES.labels("down").inc(len(data))
            pieces = [data[at : at + pointer.block] for at in range(0, length, pointer.block)]
            sums = [sha256(piece).hexdigest() for piece in pieces]
            if sums == [pointer.blocks[number] for number in numbers]:
                return list(zip(numbers, pieces, strict=True))
        where = f"{pointer.key} in the bucket {pointer.bucket}"
        if len(data) < length:
            raise StorageFailed(f"{where} comes back cut short.")
        raise NotFound(f"{where} is not what was written.")


def _part(file: Path, offset: int, length: int) -> bytes | None:
    """Bytes of a file; None when it went just now."""
    try:
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return os.pread(fd, length, offset)
    finally:
        os.close(fd)


def _pieces(file: Path, offset: int, end: int) -> Iterator[bytes]:
    with file.open("rb") as opened:
        opened.seek(offset)
        while offset < end and (data := opened.read(min(_RUN, end - offset))):
            offset += len(data)
            yield data
