"""REPEATABLEREAD: a row that is read stays as it is until the transaction ends, and others read it too."""

import asyncio

import pyodbc
import pytest

from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.kit.sessions import waiting
from tests.kit.waiting import until
from tests.sql.probe import GET, Gate, MakeDatabase, add, nothing_is_left_open, stored

pytestmark = pytest.mark.needs("UPDLOCK")

SHARE = Statement(
    "test.probe.share", "@id BIGINT", "SELECT n FROM probe WITH (ROWLOCK, REPEATABLEREAD) WHERE id = @id"
)


def read_twice(tx: Transaction, *, first: Statement, gate: Gate) -> tuple[int, int]:
    """Read row 1, wait at ``gate``, and read it again."""
    before = tx.value(first, id=1)
    gate()
    return before, tx.value(GET, id=1)


async def test_a_writer_waits_until_the_reader_has_ended(
    make: MakeDatabase, admin: pyodbc.Connection
) -> None:
    database, gate = await make(), Gate()
    reading = asyncio.create_task(database.transact(read_twice, first=SHARE, gate=gate))
    await until(gate.reached.is_set)
    writing = asyncio.create_task(database.transact(add))
    await until(lambda: waiting(admin))
    gate.open.set()
    assert await reading == (10, 10)
    assert await writing == 11
    nothing_is_left_open(admin)


async def test_without_the_hint_the_row_changes_between_two_looks(make: MakeDatabase) -> None:
    """The twin: the same two transactions, and no lock."""
    database, gate = await make(), Gate()
    reading = asyncio.create_task(database.transact(read_twice, first=GET, gate=gate))
    await until(gate.reached.is_set)
    assert await database.transact(add) == 11
    gate.open.set()
    assert await reading == (10, 11)


async def test_readers_share_it_and_the_other_row_is_free(
    make: MakeDatabase, admin: pyodbc.Connection
) -> None:
    database, gates = await make(pool_size=3), (Gate(), Gate())
    reading = [asyncio.create_task(database.transact(read_twice, first=SHARE, gate=gate)) for gate in gates]
    for gate in gates:
        await until(gate.reached.is_set)
    assert await database.transact(add, row=2) == 21
    for gate in gates:
        gate.open.set()
    assert await asyncio.gather(*reading) == [(10, 10), (10, 10)]
    nothing_is_left_open(admin)


async def test_a_reader_waits_for_a_writer_and_sees_what_it_left(
    make: MakeDatabase, admin: pyodbc.Connection, rival: pyodbc.Connection
) -> None:
    database, gate = await make(), Gate()
    gate.open.set()
    reading = asyncio.create_task(database.transact(read_twice, first=SHARE, gate=gate))
    await until(lambda: waiting(admin))
    rival.commit()
    assert await reading == (0, 0)
    assert stored(admin) == 0
