"""The same hold under the same key at two processes: both get the booking that one of them made."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bms.checkout.turnstile import Turnstile
from bms.commands import idempotency
from bms.commands.idempotency import Key, StoredReply
from bms.commands.sales import hold, inventory
from bms.commands.sales.hold import Ask
from bms.commands.sales.pricing import Wanted
from bms.commands.sales.unpaid import OFF, HoldLimits
from bms.errors import BMSError, PerUserLimitReached, SoldOut, UnpaidLimitReached
from bms.http import keys
from bms.resources import make_database
from bms.settings import Settings
from bms.sql.database import Database
from bms.terms import Actor
from tests.concurrency.crowd import make_crowd
from tests.kit.scene import Scene

ROUNDS = 8
# What refuses the second of two different holds: the event's fields, the limits, and the error.
CASES: dict[str, tuple[dict[str, Any], HoldLimits, type[BMSError]]] = {
    "per_user_limit": ({"per_user_limit": 1}, OFF, PerUserLimitReached),
    "sold_out": ({"capacity": 1}, OFF, SoldOut),
    "both": ({"capacity": 1, "per_user_limit": 1}, OFF, PerUserLimitReached),
    "unpaid": ({}, HoldLimits(tickets=1), UnpaidLimitReached),
}


@pytest.fixture
async def second(settings: Settings, database_url: str) -> AsyncIterator[Database]:
    """The database as another process has it open."""
    database = make_database(settings, database_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def buyer(client: TestClient, db: Database) -> int:
    (person,) = await make_crowd(db, client.app[keys.TOKENS], 1)
    return person.id


def ask(user_id: int, event: dict[str, Any], key: str) -> Ask:
    return Ask(
        actor=Actor(user_id),
        user_id=user_id,
        event_id=event["id"],
        wanted=(Wanted(None, 1),),
        hold_seconds=600,
        key=Key(user_id, key, "f"),
        render=lambda view: StoredReply(201, str(view.id)),
    )


class Order:
    """Lets both look their key up before either is served, and one be served before the other goes on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, looks_again: bool) -> None:
        self.served = threading.Event()
        self._both_looked = threading.Barrier(2, timeout=10)
        self._first_replies = idempotency.first_replies
        self._looks_again = looks_again
        self._looked: list[int] = []
        monkeypatch.setattr(idempotency, "first_replies", self._look)

    def _look(self, tx: Any, wanted: Any) -> Any:
        if len(self._looked) >= 2:
            return self._first_replies(tx, wanted) if self._looks_again else {}
        found = self._first_replies(tx, wanted)
        self._looked.append(1)
        if self._both_looked.wait() == 0:
            assert self.served.wait(10)
        return found


async def race(
    order: Order, db: Database, second: Database, limits: HoldLimits, asked: Ask
) -> list[StoredReply | BaseException]:
    sends = [asyncio.create_task(Turnstile(each, limits=limits).hold(asked)) for each in (db, second)]
    await asyncio.wait(sends, return_when=asyncio.FIRST_COMPLETED)
    order.served.set()
    return await asyncio.gather(*sends, return_exceptions=True)


@pytest.mark.parametrize("case", CASES)
async def test_both_get_the_booking(
    scene: Scene, db: Database, second: Database, buyer: int, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    fields, limits, _ = CASES[case]
    event = await scene.on_sale(**fields)
    order = Order(monkeypatch, looks_again=True)
    replies = await race(order, db, second, limits, ask(buyer, event, "mine"))
    assert [type(reply) for reply in replies] == [StoredReply] * 2
    assert len({reply.body for reply in replies}) == 1
    assert sorted(reply.replayed for reply in replies) == [False, True]
    assert scene.count("bookings", "event_id = ?", event["id"]) == 1
    await scene.balanced()


@pytest.mark.parametrize("case", CASES)
async def test_who_does_not_look_again_is_refused(
    scene: Scene, db: Database, second: Database, buyer: int, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """The twin."""
    fields, limits, refusal = CASES[case]
    event = await scene.on_sale(**fields)
    order = Order(monkeypatch, looks_again=False)
    replies = await race(order, db, second, limits, ask(buyer, event, "mine"))
    assert {type(reply) for reply in replies} == {StoredReply, refusal}


@pytest.mark.parametrize("case", CASES)
async def test_again_and_again_as_it_comes(
    scene: Scene, db: Database, second: Database, client: TestClient, case: str
) -> None:
    """Nothing here decides who is first. Another buyer's hold of the same tickets is refused as ever."""
    fields, limits, _ = CASES[case]
    turnstiles = [Turnstile(each, limits=limits) for each in (db, second)]
    for person in await make_crowd(db, client.app[keys.TOKENS], ROUNDS):
        event = await scene.on_sale(**fields)
        asked = ask(person.id, event, "mine")
        replies = await asyncio.gather(*(through.hold(asked) for through in turnstiles * 2))
        assert len({reply.body for reply in replies}) == 1
    (other,) = await make_crowd(db, client.app[keys.TOKENS], 1)
    if "capacity" in fields:
        with pytest.raises(SoldOut):
            await turnstiles[0].hold(ask(other.id, event, "other"))
    await scene.balanced()


async def test_a_lone_ask_that_loses_its_tickets_looks_its_key_up_again(
    scene: Scene, db: Database, buyer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tickets go between its plan and its UPDATE; without a key it is refused without another run."""
    event = await scene.on_sale(capacity=1)
    runs: list[int] = []
    reserve, hold_tickets = inventory.reserve, hold.hold_tickets

    def too_late(*arguments: Any, **named: Any) -> None:
        scene.rows("UPDATE ticket_types SET available = 0 WHERE event_id = ?", event["id"])
        reserve(*arguments, **named)

    def counted(*arguments: Any, **named: Any) -> Any:
        runs.append(1)
        return hold_tickets(*arguments, **named)

    monkeypatch.setattr(inventory, "reserve", too_late)
    monkeypatch.setattr("bms.checkout.turnstile.hold_tickets", counted)
    with pytest.raises(SoldOut):
        await Turnstile(db).hold(ask(buyer, event, "mine"))
    assert len(runs) == 2
