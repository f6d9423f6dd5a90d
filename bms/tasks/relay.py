"""Publishing what was announced: by one process at a time, which the committing process wakes."""

import asyncio

from bms.broker.events import Event
from bms.broker.publisher import Publisher
from bms.commands.messages.fan_out import lead, resign
from bms.commands.messages.publishing import LEASE, mark_published
from bms.errors import BrokerUnavailable
from bms.holders import new_token
from bms.queries.due import list_unpublished
from bms.sql.database import Database

LEASE_SECONDS = 30
BATCH = 200
PAUSE = 5.0  # seconds until a broker that was down is tried again, however much is announced meanwhile


class Relay:
    """The relay of one process, which publishes whenever no other does.

    A row is marked when the broker has confirmed it. Between the two a process may die, and the event is
    published again under the same id. So each is published once at least.
    """

    def __init__(self, database: Database, publisher: Publisher) -> None:
        self._database = database
        self._publisher = publisher
        self._holder = new_token()
        self._not_before = 0.0

    async def run(self) -> int:
        """Publish all that is due and return how many events that were. Raises BrokerUnavailable.

        Returns 0 while another process publishes, and soon after a failure.
        """
        now = asyncio.get_running_loop().time
        done = 0
        if now() < self._not_before:
            return done
        while await self._database.transact(lead, holder=self._holder, seconds=LEASE_SECONDS, name=LEASE):
            try:
                published = await self._batch()
            except BrokerUnavailable:
                self._not_before = now() + PAUSE
                # Another process may reach it.
                await self._database.transact(resign, holder=self._holder, name=LEASE)
                raise
            if not published:
                await self._database.transact(resign, holder=self._holder, name=LEASE)
                break
            done += published
        return done

    async def _batch(self) -> int:
        unpublished = await self._database.read_primary(list_unpublished, limit=BATCH)
        if not unpublished:
            return 0
        confirmed = await self._publisher.publish([Event(**one._asdict()) for one in unpublished])
        await self._database.transact(mark_published, ids=confirmed)
        return len(confirmed)
