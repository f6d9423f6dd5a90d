"""Holds that run out give their tickets back, once, whoever sweeps and whatever happens beside it."""

import asyncio
import logging
from typing import Any

import pytest

from bms.checkout.settlement import settle
from bms.commands.sales import expire
from bms.commands.sales.pay import Claim, claim_payment
from bms.errors import DatabaseUnavailable, HoldExpired
from bms.payments.gateway import Outcome, OutcomeStatus
from bms.sql.database import Database
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.tasks import holds
from bms.tasks.holds import expire_due_holds
from bms.terms import Actor
from tests.kit.api import Api
from tests.kit.books import LONG_AGO, available, count, let_hold_pass, status_of
from tests.kit.types import Make, MakeUser, Pay, Rows
from tests.kit.users import User

ROUNDS = 20
END_HOLD = Statement(
    "test.end_hold",
    "@id BIGINT",
    "UPDATE bookings SET hold_expires_at = SYSUTCDATETIME() WHERE id = @id AND status = 'PENDING'",
)


@pytest.mark.usefixtures("books_balance")
async def test_only_what_is_overdue_and_unpaid_expires(
    api: Api, buyer: User, make_event: Make, hold: Make, pay: Pay, db: Database, rows: Rows
) -> None:
    event = await make_event()
    running, overdue, paid = [await hold(buyer, event, n) for n in (1, 2, 3)]
    assert (await pay(buyer, paid)).status == 201
    let_hold_pass(rows, overdue)
    assert await db.transact(expire.expire_hold, booking_id=running["id"]) is False
    assert await expire_due_holds(db) == 1
    assert [status_of(rows, b) for b in (running, overdue, paid)] == ["PENDING", "EXPIRED", "CONFIRMED"]
    assert available(rows, event) == 96
    shown = (await api.get(f"/bookings/{overdue['id']}", token=buyer.token)).json
    assert (shown["status"], shown["expires_at"]) == ("EXPIRED", None)
    assert await expire_due_holds(db) == 0
    assert available(rows, event) == 96
    assert count(rows, "audit_log", "action = 'expire'") == 1


@pytest.mark.usefixtures("books_balance")
async def test_a_backlog_goes_batch_by_batch(
    buyer: User, make_event: Make, hold: Make, db: Database, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "BATCH", 3)
    event = await make_event()
    for _ in range(7):
        await hold(buyer, event)
    rows("UPDATE bookings SET hold_expires_at = ?", LONG_AGO)
    assert [await expire_due_holds(db) for _ in range(4)] == [3, 3, 1, 0]
    assert available(rows, event) == 100


@pytest.mark.usefixtures("books_balance")
async def test_four_sweepers_at_once(
    buyer: User, make_event: Make, hold: Make, db: Database, rows: Rows
) -> None:
    event = await make_event()
    for _ in range(12):
        await hold(buyer, event, 2)
    rows("UPDATE bookings SET hold_expires_at = ?", LONG_AGO)
    assert sum(await asyncio.gather(*(expire_due_holds(db) for _ in range(4)))) == 12
    assert available(rows, event) == 100


async def test_without_the_guard_several_sweepers_make_tickets_of_nothing(
    buyer: User,
    make_event: Make,
    hold: Make,
    db: Database,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The twin of the test above."""
    unguarded = Statement(
        "test.expire_unguarded",
        "@id BIGINT",
        "UPDATE bookings SET status = 'EXPIRED' OUTPUT inserted.user_id WHERE id = @id",
    )
    monkeypatch.setattr(expire, "EXPIRE", unguarded)
    event = await make_event()
    await hold(buyer, event, 50)
    overdue = await hold(buyer, event, 2)
    for _ in range(2):
        await db.transact(expire.expire_hold, booking_id=overdue["id"])
    assert available(rows, event) == 52


async def test_one_that_fails_does_not_keep_the_others_tickets(
    buyer: User,
    make_event: Make,
    hold: Make,
    db: Database,
    rows: Rows,
    caplog: pytest.LogCaptureFixture,
) -> None:
    event, broken = await make_event(), await make_event()
    bad, good = await hold(buyer, broken, 2), await hold(buyer, event, 2)
    rows("UPDATE ticket_types SET available = capacity WHERE event_id = ?", broken["id"])
    for booking in (bad, good):
        let_hold_pass(rows, booking)
    with caplog.at_level(logging.ERROR):
        assert await expire_due_holds(db) == 1
    assert f"the hold of booking {bad['id']}" in caplog.text
    assert [status_of(rows, booking) for booking in (bad, good)] == ["PENDING", "EXPIRED"]


async def test_a_database_that_is_away_ends_the_batch(
    buyer: User, make_event: Make, hold: Make, db: Database, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_hold_pass(rows, await hold(buyer, await make_event()))

    async def away(*args: Any, **kwargs: Any) -> None:
        raise DatabaseUnavailable()

    monkeypatch.setattr(db, "transact", away)
    with pytest.raises(DatabaseUnavailable):
        await expire_due_holds(db)


def end_hold(tx: Transaction, *, booking_id: int) -> None:
    tx.execute(END_HOLD, id=booking_id)


async def claim(db: Database, user: User, booking: dict[str, Any]) -> int:
    claimed = await db.transact(
        claim_payment,
        Actor(user.id),
        booking_id=booking["id"],
        method="card",
        card_brand=None,
        card_last4=None,
        key=None,
    )
    assert isinstance(claimed, Claim)
    return claimed.payment_id


async def succeed(db: Database, payment_id: int) -> None:
    await settle(db, payment_id, Outcome(OutcomeStatus.SUCCEEDED, "test"), request_id="test")


@pytest.mark.needs("OUTPUT after a wait")
@pytest.mark.usefixtures("books_balance")
async def test_paid_at_the_moment_the_hold_runs_out(
    api: Api, buyer: User, make_user: MakeUser, make_event: Make, db: Database, rows: Rows
) -> None:
    """A payment, the sweeper and a second buyer meet at one ticket: it is sold once, no money is lost."""
    other = await make_user()
    kinds = [{"name": f"Seat {n}", "price": "10.00", "capacity": 1} for n in range(ROUNDS)]
    event = await make_event(ticket_types=kinds)
    for kind in event["ticket_types"]:
        body = {"event": event["id"], "tickets": [{"ticket_type": kind["id"]}]}
        booking = (await api.post("/bookings", body, token=buyer.token)).json
        payment_id = await claim(db, buyer, booking)
        let_hold_pass(rows, booking)
        _, expired, second = await asyncio.gather(
            succeed(db, payment_id), expire_due_holds(db), api.post("/bookings", body, token=other.token)
        )
        status = status_of(rows, booking)
        refunds = count(rows, "refunds", "payment_id = ?", payment_id)
        if second.status == 201:
            assert (status, refunds, expired) == ("EXPIRED", 1, 1)
        else:
            assert second.json["code"] == "sold_out"
            assert (status, refunds) == ("CONFIRMED", 0)
        assert count(rows, "tickets", "booking_id = ?", booking["id"]) == (status == "CONFIRMED")
    assert available(rows, event) == 0


@pytest.mark.usefixtures("books_balance")
async def test_a_payment_begun_at_the_moment_the_hold_runs_out(
    buyer: User, make_event: Make, hold: Make, db: Database, rows: Rows
) -> None:
    """Either the claim is refused or the payment confirms the booking; never is it charged and expired."""
    event = await make_event()

    async def pay_late(booking: dict[str, Any]) -> str:
        try:
            payment_id = await claim(db, buyer, booking)
        except HoldExpired:
            return "refused"
        await succeed(db, payment_id)
        return "paid"

    for _ in range(ROUNDS):
        booking = await hold(buyer, event)
        end, *_ = await asyncio.gather(
            pay_late(booking),
            db.transact(end_hold, booking_id=booking["id"]),
            expire_due_holds(db),
            expire_due_holds(db),
        )
        await expire_due_holds(db)
        status = status_of(rows, booking)
        assert (end, status) in {("refused", "EXPIRED"), ("paid", "CONFIRMED")}
    confirmed = count(rows, "bookings", "status = 'CONFIRMED'")
    assert available(rows, event) == 100 - confirmed
