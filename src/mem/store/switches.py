"""Switches that people set, for every process and over every restart."""

from dataclasses import dataclass
from datetime import datetime

from mem.store.database import Reader, Writer, build


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Something that a person switched on for the whole memory."""

    name: str
    set_at: datetime
    until_at: datetime | None  # None: until it is switched off
    setter: str


def get(r: Reader, name: str, now: datetime) -> Switch | None:
    """The switch as it was turned on, None where it is off or its time is over."""
    rows = r.read("switches.get", name, now)
    return build(Switch, rows[0]) if rows else None


def put(w: Writer, name: str, *, now: datetime, until: datetime | None, by: str) -> None:
    """Turn it on, for good or until an instant; one that is on keeps when that was."""
    if get(w, name, now) is None:
        drop(w, name)  # what is left of one whose time is over
    w.run("switches.put", name, now, until, by)


def drop(w: Writer, name: str) -> None:
    """Turn it off."""
    w.run("switches.drop", name)
