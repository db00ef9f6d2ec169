"""Intervals that nothing deletes."""

from dataclasses import dataclass
from datetime import datetime

from mem.errors import BadTime, NotFound
from mem.store.database import Reader, Writer, build


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """An interval that nothing deletes, of one source or of all."""

    id: int
    source_id: int | None
    start: datetime
    end: datetime
    reason: str
    created_at: datetime


def add(
    w: Writer, *, source_id: int | None, start: datetime, end: datetime, reason: str, now: datetime
) -> Pin:
    """Keep ``[start, end)``, of one source or of all. Raises BadTime unless it ends after it starts."""
    if start >= end:
        raise BadTime("A pin must end after it starts.")
    return get(w, w.run("pins.add", source_id, start, end, reason, now)[0]["id"])


def get(r: Reader, pin_id: int) -> Pin:
    """The pin with this id. Raises NotFound."""
    rows = r.read("pins.get", pin_id)
    if not rows:
        raise NotFound(f"There is no pin {pin_id}.")
    return build(Pin, rows[0])


def delete(w: Writer, pin_id: int) -> None:
    """Let go of an interval. Raises NotFound."""
    if not w.run("pins.delete", pin_id):
        raise NotFound(f"There is no pin {pin_id}.")


def page(r: Reader, limit: int, after: int = 0) -> list[Pin]:
    """Pins in order of id; `after` is the id of the last one seen."""
    return [build(Pin, row) for row in r.read("pins.page", limit, after)]


def touching(
    r: Reader, start: datetime, end: datetime, source_id: int | None = None, *, limit: int = 1
) -> list[Pin]:
    """Pins that keep something of ``[start, end)``, of one source or of any."""
    return [build(Pin, row) for row in r.read("pins.touching", start, end, source_id, limit)]
