"""Senders that break the protocol or never come to the point get their answer and leave nothing behind."""

import asyncio
import contextlib
import gc
import json
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mem.api.app import serving
from tests import loops

from .test_jobs import wait_for
from .test_requests import changed

SLOW = 500
HEAD = b"Host: 127.0.0.1\r\n"


@pytest.fixture
def address(memory) -> Iterator[tuple[str, int]]:
    """Where a server listens that has little patience."""
    patient = {"header_timeout_seconds": 1.0, "body_timeout_seconds": 1.0, "slow_upload_seconds": 1.0}
    with serving(changed(memory, **patient), worker=False) as (url, _):
        host, _, port = url.removeprefix("http://").partition(":")
        yield host, int(port)


def exchange(address, sent: bytes, *, close: bool = False) -> bytes:
    """What comes back until the server closes."""
    with socket.create_connection(address, timeout=20) as line:
        try:
            line.sendall(sent)
            if close:
                line.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        got = b""
        try:
            while block := line.recv(65536):
                got += block
        except ConnectionResetError:
            pass
        return got


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def code(answer: bytes) -> str:
    return json.loads(answer.partition(b"\r\n\r\n")[2])["code"]


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        (b"POST /api/notes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: nine\r\n\r\n", 400),
        (b"POST /api/notes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n", 400),
        (
            b"POST /api/notes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            400,
        ),
        (
            (
                b"POST /api/notes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
                b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"
            ),
            400,
        ),
        (b"POST /api/notes HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST /api/notes HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01", 400),
        (b"GET /\0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
        (
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-A: 1\r\n" * 10_000 + b"Connection: close\r\n\r\n",
            431,
        ),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\n", 431),
        (
            b"GET /api/notes HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            + b"X-A: 1\r\n" * 200
            + b"\r\n",
            431,
        ),
        (b"GET /api/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow", 408),
        (
            (
                b"POST /api/notes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                b"Connection: close\r\nContent-Length: 50\r\n\r\n{"
            ),
            408,
        ),
        (
            (
                b"POST /api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                b"Content-Length: 500\r\n\r\nvideo"
            ),
            408,
        ),
    ],
    ids=range(17),
)
def test_a_request_that_is_none_gets_its_answer(address, sent, wanted):
    answer = exchange(address, sent)
    assert status(answer) == wanted, answer
    assert b"application/problem+json" in answer
    assert code(answer)


def test_an_answer_before_the_end_of_the_body_ends_the_connection(address):
    head = b"POST /api/notes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n"
    began = time.monotonic()
    answer = exchange(address, head + b" " * 1000)
    assert status(answer) == 413
    assert time.monotonic() - began < 15


FOREIGN = b"POST /api/notes HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://example.com\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def until(line: socket.socket, end: bytes) -> bytes:
    got = b""
    while end not in got:
        block = line.recv(65536)
        assert block, got
        got += block
    return got


def test_a_body_that_comes_after_its_answer_is_heard_out_and_the_connection_serves_on(address):
    with socket.create_connection(address, timeout=20) as line:
        line.sendall(FOREIGN + b"Content-Length: 5\r\n\r\n")
        assert b"connection: close" not in until(line, b"}").lower()
        line.sendall(b"hello" + LAST)
        assert status(until(line, b"}")) == 200


def test_a_body_of_which_nobody_said_how_long_it_is_ends_with_its_answer(address):
    with socket.create_connection(address, timeout=20) as line:
        line.sendall(FOREIGN + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        assert b"connection: close" in until(line, b"}").lower()
        assert line.recv(10) == b""


@pytest.mark.parametrize(
    "head", [b"Connection: close\r\nContent-Length: 300000\r\n", b"Content-Length: 9000000\r\n"]
)
def test_an_answer_is_heard_by_who_goes_on_sending(address, head):
    with socket.create_connection(address, timeout=20) as line:
        line.sendall(FOREIGN + head + b"\r\n")
        for _ in range(5):
            line.sendall(b" " * 60_000)
            time.sleep(0.02)  # the answer is out by now, and the sender has not looked
        answer = until(line, b"foreign_origin")
        assert b"connection: close" in answer.lower()
        assert line.recv(10) == b""


def test_a_sender_who_waits_to_be_told_to_go_on_is_told_that_it_ends(address):
    answer = exchange(address, FOREIGN + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert (status(answer), code(answer)) == (403, "foreign_origin")
    assert b"connection: close" in answer.lower()


def test_an_answer_that_nobody_takes_is_dropped(memory, seed):
    big = memory.folder / "big.mp4"
    size = 30_000_000
    with big.open("wb") as out:
        out.truncate(size)
    source = seed.source(path=str(big), size=size)
    with serving(changed(memory, answer_timeout_seconds=0.3), worker=False) as (url, _):
        host, _, port = url.removeprefix("http://").partition(":")
        exchange((host, int(port)), LAST)
        descriptors, _ = footprint()
        with socket.create_connection((host, int(port)), timeout=20) as line:
            line.sendall(b"GET /api/sources/%d/video HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % source.id)
            wait_for(lambda: footprint()[0] > descriptors + 1, 10)
            wait_for(lambda: footprint()[0] <= descriptors + 1, 10)  # this end of it is left
            got = 0
            with contextlib.suppress(ConnectionResetError):
                while block := line.recv(2**20):
                    got += len(block)
            assert got < size


def test_heads_without_end_leave_nothing_behind(address):
    exchange(address, LAST)
    start = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    few, wide = (start + header * 10_000 + b"\r\n" for header in (b"X: 1\r\n", b"X-Number: 1\r\n"))
    for head in (few, wide):
        exchange(address, head)
    descriptors, peak = footprint()
    for _ in range(50):
        assert {code(exchange(address, head)) for head in (few, wide)} == {"header_too_large"}
    wait_for(lambda: footprint()[0] <= descriptors, 10)
    assert footprint()[1] - peak < 20_000  # KiB


def footprint() -> tuple[int, int]:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir())), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def _slow(address, count: int) -> list[bytes]:
    """Many senders of a byte now and then; what each gets back."""

    async def one(number: int) -> bytes:
        reader, writer = await asyncio.open_connection(*address)
        text = b"GET /api/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Number: %d" % number
        try:
            answer = asyncio.create_task(reader.read())
            for byte in text[:-1]:
                writer.write(bytes([byte]))
                if (await asyncio.wait([answer], timeout=0.2))[0]:
                    break
            return await answer
        except (ConnectionResetError, BrokenPipeError):
            return b""
        finally:
            writer.close()

    return await asyncio.gather(*(one(number) for number in range(count)))


def test_hundreds_of_slow_senders_keep_nobody_waiting_and_leave_nothing(address):
    count = min(SLOW, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200) // 2)
    loops.run(_slow(address, 5))
    descriptors, memory = footprint()

    async def both():
        slow = asyncio.create_task(_slow(address, count))
        await asyncio.sleep(0.3)
        request = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        quick = await asyncio.to_thread(exchange, address, request)
        return quick, await slow

    quick, answers = loops.run(both())
    assert status(quick) == 200
    assert {status(answer) for answer in answers if answer} == {408}
    assert sum(bool(answer) for answer in answers) > count * 0.9
    wait_for(lambda: footprint()[0] <= descriptors + 5, 20)
    assert footprint()[1] - memory < 100_000  # KiB


def test_an_upload_cut_anywhere_leaves_no_file_and_no_descriptor(address, memory):
    size, step = 2**20, 2**16
    head = b"POST /api/upload?filename=a.mp4 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % size
    descriptors, _ = footprint()
    for cut in range(0, size, step):
        exchange(address, head + b"v" * cut, close=True)
    wait_for(lambda: not list((memory.folder / "uploads").iterdir()), 20)
    assert not list((memory.folder / "tmp").iterdir())
    wait_for(lambda: footprint()[0] <= descriptors + 5, 20)
