"""Backups, restores, checks and compactions against their targets, part by part.

    python -m benchmarks.backup [load flips kills half large] [--quick]

load   50 backups under 8 writers restore to the same sums, every picture byte for byte
flips  500 single flipped bytes in blocks in use and in packs are all reported, 500 clean looks find nothing
kills  20 compactions killed at a random instant lose nothing
half   a store of 1 GB of which half is deleted takes no more than 1.15 times what is left once compacted
large  2 GB are backed up, backed up again, and restored; --large 10 makes it 10
"""

import argparse
import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from mem import config, folders, packs
from mem.bench import year
from mem.memory import open_memory
from mem.ops import backup, check, chores, compact, delete, repack, restore
from mem.ops.backup import Wish
from mem.store import blocks, copies, duck_session, facts, frames, sources, whole
from tests import stocked
from tests.store import rows

MIB = 2**20
WRITERS, LONGEST_WRITE = 8, 1.0  # seconds
COMPACTION = """
from mem import config
from mem.memory import open_memory
from mem.ops import chores, compact
with open_memory(config.load({"data_dir": %r, "storage.min_free_bytes": 0}, environ={})) as memory:
    print("begun", flush=True)
    compact.compact(memory, chores.silently, chores.never)
    print("done", flush=True)
"""


def settings(folder: Path):
    return config.load({"data_dir": str(folder), "storage.min_free_bytes": 0}, environ={})


def load(folder: Path, quick: bool) -> dict[str, object]:
    """Each backup, restored, has the sums of its manifest and every picture of its rows."""
    stop, delays, wrong = threading.Event(), [], 0
    with open_memory(settings(folder / "data")) as memory:
        for number in range(4):
            stocked.source(memory, seed=number)

        def write(seed: int) -> None:
            number = 0
            while not stop.is_set():
                began = time.monotonic()
                with memory.db.write() as w:
                    made = rows.source(w, name=f"{seed}.mp4")
                    rows.tiles(w, made.id, [rows.at(0), rows.at(1)])
                    sources.delete(w, made.id)
                delays.append(time.monotonic() - began)
                number += 1
                if number % 40 == 0:
                    stocked.source(memory, seed=seed * 1000 + number, count=2, size=500)
                stop.wait(0.02)

        writers = [threading.Thread(target=write, args=(seed,)) for seed in range(1, WRITERS + 1)]
        for writer in writers:
            writer.start()
        wish = Wish(to=str(folder / "kept"))
        made = [backup.create(memory, wish, chores.silently, chores.never) for _ in range(5 if quick else 50)]
        stop.set()
        for writer in writers:
            writer.join()
    for one in made:
        wrong += not restored_whole(one.folder, folder / "back")
        shutil.rmtree(folder / "back")
    return {
        "backups": len(made),
        "not equal": wrong,
        "writes meanwhile": len(delays),
        "longest write s": round(max(delays), 3),
        "met": not wrong and max(delays) < LONGEST_WRITE,
    }


def restored_whole(kept: Path, target: Path) -> bool:
    """Whether a backup comes back with the sums of its manifest, and its pictures with theirs."""
    restore.restore(settings(target), kept)
    said = backup.manifest_of(backup.Folder(kept.parent), kept.name).tables
    with open_memory(settings(target)) as memory:
        with memory.db.session() as session:
            held = whole.digests(session, ("frames", "spans", "segments", "notes"))
        same = all(held[name].digest == said[name].digest for name in held)
        return same and not pictures_wrong(memory)


def pictures_wrong(memory) -> int:
    wrong = 0
    for source in sources.page(memory.db, 10_000, None):
        if not (folders.of(memory, source) / "packs.jsonl").exists():
            continue  # only rows, made by the writers
        for frame in copies.frames_of(memory.db, source.id):
            data = packs.read(folders.of(memory, source), frame.pack, frame.offset, frame.length)
            wrong += hashlib.sha256(data).hexdigest() != frame.sha256
    return wrong


def flips(folder: Path, quick: bool) -> dict[str, object]:
    """Half of the flips in blocks in use, half in packs; and as many looks at what is clean."""
    half = 25 if quick else 250
    with open_memory(settings(folder)) as memory:
        source = stocked.source(memory, count=10, size=2_000)
        pack = folders.of(memory, source) / stocked.PACK
        in_packs = flipped(
            pack,
            half,
            lambda chance: chance.randrange(pack.stat().st_size),
            lambda: bool(check.pictures.look(memory, source, "deep", check.pictures.Seen())),
        )
        with memory.db.session() as session:
            session.run("checkpoint")
    file, size = folder / "mem.duckdb", 262_144
    with duck_session.reading(file) as session:
        assert whole.tables(session)
    free = blocks.free_blocks(file)
    used = [n for n in range((file.stat().st_size - 12_288) // size) if n not in free]
    in_blocks = flipped(
        file,
        half,
        lambda chance: 12_288 + chance.choice(used) * size + chance.randrange(size),
        lambda: bool(blocks.look(file).damaged),
    )
    missed, alarms = in_packs[0] + in_blocks[0], in_packs[1] + in_blocks[1]
    return {
        "flips": 2 * half,
        "missed": missed,
        "clean looks": 2 * half,
        "false alarms": alarms,
        "met": not missed and not alarms,
    }


def flipped(
    file: Path, count: int, place: Callable[[random.Random], int], found: Callable[[], bool]
) -> tuple[int, int]:
    """Flip a bit of the file and put it back, again and again: flips not found, and findings without."""
    chance, missed, alarms = random.Random(1), 0, 0
    for _ in range(count):
        at = place(chance)
        with file.open("r+b") as opened:
            opened.seek(at)
            was = opened.read(1)
            opened.seek(at)
            opened.write(bytes([was[0] ^ (1 << chance.randrange(8))]))
        missed += not found()
        with file.open("r+b") as opened:
            opened.seek(at)
            opened.write(was)
        alarms += found()
    return missed, alarms


def quietly(text: str) -> None:
    """Tell nobody."""


def half_deleted(folder: Path, size: int, days: int) -> tuple[int, int]:
    """A store of packs and rows whose every second picture and recording has lost its rows; live bytes."""
    each, picture = 64 * MIB, 200_000
    year.build(folder, days, quietly)
    with open_memory(settings(folder)) as memory:
        written = list(sources.page(memory.db, 10_000, None))
        for source in written[::2]:
            with memory.db.write() as w:
                sources.delete(w, source.id)
        live = 0
        for number in range(max(1, size // each)):
            count = min(each, size) // (picture * 7 // 6)
            source = stocked.source(memory, seed=number, count=count, size=picture)
            kept = sorted(copies.frames_of(memory.db, source.id), key=lambda frame: frame.offset)
            gone = [frame.id for frame in kept[::2]]
            with memory.db.write() as w:
                w.run("forgetting.delete_spans_of_frames", source.id, gone)
                w.run("forgetting.delete_frames", source.id, gone)
            folders.write_frames(memory, source.id)
            live += sum(frame.length + frame.thumb_length for frame in kept[1::2])
        with memory.db.session() as session:
            session.run("checkpoint")
        return live, facts.sizes(memory.db).used


def half(folder: Path, quick: bool) -> dict[str, object]:
    """What a half-deleted store takes once it is compacted, by what is left in it."""
    live, used = half_deleted(folder, 128 * MIB if quick else 2**30, 10 if quick else 60)
    with open_memory(settings(folder)) as memory:
        began = time.monotonic()
        done = compact.compact(memory, chores.silently, chores.never)
        seconds = time.monotonic() - began
    share = (done.packs_after + done.database_after) / (live + used)
    return {
        "before": done.packs_before + done.database_before,
        "live": live + used,
        "after": done.packs_after + done.database_after,
        "after by live": round(share, 4),
        "seconds": round(seconds, 1),
        "met": share <= 1.15,
    }


def kills(folder: Path, quick: bool) -> dict[str, object]:
    """Compactions killed at an instant drawn by chance: the rows and pictures are what they were."""
    half_deleted(folder / "whole", 16 * MIB, 10)
    with open_memory(settings(folder / "whole")) as memory:
        held, known = frames.stats(memory.db), findings(memory)  # the rows by themselves have no packs
    chance, lost, ended = random.Random(2), 0, 0
    lasts = compacted(folder, 600.0)[1]
    for _ in range(5 if quick else 20):
        ended += compacted(folder, chance.uniform(0.0, lasts))[0]
        with open_memory(settings(folder / "data")) as memory:
            delete.finish(memory)  # as a server does when it starts
            repack.mend(memory)
            lost += frames.stats(memory.db) != held or not findings(memory) <= known
    return {
        "compactions": 5 if quick else 20,
        "each lasts s": round(lasts, 2),
        "ended before the kill": ended,
        "lost": lost,
        "met": not lost,
    }


def findings(memory) -> set[tuple[str, str]]:
    """What is wrong with a store, and where."""
    return {(one.code, one.place) for one in check.check(memory, "deep").findings}


def compacted(folder: Path, after: float) -> tuple[bool, float]:
    """Compact a copy of the store and kill that after so many seconds: whether it had ended, and when."""
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(folder / "whole", data)
    words = [sys.executable, "-c", COMPACTION % str(data)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        began = time.monotonic()
        timer = threading.Timer(after, child.send_signal, [signal.SIGKILL])
        timer.start()
        ended = child.stdout.readline() == "done\n"
        seconds = time.monotonic() - began
        timer.cancel()
    return ended, seconds


def large(folder: Path, gigabytes: float) -> dict[str, object]:
    """A store of so many gigabytes: backed up, backed up again, and restored."""
    each, picture = 64 * MIB, 2 * MIB * 6 // 7
    with open_memory(settings(folder / "data")) as memory:
        for number in range(int(gigabytes * 2**30) // each):
            stocked.source(memory, seed=number, count=each // (2 * MIB), size=picture)
        wish, took = Wish(to=str(folder / "kept")), []
        for _ in range(2):
            began = time.monotonic()
            made = backup.create(memory, wish, chores.silently, chores.never)
            took.append(time.monotonic() - began)
    began = time.monotonic()
    restore.restore(settings(folder / "data"), made.folder)
    return {
        "bytes": made.bytes,
        "first backup s": round(took[0], 1),
        "next backup s": round(took[1], 1),
        "restore s": round(time.monotonic() - began, 1),
    }


PARTS = {"load": load, "flips": flips, "kills": kills, "half": half}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("parts", nargs="*", metavar="PART", help="load, flips, kills, half or large")
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    parser.add_argument("--large", type=float, default=2.0, metavar="GB", help="the store of `large`")
    given, good = parser.parse_args(), True
    if unknown := set(given.parts) - {*PARTS, "large"}:
        parser.error(f"there is no part {min(unknown)}")
    for part in given.parts or [*PARTS, "large"]:
        place = Path(tempfile.mkdtemp(prefix=f"backup-{part}-"))
        try:
            found = large(place, given.large) if part == "large" else PARTS[part](place, given.quick)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        print(json.dumps({part: found}), flush=True)
        good = good and bool(found.get("met", True))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
