"""A migration changes a column under statements that are prepared: nobody gets an error for it."""

import logging
from collections.abc import Callable, Iterator

import pyodbc
import pytest

from bms.sql import database as database_module
from bms.sql.database import StatementFailed
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.kit.sessions import is_babelfish
from tests.kit.tsql import Sql
from tests.sql.probe import MakeDatabase

LABELS = [
    Statement(f"test.probe.label_{n}", "@id BIGINT", f"SELECT label, {n} AS n FROM probe WHERE id = @id")
    for n in range(5)
]
RENAME = Statement(
    "test.probe.rename",
    "@id BIGINT, @label NVARCHAR(60)",
    "UPDATE probe SET label = @label OUTPUT inserted.label WHERE id = @id",
)


def rename(tx: Transaction, *, label: str) -> list[str]:
    """Run more statements on the table than there are attempts."""
    return [tx.value(statement, id=1) for statement in LABELS] + [tx.value(RENAME, id=1, label=label)]


def look(tx: Transaction) -> list[str]:
    return [tx.value(statement, id=1) for statement in LABELS]


@pytest.fixture
def widen(admin: pyodbc.Connection, url: str) -> Iterator[Callable[[], None]]:
    """Lengthen the column that the statements answer with, as a migration would."""
    sql = Sql(url)
    nullability = "" if is_babelfish(admin) else "NOT NULL"

    def run() -> None:
        sql(f"ALTER TABLE probe ALTER COLUMN label NVARCHAR(60) {nullability}")

    yield run
    sql.close()


async def test_a_command_and_a_read_meet_a_changed_column(
    make: MakeDatabase, widen: Callable[[], None]
) -> None:
    database = await make(pool_size=1)
    for label in ("first", "second"):
        await database.transact(rename, label=label)
        await database.read(look)
    widen()
    assert await database.transact(rename, label="x" * 50) == ["second"] * 5 + ["x" * 50]
    assert await database.read(look) == ["x" * 50] * 5


@pytest.mark.postgres_only("SQL Server plans anew by itself")
async def test_each_connection_notices_once(
    make: MakeDatabase, widen: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    database = await make(pool_size=1)
    await database.transact(rename, label="first")
    widen()
    with caplog.at_level(logging.INFO, "bms"):
        await database.transact(rename, label="second")
        await database.transact(rename, label="third")
    assert [message for message in caplog.messages if "stale" in message] == ["rename: stale plan, attempt 1"]


@pytest.mark.postgres_only("SQL Server plans anew by itself")
async def test_without_another_attempt_it_fails(
    make: MakeDatabase, widen: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: it is the second attempt that saves it."""
    monkeypatch.setattr(database_module, "MAX_ATTEMPTS", 1)
    database = await make(pool_size=1)
    await database.transact(rename, label="first")
    widen()
    with pytest.raises(StatementFailed, match="stale plan 0A000"):
        await database.transact(rename, label="second")
    assert await database.transact(rename, label="third") == ["first"] * 5 + ["third"]
