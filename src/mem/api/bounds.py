"""Keeping whoever writes within the limits of their token."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from mem import limited
from mem.api import guard
from mem.memory import Memory
from mem.store import notes, texts
from mem.types import Limits


class Within:
    """What a caller may write about. Without limits nothing is asked."""

    def __init__(self, memory: Memory, limits: Limits | None) -> None:
        self._memory = memory  # as the caller may know it
        self._limits = limits

    def check(self, source_id: int | None, start: datetime, end: datetime) -> None:
        """Raise OutsideLimits for what is about another source, or reaches beyond the time."""
        if self._limits is not None:
            limited.check(self._limits, source_id, start, end)

    def note(self, note_id: int, start: datetime | None = None, end: datetime | None = None) -> None:
        """Raise NotFound for a note that the caller may not see, OutsideLimits for where it is to go."""
        if self._limits is not None:
            note = notes.get(self._memory.db, note_id)
            limited.check(self._limits, note.source_id, start or note.start, end or note.end)

    def segment(self, segment_id: int) -> None:
        """Raise NotFound for a segment that the caller may not see, OutsideLimits for one beyond them."""
        if self._limits is not None:
            segment = texts.get(self._memory.db, segment_id)
            limited.check(self._limits, segment.source_id, segment.start, segment.end)


async def within(request: Request) -> Within:
    """The bounds of the caller."""
    limits = guard.caller(request).limits
    return Within(request.app.state.access.view(limits), limits)


Bounds = Annotated[Within, Depends(within)]
