"""The places of the turnstile are shared out among users and events."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bms.checkout.turnstile import Turnstile
from bms.commands.idempotency import StoredReply
from bms.commands.sales.hold import Ask
from bms.errors import Overloaded, TooManyRequests
from bms.http import keys
from bms.sql.database import Database
from tests.checkout.test_turnstile import ask
from tests.concurrency.crowd import make_crowd
from tests.kit.api import Api
from tests.kit.scene import Scene
from tests.kit.types import Make
from tests.kit.waiting import until


@pytest.fixture
async def buyers(client: TestClient, db: Database) -> list[int]:
    return [person.id for person in await make_crowd(db, client.app[keys.TOKENS], 6)]


class Standing:
    """A database that stands still until ``goes_on`` is set."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.goes_on = asyncio.Event()

    async def transact(self, command: Any, **options: Any) -> Any:
        await self.goes_on.wait()
        return await self._db.transact(command, **options)


def come(through: Turnstile, asks: Sequence[Ask]) -> list["asyncio.Task[StoredReply]"]:
    return [asyncio.create_task(through.hold(one)) for one in asks]


async def outcomes(tasks: Sequence["asyncio.Task[StoredReply]"]) -> list[type]:
    return [type(one) for one in await asyncio.gather(*tasks, return_exceptions=True)]


async def test_one_user_has_a_few_places(db: Database, buyers: list[int], make_event: Make) -> None:
    event = await make_event()
    standing = Standing(db)
    through = Turnstile(standing, lanes=1, per_user=2)
    mine = come(through, [ask(buyers[0], event["id"]) for _ in range(5)])
    await until(lambda: sum(task.done() for task in mine) > 0)
    others = come(through, [ask(user, event["id"]) for user in buyers[1:3]])
    await asyncio.sleep(0)
    standing.goes_on.set()
    # One was being served when the others came, or none was yet: their places are two all the same.
    kinds = await outcomes(mine)
    served = kinds.count(StoredReply)
    assert kinds == [StoredReply] * served + [TooManyRequests] * (5 - served)
    assert served in (2, 3)
    assert await outcomes(others) == [StoredReply] * 2
    # The places are free again.
    assert await outcomes(come(through, [ask(buyers[0], event["id"])])) == [StoredReply]
    assert not through._of_user
    assert not through._of_event


async def test_without_the_limit_one_user_has_them_all(
    db: Database, buyers: list[int], make_event: Make
) -> None:
    """The twin."""
    event = await make_event()
    standing = Standing(db)
    through = Turnstile(standing, lanes=1, queue=5)
    mine = come(through, [ask(buyers[0], event["id"]) for _ in range(5)])
    await asyncio.sleep(0)
    others = come(through, [ask(user, event["id"]) for user in buyers[1:4]])
    await until(lambda: any(task.done() for task in others))
    standing.goes_on.set()
    assert Overloaded in await outcomes(others)
    assert await outcomes(mine) == [StoredReply] * 5


async def test_a_crowded_event_gives_its_places_up(db: Database, buyers: list[int], make_event: Make) -> None:
    hot, small = await make_event(), await make_event()
    standing = Standing(db)
    through = Turnstile(standing, group=1, lanes=1, queue=4)
    first = come(through, [ask(buyers[0], hot["id"])])
    await until(lambda: through._served)
    crowd = come(through, [ask(buyers[0], hot["id"]) for _ in range(4)])
    await until(lambda: through.waiting == 4)
    # Of four places two are the other event's, if it wants them.
    few = come(through, [ask(user, small["id"]) for user in buyers[1:4]])
    await until(lambda: few[2].done())
    assert through.waiting == 4
    # The hot event's own get no more.
    more = come(through, [ask(buyers[5], hot["id"])])
    await until(lambda: more[0].done())
    standing.goes_on.set()
    assert await outcomes(first) == [StoredReply]
    assert await outcomes(crowd) == [StoredReply] * 2 + [Overloaded] * 2, "the last to come give way"
    assert await outcomes(few) == [StoredReply] * 2 + [Overloaded]
    assert await outcomes(more) == [Overloaded]
    assert not through._of_event


async def test_the_default_over_http(api: Api, client: TestClient, scene: Scene) -> None:
    through = client.app[keys.TURNSTILE]
    standing = through._database = Standing(through._database)
    body = {"event": scene.event["id"], "quantity": 1}
    tasks = [asyncio.create_task(api.post("/bookings", body, token=scene.buyer.token)) for _ in range(12)]
    await until(lambda: sum(task.done() for task in tasks) >= 3)
    refused = [task.result() for task in tasks if task.done()]
    for reply in refused:
        reply.problem(429, "too_many_requests")
        assert reply.headers["Retry-After"] == "1"
    standing.goes_on.set()
    statuses = sorted([reply.status for reply in await asyncio.gather(*tasks)])
    # Eight waited and one was being served. Of these nine five may stay unpaid.
    assert statuses == [201] * 5 + [409] * 4 + [429] * 3
