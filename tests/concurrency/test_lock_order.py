"""Ticket types are locked last: whoever holds one waits for no other lock."""

import asyncio
from collections import defaultdict
from typing import Any

import pytest

from bms.commands.idempotency import Key, StoredReply
from bms.commands.sales import inventory
from bms.commands.sales.hold import Ask, hold_tickets
from bms.commands.sales.pricing import Wanted
from bms.sql.database import Database
from bms.sql.session import Session, Transaction
from bms.tasks.sweeps import HOLDS, sweep
from bms.terms import Actor
from tests.concurrency.crowd import Person
from tests.concurrency.shop import Shop
from tests.kit.books import available, let_hold_pass, status_of
from tests.kit.gateways import Pause
from tests.kit.sessions import waiting
from tests.kit.waiting import until
from tests.sql.probe import Gate

LOCKS = {f"ticket_types.{name}" for name in ("reserve", "lock", "reserve_each", "retake", "release")}
# A read, which locks nothing.
AFTER = {*LOCKS, "events.list_versions"}
FREE_AND_PRICED = [
    {"name": "Standing", "price": "0.00", "capacity": 50},
    {"name": "Seated", "price": "10.00", "capacity": 50},
]


@pytest.fixture
def committed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The names of the statements of each transaction that has been committed."""
    transactions: list[list[str]] = []
    running: defaultdict[int, list[str]] = defaultdict(list)
    run, commit, rollback = Session.run, Session.commit, Session.rollback

    def noted(self: Session, statement: Any, *args: Any) -> Any:
        running[id(self)].append(statement.name)
        return run(self, statement, *args)

    def done(self: Session) -> None:
        transactions.append(running.pop(id(self), []))
        commit(self)

    def undone(self: Session) -> None:
        running.pop(id(self), None)
        rollback(self)

    monkeypatch.setattr(Session, "run", noted)
    monkeypatch.setattr(Session, "commit", done)
    monkeypatch.setattr(Session, "rollback", undone)
    return transactions


def ask(person: Person, event: dict[str, Any], ticket_type: int) -> Ask:
    return Ask(
        actor=Actor(person.id),
        user_id=person.id,
        event_id=event["id"],
        wanted=(Wanted(ticket_type, 1),),
        hold_seconds=600,
        key=Key(person.id, "key", "fingerprint"),
        render=lambda view: StoredReply(201, "{}"),
    )


def too_late(transaction: list[str]) -> list[str]:
    """Return the statements of a transaction that come after its ticket types and may wait for a lock."""
    first = next((number for number, name in enumerate(transaction) if name in LOCKS), len(transaction))
    return [name for name in transaction[first:] if name not in AFTER]


async def test_nothing_is_locked_after_the_ticket_types(
    own_shop: Shop, pause: Pause, db: Database, committed: list[list[str]]
) -> None:
    event, people = await own_shop.event(ticket_types=FREE_AND_PRICED), await own_shop.people(5)
    standing, seated = (kind["id"] for kind in event["ticket_types"])

    async def book(number: int, ticket_type: int) -> dict[str, Any]:
        tickets = [{"ticket_type": ticket_type, "quantity": 1}]
        reply = await own_shop.post("/bookings", {"event": event["id"], "tickets": tickets}, people[number])
        assert reply.status == 201, reply.text
        booking: dict[str, Any] = reply.json
        return booking

    free, late, forgotten = await book(0, standing), await book(1, seated), await book(2, seated)
    await db.transact(
        hold_tickets,
        asks=[ask(person, event, kind) for person, kind in zip(people[3:], (standing, seated), strict=True)],
    )
    assert (await own_shop.cancel(people[0], free)).status == 200
    paying = asyncio.create_task(own_shop.pay(people[1], late))
    await pause.reached.wait()
    for booking in (late, forgotten):
        let_hold_pass(own_shop.rows, booking)
    assert await sweep(db, HOLDS) == 2
    pause.go.set()
    assert (await paying).status == 201

    assert {name for transaction in committed for name in transaction} >= LOCKS
    assert [transaction for transaction in committed if too_late(transaction)] == []
    await own_shop.check()


def test_a_statement_that_comes_too_late_is_found() -> None:
    """The twin: the order of a free hold as it was once, in which the tickets' foreign keys came last."""
    wrong = ["bookings.insert", "ticket_types.reserve", "tickets.insert", "outbox.insert"]
    assert too_late(wrong) == ["tickets.insert", "outbox.insert"]
    assert too_late(["bookings.insert", "tickets.insert", "ticket_types.reserve"]) == []


@pytest.mark.needs("UPDLOCK")
async def test_an_organiser_and_a_free_booking_do_not_deadlock(
    own_shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The organiser has the event and waits for its ticket types, which the buyer has just taken.

    On SQL Server a buyer who went on to insert tickets would wait for the event, as their foreign keys lock
    it. PostgreSQL's foreign keys do not, so that there this passes in either order.
    """
    gate, reserve = Gate(), inventory.reserve

    def reserve_and_stop(tx: Transaction, *args: Any, **kwargs: Any) -> None:
        reserve(tx, *args, **kwargs)
        gate()

    organizer, buyer = await own_shop.person("EVENT_MANAGER"), await own_shop.person()
    event = await own_shop.event(organizer, price="0.00")
    monkeypatch.setattr(inventory, "reserve", reserve_and_stop)
    with caplog.at_level("INFO", "bms.sql"):
        booking = asyncio.create_task(own_shop.hold(buyer, event))
        await asyncio.to_thread(gate.reached.wait, 10)
        moving = asyncio.create_task(
            own_shop.patch(f"/events/{event['id']}", {"starts_at": "2099-08-02T19:30:00Z"}, organizer)
        )
        try:
            await until(lambda: waiting(own_shop.rows.connection) > 0)
        finally:
            gate.open.set()
        held, moved = await asyncio.gather(booking, moving)
    assert "deadlock victim" not in caplog.text
    assert moved.status == 200
    assert (status_of(own_shop.rows, held), available(own_shop.rows, event)) == ("CONFIRMED", 99)
    await own_shop.check()
