"""One person, eight connections, a limit: no more than it allows. Without taking turns it breaks."""

import asyncio
import threading
from typing import Any

import pytest

from bms.commands.sales import hold, limit
from bms.sql.statements import Statement
from tests.concurrency.shop import Shop
from tests.kit.books import available

CONNECTIONS = 8
PEOPLE = 5


async def test_eight_connections_get_what_the_limit_allows(shop: Shop) -> None:
    log = shop.premises.settings.data_dir / "serve.log"
    before = log.read_text().count("deadlock victim")
    event = await shop.event(per_user_limit=3)
    people = await shop.people(PEOPLE)
    body = {"event": event["id"], "quantity": 2}
    replies = await asyncio.gather(
        *(shop.post("/bookings", body, person) for _ in range(CONNECTIONS) for person in people)
    )
    for number in range(PEOPLE):
        mine = replies[number::PEOPLE]
        assert sorted(reply.status for reply in mine) == [201] + [409] * (CONNECTIONS - 1)
        for reply in mine:
            if reply.status == 409:
                assert reply.problem(409, "per_user_limit")["available"] == 1
    assert available(shop.rows, event) == 100 - 2 * PEOPLE
    # Groups that have people in common take their turns in one order.
    assert log.read_text().count("deadlock victim") == before
    await shop.check()


async def test_without_taking_turns_the_limit_breaks(own_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: all have counted before the first one books."""
    no_turn = Statement(
        "test.no_booking_turn",
        "@ids BIGINT LIST",
        "UPDATE users SET booking_turn = 0 WHERE id IN (@ids) AND id < 0",
    )
    all_have_counted = threading.Barrier(CONNECTIONS, timeout=10)
    plan = hold._plan

    def plan_together(*arguments: Any) -> Any:
        planned = plan(*arguments)
        all_have_counted.wait()
        return planned

    monkeypatch.setattr(limit, "TAKE_TURNS", no_turn)
    monkeypatch.setattr(hold, "_plan", plan_together)
    event = await own_shop.event(per_user_limit=3)
    person = await own_shop.person()
    body = {"event": event["id"], "quantity": 2}
    replies = await asyncio.gather(*(own_shop.post("/bookings", body, person) for _ in range(CONNECTIONS)))
    assert [reply.status for reply in replies] == [201] * CONNECTIONS
    assert available(own_shop.rows, event) == 100 - 2 * CONNECTIONS
