"""Sending a backup to a bucket: several files at once, and none that is there already."""

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Self

from mem.errors import Stopped, StorageFailed
from mem.objects.bucket import Bucket
from mem.ops.backup.copying import copy, sha256
from mem.ops.backup.manifest import Stored
from mem.ops.backup.place import Kept
from mem.ops.chores import Stopping

_RENEW_SECONDS = 300.0


class Sending:
    """A backup that is being made in a bucket."""

    def __init__(
        self,
        *,
        bucket: Bucket,
        key: Callable[[str], str],
        manifest_key: str,
        there: dict[str, int],
        renew: Callable[[], None],
        scratch: Path,
        stopped: Stopping,
        at_once: int,
    ) -> None:
        """`key` says where an object of a digest lies, `there` which do so; `renew` keeps others away."""
        self.scratch = scratch
        self._bucket, self._key, self._manifest_key = bucket, key, manifest_key
        self._there, self._renew, self._stopped = there, renew, stopped
        self._sent: deque[Future[None]] = deque()
        self._most = 2 * at_once  # that wait: each may hold a file that nothing else names
        self._renewed, self._ended = time.monotonic(), threading.Event()
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="backup")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def again(self, known: Stored) -> bool:
        """Whether the object that the backup before names is there."""
        self._keep_away()
        return self._there.get(known.stored_sha256) == known.stored_size

    def keep(self, path: str, source: Path, *, growing: bool = False, given: bool = False) -> Kept:  # noqa: ARG002
        """Send what a file holds, unless it is there already. Raises what sending an earlier one met."""
        if growing:
            source, given = self._still(source), True
        digest, size = sha256(source), source.stat().st_size
        copied = 0
        if self._there.get(digest) != size:
            while len(self._sent) >= self._most:
                self._sent.popleft().result()
            self._sent.append(self._pool.submit(self._send, source, digest, given))
            self._there[digest] = copied = size
        elif given:
            source.unlink()
        self._keep_away()
        return Kept(size=size, sha256=digest, copied=copied)

    def settle(self) -> None:
        """Wait until all was sent. Raises StorageFailed, and Stopped."""
        while self._sent:
            self._sent.popleft().result()
            self._keep_away()

    def publish(self, raw: bytes) -> None:
        """Write the manifest, which makes it a backup."""
        self.settle()
        self._bucket.put_bytes(self._manifest_key, raw)

    def _still(self, source: Path) -> Path:
        """A copy that stands still."""
        still = self.scratch / f".still-{uuid.uuid4()}"
        copy(source, still)
        return still

    def _send(self, source: Path, digest: str, given: bool) -> None:
        """Send a file; each request is signed over its body, so other bytes are refused."""
        self._bucket.put(self._key(digest), source, self._ending)
        if sha256(source) != digest:  # its writer went on meanwhile: the name would lie
            self._bucket.delete(self._key(digest))
            raise StorageFailed(f"{source.name} changed while it was sent.", hint="Make the backup again.")
        if given:
            source.unlink()

    def _ending(self) -> bool:
        return self._ended.is_set() or self._stopped()

    def _keep_away(self) -> None:
        """Renew the mark that keeps other memories away, now and then."""
        if self._stopped():
            raise Stopped
        if time.monotonic() - self._renewed > _RENEW_SECONDS:
            self._renew()
            self._renewed = time.monotonic()
