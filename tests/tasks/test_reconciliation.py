"""What a crash, a time-out or a late answer leaves open is found and settled, once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bms.errors import GatewayUnavailable
from bms.payments.gateway import Charge, Outcome, OutcomeStatus
from bms.payments.simulated.gateway import SimulatedGateway
from bms.sql.database import Database
from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.reconciliation import Reconciler, send_due_refunds
from bms.tasks.sweeps import HOLDS, sweep
from tests.kit.api import Api
from tests.kit.cards import ANSWER_LOST, CARD, NO_ANSWER, SLOW
from tests.kit.scene import Scene
from tests.kit.types import Rows
from tests.kit.users import User


def statuses(rows: Rows) -> tuple[str, str]:
    (row,) = rows(
        "SELECT b.status AS booking, p.status AS payment"
        " FROM bookings b INNER JOIN payments p ON p.booking_id = b.id"
    )
    return row.booking, row.payment


async def test_a_charge_that_never_arrived_fails_and_the_hold_can_be_paid_again(scene: Scene) -> None:
    booking = await scene.held()
    (await scene.pay(booking, NO_ANSWER)).problem(503, "gateway_unavailable")
    (await scene.pay(booking)).problem(409, "payment_in_progress")
    assert await Reconciler(scene.db, scene.gateway, older_than=3600).settle_payments() == 0, (
        "it is too young"
    )
    assert await Reconciler(scene.db, scene.gateway, older_than=0).settle_payments() == 1
    assert statuses(scene.rows) == ("PENDING", "FAILED")
    assert (await scene.pay(booking)).status == 201
    await scene.check()


async def test_a_charge_that_was_made_without_an_answer_confirms_the_booking(scene: Scene) -> None:
    booking = await scene.held()
    (await scene.pay(booking, ANSWER_LOST)).problem(503, "gateway_unavailable")
    assert await Reconciler(scene.db, scene.gateway, older_than=0).settle_payments() == 1
    assert statuses(scene.rows) == ("CONFIRMED", "SUCCEEDED")
    assert await Reconciler(scene.db, scene.gateway, older_than=0).settle_payments() == 0
    await scene.check()


async def test_a_slow_charge_is_left_alone_until_it_has_an_outcome(scene: Scene, tmp_path: Any) -> None:
    gateway = scene.gateway
    gateway._slow_seconds = 1.0
    booking = await scene.held()
    paying = asyncio.create_task(scene.pay(booking, SLOW))
    async with asyncio.timeout(10):
        while not await gateway.entries():  # noqa: ASYNC110  # another process's books tell nobody
            await asyncio.sleep(0.02)
    with pytest.raises(GatewayUnavailable):
        await Reconciler(scene.db, gateway, older_than=0).settle_payments()
    assert (await paying).status == 201
    assert statuses(scene.rows) == ("CONFIRMED", "SUCCEEDED")
    await scene.check()


async def test_a_request_that_was_only_slow_cannot_charge_what_was_written_off(scene: Scene) -> None:
    booking = await scene.held()
    (await scene.pay(booking, NO_ANSWER)).problem(503, "gateway_unavailable")
    assert await Reconciler(scene.db, scene.gateway, older_than=0).settle_payments() == 1
    (payment,) = scene.rows("SELECT reference, amount FROM payments")
    late = await scene.gateway.charge(Charge(payment.reference, payment.amount, "EUR", "card", CARD))
    assert (late.status, late.failure_code) == (OutcomeStatus.FAILED, "voided")


@pytest.mark.parametrize("others_buy", [0, 1])
async def test_a_late_success_takes_the_tickets_again_or_is_given_back(
    scene: Scene, db: Database, rows: Rows, others_buy: int
) -> None:
    await scene.on_sale(capacity=2)
    booking = await scene.held(2)
    (await scene.pay(booking, ANSWER_LOST)).problem(503, "gateway_unavailable")
    rows("UPDATE bookings SET hold_expires_at = created_at WHERE id = ?", booking["id"])
    assert await sweep(db, HOLDS) == 1
    for _ in range(others_buy):
        other = await scene.make_user()
        assert (await scene.pay(await scene.held(by=other), by=other)).status == 201
    assert await Reconciler(db, scene.gateway, older_than=0).settle_payments() == 1
    (row,) = rows("SELECT status FROM bookings WHERE id = ?", booking["id"])
    assert row.status == ("EXPIRED" if others_buy else "CONFIRMED")
    assert await send_due_refunds(db, scene.gateway) == others_buy
    kinds = [row.kind for row in rows("SELECT kind FROM outbox WHERE recipient = ?", scene.buyer.email)]
    assert ("payment_returned" in kinds) == bool(others_buy)
    totals = await scene.gateway.totals("EUR")
    assert totals.charged - totals.refunded == (25 if others_buy else 50)
    await scene.check()


async def test_a_late_success_buys_no_tickets_of_an_event_that_has_begun(
    scene: Scene, db: Database, rows: Rows
) -> None:
    booking = await scene.held()
    (await scene.pay(booking, ANSWER_LOST)).problem(503, "gateway_unavailable")
    rows("UPDATE bookings SET hold_expires_at = created_at WHERE id = ?", booking["id"])
    assert await sweep(db, HOLDS) == 1
    rows("UPDATE events SET starts_at = created_at WHERE id = ?", scene.event["id"])
    assert await Reconciler(db, scene.gateway, older_than=0).settle_payments() == 1
    assert await send_due_refunds(db, scene.gateway) == 1
    assert statuses(rows) == ("EXPIRED", "REFUNDED")
    await scene.check()


async def test_a_payment_of_an_event_cancelled_meanwhile_is_given_back(
    api: Api, scene: Scene, db: Database
) -> None:
    booking = await scene.held()
    (await scene.pay(booking, ANSWER_LOST)).problem(503, "gateway_unavailable")
    await api.post(f"/events/{scene.event['id']}/cancel", {}, token=scene.organiser.token)
    assert await cancel_bookings_of_events(db) == 1
    assert await Reconciler(db, scene.gateway, older_than=0).settle_payments() == 1
    assert await send_due_refunds(db, scene.gateway) == 1
    assert statuses(scene.rows) == ("CANCELLED", "REFUNDED")
    await scene.check()


async def test_the_request_s_key_gets_the_answer_that_was_found_out(
    api: Api, scene: Scene, buyer: User
) -> None:
    booking = await scene.held()
    body = {
        "booking_id": booking["id"],
        "method": "card",
        "details": {**CARD, "number": ANSWER_LOST},
    }
    headers = {"Idempotency-Key": "k"}
    first = await api.post("/payments", body, token=buyer.token, headers=headers)
    first.problem(503, "gateway_unavailable")
    running = await api.post("/payments", body, token=buyer.token, headers=headers)
    running.problem(409, "request_in_progress")
    await Reconciler(scene.db, scene.gateway, older_than=0).settle_payments()
    repeat = await api.post("/payments", body, token=buyer.token, headers=headers)
    assert (repeat.status, repeat.json["status"]) == (201, "SUCCEEDED")


async def test_two_processes_settle_a_payment_once(scene: Scene) -> None:
    booking = await scene.held()
    await scene.pay(booking, ANSWER_LOST)
    await asyncio.gather(
        *(Reconciler(scene.db, scene.gateway, older_than=0).settle_payments() for _ in range(4))
    )
    assert len(scene.rows("SELECT id FROM tickets")) == 1
    assert len(scene.rows("SELECT id FROM outbox WHERE kind = 'booking_confirmed'")) == 1
    await scene.check()


class Wire:
    """The wire to the gateway: writes down the references that are asked about, and is down for ``dead``."""

    def __init__(self, gateway: SimulatedGateway, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.dead: set[str] | None = None  # None: for all
        for name in ("void", "refund"):
            monkeypatch.setattr(gateway, name, self._through(getattr(gateway, name)))

    def _through(self, ask: Callable[..., Awaitable[Outcome]]) -> Callable[..., Awaitable[Outcome]]:
        async def asked(reference: str, *rest: Any) -> Outcome:
            self.asked.append(reference)
            if self.dead is None or reference in self.dead:
                raise GatewayUnavailable
            return await ask(reference, *rest)

        return asked


@pytest.fixture
def wire(gateway: SimulatedGateway, monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(gateway, monkeypatch)


@pytest.fixture
async def stale(scene: Scene) -> list[str]:
    """The references of four payments whose requests got no answer, in the order they were made."""
    for _ in range(4):
        (await scene.pay(await scene.held(), NO_ANSWER)).problem(503, "gateway_unavailable")
    return [row.reference for row in scene.rows("SELECT reference FROM payments ORDER BY id")]


async def test_a_gateway_that_is_down_is_asked_for_one_payment_a_batch(
    scene: Scene, wire: Wire, stale: list[str]
) -> None:
    reconciler = Reconciler(scene.db, scene.gateway, older_than=0)
    for _ in range(3):
        with pytest.raises(GatewayUnavailable):
            await reconciler.settle_payments()
    assert wire.asked == stale[:3]
    wire.dead = set()
    assert await reconciler.settle_payments() == 1
    assert await reconciler.settle_payments() == 3, "it begins anew"
    assert wire.asked == [*stale[:3], stale[3], *stale[:3]]
    assert await reconciler.settle_payments() == 0
    await scene.check()


async def test_a_payment_that_stays_unknown_keeps_no_other_waiting(
    scene: Scene, wire: Wire, stale: list[str]
) -> None:
    wire.dead = {stale[1]}
    reconciler = Reconciler(scene.db, scene.gateway, older_than=0)
    assert await reconciler.settle_payments() == 1, "what was done before the gateway fell silent counts"
    assert wire.asked == stale[:2]
    assert await reconciler.settle_payments() == 2
    with pytest.raises(GatewayUnavailable):
        await reconciler.settle_payments()
    assert wire.asked == [*stale, stale[1]]
    await scene.check()


@pytest.fixture
async def due(api: Api, scene: Scene) -> list[str]:
    """The references of three refunds of a cancelled event that are due, in the order they are sent."""
    event = scene.event
    for _ in range(3):
        assert (await scene.pay(await scene.held())).status == 201
    await api.post(f"/events/{event['id']}/cancel", {}, token=scene.organiser.token)
    assert await cancel_bookings_of_events(scene.db) == 3
    scene.rows("UPDATE refunds SET retry_at = created_at")
    return [row.reference for row in scene.rows("SELECT reference FROM refunds ORDER BY retry_at, id")]


async def test_a_gateway_that_is_down_is_asked_for_one_refund_a_batch(
    scene: Scene, db: Database, wire: Wire, due: list[str]
) -> None:
    for _ in range(3):
        with pytest.raises(GatewayUnavailable):
            await send_due_refunds(db, scene.gateway)
    assert wire.asked == due, "the one that got no answer is put off"
    assert await send_due_refunds(db, scene.gateway) == 0
    assert wire.asked == due
    scene.rows("UPDATE refunds SET retry_at = created_at")
    wire.dead = set()
    assert await send_due_refunds(db, scene.gateway) == 3
    await scene.check()


async def test_refunds_that_were_sent_before_the_gateway_fell_silent_count(
    scene: Scene, db: Database, wire: Wire, due: list[str]
) -> None:
    wire.dead = {due[1]}
    assert await send_due_refunds(db, scene.gateway) == 1
    assert await send_due_refunds(db, scene.gateway) == 1
    assert wire.asked == due
    scene.rows("UPDATE refunds SET retry_at = created_at")
    with pytest.raises(GatewayUnavailable):
        await send_due_refunds(db, scene.gateway)
    await scene.check()
