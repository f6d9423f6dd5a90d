"""The turnstile: concurrent buyers go through in groups, first come, first served.

While one group is written, the next one forms. So groups grow with the rush: a single buyer waits for
nobody, and in a rush dozens share a transaction, its locks and its commit. Groups run in parallel only if
they are for different events. A second group for the same event would wait for the locks of the first, and
is larger if it forms after that one's end.
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
AGAIN = 3  # retries of a group that lost its tickets to another transaction
LANES = 2  # groups in parallel per process
LANES_AN_EVENT = 1  # groups in parallel per process and event
QUEUE = 1000  # waiting asks
PATIENCE = 10.0  # seconds until a waiting ask is refused


@dataclass(slots=True)
class _Waiting:
    ask: Ask
    reply: "asyncio.Future[StoredReply]"
    since: float = field(default_factory=time.monotonic)


class Turnstile:
    """Serves asks by ``hold_tickets``, up to ``group`` in one transaction.

    At most ``lanes`` transactions run in parallel, at most ``lanes_an_event`` of them for the same event. At
    most ``queue`` asks wait.
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
        self._served: Counter[int] = Counter()  # lanes by event
        self._open: set[asyncio.Task[Any]] = set()

    @property
    def waiting(self) -> int:
        """The number of waiting asks."""
        return len(self._waiting)

    async def hold(self, ask: Ask) -> StoredReply:
        """Return the reply to ``ask``. If the caller is cancelled while it waits, the ask is not served.

        Raises the error that refuses the ask, Overloaded when too many wait, and as ``Database.transact``.
        """
        if len(self._waiting) >= self.queue:
            raise Overloaded()
        waiting = _Waiting(ask, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._may_serve(ask.event_id):
            self._open_lane()
        return await waiting.reply

    async def close(self) -> None:
        """Return when every ask has been served."""
        while self._open:
            await asyncio.wait(self._open)

    def _may_serve(self, event_id: int) -> bool:
        return self._served[event_id] < self.lanes_an_event

    def _open_lane(self) -> None:
        if len(self._open) < self.lanes:
            lane = asyncio.create_task(self._serve())
            self._open.add(lane)
            lane.add_done_callback(self._open.discard)  # also if it is cancelled before it starts

    async def _serve(self) -> None:
        try:
            while group := self._next_group():
                if self._waiting:
                    self._open_lane()  # A lane that found nothing to do may find something now.
                events = Counter({one.ask.event_id for one in group})
                self._served += events
                try:
                    await self._serve_group(group)
                finally:
                    self._served -= events
                    for one in group:
                        _refuse(one, BMSError())  # Whatever went wrong, nobody waits forever.
        finally:
            # Must stay synchronous: an await between "queue empty" and this line would strand the next ask.
            lane = asyncio.current_task()
            if lane is not None:
                self._open.discard(lane)

    def _next_group(self) -> list[_Waiting]:
        """Take the next group off the queue. Asks of one buyer go one by one: the next must see the last."""
        group: list[_Waiting] = []
        people: set[int] = set()
        later: list[_Waiting] = []
        now = time.monotonic()
        while self._waiting and len(group) < self.group:
            one = self._waiting.popleft()
            if one.reply.done():
                continue
            if now - one.since > PATIENCE:
                one.reply.set_exception(Overloaded())
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
                # Retry with fresh availability; each retry means someone else got some.
                await self._serve_group(group, again=again - 1)
            else:
                await self._serve_parts([[one] for one in group], Overloaded())
        except Exception as error:
            await self._serve_parts(_parted(group, error), error)
        else:
            for one, outcome in zip(group, outcomes, strict=True):
                if isinstance(outcome, BMSError):
                    _refuse(one, outcome)
                elif not one.reply.done():
                    one.reply.set_result(outcome)

    async def _serve_parts(self, parts: Sequence[Sequence[_Waiting]], error: Exception) -> None:
        """Serve the parts of a group that failed with ``error``. A single part is refused with it."""
        if len(parts) > 1:
            await asyncio.gather(*(self._serve_group(part) for part in parts))
        else:
            for one in parts[0]:
                _refuse(one, error)


def _parted(group: Sequence[_Waiting], error: Exception) -> Sequence[Sequence[_Waiting]]:
    """Return the parts of ``group`` to serve separately: one ask or event alone may have caused ``error``."""
    if isinstance(error, DatabaseUnavailable):
        return [group]
    if isinstance(error, Overloaded):
        if error.no_connection:
            return [group]  # Each part would wait for a connection just as long again.
        # A row stayed locked, for example while an organiser changed the event.
        by_event: defaultdict[int, list[_Waiting]] = defaultdict(list)
        for one in group:
            by_event[one.ask.event_id].append(one)
        return list(by_event.values())
    return [[one] for one in group]


def _refuse(one: _Waiting, error: Exception) -> None:
    if not one.reply.done():
        one.reply.set_exception(error)
