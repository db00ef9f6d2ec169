"""Decoding in another process: whatever a hostile or broken recording does ends there.

The child has the opened recording as its standard input, one pipe for the request and one for its
answers; it sets its own limits before it loads any decoder (see `confined`). The parent believes
nothing: it bounds every message, every silence and the whole run, and leaves no process behind.
"""

import contextlib
import errno
import os
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mem import errors
from mem.media import beneath, code, process, wire
from mem.media.child import Child
from mem.media.wire import Message


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
    environ, file = environ or {}, open_video(video)
    try:
        with process.pipes() as (ours, theirs):
            options = process.confinement(limits, shown(module, reads, environ))
            started = process.start(
                [module, operation],
                options | {"request": theirs.request, "reply": theirs.reply},
                limits,
                video=file,
                printed=theirs.printed,
                passed=[theirs.request, theirs.reply],
                environ=environ,
            )
            child = Child(started, ours, operation, limits, cancelled)
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
    environ = {"PATH": process.PATH, "LANG": "C.UTF-8", "OMP_THREAD_LIMIT": "1"}
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
