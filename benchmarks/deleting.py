"""How long deleting takes and whether the disk gets back what is said.

    python benchmarks/deleting.py [--gigabytes 0.5]

Builds a store of recordings of one hour, each with a pack of 720 pictures of 40 KB and an original, and
then cuts ten minutes out, thins, lets originals go, and deletes a source; after each it compares what the
dry run said, what the receipt says and what `du` says.
"""

import argparse
import hashlib
import os
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mem import config, folders, packs
from mem.memory import Memory, open_memory
from mem.ops import delete, retention
from mem.store import frames, sources
from mem.store.frames import NewFrame
from mem.types import Media, Source, Span, StartTime, VideoStream

START = datetime(2026, 1, 1, tzinfo=UTC)
FRAMES, PICTURE, THUMB, ORIGINAL = 720, 40_000, 4_000, 30_000_000
MEDIA = Media(
    container="mov,mp4",
    size=ORIGINAL,
    duration_ms=3_600_000,
    video=VideoStream(index=0, codec="h264", width=1920, height=1080, fps=25.0),
    audio=None,
)


def hour(memory: Memory, number: int) -> Source:
    begin = START + timedelta(hours=number)
    start = StartTime(started_at=begin, time_source="caller", confidence="high", evidence="")
    with memory.db.write() as w:
        source, _ = sources.add(
            w, kind="file", name=f"hour-{number}.mp4", location=None, device=None,
            content_hash=hashlib.sha256(str(number).encode()).hexdigest(), size=ORIGINAL, path=None,
            original="original.mp4", start=start, media=MEDIA, added_at=begin,
        )  # fmt: skip
    folder = folders.of(memory, source)
    folder.mkdir(parents=True)
    (folder / "original.mp4").write_bytes(os.urandom(ORIGINAL))
    image, thumb = os.urandom(PICTURE), os.urandom(THUMB)
    made = []
    with packs.open_pack(folder, packs.name(1), 0) as pack:
        for n in range(FRAMES):
            offset = n * 5000
            made.append(
                NewFrame(
                    first_seen=begin + timedelta(milliseconds=offset), width=1920, height=1080, format="webp",
                    colour="#000000", pack=packs.name(1), offset=pack.append(f"{offset:012d}.webp", image),
                    length=PICTURE, thumb_offset=pack.append(f"{offset:012d}.thumb.webp", thumb),
                    thumb_length=THUMB, sha256="0" * 64,
                )
            )  # fmt: skip
        pack.sync()
    step = timedelta(seconds=5)
    with memory.db.write() as w:
        ids = frames.add_many(w, source.id, made)
        spans = [
            Span(
                source_id=source.id, frame_id=i, start=begin + n * step, end=begin + (n + 1) * step, samples=1
            )
            for n, i in enumerate(ids)
        ]
        frames.add_spans(w, spans)
        source = sources.settle(w, source.id, state="ready", ended_at=begin + timedelta(hours=1))
    folders.write_source(memory, source.id)
    return source


def du(memory: Memory) -> int:
    files = (memory.folder / "sources").rglob("*")
    return sum(path.lstat().st_blocks * 512 for path in files if path.is_file())


def told(name: str, said: int, receipt_bytes: int, back: int, seconds: float) -> None:
    share = back / said if said else 1.0
    print(f"| {name} | {said:,} | {receipt_bytes:,} | {back:,} | {share:.2%} | {seconds:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--gigabytes", type=float, default=0.5)
    number = max(
        4, round(parser.parse_args().gigabytes * 1e9 / (FRAMES * (PICTURE + THUMB + 2000) + ORIGINAL))
    )
    folder = Path(tempfile.mkdtemp(prefix="mem-deleting-"))
    rules = [{"what": "thin", "days": 1}]
    try:
        facts = {"data_dir": str(folder), "storage.min_free_bytes": 0, "storage.retention": rules}
        with open_memory(config.load(facts, environ={})) as memory:
            for n in range(number):
                hour(memory, n)
            print(f"{number} hours, {du(memory):,} bytes\n\n| what | said | receipt | du | given back | s |")
            print("|---|---|---|---|---|---|")
            interval(memory)
            kept(memory, "thin to one a minute")
            whole(memory)
    finally:
        shutil.rmtree(folder)


def interval(memory: Memory) -> None:
    start = START + timedelta(minutes=50)
    end = START + timedelta(minutes=70)  # of two recordings
    extent, before, began = delete.extent(memory, start, end, None), du(memory), time.monotonic()
    begun = delete.begin_interval(memory, start, end, None, by="benchmark")
    receipt = delete.go_on(memory, begun)
    said = extent.original_bytes + extent.pack_bytes
    told(
        "20 minutes of two recordings",
        said,
        receipt.freed_bytes,
        before - du(memory),
        time.monotonic() - began,
    )


def kept(memory: Memory, name: str) -> None:
    plan, before, began = retention.plan(memory), du(memory), time.monotonic()
    receipt = retention.go_on(memory, retention.begin(memory, by="benchmark"))
    told(name, plan.bytes, receipt.freed_bytes, before - du(memory), time.monotonic() - began)


def whole(memory: Memory) -> None:
    (source,) = sources.page(memory.db, 1)
    extent = delete.extent(memory, source.started_at, source.ended_at or START, source.id)
    before, began = du(memory), time.monotonic()
    receipt = delete.source(memory, source.id)
    said = extent.original_bytes + extent.pack_bytes
    told("one recording", said, receipt.freed_bytes, before - du(memory), time.monotonic() - began)


if __name__ == "__main__":
    main()
