"""Decoding in another process: whatever a hostile or broken recording does ends there.

The child has the opened recording as its standard input, one pipe for the request and one for its
answers; it sets its own limits before it loads any decoder (see `confined`). The parent believes
nothing: it bounds every message, every silence and the whole run, and leaves no process behind.
"""

import contextlib
import errno
import json
import logging
import os
import select
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mem import errors
from mem.media import beneath, code, confined, wire
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
    niceness: int = 10


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
    reads: Sequence[Path] = (),
) -> Iterator[Iterator[Message]]:
    """Run `python -m module operation` over `video` and yield its messages, the last one "end".

    Raises NotFound, Unreadable or EmptyFile before anything starts. The iterator raises the
    MemError that the child reported, DecoderCrashed, DecoderHung or DecoderOutOfMemory when it
    ended badly, Stopped when `cancelled` says so, and whatever `cancelled` itself raises; that is
    asked each half second, also while messages flow. The child ends with the block, or with the
    thread that entered it.

    `environ` is added to the child's otherwise fixed environment, for example LD_LIBRARY_PATH. `reads` are
    files and folders that it may read beside its code, such as a model; never a folder of recordings.
    """
    file = open_video(video)
    try:
        environ = environ or {}
        child = Child(module, operation, file, limits, environ, cancelled, shown(module, reads, environ))
    finally:
        os.close(file)
    try:
        yield child.messages(wire.pack("request", request, state) + state)
    finally:
        child.close()


def shown(module: str, reads: Sequence[Path], environ: Mapping[str, str]) -> dict[str, list[str]]:
    """What a child may read, and list."""
    return {"read": [*code.folders(module), *code.others(reads, environ)], "listed": code.listed(module)}


def strength(memory: int = 2**30) -> dict[str, bool]:
    """Which protections a child really gets on this machine, by name, for `memory` bytes."""
    limits = Limits(memory=memory, stall_seconds=30, wall_seconds=30)
    with run("mem.media.confined", "strength", Path(__file__), {}, limits=limits) as messages:
        return {name: bool(held) for name, held in next(messages).fields.items()}


def program(command: Sequence[str], data: bytes, seconds: float = 600) -> bytes:
    """Run a program from inside a child, under its limits, with `data` as its input; gives what it printed.

    Raises DecoderHung after `seconds`, and DecoderCrashed when it cannot be started or fails.
    """
    environ = {"PATH": _environment(1)["PATH"], "LANG": "C.UTF-8", "OMP_THREAD_LIMIT": "1"}
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            list(command), input=data, capture_output=True, timeout=seconds, env=environ, cwd="/", check=False
        )
    except subprocess.TimeoutExpired:
        raise errors.DecoderHung(f"{name} took longer than {seconds:g} seconds.") from None
    except OSError as error:
        raise errors.DecoderCrashed(f"{name} cannot be started: {error.strerror}.") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-300:]
        raise errors.DecoderCrashed(f"{name} failed ({done.returncode}): {said}")
    return done.stdout


def open_video(path: Path) -> int:
    """A descriptor of a regular, non-empty file. Raises NotFound, Unreadable or EmptyFile.

    No link is followed: `path` is real, and what was put in its way since is refused. A pipe or device under
    a video's name neither blocks nor becomes the controlling terminal.
    """
    try:
        fd = beneath.open_file(path.absolute())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise errors.NotFound(f"There is no file {path}.") from None
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise errors.NotFound(f"There is no file {path}.") from None
        if error.errno == errno.ELOOP:
            hint = "Name the file by its real path."
            raise errors.Unreadable(f"A link stands in {path} where none was.", hint=hint) from None
        raise errors.Unreadable(f"{path} cannot be read: {error.strerror}.") from None
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
        os.close(fd)
        if stat.S_ISREG(status.st_mode):
            raise errors.EmptyFile(f"{path.name} is empty.")
        raise errors.Unreadable(f"{path} is not a file.", hint="Name the recording itself.")
    os.set_blocking(fd, True)
    return fd


class Child:
    """One running child, and how far what it says was read."""

    def __init__(
        self,
        module: str,
        operation: str,
        video: int,
        limits: Limits,
        environ: Mapping[str, str],
        cancelled: Callable[[], bool],
        shown: Mapping[str, list[str]],
        *,
        idle: float = 0,
    ) -> None:
        self._limits, self._shown = limits, shown
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
        self._more: socket.socket | None = None
        theirs: socket.socket | None = None
        if idle > 0:
            self._more, theirs = socket.socketpair()
        options = {"request": request[0], "reply": reply[1], **_options(limits), **shown}
        passed = [request[0], reply[1]]
        if theirs is not None:
            options |= {"more": theirs.fileno(), "idle": idle}
            passed.append(theirs.fileno())
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, operation, json.dumps(options)],
                stdin=video,
                stdout=printed[1],
                stderr=printed[1],
                pass_fds=passed,
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
            if theirs is not None:
                theirs.close()

    @property
    def rests(self) -> bool:
        """Whether it ended its work as it should and waits for more."""
        return self._more is not None and self._ended and self._process.poll() is None

    def again(
        self, video: int, limits: Limits, shown: Mapping[str, list[str]], cancelled: Callable[[], bool]
    ) -> bool:
        """Give it another recording; False when it has gone, or was confined in another way."""
        if self._more is None or (limits, shown) != (self._limits, self._shown):
            return False
        try:
            self._more.settimeout(_GRACE_SECONDS)
            socket.send_fds(self._more, [b"?"], [video])
            if self._more.recv(1) != b"!":
                return False
        except OSError:
            return False
        self._cancelled, self._tail = cancelled, b""
        self._ended = self._silent = False
        self._started = time.monotonic()
        return True

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
        if self._more is not None:
            self._more.close()  # by which one that rests ends
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
        if not self._request and self._more is None:
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


def _options(limits: Limits) -> dict[str, Any]:
    """What a child is told to confine itself with."""
    return {"memory": limits.memory, "niceness": limits.niceness, "parent": os.getpid()}


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
        "OPENBLAS_NUM_THREADS": "1",  # no decoder multiplies matrices; idle threads cost 0.1 s at each start
    }


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
