"""Cancelled units of work: nothing is committed, no connection is lent while it is busy."""

import asyncio
import threading
from typing import Any

import pyodbc
import pytest

from bms.sql.session import Transaction
from tests.kit.sessions import waiting
from tests.kit.waiting import until
from tests.sql.probe import INSERT, Gate, MakeDatabase, add, add_at, get, nothing_is_left_open, pid, stored


async def test_a_cancelled_command_is_rolled_back_and_keeps_its_connection_meanwhile(
    make: MakeDatabase, admin: pyodbc.Connection, rival: pyodbc.Connection
) -> None:
    database = await make(pool_size=1)
    first_pid = await database.transact(pid)
    task = asyncio.create_task(database.transact(add, by=7))
    await until(lambda: waiting(admin))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 0.5)
    # Its statement still runs: nobody else gets the connection.
    next_one = asyncio.create_task(database.transact(pid))
    await asyncio.sleep(0.1)
    assert not next_one.done()
    assert waiting(admin)
    rival.rollback()
    assert await next_one == first_pid
    assert stored(admin) == 10
    nothing_is_left_open(admin)


async def test_a_timeout_around_a_command_cancels_it(
    make: MakeDatabase, admin: pyodbc.Connection, rival: pyodbc.Connection
) -> None:
    database = await make()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await database.transact(add)
    rival.rollback()
    await until(lambda: not waiting(admin))
    assert await database.transact(add) == 11


async def test_cancelled_between_its_last_statement_and_its_commit_it_is_not_committed(
    make: MakeDatabase, admin: pyodbc.Connection
) -> None:
    database = await make(pool_size=1)
    gate = Gate()
    task = asyncio.create_task(database.transact(add_at, gate=gate))
    await until(gate.reached.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.open.set()
    assert await database.transact(get) == 10
    nothing_is_left_open(admin)


async def test_cancelled_while_it_waits_for_a_connection_it_never_runs_and_holds_no_place(
    make: MakeDatabase,
) -> None:
    database = await make(pool_size=1, queue=1)
    gate = Gate()
    busy = asyncio.create_task(database.transact(add_at, gate=gate))
    await until(gate.reached.is_set)
    ran: list[str] = []
    waiting = asyncio.create_task(database.transact(lambda tx: ran.append("cancelled")))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    second = asyncio.create_task(database.transact(lambda tx: ran.append("second")))
    await asyncio.sleep(0.01)
    assert not second.done(), "the queue has one place, and the cancelled one gave it back"
    gate.open.set()
    await asyncio.gather(busy, second)
    assert ran == ["second"]


async def test_many_cancelled_at_once_leave_the_pool_whole(
    make: MakeDatabase, admin: pyodbc.Connection, rival: pyodbc.Connection
) -> None:
    database = await make(pool_size=3)
    tasks = [asyncio.create_task(database.transact(add)) for _ in range(30)]
    await until(lambda: waiting(admin))
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(error) for error in ended} == {asyncio.CancelledError}
    rival.rollback()
    together = threading.Barrier(3)

    def meet(tx: Transaction) -> int:
        together.wait(5)
        return pid(tx)

    processes = await asyncio.gather(*(database.transact(meet) for _ in range(3)))
    assert len(set(processes)) == 3, "all three connections are lent at once"
    assert stored(admin) == 10
    nothing_is_left_open(admin)


async def test_a_failure_after_the_cancellation_is_reported_nowhere(
    make: MakeDatabase, admin: pyodbc.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    database = await make(pool_size=1)
    gate = Gate()

    def spoil(tx: Transaction) -> None:
        gate()
        tx.execute(INSERT, id=1, n=1, label="hunter2")

    task = asyncio.create_task(database.transact(spoil))
    await until(gate.reached.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.open.set()
    assert await database.transact(get) == 10
    del task
    await asyncio.sleep(0)
    assert reported == []
    assert "hunter2" not in caplog.text
