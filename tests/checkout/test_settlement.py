"""Payments are settled once, whatever the gateway, the database and other requests do meanwhile."""

import asyncio
import time
from decimal import Decimal
from typing import Any

import pytest

from bms.checkout.settlement import settle
from bms.commands import audit
from bms.commands.sales.settle import settle_payment
from bms.errors import DatabaseUnavailable
from bms.payments.gateway import Outcome, OutcomeStatus
from bms.sql.database import Database
from tests.kit.api import Api
from tests.kit.cards import ANSWER_LOST, NO_ANSWER
from tests.kit.gateways import Pause
from tests.kit.scene import Scene

pytestmark = pytest.mark.usefixtures("charges_balance")


async def test_paying_again_while_a_payment_is_settled_waits_for_its_end(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Both lock the booking before the payment; the other way round one is a deadlock's victim."""
    record = audit.record

    def dawdling(tx: Any, actor: Any, action: str, *entry: Any, **details: Any) -> None:
        record(tx, actor, action, *entry, **details)
        if action == "succeed":
            time.sleep(0.4)

    monkeypatch.setattr(audit, "record", dawdling)
    booking = await scene.held()
    with caplog.at_level("INFO", "bms.sql"):
        first = asyncio.create_task(scene.pay(booking))
        await asyncio.sleep(0.2)
        replies = await asyncio.gather(first, scene.pay(booking))
    assert [reply.status for reply in replies] == [201, 409]
    assert "deadlock victim" not in caplog.text


@pytest.mark.parametrize(("number", "charged"), [(NO_ANSWER, 0), (ANSWER_LOST, 25)])
async def test_a_gateway_that_gives_no_answer(api: Api, scene: Scene, number: str, charged: int) -> None:
    booking = await scene.held()
    reply = await scene.pay(booking, number)
    reply.problem(503, "gateway_unavailable")
    assert reply.headers["Retry-After"] == "5"
    assert (await scene.gateway.totals("EUR")).charged == charged
    shown = await scene.shown(booking)
    assert (shown["status"], shown["payment"]["status"]) == ("PENDING", "PROCESSING")
    (await scene.pay(booking)).problem(409, "payment_in_progress")
    for method, path in (("DELETE", ""), ("POST", "/cancel")):
        refused = await api.request(method, f"/bookings/{booking['id']}{path}", token=scene.buyer.token)
        refused.problem(409, "payment_in_progress")
    assert (scene.status(booking), scene.available()) == ("PENDING", 99)
    assert scene.count("payments") == 1


async def test_the_database_away_after_the_gateway_said_yes(
    scene: Scene, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = await scene.held()
    transact = db.transact

    async def away(command: Any, *args: Any, **kwargs: Any) -> Any:
        if command is settle_payment:
            raise DatabaseUnavailable()
        return await transact(command, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(db, "transact", away)
        (await scene.pay(booking)).problem(503, "database_unavailable")
    assert (await scene.gateway.totals("EUR")).charged == Decimal("25.00")
    (payment,) = scene.rows("SELECT id, reference, status FROM payments")
    assert payment.status == "PROCESSING"
    (await scene.pay(booking)).problem(409, "payment_in_progress")
    outcome = await scene.gateway.find_charge(payment.reference)
    assert outcome is not None
    assert (await settle(db, payment.id, outcome, request_id="test")).status == 201
    assert scene.status(booking) == "CONFIRMED"


async def test_settled_by_several_at_once_it_is_settled_once(scene: Scene, pause: Pause) -> None:
    booking = await scene.held(3)
    request = asyncio.create_task(scene.pay(booking))
    await pause.reached.wait()
    assert pause.outcome is not None
    (payment,) = scene.rows("SELECT id FROM payments")
    pause.go.set()
    answers = await asyncio.gather(
        *(settle(scene.db, payment.id, pause.outcome, request_id="test") for _ in range(5)), request
    )
    assert [answer.status for answer in answers] == [201] * 6
    assert scene.status(booking) == "CONFIRMED"
    assert scene.count("tickets") == 3
    assert scene.count("outbox", "kind = 'booking_confirmed'") == 1
    assert scene.count("audit_log", "action = 'succeed'") == 1
    declined = Outcome(OutcomeStatus.FAILED, "another", "card_declined", "No.")
    assert (await settle(scene.db, payment.id, declined, request_id="test")).status == 201
    assert [row.status for row in scene.rows("SELECT status FROM payments")] == ["SUCCEEDED"]
