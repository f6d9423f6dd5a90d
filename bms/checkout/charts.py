"""The charts of seating plans, loaded once a process, and the maps of events that are made of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bms import memory
from bms.commands.events.release import release_accessible
from bms.errors import Contested, Overloaded
from bms.queries.seating_plans import get_layout
from bms.seating import jobs
from bms.seating.chart import Chart
from bms.seating.maps import ChartNeeded, PlanVersion, ReleaseDue, SeatMaps
from bms.sql.database import Database
from bms.worker import Worker

T = TypeVar("T")

AGAIN = 5  # runs of work that others take its seats from


class Charts:
    """Loads charts into ``maps``, and runs work on plans in ``worker``. Concurrent callers share a load."""

    def __init__(self, database: Database, worker: Worker | None = None) -> None:
        self.maps = SeatMaps()
        self.worker = Worker() if worker is None else worker
        self._database = database
        self._loading: dict[PlanVersion, asyncio.Task[Chart]] = {}

    async def load(self, wanted: PlanVersion) -> Chart:
        """Return the chart of a version. Raises NotFound, Overloaded, and as ``Database.read_primary``."""
        try:
            return self.maps.chart(wanted)
        except ChartNeeded:
            pass
        task = self._loading.get(wanted)
        if task is None:
            task = self._loading[wanted] = asyncio.create_task(self._load(wanted))
            task.add_done_callback(lambda _: self._loading.pop(wanted, None))
        return await asyncio.shield(task)

    def close(self) -> None:
        """End the processes that work on plans."""
        self.worker.close()

    async def _load(self, wanted: PlanVersion) -> Chart:
        layout = await self._database.read_primary(get_layout, plan_id=wanted.plan_id, version=wanted.version)
        chart = await self.worker.run(jobs.chart_of, layout)
        self.maps.keep_chart(wanted, chart)
        memory.give_back()  # the chart as it was sent is as large again
        return chart

    async def provide(self, lacking: Contested) -> bool:
        """Load the chart that a transaction needs, or release the places that it waits for.

        Returns False if it lacks neither. Raises as ``load`` and ``Database.transact``.
        """
        if isinstance(lacking, ChartNeeded):
            await self.load(lacking.wanted)
        elif isinstance(lacking, ReleaseDue):
            await self._database.transact(release_accessible, event_id=lacking.event_id)
        else:
            return False
        return True

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what ``work`` returns. It runs again once it has what it lacks, or if another transaction
        took what it counted on.

        Raises Overloaded if others always do, and the refusal in which another run would end.
        """
        lost = 0
        while lost < AGAIN:
            try:
                return await work()
            except Contested as contested:
                if contested.refusal is not None:
                    raise contested.refusal from None
                lost += not isinstance(contested, ChartNeeded)
                await self.provide(contested)
        raise Overloaded()
