"""Connections that die: idle, between two statements, in a commit, and while they are made."""

import asyncio
import os
import signal
import socket
import threading
import traceback
from dataclasses import replace
from pathlib import Path

import pyodbc
import pytest

from bms.errors import DatabaseUnavailable
from bms.sql.database import MAX_LOST, Database, StatementFailed
from bms.sql.embedded.provision import create_database, embedded_url
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.odbc.target import parse_url
from bms.sql.session import Transaction
from tests.kit.sessions import is_postgres, sessions, terminate
from tests.kit.waiting import until
from tests.sql.probe import Gate, MakeDatabase, add, add_at, get, pid, slow_to_connect, stored


async def test_connections_that_died_while_idle_are_replaced_unseen(
    make: MakeDatabase, admin: pyodbc.Connection
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
    make: MakeDatabase, admin: pyodbc.Connection, warm: bool
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


async def test_what_loses_every_connection_is_given_up(make: MakeDatabase, admin: pyodbc.Connection) -> None:
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


async def test_a_commit_that_went_out_is_not_run_again(make: MakeDatabase, admin: pyodbc.Connection) -> None:
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


@pytest.mark.embedded_only("it stops the server")
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
    make: MakeDatabase, admin: pyodbc.Connection
) -> None:
    scheme = "postgresql" if is_postgres(admin) else "mssql"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        away = f"{scheme}://u:hunter2@127.0.0.1:{silent.getsockname()[1]}/probe?LoginTimeout"
        patient = await make(target=parse_url(f"{away}=600"))
        waiting = asyncio.create_task(patient.transact(pid))
        database = await make(target=parse_url(f"{away}=1"))
        with pytest.raises(DatabaseUnavailable) as caught:
            await database.transact(pid)
        assert not waiting.done(), "it was the setting that ended the wait, not the server"
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    # Now that nobody listens any more, the other one is told so.
    with pytest.raises(DatabaseUnavailable):
        await waiting


async def test_what_fails_while_a_connection_is_set_up_leaves_none(
    make: MakeDatabase, admin: pyodbc.Connection, url: str
) -> None:
    target = replace(parse_url(url), on_connect=("SELECT x FROM nowhere",))
    database = await make(target=target)
    for _ in range(3):
        with pytest.raises(StatementFailed, match="schema"):
            await database.transact(get)
    await until(lambda: not sessions(admin))


async def test_a_connection_that_nobody_took_and_that_was_closed_confuses_no_other(
    make: MakeDatabase, admin: pyodbc.Connection, url: str
) -> None:
    """While one is being made another comes back and a third is lost: then all idle ones are closed."""
    database = await make(target=slow_to_connect(parse_url(url), 0.5), pool_size=3)
    back, loss = Gate(), Gate()
    lost: list[int] = []

    def lose_the_first(tx: Transaction) -> int:
        if not lost:
            lost.append(pid(tx))
            loss()
            terminate(admin, *lost)
        return get(tx)

    holder = asyncio.create_task(database.transact(add_at, gate=back))
    await until(back.reached.is_set)
    held = [process for process, _ in sessions(admin)]
    loser = asyncio.create_task(database.transact(lose_the_first))
    await until(loss.reached.is_set)
    taker = asyncio.create_task(database.transact(pid))
    await until(lambda: len(sessions(admin)) == 3)
    back.open.set()
    await holder
    loss.open.set()
    assert [await taker] == held, "the one that came back was lent, and the new one lay idle"
    assert await loser == 11
    assert await database.transact(get) == 11
