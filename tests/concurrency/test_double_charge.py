"""One booking paid eight times at once is charged once; without the unique index it is not."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bms import keys
from bms.payments.simulated import SimulatedGateway
from bms.sql.database import Database
from tests.books import Rows, assert_balanced, assert_conserved, count
from tests.conftest import Reply, User
from tests.gateways import Pause

Make = Callable[..., Awaitable[dict[str, Any]]]
Pay = Callable[..., Awaitable[Reply]]


@pytest.fixture
def gateway(client: TestClient) -> SimulatedGateway:
    found = client.app[keys.GATEWAY]
    assert isinstance(found, SimulatedGateway)
    return found


async def test_eight_payments_at_once_charge_once(
    buyer: User,
    make_event: Make,
    hold: Make,
    pay: Pay,
    db: Database,
    rows: Rows,
    gateway: SimulatedGateway,
) -> None:
    booking = await hold(buyer, await make_event(), 2)
    replies = await asyncio.gather(*(pay(buyer, booking) for _ in range(8)))
    assert sorted(reply.status for reply in replies) == [201] + [409] * 7
    for reply in replies:
        if reply.status == 409:
            assert reply.json["code"] in ("payment_in_progress", "booking_not_pending")
    assert (await gateway.totals("EUR")).charged == Decimal("50.00")
    assert [tuple(row) for row in rows("SELECT status, amount FROM payments")] == [
        ("SUCCEEDED", Decimal("50.00"))
    ]
    assert count(rows, "tickets") == 2
    await assert_balanced(db, rows)


async def test_without_the_unique_index_it_is_charged_more_often(
    client: TestClient,
    buyer: User,
    make_event: Make,
    hold: Make,
    pay: Pay,
    rows: Rows,
    gateway: SimulatedGateway,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The twin of the test above: the guard is off, and the money is taken more than once."""
    rows("DROP INDEX ux_payments_live ON payments")
    pause = Pause(client, monkeypatch)
    booking = await hold(buyer, await make_event(), 2)
    requests = [asyncio.create_task(pay(buyer, booking)) for _ in range(8)]
    await pause.reached.wait()
    await asyncio.sleep(0.2)
    pause.go.set()
    await asyncio.gather(*requests)
    assert (await gateway.totals("EUR")).charged > Decimal("50.00")
    with pytest.raises(AssertionError):
        assert_conserved(rows)
