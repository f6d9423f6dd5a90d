"""Mail slows down while requests wait for the database, and speeds up again."""

import asyncio

import pytest

from bms.tasks import outbox as task
from bms.tasks.outbox import Senders
from bms.tasks.pace import Pace
from tests.kit.outgoing import Outgoing


def test_a_busy_database_slows_the_work_down_to_the_slowest() -> None:
    pace = Pace(slowest=10, fastest=130)
    rates = []
    for _ in range(8):
        pace.learn(busy=True)
        rates.append(pace.rate)
    assert rates == sorted(rates, reverse=True)
    assert rates[0] < 130
    assert rates[-1] == 10


def test_a_quiet_one_brings_it_back_to_the_fastest() -> None:
    pace = Pace(slowest=10, fastest=130)
    for _ in range(8):
        pace.learn(busy=True)
    for _ in range(40):
        pace.learn(busy=False)
    assert pace.rate == 130


@pytest.mark.parametrize("busy", [True, False])
async def test_senders_take_a_few_at_a_time_while_requests_wait(
    outgoing: Outgoing, monkeypatch: pytest.MonkeyPatch, busy: bool
) -> None:
    """With nobody waiting, which is the twin, they take all that they have slots for."""
    await outgoing.queue(150)
    senders = Senders(outgoing.db, outgoing.tray, outgoing.settings)
    monkeypatch.setattr(type(outgoing.db), "busy", property(lambda _: busy))
    monkeypatch.setattr(task, "GATHER", 0.0)
    claims: list[int] = []
    claim, stopping = senders.claim, asyncio.Event()

    async def noted(**bounds: int) -> int:
        claims.append(await claim(**bounds))
        if len(claims) == 6:
            stopping.set()
        return claims[-1]

    monkeypatch.setattr(senders, "claim", noted)
    async with asyncio.timeout(30):
        await senders.run(stopping)
    if busy:
        assert claims[0] > claims[-1] == 5
    else:
        assert sum(claims) == 150
