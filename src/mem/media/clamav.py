"""Asking ClamAV's daemon about a file, over its socket: PING, FILDES and INSTREAM.

Over a local socket the daemon gets the open file itself; over TCP, and for the beginning of a file, the
bytes. What the daemon says is a verdict or an error; nothing else is ever taken for "clean".
"""

import contextlib
import os
import re
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

_CHUNK = 2**18
_ANSWER = 4096  # bytes of the longest answer that is read
_FOUND = re.compile(r"^(?:stream|fd\[\d+\]|[^:]{0,300}): (?P<name>[^\0\n]{1,200}) FOUND$")
_LIMITS = "Heuristics.Limits.Exceeded"


class Away(Exception):
    """The daemon cannot be reached, does not answer, or answers with an error."""


class Exceeded(Exception):
    """The file is beyond a limit of the daemon's own."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the daemon found; `signature` None: nothing."""

    signature: str | None


@dataclass(frozen=True, slots=True)
class Daemon:
    """Where the daemon listens, and how long to wait for it."""

    address: str  # the path of a socket, or host:port
    timeout_seconds: float

    def ping(self) -> None:
        """Raise Away unless it answers."""
        with self._talking() as talk:
            talk.send(b"zPING\0")
            if (said := talk.answer()) != "PONG":
                raise Away(f"clamd answered {said[:80]!r}.")

    def scan(self, fd: int, size: int | None = None) -> Verdict:
        """The verdict about the file behind a descriptor, or about its first `size` bytes.

        Raises Away, and Exceeded when the daemon looks at no more of it.
        """
        with self._talking() as talk:
            if size is None and self._local:
                talk.hand_over(fd)
            else:
                _stream(talk, fd, size)
            return _verdict(talk.answer())

    @property
    def _local(self) -> bool:
        return "/" in self.address

    @contextlib.contextmanager
    def _talking(self) -> Iterator["_Talk"]:
        try:
            with contextlib.closing(self._connected()) as connection:
                yield _Talk(connection, time.monotonic() + self.timeout_seconds)
        except TimeoutError:
            raise Away(f"clamd said nothing for {self.timeout_seconds:g} s.") from None
        except (OSError, ValueError) as error:
            raise Away(f"clamd cannot be reached at {self.address}: {error}.") from None

    def _connected(self) -> socket.socket:
        if not self._local:
            host, _, port = self.address.rpartition(":")
            return socket.create_connection((host.strip("[]"), int(port)), self.timeout_seconds)
        with contextlib.ExitStack() as undo:
            connection = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            connection.settimeout(self.timeout_seconds)
            connection.connect(self.address)
            undo.pop_all()
        return connection


class _Talk:
    """One connection, with the instant at which the patience ends."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection, self._until = connection, until

    def send(self, data: bytes) -> None:
        self._left()
        self._connection.sendall(data)

    def hand_over(self, fd: int) -> None:
        """Pass the open file itself, from its beginning on."""
        os.lseek(fd, 0, os.SEEK_SET)
        self.send(b"zFILDES\0")
        socket.send_fds(self._connection, [b"\0"], [fd])

    def answer(self) -> str:
        data = bytearray()
        while b"\0" not in data and len(data) < _ANSWER:
            self._left()
            if not (piece := self._connection.recv(_ANSWER)):
                break
            data += piece
        if not data.endswith(b"\0"):
            raise Away("clamd broke off before its answer was whole.")
        return data[:-1].decode("utf-8", "replace")

    def _left(self) -> None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)


def _stream(talk: _Talk, fd: int, size: int | None) -> None:
    """Send the file piece by piece; a daemon that has heard enough says so instead of reading on."""
    left, at = os.fstat(fd).st_size if size is None else size, 0
    talk.send(b"zINSTREAM\0")
    try:
        while left and (piece := os.pread(fd, min(_CHUNK, left), at)):
            talk.send(struct.pack(">I", len(piece)) + piece)
            left, at = left - len(piece), at + len(piece)
        talk.send(struct.pack(">I", 0))
    except (BrokenPipeError, ConnectionResetError):
        return


def _verdict(said: str) -> Verdict:
    if said.endswith(": OK"):
        return Verdict(None)
    if "size limit exceeded" in said:
        raise Exceeded(said)
    if found := _FOUND.match(said):
        if found["name"].startswith(_LIMITS):
            raise Exceeded(said)
        return Verdict(found["name"])
    raise Away(f"clamd answered {said[:200]!r}.")
