"""Counters in Redis, for server processes on several machines."""

import logging
import time
from typing import Any

from bms.cache.counters import Clock, Counters, LocalCounters, Taken, judge
from bms.errors import ConfigurationError
from bms.terms import Rate

log = logging.getLogger(__name__)

TIMEOUT = 0.25  # seconds that Redis may take to answer or to accept a connection
PAUSE = 1.0  # seconds without requests to Redis after it failed to answer

# By Redis's clock: those of the processes differ. The key goes when its counter is empty.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
local after = math.max(before, now) + ARGV[1]
if after - now <= tonumber(ARGV[2]) then
    redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.max(1, after - now))
end
return {string.format('%.0f', before), string.format('%.0f', now)}
"""

_GIVE_BACK = """
local left = redis.call('PTTL', KEYS[1])
if left > 0 then
    if left <= tonumber(ARGV[1]) then
        redis.call('DEL', KEYS[1])
    else
        redis.call('SET', KEYS[1], string.format('%.0f', redis.call('GET', KEYS[1]) - ARGV[1]),
                   'PX', left - ARGV[1])
    end
end
"""


class RedisCounters(Counters):
    """Counters in the Redis at ``url``. While Redis is down each process counts for itself."""

    def __init__(self, url: str, *, clock: Clock = time.time) -> None:
        """Raises ConfigurationError if ``url`` is not a Redis URL or Redis's client is not installed."""
        try:
            import redis
        except ImportError:
            raise ConfigurationError(
                "BMS_REDIS_URL needs Redis's client: pip install 'bms-tickets[redis]'"
            ) from None
        try:
            self._redis = redis.asyncio.Redis.from_url(
                url,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                retry=redis.asyncio.retry.Retry(redis.backoff.NoBackoff(), 1),
            )
        except ValueError:
            raise ConfigurationError("BMS_REDIS_URL is not of the form redis://host:port/number") from None
        self._errors = (redis.RedisError, OSError)
        self._take = self._redis.register_script(_TAKE)
        self._give_back = self._redis.register_script(_GIVE_BACK)
        self._local = LocalCounters(clock=clock)
        self._down_until = 0.0

    async def take(self, rate: Rate, key: str, amount: int = 1) -> Taken:
        step = rate.every * 1000
        if time.monotonic() >= self._down_until:
            try:
                found: Any = await self._take(keys=[_name(key)], args=[amount * step, rate.burst * step])
                return judge(rate, int(found[0]), int(found[1]), amount)[1]
            except self._errors as error:
                self._note_down(error)
        return await self._local.take(rate, key, amount)

    async def give_back(self, rate: Rate, key: str, amount: int = 1) -> None:
        await self._local.give_back(rate, key, amount)
        if time.monotonic() >= self._down_until:
            try:
                await self._give_back(keys=[_name(key)], args=[amount * rate.every * 1000])
            except self._errors as error:
                self._note_down(error)

    async def forget(self, key: str) -> None:
        await self._local.forget(key)
        if time.monotonic() >= self._down_until:
            try:
                await self._redis.delete(_name(key))
            except self._errors as error:
                self._note_down(error)

    async def close(self) -> None:
        await self._redis.aclose()

    def _note_down(self, error: Exception) -> None:
        # Its text may hold the URL, which may hold a password.
        log.warning("Redis does not answer (%s): each process counts for itself", type(error).__name__)
        self._down_until = time.monotonic() + PAUSE


def _name(key: str) -> str:
    return f"bms:rate:{key}"
