"""Payments whose outcome comes when the hold has run out."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from bms.commands.sales import settle
from bms.sql.statements import Statement
from bms.tasks.sweeps import HOLDS, sweep
from tests.kit.api import Api, Reply
from tests.kit.books import available, count, status_of
from tests.kit.cards import CARD, DECLINED
from tests.kit.gateways import Pause
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows

pytestmark = pytest.mark.usefixtures("charges_balance")


class Late:
    """A payment whose hold runs out while the gateway is asked."""

    def __init__(self, pause: Pause, request: "asyncio.Task[Reply]", booking: dict[str, Any]) -> None:
        self.pause, self.request, self.booking = pause, request, booking

    async def end(self) -> Reply:
        self.pause.go.set()
        return await self.request


MakeLate = Callable[..., Awaitable[Late]]


@pytest.fixture
async def late(scene: Scene, pause: Pause) -> MakeLate:
    """Have the buyer pay by a card, and let the hold run out while the gateway is asked."""

    async def make(event: dict[str, Any], quantity: int, number: str = CARD["number"]) -> Late:
        booking = await scene.held(quantity, event=event)
        request = asyncio.create_task(scene.pay(booking, number))
        await pause.reached.wait()
        scene.let_hold_pass(booking)
        assert await sweep(scene.db, HOLDS) == 1
        return Late(pause, request, booking)

    return make


async def test_a_late_success_takes_tickets_that_are_still_free(
    make_event: Make, late: MakeLate, rows: Rows
) -> None:
    event = await make_event(capacity=4)
    payment = await late(event, 3)
    assert available(rows, event) == 4
    rows("UPDATE ticket_types SET price = 30")  # a price that has changed since is not the buyer's
    assert (await payment.end()).status == 201
    assert (status_of(rows, payment.booking), available(rows, event)) == ("CONFIRMED", 1)
    assert count(rows, "tickets") == 3
    assert count(rows, "refunds") == 0


async def test_a_late_success_with_one_of_two_types_gone_takes_neither(
    api: Api, scene: Scene, pause: Pause
) -> None:
    types = [{"name": name, "price": "10.00", "capacity": 1} for name in ("A", "B")]
    event = await scene.on_sale(ticket_types=types)
    tickets = [{"ticket_type": kind["id"]} for kind in event["ticket_types"]]
    reply = await api.post("/bookings", {"event": event["id"], "tickets": tickets}, token=scene.buyer.token)
    request = asyncio.create_task(scene.pay(reply.json))
    await pause.reached.wait()
    scene.let_hold_pass(reply.json)
    await sweep(scene.db, HOLDS)
    other = await scene.make_user()
    body = {"event": event["id"], "tickets": tickets[1:]}
    assert (await api.post("/bookings", body, token=other.token)).status == 201
    pause.go.set()
    (await request).problem(409, "hold_expired")
    assert (scene.status(reply.json), scene.available()) == ("EXPIRED", 1)


@pytest.mark.parametrize("why", ["gone", "off sale", "over the limit"])
async def test_a_late_success_that_finds_no_tickets_is_refunded(
    api: Api, scene: Scene, late: MakeLate, why: str
) -> None:
    event = await scene.on_sale(capacity=8, per_user_limit=4)
    payment = await late(event, 3)
    if why == "gone":
        for quantity in (4, 2):
            await scene.held(quantity, by=await scene.make_user())
    elif why == "off sale":
        scene.rows("UPDATE ticket_types SET on_sale = 0")
    else:
        await scene.held(2)
    free = scene.available()
    reply = await payment.end()
    problem = reply.problem(409, "hold_expired")
    assert "refunded" in problem["detail"]
    assert (scene.status(payment.booking), scene.available()) == ("EXPIRED", free)
    (refund,) = scene.rows("SELECT payment_id, amount, currency, status FROM refunds")
    assert tuple(refund) == (problem["payment_id"], Decimal("75.00"), "EUR", "PENDING")
    shown = (await api.get(f"/payments/{problem['payment_id']}", token=scene.buyer.token)).json
    assert shown["status"] == "SUCCEEDED"
    assert scene.count("tickets") == 0
    assert scene.count("outbox", "kind = 'booking_confirmed'") == 0


async def test_a_late_refusal_leaves_the_booking_expired(
    make_event: Make, late: MakeLate, rows: Rows
) -> None:
    payment = await late(await make_event(), 3, DECLINED)
    (await payment.end()).problem(402, "payment_declined")
    assert (status_of(rows, payment.booking), count(rows, "refunds")) == ("EXPIRED", 0)


async def test_a_hold_past_its_deadline_and_not_swept_is_confirmed(scene: Scene, pause: Pause) -> None:
    booking = await scene.held()
    request = asyncio.create_task(scene.pay(booking))
    await pause.reached.wait()
    scene.let_hold_pass(booking)
    pause.go.set()
    assert (await request).status == 201
    assert await sweep(scene.db, HOLDS) == 0
    assert scene.status(booking) == "CONFIRMED"


@pytest.mark.parametrize(
    ("fields", "is_honoured"),
    [
        ({"sales_end": 60, "ends_at": 120}, True),
        ({"sales_end": 60, "ends_at": None}, True),
        ({"sales_end": -5, "ends_at": 120}, True),
        ({"sales_end": -30, "ends_at": 120}, False),
        ({"sales_end": None, "ends_at": 120}, False),
        ({"sales_end": 60, "ends_at": -5}, False),
    ],
)
async def test_after_the_start_a_late_success_counts_while_the_sale_runs_on(
    scene: Scene, late: MakeLate, fields: dict[str, int | None], is_honoured: bool
) -> None:
    """Times are in minutes from now; the event began twenty minutes ago."""
    event = await scene.on_sale(capacity=8)
    payment = await late(event, 3)
    for column, minutes in {"starts_at": -20, **fields}.items():
        scene.rows(
            f"UPDATE events SET {column} = DATEADD(MINUTE, ?, SYSUTCDATETIME())",
            minutes,
        )
    reply = await payment.end()
    if is_honoured:
        assert reply.status == 201, reply.text
        assert (scene.status(payment.booking), scene.available()) == ("CONFIRMED", 5)
    else:
        reply.problem(409, "hold_expired")
        assert (scene.status(payment.booking), scene.available()) == ("EXPIRED", 8)


# What Babelfish answers if it had to wait: the row as it was before.
LOCK_AS_IT_WAS = Statement(
    "test.lock_as_it_was",
    settle.LOCK_BOOKING.declaration,
    "SELECT 'PENDING' AS status FROM bookings WHERE id = @id",
    settle.BookingStatusRow,
)


async def test_a_lock_that_shows_the_row_before_its_wait_sells_nothing_twice(
    scene: Scene, late: MakeLate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "LOCK_BOOKING", LOCK_AS_IT_WAS)
    payment = await late(await scene.on_sale(capacity=3), 3)
    await scene.held(3, by=await scene.make_user())
    (await payment.end()).problem(409, "hold_expired")
    assert scene.status(payment.booking) == "EXPIRED"
    assert scene.count("refunds") == 1
    await scene.balanced()


async def test_without_the_status_in_its_guard_it_would(
    scene: Scene, late: MakeLate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above."""
    unguarded = Statement(
        "test.confirm_whatever",
        settle.CONFIRM.declaration,
        settle.CONFIRM.text.replace("status = @was", "(status = @was OR status = 'EXPIRED')"),
    )
    assert unguarded.text != settle.CONFIRM.text
    monkeypatch.setattr(settle, "CONFIRM", unguarded)
    monkeypatch.setattr(settle, "LOCK_BOOKING", LOCK_AS_IT_WAS)
    payment = await late(await scene.on_sale(capacity=3), 3)
    await scene.held(3, by=await scene.make_user())
    assert (await payment.end()).status == 201
    with pytest.raises(AssertionError):
        await scene.balanced()
    scene.rows("UPDATE ticket_types SET capacity = 6 WHERE capacity = 3")  # what was sold of three
    await scene.balanced()
