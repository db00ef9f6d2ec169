"""One running child: what is said to it and heard from it, and how it ends."""

import contextlib
import logging
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mem import errors
from mem.media import confined, wire
from mem.media.process import Pipes, Process
from mem.media.wire import Message

if TYPE_CHECKING:
    from mem.media.sandbox import Limits

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5  # between looks at `cancelled` and at whether the child still lives
_GRACE_SECONDS = 2.0  # between asking a child to end and killing it
_CHUNK = 2**20  # bytes read at once
_TAIL = 8 * 2**10  # bytes kept of what the child printed
_NO_MEMORY = (
    b"memoryerror",
    b"bad_alloc",
    b"bad allocation",
    b"cannot allocate",
    b"failed to allocate",
    b"memory allocation",
    b"failed to map segment",
)


class Child:
    """One running child, and how far what it says was read."""

    def __init__(
        self,
        process: Process,
        pipes: Pipes,
        operation: str,
        limits: "Limits",
        cancelled: Callable[[], bool],
        *,
        stays: bool = False,
    ) -> None:
        self._process, self._limits, self._cancelled = process, limits, cancelled
        self._operation, self._stays = operation, stays
        self._request = memoryview(b"")
        self._tail = b""
        self._started = self._heard = time.monotonic()
        self._looked = 0.0
        self._ended = self._silent = False  # it said "end"; it closed its pipe
        self._poll = select.poll()
        self._to, self._from, self._printed = pipes.request, pipes.reply, pipes.printed
        self._pipes = [self._to, self._from, self._printed]

    @property
    def rests(self) -> bool:
        """Whether it ended its work as it should and waits for more."""
        return self._stays and self._ended and self._process.ended(0) is None

    def again(self, cancelled: Callable[[], bool]) -> None:
        """It got another recording: what is asked and heard from here on is about that."""
        self._cancelled, self._tail = cancelled, b""
        self._ended = self._silent = False
        self._started = time.monotonic()

    def messages(self, request: bytes) -> Iterator[Message]:
        """Send the request and yield what comes back until "end"."""
        self._request = memoryview(request)
        os.set_blocking(self._to, False)
        os.set_blocking(self._printed, False)
        self._poll.register(self._to, select.POLLOUT)
        self._poll.register(self._from, select.POLLIN)
        self._poll.register(self._printed, select.POLLIN)
        while True:
            self._heard = time.monotonic()
            try:
                message = wire.receive(self)
            except wire.Malformed as error:
                raise self._failed(str(error)) from None
            if message is None:
                raise self._failed("it ended without finishing")
            if message.kind == "error":
                raise wire.error(message.fields)
            self._ended = message.kind == "end"
            yield message
            if self._ended:
                return

    def read(self, size: int, /) -> bytes:
        """`size` bytes of the answer, fewer at its end."""
        data = bytearray()
        while len(data) < size:
            if not self._wait():
                continue
            chunk = os.read(self._from, min(_CHUNK, size - len(data)))
            if not chunk:
                self._silent = True
                break
            data += chunk
        return bytes(data)

    def close(self) -> None:
        """End the child, whatever it does, with every process of its group."""
        self._close(*self._pipes)
        if not self._ended:
            self._process.signal(signal.SIGTERM)
        self._process.ended(_GRACE_SECONDS)
        self._process.signal(signal.SIGKILL)
        self._process.ended(None)
        self._process.leave()

    def _wait(self) -> bool:
        """Serve the pipes once, for half a second at most; whether the answer can be read."""
        self._check()
        ready = self._poll.poll(_LOOK_SECONDS * 1000)
        for fd, _ in ready:
            if fd == self._to:
                self._ask()
            elif fd == self._printed:
                self._listen()
        if not ready and self._process.ended(0) is not None:
            raise self._failed("it ended without finishing")  # though something holds its pipe open
        return any(fd == self._from for fd, _ in ready)

    def _check(self) -> None:
        present = time.monotonic()
        wall, stall = self._limits.wall_seconds, self._limits.stall_seconds
        if present - self._looked >= _LOOK_SECONDS:
            self._looked = present
            if self._cancelled():
                raise errors.Stopped
        if present - self._heard > stall:
            raise self._hung(f"Decoding said nothing for {stall:g} seconds.")
        if wall is not None and present - self._started > wall:
            raise self._hung(f"Decoding took longer than {wall:g} seconds.")

    def _ask(self) -> None:
        try:
            self._request = self._request[os.write(self._to, self._request[:_CHUNK]) :]
        except BrokenPipeError:
            self._request = memoryview(b"")  # it died; the answer's end tells
        if not self._request and not self._stays:
            self._close(self._to)
        elif not self._request:
            self._poll.unregister(self._to)

    def _listen(self) -> None:
        try:
            printed = os.read(self._printed, _CHUNK)
        except BlockingIOError:
            return
        if not printed:
            self._close(self._printed)
        self._tail = (self._tail + printed)[-_TAIL:]

    def _hung(self, detail: str) -> errors.MemError:
        self._log("hung")
        return errors.DecoderHung(detail)

    def _failed(self, why: str) -> errors.MemError:
        """What it means that the child ended, or said `why` is wrong."""
        status = self._process.ended(_GRACE_SECONDS if self._silent else 0)
        if self._printed in self._pipes:
            self._listen()
        self._log(why, status)
        if status == -signal.SIGKILL:
            return errors.DecoderOutOfMemory("Decoding was killed, most likely because memory ran out.")
        printed = self._tail.lower()
        if status == confined.OUT_OF_MEMORY_STATUS or (status and any(w in printed for w in _NO_MEMORY)):
            return errors.DecoderOutOfMemory()
        if status is not None and status < 0:
            return errors.DecoderCrashed(f"Decoding crashed ({_signal_name(-status)}).")
        return errors.DecoderCrashed(f"The decoding process failed: {self._last_line() or why}.")

    def _log(self, why: str, status: int | None = None) -> None:
        printed = self._tail.decode(errors="replace")
        facts = {"action": "child_failed", "operation": self._operation, "status": status, "printed": printed}
        log.warning("media process failed: %s", why, extra=facts)

    def _last_line(self) -> str:
        lines = self._tail.decode(errors="replace").split("\n")
        return next((line.strip()[:300].rstrip(".") for line in reversed(lines) if line.strip()), "")

    def _close(self, *pipes: int) -> None:
        for fd in pipes:
            with contextlib.suppress(KeyError):
                self._poll.unregister(fd)
            if fd in self._pipes:
                self._pipes.remove(fd)
                os.close(fd)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
