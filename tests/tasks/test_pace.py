"""Mail slows down while requests need the process or the database, and speeds up again."""

import asyncio
from types import SimpleNamespace

import pytest

from bms.tasks import outbox as task
from bms.tasks import pace
from bms.tasks.outbox import Senders
from bms.tasks.pace import Pace
from tests.kit.outgoing import Outgoing


def test_a_busy_database_slows_the_work_down_to_the_slowest() -> None:
    rate = Pace(slowest=10, fastest=130)
    rates = []
    for _ in range(8):
        rate.learn(busy=True)
        rates.append(rate.rate)
    assert rates == sorted(rates, reverse=True)
    assert rates[0] < 130
    assert rates[-1] == 10


def test_a_quiet_one_brings_it_back_to_the_fastest() -> None:
    rate = Pace(slowest=10, fastest=130)
    for _ in range(8):
        rate.learn(busy=True)
    for _ in range(40):
        rate.learn(busy=False)
    assert rate.rate == 130


@pytest.mark.parametrize("busy", [True, False])
async def test_senders_take_a_few_at_a_time_while_requests_wait(
    outgoing: Outgoing, monkeypatch: pytest.MonkeyPatch, busy: bool
) -> None:
    """With nobody waiting, which is the twin, they take all that they have slots for."""
    await outgoing.queue(250)
    senders = Senders(outgoing.db, outgoing.tray, outgoing.settings)
    monkeypatch.setattr(type(outgoing.db), "busy", property(lambda _: busy))
    monkeypatch.setattr(task, "GATHER", 0.0)
    claims: list[int] = []
    claim, stopping = senders.claim, asyncio.Event()

    async def noted(**bounds: int) -> int:
        claims.append(await claim(**bounds))
        if len(claims) == 9:
            stopping.set()
        return claims[-1]

    monkeypatch.setattr(senders, "claim", noted)
    async with asyncio.timeout(30):
        await senders.run(stopping)
    if busy:
        assert claims[0] > claims[-1] == 5
    else:
        assert sum(claims) == 250


@pytest.mark.parametrize(("share", "late"), [(0.9, False), (0.9, True), (0.2, False)])
async def test_mail_gives_way_to_requests_until_it_is_late(
    outgoing: Outgoing, monkeypatch: pytest.MonkeyPatch, share: float, late: bool
) -> None:
    await outgoing.queue(3)
    if late:
        outgoing.make_due()
    senders = Senders(outgoing.db, outgoing.tray, outgoing.settings)
    monkeypatch.setattr(senders._core, "share", lambda: share)
    assert await senders.claim() == 3
    await senders.finish()
    assert senders._gives_way() is (share > task.BUSY and not late)


def test_the_share_is_of_the_time_since_the_last_look(monkeypatch: pytest.MonkeyPatch) -> None:
    now, used = iter([100.0, 102.0, 104.0]), iter([7.0, 8.5, 8.5])
    monkeypatch.setattr(pace, "time", SimpleNamespace(monotonic=now.__next__, process_time=used.__next__))
    core = pace.Core()
    assert [core.share(), core.share()] == [0.75, 0.0]
