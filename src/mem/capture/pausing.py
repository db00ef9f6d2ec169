"""The pause: while it lasts no recording is taken in, by whatever way it comes.

What was accepted before is worked on to its end. The pause is kept in the database, so it holds for
every process and over restarts, until it is ended or its time is over.
"""

import logging
from datetime import datetime

from mem import types
from mem.errors import BadTime, CapturePaused
from mem.memory import Memory
from mem.store import switches
from mem.store.switches import Switch

log = logging.getLogger(__name__)

_NAME = "pause"


def state(memory: Memory) -> Switch | None:
    """The pause that holds now."""
    return switches.get(memory.db, _NAME, types.now())


def refuse(memory: Memory) -> None:
    """Raise CapturePaused while there is a pause."""
    found = state(memory)
    if found is not None:
        until = f" until {types.written(found.until_at)}" if found.until_at else ""
        raise CapturePaused(f"Taking recordings in is paused{until}, by {found.setter}.")


def pause(memory: Memory, *, until: datetime | None, by: str) -> Switch:
    """Take nothing in from now on. Raises BadTime for an end that is past."""
    now = types.now()
    if until is not None and until <= now:
        raise BadTime(f"A pause cannot end at {types.written(until)}, which is past.")
    with memory.db.write() as w:
        switches.put(w, _NAME, now=now, until=until, by=by)
        found = switches.get(w, _NAME, now)
    assert found is not None
    log.warning("capture paused", extra={"action": "capture_paused", "by": by})
    return found


def resume(memory: Memory, *, by: str) -> None:
    """End the pause, if there is one."""
    with memory.db.write() as w:
        switches.drop(w, _NAME)
    log.warning("capture goes on", extra={"action": "capture_resumed", "by": by})
