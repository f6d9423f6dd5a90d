"""The board in Redis, for server processes on several machines that share one database."""

import asyncio
import logging
import secrets
import time
from collections.abc import Iterable
from typing import Any

from bms.cache.stamps import SIZE, TABLES, Board
from bms.errors import ConfigurationError

log = logging.getLogger(__name__)

TIMEOUT = 0.25  # seconds that Redis may take to answer, or to be connected to
PAUSE = 1.0  # seconds that it is not asked after it did not answer
KEYS = {table: f"bms:stamp:{table}" for table in TABLES}


class RedisBoard(Board):
    """A board in the Redis of ``url``. Without it nothing that was kept is used, and all else goes on.

    A stamp may be lost here: Redis is away for who writes and not for who reads, or it was restarted with
    what it once had on its disk. So nothing is kept for long by these stamps.
    """

    kept_seconds = 1.0

    def __init__(self, url: str) -> None:
        """Raises ConfigurationError for a URL that is none of Redis, and when its client is not installed."""
        try:
            import redis
        except ImportError:
            raise ConfigurationError(
                "BMS_REDIS_URL needs Redis's client: pip install 'bms-tickets[redis]'"
            ) from None
        # One repeat, at once: a connection that was idle may have been closed.
        options: dict[str, Any] = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}
        try:
            self._reader = redis.asyncio.Redis.from_url(
                url, retry=redis.asyncio.retry.Retry(redis.backoff.NoBackoff(), 1), **options
            )
            self._writer = redis.Redis.from_url(
                url, retry=redis.retry.Retry(redis.backoff.NoBackoff(), 1), **options
            )
        except ValueError:
            raise ConfigurationError("BMS_REDIS_URL is not of the form redis://host:port/number") from None
        self._error = redis.RedisError
        self._asking: asyncio.Task[bytes | None] | None = None
        self._next: asyncio.Task[bytes | None] | None = None
        self._away_until = 0.0

    async def read(self) -> bytes | None:
        """All who come while Redis is asked are answered by the next question, one for all of them: the
        one under way may have been answered before they came.
        """
        if time.monotonic() < self._away_until:
            return None
        if self._next is None:
            self._next = asyncio.create_task(self._ask_after(self._asking))
        return await asyncio.shield(self._next)

    async def _ask_after(self, other: "asyncio.Task[bytes | None] | None") -> bytes | None:
        if other is not None:
            await asyncio.wait([other])
        self._asking, self._next = self._next, None
        try:
            stamps: list[Any] = await self._reader.mget(KEYS.values())
            if None not in stamps:
                return b"".join(stamps)
            # A Redis that is new, or was emptied. Whoever is first says what the stamps are.
            for key, stamp in zip(KEYS.values(), stamps, strict=True):
                if stamp is None:
                    await self._reader.set(key, secrets.token_bytes(SIZE), nx=True)
        except (self._error, OSError) as error:
            self._is_away(error)
        return None

    def touch(self, tables: Iterable[str]) -> None:
        fresh = {KEYS[table]: secrets.token_bytes(SIZE) for table in tables if table in KEYS}
        if not fresh:
            return
        try:
            self._writer.mset(fresh)
        except (self._error, OSError) as error:
            self._is_away(error)

    def _is_away(self, error: Exception) -> None:
        if time.monotonic() >= self._away_until:
            # Its text may hold the URL, which may hold a password.
            log.warning("Redis does not answer (%s): events are read from the database", type(error).__name__)
        self._away_until = time.monotonic() + PAUSE

    async def close(self) -> None:
        for task in (self._asking, self._next):
            if task is not None:
                await asyncio.wait([task])
        await self._reader.aclose()
        self._writer.close()
