"""The stamps: every write changes its table's, once it is committed, for all who have the same board."""

import multiprocessing
from collections.abc import Iterable
from pathlib import Path

import pyodbc
import pytest
import sqlglot
from sqlglot import exp

from bms.app import ENDPOINTS
from bms.cache.stamps import CALLERS, EVENTS, SIZE, TABLES, Board, SharedMemory
from bms.sql.database import Database
from bms.sql.session import Transaction
from bms.sql.statements import Statement, registered
from tests.sql.probe import Make

assert ENDPOINTS  # with the application all of its statements are loaded

# Each for its lock alone, or writing what no reading that is kept looks at.
QUIET = {
    "users": {"users.insert", "users.take_booking_turns", "users.lock_admins", "users.lock_credentials"},
    "sessions": {"sessions.insert", "sessions.rotate"},
    "events": {"events.lock_rated"},
}
ADD = Statement("test.stamps.add", "@id INT", "UPDATE things SET n = n + 1 WHERE id = @id")
LOOK = Statement("test.stamps.look", "@id INT", "SELECT n FROM things WHERE id = @id")


def written(statement: Statement) -> str | None:
    """Return the table that a statement writes to by its parsed text."""
    (tree,) = sqlglot.parse(statement.text, dialect="tsql")
    assert tree is not None
    if isinstance(tree, exp.Insert | exp.Update | exp.Delete):
        target = tree.find(exp.Table)
        assert target is not None
        return target.name
    return None


def test_every_statement_says_what_it_changes() -> None:
    quiet: dict[str, set[str]] = {}
    changed = set()
    for statement in registered():
        if statement.name.startswith("test."):
            continue
        table = written(statement)
        if statement.quiet:
            assert table is not None
            quiet.setdefault(table, set()).add(statement.name)
        else:
            assert statement.changes == table, statement.name
            changed.add(table)
    assert quiet == QUIET
    assert set(TABLES) <= changed


class Recorder(Board):
    """A board that writes down which tables were touched, and what could be seen from elsewhere then."""

    def __init__(self, outside: pyodbc.Connection) -> None:
        self.outside = outside
        self.touched: list[set[str]] = []
        self.seen: list[int] = []

    async def read(self) -> bytes | None:
        return None

    def touch(self, tables: Iterable[str]) -> None:
        self.touched.append(set(tables))
        self.seen.append(self.outside.execute("SELECT n FROM things WHERE id = 1").fetchval())

    async def close(self) -> None:
        pass


@pytest.fixture
def recorder(admin: pyodbc.Connection) -> Recorder:
    return Recorder(admin)


@pytest.fixture
async def database(make: Make, admin: pyodbc.Connection, recorder: Recorder) -> Database:
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


def slices(board: bytes) -> tuple[bytes, bytes]:
    return board[EVENTS], board[CALLERS]


async def test_a_table_changes_the_slices_that_it_is_in(tmp_path: Path) -> None:
    board = SharedMemory(tmp_path / "made" / "stamps")
    for table in TABLES:
        before = slices(await board.read())
        board.touch([table, "bookings"])
        after = slices(await board.read())
        assert (before[0] != after[0]) == (table != "sessions"), table
        assert (before[1] != after[1]) == (table in ("users", "sessions")), table
    before = slices(await board.read())
    board.touch(["bookings", "outbox"])
    assert slices(await board.read()) == before


def _touch(path: Path) -> None:
    SharedMemory(path).touch(["events"])


async def test_processes_share_a_board(tmp_path: Path) -> None:
    board = SharedMemory(tmp_path / "stamps")
    before = await board.read()
    process = multiprocessing.get_context("spawn").Process(target=_touch, args=(tmp_path / "stamps",))
    process.start()
    process.join()
    assert process.exitcode == 0
    after = await board.read()
    assert after[:SIZE] != before[:SIZE]
    assert after[SIZE:] == before[SIZE:]
    assert (tmp_path / "stamps").stat().st_mode & 0o777 == 0o600
    assert await SharedMemory(tmp_path / "stamps").read() == after
