"""A ZIP that is read while it is written: nothing of it is kept but its table of contents."""

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, cast

_YEARS = range(1980, 2108)  # that a ZIP can tell
_LARGE = 2**31  # bytes; what may be as large says so in its header


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of the archive."""

    name: str
    bytes: int
    sha256: str  # hex


class Archive:
    """The archive that is being written. Each method yields the bytes that are ready by then."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(cast("IO[bytes]", self._sink), "w", zipfile.ZIP_STORED)
        self.entries: list[Entry] = []

    def add(
        self,
        name: str,
        pieces: Iterable[bytes],
        at: datetime,
        *,
        squeeze: bool = False,
        size: int | None = None,
    ) -> Iterator[bytes]:
        """Add a file of these pieces; `squeeze` for text, `size` in bytes where it is known."""
        moment = at.astimezone(UTC)
        year = min(max(moment.year, _YEARS[0]), _YEARS[-1])
        clock = (year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
        info = zipfile.ZipInfo(name, clock)
        info.compress_type = zipfile.ZIP_DEFLATED if squeeze else zipfile.ZIP_STORED
        info.external_attr = 0o600 << 16
        digest, total = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=size is None or size >= _LARGE) as out:
            for piece in pieces:
                digest.update(piece)
                total += len(piece)
                out.write(piece)
                yield from self._sink.take()
        yield from self._sink.take()
        self.entries.append(Entry(name=name, bytes=total, sha256=digest.hexdigest()))

    def close(self) -> Iterator[bytes]:
        """Write the table of contents."""
        self._zip.close()
        yield from self._sink.take()


class _Sink:
    """A file that cannot go back: what is written waits until it is taken."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def take(self) -> Iterator[bytes]:
        waiting, self._waiting = self._waiting, []
        if waiting:
            yield b"".join(waiting)
