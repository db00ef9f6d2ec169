"""Who read, wrote and deleted what: a line for each request, without anything of what was read.

Two files in the data directory, the older of which is dropped when the newer is half of what may be kept.
"""

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from mem import types

NAME, BEFORE = "audit.jsonl", "audit.1.jsonl"
_TAIL = 64 * 1024  # bytes read at once, from the end

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request."""

    at: datetime
    caller: str  # the token's name; owner, local, nobody
    token: str | None  # its id
    address: str
    method: str
    route: str
    target: dict[str, str]  # which recording, frame, note, job or token, by number
    status: int
    request: str


class Audit:
    """The open log. Used on the event loop alone."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most  # bytes of both files
        self._size = _size(folder / NAME)

    def note(self, entry: Entry) -> None:
        """Add a line. A disk that is full loses it, and the log of the server says so."""
        if not self._most:
            return
        line = (json.dumps(_plain(entry), ensure_ascii=True, separators=(",", ":")) + "\n").encode()
        file = self._folder / NAME
        try:
            if self._size + len(line) > self._most // 2:
                file.replace(self._folder / BEFORE)
                self._size = 0
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            fd = os.open(file, flags, 0o600)
            try:
                self._size += os.write(fd, line)
            finally:
                os.close(fd)
        except OSError as error:
            log.warning("audit line lost", extra={"action": "audit_lost", "detail": str(error.strerror)})


def read(folder: Path, *, limit: int, caller: str | None = None) -> list[Entry]:
    """The last entries, the newest first; `caller`: only those of a token's id or name."""
    found: list[Entry] = []
    for name in (NAME, BEFORE):
        for line in _backwards(folder / name):
            entry = _entry(line)
            if entry is not None and (caller is None or caller in (entry.token, entry.caller)):
                found.append(entry)
            if len(found) >= limit:
                return found
    return found


def _backwards(file: Path) -> Iterator[bytes]:
    """The lines of a file from the last to the first."""
    try:
        stream = file.open("rb")
    except FileNotFoundError:
        return
    with stream:
        at, rest = stream.seek(0, os.SEEK_END), b""
        while at > 0:
            step = min(_TAIL, at)
            at -= step
            stream.seek(at)
            lines = (stream.read(step) + rest).split(b"\n")
            rest = lines[0]
            yield from reversed(lines[1:])
        yield rest


def _entry(line: bytes) -> Entry | None:
    try:
        facts = json.loads(line)
        return Entry(**{**facts, "at": datetime.fromisoformat(facts["at"])})
    except (ValueError, KeyError, TypeError):
        return None  # cut short by a crash, or of another version


def _plain(entry: Entry) -> dict[str, object]:
    return {**asdict(entry), "at": types.written(entry.at)}


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
