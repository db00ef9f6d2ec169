"""What a child does in the tests of the sandbox: each operation behaves in one way, mostly badly."""

import contextlib
import ctypes
import errno
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from mem import errors
from mem.media import confined
from mem.media.wire import Message


def echo(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    video = os.read(0, 100)
    yield Message("echo", {**request, "video": video.decode(), "environment": dict(os.environ)}, state)
    yield Message("end", {"partial": False})


def count(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    for number in range(request["to"]):
        time.sleep(request.get("pause", 0))
        yield Message("number", {"number": number})


def hang(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    if request.get("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    yield Message("hanging", {"pid": os.getpid()})
    time.sleep(600)


def family(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], close_fds=False)
    yield Message("family", {"pid": other.pid})
    if request["die"]:
        os._exit(1)


def abort(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    yield Message("first", {})
    os.abort()


def killed(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    os.kill(os.getpid(), signal.SIGKILL)
    yield Message("never", {})


def bad_alloc(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.abort()
    yield Message("never", {})


def mkl(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    yield Message("first", {})
    raise RuntimeError("mkl_malloc: failed to allocate memory")


def allocate(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    held = []
    while True:
        held.append(bytearray(16 * 2**20))
        yield Message("progress", {"chunks": len(held)})


def raise_it(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    yield Message("first", {})
    if request["error"] == "naive_time":
        raise errors.NaiveTime
    raise errors.CutOff("It ends at 3 of 5 seconds.", hint="Repair it.")


def report(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    yield Message("error", request)


def stumble(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    yield Message("first", {})
    raise ZeroDivisionError("seven by zero")


def leave(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    os._exit(0)
    yield Message("never", {})


def raw(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    """Write the state bytes to the answer pipe as they are, then hang."""
    os.write(json.loads(sys.argv[2])["reply"], state)
    time.sleep(600)
    yield Message("never", {})


def chatter(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    for _ in range(200):
        os.write(2, b"x" * 4096)
        os.write(1, b"y" * 4096)
    os.write(2, b"\nthe last word\n")
    os._exit(3)
    yield Message("never", {})


def escape(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    """Try what a decoder never needs, and say what came of it."""
    came = {}
    file = pathlib.Path(request["folder"]) / "written"
    try:
        file.write_text("x")
    except OSError as error:
        came["write"] = error.strerror
    try:
        socket.create_connection(("127.0.0.1", request["port"]), timeout=2).close()
    except OSError as error:
        came["connect"] = error.strerror
    status = pathlib.Path("/proc/self/status").read_text().splitlines()
    came["capabilities"] = next(line.split()[1] for line in status if line.startswith("CapEff:"))
    yield Message("escape", came)


def reach(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    """Try to open files, make sockets and see other processes; say what was not refused."""
    reached = []
    for path in request["paths"]:
        for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDONLY | os.O_DIRECTORY):
            with contextlib.suppress(OSError):
                os.close(os.open(path, flags))
                reached.append(path)
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
        with contextlib.suppress(OSError):
            socket.socket(family, socket.SOCK_STREAM).close()
            reached.append(str(family))
    with contextlib.suppress(OSError):
        os.kill(os.getppid(), 0)
        reached.append("parent")
    libc = ctypes.CDLL(None, use_errno=True)
    calls = {"io_uring": (425, 1, ctypes.create_string_buffer(120)), "pidfd_getfd": (438, 0, 0, 0)}
    for name, call in calls.items():
        if libc.syscall(*call) >= 0 or ctypes.get_errno() != errno.EPERM:
            reached.append(name)
    yield Message("reach", {"reached": reached})


def shell(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    done = subprocess.run(["/bin/sh", "-c", request["command"]], capture_output=True, text=True, check=False)
    yield Message("shell", {"printed": done.stdout})


def who(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    if request.get("die"):
        os._exit(3)
    yield Message("who", {"pid": os.getpid(), "parent": os.getppid(), "video": os.read(0, 100).decode()})


_state = "as it was"


def spoil(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    """Change what another recording would find in this process."""
    global _state
    before, _state = _state, "spoilt"
    yield Message("spoil", {"before": before})


def attack(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    """Try to reach the process that forked this one, and say what was not refused."""
    parent, reached = os.getppid(), []
    for name in ("mem", "environ", "maps", *(f"fd/{number}" for number in range(20))):
        for flags in (os.O_RDONLY, os.O_RDWR):
            with contextlib.suppress(OSError):
                os.close(os.open(f"/proc/{parent}/{name}", flags))
                reached.append(name)
    with contextlib.suppress(OSError):
        os.kill(parent, signal.SIGCONT)
        reached.append("signal")
    held = sum(_is_open(fd) for fd in range(256))
    yield Message("attack", {"reached": reached, "descriptors": held})


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def swallow(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    yield Message("swallow", {"bytes": len(state)}, state[::-1])


if __name__ == "__main__":
    confined.serve({name: value for name, value in globals().items() if callable(value)})
