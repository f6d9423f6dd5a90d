"""A sold-out event whose holds have run out: nobody is refused for them, also without background tasks."""

import asyncio

import pytest
from aiohttp.test_utils import TestClient

from bms.checkout import turnstile
from bms.checkout.turnstile import Turnstile
from bms.commands.idempotency import StoredReply
from bms.commands.sales.expire import expire_hold, expire_holds_of_event
from bms.commands.sales.hold import Ask
from bms.commands.sales.pricing import Wanted
from bms.errors import SoldOut
from bms.http import keys
from bms.sql.database import Database
from bms.terms import Actor
from tests.concurrency.crowd import make_crowd
from tests.kit.scene import Scene
from tests.kit.types import Rows


@pytest.fixture
async def buyers(client: TestClient, db: Database) -> list[int]:
    return [person.id for person in await make_crowd(db, client.app[keys.TOKENS], 6)]


def ask(user_id: int, event_id: int, quantity: int = 1) -> Ask:
    return Ask(
        actor=Actor(user_id),
        user_id=user_id,
        event_id=event_id,
        wanted=(Wanted(None, quantity),),
        hold_seconds=600,
        key=None,
        render=lambda view: StoredReply(201, str(view.id)),
    )


def let_all_pass(rows: Rows) -> None:
    rows("UPDATE bookings SET hold_expires_at = '2020-01-01' WHERE status = 'PENDING'")


@pytest.mark.parametrize("size", [1, 3])
async def test_tickets_of_overdue_holds_are_sold_at_once(
    scene: Scene, db: Database, rows: Rows, buyers: list[int], size: int
) -> None:
    event = await scene.on_sale(capacity=3)
    through = Turnstile(db)
    for user in buyers[:3]:
        await through.hold(ask(user, event["id"]))
    let_all_pass(rows)
    answers = await asyncio.gather(*(through.hold(ask(user, event["id"])) for user in buyers[3 : 3 + size]))
    assert [type(answer) for answer in answers] == [StoredReply] * size
    assert scene.count("bookings", "status = 'EXPIRED'") == 3
    assert scene.count("audit_log", "action = 'expire' AND user_id IS NULL") == 3
    assert scene.available() == 3 - size
    await scene.balanced()


@pytest.mark.parametrize("state", ["held", "paid", "of another event"])
async def test_what_is_not_overdue_stays(
    scene: Scene, db: Database, rows: Rows, buyers: list[int], state: str
) -> None:
    """The twin: these are not to be ended, and the buyer is refused."""
    event, other = await scene.on_sale(capacity=1), await scene.make_event(capacity=1)
    held = await scene.held(event=event)
    if state == "paid":
        assert (await scene.pay(held)).status == 201
    if state == "of another event":
        await scene.held(event=other)
        rows("UPDATE bookings SET hold_expires_at = '2020-01-01' WHERE event_id = ?", other["id"])
    with pytest.raises(SoldOut):
        await Turnstile(db).hold(ask(buyers[0], event["id"]))
    assert scene.count("bookings", "status = 'EXPIRED'") == 0
    await scene.balanced()


async def test_a_sold_out_event_is_looked_at_once_in_a_while(
    scene: Scene, db: Database, rows: Rows, buyers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a rush for tickets that are gone, nearly every refusal costs one statement's group and no more."""
    monkeypatch.setattr(turnstile, "OVERDUE_EVERY", 3600.0)
    event, other = await scene.on_sale(capacity=1), await scene.make_event(capacity=1)
    through = Turnstile(db)
    for of in (event, other):
        await through.hold(ask(buyers[0], of["id"]))
    with pytest.raises(SoldOut):
        await through.hold(ask(buyers[1], event["id"]))
    let_all_pass(rows)
    with pytest.raises(SoldOut):
        await through.hold(ask(buyers[2], event["id"]))
    # Each event has its own turn.
    assert type(await through.hold(ask(buyers[2], other["id"]))) is StoredReply
    monkeypatch.setattr(turnstile, "OVERDUE_EVERY", 0.0)
    assert type(await through.hold(ask(buyers[2], event["id"]))) is StoredReply


async def test_a_look_that_fails_leaves_the_refusal(
    scene: Scene, db: Database, rows: Rows, buyers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await scene.on_sale(capacity=1)
    await Turnstile(db).hold(ask(buyers[0], event["id"]))
    let_all_pass(rows)

    def broken(*_: object, **__: object) -> int:
        raise RuntimeError("out of order")

    monkeypatch.setattr(turnstile, "expire_holds_of_event", broken)
    with pytest.raises(SoldOut):
        await Turnstile(db).hold(ask(buyers[1], event["id"]))
    assert scene.count("bookings", "status = 'PENDING'") == 1


async def test_holds_end_once_and_at_most_so_many_at_a_time(
    scene: Scene, db: Database, rows: Rows, buyers: list[int]
) -> None:
    """Beside the background task, which ends the same holds one by one."""
    event = await scene.on_sale(
        ticket_types=[{"name": name, "price": "5.00", "capacity": 6} for name in ("Floor", "Balcony")]
    )
    kinds = [kind["id"] for kind in event["ticket_types"]]
    through = Turnstile(db)
    for number, user in enumerate(buyers):
        one = ask(user, event["id"])
        wanted = (Wanted(kinds[0], 1), Wanted(kinds[1], 1)) if number % 2 else (Wanted(kinds[0], 1),)
        await through.hold(Ask(**{name: getattr(one, name) for name in one.__slots__} | {"wanted": wanted}))
    let_all_pass(rows)
    ids = [row.id for row in rows("SELECT id FROM bookings ORDER BY id")]
    assert await db.transact(expire_holds_of_event, event_id=event["id"], limit=2) == 2
    ended = await asyncio.gather(
        *(db.transact(expire_hold, booking_id=booking_id) for booking_id in ids),
        *(db.transact(expire_holds_of_event, event_id=event["id"], limit=100) for _ in range(3)),
    )
    assert sum(ended) == 4
    assert scene.available() == 12
    await scene.balanced()
