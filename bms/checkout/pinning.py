"""Writing the seats of events: at once for small plans, else by the background task."""

import logging

from bms.checkout.charts import Charts
from bms.commands.events.pinning import list_pinning, pin_batch
from bms.sql.database import Database

log = logging.getLogger(__name__)

EVENTS = 10  # looked at in one turn
AT_ONCE = 5000  # seats that are written before a reply


async def pin_seats(database: Database, charts: Charts, event_id: int) -> None:
    """Write the seats of an event until its sale is open. Several processes may do so at once."""

    async def batch() -> bool:
        return await database.transact(pin_batch, event_id=event_id, maps=charts.maps)

    while await charts.run(batch):
        pass


class Pinner:
    """The background task: opens the sale of events whose seats are not written yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._charts: Charts | None = None

    async def run(self) -> int:
        """Write the seats of the events that wait for it, and return how many there were."""
        events = await self._database.read_primary(list_pinning, limit=EVENTS)
        if events and self._charts is None:
            self._charts = Charts(self._database)
        for event_id in events:
            assert self._charts is not None
            await pin_seats(self._database, self._charts, event_id)
        return len(events)
