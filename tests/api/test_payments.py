"""Paying for what is held."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bms.checkout.settlement import settle
from bms.commands import audit
from bms.commands.sales.pay import settle_payment
from bms.errors import DatabaseUnavailable
from bms.payments.gateway import Outcome, OutcomeStatus
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks.holds import expire_due_holds
from tests.kit.api import Api, Reply
from tests.kit.books import available, count, status_of
from tests.kit.cards import AMEX, ANSWER_LOST, CARD, DECLINED, NO_ANSWER, NO_FUNDS
from tests.kit.catalogue import text_columns
from tests.kit.gateways import Pause
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows
from tests.kit.users import User

pytestmark = pytest.mark.usefixtures("charges_balance")


async def test_a_card(api: Api, scene: Scene, buyer: User) -> None:
    held = await scene.held(2)
    reply = await scene.pay(held)
    assert reply.status == 201
    payment = reply.json
    documented = {
        "booking_id": held["id"],
        "user": buyer.id,
        "amount": "50.00",
        "currency": "EUR",
        "method": "card",
        "status": "SUCCEEDED",
        "card": {"brand": "visa", "last4": "4242"},
    }
    assert {key: payment[key] for key in documented} == documented
    assert type(payment["id"]) is int
    assert payment["created_at"].endswith("Z")
    booking = await scene.shown(held)
    assert (booking["status"], booking["expires_at"]) == ("CONFIRMED", None)
    assert booking["confirmed_at"].endswith("Z")
    assert booking["payment"]["id"] == payment["id"]
    assert booking["payment"]["status"] == "SUCCEEDED"
    assert len({ticket["code"] for ticket in booking["tickets"]}) == 2
    assert all(re.fullmatch("[0-9A-F]{26}", ticket["code"]) for ticket in booking["tickets"])
    assert scene.available() == 98
    mails = scene.rows("SELECT recipient, state FROM outbox WHERE kind = 'booking_confirmed'")
    assert [tuple(mail) for mail in mails] == [(buyer.email, "PENDING")]
    assert (await api.get(f"/payments/{payment['id']}", token=buyer.token)).json == payment
    assert [e.amount for e in await scene.gateway.entries()] == [Decimal("50.00")]
    (await scene.pay(held)).problem(409, "booking_not_pending")
    assert len(await scene.gateway.entries()) == 1


@pytest.mark.parametrize("path", ["/payments", "/api/payments/", "/make-payment/", "/api/make-payment"])
async def test_the_paths(api: Api, buyer: User, make_event: Make, hold: Make, path: str) -> None:
    booking = await hold(buyer, await make_event())
    body = {"booking_id": booking["id"], "method": "card", "details": CARD}
    assert (await api.post(path, body, token=buyer.token)).status == 201


async def test_each_other_method(api: Api, buyer: User, make_event: Make, hold: Make) -> None:
    event = await make_event(payment_options=["upi", "netbanking", "wallet"])
    good = {"upi": {"vpa": "ana@okbank"}, "netbanking": {"bank": "HDFC"}, "wallet": {"wallet_id": "w-1"}}
    bad = {"upi": {"vpa": "fail@okbank"}, "netbanking": {"bank": "FAIL"}, "wallet": {"wallet_id": "failure"}}
    for method, details in good.items():
        booking = await hold(buyer, event)
        body = {"booking_id": booking["id"], "method": method, "details": bad[method]}
        declined = (await api.post("/payments", body, token=buyer.token)).problem(402, "payment_declined")
        assert declined["gateway_code"] == "payment_declined"
        reply = await api.post("/payments", {**body, "details": details}, token=buyer.token)
        assert reply.status == 201
        assert (reply.json["method"], reply.json["card"]) == (method, None)
    booking = await hold(buyer, event)
    body = {"booking_id": booking["id"], "method": "card", "details": CARD}
    refused = (await api.post("/payments", body, token=buyer.token)).problem(422, "validation_failed")
    assert [error["pointer"] for error in refused["errors"]] == ["/method"]


@pytest.mark.parametrize(("number", "code"), [(DECLINED, "card_declined"), (NO_FUNDS, "insufficient_funds")])
async def test_a_refusal_leaves_the_hold(api: Api, scene: Scene, number: str, code: str) -> None:
    held = await scene.held(2)
    problem = (await scene.pay(held, number)).problem(402, "payment_declined")
    assert (problem["gateway_code"], problem["booking_id"]) == (code, held["id"])
    booking = await scene.shown(held)
    failed = booking.pop("payment")
    assert (failed["id"], failed["status"]) == (problem["payment_id"], "FAILED")
    assert booking == {key: value for key, value in held.items() if key != "payment"}
    assert (scene.available(), scene.count("outbox", "kind = 'booking_confirmed'")) == (98, 0)
    assert (await scene.pay(held)).status == 201
    listed = (await api.get("/payments", token=scene.buyer.token)).json
    assert [(p["status"], p["failure_code"]) for p in listed] == [("SUCCEEDED", None), ("FAILED", code)]


async def test_who_may_pay_and_see(api: Api, scene: Scene, manager: User) -> None:
    other, admin = await scene.make_user(), await scene.make_user("ADMIN")
    booking = await scene.held()
    for stranger in (other, manager, admin):
        (await scene.pay(booking, by=stranger)).problem(404, "not_found")
    body = {"booking_id": booking["id"], "method": "card", "details": CARD}
    (await api.post("/payments", body)).problem(401, "unauthenticated")
    (await scene.pay({"id": 999_999})).problem(404, "not_found")
    payment = (await scene.pay(booking)).json
    path = f"/payments/{payment['id']}"
    for stranger in (other, manager):
        (await api.get(path, token=stranger.token)).problem(404, "not_found")
        assert (await api.get("/payments", token=stranger.token)).json == []
    assert (await api.get(path, token=admin.token)).json == payment
    assert (await api.get("/payments", token=admin.token)).json == [payment]
    (await api.get(path)).problem(401, "unauthenticated")
    (await api.get("/payments")).problem(401, "unauthenticated")
    for key in ("0", "x", "999999", str(10**30)):
        (await api.get(f"/payments/{key}", token=scene.buyer.token)).problem(404, "not_found")


async def test_pages_show_every_payment_once(api: Api, scene: Scene, buyer: User) -> None:
    admin = await scene.make_user("ADMIN")
    made = [(await scene.pay(await scene.held())).json for _ in range(3)]
    for token in (buyer.token, admin.token):
        first = await api.get("/payments?limit=2", token=token)
        link = first.headers["Link"]
        rest = await api.get(link[1 : link.index(">")], token=token)
        assert first.json + rest.json == made[::-1]
        assert "Link" not in rest.headers
    for query in ("limit=0", "cursor=x"):
        (await api.get(f"/payments?{query}", token=buyer.token)).problem(422, "validation_failed")


async def test_bad_fields_are_named(api: Api, scene: Scene) -> None:
    booking = await scene.held()
    good = {"booking_id": booking["id"], "method": "card", "details": CARD}
    cases: list[tuple[dict[str, Any], str]] = [
        ({"booking_id": "1"}, "/booking_id"),
        ({"booking_id": None}, "/booking_id"),
        ({"method": "cash"}, "/method"),
        ({"method": ["card"]}, "/method"),
        ({"amount": "0.01"}, "/amount"),
        ({"details": None}, "/details"),
        ({"details": "4242424242424242"}, "/details"),
        ({"details": {**CARD, "number": "4242424242424241"}}, "/details/number"),
        ({"details": {**CARD, "number": "4242"}}, "/details/number"),
        ({"details": {**CARD, "number": 4242424242424242}}, "/details/number"),
        ({"details": {**CARD, "expiry": "01/20"}}, "/details/expiry"),
        ({"details": {**CARD, "expiry": "13/40"}}, "/details/expiry"),
        ({"details": {**CARD, "cvv": "12"}}, "/details/cvv"),
        ({"details": {**CARD, "cvv": "1234"}}, "/details/cvv"),
        ({"details": {**CARD, "pin": "1"}}, "/details/pin"),
        ({"method": "upi", "details": {"vpa": "nobody"}}, "/details/vpa"),
        ({"method": "netbanking", "details": {}}, "/details/bank"),
        ({"method": "wallet", "details": {"wallet_id": " "}}, "/details/wallet_id"),
    ]
    for change, pointer in cases:
        reply = await api.post("/payments", {**good, **change}, token=scene.buyer.token)
        problem = reply.problem(422, "validation_failed")
        assert [error["pointer"] for error in problem["errors"]] == [pointer], change
        assert "4242" not in reply.text
    assert (scene.count("payments"), await scene.gateway.entries()) == (0, [])


@pytest.mark.parametrize("swept", [False, True])
async def test_a_hold_that_has_run_out(scene: Scene, swept: bool) -> None:
    booking = await scene.held()
    scene.let_hold_pass(booking)
    assert await expire_due_holds(scene.db) == 1 if swept else True
    (await scene.pay(booking)).problem(409, "hold_expired")
    assert scene.count("payments") == 0


async def test_what_costs_nothing_is_not_paid(scene: Scene) -> None:
    """Neither a booking that is confirmed for nothing nor one that waits to be (source 001's orders)."""
    booking = await scene.held(event=await scene.make_event(price="0.00"))
    (await scene.pay(booking)).problem(409, "booking_not_pending")
    waiting = await scene.held()
    scene.rows("UPDATE booking_lines SET unit_price = 0 WHERE booking_id = ?", waiting["id"])
    scene.rows("UPDATE bookings SET total = 0 WHERE id = ?", waiting["id"])
    (await scene.pay(waiting)).problem(409, "booking_not_pending")
    assert (scene.count("payments"), await scene.gateway.entries()) == (0, [])


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
        assert await expire_due_holds(scene.db) == 1
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
    await expire_due_holds(scene.db)
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
    assert await expire_due_holds(scene.db) == 0
    assert scene.status(booking) == "CONFIRMED"


async def test_details_are_neither_stored_nor_logged(
    api: Api,
    scene: Scene,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level("DEBUG")
    cards = [
        {"number": AMEX, "expiry": "11/39", "cvv": "8765", "holder": "Zanzibar Quux"},
        {"number": "4000 0000 0000 0002", "expiry": "11/39", "cvv": "876", "holder": "Zanzibar Quux"},
        {"number": NO_ANSWER, "expiry": "11/39", "cvv": "876", "holder": "Zanzibar Quux"},
    ]
    for number, card in enumerate(cards):
        body = {"booking_id": (await scene.held())["id"], "method": "card", "details": card}
        headers = {"Idempotency-Key": f"key-{number}"}
        await api.post("/payments", body, token=scene.buyer.token, headers=headers)
        wrong = {**body, "details": {**card, "cvv": "87654"}}
        await api.post("/payments", wrong, token=scene.buyer.token)

    async def broken(charge: Any) -> None:
        raise RuntimeError("the gateway's client is broken")

    monkeypatch.setattr(scene.gateway, "charge", broken)
    body = {"booking_id": (await scene.held())["id"], "method": "card", "details": cards[0]}
    (await api.post("/payments", body, token=scene.buyer.token)).problem(500, "internal_error")
    secrets = re.compile(
        r"3782\D?822463\D?10005|4000\D?0000\D?0000\D?(?:0002|1000)|Zanzibar|11/(?:20)?39"
        r"|(?<![0-9A-Za-z])8765?(?![0-9A-Za-z])"
    )
    texts = [
        str(row)
        for table, column in text_columns(scene.rows.connection)
        for row in scene.rows(f"SELECT {column} FROM {table}")
    ]
    assert len(texts) > 50
    assert any("0005" in text for text in texts)
    kept = bytes_in(settings.data_dir)
    assert b"amex" in kept
    texts += [kept.decode("latin-1"), caplog.text]
    assert "the gateway's client is broken" in caplog.text
    assert [found.group() for text in texts for found in secrets.finditer(text)] == []
    assert "Zanzibar" not in repr(caplog.records)


def bytes_in(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.iterdir() if path.is_file())
