"""Lanes: groups of asks are served one after the other, and beside one that takes long.

While one group is served, the next one forms. One lane makes the largest groups, and a group costs much the
same whether it is large or small. A second lane is for the group that waits for somebody's lock: those who
do not need that lock pass it by. A process that has the machine to itself may also open one for a crowd, so
that one group is made ready while the database works on another.

Lanes of one process take turns where the same people go from one to the next: served side by side, each lane
would find few of them at a time.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

LATE_AFTER = 0.1  # seconds
PATIENCE = 0.5  # seconds after which a lane comes before those of a lower rank

log = logging.getLogger(__name__)

GroupT = TypeVar("GroupT")


@dataclass(slots=True)
class _Waiting:
    rank: int
    turn: "asyncio.Future[None]"
    since: float = field(default_factory=time.monotonic)


class Turns:
    """Lets ``places`` groups be served at once, from whichever lanes they come.

    The lowest rank comes first, and of one rank who came first. Whoever has waited for ``patience`` seconds
    comes before every rank, so that no rush at one lane keeps another from its turn.
    """

    def __init__(self, places: int = 1, *, patience: float = PATIENCE) -> None:
        self._free = places
        self._patience = patience
        self._waiting: list[_Waiting] = []

    async def take(self, rank: int) -> None:
        """Return when it is the caller's turn, which ``give_back`` ends."""
        if self._free:
            self._free -= 1
            return
        one = _Waiting(rank, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        try:
            await one.turn
        except asyncio.CancelledError:
            if not one.turn.cancelled():
                self.give_back()  # It came in the moment of the cancellation.
            raise

    def give_back(self) -> None:
        """End the caller's turn, and begin the next one's."""
        now = time.monotonic()
        while self._waiting:
            first = min(self._waiting, key=lambda one: self._place_in_line(one, now))
            self._waiting.remove(first)
            if not first.turn.done():
                first.turn.set_result(None)
                return
        self._free += 1

    def _place_in_line(self, one: _Waiting, now: float) -> tuple[int, float]:
        return (-1 if now - one.since > self._patience else one.rank), one.since


class Lanes(Generic[GroupT]):
    """Serves what ``take`` gives by ``serve``, in at most ``most`` lanes.

    ``take`` returns the next group, an empty one if nothing waits that may be served now. What ``serve``
    raises is logged, and the next group is served. Another lane is opened when every open one is at a group
    for longer than ``late_after`` seconds, or at once when ``is_crowded`` says that enough wait for a group
    of their own. Each group takes one of the ``turns`` by its ``rank``, if there are any, and gives it back
    when it has ended or is late.
    """

    def __init__(
        self,
        take: Callable[[], GroupT],
        serve: Callable[[GroupT], Awaitable[None]],
        *,
        most: int,
        is_crowded: Callable[[], bool] = lambda: False,
        late_after: float = LATE_AFTER,
        turns: Turns | None = None,
        rank: int = 0,
    ) -> None:
        self._take = take
        self._serve = serve
        self.most = most
        self._is_crowded = is_crowded
        self.late_after = late_after
        self._turns = Turns(most) if turns is None else turns
        self._rank = rank
        self._open: set[asyncio.Task[Any]] = set()
        self._late: set[asyncio.Task[Any]] = set()

    def open(self) -> None:
        """Have what waits served, by a new lane unless an open one comes to it in a moment."""
        if len(self._open) < self.most and (len(self._late) == len(self._open) or self._is_crowded()):
            # A lane serves many requests, so it has the context of none.
            lane = asyncio.create_task(self._run(), context=Context())
            self._open.add(lane)
            lane.add_done_callback(self._end)  # also if it is cancelled before it starts

    async def close(self) -> None:
        """Return when everything that waited has been served."""
        while self._open:
            await asyncio.wait(self._open)

    async def _run(self) -> None:
        lane = asyncio.current_task()
        assert lane is not None
        loop = asyncio.get_running_loop()
        try:
            while True:
                await self._turns.take(self._rank)
                late = loop.call_later(self.late_after, self._pass_by, lane)
                try:
                    if not await self._serve_next():
                        break
                finally:
                    late.cancel()
                    if lane in self._late:
                        self._late.remove(lane)
                    else:
                        self._turns.give_back()
                if len(self._open) - len(self._late) > 1 and not self._is_crowded():
                    break  # Another lane is at work, and comes to what waits.
        finally:
            # No await may suspend between "nothing waits" and this: it would strand the next ask.
            self._end(lane)

    async def _serve_next(self) -> bool:
        group = self._take()
        if group:
            try:
                await self._serve(group)
            except Exception:
                log.exception("a group could not be served")
        return bool(group)

    def _pass_by(self, lane: "asyncio.Task[Any]") -> None:
        self._late.add(lane)
        self._turns.give_back()
        self.open()

    def _end(self, lane: "asyncio.Task[Any]") -> None:
        self._open.discard(lane)
        self._late.discard(lane)
