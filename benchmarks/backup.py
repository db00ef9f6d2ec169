"""Backups, restores, checks and compactions against their targets: `python -m benchmarks.backup [--quick]`.

50 backups under 8 writers restore to the same sums; single flipped bytes in blocks in use and in packs are
all reported, and nothing on clean copies; a compaction killed anywhere loses nothing; a restore is timed.
"""

import json
import random
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

from mem import config, folders, packs
from mem.memory import open_memory
from mem.ops import backup, check, chores, restore
from mem.ops.backup import Wish
from mem.store import blocks, copies, duck_session, frames, sources, whole
from tests import cutting, stocked
from tests.store import rows


def settings(folder: Path):
    return config.load({"data_dir": str(folder), "storage.min_free_bytes": 0}, environ={})


def under_load(folder: Path, count: int) -> dict:
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

        writers = [threading.Thread(target=write, args=(seed,)) for seed in range(1, 9)]
        for writer in writers:
            writer.start()
        made = [
            backup.create(memory, Wish(to=folder / "kept"), chores.silently, chores.never)
            for _ in range(count)
        ]
        stop.set()
        for writer in writers:
            writer.join()
    for one in made:
        target = settings(folder / "back")
        restore.restore(target, one.folder)
        with open_memory(target) as memory:
            said = backup.manifest_of(one.folder).tables
            with memory.db.session() as session:
                held = whole.digests(session, ("frames", "spans", "segments", "notes"))
            same = all(held[name].digest == said[name].digest for name in held)
            wrong += not (same and not pictures_wrong(memory))
        shutil.rmtree(folder / "back")
    delays.sort()
    return {"backups": count, "wrong": wrong, "writes": len(delays), "longest write s": round(delays[-1], 3)}


def pictures_wrong(memory) -> int:
    import hashlib

    wrong = 0
    for source in sources.page(memory.db, 10_000, None):
        if not (folders.of(memory, source) / "packs.jsonl").exists():
            continue  # only rows, made by the writers
        for frame in copies.frames_of(memory.db, source.id):
            data = packs.read(folders.of(memory, source), frame.pack, frame.offset, frame.length)
            wrong += hashlib.sha256(data).hexdigest() != frame.sha256
    return wrong


def flips(folder: Path, count: int) -> dict:
    """Half of the flips in blocks in use, half in packs; and as many looks at what is clean."""
    chance, missed, alarms = random.Random(1), 0, 0
    with open_memory(settings(folder)) as memory:
        source = stocked.source(memory, count=10, size=2_000)
        pack = folders.of(memory, source) / stocked.PACK
        clean = pack.read_bytes()
        for _ in range(count // 2):
            data = bytearray(clean)
            data[at := chance.randrange(len(clean))] ^= 1 << chance.randrange(8)
            pack.write_bytes(data)
            missed += not check.pictures.look(memory, source, "deep", check.pictures.Seen())
            pack.write_bytes(clean)
            alarms += bool(check.pictures.look(memory, source, "deep", check.pictures.Seen()))
        assert at >= 0
        with memory.db.session() as session:
            session.run("checkpoint")
    file = folder / "mem.duckdb"
    clean, size = file.read_bytes(), 262_144
    with duck_session.reading(file) as session:
        assert whole.tables(session)
    used = [n for n in range((len(clean) - 12_288) // size) if n not in blocks.free_blocks(file)]
    for _ in range(count // 2):
        at = 12_288 + chance.choice(used) * size + chance.randrange(size)
        with file.open("r+b") as opened:
            opened.seek(at)
            opened.write(bytes([clean[at] ^ (1 << chance.randrange(8))]))
        missed += not blocks.look(file).damaged
        with file.open("r+b") as opened:
            opened.seek(at)
            opened.write(clean[at : at + 1])
        alarms += bool(blocks.look(file).damaged)
    return {"flips": count // 2 * 2, "missed": missed, "clean looks": count // 2 * 2, "false alarms": alarms}


def kills(folder: Path, count: int) -> dict:
    """Compactions killed before their N-th change of a name."""
    with open_memory(settings(folder)) as memory:
        for number in range(4):
            stocked.source(memory, seed=number)
        held = frames.stats(memory.db)
    ended, lost = 0, 0
    for nth in range(1, count + 1):
        ended += cutting.run(nth, folder, "compact") == 0
        with open_memory(settings(folder)) as memory:
            lost += frames.stats(memory.db) != held or not check.check(memory).good
    return {"compactions": count, "ended before the kill": ended, "lost": lost}


def large(folder: Path, size: int) -> dict:
    """A store of `size` bytes: backed up, changed, restored; and a half of it deleted and compacted."""
    with open_memory(settings(folder / "data")) as memory:
        each = 64 * 2**20
        for number in range(size // each):
            stocked.source(memory, seed=number, count=each // (2 * 2**20), size=2 * 2**20 * 6 // 7)
        began = time.monotonic()
        made = backup.create(memory, Wish(to=folder / "kept"), chores.silently, chores.never)
        first = time.monotonic() - began
        began = time.monotonic()
        backup.create(memory, Wish(to=folder / "kept"), chores.silently, chores.never)
        second = time.monotonic() - began
    began = time.monotonic()
    restore.restore(settings(folder / "data"), made.folder)
    back = time.monotonic() - began
    return {
        "bytes": made.bytes,
        "first backup s": round(first, 1),
        "next backup s": round(second, 1),
        "restore s": round(back, 1),
    }


def main() -> None:
    quick = "--quick" in sys.argv
    place = Path(tempfile.mkdtemp(prefix="backup-bench-"))
    try:
        found = {
            "under load": under_load(place / "load", 5 if quick else 50),
            "flips": flips(place / "flips", 50 if quick else 500),
            "compaction": kills(place / "kills", 6 if quick else 20),
            "large": large(place / "large", 2**28 if quick else 2**31),
        }
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
