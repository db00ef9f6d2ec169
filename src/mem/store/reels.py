"""Which packs are to be coded as reels, which were looked at, and what reels saved."""

from dataclasses import dataclass
from datetime import datetime

from mem.store.database import Reader, Writer, build


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A pack that is old enough, and how long it was when it was looked at; 0: never."""

    source_id: int
    pack: str
    tried: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What reels saved: of how many pictures, and how many bytes fewer these take."""

    frames: int
    bytes: int


def due(r: Reader, before: datetime) -> list[Due]:
    """Packs with single pictures, all of them taken before an instant; the oldest first."""
    return [build(Due, row) for row in r.read("reels.due", before)]


def note(w: Writer, source_id: int, pack: str, size: int, *, before: str | None = None) -> None:
    """Note that a pack of `size` bytes was looked at, whose name was `before`."""
    w.run("reels.forget", source_id, [name for name in (pack, before) if name is not None])
    w.run("reels.tried", source_id, pack, size)


def saved(r: Reader) -> Saved:
    """What reels saved so far."""
    return build(Saved, r.read("reels.saved")[0])
