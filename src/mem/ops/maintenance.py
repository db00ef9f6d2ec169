"""Upkeep: what has to be looked at and done each day, week and month, with a plain report.

Every step says what it found or did. A step that needs a person makes the whole report not `ok`, and the
command ends with status 1, so that cron and systemd say so.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from mem import folders, types
from mem.capture import partial
from mem.errors import DatabaseFailed, MemError
from mem.memory import Memory
from mem.ops import backup, capacity, disks, freshness, health, logtail, offload, overwriting
from mem.ops.capacity import Capacity
from mem.ops.compact import Compacted
from mem.store import facts, jobs

Period = Literal["daily", "weekly", "monthly"]
State = Literal["good", "doubtful", "broken"]
PERIODS: tuple[Period, ...] = ("daily", "weekly", "monthly")

_DAYS: dict[Period, int] = {"daily": 1, "weekly": 7, "monthly": 30}
_SOON_DAYS = 14.0  # a disk that is full by then needs a person now
_OLD_SECONDS = 48 * 3600.0  # what lies untouched in the scratch folder for so long belongs to nobody
_FAILED_SHARE = 0.05  # of jobs that may fail
_WORTH_BYTES, _WORTH_SHARE = 64 * 2**20, 0.5  # free within the file: at least so much, and of what is used
_BACKUP_HOURS = 26.0  # one a night, and some time for it
_FEW = 20  # ended jobs below which a share says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that was looked at or done, and what a person should do about it."""

    name: str
    state: State
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What came of one period's upkeep."""

    period: Period
    ok: bool
    seconds: float
    steps: tuple[Step, ...]
    capacity: Capacity


def run(
    memory: Memory, period: Period, up_since: float, compact: Callable[[], Compacted] | None = None
) -> Upkeep:
    """Do the upkeep of a period; a longer one holds all of the shorter ones.

    `up_since` is when the memory was opened, by time.monotonic. `compact` writes the database anew, which is
    done weekly where it is worth it, and daily where deleted rows lie in its file. Raises DatabaseFailed.
    """
    began = time.monotonic()
    ahead = capacity.forecast(memory)
    steps = [*_disk(memory, ahead), *_logs(memory, period), *_deliveries(memory, began - up_since)]
    steps += [*_jobs(memory, period), _backup(memory), *_leftovers(memory), *_bucket(memory)]
    if period != "daily":
        steps += _database(memory, compact)
    elif overwriting.since(memory) is not None:
        steps.append(_compaction(memory, compact))
    if period == "monthly":
        steps.append(_speed(memory))
    return Upkeep(
        period=period,
        ok=all(step.state == "good" for step in steps),
        seconds=round(time.monotonic() - began, 3),
        steps=tuple(steps),
        capacity=ahead,
    )


def _disk(memory: Memory, ahead: Capacity) -> Iterator[Step]:
    least = folders.least_free(memory)
    for each in disks.look(memory):
        detail = f"{each.root}: {each.free_bytes:,} of {each.total_bytes:,} bytes are free"
        if each.root == "data" and each.free_bytes < least:
            fix = "Free some space; until then nothing is taken in."
            yield Step(name="disk", state="broken", detail=f"{detail}, {least:,} must be", fix=fix)
        else:
            yield Step(name="disk", state="good", detail=detail)
    if ahead.days_left is None:
        return
    detail = f"{ahead.bytes_per_day:,} bytes come each day; they fit for {ahead.days_left:g} days"
    if ahead.days_left < _SOON_DAYS:
        fix = "Free some space, let retention drop what is old, or take a larger disk."
        yield Step(name="growth", state="doubtful", detail=detail, fix=fix)
    else:
        yield Step(name="growth", state="good", detail=detail)


def _logs(memory: Memory, period: Period) -> Iterator[Step]:
    folder = memory.config.logging.dir
    if folder is None:
        detail = "they go to stderr (logging.dir is not set), where the journal or Docker keeps them"
        yield Step(name="logs", state="good", detail=detail)
        return
    found = logtail.errors(folder, types.now() - timedelta(days=_DAYS[period]))
    if found.count:
        shown = "; ".join(found.examples)
        fix = f"Look: grep -E 'ERROR|CRITICAL' {folder}/*.log"
        yield Step(name="logs", state="doubtful", detail=f"{found.count} errors: {shown}", fix=fix)
    else:
        yield Step(name="logs", state="good", detail="no errors")


def _deliveries(memory: Memory, uptime: float) -> Iterator[Step]:
    found = freshness.look(memory, types.now() - timedelta(seconds=uptime))
    for text in freshness.complaints(found):
        fix = "See that the device records and that its folder is there."
        yield Step(name="deliveries", state="doubtful", detail=text, fix=fix)
    if found and not any(each.late for each in found):
        detail = f"all {len(found)} of capture.expected delivered in time"
        yield Step(name="deliveries", state="good", detail=detail)


def _jobs(memory: Memory, period: Period) -> Iterator[Step]:
    ended = facts.ended(memory.db, types.now() - timedelta(days=_DAYS[period]))
    every = sum(each.rows for each in ended)
    failed = {each.error_code or "error": each.rows for each in ended if each.state == "failed"}
    count = sum(failed.values())
    detail = f"{every:,} ended in the last {_DAYS[period]} days, {count:,} of them failed"
    if count:
        detail += f" ({', '.join(f'{code} {rows}' for code, rows in sorted(failed.items()))})"
    waiting = jobs.queued(memory.db)
    detail += f"; {waiting:,} wait"
    if count > _FAILED_SHARE * every and (every >= _FEW or count == every):
        fix = "See them: mem jobs list --state failed"
        yield Step(name="jobs", state="doubtful", detail=detail, fix=fix)
    else:
        yield Step(name="jobs", state="good", detail=detail)


def _backup(memory: Memory) -> Step:
    """The last backup in storage.backups: there, young enough, and found whole."""
    try:
        backup.note_latest(memory)
    except MemError as error:
        return Step(name="backup", state="doubtful", detail=error.detail, fix=error.hint)
    found = health.last_backup(memory)
    if found is None:
        fix = "mem backup create; mem-backup.timer does it every night."
        return Step(name="backup", state="doubtful", detail=f"there is none in {backup.of(memory)}", fix=fix)
    hours = None if found.age_seconds is None else found.age_seconds / 3600
    detail = f"{found.name}, " + ("of unknown age" if hours is None else f"{hours:.0f} hours old")
    if found.good is False:
        fix = "mem backup create, and see whether the disk is sound."
        return Step(name="backup", state="broken", detail=f"{detail}, damaged: {found.problem}", fix=fix)
    if hours is None or hours > _BACKUP_HOURS:
        fix = "mem backup create; systemctl status mem-backup.timer says why it did not."
        return Step(name="backup", state="doubtful", detail=detail, fix=fix)
    if found.good is None:
        fix = f"mem backup verify {found.name}"
        return Step(name="backup", state="doubtful", detail=f"{detail}, never checked", fix=fix)
    return Step(name="backup", state="good", detail=f"{detail}, found whole")


def _leftovers(memory: Memory) -> Iterator[Step]:
    """Expired uploads, and what nobody has touched in the scratch folder for two days."""
    try:
        partial.sweep(memory)
    except MemError as error:
        yield Step(name="uploads", state="doubtful", detail=error.detail, fix=error.hint)
    limit, freed, count = time.time() - _OLD_SECONDS, 0, 0
    for entry in (memory.folder / "tmp").iterdir():
        size, newest = _extent(entry)
        if newest < limit:
            _remove(entry)
            freed, count = freed + size, count + 1
    detail = f"{count} old scratch files removed, {freed:,} bytes" if count else "nothing old is left"
    yield Step(name="scratch", state="good", detail=detail)


def _bucket(memory: Memory) -> Iterator[Step]:
    """Objects that nothing leads to any more, and files that are to go to the bucket."""
    storage = memory.config.storage
    if storage.frames is None and storage.originals is None:
        return
    try:
        offload.everything(memory)
        gone = offload.collect(memory)
        kept = memory.remote.cache.tidy()
    except MemError as error:
        yield Step(name="bucket", state="doubtful", detail=error.detail, fix=error.hint)
        return
    waiting = len(memory.remote.waiting)
    detail = f"files of {waiting} recordings wait, {gone} objects that nothing names removed"
    yield Step(name="bucket", state="good", detail=f"{detail}, {kept:,} bytes of it are kept here")


def _extent(entry: Path) -> tuple[int, float]:
    """Bytes of a file or folder, and when anything in it was last written."""
    files = [entry, *entry.rglob("*")] if entry.is_dir() and not entry.is_symlink() else [entry]
    looked = [file.lstat() for file in files if file.is_symlink() or file.exists()]
    if not looked:
        return 0, time.time()  # gone meanwhile
    return sum(each.st_size for each in looked), max(each.st_mtime for each in looked)


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)


def _database(memory: Memory, compact: Callable[[], Compacted] | None) -> Iterator[Step]:
    with memory.db.write() as w:
        facts.analyze(w)
    yield Step(name="database", state="good", detail="its statistics are fresh")
    try:
        facts.checkpoint(memory.db)
    except DatabaseFailed:
        memory.db.check_alive()  # a transaction was open; the log goes into the file with a later one
    yield _compaction(memory, compact)


def _compaction(memory: Memory, compact: Callable[[], Compacted] | None) -> Step:
    """Give back to the disk what lies free within the file: where that is much, or rows were deleted."""
    found, deleted = facts.sizes(memory.db), overwriting.since(memory)
    detail = f"{found.used:,} bytes in use, {found.free:,} free within the file"
    if deleted is not None:
        detail += f", and what was deleted since {types.written(deleted)}"
    worth = deleted is not None or found.free > max(_WORTH_BYTES, _WORTH_SHARE * found.used)
    if compact is None or not worth:
        return Step(name="compaction", state="good", detail=f"{detail}: not worth it")
    try:
        done = compact()
    except MemError as error:
        return Step(name="compaction", state="doubtful", detail=f"{detail}; {error.detail}", fix=error.hint)
    freed = done.database_before + done.packs_before - done.database_after - done.packs_after
    return Step(name="compaction", state="good", detail=f"{freed:,} bytes given back to the disk")


def _speed(memory: Memory) -> Step:
    factor = facts.real_time_factor(memory.db)
    if factor is None:
        return Step(name="speed", state="good", detail="nothing was captured yet")
    detail = f"the last captures ran at {factor:g} times real time"
    if factor < 1:
        fix = "A smaller whisper.model, a longer capture.frame.interval_seconds, or a faster machine."
        return Step(name="speed", state="doubtful", detail=f"{detail}: slower than life", fix=fix)
    return Step(name="speed", state="good", detail=detail)
