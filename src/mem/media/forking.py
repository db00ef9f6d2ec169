"""The child side of `nursery`: one process that loads the libraries, and forks for each recording.

The one that forks is confined as any child is, reads no recording and nothing that a forked one says, and
shares no memory with those: what a recording does to its process ends with that process. Only the standard
library may be imported here; see `confined`.
"""

import contextlib
import gc
import os
import signal
import socket
import struct
from collections.abc import Callable

from mem.media import landlock

STATUS = struct.Struct("=i")  # of a process id, and of how it ended
LONGEST_NAME = 64  # bytes of an operation's name
DESCRIPTORS = 4  # that come with it: recording, request, reply, and where to print
_RECORDING, _PRINTED = 0, 3


def recording(control: int, idle: float, tied: Callable[[int], bool]) -> tuple[str, int, int]:
    """Returns once for each recording that comes through the socket `control`, in a process made for it.

    Gives the operation, and the descriptors of request and reply. `tied` lets a process die with its parent.
    The process that was called never returns: it ends when nothing came for `idle` seconds.
    """
    if _threads() > 1:
        os._exit(1)  # a lock that another thread holds would be held for ever in what is forked
    gc.freeze()  # what is loaded stays shared: a collection would write into all of it
    own, asked = os.getpid(), socket.socket(fileno=control)
    while True:
        asked.settimeout(idle)
        try:
            name, files, _, _ = socket.recv_fds(asked, LONGEST_NAME, DESCRIPTORS)
            if len(files) != DESCRIPTORS:
                os._exit(0)  # whoever asks has gone
            asked.settimeout(None)
            forked = os.fork()
            if forked == 0:
                asked.close()
                _enter(files, own, tied)
                return name.decode(), files[1], files[2]
            _tend(asked, forked, files)
        except OSError:  # nothing came in time, or nobody listens
            os._exit(0)


def _threads() -> int:
    """How many threads this process has, those of libraries included; 1 where that cannot be known."""
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - names alone
    except OSError:
        return 1


def _enter(files: list[int], parent: int, tied: Callable[[int], bool]) -> None:
    """Become a process of its own: another session, another domain of Landlock, its own descriptors."""
    os.setsid()
    tied(parent)
    landlock.enclose()
    os.dup2(files[_RECORDING], 0)
    os.dup2(files[_PRINTED], 1)
    os.dup2(files[_PRINTED], 2)
    os.close(files[_RECORDING])
    os.close(files[_PRINTED])


def _tend(asked: socket.socket, forked: int, files: list[int]) -> None:
    """Say which process it is, then how it ended; until that was heard it is kept, and its id its own."""
    for fd in files:
        os.close(fd)
    asked.sendall(STATUS.pack(forked))
    found = os.waitid(os.P_PID, forked, os.WEXITED | os.WNOWAIT)
    assert found is not None
    asked.sendall(STATUS.pack(found.si_status if found.si_code == os.CLD_EXITED else -found.si_status))
    heard = asked.recv(1)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(forked, signal.SIGKILL)  # what it started and left
    os.waitpid(forked, 0)
    if not heard:
        os._exit(0)
    asked.sendall(STATUS.pack(forked))  # it is gone
