"""While holders are told, nobody who buys waits for it."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from bms.commands.messages.fan_out import fan_out_batch, fan_out_page
from bms.i18n.languages import Languages
from bms.security.link_tokens import LinkTokens
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.tasks.fan_out import FanOut, maker_of_links
from tests.kit.books import LONG_AGO
from tests.kit.scene import Scene
from tests.kit.types import MakeUser

pytestmark = pytest.mark.slow_fan_out

TOKENS = LinkTokens("a secret of the tests")
WITH: dict[str, Any] = {"languages": Languages(), "make_link": maker_of_links(TOKENS)}
PATIENCE = 30  # seconds: whoever waits for the open transaction waits for ever


class HeldOpen:
    """A unit of work that has done everything and is not committed before ``go`` is set."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work
        self._done, self.go = threading.Event(), threading.Event()

    def __call__(self, tx: Transaction) -> Any:
        result = self._work(tx, **WITH)
        self._done.set()
        assert self.go.wait(2 * PATIENCE)
        return result

    async def done(self) -> None:
        assert await asyncio.to_thread(self._done.wait, PATIENCE)


async def moved(scene: Scene) -> None:
    path = f"/events/{scene.event['id']}"
    reply = await scene.api.patch(path, {"time": "20:00"}, token=scene.organiser.token)
    assert reply.ok, reply.text
    scene.rows("UPDATE announcements SET available_at = ? WHERE state = 'NEW'", LONG_AGO)


async def buy_and_cancel(scene: Scene, told: dict[str, Any], held: dict[str, Any]) -> None:
    """Do all that a buyer does: somebody new, and the one who is being told."""
    async with asyncio.timeout(PATIENCE):
        new = await scene.paid(by=await scene.make_user())
        assert new["payment"]["status"] == "SUCCEEDED"
        assert (await scene.pay(held)).status == 201
        assert (await scene.cancel(told)).status == 200


@pytest.mark.parametrize("work", [fan_out_page, fan_out_batch])
async def test_no_buyer_waits_for_an_open_transaction_of_the_fan_out(
    scene: Scene, work: Callable[..., Any]
) -> None:
    booking, held = await scene.paid(), await scene.held()
    if work is fan_out_page:
        await FanOut(scene.db, WITH["languages"], TOKENS).run()
        await moved(scene)
    page = HeldOpen(work)
    telling = asyncio.create_task(scene.db.transact(page))
    try:
        await page.done()
        await buy_and_cancel(scene, booking, held)
    finally:
        page.go.set()
    assert await telling
    kind = "event_updated" if work is fan_out_page else "booking_confirmed"
    assert scene.count("notifications", "kind = ? AND user_id = ?", kind, scene.buyer.id) == 1
    await scene.balanced()


LOCK = Statement(
    "test.lock_ticket_types",
    "@event_id BIGINT",
    "UPDATE ticket_types WITH (ROWLOCK) SET available = available WHERE event_id = @event_id",
)


async def test_with_a_lock_on_what_is_sold_a_buyer_would_wait(scene: Scene, make_user: MakeUser) -> None:
    """The twin: a page that locks the ticket types, as it did when it was a part of the change."""
    await scene.paid()
    await FanOut(scene.db, WITH["languages"], TOKENS).run()
    await moved(scene)
    buyer, event_id = await make_user(), int(scene.event["id"])

    def locking(tx: Transaction, **options: Any) -> bool:
        tx.execute(LOCK, event_id=event_id)
        return fan_out_page(tx, **options)

    page = HeldOpen(locking)
    telling = asyncio.create_task(scene.db.transact(page))
    await page.done()
    buying = asyncio.create_task(scene.held(by=buyer))
    done, _ = await asyncio.wait({buying}, timeout=1)
    assert not done
    page.go.set()
    assert await telling
    assert (await buying)["status"] == "PENDING"
