"""The seats of events for those who look at them: read at most every 250 ms a process, and shared."""

import asyncio
import time
from collections import OrderedDict

from bms.checkout.charts import Charts
from bms.commands.sales.seat_reading import LiveSeats, read_seats
from bms.sql.database import Database

FRESH = 0.25  # seconds
MAX_EVENTS = 64


class SeatWatch:
    """What was read last of each event. The buyers' own transactions keep the maps up to date, too."""

    def __init__(self, database: Database, charts: Charts) -> None:
        self._database = database
        self._charts = charts
        self._read: OrderedDict[int, tuple[float, asyncio.Task[LiveSeats]]] = OrderedDict()

    async def look(self, event_id: int) -> LiveSeats:
        """Return the seats of an event. Raises as ``read_seats`` and ``Database.read_primary``."""
        now = time.monotonic()
        found = self._read.get(event_id)
        if found is None or now - found[0] > FRESH:
            task = asyncio.create_task(self._look(event_id))
            self._read[event_id] = found = (now, task)
            self._read.move_to_end(event_id)
            while len(self._read) > MAX_EVENTS:
                self._read.popitem(last=False)
        return await asyncio.shield(found[1])

    async def _look(self, event_id: int) -> LiveSeats:
        return await self._charts.run(
            lambda: self._database.read_primary(read_seats, event_id=event_id, maps=self._charts.maps)
        )
