"""What a child does in the tests of the sandbox: each operation behaves in one way, mostly badly."""

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


def swallow(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    yield Message("swallow", {"bytes": len(state)}, state[::-1])


if __name__ == "__main__":
    confined.serve({name: value for name, value in globals().items() if callable(value)})
