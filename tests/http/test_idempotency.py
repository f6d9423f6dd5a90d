"""The Idempotency-Key: a request sent twice does its work once and is answered alike.

A refused request keeps no key: its transaction is rolled back, key and all, so the same key may be
tried again when the reason of the refusal is gone. A payment that was declined did take place: its
402 is the answer that the key keeps.
"""

import asyncio
from typing import Any

import pytest

from bms.sql.session import Session
from tests.kit.api import Api, Reply
from tests.kit.books import available, count
from tests.kit.cards import CARD, DECLINED, MASTERCARD, NO_ANSWER
from tests.kit.gateways import Pause
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows
from tests.kit.users import User

pytestmark = pytest.mark.usefixtures("books_balance")

DECLINED_CARD = {**CARD, "number": DECLINED}
SILENT_CARD = {**CARD, "number": NO_ANSWER}


class Sender:
    """Posts with one user's token and a key."""

    def __init__(self, api: Api, user: User) -> None:
        self._api, self._user = api, user

    async def __call__(self, path: str, body: dict[str, Any], key: str = "a-key") -> Reply:
        return await self._api.post(path, body, token=self._user.token, headers={"Idempotency-Key": key})


@pytest.fixture
def send(api: Api, buyer: User) -> Sender:
    return Sender(api, buyer)


def paying(booking: dict[str, Any], card: dict[str, str] = CARD) -> dict[str, Any]:
    return {"booking_id": booking["id"], "method": "card", "details": card}


def assert_replays(first: Reply, again: Reply) -> None:
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["Content-Type"].split(";")[0] == first.headers["Content-Type"].split(";")[0]


@pytest.mark.needs("text in OPENJSON")
async def test_a_hold_sent_twice(send: Sender, make_event: Make, rows: Rows) -> None:
    event = await make_event()
    body = {"event": event["id"], "quantity": 2}
    first = await send("/bookings", body)
    assert first.status == 201
    assert_replays(first, await send("/bookings", body))
    # The same request in another spelling: order of the members, prefix, slash.
    assert_replays(first, await send("/api/bookings/", {"quantity": 2, "event": event["id"]}))
    assert (count(rows, "bookings"), available(rows, event)) == (1, 98)


@pytest.mark.needs("text in OPENJSON")
async def test_a_replay_shows_what_was_answered_and_not_what_is_now(
    api: Api, buyer: User, send: Sender, make_event: Make
) -> None:
    body = {"event": (await make_event())["id"], "quantity": 2}
    first = await send("/bookings", body)
    await api.delete(f"/bookings/{first.json['id']}", token=buyer.token)
    assert_replays(first, await send("/bookings", body))


async def test_a_payment_sent_twice(scene: Scene, send: Sender) -> None:
    body = paying(await scene.held(2))
    first = await send("/payments", body)
    assert first.status == 201
    assert_replays(first, await send("/payments", body))
    assert (scene.count("payments"), scene.count("tickets")) == (1, 2)
    assert len(await scene.gateway.entries()) == 1


async def test_a_declined_payment_sent_twice(scene: Scene, send: Sender) -> None:
    booking = await scene.held()
    first = await send("/payments", paying(booking, DECLINED_CARD))
    first.problem(402, "payment_declined")
    again = await send("/payments", paying(booking, DECLINED_CARD))
    assert_replays(first, again)
    assert again.headers["Content-Type"].startswith("application/problem+json")
    assert len(await scene.gateway.entries()) == 1
    assert (await send("/payments", paying(booking), "another-key")).status == 201


async def test_a_key_is_for_one_request(send: Sender, buyer: User, make_event: Make, hold: Make) -> None:
    event = await make_event()
    body = {"event": event["id"], "quantity": 1}
    assert (await send("/bookings", body)).status == 201
    reused = "idempotency_key_reused"
    (await send("/bookings", {**body, "quantity": 2})).problem(422, reused)
    (await send("/payments", paying(await hold(buyer, event)))).problem(422, reused)
    assert (await send("/bookings", {**body, "quantity": 2}, "b-key")).status == 201
    payment = paying(await hold(buyer, event))
    assert (await send("/payments", payment, "c-key")).status == 201
    other_card = {**payment, "details": {**CARD, "number": MASTERCARD}}
    (await send("/payments", other_card, "c-key")).problem(422, reused)


async def test_a_key_belongs_to_its_user(api: Api, scene: Scene, send: Sender) -> None:
    body = {"event": (await scene.make_event())["id"], "quantity": 1}
    first = await send("/bookings", body)
    second = await Sender(api, await scene.make_user())("/bookings", body)
    assert (first.status, second.status) == (201, 201)
    assert first.json["id"] != second.json["id"]
    assert scene.count("bookings") == 2


async def test_a_key_that_cannot_be_used(api: Api, buyer: User, make_event: Make, rows: Rows) -> None:
    body = {"event": (await make_event())["id"], "quantity": 1}
    for key in ("", "two words", "k" * 201, "clé"):
        reply = await api.post("/bookings", body, token=buyer.token, headers={"Idempotency-Key": key})
        reply.problem(400, "malformed_request")
    assert count(rows, "bookings") == 0
    reply = await api.post("/bookings", body, token=buyer.token, headers={"Idempotency-Key": "~" * 200})
    assert reply.status == 201


async def test_while_the_first_payment_runs_a_second_is_told_so(
    scene: Scene, send: Sender, pause: Pause
) -> None:
    body = paying(await scene.held())
    first = asyncio.create_task(send("/payments", body))
    await pause.reached.wait()
    waiting = await send("/payments", body)
    waiting.problem(409, "request_in_progress")
    assert waiting.headers["Retry-After"] == "1"
    pause.go.set()
    assert (await first).status == 201
    assert_replays(await first, await send("/payments", body))
    assert len(await scene.gateway.entries()) == 1


async def test_a_payment_without_an_answer_is_still_running(scene: Scene, send: Sender) -> None:
    body = paying(await scene.held(), SILENT_CARD)
    (await send("/payments", body)).problem(503, "gateway_unavailable")
    (await send("/payments", body)).problem(409, "request_in_progress")
    assert scene.count("payments") == 1


async def test_a_refused_request_keeps_no_key(api: Api, scene: Scene, send: Sender) -> None:
    event = await scene.on_sale(capacity=2)
    other = await scene.make_user()
    theirs = await scene.held(2, by=other)
    body = {"event": event["id"], "quantity": 2}
    (await send("/bookings", body)).problem(409, "sold_out")
    (await send("/bookings", {**body, "event": 999_999})).problem(404, "not_found")
    assert scene.count("idempotency_keys") == 0
    await api.delete(f"/bookings/{theirs['id']}", token=other.token)
    reply = await send("/bookings", body)
    assert reply.status == 201
    assert "Idempotency-Replayed" not in reply.headers
    (await send("/payments", paying(theirs), "b-key")).problem(404, "not_found")
    assert (await send("/payments", paying(reply.json), "b-key")).status == 201


async def test_a_crash_before_the_commit_leaves_neither_booking_nor_key(
    send: Sender, make_event: Make, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await make_event()
    body = {"event": event["id"], "quantity": 2}

    def crash(session: Session) -> None:
        raise RuntimeError("the process dies here")

    with monkeypatch.context() as patch:
        patch.setattr(Session, "commit", crash)
        (await send("/bookings", body)).problem(500, "internal_error")
    assert (count(rows, "bookings"), count(rows, "idempotency_keys"), available(rows, event)) == (0, 0, 100)
    again = await send("/bookings", body)
    assert again.status == 201
    assert "Idempotency-Replayed" not in again.headers


async def test_a_crash_before_the_claim_is_committed_asks_no_gateway(
    scene: Scene, send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = await scene.held()

    def crash(session: Session) -> None:
        raise RuntimeError("the process dies here")

    with monkeypatch.context() as patch:
        patch.setattr(Session, "commit", crash)
        (await send("/payments", paying(booking))).problem(500, "internal_error")
    assert (scene.count("payments"), scene.count("idempotency_keys")) == (0, 0)
    assert await scene.gateway.entries() == []
    assert (await send("/payments", paying(booking))).status == 201
    assert scene.status(booking) == "CONFIRMED"
