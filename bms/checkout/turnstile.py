"""The turnstile: concurrent buyers go through in groups, first come, first served.

While one group is written, the next one forms. So groups grow with the rush: a single buyer waits for
nobody, and in a rush dozens share a transaction, its locks and its commit. Groups run in parallel only if
they are for different events. A second group for the same event would wait for the locks of the first, and
is larger if it forms after that one's end.

The places of those who wait are shared out: a user has a few, and when all are taken, an event with fewer
takes one from the event with the most.
"""

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from bms.checkout.charts import Charts
from bms.checkout.ranks import Rank
from bms.commands.idempotency import StoredReply
from bms.commands.sales.expire import expire_holds_of_event
from bms.commands.sales.hold import Ask, hold_tickets
from bms.commands.sales.unpaid import OFF, HoldLimits
from bms.errors import (
    BMSError,
    Contested,
    DatabaseUnavailable,
    NoBlock,
    Overloaded,
    SeatsTaken,
    SoldOut,
    TooManyRequests,
)
from bms.lanes import Lanes, Turns
from bms.seating.maps import ChartNeeded, ReleaseDue
from bms.sql.database import Database

GROUP = 128  # asks in one transaction
SEATS = 1000  # tickets in one transaction, unless one ask alone wants more
AGAIN = 8  # retries of a group that lost its tickets to another transaction, or whose event changed meanwhile
LANES = 2  # groups in parallel per process
LANES_AN_EVENT = 1  # groups in parallel per process and event
CROWD = 16  # waiting asks that are worth a transaction beside another, in a process that has cores to itself
QUEUE = 1000  # waiting asks
PATIENCE = 10.0  # seconds until a waiting ask is refused
HELD, CANCELLED = "held", "cancelled"  # outcomes that are no error's code
OVERDUE = 100  # holds of a sold-out event that are ended at once, before anybody is refused
OVERDUE_EVERY = 1.0  # seconds between two such looks for one event

# What overdue holds may be in the way of.
LACKING = (SoldOut, SeatsTaken, NoBlock)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    ask: Ask
    reply: "asyncio.Future[StoredReply]"
    since: float = field(default_factory=time.monotonic)


class Turnstile:
    """Serves asks by ``hold_tickets``, up to ``group`` in one transaction.

    At most ``lanes`` transactions run in parallel, at most ``lanes_an_event`` of them for the same event. At
    most ``queue`` asks wait, ``per_user`` of them of one user (0: any number). While ``crowd`` or more wait,
    another lane is opened at once; None: only beside a group that takes long. Groups take ``turns`` with what
    else the process writes.
    """

    def __init__(
        self,
        database: Database,
        *,
        group: int = GROUP,
        lanes: int = LANES,
        lanes_an_event: int = LANES_AN_EVENT,
        crowd: int | None = None,
        queue: int = QUEUE,
        per_user: int = 0,
        limits: HoldLimits = OFF,
        charts: Charts | None = None,
        turns: Turns | None = None,
        observe_group: Callable[[Sequence[float]], None] = lambda _: None,
        observe_hold: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``observe_group`` is told how many seconds each ask of a group has waited, and ``observe_hold`` the
        outcome of each ask: HELD, or the code of the error that refused it.
        """
        self._database = database
        self._charts = Charts(database) if charts is None else charts
        self.group = group
        self.lanes = Lanes(
            self._next_group,
            self._serve,
            most=lanes,
            is_crowded=self._is_crowded,
            turns=turns,
            rank=Rank.HOLD,
        )
        self.lanes_an_event = lanes_an_event
        self._crowd = crowd
        self.queue = queue
        self.per_user = per_user
        self._limits = limits
        self._waiting: deque[_Waiting] = deque()
        # Not Counters, which are four times as slow in this.
        self._of_user: defaultdict[int, int] = defaultdict(int)  # waiting, by who asks
        self._of_event: defaultdict[int, int] = defaultdict(int)  # waiting
        self._served: defaultdict[int, int] = defaultdict(int)  # lanes by event
        self._observe_group = observe_group
        self._observe_hold = observe_hold
        self._looked: dict[int, float] = {}  # when overdue holds were last looked for, by event

    @property
    def waiting(self) -> int:
        """The number of waiting asks."""
        return len(self._waiting)

    async def hold(self, ask: Ask) -> StoredReply:
        """Return the reply to ``ask``. If the caller is cancelled while it waits, the ask is not served.

        Raises the error that refuses the ask, TooManyRequests when too many of the caller wait, Overloaded
        when too many wait in all, and as ``Database.transact``.
        """
        outcome = CANCELLED
        try:
            waiting = _Waiting(ask, asyncio.get_running_loop().create_future())
            self._line_up(waiting)
            reply = await waiting.reply
            outcome = HELD
            return reply
        except Exception as error:
            outcome = error.code if isinstance(error, BMSError) else BMSError.code
            raise
        finally:
            self._observe_hold(outcome)

    def _line_up(self, waiting: _Waiting) -> None:
        ask = waiting.ask
        if self.per_user and self._of_user.get(ask.actor.user_id, 0) >= self.per_user:
            raise TooManyRequests(f"{self.per_user} of your requests for tickets are waiting already")
        if len(self._waiting) >= self.queue:
            self._make_room(ask.event_id)
        self._waiting.append(waiting)
        self._count(ask, 1)
        if self._may_serve(ask.event_id):
            self.lanes.open()

    async def close(self) -> None:
        """Return when every ask has been served."""
        await self.lanes.close()

    def _count(self, ask: Ask, step: int) -> None:
        for counts, key in ((self._of_user, ask.actor.user_id), (self._of_event, ask.event_id)):
            counts[key] += step
            if not counts[key]:
                del counts[key]

    def _make_room(self, event_id: int) -> None:
        """Refuse the last ask of the event with the most, in favour of one of ``event_id``.

        Raises Overloaded if that event had more than its share then.
        """
        crowded, most = max(self._of_event.items(), key=itemgetter(1))
        if most <= self._of_event.get(event_id, 0) + 1:
            raise Overloaded()
        # The crowded event has many of the places, so this finds one soon.
        at = next(
            n for n in range(len(self._waiting) - 1, -1, -1) if self._waiting[n].ask.event_id == crowded
        )
        last = self._waiting[at]
        del self._waiting[at]
        self._count(last.ask, -1)
        _refuse(last, Overloaded())

    def _is_crowded(self) -> bool:
        return self._crowd is not None and len(self._waiting) >= self._crowd

    def _may_serve(self, event_id: int) -> bool:
        return event_id not in self._served or self._served[event_id] < self.lanes_an_event

    def _count_lane(self, events: set[int], step: int) -> None:
        for event_id in events:
            self._served[event_id] += step
            if not self._served[event_id]:
                del self._served[event_id]

    async def _serve(self, group: Sequence[_Waiting]) -> None:
        events = {one.ask.event_id for one in group}
        self._count_lane(events, 1)
        try:
            await self._serve_group(group)
        finally:
            self._count_lane(events, -1)
            for one in group:
                if not one.reply.done():
                    _refuse(one, BMSError())  # Whatever went wrong, nobody waits forever.

    def _next_group(self) -> list[_Waiting]:
        """Take the next group off the queue. Asks of one buyer go one by one: the next must see the last."""
        group: list[_Waiting] = []
        people: set[int] = set()
        later: list[_Waiting] = []
        tickets = 0
        now = time.monotonic()
        while self._waiting and len(group) < self.group:
            one = self._waiting.popleft()
            if one.reply.done() or now - one.since > PATIENCE:
                self._count(one.ask, -1)
                _refuse(one, Overloaded())
                continue
            involved = {one.ask.user_id} | ({one.ask.key.user_id} if one.ask.key else set())
            if people & involved or not self._may_serve(one.ask.event_id):
                later.append(one)
                continue
            quantity = one.ask.quantity
            if group and tickets + quantity > SEATS:
                later.append(one)  # The next group begins with it.
                break
            people |= involved
            tickets += quantity
            group.append(one)
            self._count(one.ask, -1)
        self._waiting.extendleft(reversed(later))
        if group:
            self._observe_group([now - one.since for one in group])
        return group

    async def _serve_group(self, group: Sequence[_Waiting], *, again: int = AGAIN) -> None:
        try:
            outcomes = await self._database.transact(
                hold_tickets,
                asks=[one.ask for one in group],
                limits=self._limits,
                maps=self._charts.maps,
            )
        except (ChartNeeded, ReleaseDue) as lacking:
            await self._serve_prepared(group, lacking, again)
        except Contested as contested:
            if contested.refusal is not None and len(group) == 1:
                await self._refuse_or_serve_again([(group[0], contested.refusal)])
            elif again:
                # Retry with fresh availability; each retry means someone else got some.
                await self._serve_group(group, again=again - 1)
            else:
                await self._serve_parts([[one] for one in group], Overloaded())
        except Exception as error:
            await self._serve_parts(_parted(group, error), error)
        else:
            refused: list[tuple[_Waiting, BMSError]] = []
            for one, outcome in zip(group, outcomes, strict=True):
                if isinstance(outcome, BMSError):
                    refused.append((one, outcome))
                elif not one.reply.done():
                    one.reply.set_result(outcome)
            await self._refuse_or_serve_again(refused)

    async def _refuse_or_serve_again(self, refused: Sequence[tuple[_Waiting, BMSError]]) -> None:
        """Refuse asks, unless overdue holds have the tickets that they lack: then end those and judge anew.

        The background tasks end such holds within a second or two. This is for the time when they do not run.
        """
        sold_out = {one.ask.event_id for one, refusal in refused if isinstance(refusal, LACKING)}
        freed = {event_id for event_id in sold_out if await self._free(event_id)}
        again: list[_Waiting] = []
        for one, refusal in refused:
            if isinstance(refusal, LACKING) and one.ask.event_id in freed:
                again.append(one)
            else:
                _refuse(one, refusal)
        if again:
            await self._serve_group(again)

    async def _free(self, event_id: int) -> bool:
        """End overdue holds of an event, unless that was tried a moment ago. Return whether any were."""
        now = time.monotonic()
        self._looked = {event: at for event, at in self._looked.items() if now - at < OVERDUE_EVERY}
        if event_id in self._looked:
            return False
        self._looked[event_id] = now
        try:
            return await self._database.transact(expire_holds_of_event, event_id=event_id, limit=OVERDUE) > 0
        except Exception as error:
            # The refusal stands.
            log.warning("overdue holds of event %d could not be ended: %s", event_id, error)
            return False

    async def _serve_prepared(
        self, group: Sequence[_Waiting], lacking: ChartNeeded | ReleaseDue, again: int
    ) -> None:
        """Serve a group that lacks a chart or a release: the first buyers of an event wait for it."""
        try:
            await self._charts.provide(lacking)
        except Exception as error:
            for one in group:
                _refuse(one, error)
        else:
            await self._serve_group(group, again=again)

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
