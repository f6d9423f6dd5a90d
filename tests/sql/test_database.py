"""The unit of work on a real database: commits, retries, cancellation, lost connections, overload."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyodbc
import pytest

from bms.errors import Conflict, DatabaseUnavailable, NotFound, Overloaded
from bms.sql import database as database_module
from bms.sql import pool as pool_module
from bms.sql.database import MAX_ATTEMPTS, MAX_LOST, Database, StatementFailed
from bms.sql.embedded import EmbeddedServer
from bms.sql.provision import create_database, drop_database, embedded_url
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.sql.target import parse_url

INSERT = Statement(
    "test.probe.insert",
    "@id BIGINT, @n INT, @label NVARCHAR(40)",
    "INSERT INTO probe (id, n, label) VALUES (@id, @n, @label)",
)
ADD = Statement(
    "test.probe.add", "@id BIGINT, @by INT", "UPDATE probe SET n = n + @by OUTPUT inserted.n WHERE id = @id"
)
GET = Statement("test.probe.get", "@id BIGINT", "SELECT n FROM probe WHERE id = @id")
LOCK = Statement(
    "test.probe.lock", "@id BIGINT", "SELECT n FROM probe WITH (UPDLOCK, ROWLOCK) WHERE id = @id"
)
PID = Statement("test.session.pid", "", "SELECT @@SPID AS pid", postgres="SELECT pg_backend_pid() AS pid")
WHERE = Statement(
    "test.session.database", "", "SELECT DB_NAME() AS name", postgres="SELECT current_database() AS name"
)
PREPARED = Statement(
    "test.session.prepared",
    "",
    "SELECT 1 AS name",
    postgres="SELECT name, prepare_time FROM pg_prepared_statements WHERE statement LIKE '%UPDATE probe%'",
)

CONSTRAINTS = {"pk_probe": lambda: Conflict("That id is taken"), "ck_probe_n": None}

Make = Callable[..., Awaitable[Database]]


@pytest.fixture(scope="module")
def url(server: EmbeddedServer) -> Iterator[str]:
    """The URL of a database of this module's own."""
    create_database(server, "unit_of_work")
    yield embedded_url(server, "unit_of_work")
    drop_database(server, "unit_of_work")


@pytest.fixture
def admin(url: str) -> Iterator[pyodbc.Connection]:
    """A connection beside the pool's, in autocommit mode, to a database with a fresh table ``probe``."""
    with contextlib.closing(pyodbc.connect(parse_url(url).odbc, autocommit=True)) as connection:
        terminate(connection)
        connection.execute("DROP TABLE IF EXISTS probe").close()
        connection.execute(
            "CREATE TABLE probe (id bigint CONSTRAINT pk_probe PRIMARY KEY, label varchar(40) NOT NULL,"
            " n integer CONSTRAINT ck_probe_n CHECK (n >= 0) CONSTRAINT ck_probe_small CHECK (n < 1000000))"
        ).close()
        connection.execute("INSERT INTO probe VALUES (1, 'one', 10), (2, 'two', 20)").close()
        yield connection


@pytest.fixture
async def make(admin: pyodbc.Connection, url: str) -> AsyncIterator[Make]:
    """Make an open Database on that database, closed at the end."""
    made: list[Database] = []

    async def make_one(**options: Any) -> Database:
        target = options.pop("target", None) or parse_url(url)
        database = Database(target, constraints=CONSTRAINTS, **{"pool_size": 2, **options})
        made.append(database)
        await database.open()
        return database

    yield make_one
    async with asyncio.timeout(10):
        for database in made:
            await database.close()


@pytest.fixture
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module.random, "uniform", lambda *_: 0.0)


@pytest.fixture
def rival(admin: pyodbc.Connection, url: str) -> Iterator[pyodbc.Connection]:
    """A connection that holds the lock of row 1 until it is rolled back."""
    connection = pyodbc.connect(parse_url(url).odbc, autocommit=False)
    connection.execute("UPDATE probe SET n = 0 WHERE id = 1").close()
    yield connection
    connection.rollback()
    connection.close()


def add(tx: Transaction, *, row: int = 1, by: int = 1) -> int:
    return int(tx.value(ADD, id=row, by=by))


def get(tx: Transaction, *, row: int = 1) -> int:
    return int(tx.value(GET, id=row))


def pid(tx: Transaction) -> int:
    return int(tx.value(PID))


def stored(admin: pyodbc.Connection, row: int = 1) -> int:
    return int(admin.execute("SELECT n FROM probe WHERE id = ?", row).fetchval())


def sessions(admin: pyodbc.Connection) -> list[tuple[int, str]]:
    """Return (process, state) of every other session on the database."""
    return [
        (int(row.pid), row.state)
        for row in admin.execute(
            "SELECT pid, state FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY pid"
        ).fetchall()
    ]


def terminate(admin: pyodbc.Connection, *processes: int) -> None:
    """End sessions of the database, or all but this one, and return when they are gone."""
    gone = set(processes) or {process for process, _ in sessions(admin)}
    for process in gone:
        admin.execute("SELECT pg_terminate_backend(?, 5000)", process).fetchall()
    assert not gone & {process for process, _ in sessions(admin)}


def nothing_is_left_open(admin: pyodbc.Connection) -> None:
    """Assert that no session is in a transaction or holds a lock, and that both rows can be locked."""
    assert {state for _, state in sessions(admin)} <= {"idle"}
    locks = admin.execute(
        "SELECT pid, mode FROM pg_locks WHERE pid <> pg_backend_pid() AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    ).fetchall()
    assert locks == []
    assert len(admin.execute("SELECT id FROM probe FOR UPDATE NOWAIT").fetchall()) >= 2


async def until(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in the database
            await asyncio.sleep(0.005)


def waits_for_a_lock(admin: pyodbc.Connection) -> bool:
    return bool(admin.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchval())


class Gate:
    """A place in a unit of work where it waits, in its thread, until the test lets it go on."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self) -> None:
        self.reached.set()
        assert self.open.wait(10)


def add_at(tx: Transaction, *, gate: Gate, row: int = 1) -> int:
    result = add(tx, row=row)
    gate()
    return result


# Commit and rollback


async def test_a_command_is_committed_and_its_result_returned(make: Make, admin: pyodbc.Connection) -> None:
    database = await make()
    assert await database.transact(add, by=5) == 15
    assert stored(admin) == 15
    nothing_is_left_open(admin)


@pytest.mark.parametrize("error", [NotFound("gone"), ZeroDivisionError(), SystemError("odd")])
async def test_an_exception_rolls_back_and_is_passed_on(
    make: Make, admin: pyodbc.Connection, error: Exception
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
    make: Make, admin: pyodbc.Connection
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


async def test_a_unit_of_work_is_one_executor_hop(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
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


async def test_a_statement_is_prepared_once_a_connection(make: Make) -> None:
    database = await make(pool_size=1)

    def prepared(tx: Transaction) -> list[tuple[Any, ...]]:
        add(tx)
        return [tuple(row) for row in tx.rows(PREPARED)]

    first = await database.transact(prepared)
    assert len(first) == 1
    assert await database.transact(prepared) == first


# Run again


async def test_a_deadlock_victim_is_run_again_and_both_succeed(
    make: Make, admin: pyodbc.Connection, url: str
) -> None:
    target = parse_url(url)
    database = await make(
        target=replace(target, on_connect=(*target.on_connect, "SET deadlock_timeout = '20ms'"))
    )
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
async def test_running_again_is_bounded(make: Make, caplog: pytest.LogCaptureFixture) -> None:
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
    make: Make, admin: pyodbc.Connection, rival: pyodbc.Connection, url: str
) -> None:
    target = parse_url(url)
    target = replace(target, on_connect=(*target.on_connect, "SET lock_timeout = '30ms'"))
    database = await make(target=target)
    with pytest.raises(Overloaded):
        await database.transact(add)
    rival.rollback()
    assert await database.transact(add) == 11


# Constraints


async def test_a_constraint_that_means_something_gives_its_error(
    make: Make, admin: pyodbc.Connection
) -> None:
    database = await make()
    with pytest.raises(Conflict, match="That id is taken") as caught:
        await database.transact(lambda tx: tx.execute(INSERT, id=1, n=1, label="hunter2"))
    assert caught.value.__context__ is None
    nothing_is_left_open(admin)


@pytest.mark.usefixtures("no_backoff")
async def test_a_constraint_that_means_come_again_is_run_again(make: Make, admin: pyodbc.Connection) -> None:
    database = await make()
    steps = iter([-100, -100, 1])
    assert await database.transact(lambda tx: add(tx, by=next(steps))) == 11
    with pytest.raises(StatementFailed, match="constraint 23514 ck_probe_n"):
        await database.transact(add, by=-100)
    nothing_is_left_open(admin)


async def test_any_other_failure_tells_no_value_of_a_row(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    database = await make()

    def spoil(tx: Transaction) -> None:
        tx.execute(INSERT, id=77_001, n=5_000_000, label="hunter2")

    with caplog.at_level(logging.DEBUG), pytest.raises(StatementFailed) as caught:
        await database.transact(spoil)
    logging.getLogger("test").error("the request failed", exc_info=caught.value)
    assert str(caught.value) == "spoil: test.probe.insert constraint 23514 ck_probe_small"
    error = caught.value
    assert (error.__cause__, error.__context__) == (None, None), "nothing hangs on it that a tool could print"
    for told in (caplog.text, "".join(traceback.format_exception(error))):
        assert "hunter2" not in told
        assert "77001" not in told
    assert "ck_probe_small" in caplog.text


# Cancellation


async def test_a_cancelled_command_is_rolled_back_and_keeps_its_connection_until_it_has_ended(
    make: Make, admin: pyodbc.Connection, rival: pyodbc.Connection
) -> None:
    database = await make(pool_size=1)
    first_pid = await database.transact(pid)
    task = asyncio.create_task(database.transact(add, by=7))
    await until(lambda: waits_for_a_lock(admin))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 0.5)
    # Its statement still runs: nobody else gets the connection.
    next_one = asyncio.create_task(database.transact(pid))
    await asyncio.sleep(0.1)
    assert not next_one.done()
    assert waits_for_a_lock(admin)
    rival.rollback()
    assert await next_one == first_pid
    assert stored(admin) == 10
    nothing_is_left_open(admin)


async def test_a_timeout_around_a_command_cancels_it(
    make: Make, admin: pyodbc.Connection, rival: pyodbc.Connection
) -> None:
    database = await make()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await database.transact(add)
    rival.rollback()
    await until(lambda: not waits_for_a_lock(admin))
    assert await database.transact(add) == 11


async def test_cancelled_between_its_last_statement_and_its_commit_it_is_not_committed(
    make: Make, admin: pyodbc.Connection
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
    make: Make,
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
    make: Make, admin: pyodbc.Connection, rival: pyodbc.Connection
) -> None:
    database = await make(pool_size=3)
    tasks = [asyncio.create_task(database.transact(add)) for _ in range(30)]
    await until(lambda: waits_for_a_lock(admin))
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
    make: Make, admin: pyodbc.Connection, caplog: pytest.LogCaptureFixture
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


# Lost connections


async def test_connections_that_died_while_idle_are_replaced_unseen(
    make: Make, admin: pyodbc.Connection
) -> None:
    database = await make(pool_size=3)
    together = threading.Barrier(3)

    def meet(tx: Transaction) -> int:
        together.wait(5)
        return add(tx)

    await asyncio.gather(*(database.transact(meet) for _ in range(3)))
    await database.read(get)
    terminate(admin)
    assert await database.transact(add) == 14
    assert await database.read(get) == 14
    together.reset()
    # With no other unit of work first, each of several at once finds a dead one.
    await asyncio.gather(*(database.transact(meet) for _ in range(3)))
    terminate(admin)
    results = await asyncio.gather(*(database.transact(add) for _ in range(6)))
    assert sorted(results) == [18, 19, 20, 21, 22, 23]


@pytest.mark.parametrize("warm", [True, False])
async def test_a_connection_lost_between_two_statements_is_run_again(
    make: Make, admin: pyodbc.Connection, warm: bool
) -> None:
    database = await make()
    if warm:
        await database.transact(get)
    runs: list[int] = []

    def unlucky(tx: Transaction) -> int:
        runs.append(add(tx))
        if len(runs) == 1:
            terminate(admin, pid(tx))
        return add(tx)

    assert await database.transact(unlucky) == 12
    assert runs == [11, 11]
    assert stored(admin) == 12


async def test_what_loses_every_connection_is_given_up(make: Make, admin: pyodbc.Connection) -> None:
    database = await make(pool_size=1)
    runs: list[int] = []

    def killer(tx: Transaction) -> int:
        runs.append(add(tx))
        terminate(admin, pid(tx))
        return add(tx)

    async def waiter() -> int:
        return await database.transact(get)

    killing = asyncio.create_task(database.transact(killer))
    await asyncio.sleep(0)
    waiters = [asyncio.create_task(waiter()) for _ in range(5)]
    with pytest.raises(DatabaseUnavailable):
        await killing
    assert len(runs) == MAX_LOST
    assert await asyncio.gather(*waiters) == [10] * 5, "those that waited for the connection got another"


async def test_a_commit_that_went_out_is_not_run_again(make: Make, admin: pyodbc.Connection) -> None:
    database = await make()
    runs: list[int] = []

    def unlucky(tx: Transaction) -> None:
        process = pid(tx)
        runs.append(add(tx))
        terminate(admin, process)

    with pytest.raises(DatabaseUnavailable) as caught:
        await database.transact(unlucky)
    assert caught.value.__context__ is None
    assert runs == [11]
    assert await database.transact(get) == 10


async def test_the_server_goes_away_and_comes_back(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path / "postgres") as server:
        create_database(server, "probe")
        database = Database(parse_url(embedded_url(server, "probe")), constraints={}, pool_size=2)
        await database.open()
        try:
            assert await database.transact(pid) > 0
            assert await database.read(pid) > 0
            postmaster = int((tmp_path / "postgres/data/postmaster.pid").read_text().split()[0])
            # What "pg_ctl stop -m immediate" does.
            os.kill(postmaster, signal.SIGQUIT)
            await until(lambda: not (tmp_path / "postgres/data/postmaster.pid").exists())
            for _ in range(2):
                for run in (database.transact, database.read, database.read_primary):
                    with pytest.raises(DatabaseUnavailable):
                        await run(pid)
            await asyncio.to_thread(server.start)
            for run in (database.transact, database.read, database.read_primary):
                assert await run(pid) > 0
        finally:
            await database.close()


async def test_a_server_that_does_not_answer_is_unreachable(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "LOGIN_TIMEOUT", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        away = f"postgresql://u:hunter2@127.0.0.1:{silent.getsockname()[1]}/probe"
        database = await make(target=parse_url(away))
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable) as caught:
            await database.transact(pid)
        assert time.monotonic() - began < 4
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


async def test_what_fails_while_a_connection_is_set_up_leaves_none(
    make: Make, admin: pyodbc.Connection, url: str
) -> None:
    target = replace(parse_url(url), on_connect=("SELECT 1 / 0",))
    database = await make(target=target)
    for _ in range(3):
        with pytest.raises(StatementFailed, match="22012"):
            await database.transact(get)
    await until(lambda: not sessions(admin))


async def test_a_connection_that_nobody_took_and_that_was_closed_confuses_no_other(
    make: Make, admin: pyodbc.Connection, url: str
) -> None:
    """While one is being made another comes back and is taken in its place; then all idle ones are closed."""
    target = parse_url(url)
    target = replace(target, on_connect=(*target.on_connect, "SELECT pg_sleep(0.15)"))
    database = await make(target=target, pool_size=2)
    gate = Gate()
    holder = asyncio.create_task(database.transact(add_at, gate=gate))
    await until(gate.reached.is_set)
    held = [process for process, _ in sessions(admin)]
    lost: list[int] = []

    def lose_the_first(tx: Transaction) -> int:
        if not lost:
            lost.append(pid(tx))
            terminate(admin, *lost)
        return get(tx)

    taker = asyncio.create_task(database.transact(lose_the_first))
    await until(lambda: len(sessions(admin)) == 2)
    gate.open.set()
    await holder
    assert await taker == 11
    assert lost == held, "the one that came back was lent, and the new one lay idle when all were closed"
    assert await database.transact(get) == 11


# Too much at once


async def test_past_the_queue_the_answer_is_come_again_at_once(make: Make) -> None:
    database = await make(pool_size=1, queue=1)
    gate = Gate()
    busy = asyncio.create_task(database.transact(add_at, gate=gate))
    await until(gate.reached.is_set)
    waiting = asyncio.create_task(database.transact(get))
    await asyncio.sleep(0.01)
    began = time.monotonic()
    with pytest.raises(Overloaded):
        await database.transact(get)
    assert time.monotonic() - began < 0.5
    gate.open.set()
    assert await busy == 11
    assert await waiting == 11


async def test_a_wait_that_is_too_long_ends(make: Make) -> None:
    database = await make(pool_size=1, borrow_timeout=0.05)
    gate = Gate()
    busy = asyncio.create_task(database.transact(add_at, gate=gate))
    await until(gate.reached.is_set)
    began = time.monotonic()
    with pytest.raises(Overloaded) as caught:
        await database.transact(get)
    assert time.monotonic() - began < 1
    assert caught.value.retry_after == 1
    gate.open.set()
    assert await busy == 11
    assert await database.transact(get) == 11


async def test_the_event_loop_runs_on_while_units_of_work_wait(
    make: Make, admin: pyodbc.Connection, rival: pyodbc.Connection, url: str
) -> None:
    target = parse_url(url)
    target = replace(target, on_connect=(*target.on_connect, "SELECT pg_sleep(0.2)"))
    database = await make(target=target)
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.002)
            longest = max(longest, time.monotonic() - before)

    ticking = asyncio.create_task(tick())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await asyncio.gather(*(database.transact(add) for _ in range(5)))
    rival.rollback()
    await database.close()
    ticking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ticking
    assert longest < 0.15


# Reads


async def test_reads_have_no_transaction_and_see_what_is_committed(
    make: Make, admin: pyodbc.Connection
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


@pytest.mark.parametrize("statement", [LOCK, ADD])
async def test_a_query_can_neither_write_nor_lock(
    make: Make, admin: pyodbc.Connection, statement: Statement
) -> None:
    database = await make()
    values = {"id": 1} if statement is LOCK else {"id": 1, "by": 1}
    for run in (database.read, database.read_primary):
        with pytest.raises(StatementFailed, match="25006"):
            await run(lambda tx: tx.rows(statement, **values))
        assert await run(get) == 10
    await database.transact(lambda tx: tx.rows(statement, **values))


async def test_reads_go_to_the_replica_but_for_those_that_must_see_the_last_write(
    make: Make, server: EmbeddedServer, admin: pyodbc.Connection
) -> None:
    replica = parse_url(embedded_url(server, "postgres"), read_only=True)
    database = await make(replica=replica)

    def where(tx: Transaction) -> str:
        return str(tx.value(WHERE))

    primary = admin.execute("SELECT current_database()").fetchval()
    assert await database.transact(where) == primary
    assert await database.read_primary(where) == primary
    assert await database.read(where) == "postgres"


# The end


async def test_closing_waits_for_the_work_and_refuses_more(make: Make, admin: pyodbc.Connection) -> None:
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
    make: Make, admin: pyodbc.Connection
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
