"""Serving together what is asked for at the same moment: a group shares one transaction and one commit.

While one group is served, the next one forms. So groups grow with the load, and whoever asks alone waits for
nobody and is served by itself.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bms.errors import Overloaded
from bms.lanes import Lanes, Turns

AskT = TypeVar("AskT")
ReplyT = TypeVar("ReplyT")


@dataclass(slots=True)
class _Waiting(Generic[AskT, ReplyT]):
    ask: AskT
    reply: "asyncio.Future[ReplyT]"
    context: Context = field(default_factory=copy_context)


class Grouping(Generic[AskT, ReplyT]):
    """Serves asks by ``together``, up to ``group`` at once, or one by ``alone``.

    ``together`` returns for each ask its reply, the error that refuses it, or None: it is then served alone,
    as all of a group are that ``together`` fails for. An error of the types ``for_all`` refuses the whole
    group instead. Two asks of which ``apart`` says the same are never in one group. At most ``lanes`` groups
    are served in parallel, in ``turns`` with those of other groupings by ``rank``, see ``Lanes``. At most
    ``queue`` asks wait.
    """

    def __init__(
        self,
        together: Callable[[Sequence[AskT]], Awaitable[Sequence[ReplyT | Exception | None]]],
        alone: Callable[[AskT], Awaitable[ReplyT]],
        *,
        apart: Callable[[AskT], Hashable],
        for_all: tuple[type[Exception], ...] = (),
        group: int = 64,
        lanes: int = 2,
        queue: int = 1000,
        turns: Turns | None = None,
        rank: int = 0,
    ) -> None:
        self._together = together
        self._alone = alone
        self._apart = apart
        self._for_all = for_all
        self.group = group
        self.lanes = Lanes(self._next_group, self._serve, most=lanes, turns=turns, rank=rank)
        self.queue = queue
        self._waiting: deque[_Waiting[AskT, ReplyT]] = deque()

    @property
    def waiting(self) -> int:
        """The number of waiting asks."""
        return len(self._waiting)

    async def ask(self, ask: AskT) -> ReplyT:
        """Return the reply to ``ask``. If the caller is cancelled while it waits, it is not served.

        Raises the error that refuses it, and Overloaded when too many wait.
        """
        if len(self._waiting) >= self.queue:
            raise Overloaded()
        waiting: _Waiting[AskT, ReplyT] = _Waiting(ask, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self.lanes.open()
        return await waiting.reply

    async def close(self) -> None:
        """Return when every ask has been served."""
        await self.lanes.close()

    def _next_group(self) -> list[_Waiting[AskT, ReplyT]]:
        group: list[_Waiting[AskT, ReplyT]] = []
        later: list[_Waiting[AskT, ReplyT]] = []
        seen: set[Hashable] = set()
        while self._waiting and len(group) < self.group:
            one = self._waiting.popleft()
            if one.reply.done():
                continue
            mark = self._apart(one.ask)
            if mark in seen:
                later.append(one)
            else:
                seen.add(mark)
                group.append(one)
        self._waiting.extendleft(reversed(later))
        return group

    async def _serve(self, group: Sequence[_Waiting[AskT, ReplyT]]) -> None:
        try:
            await self._serve_group(group)
        finally:
            for one in group:  # Whatever went wrong, nobody waits for ever.
                if not one.reply.done():
                    one.reply.cancel()

    async def _serve_group(self, group: Sequence[_Waiting[AskT, ReplyT]]) -> None:
        left = list(group)
        if len(group) > 1:
            try:
                outcomes = await self._together([one.ask for one in group])
            except Exception as error:
                if isinstance(error, self._for_all):
                    for one in group:
                        _refuse(one, error)
                    return
            else:
                left = []
                for one, outcome in zip(group, outcomes, strict=True):
                    if outcome is None:
                        left.append(one)
                    elif isinstance(outcome, Exception):
                        _refuse(one, outcome)
                    elif not one.reply.done():
                        one.reply.set_result(outcome)
        await asyncio.gather(
            *(asyncio.create_task(self._serve_alone(one), context=one.context) for one in left)
        )

    async def _serve_alone(self, one: _Waiting[AskT, ReplyT]) -> None:
        try:
            reply = await self._alone(one.ask)
        except Exception as error:
            _refuse(one, error)
        else:
            if not one.reply.done():
                one.reply.set_result(reply)


def _refuse(one: _Waiting[AskT, ReplyT], error: Exception) -> None:
    if not one.reply.done():
        one.reply.set_exception(error)
