"""Bringing the figures up to date that lists of events are sorted by.

Nothing tells this task what was sold: it compares. So it misses neither what another process sold nor what a
process did that died, and whatever it overwrites with an older figure is put right in the next turn.
"""

from collections.abc import Callable

from bms.commands.events.figures import count_tickets, refresh_figures, take_turn
from bms.queries.due import compare_figures, list_stale_figures
from bms.sql.database import Database
from bms.tasks.sweeps import passing_over

# With EVERY between two looks at whose turn it is, no figure is older than 5 seconds.
TURN_SECONDS = 3
EVERY = 1.0
BATCH = 200  # events in one transaction
PAGE = 500  # events of any status that a turn compares beside those to come


class Figures:
    """The turns of one process. It remembers how far through all events it has come."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._after = 0

    async def run(self) -> int:
        """Take the next turn, if it is due. Returns 0, as the next one is not due at once."""
        if await self._database.transact(take_turn, seconds=TURN_SECONDS):
            await self.refresh()
        return 0

    async def refresh(self) -> None:
        """Bring the figures of every event to come up to date, and those of the next page of all events."""
        before: list[int] = []
        while True:
            stale = await self._database.read_primary(list_stale_figures, limit=BATCH)
            await self._bring(count_tickets, stale)
            if len(stale) < BATCH or stale == before:
                break
            before = stale
        page = await self._database.read_primary(compare_figures, after=self._after, limit=PAGE)
        await self._bring(refresh_figures, [row.id for row in page if row.is_stale])
        self._after = page[-1].id if len(page) == PAGE else 0

    async def _bring(self, up_to_date: Callable[..., None], event_ids: list[int]) -> None:
        for start in range(0, len(event_ids), BATCH):
            batch = event_ids[start : start + BATCH]
            with passing_over("the figures of %d events from %d on are old", len(batch), batch[0]):
                await self._database.transact(up_to_date, event_ids=batch)
