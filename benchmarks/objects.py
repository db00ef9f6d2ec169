"""What a bucket costs, and what becomes of files and pictures on its bad days.

    python -m benchmarks.objects [--rounds 10] [--only speed|faults]

Starts a SeaweedFS on this machine; an hour's pack, of 720 pictures of 40 KB, goes to its bucket and comes
back; then, through a proxy, rounds of each fault: errors, silence beyond the time limit, cut bodies,
changed bytes. A picture that does not come back as it was is counted as lost.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from pathlib import Path

from mem import config, folders, pictures
from mem.errors import StorageFailed
from mem.memory import Memory, open_memory
from mem.objects import bucket, pointer
from mem.ops import offload
from mem.store import copies
from tests import stocked
from tests.objects.proxy import Proxy
from tests.objects.weed import KEY, SECRET, Weed

PICTURES, SIZE = 720, 40_000
FAULTS = {"errors": 0.2, "silent": 0.1, "cut": 0.2, "changed": 0.2}


def opened(folder: Path, endpoint: str, prefix: str, seconds: float):
    return open_memory(
        config.load(
            {
                "data_dir": str(folder), "storage.min_free_bytes": 0,
                "storage.frames": f"s3://mem-bench/{prefix}", "storage.s3.endpoint": endpoint,
                "storage.s3.access_key_id": KEY, "storage.s3.secret_access_key": SECRET,
                "storage.s3.timeout_seconds": seconds,
            },
            environ={},
        )
    )  # fmt: skip


def line(measure, value, unit, how=""):
    return {"measure": measure, "value": value, "unit": unit, "how": how}


def speed(folder: Path, weed: Weed):
    """An hour's pack there, verified, and single pictures back."""
    with opened(folder, weed.endpoint, "speed", 30) as memory:
        first = stocked.source(memory, seed=1, content_hash="1" * 64)
        assert offload.source(memory, first.id)  # makes the bucket
        source = stocked.source(memory, count=PICTURES, size=SIZE, seed=2, content_hash="2" * 64)
        frames = list(copies.frames_of(memory.db, source.id))
        chosen = random.Random(1).sample(frames, 200)
        local = [timed(memory, frame) for frame in chosen]
        size = (folders.of(memory, source) / stocked.PACK).stat().st_size
        began = time.perf_counter()
        assert offload.source(memory, source.id)
        took = time.perf_counter() - began
        yield line(
            "pack of an hour to the bucket, read back", round(size / took / 1e6, 1), "MB/s", f"{size:,} bytes"
        )
        there = pointer.read(folders.of(memory, source) / stocked.PACK)
        memory.remote.cache.forget(there.sha256)
        cold = []
        for frame in chosen:
            cold.append(timed(memory, frame))
            memory.remote.cache.forget(there.sha256)
        for frame in chosen:
            timed(memory, frame)
        warm = [timed(memory, frame) for frame in chosen]
        for name, took_ms in (("in the folder", local), ("in the bucket", cold), ("in the cache", warm)):
            marks = statistics.quantiles(took_ms, n=100)
            yield line(
                f"a picture that lies {name}", round(marks[49], 2), "ms p50", f"p99 {marks[98]:.2f} ms"
            )


def timed(memory: Memory, frame) -> float:
    began = time.perf_counter()
    pictures.read(memory, frame, None)
    return (time.perf_counter() - began) * 1000


def faults(folder: Path, weed: Weed, rounds: int):
    """Rounds of each fault with four recordings: what arrived, and what was lost."""
    offload._PAUSE_SECONDS, offload._LONGEST_PAUSE, bucket._PAUSE_SECONDS = 0.1, 0.2, 0.05  # noqa: SLF001
    for kind, share in FAULTS.items():
        lost = wrong = shown = refused = 0
        began = time.perf_counter()
        for number in range(rounds):
            proxy = Proxy(weed.endpoint)
            proxy.chance, proxy.seconds = random.Random(f"{kind}{number}"), 0.8
            try:
                with opened(folder / f"{kind}-{number}", proxy.endpoint, f"{kind}-{number}", 0.5) as memory:
                    made = [stocked.source(memory, seed=n, content_hash=f"{n:064x}") for n in range(4)]
                    frames = [frame for source in made for frame in copies.frames_of(memory.db, source.id)]
                    before = [pictures.read(memory, frame, None)[0] for frame in frames]
                    setattr(proxy, kind, share)
                    with offload.running(memory):
                        limit = time.monotonic() + 60
                        while any(list(folders.of(memory, source).glob("*.tar")) for source in made):
                            assert time.monotonic() < limit, memory.remote.waiting.trouble
                            time.sleep(0.02)
                    for source in made:
                        led = pointer.read(folders.of(memory, source) / stocked.PACK)
                        memory.remote.cache.forget(led.sha256)
                    for frame, data in zip(frames, before, strict=True):
                        found, tries = again(memory, frame)
                        shown, refused, lost = shown + 1, refused + tries, lost + (found != data)
                    wrong += proxy.wrong
            finally:
                proxy.close()
        how = f"{rounds} rounds, {wrong} requests went wrong, {refused} answers would have been 503"
        how += f", {time.perf_counter() - began:.0f} s"
        yield line(f"{kind}, {share:.0%} of requests: pictures lost", lost, f"of {shown}", how)


def again(memory: Memory, frame) -> tuple[bytes | None, int]:
    """The picture, and how often the bucket failed before it came."""
    for tries in range(100):
        try:
            return pictures.read(memory, frame, None)[0], tries
        except StorageFailed:
            time.sleep(0.05)
    return None, 100


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--only", choices=["speed", "faults"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mem-objects-") as scratch:
        place = Path(scratch) / "weed"
        place.mkdir()
        weed = Weed(place)
        weed.start()
        try:
            found = []
            if given.only in (None, "speed"):
                found += speed(Path(scratch) / "speed", weed)
            if given.only in (None, "faults"):
                found += faults(Path(scratch) / "faults", weed, given.rounds)
            print(json.dumps(found, indent=1))
        finally:
            weed.stop()


if __name__ == "__main__":
    main()
