"""What is kept on disk, told by the day on which it was recorded and by the place that recorded it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import groupby
from zoneinfo import ZoneInfo

from mem import types
from mem.errors import BadRequest
from mem.memory import Memory
from mem.store import facts
from mem.store.facts import Kept

_MOST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What the recordings of one place and device that began on a day keep on disk."""

    location: str | None
    device: str | None
    sources: int
    image_bytes: int
    original_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDay:
    """One day in the asked zone, and what each place brought; the largest first."""

    day: str  # for example 2026-11-20
    shares: tuple[Share, ...]


def zone(name: str) -> ZoneInfo:
    """A time zone by its name. Raises BadRequest."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # KeyError: no such zone; the others: not the form of a name
        hint = "Give a name of the IANA time zone database, for example Europe/Berlin."
        raise BadRequest(f"There is no time zone {name[:80]!r}.", hint=hint) from None


def by_day(memory: Memory, start: datetime, end: datetime, where: tzinfo) -> tuple[StoredDay, ...]:
    """What recordings that began in ``[start, end)`` keep, by the days of a zone; empty days are left out.

    Raises BadRequest for more than 366 days.
    """
    if end - start > _MOST:
        raise BadRequest("Storage is told for at most 366 days at once.", hint="Ask for a shorter range.")

    def day(row: Kept) -> str:
        return types.from_epoch(row.quarter * 1000).astimezone(where).date().isoformat()

    rows = facts.kept(memory.db, start, end)
    return tuple(StoredDay(day=name, shares=_shares(each)) for name, each in groupby(rows, day))


def _shares(rows: Iterable[Kept]) -> tuple[Share, ...]:
    places: dict[tuple[str | None, str | None], list[Kept]] = {}
    for row in rows:
        places.setdefault((row.location, row.device), []).append(row)
    shares = [
        Share(
            location=location,
            device=device,
            sources=sum(row.sources for row in each),
            image_bytes=sum(row.image_bytes for row in each),
            original_bytes=sum(row.original_bytes for row in each),
        )
        for (location, device), each in places.items()
    ]
    return tuple(sorted(shares, key=lambda share: share.image_bytes + share.original_bytes, reverse=True))
