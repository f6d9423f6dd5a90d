"""Cards that are tried: declined ones count for the booking, its buyer and the address."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from bms.cache.counters import FileCounters
from bms.http import keys
from bms.settings import Settings
from tests.kit.api import Reply
from tests.kit.cards import CARD, DECLINED, NEEDS_BUYER, NO_FUNDS
from tests.kit.limits import come_from
from tests.kit.scene import Scene
from tests.kit.types import MakeUser
from tests.kit.users import User
from tests.kit.waits import page_of
from tests.limits.conftest import Clock

pytestmark = pytest.mark.usefixtures("charges_balance")

HERE, THERE = "203.0.113.5", "198.51.100.7"


@pytest.fixture
def app(app: web.Application, settings: Settings, clock: Clock) -> web.Application:
    app[keys.COUNTERS] = FileCounters(settings.data_dir / "counters", clock=clock)
    return app


async def try_card(
    scene: Scene,
    booking: dict[str, Any],
    number: str,
    *,
    by: User | None = None,
    at: str = HERE,
    key: str = "",
) -> Reply:
    body = {"booking_id": booking["id"], "method": "card", "details": {**CARD, "number": number}}
    headers = come_from(at) | ({"Idempotency-Key": key} if key else {})
    return await scene.api.post("/payments", body, token=(by or scene.buyer).token, headers=headers)


async def test_ten_declined_cards_on_a_booking_and_then_one_a_minute(scene: Scene, clock: Clock) -> None:
    booking = await scene.held()
    for _ in range(10):
        (await try_card(scene, booking, DECLINED)).problem(402, "payment_declined")
    refused = await try_card(scene, booking, CARD["number"])
    refused.problem(429, "too_many_attempts")
    assert refused.headers["Retry-After"] == "60"
    # Nothing reached the gateway, and another way to pay is open.
    assert scene.count("payments") == 10
    clock.now += 60
    assert (await try_card(scene, booking, CARD["number"])).status == 201


async def test_many_at_once_are_no_more(scene: Scene) -> None:
    bookings = [await scene.held() for _ in range(5)]
    tried = (try_card(scene, booking, DECLINED, at="127.0.0.1") for booking in bookings for _ in range(6))
    statuses = [reply.status for reply in await asyncio.gather(*tried)]
    assert statuses.count(402) <= 20
    assert set(statuses) <= {402, 409, 429}


async def test_a_user_with_many_bookings_has_twenty(scene: Scene) -> None:
    for _ in range(2):
        booking = await scene.held()
        for _ in range(10):
            (await try_card(scene, booking, DECLINED)).problem(402, "payment_declined")
    (await try_card(scene, await scene.held(), CARD["number"])).problem(429, "too_many_attempts")


async def test_an_address_with_many_users_has_fifty(scene: Scene, make_user: MakeUser) -> None:
    for _ in range(5):
        user = await make_user()
        booking = await scene.held(by=user)
        for _ in range(10):
            (await try_card(scene, booking, DECLINED, by=user)).problem(402, "payment_declined")
    booking = await scene.held()
    (await try_card(scene, booking, CARD["number"])).problem(429, "too_many_attempts")
    assert (await try_card(scene, booking, CARD["number"], at=THERE)).status == 201


async def test_only_declined_cards_count(scene: Scene) -> None:
    booking = await scene.held()
    # The same declined payment again is not another try, nor is what is refused before the gateway is asked.
    for _ in range(15):
        assert (await try_card(scene, booking, DECLINED, key="one")).status == 402
        (await try_card(scene, {"id": 999_999}, DECLINED)).problem(404, "not_found")
    assert scene.count("payments") == 1
    body = {"booking_id": booking["id"], "method": "upi", "details": {"vpa": "fail@bank"}}
    for _ in range(15):
        (await scene.api.post("/payments", body, token=scene.buyer.token)).problem(402, "payment_declined")
    assert (await try_card(scene, booking, CARD["number"])).status == 201


async def test_a_card_whose_buyer_must_act_does_not_count(scene: Scene, client: TestClient) -> None:
    booking = await scene.held()
    for _ in range(12):
        reply = await try_card(scene, booking, NEEDS_BUYER)
        assert reply.status == 202, reply.text
        async with client.post(f"{page_of(reply.json)}/decline") as page:
            assert page.status == 200
    # What the buyer did is no secret: no bank has said anything of the card.
    listed = (await scene.api.get("/payments", token=scene.buyer.token)).json
    assert {payment["failure_code"] for payment in listed} == {"not_approved"}
    assert (await try_card(scene, booking, CARD["number"])).status == 201


async def test_whatever_the_gateway_says_the_client_learns_the_same(scene: Scene) -> None:
    booking = await scene.held()
    told = []
    for number in (DECLINED, NO_FUNDS, "4000000000000069", "4000000000000127", "4000000000000119"):
        document = (await try_card(scene, booking, number)).problem(402, "payment_declined")
        told.append({name: document[name] for name in ("title", "detail", "gateway_code")})
    assert all(one == told[0] for one in told)
    listed = (await scene.api.get("/payments", token=scene.buyer.token)).json
    assert {payment["failure_code"] for payment in listed} == {"card_declined"}
    kept = {row.failure_code for row in scene.rows("SELECT failure_code FROM payments")}
    assert len(kept) == 5, "what the gateway said is kept"
