"""Listening again to a range of time, whatever recordings lie in it."""

from collections.abc import Sequence
from datetime import datetime

from mem.capture import rerun
from mem.errors import NotFound
from mem.memory import Memory
from mem.store import sources
from mem.types import Job

_MOST = 1_000  # recordings of one request


def ask(
    memory: Memory,
    within: tuple[datetime, datetime],
    source_ids: Sequence[int] = (),
    *,
    model: str | None = None,
    language: str | None = None,
) -> list[Job]:
    """Queue a re-run of speech for each recording with sound that lies in the range.

    All of them are queued or none is asked for in vain: raises NotFound where the range holds no such
    recording, and whatever `rerun.ask` raises for the first that cannot be listened to.
    """
    found = sources.overlapping(memory.db, *within, limit=_MOST)
    wanted = [
        source
        for source in found
        if source.media is not None
        and source.media.audio is not None
        and (not source_ids or source.id in source_ids)
    ]
    if not wanted:
        raise NotFound("No recording with sound lies in that range.")
    return [
        rerun.ask(memory, source.id, ["speech"], model=model, language=language, within=within)
        for source in wanted
    ]
