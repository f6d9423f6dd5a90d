"""Work in processes of its own: three at a time, no place lost, and an end to what takes too long."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest

from bms.errors import Overloaded
from bms.seating.check import check
from bms.seating.faults import Fault, PlanRefused
from bms.seating.reading import read_document
from bms.worker import OutOfTime, Worker
from tests.seating.plans import hall


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    made = Worker()
    yield made
    made.close()


async def test_it_works_in_another_process(worker: Worker) -> None:
    assert await worker.run(os.getpid) != os.getpid()
    assert await worker.run(check, hall()) == []
    assert await worker.run(check, hall(colour=1)) == [Fault("/colour", "There is no such field.")]


async def test_its_errors_come_back_as_they_are(worker: Worker) -> None:
    with pytest.raises(PlanRefused) as caught:
        await worker.run(read_document, b"{")
    assert caught.value.faults[0].message.startswith("Not JSON")


async def test_the_fourth_is_told_to_come_again(worker: Worker) -> None:
    three = [asyncio.ensure_future(worker.run(check, hall())) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded) as caught:
        await worker.run(check, hall())
    assert caught.value.retry_after
    assert await asyncio.gather(*three) == [[], [], []]
    assert await worker.run(check, hall()) == []


async def test_whoever_leaves_frees_no_place_until_the_work_is_done(worker: Worker) -> None:
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


async def test_a_process_that_dies_is_replaced(worker: Worker) -> None:
    with pytest.raises(Overloaded):
        await worker.run(signal.raise_signal, signal.SIGKILL)
    assert await worker.run(check, hall()) == []


async def test_idle_processes_are_ended() -> None:
    worker = Worker(idle_seconds=0)
    first = await worker.run(os.getpid)
    await asyncio.sleep(0.01)  # lets the timer of zero seconds go off
    assert await worker.run(os.getpid) != first
    worker.close()


async def test_a_process_that_dies_takes_no_other_work_with_it(worker: Worker) -> None:
    other = asyncio.ensure_future(worker.run(time.sleep, 0.3))
    with pytest.raises(Overloaded):
        await worker.run(signal.raise_signal, signal.SIGKILL)
    assert await other is None


async def test_what_takes_too_long_is_ended(worker: Worker) -> None:
    with pytest.raises(OutOfTime):
        await worker.run_within(0.2, time.sleep, 60)
    # One long C call, which no Python code could end.
    with pytest.raises(OutOfTime):
        await worker.run_within(0.2, pow, 7, 10**9)
    assert await worker.run_within(60, os.getpid) != os.getpid()


async def test_the_time_of_one_job_is_not_the_next_one_s(worker: Worker) -> None:
    process = await worker.run_within(0.5, os.getpid)
    await worker.run(time.sleep, 0.7)
    assert await worker.run(os.getpid) == process
