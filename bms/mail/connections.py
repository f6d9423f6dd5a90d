"""Kept SMTP connections: a sender takes an idle one, or opens another."""

import time
from collections import deque
from collections.abc import Awaitable, Callable

import aiosmtplib

IDLE_SECONDS = 5.0  # Relays close idle connections; Postfix waits 300 s, others far less.
MESSAGES = 100  # on one connection, since some relays count them


class Kept:
    """A connection, how many messages it took, and since when it is idle."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self.client = client
        self.messages = 0
        self.idle_since = time.monotonic()


class Connections:
    """Open connections to one relay that are idle just now; ``connect`` opens another."""

    def __init__(self, connect: Callable[[], Awaitable[aiosmtplib.SMTP]]) -> None:
        self._connect = connect
        self._idle: deque[Kept] = deque()

    async def take(self) -> Kept:
        """Return the connection last used if that was a moment ago, else a new one."""
        while self._idle:
            kept = self._idle.pop()
            if kept.client.is_connected and time.monotonic() - kept.idle_since < IDLE_SECONDS:
                return kept
            kept.client.close()
        return Kept(await self._connect())

    def give_back(self, kept: Kept) -> None:
        """Keep a connection whose last message was answered for."""
        kept.messages += 1
        kept.idle_since = time.monotonic()
        if kept.messages < MESSAGES and kept.client.is_connected:
            self._idle.append(kept)
        else:
            kept.client.close()

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().client.close()
