"""Backups in a bucket: below one prefix, each a manifest that names objects, which all of them share.

PREFIX/mem-20261123T020000Z/manifest.json     written last, at once: without it there is no backup
PREFIX/objects/ab/ab01...                     the files of all, by the digest of what lies there
PREFIX/changing/1f2e...                       there while the memory of that name changes backups
"""

import contextlib
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from mem.errors import Conflict, NotFound, StorageFailed
from mem.objects.bucket import Bucket
from mem.ops.backup import manifest
from mem.ops.backup.folder import locked
from mem.ops.backup.manifest import Manifest, Stored
from mem.ops.backup.sending import Sending
from mem.ops.chores import Stopping

_STALE = timedelta(
    hours=1
)  # after which a mark was left by a machine that is gone; it is renewed far earlier
_OBJECTS, _MARKS = "objects", "changing"


class Prefix:
    """Backups below a prefix of a bucket."""

    folder = None
    at_once = 8

    def __init__(
        self, url: str, bucket: Callable[[str], Bucket], home: Path, holder: Callable[[], str]
    ) -> None:
        """`home` is the data directory; `holder` the name of the memory that may change backups here."""
        name, _, prefix = url.removeprefix("s3://").partition("/")
        self._bucket, self._home, self._holder = bucket(name), home, holder
        self._prefix = "/".join(part for part in prefix.split("/") if part)

    def __str__(self) -> str:
        return f"s3://{self._bucket.name}/{self._prefix}".rstrip("/")

    def where(self, name: str) -> str:
        """How a person names a backup in it."""
        return f"{self}/{name}"

    def names(self) -> list[str]:
        """The names below the prefix that have a manifest."""
        found = [name for name in self._bucket.folders(self._prefix) if manifest.is_name(name)]
        return [name for name in found if self._bucket.size(self._key(name, manifest.NAME)) is not None]

    def read(self, name: str, file: str) -> bytes:
        """A short file of a backup. Raises FileNotFoundError."""
        try:
            return self._bucket.read(self._key(name, file))
        except NotFound:
            raise FileNotFoundError(f"{self.where(name)}/{file}") from None

    def note(self, name: str, file: str, data: bytes) -> None:
        """Write a short file beside the manifest."""
        self._bucket.put_bytes(self._key(name, file), data)

    @contextmanager
    def stored(
        self,
        name: str,  # noqa: ARG002 - all share their objects
        found: Manifest,  # noqa: ARG002
        file: Stored,
    ) -> Iterator[Path]:
        """The object, fetched for as long as the block lasts. Raises FileNotFoundError."""
        scratch = self._home / "tmp"
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        here = scratch / f"backup-file-{uuid.uuid4()}"
        try:
            self._fetch(self._object(file.stored_sha256), file.stored_size, here)
            yield here
        finally:
            here.unlink(missing_ok=True)

    def on_disk_of(self, folder: Path) -> bool:  # noqa: ARG002
        """Never."""
        return False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one of this data directory, and of all that write here. Raises Conflict.

        Each leaves a mark first and looks for the marks of others then, so that of two at least one goes.
        """
        backups = self._home / "backups"
        backups.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(backups / ".bucket.lock", str(self)):
            self._mark()
            try:
                self._refuse_others()
                yield
            finally:
                with contextlib.suppress(StorageFailed):  # the next of this memory takes it for its own
                    self._bucket.delete(self._key(_MARKS, self._holder()))

    @contextmanager
    def making(
        self,
        name: str,
        earlier: tuple[str, Manifest] | None,  # noqa: ARG002 - its objects are found by their digests
        scratch: Path,
        stopped: Stopping,
    ) -> Iterator[Sending]:
        """Send files; what came of one that was cut short is there for the next, and nothing names it."""
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        with Sending(
            bucket=self._bucket,
            key=self._object,
            manifest_key=self._key(name, manifest.NAME),
            there=self._there(),
            renew=self._mark,
            scratch=scratch,
            stopped=stopped,
            at_once=self.at_once,
        ) as sending:
            yield sending

    def remove(self, name: str) -> None:
        """Take away its manifest, then what lies beside it; its objects go by `release`."""
        self._bucket.delete(self._key(name, manifest.NAME))
        self._bucket.delete(self._key(name, manifest.CHECKED))

    def sweep(self) -> None:
        """Nothing: what was sent for one that was cut short is used by the next, or goes by `release`."""

    def release(self, kept: Iterable[Manifest]) -> None:
        """Remove the objects that none of the kept backups names."""
        needed = {file.stored_sha256 for each in kept for file in each.files}
        loose = [digest for digest in self._there() if digest not in needed]
        for at in range(0, len(loose), 1000):
            self._mark()
            self._bucket.delete_all([self._object(digest) for digest in loose[at : at + 1000]])

    def _there(self) -> dict[str, int]:
        """The size of every object by its digest."""
        return {one.key.rpartition("/")[2]: one.size for one in self._bucket.listed(self._key(_OBJECTS, ""))}

    def _mark(self) -> None:
        self._bucket.put_bytes(self._key(_MARKS, self._holder()), b"")

    def _refuse_others(self) -> None:
        """Raise Conflict for another memory's mark that is not out of date, by the bucket's clock."""
        mine = self._key(_MARKS, self._holder())
        marks = {one.key: one.written_at for one in self._bucket.listed(self._key(_MARKS, ""))}
        for key, written_at in marks.items():
            if key != mine and (mine not in marks or marks[mine] - written_at < _STALE):
                raise Conflict(
                    f"Another memory changes the backups in {self}.",
                    hint=f"Give each a prefix of its own. If that machine is gone, remove the object {key}, "
                    f"or wait until an hour after {written_at:%H:%M} UTC.",
                )

    def _fetch(self, key: str, size: int, here: Path) -> None:
        """Bring an object to a file. Raises FileNotFoundError."""
        try:
            if size == 0 and self._bucket.size(key) is None:
                raise FileNotFoundError(key)
            with here.open("xb") as out:
                here.chmod(0o600)
                self._bucket.fetch(key, size, out)
        except NotFound:
            raise FileNotFoundError(key) from None

    def _object(self, digest: str) -> str:
        return self._key(_OBJECTS, f"{digest[:2]}/{digest}")

    def _key(self, *parts: str) -> str:
        return "/".join(part for part in (self._prefix, *parts) if part)
