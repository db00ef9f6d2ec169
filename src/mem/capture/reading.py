"""Asking for the text on a recording's frames to be read."""

from mem import types
from mem.capture import submit
from mem.memory import Memory
from mem.ocr import engines
from mem.store import checkpoints, frames, jobs
from mem.store.database import Writer
from mem.types import Job, Source

PRIORITY = 0  # after everything else


def queue(memory: Memory, w: Writer, source: Source) -> None:
    """Queue the reading of a source, in the transaction that ends its capture.

    Nothing is queued where no frame was kept, all is read or about to be, or nothing can read.
    """
    if engines.present(memory.config.capture.screen_text) is None or not frames.stats(w, source.id).frames:
        return
    read = checkpoints.get(w, source.id, "screen")
    if (read is None or not read.finished) and _active(w, source.id) is None:
        _enqueue(memory, w, source, again=False)


def queue_anew(memory: Memory, w: Writer, source: Source) -> None:
    """The same for a source that has other frames now; what was read off the older ones stays until then."""
    checkpoints.forget(w, source.id, "screen")
    jobs.interrupt(w, source.id, "screen", types.now())
    queue(memory, w, source)


def ask(memory: Memory, source: Source) -> Job:
    """Queue the reading of a source from its beginning; one that has not ended is returned instead.

    Raises NoScreenText where nothing can read.
    """
    engines.choose(memory.config.capture.screen_text)
    with memory.db.write() as w:
        job = _active(w, source.id)
        if job is None:
            again = checkpoints.get(w, source.id, "screen") is not None
            job = _enqueue(memory, w, source, again=again)
    memory.bell.ring()
    return job


def _active(w: Writer, source_id: int) -> Job | None:
    """The reading of a source that has not ended."""
    return next((job for job in jobs.active_of(w, source_id) if job.kind == "screen"), None)


def _enqueue(memory: Memory, w: Writer, source: Source, *, again: bool) -> Job:
    return jobs.enqueue(
        w,
        kind="screen",
        source_id=source.id,
        params={"name": source.name, "again": again},
        priority=PRIORITY,
        max_attempts=memory.config.jobs.max_attempts,
        now=types.now(),
        ageing=submit.ageing(memory),
    )
