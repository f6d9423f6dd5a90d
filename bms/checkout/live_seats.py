"""The seats of events for those who look at them: read at most every 250 ms a process, and shared."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bms.checkout.charts import Charts
from bms.commands.sales.seat_reading import LiveSeats, read_seats
from bms.sql.database import Database

FRESH = 0.25  # seconds
MAX_EVENTS = 64

T = TypeVar("T")


@dataclass(slots=True)
class _Look(Generic[T]):
    """What was read of an event's seats, beginning at ``since``, and what was made of it for everybody."""

    since: float
    seats: "asyncio.Task[LiveSeats]"
    shared: T | None = None


class SeatWatch(Generic[T]):
    """What was read last of each event. The buyers' own transactions keep the maps up to date, too.

    ``share`` makes of the seats what everybody gets, once for each time they are read.
    """

    def __init__(self, database: Database, charts: Charts, share: Callable[[LiveSeats], T]) -> None:
        self._database = database
        self._charts = charts
        self._share = share
        self._looks: OrderedDict[int, _Look[T]] = OrderedDict()

    async def look(self, event_id: int) -> LiveSeats:
        """Return the seats of an event. Raises as ``read_seats`` and ``Database.read_primary``."""
        return await _seats_of(self._look(event_id))

    async def share(self, event_id: int) -> T:
        """Return what everybody gets of the seats of an event. Raises as ``look``."""
        look = self._look(event_id)
        seats = await _seats_of(look)
        if look.shared is None:
            look.shared = self._share(seats)
        return look.shared

    def _look(self, event_id: int) -> _Look[T]:
        now = time.monotonic()
        found = self._looks.get(event_id)
        if found is None or now - found.since > FRESH:
            found = self._looks[event_id] = _Look(now, asyncio.create_task(self._read(event_id)))
            self._looks.move_to_end(event_id)
            while len(self._looks) > MAX_EVENTS:
                self._looks.popitem(last=False)
        return found

    async def _read(self, event_id: int) -> LiveSeats:
        return await self._charts.run(
            lambda: self._database.read_primary(read_seats, event_id=event_id, maps=self._charts.maps)
        )


async def _seats_of(look: _Look[Any]) -> LiveSeats:
    # A shield costs as much as the rest of a reply, and what has been read needs none.
    return look.seats.result() if look.seats.done() else await asyncio.shield(look.seats)
