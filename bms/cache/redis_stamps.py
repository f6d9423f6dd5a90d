"""The board in Redis, for server processes on several machines that share one database."""

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from bms.cache.stamps import ANY_EVENT, SIZE, TABLES, Board, Changes, Stamps, stamps_of
from bms.errors import ConfigurationError

log = logging.getLogger(__name__)

TIMEOUT = 0.25  # seconds that Redis may take to answer or to accept a connection
PAUSE = 1.0  # seconds without requests to Redis after it failed to answer
KEYS = tuple(f"bms:stamp:{table}" for table in TABLES)


class _Found(NamedTuple):
    """The stamps of all tables, and those of the slots that were asked for."""

    tables: bytes
    slots: Mapping[int, int]


class RedisBoard(Board):
    """A board in the Redis at ``url``. While Redis is down no kept value is used, and all else goes on.

    A stamp can be lost: the writer cannot reach Redis while readers can, or Redis restarts from an old
    snapshot. So values are not kept for long.
    """

    kept_seconds = 1.0

    def __init__(self, url: str) -> None:
        """Raises ConfigurationError if ``url`` is not a Redis URL or Redis's client is not installed."""
        try:
            import redis
        except ImportError:
            raise ConfigurationError(
                "BMS_REDIS_URL needs Redis's client: pip install 'bms-tickets[redis]'"
            ) from None
        # One retry, at once: an idle connection may have been closed.
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
        self._fetching: asyncio.Task[_Found | None] | None = None
        self._next: asyncio.Task[_Found | None] | None = None
        self._slots: set[int] = set()  # that the callers of the next fetch want
        self._down_until = 0.0

    async def read(self, tables: slice, slot: int | None) -> Stamps | None:
        """Callers who arrive during a fetch share the next one: the one in flight may predate them."""
        if time.monotonic() < self._down_until:
            return None
        if slot is not None:
            self._slots.add(slot)
        if self._next is None:
            self._next = asyncio.create_task(self._fetch_after(self._fetching))
        found = await asyncio.shield(self._next)
        if found is None:
            return None
        return found.tables[tables], 0 if slot is None else found.slots[slot]

    async def _fetch_after(self, other: "asyncio.Task[_Found | None] | None") -> _Found | None:
        if other is not None:
            await asyncio.wait([other])
        self._fetching, self._next = self._next, None
        slots, self._slots = list(self._slots), set()
        keys = [*KEYS, *map(_key_of, slots)]
        try:
            stamps = await self._get(keys)
            if None in stamps:
                # A slot is used for the first time, or Redis is new or was emptied. Whoever is first to set a
                # stamp decides it.
                async with self._reader.pipeline(transaction=False) as pipeline:
                    for key, stamp in zip(keys, stamps, strict=True):
                        if stamp is None:
                            pipeline.set(key, secrets.token_bytes(SIZE), nx=True)
                    await pipeline.execute()
                stamps = await self._get(keys)
        except (self._error, OSError) as error:
            self._note_down(error)
            return None
        if None in stamps:
            return None
        of_slots = map(int.from_bytes, stamps[len(KEYS) :])
        return _Found(b"".join(stamps[: len(KEYS)]), dict(zip(slots, of_slots, strict=True)))

    async def _get(self, keys: list[str]) -> list[Any]:
        stamps: list[Any] = await self._reader.mget(keys)
        return stamps

    def touch(self, changes: Changes) -> None:
        tables, slots = stamps_of(changes)
        keys = [KEYS[TABLES.index(table)] for table in tables] + [_key_of(slot) for slot in slots]
        if not keys:
            return
        try:
            self._writer.mset({key: secrets.token_bytes(SIZE) for key in keys})
        except (self._error, OSError) as error:
            self._note_down(error)

    def _note_down(self, error: Exception) -> None:
        if time.monotonic() >= self._down_until:
            # Its text may hold the URL, which may hold a password.
            log.warning("Redis does not answer (%s): events are read from the database", type(error).__name__)
        self._down_until = time.monotonic() + PAUSE

    async def close(self) -> None:
        for task in (self._fetching, self._next):
            if task is not None:
                await asyncio.wait([task])
        await self._reader.aclose()
        self._writer.close()


def _key_of(slot: int) -> str:
    return "bms:stamp:event:any" if slot == ANY_EVENT else f"bms:stamp:event:{slot}"
