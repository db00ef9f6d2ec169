"""Measures how fast the API answers while a recording is taken in: `python benchmarks/api_under_load.py`.

A real `mem serve` over a memory with 50 recordings (6,000 frames, 5,000 segments) takes in five minutes of
1080p with speech, while one client asks for pages of the timeline, densities, pictures, hits and jobs in
turn. Beside it stand the same questions to the idle server, and how much memory the server holds idle, 60 s
after its start (`--rest` changes that), and after the capture ended. A time is of one whole request and
answer, on one kept connection.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np

from mem import config
from mem.memory import open_memory
from tests import recordings, servers, videos
from tests.api.seed import NOON, Seed
from tests.processes import children

SOURCES, FRAMES, SEGMENTS = 50, 120, 100
LAPS = 6
TARGET_MS, TARGET_MB = 100, 200
WORDS = (
    *("invoice", "bicycle", "garden", "guests", "train", "mountains"),
    *("doctor", "medicine", "bread", "butter", "kitchen", "window"),
)


def footage(path: Path) -> Path:
    """Five minutes of slides at 1080p, spoken to."""
    seconds = recordings.SECONDS * LAPS
    starts = range(0, round(seconds * 1000), 10_000)
    changes = [(start, videos.scene(number, 1920, 1080)) for number, start in enumerate(starts, 1)]
    sound = np.tile(recordings.speech(), LAPS)
    return videos.write(path, videos.at_rate(changes, seconds, fps=2), sound=sound, rate=recordings.RATE)


def fill(data: Path) -> None:
    """Rows and pictures of recordings that follow one another for a day."""
    given = {"data_dir": str(data), "storage.min_free_bytes": 0}
    with open_memory(config.load(given, environ={})) as memory:
        seed = Seed(memory)
        for number in range(SOURCES):
            source = seed.source(NOON + timedelta(minutes=25 * number))
            seed.frames(source, [second * 10.0 for second in range(FRAMES + 1)])
            for said in range(SEGMENTS):
                words = " ".join(WORDS[(number + said + n) % len(WORDS)] for n in range(6))
                seed.say(source, said * 12.0, words)


def questions(frames: list[int]) -> Iterator[tuple[str, str, dict]]:
    """What one client asks, over and over: its kind, path and query."""
    for number in itertools.count():
        start = NOON + timedelta(minutes=7 * (number % 150))
        span = {"from": start.isoformat(), "to": (start + timedelta(hours=1)).isoformat()}
        yield "timeline", "/api/timeline", {**span, "limit": 50}
        yield "image", f"/api/frames/{frames[number % len(frames)]}/image", {}
        yield "search", "/api/search", {"q": WORDS[number % len(WORDS)], "limit": 20}
        yield "density", "/api/timeline/density", {**span, "buckets": 120}
        yield "jobs", "/api/jobs", {"limit": 20}


def ask(server: servers.Server, frames: list[int], until) -> dict[str, list[float]]:
    """Milliseconds of each answer, by kind, until `until` says that it is enough."""
    taken: dict[str, list[float]] = {}
    with httpx.Client(base_url=server.url, timeout=30) as client:
        for kind, path, query in questions(frames):
            began = time.perf_counter()
            answer = client.get(path, params=query)
            taken.setdefault(kind, []).append((time.perf_counter() - began) * 1000)
            answer.raise_for_status()
            if kind == "jobs" and until():
                return taken
            time.sleep(0.005)
    raise AssertionError("the questions never end")


def told(name: str, taken: dict[str, list[float]]) -> float:
    """Print a line for each kind and one for all; gives the p99 of all."""
    everything = [one for times in taken.values() for one in times]
    for kind, times in [*taken.items(), ("all", everything)]:
        cuts = statistics.quantiles(times, n=100)
        print(f"| {name} | {kind} | {len(times)} | {cuts[49]:.1f} | {cuts[98]:.1f} | {max(times):.1f} |")
    return statistics.quantiles(everything, n=100)[98]


def resident_mb(pid: int) -> float:
    """What the process holds in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rest", type=float, default=60, help="seconds until the idle server is weighed")
    rest = parser.parse_args().rest
    with tempfile.TemporaryDirectory(prefix="mem-load-") as folder:
        data = Path(folder, "data")
        fill(data)
        video = footage(Path(folder, "slides.mp4"))
        with servers.running(data, capture__screen_text="off") as server:
            pid, started = server.process.pid, time.monotonic()
            found = server.get("/api/frames", **{"from": NOON.isoformat(), "to": "2026-11-22T00:00:00Z"})
            frames = [frame["id"] for frame in found.json()["frames"]]
            print("| server | asked for | answers | p50 ms | p99 ms | most ms |\n|---|---|---|---|---|---|")
            began = time.monotonic()
            told("idle", ask(server, frames, lambda: time.monotonic() - began > 10))
            time.sleep(max(0.0, rest - (time.monotonic() - started)))
            idle = resident_mb(pid)
            job = server.capture(video, started_at="2026-11-25T12:00:00Z")["id"]
            last = [0.0, False]

            def over() -> bool:
                if time.monotonic() - last[0] > 0.5:
                    last[:] = time.monotonic(), server.job(job)["state"] not in ("queued", "running")
                return bool(last[1])

            worst = told("capturing", ask(server, frames, over))
            ended = server.wait(job)
            time.sleep(5)
            after, left = resident_mb(pid), children(pid)
        speed = ended["result"]["realtime_factor"]
        print(f"\ncapture: {ended['state']}, {speed:.1f}x real time; children left: {len(left)}")
        print(f"p99 while capturing: {worst:.1f} ms (target {TARGET_MS})")
        print(f"memory: {idle:.0f} MB idle, {after:.0f} MB after a capture (target {TARGET_MB})")


if __name__ == "__main__":
    main()
