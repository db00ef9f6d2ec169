"""Taking one recording in, stage by stage: look, see, hear.

Each stage goes on from its last committed stretch, so running a job again after anything at all
ends in the same rows and bytes as running it once.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from mem import failpoints, folders, kept, observe, reindex, types
from mem.capture import apart, exclusions, frames, gaps, parts, progress, reading, speech
from mem.capture.lease import Lease
from mem.capture.look import child_limits, look, unchanged
from mem.capture.parts import Resting
from mem.capture.progress import Heard, Seen
from mem.capture.shelf import Rows, Shelf
from mem.errors import Stopped
from mem.memory import Memory
from mem.speech import models
from mem.speech.models import ModelChoice
from mem.store import checkpoints, forgetting, jobs, sources
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


def run(memory: Memory, lease: Lease) -> Outcome | Resting:
    """Take in the recording of the lease's job, or go on with it as far as that is possible now.

    Raises a MemError; Stopped when it is to end early.
    """
    began, first = time.monotonic(), lease.job.source_id is None
    found = look(memory, lease)
    done = stages_done(memory, found.source)
    if not done:
        _settle(memory, lease, found.source)
        resting = _stages(memory, lease, found.source)
        if resting is not None:
            return resting
    source = sources.get(memory.db, found.source.id)
    # Done, but not by this job: one that was cut short just before its end is not "known".
    known = done and not found.new and first
    ended = outcome(memory, source, _since(memory, lease, source, began), known=known)
    with memory.db.write() as w:
        lease.check(w)
        source = sources.settle(w, source.id, state="partial" if ended.partial else "ready")
        reading.queue(memory, w, source)
    failpoints.reach("capture.settled")
    _clean_up(memory, source)
    failpoints.reach("capture.copied")
    reindex.tidy_between(memory.db, memory.index, busy=jobs.queued(memory.db) > 0)
    return ended


def _stages(memory: Memory, lease: Lease, source: Source) -> Resting | None:
    """See and hear what is not done yet. Raises NotFound or RecordingChanged for a file that is another."""
    media, shelf = source.media, Rows(memory, source)
    pictures, sound = media is not None and media.video, media is not None and media.audio
    if pictures:
        share = SEEING if sound else 1.0
        in_parts = parts.see(memory, lease, source, share)
        if isinstance(in_parts, Resting):
            return in_parts
        if not in_parts:
            lease.enter("see", 0.0, share)
            see(memory, lease, source, shelf)
    if sound:
        lease.enter("hear", SEEING if pictures else 0.0, 1.0)
        whisper = memory.config.whisper
        hear(memory, lease, source, shelf, model=whisper.model, language=whisper.language)
    if (path := folders.media_file(memory, source)) is not None and path.exists():
        unchanged(memory, lease, source)  # one that was written to meanwhile was read as nobody wrote it
    return None


def see(memory: Memory, lease: Lease, source: Source, shelf: Shelf) -> None:
    """Look at the picture of a recording; what is new in it goes to the shelf."""
    path = unchanged(memory, lease, source)
    with observe.CAPTURE_SECONDS.labels("see").time():
        frames.see(memory, lease, source, path, child_limits(memory), shelf)


def hear(
    memory: Memory,
    lease: Lease,
    source: Source,
    shelf: Shelf,
    *,
    model: str,
    language: str,
    only: tuple[int, int] | None = None,
) -> None:
    """Listen to a recording with a model, in a language or in those that are heard ("auto").

    `only` is a part of it, in offsets of ms.
    """
    path = unchanged(memory, lease, source)
    whisper = memory.config.whisper
    if whisper.url is not None:
        there = ModelChoice(name=whisper.url_model, path=memory.folder / "models", origin="folder", note="")
        wanted = speech.Wanted(model=there, language=language, only=only)
    else:
        smaller = whisper.fallback_model
        wanted = speech.Wanted(
            model=resolve_model(memory, lease, model),
            language=language,
            only=only,
            fallback=None if smaller is None else resolve_model(memory, lease, smaller),
        )
    with observe.CAPTURE_SECONDS.labels("hear").time():
        speech.hear(memory, lease, source, path, child_limits(memory), wanted, shelf)


def resolve_model(memory: Memory, lease: Lease, model: str) -> ModelChoice:
    """The speech model that a setting and this machine give, fetched if need be."""

    def keep(_: int) -> None:
        if lease.stopped():
            raise Stopped

    return models.resolve(model, models_dir=memory.folder / "models", progress=keep)


def stages_done(memory: Memory, source: Source) -> bool:
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
    failpoints.reach("capture.begun")


def _since(memory: Memory, lease: Lease, source: Source, began: float) -> float:
    """When the work began, by time.monotonic; on one looked at in parts, when the first worker came to it."""
    started = lease.job.started_at
    if started is None or not Seen.of(checkpoints.get(memory.db, source.id, "see")).joined:
        return began
    return time.monotonic() - (types.now() - started).total_seconds()


def outcome(memory: Memory, source: Source, began: float, *, known: bool) -> Outcome:
    """What there is of a source, after work that began at `began` (time.monotonic)."""
    seen = Seen.of(checkpoints.get(memory.db, source.id, "see"))
    heard = Heard.of(checkpoints.get(memory.db, source.id, "hear"))
    left_out = [*gaps.told(source, "see", seen.gaps), *gaps.told(source, "hear", heard.gaps)]
    named = [*gaps.sentences("see", seen.gaps), *gaps.sentences("hear", heard.gaps)]
    warnings = [*named, *seen.warnings, *heard.warnings]
    partial = seen.partial or heard.partial
    result = {
        "known": known,
        "source_id": source.id,
        **_counted(seen, heard),
        **_speed(source, began, known=known),
        "model": heard.model or None,
        "gaps": left_out,
        "warnings": warnings,
    }
    detail = "; ".join(warnings) or "Parts of the recording could not be decoded." if partial else None
    if known:
        return Outcome(state="done", partial=partial, detail=None, result=result)
    return Outcome(state="partial" if partial else "done", partial=partial, detail=detail, result=result)


def _counted(seen: Seen, heard: Heard) -> dict[str, object]:
    return {
        "samples": seen.samples,
        "frames": seen.frames,
        "dropped_share": round(1 - seen.frames / seen.samples, 4) if seen.samples else None,
        "speech_seconds": round(heard.speech_ms / 1000, 1),
        "segments": heard.segments,
        "words": heard.words,
        "bytes": seen.bytes,
    }


def _speed(source: Source, began: float, *, known: bool) -> dict[str, object]:
    media_seconds = (source.ended_at - source.started_at).total_seconds() if source.ended_at else 0.0
    wall_seconds = time.monotonic() - began
    return {
        "media_seconds": round(media_seconds, 3),
        "wall_seconds": round(wall_seconds, 3),
        "realtime_factor": None if known else round(media_seconds / wall_seconds, 2),
    }


def _clean_up(memory: Memory, source: Source) -> None:
    """Write the folder's copies of the rows, and let the original go where it is not wanted."""
    told = exclusions.original_goes(memory.config, source)  # what is not kept stands in it
    if source.original is not None and (told or not memory.config.storage.keep_originals):
        # The file first: cut short in between, the job comes back here and drops the rest.
        kept.drop(memory.remote, folders.of(memory, source) / source.original)
        failpoints.reach("original.dropped")
        with memory.db.write() as w:
            sources.drop_original(w, source.id)
    if source.path is not None and told:
        with memory.db.write() as w:  # it stays where it lies, and nothing leads there from here
            forgetting.detach(w, source.id)
    for stage in ("see", "hear"):  # one that was cut short just after its end left its last state
        progress.drop_states(folders.of(memory, source), stage, keep=None)
    apart.drop(memory, source)
    folders.write_captured(memory, source.id)
