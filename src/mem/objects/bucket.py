"""Buckets of any S3, through obstore (extra `s3`), which is imported here alone.

Requests are signed over what they carry, tried again for as long as the settings say, and end in an error
of Mem. A bucket that did not answer is not asked again for a moment, so that many readers of a bucket that
is away are told so at once and none of them holds a thread for long.
"""

import importlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from mem import redact
from mem.errors import ExtraMissing, NotFound, Stopped, StorageFailed

_PART = 8 * 2**20  # bytes of one part of an upload
_SHORT = 2**28  # bytes of what is read into memory: a manifest has some hundreds for each file
_PIECE = 2**20  # bytes read from the disk at once
_AT_ONCE = 2  # parts under way
_RETRIES = 6
_PAUSE_SECONDS = 2.0  # for which a bucket that does not answer is left alone
_DENIED = ("PermissionDeniedError", "UnauthenticatedError")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How an S3 is reached. Without keys, what the machine itself has (a role, AWS_* variables) is used."""

    endpoint: str | None
    region: str
    access_key_id: str | None
    secret_access_key: str | None = field(repr=False)
    session_token: str | None = field(repr=False)
    virtual_hosted: bool
    timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An object in a bucket."""

    key: str
    size: int  # bytes
    written_at: datetime


class Bucket:
    """One bucket. Every method raises StorageFailed when it does not answer as it should."""

    def __init__(self, name: str, access: Access) -> None:
        self.name = name
        self._library, self._store = _open(name, access)
        self._quiet_until = 0.0

    def put(self, key: str, file: Path, stopped: Callable[[], bool]) -> None:
        """Store a file, in parts where it is long: all of it is there then, or nothing. Raises Stopped."""
        if file.stat().st_size <= _PART:
            self.put_bytes(key, file.read_bytes())
            return
        try:
            self._put(key, _pieces(file, stopped), use_multipart=True)
        except StorageFailed:
            if stopped():
                raise Stopped from None
            raise

    def put_bytes(self, key: str, data: bytes) -> None:
        """Store something short."""
        self._put(key, data, use_multipart=False)

    def range(self, key: str, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on. Raises NotFound when the object is gone."""
        with self._asked(key):
            return bytes(self._library.get_range(self._store, key, start=offset, length=length))

    def read(self, key: str) -> bytes:
        """All of something short. Raises NotFound."""
        with self._asked(key):
            found = self._library.get(self._store, key)
            size = int(found.meta["size"])
            if size <= _SHORT:
                return bytes(found.bytes())
        raise StorageFailed(f"{key} in the bucket {self.name} has {size:,} bytes; {_SHORT:,} are read.")

    def fetch(self, key: str, size: int, out: BinaryIO) -> None:
        """Write the first `size` bytes of an object to a file, or all that it has. Raises NotFound."""
        starts = range(0, size, _PART)
        out.writelines(self.range(key, start, min(_PART, size - start)) for start in starts)

    def size(self, key: str) -> int | None:
        """Bytes of an object; None where there is none."""
        try:
            with self._asked(key):
                return int(self._library.head(self._store, key)["size"])
        except NotFound:
            return None

    def delete(self, key: str) -> None:
        """Remove an object; one that is gone already is no error."""
        try:
            with self._asked(key):
                self._library.delete(self._store, key)
        except NotFound:
            return

    def delete_all(self, keys: Sequence[str]) -> None:
        """Remove objects, a thousand with each request."""
        with self._asked(keys[0] if keys else ""):
            self._library.delete(self._store, list(keys))

    def folders(self, prefix: str) -> list[str]:
        """The names right below a prefix that objects lie below."""
        with self._asked(prefix):
            found = self._library.list_with_delimiter(self._store, prefix or None)["common_prefixes"]
            return [path.rstrip("/").rpartition("/")[2] for path in found]

    def listed(self, prefix: str) -> Iterator[Listed]:
        """Every object whose key lies below a prefix."""
        with self._asked(prefix):
            for page in self._library.list(self._store, prefix, chunk_size=1000):
                for one in page:
                    yield Listed(key=one["path"], size=one["size"], written_at=one["last_modified"])

    def _put(self, key: str, data: object, *, use_multipart: bool) -> None:
        how = {"use_multipart": use_multipart, "chunk_size": _PART, "max_concurrency": _AT_ONCE}
        try:
            with self._asked(key):
                self._library.put(self._store, key, data, **how)
        except NotFound:
            detail = f"There is no bucket {self.name}, or it takes nothing."
            raise StorageFailed(detail, hint="Make it, and let the key write to it.") from None

    def _asked(self, key: str) -> "_Asked":
        return _Asked(self, key)

    def refuse_while_quiet(self) -> None:
        """Raise StorageFailed while the bucket is left alone."""
        if time.monotonic() < self._quiet_until:
            raise StorageFailed(f"The bucket {self.name} did not answer a moment ago.")

    def translated(self, error: BaseException, key: str) -> Exception | None:
        """The error of Mem for one of the library; None for what is not the bucket's doing."""
        if isinstance(error, FileNotFoundError):
            return NotFound(f"{key} is gone from the bucket {self.name}.")
        if not isinstance(error, self._library.exceptions.BaseError | OSError):
            return None
        said = redact.text(str(error).strip().partition("\n")[0])[:300]
        if type(error).__name__ in _DENIED:
            return StorageFailed(
                f"The bucket {self.name} refuses: {said}",
                hint="Correct the keys in storage.s3, or what they may do.",
            )
        self._quiet_until = time.monotonic() + _PAUSE_SECONDS
        return StorageFailed(f"The bucket {self.name} does not answer as it should: {said}")


class _Asked:
    """While a bucket is asked: the library's errors become Mem's."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket, self._key = bucket, key

    def __enter__(self) -> None:
        self._bucket.refuse_while_quiet()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        instead = self._bucket.translated(error, self._key)
        if instead is not None:
            raise instead from None


def _pieces(file: Path, stopped: Callable[[], bool]) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while data := opened.read(_PIECE):
            if stopped():
                raise Stopped
            yield data


def _open(name: str, access: Access) -> tuple[Any, Any]:
    """The library and its store. Raises ExtraMissing without it."""
    try:
        library = importlib.import_module("obstore")
        stores = importlib.import_module("obstore.store")
    except ImportError:
        raise ExtraMissing(
            "Files in S3 need obstore, which is not installed.",
            hint="Install Mem with that extra: `uv sync --extra s3`, or pip install 'mem-video[s3]'.",
        ) from None
    given: dict[str, object] = {"region": access.region}
    if access.endpoint is not None:
        given["endpoint"] = access.endpoint
    if access.access_key_id is not None:
        given |= {
            "access_key_id": access.access_key_id,
            "secret_access_key": access.secret_access_key or "",
        }
    if access.session_token is not None:
        given["session_token"] = access.session_token
    limit = timedelta(seconds=access.timeout_seconds)
    store = stores.S3Store(
        name,
        **given,
        virtual_hosted_style_request=access.virtual_hosted,
        client_options={
            "allow_http": (access.endpoint or "").startswith("http://"),
            "connect_timeout": min(limit, timedelta(seconds=5)),
            "timeout": limit,  # no request carries more than a part
        },
        retry_config={
            "max_retries": _RETRIES,
            "retry_timeout": limit,
            "backoff": {
                "init_backoff": timedelta(milliseconds=50),
                "max_backoff": timedelta(seconds=2),
                "base": 2,
            },
        },
    )
    return library, store
