"""The same Idempotency-Key from eight connections: the work is done once and all are answered alike."""

import asyncio
import itertools
import threading
from typing import Any

import pytest

from bms.commands import idempotency
from tests.concurrency.shop import Shop
from tests.kit.api import Reply
from tests.kit.books import available, count

CONNECTIONS = 8


@pytest.mark.needs("text in OPENJSON")
async def test_eight_connections_make_one_booking(shop: Shop) -> None:
    event, person = await shop.event(), await shop.person()
    body = {"event": event["id"], "quantity": 2}
    replies = await asyncio.gather(
        *(shop.post("/bookings", body, person, key="mine") for _ in range(CONNECTIONS))
    )
    assert [reply.status for reply in replies] == [201] * CONNECTIONS
    assert len({reply.text for reply in replies}) == 1
    assert sum("Idempotency-Replayed" not in reply.headers for reply in replies) == 1
    assert count(shop.rows, "bookings", "user_id = ?", person.id) == 1
    assert available(shop.rows, event) == 98
    await shop.check()


async def test_eight_connections_pay_once(shop: Shop) -> None:
    """While the first one's payment runs the others are told so, and come again."""
    person = await shop.person()
    booking = await shop.hold(person, await shop.event(), 2)

    async def pay() -> Reply:
        while True:
            reply = await shop.pay(person, booking, key="mine")
            if reply.status != 409:
                return reply
            reply.problem(409, "request_in_progress")
            await asyncio.sleep(0.05)

    replies = await asyncio.gather(*(pay() for _ in range(CONNECTIONS)))
    assert [reply.status for reply in replies] == [201] * CONNECTIONS
    assert len({reply.text for reply in replies}) == 1
    assert count(shop.rows, "payments", "booking_id = ?", booking["id"]) == 1
    assert count(shop.rows, "tickets", "booking_id = ?", booking["id"]) == 2
    await shop.check()


async def test_without_the_primary_key_there_are_eight_bookings(
    own_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: all have looked for the key before the first one writes it, and nothing stops the others."""
    all_have_looked = threading.Barrier(CONNECTIONS, timeout=10)
    first_replies, numbers = idempotency.first_replies, itertools.count()

    def look_together(*arguments: Any) -> Any:
        found = first_replies(*arguments)
        if next(numbers) < CONNECTIONS:
            all_have_looked.wait()
        return found

    monkeypatch.setattr(idempotency, "first_replies", look_together)
    own_shop.rows("ALTER TABLE idempotency_keys DROP CONSTRAINT pk_idempotency_keys")
    event, person = await own_shop.event(), await own_shop.person()
    body = {"event": event["id"], "quantity": 2}
    replies = await asyncio.gather(
        *(own_shop.post("/bookings", body, person, key="mine") for _ in range(CONNECTIONS))
    )
    assert [reply.status for reply in replies] == [201] * CONNECTIONS
    assert len({reply.json["id"] for reply in replies}) == CONNECTIONS
    assert available(own_shop.rows, event) == 100 - 2 * CONNECTIONS
