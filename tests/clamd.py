"""Virus scanners for tests: one that does what a test tells it, and the real one with a signature of ours."""

import contextlib
import hashlib
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROGRAM = Path("/usr/sbin/clamd")
EVIL = b"this stands for something harmful " * 40
_START_SECONDS = 60


@dataclass
class Fake:
    """What it answers, and what it was asked."""

    path: str
    answer: Callable[[bytes], bytes] = lambda data: (
        b"stream: OK\0" if EVIL not in data else b"stream: Evil FOUND\0"
    )
    asked: list[tuple[str, bytes]] = field(default_factory=list)  # command, and the bytes that it looked at


@contextlib.contextmanager
def fake() -> Iterator[Fake]:
    """A daemon on a socket of its own, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="clam-") as folder:  # a socket's path must be short
        daemon = Fake(f"{folder}/s")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(daemon.path)
            listening.listen()
            thread = threading.Thread(target=_serve, args=(listening, daemon), daemon=True)
            thread.start()
            try:
                yield daemon
            finally:
                listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(listening: socket.socket, daemon: Fake) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            connection.sendall(_answer(connection, daemon))


def _answer(connection: socket.socket, daemon: Fake) -> bytes:
    command = _until_nul(connection)
    if command == "zPING":
        daemon.asked.append((command, b""))
        return b"PONG\0"
    data = _handed(connection) if command == "zFILDES" else _streamed(connection)
    daemon.asked.append((command, data))
    return daemon.answer(data)


def _until_nul(connection: socket.socket) -> str:
    data = b""
    while not data.endswith(b"\0"):
        if not (piece := connection.recv(1)):
            break
        data += piece
    return data[:-1].decode()


def _handed(connection: socket.socket) -> bytes:
    _, files, _, _ = socket.recv_fds(connection, 1, 1)
    with os.fdopen(files[0], "rb") as file:
        return file.read()


def _streamed(connection: socket.socket) -> bytes:
    data = b""
    with connection.makefile("rb") as stream:
        while length := int.from_bytes(stream.read(4), "big"):
            data += stream.read(length)
    return data


@contextlib.contextmanager
def real(folder: Path) -> Iterator[str]:
    """The real daemon with one signature of ours; gives the path of its socket."""
    signatures, place = folder / "signatures", tempfile.mkdtemp(prefix="clam-")
    signatures.mkdir()
    (signatures / "own.hdb").write_text(f"{hashlib.md5(EVIL).hexdigest()}:{len(EVIL)}:Mem.Test.Evil\n")
    config = folder / "clamd.conf"
    config.write_text(
        f"LocalSocket {place}/s\nDatabaseDirectory {signatures}\nForeground yes\nMaxThreads 2\n"
        "OfficialDatabaseOnly no\nStreamMaxLength 10M\nMaxFileSize 10M\nAlertExceedsMax yes\n"
        f"TemporaryDirectory {folder}\nLogFile {folder}/log\n"
    )
    process = subprocess.Popen(
        [str(PROGRAM), "--config-file", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(process, Path(place, "s"))
        yield f"{place}/s"
    finally:
        process.terminate()
        process.wait(20)
        with contextlib.suppress(OSError):
            Path(place, "s").unlink(missing_ok=True)
            Path(place).rmdir()


def _await(process: subprocess.Popen[bytes], path: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
            probe.connect(str(path))
            return
        time.sleep(0.05)
    raise AssertionError("clamd does not start")
