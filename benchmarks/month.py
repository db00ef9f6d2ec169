"""A month in minutes: does the memory of the server grow, and do descriptors leak?

Thirty days of one camera are written hour by hour through the functions that captures use: packs with
real images, frames, spans, segments, jobs and their events, and the folder's copies, with a clock that is
set and not waited for. Every sixth hour the server's own questions are asked, as its page and its watchers
do. Memory and descriptors are read at each day's end, and the slope of the memory is taken over the days
after the first five.

    python -m benchmarks.month [--days 30] [--json]
"""

import argparse
import gc
import hashlib
import io
import json
import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

from mem import config, folders, machine, packs, reindex, search, types
from mem.memory import Memory, open_memory
from mem.ops import capacity, gauges, health
from mem.store import frames, jobs, sources, texts
from mem.store.frames import NewFrame
from mem.store.texts import NewSegment
from mem.types import Media, Source, Span, StartTime, VideoStream, Word

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEPT, SAMPLES, SPOKEN = 40, 720, 60  # of one hour
SETTLED_DAYS = 5  # before the slope is taken
SLOPE, START_SECONDS = 1.0, 2.0  # MB an hour of simulated time; seconds
WORDS = "the invoice for red bicycle arrived this morning garden water guests train mountains".split()  # noqa: SIM905
MEDIA = Media(
    container="mov,mp4",
    size=10**8,
    duration_ms=3_600_000,
    video=VideoStream(index=0, codec="h264", width=1280, height=720, fps=25.0),
    audio=None,
)


def picture(seed: int) -> bytes:
    """A small image with something in it."""
    noise = np.random.default_rng(seed).integers(0, 255, (45, 80, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).resize((320, 180)).save(out, "WEBP", quality=60)
    return out.getvalue()


def hour(memory: Memory, number: int, images: list[bytes], dice: random.Random) -> None:
    """Take in one hour of recording."""
    begin = BEGIN + number * HOUR
    with memory.db.write() as w:
        job = jobs.enqueue(w, kind="capture", source_id=None, params={"path": f"/cam/{number}.mp4"},
                           max_attempts=3, now=begin)  # fmt: skip
        job = jobs.claim(w, "month:1:0", lease_seconds=60, now=begin) or job
        start = StartTime(started_at=begin, time_source="filename", confidence="high", evidence="month")
        source, _ = sources.add(
            w, kind="file", name=f"{number}.mp4", location="Hall", device="camera", size=10**8,
            content_hash=hashlib.sha256(str(number).encode()).hexdigest(), path=f"/cam/{number}.mp4",
            original=None, start=start, media=MEDIA, added_at=begin + HOUR,
        )  # fmt: skip
        job = jobs.attach(w, job, source.id)
    made = write_pack(memory, source, images, dice)
    with memory.db.write() as w:
        ids = frames.add_many(w, source.id, made)
        moments = [*(frame.first_seen for frame in made), begin + HOUR]
        spans = [
            Span(source_id=source.id, frame_id=each, start=a, end=b, samples=SAMPLES // KEPT)
            for each, a, b in zip(ids, moments, moments[1:], strict=False)
        ]
        frames.add_spans(w, spans)
        texts.add_many(w, source.id, [spoken(begin, n, dice) for n in range(SPOKEN)])
        jobs.progress(w, job, stage="hear", progress=0.9, now=begin, data={"n": 1})
        sources.settle(w, source.id, state="ready", ended_at=begin + HOUR)
        result = {"media_seconds": 3600, "wall_seconds": 60, "known": False}
        jobs.finish(w, job, state="done", result=result, now=begin + HOUR)
        jobs.forget_progress(w, begin)
    folders.write_source(memory, source.id)
    folders.write_transcript(memory, source.id)
    reindex.tidy(memory.db, memory.index)


def write_pack(memory: Memory, source: Source, images: list[bytes], dice: random.Random) -> list[NewFrame]:
    """The images of one hour."""
    folder = folders.of(memory, source)
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    with packs.open_pack(folder, packs.name(1), 0) as pack:
        for number in range(KEPT):
            image, thumb = dice.choice(images), images[0]
            made.append(
                NewFrame(
                    first_seen=source.started_at + number * HOUR / KEPT,
                    width=320,
                    height=180,
                    format="webp",
                    colour="#808080",
                    pack=packs.name(1),
                    offset=pack.append(f"{number:09}.webp", image),
                    length=len(image),
                    thumb_offset=pack.append(f"{number:09}.thumb.webp", thumb),
                    thumb_length=len(thumb),
                    sha256=hashlib.sha256(image).hexdigest(),
                )
            )
        pack.sync()
    return made


def spoken(begin: datetime, number: int, dice: random.Random) -> NewSegment:
    """One sentence."""
    at = begin + number * HOUR / SPOKEN
    said = [dice.choice(WORDS) for _ in range(12)]
    step = timedelta(milliseconds=300)
    words = tuple(
        Word(start=at + n * step, end=at + (n + 1) * step, text=f" {word}", probability=0.9)
        for n, word in enumerate(said)
    )
    return NewSegment(start=at, end=at + 12 * step, text=" ".join(said), language="en", confidence=0.9,
                      model="tiny.en", words=words)  # fmt: skip


def ask(memory: Memory, until: datetime, began: float) -> None:
    """What the page and the watchers ask each hour."""
    gauges.measure(memory, began)
    health.status(memory, began)
    search.search(memory, search.Query(text="invoice bicycle", limit=20))
    found = frames.between(memory.db, until - 3 * HOUR, until, limit=50, after=None)
    for frame in found[:5]:
        source = sources.get(memory.db, frame.source_id)
        packs.read(folders.of(memory, source), frame.pack, frame.offset, frame.length)


def month(days: int, folder: Path) -> dict[str, object]:
    """Live through the days; gives what was measured."""
    dice, images = random.Random(7), [picture(seed) for seed in range(64)]
    settings = config.load(
        {"data_dir": str(folder), "storage.min_free_bytes": 0, "whisper.model": "tiny.en"}, environ={}
    )
    resident, open_files, began = [], [], time.monotonic()
    with open_memory(settings) as memory:
        for day in range(days):
            for number in range(24):
                hour(memory, day * 24 + number, images, dice)
                if number % 6 == 5:
                    ask(memory, BEGIN + (day * 24 + number + 1) * HOUR, began)
            gc.collect()
            resident.append(machine.resident(os.getpid()) / 2**20)
            open_files.append(sum(1 for _ in Path("/proc/self/fd").iterdir()))
        ahead = capacity.forecast(memory, BEGIN + timedelta(days=days))
    again = time.monotonic()
    with open_memory(settings) as memory:
        search.search(memory, search.Query(text="invoice", limit=20))
        first = time.monotonic() - again
    settled = resident[SETTLED_DAYS:] or resident
    hours = np.arange(len(settled)) * 24.0
    slope = float(np.polyfit(hours, settled, 1)[0]) if len(settled) > 1 else 0.0
    return {
        "days": days,
        "wall_seconds": round(again - began, 1),
        "memory_mb": [round(each, 1) for each in resident],
        "slope_mb_per_hour": round(slope, 4),
        "open_files": open_files,
        "bytes_per_day": ahead.bytes_per_day,
        "first_answer_seconds": round(first, 3),
    }


def main() -> int:
    """Print what was measured; exit status 1 when a target was missed."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--days", type=int, default=30)
    reader.add_argument("--json", action="store_true")
    given = reader.parse_args()
    with tempfile.TemporaryDirectory(prefix="mem-month-") as folder:
        found = month(given.days, Path(folder) / "data")
    files = found["open_files"]
    measures = [
        ("memory slope", found["slope_mb_per_hour"], "MB per simulated hour", SLOPE),
        ("descriptors more at the end than after the first day", files[-1] - files[0], "files", 0),
        ("first answer after a start", found["first_answer_seconds"], "s", START_SECONDS),
    ]
    rows = [
        {"measure": name, "value": value, "unit": unit, "target": target, "met": value <= target,
         "how": f"python -m benchmarks.month --days {given.days}"}
        for name, value, unit, target in measures
    ]  # fmt: skip
    if given.json:
        print(json.dumps({"measures": rows, "facts": found}, indent=2))
    else:
        for row in rows:
            word = "met" if row["met"] else "MISSED"
            print(f"{row['measure']}: {row['value']} {row['unit']} (at most {row['target']}: {word})")
        print(json.dumps(found))
    return 0 if all(row["met"] for row in rows) else 1


if __name__ == "__main__":
    assert types.now() > BEGIN
    sys.exit(main())
