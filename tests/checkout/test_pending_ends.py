"""What else may end while a payment waits for its buyer: the booking, the event, the database."""

import asyncio
import sqlite3
from decimal import Decimal
from typing import Any

import pytest

from bms.commands.sales.pending import await_buyer
from bms.errors import DatabaseUnavailable, GatewayUnavailable
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.reconciliation import Reconciler, ask_about_pending, send_due_refunds
from bms.tasks.sweeps import HOLDS, sweep
from tests.kit.api import Api
from tests.kit.cards import NEEDS_BUYER
from tests.kit.gateways import Pause
from tests.kit.notices import Notifier
from tests.kit.scene import Scene
from tests.kit.types import Books, Rows
from tests.kit.users import User
from tests.kit.waits import Wait, begin_wait


@pytest.fixture
async def wait(scene: Scene, notifier: Notifier) -> Wait:
    """A payment of two tickets that waits for its buyer."""
    return await begin_wait(scene, notifier, 2)


async def settle_all(wait: Wait) -> None:
    """Do what the background does until nothing is left to do."""
    scene = wait.scene
    await Reconciler(scene.db, scene.gateway).settle_payments()
    scene.rows("UPDATE refunds SET retry_at = created_at")
    await send_due_refunds(scene.db, scene.gateway)
    await scene.check()


async def kept(wait: Wait) -> Decimal:
    """Return the money that the gateway has taken and not given back."""
    totals = await wait.scene.gateway.totals("EUR")
    return totals.charged - totals.refunded


@pytest.mark.parametrize("approved", [None, False, True])
async def test_a_buyer_who_cancels_gives_the_payment_up(wait: Wait, approved: bool | None) -> None:
    """Approved at the gateway just before, the money comes back."""
    scene = wait.scene
    if approved is not None:
        await wait.decide(approved=approved)
    reply = await scene.cancel(wait.booking)
    assert (reply.status, reply.json["status"]) == (200, "CANCELLED")
    assert reply.json["payment"]["next_action"] is None
    assert scene.available() == 100
    await scene.balanced()
    await settle_all(wait)
    assert wait.status() == ("CANCELLED", "REFUNDED" if approved else "FAILED")
    assert await kept(wait) == 0
    (await wait.decide(approved=True))
    assert await kept(wait) == 0, "who approves after that pays nothing"
    returned = scene.count("outbox", "kind = 'payment_returned'")
    assert returned == (1 if approved else 0)


@pytest.mark.parametrize("path", ["/orders/{}", "/api/orders/{}/delete/"])
async def test_an_order_of_source_001_is_deleted_likewise(api: Api, wait: Wait, path: str) -> None:
    reply = await api.patch(path.format(wait.booking["id"]), {}, token=wait.scene.buyer.token)
    assert (reply.status, reply.json["status"]) == (200, "deleted")
    await settle_all(wait)
    assert wait.status() == ("CANCELLED", "FAILED")


@pytest.mark.parametrize("approved", [False, True])
@pytest.mark.parametrize("call", ["cancel", "delete"])
async def test_an_event_that_is_cancelled(api: Api, wait: Wait, call: str, approved: bool) -> None:
    scene = wait.scene
    path = f"/events/{scene.event['id']}"
    if call == "cancel":
        await api.post(f"{path}/cancel", {}, token=scene.organiser.token)
    else:
        assert (await api.delete(path, token=scene.organiser.token)).status == 200, "it is booked"
    if approved:
        await wait.decide(approved=True)
        await wait.notice()
        assert wait.status() == ("CONFIRMED", "SUCCEEDED"), "the job has not come to it yet"
    assert await cancel_bookings_of_events(scene.db) == 1
    await settle_all(wait)
    assert wait.status() == ("CANCELLED", "REFUNDED" if approved else "FAILED")
    assert await kept(wait) == 0
    assert scene.count("outbox", "kind = 'event_cancelled'") == 1


async def test_an_event_that_has_begun_and_is_over(wait: Wait, rows: Rows) -> None:
    """The tickets are held: the buyer gets them as long as the hold lasts, as who pays directly does."""
    rows("UPDATE events SET starts_at = created_at, ends_at = DATEADD(SECOND, 1, created_at)")
    await wait.decide(approved=True)
    await wait.notice()
    assert wait.status() == ("CONFIRMED", "SUCCEEDED")
    await wait.scene.check()


async def test_a_buyer_whose_account_is_closed_has_what_was_bought(api: Api, wait: Wait, admin: User) -> None:
    body = {"is_active": False}
    assert (await api.patch(f"/users/{wait.scene.buyer.id}", body, token=admin.token)).status == 200
    await wait.decide(approved=True)
    await wait.notice()
    assert wait.status() == ("CONFIRMED", "SUCCEEDED")
    await wait.scene.check()


@pytest.mark.parametrize("others_buy", [False, True])
async def test_a_success_that_comes_after_the_hold(wait: Wait, others_buy: bool) -> None:
    """The tickets are taken again if they are free; if not, the money goes back. Nothing is sold twice."""
    scene = wait.scene
    await wait.decide(approved=True)
    wait.let_time_pass()
    assert await sweep(scene.db, HOLDS) == 1
    if others_buy:
        scene.rows("UPDATE ticket_types SET capacity = 1, available = 1")
        other = await scene.make_user()
        assert (await scene.pay(await scene.held(by=other), by=other)).status == 201
    assert (await wait.notice()).status == 204
    await settle_all(wait)
    assert wait.status() == (("EXPIRED", "REFUNDED") if others_buy else ("CONFIRMED", "SUCCEEDED"))
    assert scene.count("outbox", "kind = 'payment_returned'") == others_buy
    assert await kept(wait) == (25 if others_buy else 50)


@pytest.fixture
def late_money(settings: Settings) -> Any:
    """Have the gateway take the money of a charge that it had voided, as none should."""

    def take(reference: str) -> None:
        with sqlite3.connect(settings.data_dir / "gateway.sqlite3") as books:
            books.execute("UPDATE charges SET status = 'SUCCEEDED' WHERE reference = ?", (reference,))
        books.close()

    return take


@pytest.mark.parametrize("then", ["nothing", "paid again", "pays again", "cancelled", "expired"])
async def test_money_that_comes_after_the_payment_has_failed_goes_back(
    wait: Wait, notifier: Notifier, late_money: Any, then: str
) -> None:
    scene = wait.scene
    failed = await wait.decide(approved=False)
    await wait.notice()
    other = None
    if then == "paid again":
        assert (await scene.pay(wait.booking)).status == 201
    elif then == "pays again":
        reply = await scene.pay(wait.booking, NEEDS_BUYER)
        other = Wait(scene, notifier, wait.booking, reply.json)
    elif then == "cancelled":
        assert (await scene.cancel(wait.booking)).status == 200
    elif then == "expired":
        scene.let_hold_pass(wait.booking)
        assert await sweep(scene.db, HOLDS) == 1
    late_money(failed.reference)
    before = scene.status(wait.booking)
    for number in range(2):
        assert (await wait.notice(notice_id=f"ev_late_{number}")).status == 204
    assert wait.status() == (before, "RETURNED")
    (refund,) = scene.rows("SELECT amount, status FROM refunds")
    assert tuple(refund) == (Decimal("50.00"), "PENDING")
    await scene.balanced()
    if other is not None:
        await other.decide(approved=True)
        assert (await other.notice()).status == 204
    await settle_all(wait)
    is_paid = then in ("paid again", "pays again")
    assert wait.status() == ("CONFIRMED" if is_paid else before, "REFUNDED")
    assert await kept(wait) == (50 if is_paid else 0)
    (mail,) = scene.rows("SELECT payload FROM outbox WHERE kind = 'payment_returned'")
    assert '"had_failed":true' in mail.payload.replace(" ", "")


async def test_who_is_given_back_late_money_can_still_ask_for_a_refund(wait: Wait, late_money: Any) -> None:
    """Of a booking with a returned payment and a good one, a refund is of the good one."""
    scene = wait.scene
    failed = await wait.decide(approved=False)
    await wait.notice()
    assert (await scene.pay(wait.booking)).status == 201
    late_money(failed.reference)
    await wait.notice(notice_id="ev_late")
    await settle_all(wait)
    body = {"booking_id": wait.booking["id"]}
    assert (await scene.api.post("/refunds", body, token=scene.buyer.token)).status == 201
    assert await kept(wait) == 0
    await scene.check()


@pytest.mark.parametrize("what", ["booking", "event"])
async def test_what_ended_while_the_gateway_was_asked_waits_for_nobody(
    api: Api, scene: Scene, pause: Pause, what: str
) -> None:
    booking = await scene.held()
    request = asyncio.create_task(scene.pay(booking, NEEDS_BUYER))
    await pause.reached.wait()
    if what == "booking":
        scene.let_hold_pass(booking)
        assert await sweep(scene.db, HOLDS) == 1
    else:
        await api.post(f"/events/{scene.event['id']}/cancel", {}, token=scene.organiser.token)
    pause.go.set()
    problem = (await request).problem(402, "payment_declined")
    assert problem["gateway_code"] == "not_completed"
    assert "Nothing was charged" in problem["detail"]
    (entry,) = await scene.gateway.entries()
    assert entry.status == "FAILED"
    await cancel_bookings_of_events(scene.db)
    await scene.check()


async def test_a_hold_past_its_deadline_and_not_swept_waits(scene: Scene, pause: Pause) -> None:
    booking = await scene.held()
    request = asyncio.create_task(scene.pay(booking, NEEDS_BUYER))
    await pause.reached.wait()
    scene.let_hold_pass(booking)
    pause.go.set()
    assert (await request).status == 202
    assert await sweep(scene.db, HOLDS) == 0


async def test_a_notice_that_overtakes_the_reply(scene: Scene, pause: Pause, notifier: Notifier) -> None:
    """Approved in the bank's app before BMS has written that the payment waits."""
    booking = await scene.held()
    request = asyncio.create_task(scene.pay(booking, NEEDS_BUYER, headers={"Idempotency-Key": "k"}))
    await pause.reached.wait()
    assert pause.outcome is not None
    entry = await scene.gateway.decide(pause.outcome.gateway_reference, approved=True)
    assert entry is not None
    payment = {"id": 1, "next_action": {"url": f"/{entry.gateway_reference}"}}
    assert (await Wait(scene, notifier, booking, payment).notice()).status == 204
    pause.go.set()
    reply = await request
    assert (reply.status, reply.json["status"]) == (201, "SUCCEEDED")
    assert scene.status(booking) == "CONFIRMED"
    repeat = await scene.pay(booking, NEEDS_BUYER, headers={"Idempotency-Key": "k"})
    assert (repeat.status, repeat.text) == (201, reply.text)
    await scene.check()


async def test_the_database_away_when_the_wait_should_begin(
    scene: Scene, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The buyer never heard where to go: it is voided like any charge without an answer."""
    booking = await scene.held()
    transact = db.transact

    async def away(command: Any, *args: Any, **kwargs: Any) -> Any:
        if command is await_buyer:
            raise DatabaseUnavailable()
        return await transact(command, *args, **kwargs)

    headers = {"Idempotency-Key": "k"}
    with monkeypatch.context() as patch:
        patch.setattr(db, "transact", away)
        (await scene.pay(booking, NEEDS_BUYER, headers=headers)).problem(503, "database_unavailable")
    (await scene.pay(booking)).problem(409, "payment_in_progress")
    (await scene.cancel(booking)).problem(409, "payment_in_progress")
    assert await Reconciler(db, scene.gateway, older_than=0).settle_payments() == 1
    again = await scene.pay(booking, NEEDS_BUYER, headers=headers)
    assert (again.status, again.json["gateway_code"]) == (402, "not_completed")
    assert (await scene.pay(booking)).status == 201
    await scene.check()


async def test_the_database_away_when_a_notice_comes(
    wait: Wait, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailable()

    await wait.decide(approved=True)
    with monkeypatch.context() as patch:
        patch.setattr(db, "transact", away)
        (await wait.notice()).problem(503, "database_unavailable")
    assert wait.scene.count("gateway_notices") == 0
    assert (await wait.notice()).status == 204
    assert wait.status() == ("CONFIRMED", "SUCCEEDED")


async def test_a_page_whose_notice_is_lost(client: Any, wait: Wait, db: Database, monkeypatch: Any) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailable()

    with monkeypatch.context() as patch:
        patch.setattr(db, "transact", away)
        async with client.post(f"{wait.page}/approve") as page:
            assert (page.status, "is approved" in await page.text()) == (200, True)
    assert wait.status() == ("PENDING", "PROCESSING")
    assert await wait.ask() == 1
    assert wait.status() == ("CONFIRMED", "SUCCEEDED")


async def test_a_gateway_that_does_not_answer_is_asked_again(
    scene: Scene, notifier: Notifier, monkeypatch: pytest.MonkeyPatch, books: Books
) -> None:
    waits = [await begin_wait(scene, notifier) for _ in range(3)]
    for wait in waits:
        await wait.decide(approved=True)
    find, silent = scene.gateway.find_charge, {entry.reference for entry in [await w.entry() for w in waits]}

    async def ask(reference: str) -> Any:
        if reference in silent:
            raise GatewayUnavailable
        return await find(reference)

    monkeypatch.setattr(scene.gateway, "find_charge", ask)
    with pytest.raises(GatewayUnavailable):
        await waits[0].ask()
    assert await ask_about_pending(scene.db, scene.gateway) == 0, "none is due again yet"
    silent.pop()
    assert await waits[0].ask() == 1, "one that stays silent keeps no other waiting"
    silent.clear()
    assert await waits[0].ask() == 2
    assert {wait.status() for wait in waits} == {("CONFIRMED", "SUCCEEDED")}
    await books()


async def test_a_charge_that_the_gateway_has_forgotten_is_voided_at_the_deadline(
    wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(_: str) -> None:
        return None

    monkeypatch.setattr(wait.scene.gateway, "find_charge", unknown)
    assert await wait.ask() == 1
    assert wait.status() == ("PENDING", "PROCESSING")
    assert await wait.pass_deadline() == 1
    assert wait.status() == ("PENDING", "FAILED")


async def test_only_one_process_asks_about_a_payment(wait: Wait, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = wait.scene
    find, asked = scene.gateway.find_charge, []

    async def ask(reference: str) -> Any:
        asked.append(reference)
        return await find(reference)

    monkeypatch.setattr(scene.gateway, "find_charge", ask)
    scene.rows("UPDATE payments SET ask_at = created_at")
    answered = await asyncio.gather(*(ask_about_pending(scene.db, scene.gateway) for _ in range(4)))
    assert (sorted(answered), len(asked)) == ([0, 0, 0, 1], 1)
