"""How fast the memory grows, and when its disk will be full."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mem import folders, types
from mem.memory import Memory
from mem.store import facts, forgetting, frames

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Growth by day over the last days, fewer where the memory is younger, and how long the disk lasts.

    Bytes are of what is kept; `bytes_per_day` leaves out what goes to a bucket. `days_left` null: nothing
    grows, or for longer than a century.
    """

    looked_days: float  # that the growth is told from
    recordings_per_day: float
    hours_per_day: float  # of recordings
    image_bytes_per_day: int
    original_bytes_per_day: int
    database_bytes_per_day: int
    bytes_per_day: int
    free_bytes: int  # that may still be filled
    days_left: float | None
    full_at: datetime | None


def room(memory: Memory) -> int:
    """Bytes that may still come: until the disk has its least free ones, or storage.max_bytes are kept."""
    left, most = folders.free_bytes(memory) - folders.least_free(memory), memory.config.storage.max_bytes
    return max(0, left if most is None else min(left, most - kept_bytes(memory)))


def kept_bytes(memory: Memory) -> int:
    """Bytes of originals and frames, which storage.max_bytes bounds."""
    db = memory.db
    return sum(forgetting.kept_originals(db).values()) + sum(forgetting.pack_bytes(db).values())


def forecast(memory: Memory, now: datetime | None = None, *, days: int = 30) -> Capacity:
    """What the last `days` say about the next ones, as if they went on alike."""
    now = now or types.now()
    since = now - days * _DAY
    taken = facts.days(memory.db, since)
    began = facts.began(memory.db) or now
    looked = max((now - max(began, since)) / _DAY, 1.0)
    images = facts.image_bytes(memory.db, since)
    originals = sum(day.originals for day in taken)
    database = _database_bytes(memory, images)
    grown = (_filling(memory, images, originals) + database) / looked
    free = room(memory)
    left = free / grown if grown > 0 else None
    if left is not None and left > 36_500:
        left = None
    return Capacity(
        looked_days=round(looked, 1),
        recordings_per_day=round(sum(day.sources for day in taken) / looked, 2),
        hours_per_day=round(sum(day.seconds for day in taken) / 3600 / looked, 4),
        image_bytes_per_day=round(images / looked),
        original_bytes_per_day=round(originals / looked),
        database_bytes_per_day=round(database / looked),
        bytes_per_day=round(grown),
        free_bytes=free,
        days_left=None if left is None else round(left, 1),
        full_at=None if left is None else now + left * _DAY,
    )


def _filling(memory: Memory, images: int, originals: int) -> int:
    """Of what came, the bytes that fill what there is room for: a bucket has no end but storage.max_bytes."""
    storage = memory.config.storage
    if storage.max_bytes is not None:
        return images + originals
    return (0 if storage.frames else images) + (0 if storage.originals else originals)


def _database_bytes(memory: Memory, recent_images: int) -> float:
    """The share of the database that the recent recordings brought, taken as their share of the images."""
    every = frames.stats(memory.db).bytes
    return facts.sizes(memory.db).used * (recent_images / every) if every else 0.0
