"""Lanes: groups of asks are served one after the other, and beside one that takes long.

While one group is served, the next one forms. One lane makes the largest groups, and a group costs much the
same whether it is large or small. A second lane is for the group that waits for somebody's lock: those who
do not need that lock pass it by. A process that has the machine to itself may also open one for a crowd, so
that one group is made ready while the database works on another.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any, Generic, TypeVar

LATE_AFTER = 0.1  # seconds

log = logging.getLogger(__name__)

GroupT = TypeVar("GroupT")


class Lanes(Generic[GroupT]):
    """Serves what ``take`` gives by ``serve``, in at most ``most`` lanes.

    ``take`` returns the next group, an empty one if nothing waits that may be served now. What ``serve``
    raises is logged, and the next group is served. Another lane is opened when every open one is at a group
    for longer than ``late_after`` seconds, or at once when ``is_crowded`` says that enough wait for a group
    of their own.
    """

    def __init__(
        self,
        take: Callable[[], GroupT],
        serve: Callable[[GroupT], Awaitable[None]],
        *,
        most: int,
        is_crowded: Callable[[], bool] = lambda: False,
        late_after: float = LATE_AFTER,
    ) -> None:
        self._take = take
        self._serve = serve
        self.most = most
        self._is_crowded = is_crowded
        self.late_after = late_after
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
            while group := self._take():
                late = loop.call_later(self.late_after, self._pass_by, lane)
                try:
                    await self._serve(group)
                except Exception:
                    log.exception("a group could not be served")
                finally:
                    late.cancel()
                    self._late.discard(lane)
                if len(self._open) - len(self._late) > 1 and not self._is_crowded():
                    break  # Another lane is at work, and comes to what waits.
        finally:
            # Must stay synchronous: an await between "nothing waits" and this would strand the next ask.
            self._end(lane)

    def _pass_by(self, lane: "asyncio.Task[Any]") -> None:
        self._late.add(lane)
        self.open()

    def _end(self, lane: "asyncio.Task[Any]") -> None:
        self._open.discard(lane)
        self._late.discard(lane)
