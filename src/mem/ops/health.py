"""How the memory is: what works, what it holds, and what a person should look at."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import mem
from mem import folders, observe, types
from mem.errors import DatabaseFailed, MemError
from mem.memory import Memory
from mem.speech import models
from mem.store import frames, jobs, sources
from mem.types import JobState, SourceState

_STATES: tuple[JobState, ...] = types.ACTIVE_JOB_STATES + types.ENDED_JOB_STATES
_NVIDIA = Path(
    "/dev/nvidiactl"
)  # without it no CUDA device is there, and nothing heavy need be loaded to know


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether requests can be served now, and if not, why."""

    ready: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """The database and its size on disk."""

    engine: Literal["duckdb", "postgres"]
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFacts:
    """Looks at a picture, and how many of them were kept."""

    kept: int
    samples: int
    dropped_share: float  # 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechFacts:
    """The model that speech is written down with. `model` null: none is on this machine."""

    model: str | None
    origin: str | None
    device: str | None
    compute_type: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFacts:
    """The volume of the data directory."""

    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the memory is."""

    status: Literal["ok", "degraded"]
    reasons: tuple[str, ...]
    version: str
    uptime_seconds: float
    ready: bool
    database: DatabaseFacts
    frames: FrameFacts
    sources: dict[SourceState, int]
    jobs: dict[JobState, int]
    oldest_queued_seconds: float | None
    speech: SpeechFacts
    disk: DiskFacts
    doubtful_times: int  # sources whose start time is a guess


def readiness(memory: Memory) -> Readiness:
    """Whether the memory can be asked now."""
    reasons = []
    try:
        memory.db.check_alive()
    except DatabaseFailed as error:
        reasons.append(f"database: {error.detail}")
    if not memory.index.whole:
        reasons.append("index: it is being rebuilt")
    return Readiness(ready=not reasons, reasons=tuple(reasons))


def status(memory: Memory, began: float) -> Status:
    """How the memory is; `began` is when it was opened, by time.monotonic."""
    db, ready = memory.db, readiness(memory)
    kept = frames.stats(db)
    speech, disk = _speech(memory), _disk(memory)
    reasons = [*ready.reasons, *_complaints(memory, speech, disk)]
    return Status(
        status="degraded" if reasons else "ok",
        reasons=tuple(reasons),
        version=mem.__version__,
        uptime_seconds=round(time.monotonic() - began, 3),
        ready=ready.ready,
        database=DatabaseFacts(engine=db.engine, size_bytes=db.size_bytes()),
        frames=FrameFacts(kept=kept.frames, samples=kept.samples, dropped_share=round(kept.dropped_share, 4)),
        sources=sources.counts(db),
        jobs=jobs.counts(db),
        oldest_queued_seconds=_oldest(memory),
        speech=speech,
        disk=disk,
        doubtful_times=sources.doubtful(db),
    )


def measure(memory: Memory) -> None:
    """Bring the gauges among the metrics up to date."""
    counts = jobs.counts(memory.db)
    for state in _STATES:
        observe.JOBS.labels(state).set(counts.get(state, 0))
    observe.JOB_OLDEST_QUEUED_SECONDS.set(_oldest(memory) or 0)
    observe.DATABASE_BYTES.set(memory.db.size_bytes())
    observe.DISK_FREE_BYTES.set(_disk(memory).free_bytes)


def _complaints(memory: Memory, speech: SpeechFacts, disk: DiskFacts) -> list[str]:
    found = []
    least = folders.least_free(memory)
    if disk.free_bytes < least:
        found.append(
            f"disk: {disk.free_bytes:,} bytes are free, {least:,} must stay free; nothing is taken in"
        )
    if speech.model is None:
        found.append(f"speech: {speech.note}")
    return found


def _oldest(memory: Memory) -> float | None:
    since = jobs.oldest_queued(memory.db)
    return None if since is None else round(max(0.0, (types.now() - since).total_seconds()), 3)


def _disk(memory: Memory) -> DiskFacts:
    usage = shutil.disk_usage(memory.folder)
    return DiskFacts(free_bytes=usage.free, total_bytes=usage.total)


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
