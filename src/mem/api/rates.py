"""How often a caller may ask, and how much of it at once.

A rate such as 600/minute is a bucket that holds 600 and is filled evenly, ten a second: a burst is
answered, a stream is held to the rate. Everything here is used on the event loop alone.
"""

import asyncio
import contextlib
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from mem.errors import TooBusy, TooManyRequests

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_MOST_KEYS = 10_000  # callers remembered; the one that asked longest ago is forgotten first


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, given back evenly over so many seconds."""

    amount: int
    seconds: int


def parse(text: str) -> Rate:
    """A rate as the configuration writes it, which checked its form: 600/minute."""
    amount, _, unit = text.partition("/")
    return Rate(int(amount), _SECONDS[unit])


def too_many(rate: Rate, most: int, left: float) -> TooManyRequests:
    """What is said when `left` of `most` is less than one: with the seconds until it is."""
    error = TooManyRequests(f"More than {most:,} requests came within {rate.seconds} s.")
    error.retry_after = max(1, round((1 - left) * rate.seconds / most + 0.5))
    return error


class Buckets:
    """One bucket for each caller."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, and when it was

    def take(self, key: str, *, factor: int = 1) -> None:
        """Take one. Raises TooManyRequests with the seconds to wait; `factor` times as many fit in."""
        now, most = self._clock(), self.rate.amount * factor
        left, then = self._left.pop(key, (float(most), now))
        left = min(most, left + (now - then) * most / self.rate.seconds)
        granted = left >= 1
        self._left[key] = (left - granted, now)
        if len(self._left) > _MOST_KEYS:
            self._left.popitem(last=False)
        if not granted:
            raise too_many(self.rate, most, left)


class Places:
    """How many of something one address has under way."""

    def __init__(self, what: str, most: int) -> None:
        self._what = what
        self._most = most
        self._taken: Counter[str] = Counter()

    @contextlib.contextmanager
    def one(self, key: str, *, factor: int = 1) -> Iterator[None]:
        """Be one of them. Raises TooManyRequests."""
        if self._taken[key] >= self._most * factor:
            raise TooManyRequests(f"{self._taken[key]} {self._what} of this address are under way.")
        self._taken[key] += 1
        try:
            yield
        finally:
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]


class Queue:
    """So many at work, so many waiting for their turn, and no more."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self._inside = 0

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and have it. Raises TooBusy when too many wait already."""
        if self._inside >= self._most:
            raise TooBusy("Too many questions wait already.", hint="Try again in a moment.")
        self._inside += 1
        try:
            async with self._free:
                yield
        finally:
            self._inside -= 1
