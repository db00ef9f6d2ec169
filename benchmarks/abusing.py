"""What bad senders leave behind in a running server: `python -m benchmarks.abusing`.

500 senders of a byte now and then, heads of 10,000 lines, two lengths in one request, bodies that never come,
and an upload cut at every 64 KiB, also where it is written past the system's cache. Before and after each the
server's memory, descriptors, threads and files are counted; ends with status 1 where more is left.
"""

import argparse
import asyncio
import contextlib
import json
import os
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests import servers

HOST = b"Host: 127.0.0.1\r\n"
_PATIENT = {"header_timeout_seconds": "2", "body_timeout_seconds": "2", "slow_upload_seconds": "2"}
_RATES = {f"rate__{name}": "1000000/second" for name in ("read", "search", "write", "failures")}
_SPARE = {"max_connections": "1200", "max_uploads_per_address": "100"}
_LEAST = 40 * 2**20  # bytes of memory that allocators may keep of what they were once asked for


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a process takes up."""

    memory: int  # bytes
    descriptors: int
    threads: int
    files: int  # that are being received, or lie in its tmp

    @classmethod
    def of(cls, server: servers.Server, data: Path) -> "Footprint":
        """That of a running server."""
        proc = Path(f"/proc/{server.process.pid}")
        pages = int((proc / "statm").read_text().split()[1])
        files = [file for name in ("uploads", "tmp") for file in (data / name).iterdir()]
        return cls(
            pages * os.sysconf("SC_PAGESIZE"),
            len(list((proc / "fd").iterdir())),
            len(list((proc / "task").iterdir())),
            len(files),
        )


def exchange(address: tuple[str, int], sent: bytes) -> str:
    """The status that comes back, or that nothing does."""
    with socket.create_connection(address, timeout=30) as line:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
        return status(_all(line))


def _all(line: socket.socket) -> bytes:
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while block := line.recv(65536):
            got += block
    return got


def status(answer: bytes) -> str:
    """The status of an answer."""
    return answer.split(b" ", 2)[1].decode() if answer.startswith(b"HTTP/1.1 ") else "nothing"


async def _slow(address: tuple[str, int], head: bytes, count: int) -> Counter[str]:
    async def one() -> str:
        reader, writer = await asyncio.open_connection(*address)
        answer = asyncio.create_task(reader.read())
        try:
            for byte in head:
                writer.write(bytes([byte]))
                if (await asyncio.wait([answer], timeout=0.3))[0]:
                    break
            return status(await answer)
        except (ConnectionResetError, BrokenPipeError):
            return "nothing"
        finally:
            writer.close()

    return Counter(await asyncio.gather(*(one() for _ in range(count))))


def slow_heads(address: tuple[str, int]) -> Counter[str]:
    """500 senders of a head that comes byte by byte."""
    return asyncio.run(_slow(address, b"GET /api/jobs HTTP/1.1\r\n" + HOST + b"X-Slow: " + b"a" * 99, 500))


def slow_bodies(address: tuple[str, int]) -> Counter[str]:
    """500 bodies of which one byte comes."""
    head = b"POST /api/notes HTTP/1.1\r\nContent-Type: application/json\r\nConnection: close\r\n" + HOST
    return Counter(_at_once(address, head + b"Content-Length: 50\r\n\r\n{", 500))


def _at_once(address: tuple[str, int], sent: bytes, count: int) -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection(address, timeout=30)) for _ in range(count)]
        for line in lines:
            line.sendall(sent)
        for line in lines:
            yield status(_all(line))


def long_heads(address: tuple[str, int]) -> Counter[str]:
    """200 heads of 10,000 lines."""
    head = b"GET / HTTP/1.1\r\nConnection: close\r\n" + HOST + b"X-A: 1\r\n" * 10_000 + b"\r\n"
    return Counter(exchange(address, head) for _ in range(200))


def two_lengths(address: tuple[str, int]) -> Counter[str]:
    """300 requests that say in two ways how long they are, a second one hidden behind each."""
    hidden = b"GET /api/jobs HTTP/1.1\r\n" + HOST + b"\r\n"
    ways = (
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: +4\r\n\r\nabcd",
    )
    start = b"POST /api/notes HTTP/1.1\r\nContent-Type: application/json\r\n" + HOST
    return Counter(exchange(address, start + way + hidden) for way in ways for _ in range(50))


def cuts(address: tuple[str, int], size: int) -> Counter[str]:
    """An upload of `size` bytes cut at every 64 KiB, at odd places too."""
    head = b"POST /api/upload?filename=a.mp4 HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % size
    body = os.urandom(2**16) * (size // 2**16)
    return Counter(exchange(address, head + body[: at + at // 2**16 % 7]) for at in range(0, size, 2**16))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upload", type=int, default=24, help="MiB of the upload that is cut")
    given = parser.parse_args()
    stages: tuple[Callable[[tuple[str, int]], Counter[str]], ...] = (
        slow_heads, slow_bodies, long_heads, two_lengths, lambda address: cuts(address, given.upload * 2**20),
    )  # fmt: skip
    titles = (
        "500 slow heads",
        "500 slow bodies",
        "200 heads of 10,000 lines",
        "300 times two lengths",
        "cuts",
    )
    with tempfile.TemporaryDirectory(prefix="mem-abuse-") as folder:
        data = Path(folder, "data")
        api = {f"api__{name}": value for name, value in (_PATIENT | _RATES | _SPARE).items()}
        with servers.running(data, **api) as server:
            host, _, port = server.url.removeprefix("http://").partition(":")
            address = (host, int(port))
            for stage in stages[:4]:
                stage(address)  # what is made once and kept
            failed = sum(
                [
                    _left(server, data, title, stage, address)
                    for title, stage in zip(titles, stages, strict=True)
                ]
            )
    print(json.dumps({"stages": len(stages), "left_something": failed}))
    return 1 if failed else 0


def _left(
    server: servers.Server,
    data: Path,
    title: str,
    stage: Callable[[tuple[str, int]], Counter[str]],
    address: tuple[str, int],
) -> bool:
    """Whether something is left behind by what bad senders do."""
    before = Footprint.of(server, data)
    answers = stage(address)
    for _ in range(100):
        after = Footprint.of(server, data)
        if (after.descriptors, after.files) <= (before.descriptors, before.files):
            break
        time.sleep(0.1)
    more = after.descriptors > before.descriptors or after.files > before.files
    more = more or after.memory - before.memory > _LEAST
    healthy = server.get("/healthz").status_code
    print(f"{title}: {dict(answers)}; then {healthy}\n  before {before}\n  after  {after}")
    return more or healthy != 200


if __name__ == "__main__":
    sys.exit(main())
