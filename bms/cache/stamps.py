"""Stamps: beside each table that is read often, a mark that every write to it changes.

Who keeps what it has read keeps the stamps of the tables with it, and may answer from what it kept for
as long as they are the same: a comparison in memory instead of a query. A write changes them after its
commit and before anybody is told of it, in the one place where commits are made, so that no command can
forget to.
"""

import mmap
import os
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

# In this order, so that what an event shows and who calls are a slice each.
TABLES = ("events", "ticket_types", "event_payment_options", "venues", "categories", "users", "sessions")
SIZE = 8  # bytes of a stamp: random, so that no two processes need to agree on the next
EVENTS = slice(0, 6 * SIZE)
CALLERS = slice(5 * SIZE, 7 * SIZE)


class Board(ABC):
    """The stamps of TABLES, the same for every process that writes to the database.

    ``kept_seconds`` is for how long what was read may be kept by them. It bounds what a stamp that was
    missed can do: of a process that died right after its commit, of a write past BMS.
    """

    kept_seconds = 30.0

    @abstractmethod
    async def read(self) -> bytes | None:
        """Return all stamps, SIZE bytes each, in order; None when they cannot be known just now."""

    @abstractmethod
    def touch(self, tables: Iterable[str]) -> None:
        """Change the stamps of those of ``tables`` that have one. Called in a pool thread; never raises."""

    @abstractmethod
    async def close(self) -> None:
        """Give back what the board holds."""


class SharedMemory(Board):
    """A board in a file that the processes of one machine have mapped."""

    def __init__(self, path: Path) -> None:
        """Map the file at ``path``, making it first. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # It grows only: another process may have it mapped.
            if os.fstat(descriptor).st_size < len(TABLES) * SIZE:
                os.ftruncate(descriptor, len(TABLES) * SIZE)
            self._map = mmap.mmap(descriptor, len(TABLES) * SIZE)
        finally:
            os.close(descriptor)

    async def read(self) -> bytes | None:
        return self._map[:]

    def touch(self, tables: Iterable[str]) -> None:
        for table in tables:
            if table in TABLES:
                at = TABLES.index(table) * SIZE
                # A reader that meets half of a stamp has met a stamp that is not the old one.
                self._map[at : at + SIZE] = secrets.token_bytes(SIZE)

    async def close(self) -> None:
        pass  # The map goes with the last who has it: a thread may still be writing.
