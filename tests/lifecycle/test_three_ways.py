"""A notice, a question, a deadline, in any order and any number: money and tickets agree at the end."""

import asyncio
from collections.abc import Coroutine, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bms.commands.sales import settle
from bms.sql.statements import Statement
from bms.tasks.reconciliation import Reconciler, send_due_refunds
from bms.tasks.sweeps import HOLDS, sweep
from tests.kit.cards import NEEDS_BUYER
from tests.kit.notices import Notifier
from tests.kit.scene import Scene
from tests.kit.users import User
from tests.kit.waits import Wait, begin_wait

WAYS = ("notice", "question", "deadline")
# Around the three ways: what the buyer, others and the background do meanwhile.
AROUND = (
    "approve",
    "decline",
    "another notice",
    "sweep",
    "cancel",
    "others buy",
    "pay again",
    "wait again",
    "at once",
)

# Each way once in any order, repeats of them, and something around them anywhere.
lives = st.tuples(
    st.permutations(WAYS),
    st.lists(st.sampled_from(WAYS), max_size=3),
    st.lists(st.sampled_from(AROUND), max_size=5),
).flatmap(lambda parts: st.permutations([step for part in parts for step in part]))


class Life:
    """One event with two tickets, a buyer who waits for both, and another who would like one."""

    def __init__(self, scene: Scene, notifier: Notifier, other: User) -> None:
        self.scene, self.notifier, self.other = scene, notifier, other
        self.waits: list[Wait] = []

    async def live(self, steps: Sequence[str]) -> None:
        """Begin to wait, do the steps, and everything that the background does in the end."""
        await self.scene.on_sale(capacity=2)
        self.waits = [await begin_wait(self.scene, self.notifier, 2)]
        for step in steps:
            await self.do(step)
            await self.scene.balanced()
        await self.settle_everything()

    async def do(self, step: str) -> None:
        first, last, scene = self.waits[0], self.waits[-1], self.scene
        match step:
            case "approve" | "decline":
                await last.decide(approved=step == "approve")
            case "notice":
                assert (await first.notice()).status == 204
            case "another notice":
                assert (
                    await last.notice(notice_id=f"ev_{(await last.entry()).status}_{last.payment['id']}")
                ).status == 204
            case "question":
                await first.ask()
            case "deadline":
                await last.pass_deadline()
            case "sweep":
                await sweep(scene.db, HOLDS)
            case "cancel":
                assert (await scene.cancel(first.booking)).status in (200, 409)
            case "others buy":
                body = {"event": scene.event["id"], "quantity": 1}
                reply = await scene.api.post("/bookings", body, token=self.other.token)
                if reply.status == 201:
                    assert (await scene.pay(reply.json, by=self.other)).status == 201
            case "pay again":
                assert (await scene.pay(first.booking)).status in (201, 409)
            case "wait again":
                reply = await scene.pay(first.booking, NEEDS_BUYER)
                if reply.status == 202:
                    self.waits.append(Wait(scene, self.notifier, first.booking, reply.json))
            case "at once":
                await asyncio.gather(
                    last.notice(notice_id=f"ev_now_{last.payment['id']}"), last.ask(), last.pass_deadline()
                )

    async def settle_everything(self) -> None:
        scene = self.scene
        await self.waits[-1].pass_deadline()
        await Reconciler(scene.db, scene.gateway).settle_payments()
        await sweep(scene.db, HOLDS)
        scene.rows("UPDATE refunds SET retry_at = created_at WHERE status <> 'SUCCEEDED'")
        await send_due_refunds(scene.db, scene.gateway)
        await scene.check()
        assert scene.count("payments", "status IN ('PROCESSING', 'RETURNED')") == 0
        sold = "status = 'VALID' AND event_id = ?"
        tickets = scene.count("tickets", sold, scene.event["id"])
        assert scene.available() == 2 - tickets
        assert scene.count("tickets", "status = 'VALID'") * Decimal("25.00") == await self.kept()

    async def kept(self) -> Decimal:
        """Return the money that the gateway has taken and not given back, of all lives so far."""
        totals = await self.scene.gateway.totals("EUR")
        return totals.charged - totals.refunded


async def run_lives(life: Life, examples: int) -> None:
    """Live so many random lives, one after the other, on one database."""
    loop = asyncio.get_running_loop()

    def wait(work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(steps=lives)
    def run(steps: list[str]) -> None:
        wait(life.live(steps))

    await asyncio.to_thread(run)


async def test_money_equals_tickets_after_any_order(scene: Scene, notifier: Notifier) -> None:
    await run_lives(Life(scene, notifier, await scene.make_user()), 60)


async def test_without_the_guard_it_does_not(
    scene: Scene, notifier: Notifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: a payment that is settled is settled again."""
    unguarded = Statement(
        "test.settle_unguarded",
        settle.SETTLE.declaration,
        settle.SETTLE.text.replace(" AND status = 'PROCESSING'", ""),
        settle.SettledRow,
    )
    assert unguarded.text != settle.SETTLE.text
    monkeypatch.setattr(settle, "SETTLE", unguarded)
    life = Life(scene, notifier, await scene.make_user())
    with pytest.raises(AssertionError):
        await life.live(["approve", "notice", "another notice"])
    assert life.waits[0].status() == ("CONFIRMED", "SUCCEEDED")
    assert scene.count("refunds") == 1, "the buyer has the tickets, and the money goes back"
