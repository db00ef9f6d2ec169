"""Whether those who should deliver recordings do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mem import types
from mem.config.sections import Expected
from mem.memory import Memory
from mem.store import facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """One device, location or folder of `capture.expected`, and when it delivered last."""

    device: str | None
    location: str | None
    folder: str | None
    every_minutes: float
    delivered_at: datetime | None  # when the last recording was taken in; null: none ever was
    newest_at: datetime | None  # the latest instant that one of them recorded
    late: bool

    @property
    def name(self) -> str:
        """What a person calls it."""
        return ", ".join(str(each) for each in (self.device, self.location, self.folder) if each)


def look(memory: Memory, up_since: datetime) -> list[Freshness]:
    """How each of `capture.expected` is; one that never delivered counts from `up_since` on."""
    return [_look(memory, each, up_since) for each in memory.config.capture.expected]


def complaints(found: list[Freshness]) -> list[str]:
    """One sentence for each that is late."""
    return [f"{each.name}: {_complaint(each)}" for each in found if each.late]


def _look(memory: Memory, wanted: Expected, up_since: datetime) -> Freshness:
    folder = None if wanted.folder is None else str(wanted.folder.expanduser().absolute())
    found = facts.delivered(memory.db, device=wanted.device, location=wanted.location, folder=folder)
    since = found.added_at or up_since
    return Freshness(
        device=wanted.device,
        location=wanted.location,
        folder=folder,
        every_minutes=wanted.every_minutes,
        delivered_at=found.added_at,
        newest_at=found.newest,
        late=types.now() - since > timedelta(minutes=wanted.every_minutes),
    )


def _complaint(late: Freshness) -> str:
    if late.delivered_at is None:
        return f"nothing has come; something should every {late.every_minutes:g} minutes"
    ago = (types.now() - late.delivered_at) / timedelta(minutes=1)
    return f"nothing has come for {ago:,.0f} minutes; something should every {late.every_minutes:g}"
