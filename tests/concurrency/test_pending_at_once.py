"""Notices, pages, questions and deadlines of a payment at once, in several processes: it is settled once."""

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

import aiohttp
import pytest

from bms.commands.sales import settle
from bms.payments.simulated.gateway import SimulatedGateway
from bms.resources import make_database
from bms.security.signatures import HEADER, Signatures
from bms.sql.database import Database
from bms.sql.statements import Statement
from bms.tasks.reconciliation import Reconciler, ask_about_pending
from tests.concurrency.crowd import Person
from tests.concurrency.shop import Shop
from tests.kit.books import LONG_AGO, count, status_of
from tests.kit.cards import NEEDS_BUYER
from tests.kit.notices import PATH, notice_of
from tests.kit.waits import page_of

WAITS = 12


class Wait:
    """A booking whose payment waits for its buyer, and what may be done about it at each of the servers."""

    def __init__(self, shop: Shop, booking: dict[str, Any], url: str) -> None:
        self.shop, self.booking, self.url = shop, booking, url

    async def notice(self, client: aiohttp.ClientSession, base: str, number: int) -> int:
        """Send a notice of its own number to a server and return the answer's status."""
        entry = await self.shop.gateway.look_up(self.url.rpartition("/")[2])
        assert entry is not None
        raw = json.dumps(notice_of(entry, notice_id=f"ev_{entry.reference}_{number}")).encode()
        signature = Signatures(self.shop.premises.settings.gateway_secret).sign(raw)
        headers = {"Content-Type": "application/json", HEADER: signature}
        async with client.post(base + PATH, data=raw, headers=headers) as reply:
            return reply.status

    async def page(self, client: aiohttp.ClientSession, base: str, decision: str) -> int:
        """Decide on the gateway's page and return the answer's status."""
        async with client.post(f"{base}{self.url}/{decision}") as reply:
            return reply.status


async def begin(shop: Shop, person: Person, event: dict[str, Any]) -> Wait:
    booking = await shop.hold(person, event)
    reply = await shop.pay(person, booking, number=NEEDS_BUYER)
    assert reply.status == 202, reply.text
    return Wait(shop, booking, page_of(reply.json))


def let_ask(shop: Shop, waits: list[Wait]) -> None:
    for wait in waits:
        shop.rows(
            "UPDATE payments SET ask_at = ? WHERE ask_at IS NOT NULL AND booking_id = ?",
            LONG_AGO,
            wait.booking["id"],
        )


def let_deadline_pass(shop: Shop, waits: list[Wait]) -> None:
    for wait in waits:
        shop.rows(
            "UPDATE payments SET pending_until = ? WHERE ask_at IS NOT NULL AND booking_id = ?",
            LONG_AGO,
            wait.booking["id"],
        )


async def background(db: Database, gateway: SimulatedGateway) -> None:
    """What another process does about them all."""
    await asyncio.gather(ask_about_pending(db, gateway), Reconciler(db, gateway).settle_payments())


async def test_all_ways_at_once_settle_each_payment_once(shop: Shop) -> None:
    event, people = await shop.event(), await shop.people(WAITS)
    waits = [await begin(shop, person, event) for person in people]
    let_ask(shop, waits)
    db = make_database(shop.premises.settings, shop.premises.database_url)
    await db.open()
    client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    try:
        async with client:
            work: list[Awaitable[Any]] = []
            for number, wait in enumerate(waits):
                for base in shop.premises.bases:
                    # Two say yes on one server and no on the other: the first decision stands.
                    work.append(wait.page(client, base, "approve" if number % 3 else "decline"))
                    work += [wait.notice(client, base, copy) for copy in range(2)]
                work.append(wait.page(client, shop.premises.bases[0], "decline"))
            let_deadline_pass(shop, waits[::4])
            answers, _, _ = await asyncio.gather(
                asyncio.gather(*work), background(db, shop.gateway), background(db, shop.gateway)
            )
            assert set(answers) == {200, 204}
            # Whoever was not told by then is told now, all at once again.
            await asyncio.gather(
                *(wait.notice(client, base, 9) for wait in waits for base in shop.premises.bases)
            )
    finally:
        await db.close()
    confirmed = 0
    for wait in waits:
        entry = await shop.gateway.look_up(wait.url.rpartition("/")[2])
        assert entry is not None
        (payment,) = shop.rows("SELECT status FROM payments WHERE booking_id = ?", wait.booking["id"])
        assert payment.status == entry.status
        tickets = count(shop.rows, "tickets", "booking_id = ? AND status = 'VALID'", wait.booking["id"])
        assert tickets == (1 if entry.status == "SUCCEEDED" else 0)
        confirmed += status_of(shop.rows, wait.booking) == "CONFIRMED"
        settled = "subject = 'payment' AND subject_id = (SELECT id FROM payments WHERE booking_id = ?)"
        assert count(shop.rows, "announcements", settled, wait.booking["id"]) == 1
    assert confirmed == count(shop.rows, "tickets", "status = 'VALID' AND event_id = ?", event["id"])
    await shop.check()


async def test_without_the_guard_a_payment_is_settled_twice(
    own_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the UPDATE does not ask whether the payment is still in progress."""
    unguarded = Statement(
        "test.settle_again",
        settle.SETTLE.declaration,
        settle.SETTLE.text.replace(" AND status = 'PROCESSING'", ""),
        settle.SettledRow,
    )
    monkeypatch.setattr(settle, "SETTLE", unguarded)
    person = await own_shop.person()
    wait = await begin(own_shop, person, await own_shop.event())
    await own_shop.gateway.decide(wait.url.rpartition("/")[2], approved=True)
    async with aiohttp.ClientSession() as client:
        base = own_shop.premises.bases[0]
        await asyncio.gather(*(wait.notice(client, base, number) for number in range(3)))
    settled = "subject = 'payment' AND kind = 'payment.succeeded'"
    assert count(own_shop.rows, "announcements", settled) > 1
    with pytest.raises(AssertionError):
        await own_shop.check()
    assert count(own_shop.rows, "refunds") == 1, "the buyer has the ticket, and the money goes back"
