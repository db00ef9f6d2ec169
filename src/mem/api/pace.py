"""How slow a sender may be."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from mem.config import ApiConfig
from mem.errors import TooSlow


@dataclass(frozen=True, slots=True)
class Pace:
    """The least that must arrive within a time."""

    enough: float  # bytes
    seconds: float

    async def held(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Pass the chunks on. Raises TooSlow when waiting for the next `enough` bytes took too long.

        Only waiting for the sender counts, not the time that the chunks are worked on.
        """
        clock = asyncio.get_running_loop().time
        left, got = self.seconds, 0
        while True:
            began = clock()
            try:
                async with asyncio.timeout(left):
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise TooSlow(f"{got:,} bytes came within {self.seconds:g} s.") from None
            left -= clock() - began
            got += len(chunk)
            if got >= self.enough:
                left, got = self.seconds, 0
            yield chunk


def of(config: ApiConfig) -> Pace:
    """The pace that the configuration asks for."""
    return Pace(config.min_upload_rate * config.slow_upload_seconds, config.slow_upload_seconds)
