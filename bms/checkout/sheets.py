"""What browsers draw plans from, drawn once a process and kept. See ``bms.seating.sheets``."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping

from bms.checkout.charts import Charts
from bms.errors import NotFound
from bms.queries.seating_plans import PlanRow, find_layout, get_drawing, get_plan
from bms.seating import jobs
from bms.sql.database import Database
from bms.terms import Actor

KEPT = 8  # plans; one of 60,000 seats takes 100 KB


class Sheets:
    """The sheets of the plans that were drawn last, as gzip. Concurrent callers share a drawing."""

    def __init__(self, database: Database, charts: Charts) -> None:
        self._database = database
        self._charts = charts
        self._drawn: OrderedDict[Hashable, asyncio.Future[Mapping[str, bytes]]] = OrderedDict()

    async def find(self, sha256: str, name: str) -> bytes | None:
        """Return the sheet ``name`` of the layout with this digest, None if it has none of that name.

        Raises NotFound for a digest of no layout, and Overloaded.
        """
        return await self._find(sha256, lambda: self._draw(sha256), name)

    async def find_of_draft(self, actor: Actor, plan_id: int, revision: int, name: str) -> bytes | None:
        """Return the sheet ``name`` of a revision of a draft that the actor may see, None if it is another by
        now, or has none of that name.

        Raises as ``get_plan``, and Overloaded.
        """
        plan = await self._database.read_primary(get_plan, actor, plan_id=plan_id)
        if plan.revision != revision:
            return None
        return await self._find((plan_id, revision), lambda: self._draw_draft(actor, plan), name)

    async def _find(
        self, key: Hashable, draw: Callable[[], Awaitable[Mapping[str, bytes]]], name: str
    ) -> bytes | None:
        task = self._drawn.get(key)
        if task is None:
            task = self._drawn[key] = asyncio.ensure_future(draw())
            while len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
        self._drawn.move_to_end(key)
        try:
            return (await asyncio.shield(task)).get(name)
        except BaseException:
            if task.done() and self._drawn.get(key) is task:
                del self._drawn[key]
            raise

    async def _draw_draft(self, actor: Actor, plan: PlanRow) -> Mapping[str, bytes]:
        drawing = await self._database.read_primary(get_drawing, actor, plan_id=plan.id)
        if drawing.plan.revision != plan.revision:
            raise NotFound("The draft is another by now")
        return await self._charts.worker.run(jobs.draw_draft, drawing.draft)

    async def _draw(self, sha256: str) -> Mapping[str, bytes]:
        layout = await self._database.read_primary(find_layout, sha256=sha256)
        return await self._charts.worker.run(jobs.draw_sheets, layout)
