"""The same ticket cancelled by many at once is given back once, and two different ones both are."""

import asyncio
from typing import Any

import pytest

from bms.commands.sales import cancel_tickets
from bms.sql.statements import Statement
from tests.concurrency.shop import Shop
from tests.kit.api import Reply
from tests.kit.scene import Scene
from tests.kit.waiting import Meeting


async def cancel(scene: Scene, booking: dict[str, Any], *tickets: int) -> Reply:
    path = f"/bookings/{booking['id']}/cancel"
    return await scene.api.post(path, {"tickets": list(tickets)}, token=scene.buyer.token)


async def bought(scene: Scene, quantity: int) -> tuple[dict[str, Any], list[int]]:
    booking = await scene.shown(await scene.paid(quantity))
    return booking, [ticket["id"] for ticket in booking["tickets"]]


async def test_the_same_ticket_is_given_back_once(scene: Scene) -> None:
    booking, tickets = await bought(scene, 3)
    replies = await asyncio.gather(*(cancel(scene, booking, tickets[0]) for _ in range(8)))
    assert {reply.status for reply in replies} == {200}
    shown = await scene.shown(booking)
    assert (shown["live_quantity"], [r["amount"] for r in shown["refunds"]]) == (2, ["25.00"])
    assert scene.available() == 98
    await scene.check()


async def test_all_tickets_one_by_one_at_once_end_the_booking_once(scene: Scene) -> None:
    booking, tickets = await bought(scene, 6)
    replies = await asyncio.gather(*(cancel(scene, booking, ticket) for ticket in tickets))
    assert {reply.status for reply in replies} == {200}
    shown = await scene.shown(booking)
    assert (shown["status"], shown["refund_due"]) == ("CANCELLED", "150.00")
    assert len(shown["refunds"]) == 6
    assert scene.available() == 100
    await scene.check()


async def test_a_ticket_and_the_whole_booking_at_once(scene: Scene) -> None:
    for _ in range(3):
        booking, tickets = await bought(scene, 4)
        await asyncio.gather(
            cancel(scene, booking, tickets[0], tickets[1]),
            scene.cancel(booking),
            cancel(scene, booking, tickets[1], tickets[2]),
        )
        shown = await scene.shown(booking)
        assert (shown["status"], shown["refund_due"]) == ("CANCELLED", "100.00")
        await scene.check()
    assert scene.available() == 100


async def test_several_processes_give_back_each_ticket_once(shop: Shop) -> None:
    event = await shop.event(capacity=40, refund_policy={"percent": 50})
    for person in await shop.people(4):
        booking = await shop.hold(person, event, 5)
        assert (await shop.pay(person, booking)).status == 201
        path = f"/bookings/{booking['id']}"
        tickets = [ticket["id"] for ticket in (await shop.get(path, person)).json["tickets"]]
        bodies = [{"tickets": [ticket]} for ticket in tickets[:3] for _ in range(3)]
        bodies += [{"tickets": tickets[1:4]}, {"tickets": tickets[:2]}]
        replies = await asyncio.gather(*(shop.post(f"{path}/cancel", body, person) for body in bodies))
        assert {reply.status for reply in replies} == {200}
        shown = (await shop.get(path, person)).json
        assert (shown["status"], shown["live_quantity"]) == ("CONFIRMED", 1)
        assert sum(float(refund["amount"]) for refund in shown["refunds"]) == 4 * 12.50
    (kind,) = shop.rows("SELECT available FROM ticket_types WHERE event_id = ?", event["id"])
    assert kind.available == 40 - 4
    await shop.check()


async def test_without_the_guards_a_ticket_is_given_back_more_than_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: whoever has read a valid ticket cancels it, and counts it."""
    unguarded = Statement(
        "test.cancel_some_unguarded",
        "@booking_id BIGINT, @ids BIGINT LIST",
        "UPDATE tickets SET status = 'CANCELLED' WHERE id IN (@ids) AND booking_id = @booking_id",
    )
    unlocked = Statement(
        "test.lock_nothing",
        "@id BIGINT",
        "SELECT id FROM bookings WHERE id = @id",
        cancel_tickets.LockedRow,
    )
    read = cancel_tickets.list_tickets
    meeting = Meeting(patience=5)

    def meet(*args: Any, **kwargs: Any) -> Any:
        tickets = read(*args, **kwargs)
        meeting()
        return tickets

    monkeypatch.setattr(cancel_tickets, "CANCEL", unguarded)
    monkeypatch.setattr(cancel_tickets, "LOCK", unlocked)
    monkeypatch.setattr(cancel_tickets, "list_tickets", meet)
    monkeypatch.setattr(cancel_tickets.to_buyers, "tickets_cancelled", lambda *_, **__: None)
    booking, tickets = await bought(scene, 3)
    await asyncio.gather(*(cancel(scene, booking, tickets[0]) for _ in range(2)))
    assert scene.available() == 99, "one ticket was sold twice: 97 and two given back"
