"""Changing what is known of a source, the time of its recording included."""

import logging
from datetime import datetime

from mem import failpoints, folders, types
from mem.memory import Memory
from mem.ops import delete
from mem.store import jobs, sources
from mem.types import Source, StartTime

log = logging.getLogger(__name__)


def source(
    memory: Memory,
    source_id: int,
    *,
    name: str | None = None,
    location: str | None = None,
    device: str | None = None,
    started_at: datetime | None = None,
    hotwords: str | None = None,
    prompt: str | None = None,
) -> Source:
    """Change what is given; a new start moves everything that lies in the source with it.

    Raises NotFound, and Conflict for a new start while a job about the source has not ended.
    """
    with memory.db.write() as w:
        edited = sources.edit(
            w, source_id, name=name, location=location, device=device, hotwords=hotwords, prompt=prompt
        )
        if started_at is not None and started_at != edited.started_at:
            delete.refuse_while_working(w, source_id)
            jobs.interrupt(w, source_id, "screen", types.now())
        if started_at is not None:
            start = StartTime(
                started_at=started_at,
                time_source="caller",
                confidence="high",
                evidence=started_at.isoformat(),
            )
            edited = sources.redate(w, source_id, start)
        folders.mark(memory, {source_id})
    failpoints.reach("source.edited")
    with folders.repaying(memory, {source_id}):
        folders.write_source(memory, source_id)
        if started_at is not None:
            folders.write_transcript(memory, source_id)
            folders.write_screen(memory, source_id)
            folders.write_notes(memory, source_id)
            folders.write_frames(memory, source_id)
    log.info("source edited", extra={"action": "source_edited", "source": source_id})
    return edited
