"""Starting processes that decode, with what they are told and nothing of the owner's."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mem import errors

if TYPE_CHECKING:
    from mem.media.sandbox import Limits

PATH = "/usr/local/bin:/usr/bin:/bin"


class Process(Protocol):
    """A process that decodes, with all that it started: its group."""

    def ended(self, seconds: float | None) -> int | None:
        """Its exit status (minus the signal that ended it), waited for so long; None while it runs."""
        ...

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the group, if that is still there."""
        ...

    def leave(self) -> None:
        """Say that it has ended and nothing more is wanted of it."""
        ...


@dataclass(frozen=True, slots=True)
class Pipes:
    """One side's ends: of the request, of the answer, and of what is printed."""

    request: int
    reply: int
    printed: int

    def close(self) -> None:
        """Close them all."""
        for fd in (self.request, self.reply, self.printed):
            os.close(fd)


@contextlib.contextmanager
def pipes() -> Iterator[tuple[Pipes, Pipes]]:
    """Ours and theirs. Theirs are closed with the block, ours only when it fails."""
    (to_read, to_write), (from_read, from_write), (print_read, print_write) = os.pipe(), os.pipe(), os.pipe()
    ours, theirs = Pipes(to_write, from_read, print_read), Pipes(to_read, from_write, print_write)
    with contextlib.closing(theirs), contextlib.ExitStack() as failed:
        failed.callback(ours.close)
        yield ours, theirs
        failed.pop_all()


class Started:
    """A process that this one started."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def ended(self, seconds: float | None) -> int | None:
        """See `Process`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self._process.returncode

    def signal(self, number: signal.Signals) -> None:
        """See `Process`."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def leave(self) -> None:
        """See `Process`: nobody else knows of it."""


def start(
    command: Sequence[str],
    options: Mapping[str, Any],
    limits: "Limits",
    *,
    video: int = subprocess.DEVNULL,
    printed: int = subprocess.DEVNULL,
    passed: Sequence[int] = (),
    environ: Mapping[str, str] | None = None,
) -> Started:
    """Start `python -m command`, which is told `options`. Raises DecoderCrashed when it cannot be started.

    `video` is its standard input, what it prints goes to `printed`, and it gets the descriptors `passed`.
    """
    try:
        started = subprocess.Popen(
            [sys.executable, "-m", *command, json.dumps(options)],
            stdin=video,
            stdout=printed,
            stderr=printed,
            pass_fds=passed,
            env=environment(limits.threads) | dict(environ or {}),
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise errors.DecoderCrashed(f"No process could be started to decode in: {error}") from None
    return Started(started)


def confinement(limits: "Limits", shown: Mapping[str, list[str]]) -> dict[str, Any]:
    """What a process is told to confine itself with."""
    return {"memory": limits.memory, "niceness": limits.niceness, "parent": os.getpid(), **shown}


def environment(threads: int) -> dict[str, str]:
    """What a process needs to find its code and nothing of the owner's."""
    return {
        "PATH": PATH,
        "LANG": "C.UTF-8",
        "HOME": "/dev/null",  # under which nothing can be made, even by root
        "PYTHONPATH": os.pathsep.join(folder for folder in sys.path if Path(folder).is_absolute()),
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": "1",  # no decoder multiplies matrices; idle threads cost 0.1 s at each start
    }
