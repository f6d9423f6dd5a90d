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
from bms.tasks import sweeps
from bms.tasks.sweeps import HOLDS, sweep
from bms.terms import Actor
from tests.kit.api import Api
from tests.kit.books import LONG_AGO
from tests.kit.scene import Scene
from tests.kit.users import User

ROUNDS = 20
END_HOLD = Statement(
    "test.end_hold",
    "@id BIGINT",
    "UPDATE bookings SET hold_expires_at = SYSUTCDATETIME() WHERE id = @id AND status = 'PENDING'",
)


@pytest.mark.usefixtures("books_balance")
async def test_only_what_is_overdue_and_unpaid_expires(api: Api, scene: Scene, db: Database) -> None:
    running, overdue, paid = [await scene.held(n) for n in (1, 2, 3)]
    assert (await scene.pay(paid)).status == 201
    scene.let_hold_pass(overdue)
    assert await db.transact(expire.expire_hold, booking_id=running["id"]) is False
    assert await sweep(db, HOLDS) == 1
    assert [scene.status(b) for b in (running, overdue, paid)] == ["PENDING", "EXPIRED", "CONFIRMED"]
    assert scene.available() == 96
    shown = await scene.shown(overdue)
    assert (shown["status"], shown["expires_at"]) == ("EXPIRED", None)
    assert await sweep(db, HOLDS) == 0
    assert scene.available() == 96
    assert scene.count("audit_log", "action = 'expire'") == 1


@pytest.mark.usefixtures("books_balance")
async def test_a_backlog_goes_batch_by_batch(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "BATCH", 3)
    for _ in range(7):
        await scene.held()
    scene.rows("UPDATE bookings SET hold_expires_at = ?", LONG_AGO)
    assert [await sweep(scene.db, HOLDS) for _ in range(4)] == [3, 3, 1, 0]
    assert scene.available() == 100


@pytest.mark.usefixtures("books_balance")
async def test_four_sweepers_at_once(scene: Scene) -> None:
    for _ in range(12):
        await scene.held(2)
    scene.rows("UPDATE bookings SET hold_expires_at = ?", LONG_AGO)
    assert sum(await asyncio.gather(*(sweep(scene.db, HOLDS) for _ in range(4)))) == 12
    assert scene.available() == 100


async def test_without_the_guard_several_sweepers_make_tickets_of_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above."""
    unguarded = Statement(
        "test.expire_unguarded",
        "@id BIGINT",
        "UPDATE bookings SET status = 'EXPIRED' OUTPUT inserted.event_id, inserted.user_id WHERE id = @id",
        expire.ExpiredRow,
    )
    monkeypatch.setattr(expire, "EXPIRE", unguarded)
    await scene.held(50)
    overdue = await scene.held(2)
    for _ in range(2):
        await scene.db.transact(expire.expire_hold, booking_id=overdue["id"])
    assert scene.available() == 52


async def test_one_that_fails_does_not_keep_the_others_tickets(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    broken = await scene.make_event()
    bad, good = await scene.held(2, event=broken), await scene.held(2)
    scene.rows("UPDATE ticket_types SET available = capacity WHERE event_id = ?", broken["id"])
    for booking in (bad, good):
        scene.let_hold_pass(booking)
    with caplog.at_level(logging.ERROR):
        assert await sweep(scene.db, HOLDS) == 1
    assert f"the hold of booking {bad['id']}" in caplog.text
    assert [scene.status(booking) for booking in (bad, good)] == ["PENDING", "EXPIRED"]


async def test_a_database_that_is_away_ends_the_batch(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.let_hold_pass(await scene.held())

    async def away(*args: Any, **kwargs: Any) -> None:
        raise DatabaseUnavailable()

    monkeypatch.setattr(scene.db, "transact", away)
    with pytest.raises(DatabaseUnavailable):
        await sweep(scene.db, HOLDS)


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
    api: Api, scene: Scene, db: Database, buyer: User
) -> None:
    """A payment, the sweeper and a second buyer meet at one ticket: it is sold once, no money is lost."""
    other = await scene.make_user()
    kinds = [{"name": f"Seat {n}", "price": "10.00", "capacity": 1} for n in range(ROUNDS)]
    event = await scene.on_sale(ticket_types=kinds)
    for kind in event["ticket_types"]:
        body = {"event": event["id"], "tickets": [{"ticket_type": kind["id"]}]}
        booking = (await api.post("/bookings", body, token=buyer.token)).json
        payment_id = await claim(db, buyer, booking)
        scene.let_hold_pass(booking)
        _, expired, second = await asyncio.gather(
            succeed(db, payment_id), sweep(db, HOLDS), api.post("/bookings", body, token=other.token)
        )
        status = scene.status(booking)
        refunds = scene.count("refunds", "payment_id = ?", payment_id)
        if second.status == 201:
            assert (status, refunds, expired) == ("EXPIRED", 1, 1)
        else:
            assert second.json["code"] == "sold_out"
            assert (status, refunds) == ("CONFIRMED", 0)
        assert scene.count("tickets", "booking_id = ?", booking["id"]) == (status == "CONFIRMED")
    assert scene.available() == 0


@pytest.mark.usefixtures("books_balance")
async def test_a_payment_begun_at_the_moment_the_hold_runs_out(scene: Scene, db: Database) -> None:
    """Either the claim is refused or the payment confirms the booking; never is it charged and expired."""

    async def pay_late(booking: dict[str, Any]) -> str:
        try:
            payment_id = await claim(db, scene.buyer, booking)
        except HoldExpired:
            return "refused"
        await succeed(db, payment_id)
        return "paid"

    for _ in range(ROUNDS):
        booking = await scene.held()
        end, *_ = await asyncio.gather(
            pay_late(booking),
            db.transact(end_hold, booking_id=booking["id"]),
            sweep(db, HOLDS),
            sweep(db, HOLDS),
        )
        await sweep(db, HOLDS)
        status = scene.status(booking)
        assert (end, status) in {("refused", "EXPIRED"), ("paid", "CONFIRMED")}
    confirmed = scene.count("bookings", "status = 'CONFIRMED'")
    assert scene.available() == 100 - confirmed
