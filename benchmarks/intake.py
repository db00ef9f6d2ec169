"""Measures taking in at its limits: `python -m benchmarks.intake [big] [many] [cuts] [watched]`.

    big      10 GiB of nothing by tus and in one go: the server's memory, and speed beside `dd conv=fdatasync`
    many     100 uploads at once
    cuts     an upload whose connection is cut 50 times, and its digest
    watched  10,000 small recordings in a watched folder: all taken in once, and what the idle server costs

Without a word all of them. Prints a line for each with what is wanted; exits 1 where that is missed.
"""

import argparse
import concurrent.futures
import contextlib
import hashlib
import os
import random
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from mem import machine
from tests import servers, videos
from tests.servers import Server

BLOCK = 2**20
GIB = 2**30
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}
LEFT_FREE = 2 * GIB
MOST_GROWTH = 80 * 10**6  # bytes of resident memory
LEAST_SHARE = 0.7  # of the speed of dd
MOST_IDLE = 0.01  # of a core
TICKS = os.sysconf("SC_CLK_TCK")

Checked = tuple[str, bool]


def big(place: Path, options: argparse.Namespace) -> Iterator[Checked]:
    size = int(options.gib * GIB)
    free = shutil.disk_usage(place).free
    if free < size + LEFT_FREE:
        yield f"big: {free:,} bytes are free, too few for {size:,}", False
        return
    ways = {"one go": _raw, "tus": _tus}
    plain, floor = _dd(place / "dd", size), _sha256()
    for name, way in ways.items():
        with servers.running(place / "data", api__max_upload_size=str(size)) as server:
            httpx.get(f"{server.url}/api/status", timeout=30)
            before = _resident(server, "VmRSS")
            Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")
            began, used = time.monotonic(), _cpu(server)
            answered = way(server, size)
            wall, used = time.monotonic() - began, _cpu(server) - used
            grown = _resident(server, "VmHWM") - before
            plain = max(plain, _dd(place / "dd", size)) if options.dd_again else plain
            share = size / wall / plain
        shutil.rmtree(place / "data")
        speed = f"{size / wall / 1e6:.0f} MB/s, {share:.0%} of dd's {plain / 1e6:.0f} (>= 70 %)"
        speed += f" (sha256 alone makes {floor / 1e6:.0f})"
        cost = f"{grown / 1e6:.1f} MB grown (< 80), {used:.1f} CPU-s"
        told = f"answered {answered:.2f} s after the last byte (< 1)"
        good = grown < MOST_GROWTH and share >= LEAST_SHARE and answered < 1
        yield f"big, {name}: {size / GIB:g} GiB in {wall:.1f} s: {speed}; {cost}; {told}", good


def many(place: Path, options: argparse.Namespace) -> Iterator[Checked]:
    contents = [random.Random(number).randbytes(BLOCK) for number in range(options.uploads)]
    with servers.running(place / "data", jobs__poll_seconds="60") as server:

        def send(content: bytes) -> tuple[int, float]:
            began = time.monotonic()
            found = httpx.post(f"{server.url}/api/upload", content=content, timeout=120)
            digest = found.json()["params"]["content_hash"] if found.status_code == 202 else ""
            return digest == hashlib.sha256(content).hexdigest(), time.monotonic() - began

        with concurrent.futures.ThreadPoolExecutor(len(contents)) as pool:
            began = time.monotonic()
            found = list(pool.map(send, contents))
            wall = time.monotonic() - began
    shutil.rmtree(place / "data")
    whole, slowest = sum(good for good, _ in found), max(seconds for _, seconds in found)
    what = f"{whole} of {len(contents)} uploads of 1 MiB at once taken whole"
    yield f"many: {what} in {wall:.1f} s, the slowest in {slowest:.1f} s", whole == len(contents)


def cuts(place: Path, options: argparse.Namespace) -> Iterator[Checked]:
    chance = random.Random(1)
    content = chance.randbytes(options.cuts * 4 * BLOCK)
    with servers.running(place / "data") as server:
        headers = TUS | {"Upload-Length": str(len(content))}
        address = httpx.post(f"{server.url}/api/uploads", headers=headers).headers["location"]
        offset, sent = 0, 0
        for _ in range(options.cuts):
            until = offset + chance.randrange(1, 4 * BLOCK)
            sent += _cut(server, address, content[offset:until], offset, len(content) - offset)
            offset = _offset(server, address, offset)
        rest = httpx.patch(
            server.url + address,
            headers=PIECE | {"Upload-Offset": str(offset)},
            content=content[offset:],
            timeout=60,
        )
        job = server.get(rest.headers["mem-job"]).json()
    shutil.rmtree(place / "data")
    equal = job["params"]["content_hash"] == hashlib.sha256(content).hexdigest()
    what = (
        f"{options.cuts} cuts in {len(content) / BLOCK:.0f} MiB, {offset:,} of {sent:,} bytes kept over them"
    )
    yield f"cuts: {what}, digest {'equal' if equal else 'DIFFERENT'}", equal and offset > sent * 0.99


def watched(place: Path, options: argparse.Namespace) -> Iterator[Checked]:
    folder = place / "watched"
    _clips(folder, options.files, options.distinct)
    facts = {
        "capture__watch": f'["{folder}"]',
        "capture__watch_settle_seconds": "0",
        "capture__watch_poll_seconds": "10",
        "jobs__concurrency": "2",
        "jobs__poll_seconds": "1",
    }
    with servers.running(place / "data", **facts) as server:
        began = time.monotonic()
        limit = began + 60 * options.minutes
        while (found := server.get("/api/watch").json()["folders"][0])["taken"] < options.files:
            if time.monotonic() > limit:
                break
            time.sleep(2)
        wall, used = time.monotonic() - began, _cpu(server, children=True)
        time.sleep(15)  # the last look is over
        idle, asleep = _cpu(server, children=True), time.monotonic()
        time.sleep(options.idle)
        idle = (_cpu(server, children=True) - idle) / (time.monotonic() - asleep)
        sources = _sources(server)
    shutil.rmtree(place / "data")
    shutil.rmtree(folder)
    what = f"{found['taken']:,} of {options.files:,} files taken, {options.distinct:,} of different content"
    cost = f"{sources:,} sources, in {wall:.0f} s and {used:.0f} CPU-s, {used / options.files:.3f} a file"
    good = found["taken"] == options.files and sources == options.distinct and idle < MOST_IDLE
    yield f"watched: {what}, {cost}; idle after: {idle:.2%} of a core over {options.idle:g} s (< 1 %)", good


def _clips(folder: Path, files: int, distinct: int) -> None:
    """One second of 64 x 64, made different by a box at its end that players skip; then copies of these."""
    first = videos.write(folder.parent / "clip.mp4", [(0, videos.scene(1, 64, 64))], videos.Shape(fps=1))
    clip = first.read_bytes()
    first.unlink()
    for number in range(files):
        file = folder / f"{number // 1000:02d}" / f"{number:05d}.mp4"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(clip + (16).to_bytes(4) + b"free" + (number % distinct).to_bytes(8))


def _sources(server: Server) -> int:
    found, cursor = 0, {}
    while True:
        page = server.get("/api/sources", limit=200, **cursor).json()
        found += len(page["sources"])
        if not page["cursor"]:
            return found
        cursor = {"cursor": page["cursor"]}


def _dd(file: Path, size: int) -> float:
    """Bytes a second that dd writes to the same disk."""
    began = time.monotonic()
    command = ["dd", "if=/dev/zero", f"of={file}", "bs=1M", f"count={size // BLOCK}", "conv=fdatasync"]
    subprocess.run(command, check=True, capture_output=True)
    wall = time.monotonic() - began
    file.unlink()
    return size / wall


def _sha256() -> float:
    """Bytes a second that one core hashes: no upload is faster."""
    block, began = bytes(BLOCK), time.process_time()
    digest = hashlib.sha256()
    for _ in range(512):
        digest.update(block)
    return 512 * BLOCK / (time.process_time() - began)


def _raw(server: Server, size: int) -> float:
    head = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
    return _send(server, "POST", "/api/upload?filename=big.mp4", head, size)


def _tus(server: Server, size: int) -> float:
    made = httpx.post(f"{server.url}/api/uploads", headers=TUS | {"Upload-Length": str(size)}, timeout=30)
    head = PIECE | {"Content-Length": str(size), "Upload-Offset": "0"}
    return _send(server, "PATCH", made.headers["location"], head, size)


def _send(server: Server, method: str, path: str, head: dict[str, str], size: int) -> float:
    """Send so many zeros; gives the seconds from the last byte to the answer."""
    with _connected(server) as connection:
        connection.sendall(_request(server, method, path, head))
        block = bytes(BLOCK)
        for _ in range(size // BLOCK):
            connection.sendall(block)
        began = time.monotonic()
        answer = connection.recv(65536)
        assert answer.split()[1] in (b"200", b"202", b"204"), answer
        return time.monotonic() - began


def _cut(server: Server, address: str, content: bytes, offset: int, declared: int) -> int:
    """Send a part of a piece and break the connection off; gives how much was sent."""
    head = PIECE | {"Content-Length": str(declared), "Upload-Offset": str(offset)}
    with _connected(server) as connection:
        connection.sendall(_request(server, "PATCH", address, head) + content)
        connection.shutdown(socket.SHUT_RDWR)
    return len(content)


def _offset(server: Server, address: str, least: int) -> int:
    """How far the upload is, once the piece that was cut is let go."""
    while True:
        headers = PIECE | {"Upload-Offset": str(least)}
        probe = httpx.patch(server.url + address, headers=headers, content=b"", timeout=30)
        if probe.status_code != 423:
            return int(httpx.head(server.url + address, headers=TUS, timeout=30).headers["upload-offset"])
        time.sleep(0.02)


@contextlib.contextmanager
def _connected(server: Server) -> Iterator[socket.socket]:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=300) as connection:
        yield connection


def _request(server: Server, method: str, path: str, head: dict[str, str]) -> bytes:
    given = {"Host": server.url.removeprefix("http://"), **head}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
    return "\r\n".join(lines).encode()


def _resident(server: Server, name: str) -> int:
    """Bytes of the server's memory: VmRSS now, VmHWM at most."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(f"{name}:"))


def _cpu(server: Server, *, children: bool = False) -> float:
    """CPU seconds of the server, and of all its children: those that live, and those that were reaped."""
    own = server.process.pid
    used = 0
    for pid in [own, *(machine.children(own) if children else ())]:
        with contextlib.suppress(OSError):  # one that ended meanwhile counts with those that were reaped
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used += sum(map(int, fields[11 : 15 if children else 13]))
    return used / TICKS


WAYS = {"big": big, "many": many, "cuts": cuts, "watched": watched}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("ways", nargs="*", choices=[*WAYS, []], metavar="big|many|cuts|watched")
    parser.add_argument("--gib", type=float, default=10)
    parser.add_argument("--dd-again", action="store_true", help="measure dd after each upload too")
    parser.add_argument("--uploads", type=int, default=100)
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--distinct", type=int, help="files of different content; all, by default")
    parser.add_argument("--minutes", type=float, default=180, help="that the watched files may take")
    parser.add_argument("--idle", type=float, default=60, help="seconds that idleness is measured")
    options = parser.parse_args()
    options.distinct = options.distinct or options.files
    missed = 0
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    for name in options.ways or WAYS:
        with tempfile.TemporaryDirectory(prefix="intake-") as folder:
            for line, good in WAYS[name](Path(folder), options):
                print(line if good else f"{line}   MISSED", flush=True)
                missed += not good
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
