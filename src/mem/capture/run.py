"""Taking one recording in, stage by stage: look, see, hear.

Each stage goes on from its last committed stretch, so running a job again after anything at all
ends in the same rows and bytes as running it once.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from mem import folders, observe, reindex
from mem.capture import frames, speech
from mem.capture.lease import Lease
from mem.capture.look import child_limits, has_size, look
from mem.capture.progress import Heard, Seen
from mem.errors import NotFound, Stopped
from mem.memory import Memory
from mem.speech import models
from mem.speech.models import ModelChoice
from mem.store import checkpoints, sources
from mem.store.jobs import EndState
from mem.types import Source

SEEING = 0.2  # of the work on a recording with speech; measured: 70 against 265 CPU-s an hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a capture ended, and what it did."""

    state: EndState  # of the job: "done" for a recording that was known, whatever is kept of it
    partial: bool  # whether only a part of the recording could be read
    detail: str | None  # why it is partial
    result: Mapping[str, object]


def run(memory: Memory, lease: Lease) -> Outcome:
    """Take in the recording of the lease's job. Raises a MemError; Stopped when it is to end early."""
    began = time.monotonic()
    found = look(memory, lease)
    done = _stages_done(memory, found.source)
    if not done:
        _settle(memory, lease, found.source)
        _stages(memory, lease, found.source)
    source = sources.get(memory.db, found.source.id)
    # Done, but not by this job: one that was cut short just before its end is not "known".
    known = done and not found.new and lease.job.source_id is None
    outcome = _outcome(memory, source, began, known=known)
    with memory.db.write() as w:
        lease.check(w)
        source = sources.settle(w, source.id, state="partial" if outcome.partial else "ready")
    _clean_up(memory, source)
    reindex.tidy(memory.db, memory.index)
    return outcome


def _stages(memory: Memory, lease: Lease, source: Source) -> None:
    """See and hear what is not done yet. Raises NotFound when the recording is not what it was."""
    path = folders.media_file(memory, source)
    if path is None or not has_size(path, source.size):
        raise NotFound(f"The recording of source {source.id} is no longer at {path} as it was.")
    media, limits = source.media, child_limits(memory)
    pictures, sound = media is not None and media.video, media is not None and media.audio
    if pictures:
        lease.enter("see", 0.0, SEEING if sound else 1.0)
        with observe.CAPTURE_SECONDS.labels("see").time():
            frames.see(memory, lease, source, path, limits)
    if sound:
        lease.enter("hear", SEEING if pictures else 0.0, 1.0)
        model = resolve_model(memory, lease)
        with observe.CAPTURE_SECONDS.labels("hear").time():
            speech.hear(memory, lease, source, path, limits, model)


def resolve_model(memory: Memory, lease: Lease) -> ModelChoice:
    """The speech model that the configuration and this machine give, fetched if need be."""

    def keep(_: int) -> None:
        if lease.stopped():
            raise Stopped

    return models.resolve(memory.config.whisper.model, models_dir=memory.folder / "models", progress=keep)


def _stages_done(memory: Memory, source: Source) -> bool:
    """Whether every stage that this recording has was finished before."""
    media = source.media
    wanted = [("see", media and media.video), ("hear", media and media.audio)]
    stored = {stage: checkpoints.get(memory.db, source.id, stage) for stage in ("see", "hear")}
    return all(
        (checkpoint := stored[stage]) is not None and checkpoint.finished for stage, has in wanted if has
    )


def _settle(memory: Memory, lease: Lease, source: Source) -> None:
    with memory.db.write() as w:
        lease.check(w)
        sources.settle(w, source.id, state="processing")


def _outcome(memory: Memory, source: Source, began: float, *, known: bool) -> Outcome:
    seen = Seen.of(checkpoints.get(memory.db, source.id, "see"))
    heard = Heard.of(checkpoints.get(memory.db, source.id, "hear"))
    media_seconds = (source.ended_at - source.started_at).total_seconds() if source.ended_at else 0.0
    wall_seconds = time.monotonic() - began
    warnings = [*seen.warnings, *heard.warnings]
    partial = seen.partial or heard.partial
    result = {
        "known": known,
        "source_id": source.id,
        "samples": seen.samples,
        "frames": seen.frames,
        "dropped_share": round(1 - seen.frames / seen.samples, 4) if seen.samples else None,
        "speech_seconds": round(heard.speech_ms / 1000, 1),
        "segments": heard.segments,
        "words": heard.words,
        "bytes": seen.bytes,
        "media_seconds": round(media_seconds, 3),
        "wall_seconds": round(wall_seconds, 3),
        "realtime_factor": None if known else round(media_seconds / wall_seconds, 2),
        "model": heard.model or None,
        "warnings": warnings,
    }
    detail = "; ".join(warnings) or "Parts of the recording could not be decoded." if partial else None
    if known:
        return Outcome(state="done", partial=partial, detail=None, result=result)
    return Outcome(state="partial" if partial else "done", partial=partial, detail=detail, result=result)


def _clean_up(memory: Memory, source: Source) -> None:
    """Write the folder's copies of the rows, and let the original go where it is not wanted."""
    if source.original is not None and not memory.config.storage.keep_originals:
        # The file first: cut short in between, the job comes back here and drops the rest.
        (folders.of(memory, source) / source.original).unlink(missing_ok=True)
        with memory.db.write() as w:
            sources.drop_original(w, source.id)
    folders.write_source(memory, source.id)
    folders.write_transcript(memory, source.id)
