"""Brings the gauges among the metrics up to date; counters are counted where things happen."""

import os
import time

from mem import machine, observe, types
from mem.memory import Memory
from mem.ops import disks, freshness, health
from mem.store import facts, frames, jobs, sources
from mem.types import JobState, SourceState

_JOB_STATES: tuple[JobState, ...] = types.ACTIVE_JOB_STATES + types.ENDED_JOB_STATES
_SOURCE_STATES: tuple[SourceState, ...] = ("new", "processing", "ready", "partial", "failed")


def measure(memory: Memory, began: float) -> None:
    """Set every gauge; `began` is when the memory was opened, by time.monotonic.

    Without a database that answers, only those are set that need none.
    """
    observe.START_TIME.set(round(time.time() - (time.monotonic() - began), 3))
    observe.WORKER_SILENT_SECONDS.set(memory.pulse.silent() or 0)
    _memory()
    for each in disks.look(memory):
        observe.DISK_FREE_BYTES.labels(each.root).set(each.free_bytes)
        observe.DISK_TOTAL_BYTES.labels(each.root).set(each.total_bytes)
    saved = health.last_backup(memory)
    age = -1.0 if saved is None or saved.age_seconds is None else saved.age_seconds
    observe.BACKUP_AGE_SECONDS.set(age)
    observe.BACKUP_GOOD.set(int(saved is not None and saved.good is True))
    ready = health.readiness(memory)
    observe.READY.set(int(ready.ready))
    if not any(reason.startswith("database:") for reason in ready.reasons):
        _rows(memory, began)


def _rows(memory: Memory, began: float) -> None:
    states = jobs.counts(memory.db)
    for state in _JOB_STATES:
        observe.JOBS.labels(state).set(states.get(state, 0))
    observe.JOB_OLDEST_QUEUED_SECONDS.set(health.oldest_queued(memory) or 0)
    recordings = sources.counts(memory.db)
    for kind in _SOURCE_STATES:
        observe.SOURCES.labels(kind).set(recordings.get(kind, 0))
    kept = frames.stats(memory.db)
    observe.FRAMES.set(kept.frames)
    observe.FRAMES_DROPPED_SHARE.set(kept.dropped_share)
    observe.STORED_BYTES.labels("images").set(kept.bytes)
    observe.STORED_BYTES.labels("originals").set(facts.originals(memory.db)[1])
    database = health.database(memory)
    observe.DATABASE_BYTES.labels("file").set(database.file_bytes)
    observe.DATABASE_BYTES.labels("used").set(database.used_bytes)
    observe.DATABASE_BYTES.labels("free").set(database.free_bytes)
    observe.DATABASE_BYTES.labels("wal").set(database.wal_bytes)
    work = health.work(memory)
    observe.REAL_TIME_FACTOR.set(work.real_time_factor or 0)
    observe.INDEX_LAG.set(work.index_behind)
    since = types.from_epoch(round((time.time() - (time.monotonic() - began)) * 1000))
    observe.LATE_SOURCES.set(sum(each.late for each in freshness.look(memory, since)))


def _memory() -> None:
    own = os.getpid()
    observe.MEMORY_BYTES.labels("server").set(machine.resident(own))
    observe.MEMORY_BYTES.labels("children").set(sum(map(machine.resident, machine.children(own))))
    observe.MEMORY_BYTES.labels("cgroup").set(machine.memory_used() or 0)
    observe.MEMORY_BYTES.labels("limit").set(machine.memory_bytes())
