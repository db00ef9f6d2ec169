"""Decoding in another process: whatever a hostile or broken recording does ends there.

The child has the opened recording as its standard input, one pipe for the request and one for its
answers; it sets its own limits before it loads any decoder (see `confined`). The parent believes
nothing: it bounds every message, every silence and the whole run, and leaves no process behind.
"""

import contextlib
import json
import logging
import os
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mem import errors
from mem.media import confined, wire
from mem.media.wire import Message

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a child may use."""

    memory: int  # bytes
    stall_seconds: float  # without a message
    wall_seconds: float | None  # from start to end
    threads: int = 2


def never() -> bool:
    """The `cancelled` of work that nobody cancels."""
    return False


@contextlib.contextmanager
def run(
    module: str,
    operation: str,
    video: Path,
    request: Mapping[str, Any],
    *,
    state: bytes = b"",
    limits: Limits,
    cancelled: Callable[[], bool] = never,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Iterator[Message]]:
    """Run `python -m module operation` over `video` and yield its messages, the last one "end".

    Raises NotFound, Unreadable or EmptyFile before anything starts. The iterator raises the
    MemError that the child reported, DecoderCrashed, DecoderHung or DecoderOutOfMemory when it
    ended badly, Stopped when `cancelled` says so, and whatever `cancelled` itself raises; that is
    asked each half second, also while messages flow. The child ends with the block, or with the
    thread that entered it.

    `environ` is added to the child's otherwise fixed environment, for example LD_LIBRARY_PATH.
    """
    file = open_video(video)
    try:
        child = _Child(module, operation, file, limits, environ or {}, cancelled)
    finally:
        os.close(file)
    try:
        yield child.messages(wire.pack("request", request, state) + state)
    finally:
        child.close()


def strength(memory: int = 2**30) -> dict[str, bool]:
    """Which protections a child really gets on this machine, by name, for `memory` bytes."""
    limits = Limits(memory=memory, stall_seconds=30, wall_seconds=30)
    with run("mem.media.confined", "strength", Path(__file__), {}, limits=limits) as messages:
        return {name: bool(held) for name, held in next(messages).fields.items()}


def open_video(path: Path) -> int:
    """A descriptor of a regular, non-empty file. Raises NotFound, Unreadable or EmptyFile.

    A pipe or device under a video's name neither blocks nor becomes the controlling terminal.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise errors.NotFound(f"There is no file {path}.") from None
    except OSError as error:
        raise errors.Unreadable(f"{path} cannot be read: {error.strerror}.") from None
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
        os.close(fd)
        if stat.S_ISREG(status.st_mode):
            raise errors.EmptyFile(f"{path.name} is empty.")
        raise errors.Unreadable(f"{path} is not a file.", hint="Name the recording itself.")
    os.set_blocking(fd, True)
    return fd


class _Child:
    """One running child, and how far what it says was read."""

    def __init__(
        self,
        module: str,
        operation: str,
        video: int,
        limits: Limits,
        environ: Mapping[str, str],
        cancelled: Callable[[], bool],
    ) -> None:
        self._limits = limits
        self._cancelled = cancelled
        self._operation = operation
        self._request = memoryview(b"")
        self._tail = b""
        self._started = self._heard = time.monotonic()
        self._looked = 0.0
        self._ended = self._silent = False  # it said "end"; it closed its pipe
        self._poll = select.poll()
        request, reply, printed = os.pipe(), os.pipe(), os.pipe()
        self._to, self._from, self._printed = request[1], reply[0], printed[0]
        self._pipes = [self._to, self._from, self._printed]
        options = {"request": request[0], "reply": reply[1], "memory": limits.memory, "parent": os.getpid()}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, operation, json.dumps(options)],
                stdin=video,
                stdout=printed[1],
                stderr=printed[1],
                pass_fds=(request[0], reply[1]),
                env=_environment(limits.threads) | dict(environ),
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            self._close(*self._pipes)
            raise errors.DecoderCrashed(f"No process could be started to decode in: {error}") from None
        finally:
            for fd in (request[0], reply[1], printed[1]):
                os.close(fd)

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
                raise _reported(message.fields)
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
            self._signal(signal.SIGTERM)
        self._exits()
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _wait(self) -> bool:
        """Serve the pipes once, for half a second at most; whether the answer can be read."""
        self._check()
        ready = self._poll.poll(_LOOK_SECONDS * 1000)
        for fd, _ in ready:
            if fd == self._to:
                self._ask()
            elif fd == self._printed:
                self._listen()
        if not ready and self._process.poll() is not None:
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
        if not self._request:
            self._close(self._to)

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
        status = self._exits() if self._silent else self._process.poll()
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

    def _exits(self) -> int | None:
        """The exit status, None when the child still runs after a while."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_SECONDS)
        return self._process.returncode

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _close(self, *pipes: int) -> None:
        for fd in pipes:
            with contextlib.suppress(KeyError):
                self._poll.unregister(fd)
            if fd in self._pipes:
                self._pipes.remove(fd)
                os.close(fd)


def _environment(threads: int) -> dict[str, str]:
    """What a child needs to find its code and nothing of the owner's."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": "/dev/null",  # under which nothing can be made, even by root
        "PYTHONPATH": os.pathsep.join(folder for folder in sys.path if Path(folder).is_absolute()),
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
    }


def _reported(fields: Mapping[str, Any]) -> errors.MemError:
    """The error that a child told by its code."""
    kind = _by_code(errors.MemError).get(str(fields.get("code")), errors.MediaError)
    error = kind.__new__(kind)  # some say their detail from other arguments
    detail, hint = fields.get("detail"), fields.get("hint")
    errors.MemError.__init__(error, str(detail) if detail else None, hint=str(hint) if hint else None)
    return error


def _by_code(kind: type[errors.MemError]) -> dict[str, type[errors.MemError]]:
    table = {kind.code: kind}
    for narrower in kind.__subclasses__():
        table = _by_code(narrower) | table
    return table


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
