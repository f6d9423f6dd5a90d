"""The unit of work on a real database: commits, retries, constraints, overload, reads, the end."""

import asyncio
import contextlib
import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyodbc
import pytest

from bms.errors import Conflict, DatabaseUnavailable, NotFound, Overloaded
from bms.sql.database import MAX_ATTEMPTS, StatementFailed
from bms.sql.odbc.target import parse_url
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.kit.servers import Server
from tests.kit.sessions import is_postgres, sessions, terminate
from tests.kit.waiting import until
from tests.sql.probe import (
    ADD,
    INSERT,
    LOCK,
    PREPARED,
    WHERE,
    Gate,
    MakeDatabase,
    add,
    add_at,
    code,
    get,
    nothing_is_left_open,
    pid,
    slow_to_connect,
    stored,
    with_lock_timeout,
)

# Commit and rollback


async def test_a_command_is_committed_and_its_result_returned(
    make: MakeDatabase, admin: pyodbc.Connection
) -> None:
    database = await make()
    assert await database.transact(add, by=5) == 15
    assert stored(admin) == 15
    nothing_is_left_open(admin)


@pytest.mark.parametrize("error", [NotFound("gone"), ZeroDivisionError(), SystemError("odd")])
async def test_an_exception_rolls_back_and_is_passed_on(
    make: MakeDatabase, admin: pyodbc.Connection, error: Exception
) -> None:
    database = await make()

    def fail(tx: Transaction) -> None:
        add(tx)
        assert tx.execute(INSERT, id=3, n=1, label="three") == 1
        raise error

    with pytest.raises(type(error)) as caught:
        await database.transact(fail)
    assert caught.value is error
    assert stored(admin) == 10
    assert admin.execute("SELECT count(*) FROM probe").fetchval() == 2
    nothing_is_left_open(admin)
    assert len(sessions(admin)) == 1, "the connection is kept"


async def test_a_failed_statement_leaves_a_connection_that_works(
    make: MakeDatabase, admin: pyodbc.Connection
) -> None:
    database = await make(pool_size=1)

    def fail(tx: Transaction) -> int:
        process = pid(tx)
        add(tx)
        seen.append(process)
        return add(tx, by=5_000_000)

    seen: list[int] = []
    with pytest.raises(StatementFailed):
        await database.transact(fail)
    nothing_is_left_open(admin)
    assert await database.transact(pid) == seen[0]
    assert await database.transact(add) == 11


# Hops and prepared statements


async def test_a_unit_of_work_is_one_executor_hop(
    make: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await make()

    def three(tx: Transaction) -> int:
        return get(tx) + add(tx) + add(tx, row=2)

    await database.transact(three)
    await database.read(get)
    loop, hops = asyncio.get_running_loop(), []
    run_in_executor = loop.run_in_executor

    def counting(executor: Any, function: Callable[..., Any], *args: Any) -> Any:
        hops.append(function)
        return run_in_executor(executor, function, *args)

    monkeypatch.setattr(loop, "run_in_executor", counting)
    await database.transact(three)
    assert len(hops) == 1
    await database.read(get)
    assert len(hops) == 2


async def test_the_connection_that_came_back_last_is_lent_first(make: MakeDatabase) -> None:
    database = await make(pool_size=3)
    gates = [Gate() for _ in range(3)]

    def wait(tx: Transaction, gate: Gate) -> int:
        gate()
        return pid(tx)

    tasks = [asyncio.create_task(database.read(wait, gate=gate)) for gate in gates]
    await until(lambda: all(gate.reached.is_set() for gate in gates))
    last = 0
    for gate, task in zip(gates, tasks, strict=True):
        gate.open.set()
        last = await task
    assert {await database.read(pid) for _ in range(6)} == {last}, "the others prepare nothing meanwhile"


@pytest.mark.postgres_only("no view of SQL Server shows what a session has prepared")
async def test_a_statement_is_prepared_once_a_connection(make: MakeDatabase) -> None:
    database = await make(pool_size=1)

    def prepared(tx: Transaction) -> list[tuple[Any, ...]]:
        add(tx)
        return [tuple(row) for row in tx.rows(PREPARED)]

    first = await database.transact(prepared)
    assert len(first) == 1
    assert await database.transact(prepared) == first


# Run again


async def test_a_deadlock_victim_is_run_again_and_both_succeed(
    make: MakeDatabase, admin: pyodbc.Connection, url: str
) -> None:
    # SQL Server looks for deadlocks every five seconds, and cannot be told otherwise.
    target = with_lock_timeout(parse_url(url), 12)
    if is_postgres(admin):
        target = replace(target, on_connect=(*target.on_connect, "SET deadlock_timeout = '20ms'"))
    database = await make(target=target)
    both = threading.Barrier(2)
    runs: list[int] = []

    def cross(tx: Transaction, *, first: int, second: int) -> None:
        runs.append(first)
        add(tx, row=first)
        if runs.count(first) == 1:
            both.wait(5)
        add(tx, row=second)

    await asyncio.gather(
        database.transact(cross, first=1, second=2), database.transact(cross, first=2, second=1)
    )
    assert (stored(admin, 1), stored(admin, 2)) == (12, 22)
    assert len(runs) == 3, "one was the victim and ran again"
    nothing_is_left_open(admin)


@pytest.mark.usefixtures("no_backoff")
async def test_running_again_is_bounded(make: MakeDatabase, caplog: pytest.LogCaptureFixture) -> None:
    database = await make()
    runs: list[int] = []

    def unlucky(tx: Transaction) -> None:
        runs.append(add(tx))
        raise pyodbc.Error("40P01", "[40P01] ERROR: deadlock detected (1) (SQLExecDirectW)")

    with caplog.at_level(logging.INFO, "bms.sql.database"), pytest.raises(Overloaded):
        await database.transact(unlucky)
    assert runs == [11] * MAX_ATTEMPTS, "each run starts from what is committed"
    assert "unlucky: deadlock victim, attempt 1" in caplog.messages
    assert "unlucky: gave up waiting for the database (test.probe.add, 40P01)" in caplog.messages


async def test_a_lock_that_is_not_given_in_time_means_come_again(
    make: MakeDatabase, admin: pyodbc.Connection, rival: pyodbc.Connection, url: str
) -> None:
    database = await make(target=with_lock_timeout(parse_url(url), 0.03))
    with pytest.raises(Overloaded) as caught:
        await database.transact(add)
    assert not caught.value.no_connection
    rival.rollback()
    assert await database.transact(add) == 11


# Constraints


async def test_a_constraint_that_means_something_gives_its_error(
    make: MakeDatabase, admin: pyodbc.Connection
) -> None:
    database = await make()
    with pytest.raises(Conflict, match="That id is taken") as caught:
        await database.transact(lambda tx: tx.execute(INSERT, id=1, n=1, label="hunter2"))
    assert caught.value.__context__ is None
    nothing_is_left_open(admin)


@pytest.mark.usefixtures("no_backoff")
async def test_a_constraint_that_means_come_again_is_run_again(
    make: MakeDatabase, admin: pyodbc.Connection
) -> None:
    database = await make()
    steps = iter([-100, -100, 1])
    assert await database.transact(lambda tx: add(tx, by=next(steps))) == 11
    with pytest.raises(StatementFailed, match=f"constraint {code(admin, '23514', '547')} ck_probe_n"):
        await database.transact(add, by=-100)
    nothing_is_left_open(admin)


async def test_any_other_failure_tells_no_value_of_a_row(
    make: MakeDatabase, admin: pyodbc.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    database = await make()

    def spoil(tx: Transaction) -> None:
        tx.execute(INSERT, id=77_001, n=5_000_000, label="hunter2")

    with caplog.at_level(logging.DEBUG), pytest.raises(StatementFailed) as caught:
        await database.transact(spoil)
    logging.getLogger("test").error("the request failed", exc_info=caught.value)
    number = code(admin, "23514", "547")
    assert str(caught.value) == f"spoil: test.probe.insert constraint {number} ck_probe_small"
    error = caught.value
    assert (error.__cause__, error.__context__) == (None, None), "nothing hangs on it that a tool could print"
    for told in (caplog.text, "".join(traceback.format_exception(error))):
        assert "hunter2" not in told
        assert "77001" not in told
    assert "ck_probe_small" in caplog.text


# Too much at once


async def test_past_the_queue_the_answer_is_come_again_at_once(make: MakeDatabase) -> None:
    database = await make(pool_size=1, queue=1, borrow_timeout=86_400.0)
    gate = Gate()
    busy = asyncio.create_task(database.transact(add_at, gate=gate))
    await until(gate.reached.is_set)
    waiting = asyncio.create_task(database.transact(get))
    await until(lambda: database.usage()[0].waiting == 1)
    # Who waits does so for a day: only the length of the queue can refuse this one.
    with pytest.raises(Overloaded) as caught:
        await database.transact(get)
    assert caught.value.no_connection
    assert not busy.done()
    assert not waiting.done()
    gate.open.set()
    assert await busy == 11
    assert await waiting == 11


async def test_a_wait_that_is_too_long_ends(make: MakeDatabase) -> None:
    database = await make(pool_size=1, borrow_timeout=0.05)
    gate = Gate()
    busy = asyncio.create_task(database.transact(add_at, gate=gate))
    await until(gate.reached.is_set)
    with pytest.raises(Overloaded) as caught:
        await database.transact(get)
    assert not busy.done(), "the connection has not become free"
    assert (caught.value.retry_after, caught.value.no_connection) == (1, True)
    gate.open.set()
    assert await busy == 11
    assert await database.transact(get) == 11


async def test_the_event_loop_runs_on_while_units_of_work_wait(
    make: MakeDatabase, admin: pyodbc.Connection, rival: pyodbc.Connection, url: str
) -> None:
    database = await make(target=slow_to_connect(parse_url(url), 0.2))
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.002)
            ticks += 1

    ticking = asyncio.create_task(tick())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await asyncio.gather(*(database.transact(add) for _ in range(5)))
    rival.rollback()
    await database.close()
    ticking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ticking
    # A loop that stood still for as long as the rival had the lock would have come to one or two.
    assert ticks > 5


# Reads


async def test_reads_have_no_transaction_and_see_what_is_committed(
    make: MakeDatabase, admin: pyodbc.Connection
) -> None:
    database = await make()
    await database.transact(add)

    def look(tx: Transaction) -> tuple[int, list[tuple[int, str]], int]:
        before = get(tx)
        states = sessions(admin)
        admin.execute("UPDATE probe SET n = 99 WHERE id = 1").close()
        return before, states, get(tx)

    before, states, after = await database.read(look)
    assert (before, after) == (11, 99)
    assert {state for _, state in states} == {"idle"}


@pytest.mark.postgres_only("SQL Server has no session that only reads: there the login's rights say so")
@pytest.mark.parametrize("statement", [LOCK, ADD])
async def test_a_query_can_neither_write_nor_lock(
    make: MakeDatabase, admin: pyodbc.Connection, statement: Statement
) -> None:
    database = await make()
    values = {"id": 1} if statement is LOCK else {"id": 1, "by": 1}
    for run in (database.read, database.read_primary):
        with pytest.raises(StatementFailed, match="25006"):
            await run(lambda tx: tx.rows(statement, **values))
        assert await run(get) == 10
    await database.transact(lambda tx: tx.rows(statement, **values))


async def test_reads_go_to_the_replica_but_for_those_that_must_see_the_last_write(
    make: MakeDatabase, server: Server, url: str
) -> None:
    def where(tx: Transaction) -> str:
        return str(tx.value(WHERE))

    def name(of: str) -> str:
        return of.partition("?")[0].rpartition("/")[2]

    with server.empty() as other:
        database = await make(replica=parse_url(other, read_only=True))
        assert await database.transact(where) == name(url)
        assert await database.read_primary(where) == name(url)
        assert await database.read(where) == name(other)
        await database.close()


# The end


async def test_closing_waits_for_the_work_and_refuses_more(
    make: MakeDatabase, admin: pyodbc.Connection
) -> None:
    database = await make(pool_size=1)
    gate = Gate()
    running = asyncio.create_task(database.transact(add_at, gate=gate))
    await until(gate.reached.is_set)
    waiting = asyncio.create_task(database.transact(add))
    await asyncio.sleep(0.01)
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    with pytest.raises(DatabaseUnavailable):
        await database.transact(add)
    gate.open.set()
    assert await running == 11
    assert await waiting == 12
    async with asyncio.timeout(5):
        await closing
    await until(lambda: not sessions(admin))
    await database.close()


async def test_closing_ends_although_the_last_connection_was_lost(
    make: MakeDatabase, admin: pyodbc.Connection
) -> None:
    database = await make(pool_size=1)
    gate = Gate()

    def unlucky(tx: Transaction) -> int:
        process = pid(tx)
        gate()
        terminate(admin, process)
        return add(tx)

    running = asyncio.create_task(database.transact(unlucky))
    await until(gate.reached.is_set)
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0.01)
    gate.open.set()
    with pytest.raises(DatabaseUnavailable):
        await running
    async with asyncio.timeout(5):
        await closing
