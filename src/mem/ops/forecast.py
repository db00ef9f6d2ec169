"""When the disk, or the bytes that storage.max_bytes allows, will be full at the pace of the last days."""

from dataclasses import dataclass
from datetime import datetime

from mem.memory import Memory
from mem.ops import capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Growth over some days, shorter ones where the memory is younger. `full_in_days` null: never."""

    days: int
    bytes_per_day: int
    full_in_days: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Bytes of originals and frames, what may still come, and for how long that lasts."""

    used_bytes: int
    left_bytes: int  # until the disk has its least free bytes, or storage.max_bytes is reached
    paces: tuple[Pace, ...]


def forecast(memory: Memory, now: datetime | None = None) -> Forecast:
    """How it goes on, by the last 7 and the last 30 days."""
    looks = [(days, capacity.forecast(memory, now, days=days)) for days in (7, 30)]
    return Forecast(
        used_bytes=capacity.kept_bytes(memory),
        left_bytes=capacity.room(memory),
        paces=tuple(
            Pace(days=days, bytes_per_day=look.bytes_per_day, full_in_days=look.days_left)
            for days, look in looks
        ),
    )
