"""A session's writes change the stamps of their tables, once they are committed."""

import pyodbc
import pytest

from bms.cache.stamps import Board, Changes, Stamps
from bms.sql.database import Database
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.sql.probe import MakeDatabase

ADD = Statement("test.stamps.add", "@id INT", "UPDATE things SET n = n + 1 WHERE id = @id")
LOOK = Statement("test.stamps.look", "@id INT", "SELECT n FROM things WHERE id = @id")


class Recorder(Board):
    """A board that writes down which tables were touched, and what could be seen from elsewhere then."""

    def __init__(self, outside: pyodbc.Connection) -> None:
        self.outside = outside
        self.touched: list[set[str]] = []
        self.seen: list[int] = []

    async def read(self, tables: slice, slot: int | None) -> Stamps | None:
        return None

    def touch(self, changes: Changes) -> None:
        self.touched.append(set(changes))
        self.seen.append(self.outside.execute("SELECT n FROM things WHERE id = 1").fetchval())

    async def close(self) -> None:
        pass


@pytest.fixture
def recorder(admin: pyodbc.Connection) -> Recorder:
    return Recorder(admin)


@pytest.fixture
async def database(make: MakeDatabase, admin: pyodbc.Connection, recorder: Recorder) -> Database:
    admin.execute("DROP TABLE IF EXISTS things").close()
    admin.execute("CREATE TABLE things (id int PRIMARY KEY, n int NOT NULL)").close()
    admin.execute("INSERT INTO things VALUES (1, 0)").close()
    return await make(board=recorder)


def add(tx: Transaction) -> None:
    tx.execute(ADD, id=1)


def look(tx: Transaction) -> None:
    tx.rows(LOOK, id=1)


def add_and_fail(tx: Transaction) -> None:
    add(tx)
    raise LookupError


async def test_the_stamps_change_after_the_commit(database: Database, recorder: Recorder) -> None:
    await database.transact(add)
    assert recorder.touched == [{"things"}]
    assert recorder.seen == [1]


async def test_no_stamp_changes_for_what_was_not_written(database: Database, recorder: Recorder) -> None:
    with pytest.raises(LookupError):
        await database.transact(add_and_fail)
    await database.transact(look)  # on the same connection, which remembers nothing of the first
    assert recorder.touched == []
