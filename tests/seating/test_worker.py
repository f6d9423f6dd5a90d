"""Work on plans in processes of its own: three at a time, and no place lost."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from bms.errors import Overloaded
from bms.seating.check import check
from bms.seating.faults import Fault, PlanRefused
from bms.seating.reading import read_document
from bms.seating.worker import PlanWorker
from tests.seating.plans import hall


@pytest.fixture
async def worker() -> AsyncIterator[PlanWorker]:
    made = PlanWorker()
    yield made
    made.close()


async def test_it_works_in_another_process(worker: PlanWorker) -> None:
    assert await worker.run(os.getpid) != os.getpid()
    assert await worker.run(check, hall()) == []
    assert await worker.run(check, hall(colour=1)) == [Fault("/colour", "There is no such field.")]


async def test_its_errors_come_back_as_they_are(worker: PlanWorker) -> None:
    with pytest.raises(PlanRefused) as caught:
        await worker.run(read_document, b"{")
    assert caught.value.faults[0].message.startswith("Not JSON")


async def test_the_fourth_is_told_to_come_again(worker: PlanWorker) -> None:
    three = [asyncio.ensure_future(worker.run(check, hall())) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded) as caught:
        await worker.run(check, hall())
    assert caught.value.retry_after
    assert await asyncio.gather(*three) == [[], [], []]
    assert await worker.run(check, hall()) == []


async def test_whoever_leaves_frees_no_place_until_the_work_is_done(worker: PlanWorker) -> None:
    worker.at_a_time = 1
    left = asyncio.ensure_future(worker.run(check, hall()))
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await worker.run(check, hall())
    with pytest.raises(asyncio.CancelledError):
        await left
    assert await worker.run(check, hall()) == []


async def test_a_process_that_dies_is_replaced(worker: PlanWorker) -> None:
    with pytest.raises(Overloaded):
        await worker.run(signal.raise_signal, signal.SIGKILL)
    assert await worker.run(check, hall()) == []


async def test_idle_processes_are_ended() -> None:
    worker = PlanWorker(idle_seconds=0)
    first = await worker.run(os.getpid)
    await asyncio.sleep(0.01)  # lets the timer of zero seconds go off
    assert await worker.run(os.getpid) != first
    worker.close()
