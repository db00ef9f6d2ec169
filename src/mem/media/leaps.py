"""Telling a leap of a recording's clock from a damaged time stamp, for picture and sound alike.

Where a stamp does not follow the one before it, it is held back with those behind it until they say
what it was. Does the old clock go on, only they were damaged, and they follow on what came before.
Does the new one go on, it is believed: a pause, if it lies ahead by less than half a day, else a
clock that was set anew, and the recording goes on where it was.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_LEAP_MS = 12 * 3_600_000  # further ahead is a broken clock; MPEG-TS wraps a step back to 26.5 h ahead
_BACK_MS = 1000  # further back is a new beginning; less is disorder
_PAUSE_MS = 10_000  # further ahead must be confirmed, by as much that follows
_UNSAID_MS = 1000  # what lasts for a time that nobody says lasts this long at most
_HELD = 512
_HELD_BYTES = 32 * 2**20
_REORDERED_MS, _REORDERED = 10_000, 20  # shown later than decoded by more, and by more than so many steps

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped(Generic[Item]):
    """A packet or frame, and what its stamps say in ms."""

    item: Item
    decoded_ms: float | None  # rises from one to the next; None where it is not said
    shown_ms: float | None  # None: when it is decoded, or without that right behind what came before
    lasts_ms: float  # 0 where it is not said
    size: int  # bytes


@dataclass(slots=True)
class Clock(Generic[Item]):
    """Puts stamped things on one time line that never leaps for a wrong reason."""

    jumps: int = 0  # stamps that were not believed
    end_ms: float = 0.0  # where the latest thing ends
    anywhere: bool = False  # reading begins somewhere in the recording, not at its first instant
    _shift_ms: float = 0.0  # what setting the clock anew has added so far
    _latest_ms: float | None = None  # the latest stamp that was believed, shifted
    _held: list[Stamped[Item]] = field(default_factory=list)

    def settle(self, items: Iterable[Stamped[Item]]) -> Iterator[tuple[Item, float]]:
        """Each item with the ms at which it is shown, in the same order."""
        for one in items:
            if self._held:
                yield from self._settle_held(one)
            if self._held or not self._follows(one):
                self._held.append(one)
            else:
                yield self._placed(one, self._shift_ms)
        yield from self._believed()

    def _settle_held(self, one: Stamped[Item]) -> Iterator[tuple[Item, float]]:
        """Let go of what is held back if `one` says what it was, or if it is too much."""
        if self._full:
            yield from self._believed()
        elif one.decoded_ms is not None:
            stamps = [held.decoded_ms for held in self._held if held.decoded_ms is not None]
            step = one.decoded_ms - stamps[-1]
            if step < -_BACK_MS or (step > _BACK_MS and self._follows(one)):
                yield from self._closed_up()
            elif one.decoded_ms - stamps[0] > _PAUSE_MS:
                yield from self._believed()

    @property
    def _full(self) -> bool:
        return len(self._held) >= _HELD or sum(one.size for one in self._held) > _HELD_BYTES

    def _follows(self, one: Stamped[Item]) -> bool:
        if one.decoded_ms is None:
            return True
        if self._latest_ms is None:
            return self.anywhere or abs(one.decoded_ms) <= _PAUSE_MS  # the first instant is 0
        return -_BACK_MS <= one.decoded_ms + self._shift_ms - self._latest_ms <= _PAUSE_MS

    def _believed(self) -> Iterator[tuple[Item, float]]:
        """What is held back, where it says that it lies; or at the end, when its clock was set anew."""
        held, self._held = self._held, []
        if held and not self._is_pause(held[0]):
            self._shift_ms = self.end_ms - _shown(held[0])
            self.jumps += 1
        for one in held:
            yield self._placed(one, self._shift_ms)

    def _is_pause(self, one: Stamped[Item]) -> bool:
        ahead = (one.decoded_ms or 0.0) + self._shift_ms - (self._latest_ms or 0.0)
        return 0 <= ahead <= _LEAP_MS

    def _closed_up(self) -> Iterator[tuple[Item, float]]:
        """What is held back, right behind what came before; its stamps are damaged."""
        held, self._held = self._held, []
        latest, shift = self._latest_ms, self.end_ms - _shown(held[0])
        self.jumps += 1
        for one in held:
            yield self._placed(one, shift)
        self._latest_ms = latest

    def _placed(self, one: Stamped[Item], shift: float) -> tuple[Item, float]:
        gap, at = 0.0, self.end_ms
        if one.decoded_ms is None and one.shown_ms is not None:
            at = one.shown_ms + shift
        elif one.decoded_ms is not None:
            now = one.decoded_ms + shift
            gap, self._latest_ms = now - (self._latest_ms or 0.0), now
            late = _shown(one) - one.decoded_ms
            at = now + (late if abs(late) <= max(_REORDERED_MS, _REORDERED * gap) else 0.0)
        lasts = one.lasts_ms or min(max(gap, 0.0), _UNSAID_MS)
        self.end_ms = max(self.end_ms, at + max(1.0, lasts))
        return one.item, at


def _shown(one: Stamped[Item]) -> float:
    return one.shown_ms if one.shown_ms is not None else one.decoded_ms or 0.0
