"""UPDATE ... FROM OPENJSON on a real server: which rows change, what OUTPUT gives, and what a wait does."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyodbc
import pytest

from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows
from tests.kit.sessions import waiting
from tests.kit.tsql import Sql
from tests.kit.waiting import until
from tests.sql.probe import MakeDatabase, stored

HOLD = Statement(
    "test.seats.hold",
    "@seats NVARCHAR(MAX), @state NVARCHAR(10)",
    """
    UPDATE seats WITH (ROWLOCK)
    SET    state = @state, holder = j.holder, price = j.price
    OUTPUT inserted.id, inserted.state, inserted.holder, inserted.price, j.place
    FROM   OPENJSON(@seats) WITH (
               id BIGINT, holder BIGINT, price DECIMAL(15,3), place INT, state NVARCHAR(10)
           ) AS j
    WHERE  seats.id = j.id AND seats.state = j.state
    """,
)
RAISE = Statement(
    "test.seats.raise",
    "@seats NVARCHAR(MAX)",
    """
    UPDATE seats
    SET    price = COALESCE(seats.price, 0) + j.price
    FROM   OPENJSON(@seats) WITH (id BIGINT, price DECIMAL(15,3)) AS j
    WHERE  seats.id = j.id
    """,
)


@pytest.fixture
def seats(empty_database_url: str) -> Iterator[Sql]:
    """Three seats: 1 and 2 are free, 3 is sold to nobody for 7.500."""
    sql = Sql(empty_database_url)
    sql(
        "CREATE TABLE seats (id BIGINT NOT NULL, state NVARCHAR(10) NOT NULL, holder BIGINT NULL,"
        " price DECIMAL(15,3) NULL, CONSTRAINT pk_seats PRIMARY KEY (id))"
    )
    sql("INSERT INTO seats (id, state, price) VALUES (1, 'FREE', NULL), (2, 'FREE', 2.25), (3, 'SOLD', 7.5)")
    yield sql
    sql.close()


@pytest.fixture
def tx(seats: Sql) -> Transaction:
    return Transaction(seats._session)


def asked(seat: int, **more: Any) -> dict[str, Any]:
    return {"id": seat, "holder": 70 + seat, "price": 1.125, "place": seat, "state": "FREE", **more}


def every(seats: Sql) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in seats("SELECT id, state, holder, price FROM seats ORDER BY id")]


def test_the_rows_that_match_change_and_come_out(seats: Sql, tx: Transaction) -> None:
    rows = json_rows([asked(2, holder=None), asked(1), asked(3), asked(9)])
    held = sorted(tuple(row) for row in tx.rows(HOLD, seats=rows, state="HELD"))
    assert held == [(1, "HELD", 71, Decimal("1.125"), 1), (2, "HELD", None, Decimal("1.125"), 2)]
    assert every(seats) == [*(row[:4] for row in held), (3, "SOLD", None, Decimal("7.500"))]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [asked(9)],
        [asked(3)],
        [asked(1, id=None)],
        [asked(1, state=None)],
        [{"holder": 1, "state": "FREE"}],
    ],
)
def test_where_nothing_matches_nothing_changes(seats: Sql, tx: Transaction, rows: list[Any]) -> None:
    before = every(seats)
    assert tx.rows(HOLD, seats=json_rows(rows), state="HELD") == []
    assert every(seats) == before


def test_a_key_that_is_missing_is_null(seats: Sql, tx: Transaction) -> None:
    held = tx.row(HOLD, seats=json_rows([{"id": 2, "state": "FREE"}]), state="HELD")
    assert tuple(held) == (2, "HELD", None, None, None)


def test_without_output_it_counts_the_rows(seats: Sql, tx: Transaction) -> None:
    raised = [{"id": 1, "price": 0.001}, {"id": 2, "price": 1}, {"id": 9, "price": 1}]
    assert tx.execute(RAISE, seats=json_rows(raised)) == 2
    assert tx.execute(RAISE, seats=json_rows([])) == 0
    assert [row[3] for row in every(seats)] == [Decimal("0.001"), Decimal("3.250"), Decimal("7.500")]


def test_of_two_elements_for_a_row_one_wins(seats: Sql, tx: Transaction) -> None:
    held = tx.rows(HOLD, seats=json_rows([asked(1, holder=5), asked(1, holder=6)]), state="HELD")
    assert len(held) == 1
    assert held[0].holder in (5, 6)
    assert every(seats)[0][2] == held[0].holder


def test_as_many_rows_as_a_room_has(seats: Sql, tx: Transaction) -> None:
    numbers = range(100, 356)
    for number in numbers:
        seats("INSERT INTO seats (id, state) VALUES (?, 'FREE')", number)
    held = tx.rows(HOLD, seats=json_rows(asked(number) for number in reversed(numbers)), state="HELD")
    assert sorted((row.id, row.holder) for row in held) == [(number, 70 + number) for number in numbers]


# A row that another transaction has: the guard is held against what that one leaves behind.

GUARDED = Statement(
    "test.probe.set_guarded",
    "@rows NVARCHAR(MAX)",
    """
    UPDATE probe
    SET    n = j.n
    FROM   OPENJSON(@rows) WITH (id BIGINT, n INT) AS j
    WHERE  probe.id = j.id AND probe.n = 10
    """,
)
UNGUARDED = Statement(
    "test.probe.set_unguarded", GUARDED.declaration, GUARDED.text.replace(" AND probe.n = 10", "")
)
ADDED = Statement(
    "test.probe.add_rows",
    "@rows NVARCHAR(MAX)",
    """
    UPDATE probe
    SET    n = probe.n + j.n
    OUTPUT inserted.n
    FROM   OPENJSON(@rows) WITH (id BIGINT, n INT) AS j
    WHERE  probe.id = j.id
    """,
)
ROWS = json_rows([{"id": 1, "n": 77}])


def change(tx: Transaction, *, statement: Statement) -> int:
    return tx.execute(statement, rows=ROWS)


def changed(tx: Transaction) -> int:
    return int(tx.value(ADDED, rows=ROWS))


@pytest.mark.parametrize(
    ("statement", "commits", "count", "left"),
    [
        (GUARDED, True, 0, 0),
        (GUARDED, False, 1, 77),
        (UNGUARDED, True, 1, 77),  # the twin: without the guard the other's change is lost
    ],
)
async def test_the_guard_holds_after_a_wait(
    make: MakeDatabase,
    admin: pyodbc.Connection,
    rival: pyodbc.Connection,
    statement: Statement,
    commits: bool,
    count: int,
    left: int,
) -> None:
    database = await make()
    running = asyncio.create_task(database.transact(change, statement=statement))
    await until(lambda: waiting(admin))
    rival.commit() if commits else rival.rollback()
    assert await running == count
    assert stored(admin) == left


@pytest.mark.needs("OUTPUT after a wait")
async def test_after_a_wait_output_gives_what_was_written(
    make: MakeDatabase, admin: pyodbc.Connection, rival: pyodbc.Connection
) -> None:
    database = await make()
    running = asyncio.create_task(database.transact(changed))
    await until(lambda: waiting(admin))
    rival.commit()  # of n = 0
    assert await running == 77
    assert stored(admin) == 77
