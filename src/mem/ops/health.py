"""How the memory is: what works, what it holds, and what a person should look at."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import mem
from mem import folders, types
from mem.errors import DatabaseFailed, DiskFull, MemError, TooBusy
from mem.memory import Memory
from mem.ocr import engines
from mem.ops import backup, disks, freshness, overwriting
from mem.ops.disks import Volume
from mem.ops.freshness import Freshness
from mem.speech import models
from mem.store import facts, frames, jobs, reels, sources
from mem.types import JobState, SourceState

_NVIDIA = Path(
    "/dev/nvidiactl"
)  # without it no CUDA device is there, and nothing heavy need be loaded to know
_SILENT_SECONDS = 30.0  # without a sign of life a worker is taken for dead, or `jobs.lease_seconds`
_BEHIND = 100_000  # changes that the index has not seen: a search would have to wait for them
_WAITING = timedelta(minutes=10)  # that a due job may wait while nobody works on any


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether requests can be served now, and if not, why."""

    ready: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """The database, in bytes on disk: `size` is all of it; `used` and `free` lie within the file."""

    engine: Literal["duckdb", "postgres"]
    size_bytes: int
    file_bytes: int
    used_bytes: int
    free_bytes: int
    wal_bytes: int
    deleted_since: datetime | None  # since when deleted rows lie in the file; null: none do


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFacts:
    """Looks at a picture, and how many of them were kept."""

    kept: int
    samples: int
    dropped_share: float  # 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFacts:
    """Bytes of what is kept beside the database."""

    image_bytes: int  # frames and thumbnails in packs
    original_bytes: int
    originals: int  # how many recordings are kept as they came
    reel_frames: int  # that are coded as reels
    reel_saved_bytes: int  # by which these are smaller than they were


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechFacts:
    """The model that speech is written down with. `model` null: none is on this machine."""

    model: str | None
    origin: str | None
    device: str | None
    compute_type: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenFacts:
    """What reads the text on screens. `engine` null: nothing does, and `note` says why."""

    engine: str | None
    version: str | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFacts:
    """The volume of the data directory."""

    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFacts:
    """What is being worked on, and how fast. `real_time_factor` null: nothing was captured yet."""

    workers_silent_seconds: float | None  # null: no worker runs in this process
    real_time_factor: float | None
    index_behind: int  # changes that the search index has not seen


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFacts:
    """The last backup, and what came of its last check. `good` null: it was never checked."""

    name: str
    made_at: datetime | None
    age_seconds: float | None
    checked_at: datetime | None
    good: bool | None
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the memory is."""

    status: Literal["ok", "degraded"]
    reasons: tuple[str, ...]
    version: str
    uptime_seconds: float
    ready: bool
    database: DatabaseFacts
    stored: StoredFacts
    frames: FrameFacts
    sources: dict[SourceState, int]
    jobs: dict[JobState, int]
    oldest_queued_seconds: float | None
    work: WorkFacts
    speech: SpeechFacts
    screen: ScreenFacts
    disk: DiskFacts
    disks: tuple[Volume, ...]
    backup: BackupFacts | None  # the last one in storage.backups; null: there is none
    expected: tuple[Freshness, ...]
    doubtful_times: int  # sources whose start time is a guess


def readiness(memory: Memory) -> Readiness:
    """Whether the memory can be asked, and takes recordings in."""
    reasons = []
    try:
        memory.db.check_alive()
        reasons += _work_complaints(memory)
    except (DatabaseFailed, TooBusy) as error:
        reasons.append(f"database: {error.detail}")
    try:
        folders.guard_space(memory)
    except DiskFull as error:
        reasons.append(f"disk: {error.detail} Nothing is taken in.")
    if not memory.index.whole:
        reasons.append("index: it is being rebuilt")
    return Readiness(ready=not reasons, reasons=tuple(reasons))


def status(memory: Memory, began: float, complaints: Sequence[str] = ()) -> Status:
    """How the memory is; `began` is when it was opened, by time.monotonic.

    `complaints` are what the caller knows to be wrong besides.
    """
    db, ready = memory.db, readiness(memory)
    kept, speech = frames.stats(db), _speech(memory)
    uptime = time.monotonic() - began
    expected = freshness.look(memory, types.now() - timedelta(seconds=uptime))
    reasons = [*ready.reasons, *freshness.complaints(expected), *complaints]
    if speech.model is None:
        reasons.append(f"speech: {speech.note}")
    saved = last_backup(memory)
    reasons += _backup_complaints(saved, memory.config.storage.backup_max_hours)
    if memory.remote.waiting.trouble is not None:
        waiting = len(memory.remote.waiting)
        reasons.append(f"storage: files of {waiting} recordings wait here: {memory.remote.waiting.trouble}")
    return Status(
        status="degraded" if reasons else "ok",
        reasons=tuple(reasons),
        version=mem.__version__,
        uptime_seconds=round(uptime, 3),
        ready=ready.ready,
        database=database(memory),
        stored=_stored(memory, kept.bytes),
        frames=FrameFacts(kept=kept.frames, samples=kept.samples, dropped_share=round(kept.dropped_share, 4)),
        sources=sources.counts(db),
        jobs=jobs.counts(db),
        oldest_queued_seconds=oldest_queued(memory),
        work=work(memory),
        speech=speech,
        screen=_screen(memory),
        disk=_disk(memory),
        disks=disks.look(memory),
        backup=saved,
        expected=tuple(expected),
        doubtful_times=sources.doubtful(db),
    )


def _stored(memory: Memory, image_bytes: int) -> StoredFacts:
    files, size = facts.originals(memory.db)
    saved = reels.saved(memory.db)
    return StoredFacts(
        image_bytes=image_bytes,
        original_bytes=size,
        originals=files,
        reel_frames=saved.frames,
        reel_saved_bytes=saved.bytes,
    )


def database(memory: Memory) -> DatabaseFacts:
    """The database and its size."""
    found, whole = facts.sizes(memory.db), memory.db.size_bytes()
    log = memory.folder / "mem.duckdb.wal"
    wal = log.stat().st_size if memory.db.engine == "duckdb" and log.exists() else 0
    return DatabaseFacts(
        engine=memory.db.engine,
        size_bytes=whole,
        file_bytes=whole - wal,
        used_bytes=found.used,
        free_bytes=found.free,
        wal_bytes=wal,
        deleted_since=overwriting.since(memory),
    )


def work(memory: Memory) -> WorkFacts:
    """What is being worked on, and how fast."""
    silent = memory.pulse.silent()
    return WorkFacts(
        workers_silent_seconds=None if silent is None else round(silent, 3),
        real_time_factor=facts.real_time_factor(memory.db),
        index_behind=facts.unseen(memory.db, memory.index.seen),
    )


def last_backup(memory: Memory) -> BackupFacts | None:
    """The newest backup at the memory's own place, if there is one."""
    found = backup.latest(memory)
    if found is None:
        return None
    age = None if found.made_at is None else round((types.now() - found.made_at).total_seconds(), 3)
    return BackupFacts(
        name=found.name,
        made_at=found.made_at,
        age_seconds=age,
        checked_at=found.checked_at,
        good=found.good,
        problem=found.problem,
    )


def _backup_complaints(saved: BackupFacts | None, most_hours: float | None) -> list[str]:
    """What is wrong with the last backup: that it is damaged, or older than it may be."""
    if saved is None:
        return []
    if saved.good is False:
        return [f"backup: {saved.name} is damaged: {saved.problem}"]
    if most_hours is None or saved.age_seconds is None or saved.age_seconds <= most_hours * 3600:
        return []
    days = saved.age_seconds / 86_400
    return [f"backup: the last one is {days:.1f} days old; storage.backup_max_hours is {most_hours:g}"]


def oldest_queued(memory: Memory) -> float | None:
    """Seconds that the job, or part of one, that waits longest has waited."""
    since = jobs.oldest_queued(memory.db)
    return None if since is None else round(max(0.0, (types.now() - since).total_seconds()), 3)


def _work_complaints(memory: Memory) -> list[str]:
    """What says that work stands still: a silent worker, a job that nobody works on, a lagging index."""
    found, lease = [], memory.config.jobs.lease_seconds
    silent = memory.pulse.silent()
    if silent is not None and silent > max(_SILENT_SECONDS, lease):
        found.append(f"worker: one has given no sign of life for {silent:.0f} s")
    found += [
        f"worker: nobody works on job {job.id} since {types.written(job.lease_until)}"
        for job in facts.forsaken(memory.db, types.now() - timedelta(seconds=lease))
    ]
    waiting = jobs.oldest_queued(memory.db)
    late = waiting is not None and jobs.due(memory.db, types.now() - _WAITING) is not None
    if waiting is not None and late and silent is None and not jobs.worked_on(memory.db):
        found.append(f"worker: jobs wait since {types.written(waiting)}, and nobody takes them")
    behind = facts.unseen(memory.db, memory.index.seen)
    if behind > _BEHIND:
        found.append(f"index: it has not seen {behind:,} changes")
    return found


def _disk(memory: Memory) -> DiskFacts:
    volume = disks.volume(memory.folder, "data")
    return DiskFacts(free_bytes=volume.free_bytes, total_bytes=volume.total_bytes)


def _screen(memory: Memory) -> ScreenFacts:
    setting = memory.config.capture.screen_text
    found = engines.present(setting)
    if found is not None:
        return ScreenFacts(engine=found.name, version=found.version or None, note="")
    off = setting == "off"
    note = "switched off by capture.screen_text" if off else f"nothing can read. {engines.INSTALL}"
    return ScreenFacts(engine=None, version=None, note=note)


def _speech(memory: Memory) -> SpeechFacts:
    """The model that would be used without the network, which no status may wait for."""
    whisper = memory.config.whisper
    try:
        choice = models.present(whisper.model, models_dir=memory.folder / "models")
        device = models.device(whisper.device) if whisper.device == "cuda" or _NVIDIA.exists() else "cpu"
    except MemError as error:
        return SpeechFacts(
            model=None, origin=None, device=None, compute_type=whisper.compute_type, note=error.detail
        )
    if choice is None:
        note = f"{whisper.model} is not on this machine yet; it is fetched when it is first needed"
        return SpeechFacts(
            model=None, origin=None, device=device, compute_type=whisper.compute_type, note=note
        )
    return SpeechFacts(
        model=choice.name,
        origin=choice.origin,
        device=device,
        compute_type=whisper.compute_type,
        note=choice.note,
    )
