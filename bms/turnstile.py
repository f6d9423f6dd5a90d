"""The turnstile: buyers who come at the same moment go through in groups, first come, first served.

While one group is being written the next one gathers, so that a group is as large as the rush: alone
a buyer waits for nobody, and on the day of a sale dozens share a transaction, its locks and its commit.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from bms.commands.holds import Ask, hold_tickets
from bms.commands.idempotency import Answer
from bms.errors import BMSError, DatabaseUnavailable, Overloaded
from bms.sql.database import Database

GROUP = 64  # asks in one transaction
LANES = 2  # groups written at the same time by one process
QUEUE = 1000  # asks that may wait
PATIENCE = 10.0  # seconds that one waits before it is told to come again


@dataclass(slots=True)
class _Waiting:
    ask: Ask
    answer: "asyncio.Future[Answer]"
    since: float = field(default_factory=time.monotonic)


class Turnstile:
    """Serves asks by ``hold_tickets``: up to ``group`` in one transaction, on ``lanes`` at a time.

    More than ``queue`` do not wait.
    """

    def __init__(
        self, database: Database, *, group: int = GROUP, lanes: int = LANES, queue: int = QUEUE
    ) -> None:
        self._database = database
        self.group = group
        self.lanes = lanes
        self.queue = queue
        self._open = 0
        self._waiting: deque[_Waiting] = deque()
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many asks wait."""
        return len(self._waiting)

    async def hold(self, ask: Ask) -> Answer:
        """Return the answer to ``ask``. Raises what refuses it, Overloaded when too many wait, and as
        ``Database.transact``. Cancelled while it waits, an ask is not served; later it is.
        """
        if len(self._waiting) >= self.queue:
            raise Overloaded()
        waiting = _Waiting(ask, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._open < self.lanes:
            self._open += 1
            task = asyncio.create_task(self._serve())
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        return await waiting.answer

    async def close(self) -> None:
        """Return when all who came have been served."""
        while self._serving:
            await asyncio.wait(self._serving)

    async def _serve(self) -> None:
        try:
            while group := self._next_group():
                await self._serve_group(group)
        finally:
            # With no await since the queue was found empty: who comes next opens the lane again.
            self._open -= 1

    def _next_group(self) -> list[_Waiting]:
        """Take who goes next off the queue: no two of one buyer, who must see what the first one wrote."""
        group: list[_Waiting] = []
        people: set[int] = set()
        later: list[_Waiting] = []
        now = time.monotonic()
        while self._waiting and len(group) < self.group:
            one = self._waiting.popleft()
            if one.answer.done():
                continue
            if now - one.since > PATIENCE:
                one.answer.set_exception(Overloaded())
                continue
            involved = {one.ask.user_id} | ({one.ask.key.user_id} if one.ask.key else set())
            if people & involved:
                later.append(one)
                continue
            people |= involved
            group.append(one)
        self._waiting.extendleft(reversed(later))
        return group

    async def _serve_group(self, group: Sequence[_Waiting]) -> None:
        try:
            outcomes = await self._database.transact(hold_tickets, asks=[one.ask for one in group])
        except (DatabaseUnavailable, Overloaded) as error:
            for one in group:
                _refuse(one, error)
        except Exception as error:
            # Nothing is written. What stopped the group may be one ask's own, so each is served alone.
            if len(group) == 1:
                _refuse(group[0], error)
            else:
                await asyncio.gather(*(self._serve_group([one]) for one in group))
        else:
            for one, outcome in zip(group, outcomes, strict=True):
                if isinstance(outcome, BMSError):
                    _refuse(one, outcome)
                elif not one.answer.done():
                    one.answer.set_result(outcome)


def _refuse(one: _Waiting, error: Exception) -> None:
    if not one.answer.done():
        one.answer.set_exception(error)
