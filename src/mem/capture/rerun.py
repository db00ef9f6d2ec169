"""Stages of a recording that was taken in, done again.

What a stage makes is gathered aside, in ``reruns/<job>`` below the data directory, while the old rows stay
what everybody sees and finds. One transaction then puts all of the new in the place of the old, so whatever
ends the process leaves one or the other. Packs are moved into the source's folder just before, under names
that it does not have; `packs.json` remembers which they are and which were there, and those that no row
names are removed afterwards.
"""

import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from mem import folders, kept, packs, reindex, types
from mem.capture import look, reading, relisten, run, submit
from mem.capture.lease import Lease
from mem.capture.progress import Heard, lengthen, merge
from mem.capture.run import Outcome
from mem.capture.shelf import Aside
from mem.errors import BadRequest, Conflict, NotFound, RecordingGone, StorageFailed
from mem.memory import Memory
from mem.ocr import engines
from mem.ops import delete
from mem.speech import models
from mem.store import checkpoints, frames, jobs, outbox, sources, texts
from mem.store.database import Writer
from mem.store.texts import NewSegment
from mem.types import Checkpoint, Job, RerunStage, Source, SourceState, Stage

log = logging.getLogger(__name__)

PRIORITY = 4
_FOLDER = "reruns"
_GENERATION = 1000  # packs; a recording has at most 337
_PACKS = "packs.json"
_STAGE: Mapping[RerunStage, Stage] = {"frames": "see", "speech": "hear"}  # that make something of the file


def ask(
    memory: Memory,
    source_id: int,
    stages: Sequence[RerunStage],
    *,
    model: str | None = None,
    language: str | None = None,
    priority: int | None = None,
    within: tuple[datetime, datetime] | None = None,
) -> Job:
    """Queue the doing again of some stages; `model`, `language` and the range `within` are for speech.

    Raises NotFound, RecordingGone, Conflict for a stage that the recording does not have or while a job about
    it has not ended, BadRequest, DiskFull and TooBusy.
    """
    source = sources.get(memory.db, source_id)
    wanted = [stage for stage in _GATHER if stage in stages]  # once each, in the order of the work
    _check(memory, source, wanted, model, language)
    only = None if within is None else _only(memory, source, wanted, within)
    if wanted == ["screen"]:
        return reading.ask(memory, source)
    params: dict[str, object] = {"name": source.name, "stages": wanted, "model": model, "language": language}
    if only is not None:
        params["only"] = list(only)
    return submit.queue(
        memory,
        "rerun",
        params,
        source_id=source_id,
        priority=PRIORITY if priority is None else priority,
        check=lambda w: delete.refuse_while_working(w, source_id),
    )


def _check(
    memory: Memory, source: Source, stages: Sequence[RerunStage], model: str | None, language: str | None
) -> None:
    if not stages:
        raise BadRequest("No stage is named.", hint=f"Stages are {', '.join(_GATHER)}.")
    if model is not None and model not in (*models.MEGABYTES, "auto", "large"):
        known = ", ".join(models.MEGABYTES)
        raise BadRequest(f"There is no speech model {model!r}.", hint=f"It is one of {known}.")
    if (model or language) and "speech" not in stages:
        raise BadRequest("A model or a language is for the stage speech only.")
    if "screen" in stages:
        engines.choose(memory.config.capture.screen_text)
    for stage in stages:
        if stage in _STAGE and not _has(source, stage):
            raise Conflict(f"Source {source.id} has no {'picture' if stage == 'frames' else 'sound'}.")
    if any(stage in _STAGE for stage in stages):
        _recording(memory, source)


def run_again(memory: Memory, lease: Lease) -> Outcome:
    """Do the stages of the lease's job again. Raises a MemError; Stopped when it is to end early."""
    began, job = time.monotonic(), lease.job
    if job.source_id is None:
        raise NotFound("The recording was deleted.")
    source = sources.get(memory.db, job.source_id)
    look.refuse_beside_another(memory.db, job, source.id)
    wanted: list[RerunStage] = [stage for stage in _GATHER if stage in _stages_of(job)]
    if not _swapped(memory, job, source, wanted):
        _drop_others(memory, job)
        made = {
            stage: shelf
            for number, stage in enumerate(wanted)
            if (shelf := _gather(memory, lease, source, stage, number / len(wanted), len(wanted)))
        }
        _swap(memory, lease, source, made)
    return _finish(memory, source, wanted, began, job)


def _finish(memory: Memory, source: Source, wanted: Sequence[str], began: float, job: Job) -> Outcome:
    """Bring the copies and the index level, and remove what is of no use any more."""
    reindex.tidy(memory.db, memory.index)
    folders.write_source(memory, source.id)
    if "speech" in wanted:
        folders.write_transcript(memory, source.id)
    clean(memory, job.id)
    if "frames" in wanted:
        folders.write_frames(memory, source.id)
    if "screen" in wanted:
        reading.ask(memory, source)
    ended = run.outcome(memory, sources.get(memory.db, source.id), began, known=False)
    return replace(ended, result={**ended.result, "stages": list(wanted)})


def _see(memory: Memory, lease: Lease, source: Source) -> Aside:
    folder = _folder(memory, lease.job.id)
    shelf = Aside(folder, "frames.jsonl", lease.job.id, _first_pack(memory, source))
    run.see(memory, lease, source, shelf)
    return shelf


def _only(
    memory: Memory, source: Source, stages: Sequence[RerunStage], within: tuple[datetime, datetime]
) -> tuple[int, int]:
    """The part of a recording that is listened to again, in offsets of ms, which cuts no segment in two."""
    if list(stages) != ["speech"]:
        raise BadRequest("Only the stage speech can be done again for a part of a recording.")
    checkpoint = checkpoints.get(memory.db, source.id, "hear")
    if checkpoint is None or not checkpoint.finished:
        raise Conflict(f"Source {source.id} has not been listened to to its end yet.")
    start = max(within[0], source.started_at)
    end = within[1] if source.ended_at is None else min(within[1], source.ended_at)
    if start >= end:
        raise BadRequest(f"Source {source.id} has nothing in that range.")
    start, end = relisten.widened(memory.db, source.id, (start, end))
    begin = max(0, types.milliseconds(start - source.started_at))
    return begin, types.milliseconds(end - source.started_at)


def _part(job: Job) -> tuple[int, int] | None:
    """The part of the recording that the job is about; None: all of it."""
    only = job.params.get("only")
    return (int(only[0]), int(only[1])) if isinstance(only, list | tuple) else None


def _hear(memory: Memory, lease: Lease, source: Source) -> Aside:
    whisper, params = memory.config.whisper, lease.job.params
    shelf = Aside(_folder(memory, lease.job.id), "speech.jsonl", lease.job.id, 0)
    model, language = str(params["model"] or whisper.model), str(params["language"] or whisper.language)
    run.hear(memory, lease, source, shelf, model=model, language=language, only=_part(lease.job))
    return shelf


def _leave(memory: Memory, lease: Lease, source: Source) -> None:
    """Reading is a job of its own, which is queued at the end of this one."""


def _find_again(memory: Memory, lease: Lease, source: Source) -> None:
    with memory.db.write() as w:
        lease.check(w)
        outbox.recording(w, source.id)


# In the order of the work. What gives nothing has done its work already.
_GATHER: Mapping[RerunStage, Callable[[Memory, Lease, Source], Aside | None]] = {
    "frames": _see,
    "speech": _hear,
    "screen": _leave,
    "index": _find_again,
}


def _gather(
    memory: Memory, lease: Lease, source: Source, stage: RerunStage, begin: float, of: int
) -> Aside | None:
    if stage in _STAGE:
        _recording(memory, source)
        lease.enter(_STAGE[stage], begin, begin + 1 / of)
        _folder(memory, lease.job.id).mkdir(mode=0o700, parents=True, exist_ok=True)
    return _GATHER[stage](memory, lease, source)


def _swap(memory: Memory, lease: Lease, source: Source, made: Mapping[RerunStage, Aside]) -> None:
    """Put all that was gathered in the place of what is there."""
    look_again = any(stage in _STAGE for stage in made)
    if look_again:
        look.unchanged(memory, lease, source)
    if "frames" in made:
        _house(memory, source, made["frames"].folder)
    with memory.db.write() as w:
        lease.check(w)
        for stage, shelf in made.items():
            _put(w, source, stage, shelf, _part(lease.job))
        if look_again:
            sources.settle(w, source.id, state=_state(w, source))
        if "frames" in made:
            reading.queue_anew(memory, w, source)
    facts = {"action": "stages_replaced", "source": source.id, "stages": list(made)}
    log.info("stages replaced", extra=facts)


def _put(w: Writer, source: Source, stage: RerunStage, shelf: Aside, only: tuple[int, int] | None) -> None:
    checkpoint = shelf.checkpoint(_STAGE[stage])
    assert checkpoint is not None
    if only is not None:
        _put_part(w, source, checkpoint, shelf.heard(), only)
        return
    facts = dict(checkpoint.facts)
    if stage == "frames":
        made, spans = shelf.seen()
        frames.replace(w, source.id, made, spans)
        facts |= {"live": {}, "open": None}  # they are about numbers that no row has
    else:
        relisten.put(w, source.id, shelf.heard())
    checkpoints.replace(w, replace(checkpoint, facts=facts))
    if shelf.ended_at is not None:
        lengthen(w, source.id, shelf.ended_at)


def _put_part(
    w: Writer, source: Source, made: Checkpoint, segments: Sequence[NewSegment], only: tuple[int, int]
) -> None:
    """Put what was heard in a part in its place; what is known of the whole stays, but for what changed."""
    begin, end = (types.after(source.started_at, offset) for offset in only)
    relisten.put(w, source.id, segments, (begin, end))
    before = checkpoints.get(w, source.id, "hear")
    if before is None:
        raise Conflict(f"Source {source.id} has not been listened to to its end yet.")
    now, known = Heard.of(made), Heard.of(before)
    kept = list(texts.of_source(w, source.id))
    facts = replace(
        known,
        segments=len(kept),
        words=sum(len(segment.words) for segment in kept),
        partial=known.partial or now.partial,
        warnings=merge(known.warnings, list(now.warnings)),
        rerun=now.rerun,
    )
    checkpoints.replace(w, replace(before, facts=asdict(facts)))


def _state(w: Writer, source: Source) -> SourceState:
    """What the source is once its stages are as they are now."""
    for stage in ("see", "hear"):
        found = checkpoints.get(w, source.id, stage)
        wanted = _has(source, "frames" if stage == "see" else "speech")
        if wanted and (found is None or not found.finished or found.facts.get("partial")):
            return "partial"
    return "ready"


def _house(memory: Memory, source: Source, aside: Path) -> None:
    """Move the new packs into the source's folder; done again after a stop it changes nothing."""
    home, note = folders.of(memory, source), aside / _PACKS
    if not note.exists():
        new = sorted(file.name for file in aside.glob("frames-*.tar"))
        old = sorted(frames.packs(memory.db, source.id))
        part = note.with_suffix(".part")
        with part.open("w", encoding="utf-8") as out:
            json.dump({"folder": source.folder, "source": source.id, "new": new, "old": old}, out)
            out.flush()
            os.fdatasync(out.fileno())
        part.replace(note)
        folders.sync_names(aside)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in json.loads(note.read_text(encoding="utf-8"))["new"]:
        if (aside / name).exists():
            (aside / name).replace(home / name)
    folders.sync_names(home)


def clean(memory: Memory, job_id: int) -> None:
    """Remove what a re-run gathered, and those packs of before or after it that no row names."""
    aside = _folder(memory, job_id)
    note = aside / _PACKS
    if note.exists():
        told = json.loads(note.read_text(encoding="utf-8"))
        used = frames.packs(memory.db, told["source"])
        try:
            for name in {*told["new"], *told["old"]} - used:
                kept.drop(memory.remote, memory.folder / told["folder"] / name)
        except StorageFailed as error:
            facts = {"action": "packs_wait", "job": job_id, "detail": error.detail}
            log.warning("packs that nothing needs stay until the next start", extra=facts)
            return
    shutil.rmtree(aside, ignore_errors=True)


def sweep(memory: Memory) -> None:
    """Clean up after re-runs that have ended; one that failed may be tried again and keeps what it has."""
    root = memory.folder / _FOLDER
    for folder in list(root.iterdir()) if root.is_dir() else ():
        try:
            over = jobs.get(memory.db, int(folder.name)).state in ("done", "partial", "cancelled")
        except (NotFound, ValueError):
            over = True
        if over:
            shutil.rmtree(folder) if not folder.name.isdecimal() else clean(memory, int(folder.name))


def _drop_others(memory: Memory, job: Job) -> None:
    """What earlier re-runs of the source left when they failed is of no use once another one begins."""
    root = memory.folder / _FOLDER
    for folder in list(root.iterdir()) if root.is_dir() else ():
        if folder.name.isdecimal() and int(folder.name) != job.id:
            try:
                other = jobs.get(memory.db, int(folder.name))
            except NotFound:
                continue
            if other.source_id == job.source_id and other.state in types.ENDED_JOB_STATES:
                clean(memory, other.id)


def _swapped(memory: Memory, job: Job, source: Source, wanted: Sequence[RerunStage]) -> bool:
    """Whether an earlier try of this job came so far that only the tidying up is left."""
    stages = [_STAGE[stage] for stage in wanted if stage in _STAGE]
    found = [checkpoints.get(memory.db, source.id, stage) for stage in stages]
    return bool(stages) and all(one is not None and one.facts.get("rerun") == job.id for one in found)


def _first_pack(memory: Memory, source: Source) -> int:
    """The number of the first new pack: of two generations the one that is not in use."""
    used = frames.packs(memory.db, source.id)
    return _GENERATION + 1 if any(name < packs.name(_GENERATION) for name in used) else 1


def _recording(memory: Memory, source: Source) -> None:
    """Raise RecordingGone unless the file is there."""
    path = folders.media_file(memory, source)
    if path is None or not look.has_size(path, source.size):
        where = f"no longer at {path} as it was" if path else "not kept"
        raise RecordingGone(f"The recording of source {source.id} is {where}.")


def _has(source: Source, stage: RerunStage) -> bool:
    media = source.media
    return media is not None and (media.video if stage == "frames" else media.audio) is not None


def _stages_of(job: Job) -> list[str]:
    stages = job.params["stages"]
    return list(stages) if isinstance(stages, list | tuple) else []


def _folder(memory: Memory, job_id: int) -> Path:
    return memory.folder / _FOLDER / str(job_id)
