"""Stamps: marks that writes change. A cached value is valid while its stamps are unchanged.

Comparing them in memory takes the place of a query. ``Database.transact`` changes stamps after each commit,
before its caller gets the result. It is the one place where commits are made, so no command can forget.

A write to one of EVENT_TABLES that names its events changes the stamps of these events' slots, and that of
ANY_EVENT. Any other write changes the stamp of its table. So a value made of one event depends on the stamps
of its tables and on the event's slot. A value made of all events depends on these tables and on ANY_EVENT.

There are SLOTS slots. Two events that share one invalidate each other's values. That costs a read, and no
stale value.
"""

import mmap
import os
import secrets
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from pathlib import Path

from bms.cache.mapped import open_whole

# What a transaction has changed: by table the ids of the events whose rows it changed, or None for any rows.
Changes = Mapping[str, Collection[int] | None]
# The stamps of some tables, and the stamp of a slot as a number: 0 where a value depends on none.
Stamps = tuple[bytes, int]

# In this order, so that the tables of replies about events are one slice, and those of callers another.
# Nothing is put between them: a process of an older version that still runs has them at these places.
TABLES = ("events", "ticket_types", "event_payment_options", "venues", "categories", "users", "sessions")
# Tables without a stamp of their own, and the table whose stamp they share.
SHARING = {
    "event_categories": "ticket_types",
    "event_category_types": "ticket_types",
    "event_figures": "events",
    "event_seating": "events",
    "event_seats": "events",
    "reviews": "events",
}
# Each row of these belongs to an event.
EVENT_TABLES = (*TABLES[:3], *SHARING)
SIZE = 8  # bytes of a stamp; it is random, so that processes need not agree on the next one
EVENTS = slice(0, 6 * SIZE)
CALLERS = slice(5 * SIZE, 7 * SIZE)
SLOTS = 65_536
ANY_EVENT = SLOTS


def slot_of(event_id: int) -> int:
    """Return the slot of an event."""
    return event_id % SLOTS


def stamps_of(changes: Changes) -> tuple[list[str], set[int]]:
    """Return the tables and the slots whose stamps ``changes`` invalidates."""
    tables: list[str] = []
    slots: set[int] = set()
    for table, event_ids in changes.items():
        if event_ids is None or table not in EVENT_TABLES:
            stamped = SHARING.get(table, table)
            if stamped in TABLES:
                tables.append(stamped)
        else:
            slots.update(map(slot_of, event_ids))
    if slots:
        slots.add(ANY_EVENT)
    return tables, slots


class Board(ABC):
    """The stamps of the tables and slots, the same for every process that writes to the database.

    ``kept_seconds`` bounds how long a value may be kept by them, and so how long it is stale after a missed
    stamp: of a process that died right after its commit, or of a write that did not go through BMS.
    """

    kept_seconds = 30.0

    @abstractmethod
    async def read(self, tables: slice, slot: int | None) -> Stamps | None:
        """Return the stamps of ``tables`` (EVENTS or CALLERS) and of ``slot``. None: they are unknown."""

    def at_once(self, tables: slice, slot: int | None) -> Stamps | None:
        """Return what ``read`` would if that takes no waiting, else None."""
        return None

    @abstractmethod
    def touch(self, changes: Changes) -> None:
        """Change the stamps that ``changes`` invalidates. Called in a pool thread; never raises."""

    @abstractmethod
    async def close(self) -> None:
        """Release what the board holds."""


_SLOTS_AT = len(TABLES) * SIZE
_BYTES = _SLOTS_AT + (SLOTS + 1) * SIZE


class SharedMemory(Board):
    """A board in a file that the processes of one machine have mapped: half a MiB, shared by them all."""

    def __init__(self, path: Path) -> None:
        """Map the file at ``path``, creating it first. Raises OSError."""
        descriptor = open_whole(path, _BYTES)
        try:
            self._map = mmap.mmap(descriptor, _BYTES)
        finally:
            os.close(descriptor)
        self._slots = memoryview(self._map)[_SLOTS_AT:].cast("Q")

    async def read(self, tables: slice, slot: int | None) -> Stamps:
        return self.at_once(tables, slot)

    def at_once(self, tables: slice, slot: int | None) -> Stamps:
        return self._map[tables], 0 if slot is None else self._slots[slot]

    def touch(self, changes: Changes) -> None:
        tables, slots = stamps_of(changes)
        # One for all of them: it only has to differ from the old ones. A reader may see half of it, which
        # does, too.
        stamp = secrets.token_bytes(SIZE)
        places = [TABLES.index(table) * SIZE for table in tables]
        places += [_SLOTS_AT + slot * SIZE for slot in slots]
        for at in places:
            self._map[at : at + SIZE] = stamp

    async def close(self) -> None:
        pass  # The map is unmapped with its last reference: a thread may still be writing.
