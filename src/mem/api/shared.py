"""Rates that several servers count together, in Redis: the same token bucket, kept there.

Where Redis does not answer at once each server counts by itself, as it would without: a limit that is
loose for a moment is better than a server that stands still.
"""

import logging
import time
from typing import TYPE_CHECKING, Any

from mem.api.rates import Rate, too_many
from mem.errors import ExtraMissing

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger(__name__)

_ANSWER_SECONDS = 0.2
_REST_SECONDS = 5.0  # in which Redis is not asked again once it did not answer
# Takes one out of the bucket KEYS[1] that holds ARGV[1] and is filled in ARGV[2] seconds, by Redis's clock.
_TAKE = """
local t = redis.call('TIME')
local now, most, seconds = t[1] + t[2] / 1000000, tonumber(ARGV[1]), tonumber(ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'left', 'at')
local left, at = tonumber(held[1]) or most, tonumber(held[2]) or now
left = math.min(most, left + (now - at) * most / seconds)
local granted = left >= 1
if granted then left = left - 1 end
redis.call('HSET', KEYS[1], 'left', string.format('%.6f', left), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], seconds * 1000 + 1000)
return {granted and 1 or 0, string.format('%.6f', left)}
"""


class Shared:
    """The buckets of every caller. Used on the event loop on which it was made."""

    def __init__(self, url: str) -> None:
        self._redis = _connect(url)
        self._take = self._redis.register_script(_TAKE)
        self._away_until = 0.0

    async def take(self, name: str, rate: Rate, key: str, factor: int) -> bool:
        """Take one out of the caller's bucket `name`; False when Redis cannot say.

        Raises TooManyRequests with the seconds to wait.
        """
        if time.monotonic() < self._away_until:
            return False
        most = rate.amount * factor
        try:
            granted, left = await self._take(keys=[f"mem:rate:{name}:{key}"], args=[most, rate.seconds])
        except _away() as error:
            self._away_until = time.monotonic() + _REST_SECONDS
            facts = {"action": "rates_alone", "detail": str(error)[:200]}
            log.warning("Redis is away: this server counts by itself", extra=facts)
            return False
        if not granted:
            raise too_many(rate, most, float(left))
        return True

    async def close(self) -> None:
        """Let go of the connections."""
        await self._redis.aclose()


def _connect(url: str) -> "Redis":
    try:
        from redis import asyncio as redis
    except ImportError:
        raise ExtraMissing("api.rate.shared_url needs redis.") from None
    patience: dict[str, Any] = {
        "socket_timeout": _ANSWER_SECONDS,
        "socket_connect_timeout": _ANSWER_SECONDS,
        "decode_responses": True,
    }
    return redis.from_url(url, **patience)


def _away() -> tuple[type[Exception], ...]:
    from redis.exceptions import RedisError

    return (RedisError, OSError, TimeoutError)
