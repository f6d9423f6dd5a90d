"""What may be held without paying: by a user, by an address, and for how long."""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Iterable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bms.app import create_app
from bms.commands.idempotency import StoredReply
from bms.commands.sales import unpaid
from bms.commands.sales.hold import Ask, hold_tickets
from bms.commands.sales.pricing import Wanted
from bms.commands.sales.unpaid import HoldLimits
from bms.errors import PriceChanged
from bms.settings import Settings
from bms.sql.statements import json_rows
from bms.tasks.sweeps import HOLDS, sweep
from bms.terms import Actor, Role
from tests.kit.api import Api, Reply
from tests.kit.limits import NO_LIMITS, come_from
from tests.kit.scene import Scene
from tests.kit.types import MakeUser
from tests.kit.users import User

pytestmark = pytest.mark.usefixtures("books_balance")

HERE, THERE = "203.0.113.5", "198.51.100.7"


async def hold(
    scene: Scene,
    quantity: int,
    *,
    by: User | None = None,
    at: str = HERE,
    event: dict[str, Any] | None = None,
    api: Api | None = None,
) -> Reply:
    body = {"event": (event or scene.event)["id"], "quantity": quantity}
    token = (by or scene.buyer).token
    return await (api or scene.api).post("/bookings", body, token=token, headers=come_from(at))


def test_the_defaults_are_those_that_were_decided() -> None:
    own = Settings()
    assert (own.unpaid_tickets_per_user, own.unpaid_bookings_per_user) == (40, 5)
    assert (own.unpaid_tickets_per_address, own.free_tickets_per_user) == (200, 20)
    assert (own.short_hold_seconds, own.waiting_asks_per_user) == (300, 8)


async def test_a_user_holds_forty_tickets_unpaid(scene: Scene) -> None:
    event = await scene.on_sale(capacity=500)
    for quantity in (20, 19):
        assert (await hold(scene, quantity)).status == 201
    refused = (await hold(scene, 2)).problem(409, "unpaid_limit")
    assert refused["available"] == 1
    last = (await hold(scene, 1)).json
    assert (await hold(scene, 1)).problem(409, "unpaid_limit")["available"] == 0
    assert scene.available() == 460
    # Another event is another matter, and what is paid no longer counts.
    assert (await hold(scene, 40, event=await scene.make_event())).status == 201
    assert (await scene.pay(last)).status == 201
    assert (await hold(scene, 1, event=event)).status == 201


async def test_a_user_has_five_unpaid_bookings(scene: Scene) -> None:
    first = (await hold(scene, 1)).json
    for _ in range(4):
        assert (await hold(scene, 1)).status == 201
    assert (await hold(scene, 1)).problem(409, "unpaid_limit")["available"] == 0
    assert (await scene.api.post(f"/bookings/{first['id']}/cancel", {}, token=scene.buyer.token)).ok
    assert (await hold(scene, 1)).status == 201


async def test_an_address_holds_two_hundred_tickets_unpaid(scene: Scene, make_user: MakeUser) -> None:
    await scene.on_sale(capacity=1000)
    users = [await make_user() for _ in range(6)]
    for user in users[:5]:
        assert (await hold(scene, 40, by=user)).status == 201
    refused = (await hold(scene, 1, by=users[5])).problem(409, "unpaid_limit")
    assert "network" in refused["detail"]
    assert (await hold(scene, 1, by=users[5], at=THERE)).status == 201
    # This machine is no address: an unknown proxy on it would make everybody one client.
    assert (await hold(scene, 1, by=users[5], at="127.0.0.1")).status == 201
    assert [row.address for row in scene.rows("SELECT address FROM bookings ORDER BY id")] == [
        *[HERE] * 5,
        THERE,
        None,
    ]


async def test_a_network_of_64_bits_is_one_address(scene: Scene, make_user: MakeUser) -> None:
    await scene.on_sale(capacity=1000)
    for number in range(5):
        at = f"2001:db8:1:2::{number:x}"
        assert (await hold(scene, 40, by=await make_user(), at=at)).status == 201
    (await hold(scene, 1, at="2001:db8:1:2:3::4")).problem(409, "unpaid_limit")
    assert (await hold(scene, 1, at="2001:db8:1:3::4")).status == 201


async def test_who_sells_for_others_has_no_address(scene: Scene, make_user: MakeUser) -> None:
    await scene.on_sale(capacity=1000)
    admin = await make_user("ADMIN")
    for _ in range(6):
        buyer = await make_user()
        body = {"event": scene.event["id"], "quantity": 40, "user_id": buyer.id}
        reply = await scene.api.post("/bookings", body, token=admin.token, headers=come_from(HERE))
        assert reply.status == 201, reply.text


async def test_buyers_of_one_group_share_what_their_address_may_hold(
    scene: Scene, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.on_sale(capacity=1000)
    users = [await make_user() for _ in range(8)]
    replies = await asyncio.gather(*(hold(scene, 30, by=user) for user in users))
    assert sorted(reply.status for reply in replies) == [201] * 6 + [409] * 2
    assert scene.available() == 1000 - 180

    # The twin: without ``count`` each of the group is judged by what was there before it.
    other = await scene.on_sale(capacity=1000)
    monkeypatch.setattr(unpaid.Unpaid, "count", lambda *_: None)
    replies = await asyncio.gather(*(hold(scene, 30, by=user, event=other) for user in users))
    assert sorted(reply.status for reply in replies).count(201) > 6


async def test_who_is_refused_for_the_price_uses_nothing_up(scene: Scene, make_user: MakeUser) -> None:
    await scene.on_sale(capacity=1000)
    asks = [
        Ask(
            actor=Actor(user.id, Role.USER),
            user_id=user.id,
            event_id=scene.event["id"],
            wanted=(Wanted(None, 30),),
            hold_seconds=900,
            key=None,
            render=lambda _: StoredReply.of(201, {}),
            quote=quote,
            address=HERE,
        )
        for user, quote in ((await make_user(), "outdated"), (await make_user(), None))
    ]
    outcomes = await scene.db.transact(hold_tickets, asks=asks, limits=HoldLimits(address_tickets=40))
    assert [type(outcome) for outcome in outcomes] == [PriceChanged, StoredReply]


async def test_two_processes_count_the_same_bookings(
    scene: Scene, settings: Settings, database_url: str
) -> None:
    second = create_app(settings, database_url)
    async with TestClient(TestServer(second)) as client:
        assert (await hold(scene, 30)).status == 201
        refused = (await hold(scene, 30, api=Api(client))).problem(409, "unpaid_limit")
        assert refused["available"] == 10
        assert (await hold(scene, 10, api=Api(client))).status == 201
    (await hold(scene, 1)).problem(409, "unpaid_limit")


def seconds_of(reply: Reply) -> int:
    """Return how long the hold lasts, to a minute: requests take their time."""
    assert reply.status == 201, reply.text
    left = dt.datetime.fromisoformat(reply.json["expires_at"]) - dt.datetime.now(dt.UTC)
    return 60 * round(left.total_seconds() / 60)


async def let_it_run_out(scene: Scene) -> None:
    scene.rows("UPDATE bookings SET hold_expires_at = '2001-01-01' WHERE status = 'PENDING'")
    assert await sweep(scene.db, HOLDS) >= 1


async def test_after_two_holds_that_ran_out_the_next_are_short(scene: Scene, make_user: MakeUser) -> None:
    for _ in range(2):
        assert seconds_of(await hold(scene, 1)) == 900
        await let_it_run_out(scene)
    assert seconds_of(await hold(scene, 1)) == 300
    # At every event, for this user, and until an hour has passed.
    assert seconds_of(await hold(scene, 1, event=await scene.make_event())) == 300
    assert seconds_of(await hold(scene, 1, by=await make_user())) == 900
    scene.rows("UPDATE bookings SET expired_at = '2001-01-01' WHERE status = 'EXPIRED'")
    assert seconds_of(await hold(scene, 1)) == 900


async def test_free_events_have_a_limit_unless_they_set_one(scene: Scene) -> None:
    await scene.on_sale(price="0", capacity=1000)
    assert (await hold(scene, 19)).status == 201
    refused = (await hold(scene, 2)).problem(409, "per_user_limit")
    assert refused["available"] == 1
    assert (await hold(scene, 1)).status == 201
    own = await scene.make_event(price="0", capacity=1000, per_user_limit=60)
    assert (await hold(scene, 60, event=own)).status == 201
    # Where one of the types has a price, nobody has a limit but what is unpaid.
    mixed = await scene.make_event(
        ticket_types=[
            {"name": "Free", "price": "0", "capacity": 100},
            {"name": "Paid", "price": "5", "capacity": 100},
        ]
    )
    body = {
        "event": mixed["id"],
        "tickets": [{"ticket_type": mixed["ticket_types"][0]["id"], "quantity": 50}],
    }
    reply = await scene.api.post("/bookings", body, token=scene.buyer.token)
    assert (reply.status, reply.json["status"]) == (201, "CONFIRMED")


async def test_an_order_of_a_free_event_is_unpaid_until_it_is_processed(scene: Scene) -> None:
    await scene.on_sale(price="0", capacity=1000, per_user_limit=100)
    body = {"event": scene.event["id"], "quantity": 40}
    order = await scene.api.post("/orders", body, token=scene.buyer.token)
    assert order.status == 201, order.text
    (await scene.api.post("/orders", body, token=scene.buyer.token)).problem(409, "unpaid_limit")


async def test_without_limits_nothing_is_read(
    scene: Scene, settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin with limits shows that the test would notice a statement."""
    asked: list[int] = []
    off = dataclasses.replace(settings, **NO_LIMITS)

    def noting(rows: Iterable[Any]) -> str:
        listed = list(rows)
        asked.append(len(listed))
        return json_rows(listed)

    monkeypatch.setattr(unpaid, "json_rows", noting)
    for own, expected in ((off, []), (settings, [1])):
        asked.clear()
        async with TestClient(TestServer(create_app(own, database_url))) as client:
            assert (await hold(scene, 1, api=Api(client))).status == 201
        assert asked == expected
