"""More than can be served: a bounded queue, "come again" beyond it, and reads that answer meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import pyodbc
import pytest
from aiohttp.test_utils import TestClient

from bms.checkout.turnstile import Turnstile
from bms.http import keys
from bms.sql.database import Database
from bms.sql.odbc.target import parse_url
from tests.concurrency.crowd import Person, let_race
from tests.concurrency.shop import Shop
from tests.kit.api import Reply
from tests.kit.books import available
from tests.kit.waiting import until

LANES = 2
QUEUE = 4
BEYOND = 10


class Standstill:
    """Keeps whoever wants to change the rows of an UPDATE waiting, until ``end``."""

    def __init__(self, url: str, update: str, *values: Any) -> None:
        self._connection = pyodbc.connect(parse_url(url).odbc, autocommit=False)
        self._connection.execute(update, *values).close()

    def end(self) -> None:
        if not self._connection.closed:
            self._connection.rollback()
            self._connection.close()


@pytest.fixture
async def stop(database_url: str) -> AsyncIterator[Callable[..., Standstill]]:
    with contextlib.ExitStack() as stack:

        def make(update: str, *values: Any) -> Standstill:
            standstill = Standstill(database_url, update, *values)
            stack.callback(standstill.end)
            return standstill

        yield make


@pytest.fixture
def turnstile(client: TestClient) -> Turnstile:
    found = client.app[keys.TURNSTILE]
    let_race(found, lanes=LANES)
    found.queue = QUEUE
    return found


def writing(db: Database) -> tuple[int, int]:
    """Return how many connections for writing are lent, and how many wait for one."""
    (usage,) = [usage for usage in db.usage() if usage.pool == "write"]
    return usage.in_use, usage.waiting


def start(requests: Iterable[Awaitable[Reply]]) -> list["asyncio.Future[Reply]"]:
    return [asyncio.ensure_future(request) for request in requests]


def refused(replies: Iterable[Reply]) -> None:
    """Check that each is told to come again, and when."""
    for reply in replies:
        reply.problem(503, "overloaded")
        assert int(reply.headers["Retry-After"]) > 0


async def reads_answer(shop: Shop, event: dict[str, Any], person: Person) -> None:
    for path in ("/health/live", "/health/ready", "/events", f"/events/{event['id']}", "/venues"):
        assert (await shop.get(path)).status == 200
    for path in ("/bookings", "/profile"):
        assert (await shop.get(path, person)).status == 200


async def test_beyond_the_turnstiles_queue_buyers_come_again(
    own_shop: Shop, turnstile: Turnstile, db: Database, stop: Callable[..., Standstill]
) -> None:
    event, people = await own_shop.event(), await own_shop.people(LANES + QUEUE + BEYOND)
    payer = await own_shop.person()
    early = await own_shop.hold(payer, event)
    standstill = stop("UPDATE ticket_types SET available = available WHERE event_id = ?", event["id"])

    def hold(some: list[Person]) -> list["asyncio.Future[Reply]"]:
        body = {"event": event["id"], "quantity": 1}
        return start(own_shop.post("/bookings", body, person) for person in some)

    inside = hold(people[:LANES])
    await until(lambda: (writing(db)[0], turnstile.waiting) == (LANES, 0))
    inside += hold(people[LANES : LANES + QUEUE])
    await until(lambda: turnstile.waiting == QUEUE)
    refused(await asyncio.gather(*hold(people[LANES + QUEUE :])))

    await reads_answer(own_shop, event, payer)
    # Nor does who has tickets already wait for those who want some.
    assert (await own_shop.pay(payer, early)).status == 201

    standstill.end()
    assert {reply.status for reply in await asyncio.gather(*inside)} == {201}
    assert {reply.status for reply in await asyncio.gather(*hold(people[-QUEUE:]))} == {201}
    assert available(own_shop.rows, event) == 100 - 1 - LANES - QUEUE - QUEUE
    await own_shop.check()


async def test_without_a_bound_nobody_is_told(
    own_shop: Shop, turnstile: Turnstile, stop: Callable[..., Standstill]
) -> None:
    """The twin: all of them wait, however long that may be."""
    turnstile.queue = 1_000_000
    event, people = await own_shop.event(), await own_shop.people(LANES + QUEUE + BEYOND)
    standstill = stop("UPDATE ticket_types SET available = available WHERE event_id = ?", event["id"])
    body = {"event": event["id"], "quantity": 1}
    waiting = start(own_shop.post("/bookings", body, person) for person in people)
    await until(lambda: turnstile.waiting == QUEUE + BEYOND)
    standstill.end()
    assert {reply.status for reply in await asyncio.gather(*waiting)} == {201}


async def test_beyond_the_tills_queue_payers_come_again(
    own_shop: Shop,
    db: Database,
    client: TestClient,
    stop: Callable[..., Standstill],
) -> None:
    claims = client.app[keys.TILL].claims
    size, claims.queue = claims.lanes.most, QUEUE
    event, people = await own_shop.event(), await own_shop.people(size + QUEUE + BEYOND)
    bookings = [await own_shop.hold(person, event) for person in people]
    standstill = stop("UPDATE bookings SET quantity = quantity WHERE event_id = ?", event["id"])

    def pay(first: int, last: int) -> list["asyncio.Future[Reply]"]:
        pairs = zip(people[first:last], bookings[first:last], strict=True)
        return start(own_shop.pay(*pair) for pair in pairs)

    inside = pay(0, size)
    await until(lambda: writing(db) == (size, 0))
    inside += pay(size, size + QUEUE)
    await until(lambda: claims.waiting == QUEUE)
    refused(await asyncio.gather(*pay(size + QUEUE, len(people))))

    await reads_answer(own_shop, event, people[0])

    standstill.end()
    assert {reply.status for reply in await asyncio.gather(*inside)} == {201}
    again = [await request for request in pay(size + QUEUE, size + QUEUE + 3)]
    assert {reply.status for reply in again} == {201}
    await own_shop.check()
