"""The turnstile: buyers who come at the same moment go through in groups, first come, first served.

While one group is being written the next one gathers, so that a group is as large as the rush: alone
a buyer waits for nobody, and on the day of a sale dozens share a transaction, its locks and its commit.
Groups are written side by side when they are for other events: for the same one the second would only
wait for the first one's locks, and formed after that one's end it is larger.
"""

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bms.commands.idempotency import StoredReply
from bms.commands.sales.hold import Ask, hold_tickets
from bms.errors import BMSError, Contested, DatabaseUnavailable, Overloaded
from bms.sql.database import Database

GROUP = 128  # asks in one transaction
AGAIN = 3  # times that a group is written anew because somebody else took what it was to get
LANES = 2  # groups written at the same time by one process
LANES_AN_EVENT = 1  # of them with asks for the same event
QUEUE = 1000  # asks that may wait
PATIENCE = 10.0  # seconds that one waits before it is told to come again


@dataclass(slots=True)
class _Waiting:
    ask: Ask
    answer: "asyncio.Future[StoredReply]"
    since: float = field(default_factory=time.monotonic)


class Turnstile:
    """Serves asks by ``hold_tickets``: up to ``group`` in one transaction, on ``lanes`` at a time, of which
    ``lanes_an_event`` may be for one event. More than ``queue`` do not wait.
    """

    def __init__(
        self,
        database: Database,
        *,
        group: int = GROUP,
        lanes: int = LANES,
        lanes_an_event: int = LANES_AN_EVENT,
        queue: int = QUEUE,
    ) -> None:
        self._database = database
        self.group = group
        self.lanes = lanes
        self.lanes_an_event = lanes_an_event
        self.queue = queue
        self._waiting: deque[_Waiting] = deque()
        self._served: Counter[int] = Counter()  # on how many lanes, by event
        self._open: set[asyncio.Task[Any]] = set()

    @property
    def waiting(self) -> int:
        """How many asks wait."""
        return len(self._waiting)

    async def hold(self, ask: Ask) -> StoredReply:
        """Return the answer to ``ask``. Raises what refuses it, Overloaded when too many wait, and as
        ``Database.transact``. Cancelled while it waits, an ask is not served; later it is.
        """
        if len(self._waiting) >= self.queue:
            raise Overloaded()
        waiting = _Waiting(ask, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._may_serve(ask.event_id):
            self._open_lane()
        return await waiting.answer

    async def close(self) -> None:
        """Return when all who came have been served."""
        while self._open:
            await asyncio.wait(self._open)

    def _may_serve(self, event_id: int) -> bool:
        return self._served[event_id] < self.lanes_an_event

    def _open_lane(self) -> None:
        if len(self._open) < self.lanes:
            lane = asyncio.create_task(self._serve())
            self._open.add(lane)
            lane.add_done_callback(self._open.discard)  # for one that is cancelled before it begins

    async def _serve(self) -> None:
        try:
            while group := self._next_group():
                if self._waiting:
                    self._open_lane()  # One that found nothing to do before may find something now.
                events = Counter({one.ask.event_id for one in group})
                self._served += events
                try:
                    await self._serve_group(group)
                finally:
                    self._served -= events
                    for one in group:
                        _refuse(one, BMSError())  # Nobody waits for ever, whatever went wrong.
        finally:
            # Here, with no await since nothing was found to do: who comes next opens the lane again.
            lane = asyncio.current_task()
            if lane is not None:
                self._open.discard(lane)

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
            if people & involved or not self._may_serve(one.ask.event_id):
                later.append(one)
                continue
            people |= involved
            group.append(one)
        self._waiting.extendleft(reversed(later))
        return group

    async def _serve_group(self, group: Sequence[_Waiting], *, again: int = AGAIN) -> None:
        try:
            outcomes = await self._database.transact(hold_tickets, asks=[one.ask for one in group])
        except Contested as contested:
            if contested.refusal is not None and len(group) == 1:
                _refuse(group[0], contested.refusal)
            elif again:
                # Retry with what is left now; each retry means that others took some.
                await self._serve_group(group, again=again - 1)
            else:
                await self._serve_parts([[one] for one in group], Overloaded())
        except Exception as error:
            await self._serve_parts(_parted(group, error), error)
        else:
            for one, outcome in zip(group, outcomes, strict=True):
                if isinstance(outcome, BMSError):
                    _refuse(one, outcome)
                elif not one.answer.done():
                    one.answer.set_result(outcome)

    async def _serve_parts(self, parts: Sequence[Sequence[_Waiting]], error: Exception) -> None:
        """Serve each part of a group of which nothing is written; refuse all with ``error`` if it is one."""
        if len(parts) > 1:
            await asyncio.gather(*(self._serve_group(part) for part in parts))
        else:
            for one in parts[0]:
                _refuse(one, error)


def _parted(group: Sequence[_Waiting], error: Exception) -> Sequence[Sequence[_Waiting]]:
    """Return the parts of ``group`` to serve one by one: a single ask or event may have caused ``error``."""
    if isinstance(error, DatabaseUnavailable):
        return [group]
    if isinstance(error, Overloaded):
        if error.no_connection:
            return [group]  # Every part would wait for a connection as long again.
        # A row stayed locked, for example of an event that its organiser is changing.
        by_event: defaultdict[int, list[_Waiting]] = defaultdict(list)
        for one in group:
            by_event[one.ask.event_id].append(one)
        return list(by_event.values())
    return [[one] for one in group]


def _refuse(one: _Waiting, error: Exception) -> None:
    if not one.answer.done():
        one.answer.set_exception(error)
