"""The stamps: every statement says what it changes, and processes share a board."""

import multiprocessing
from pathlib import Path

import sqlglot
from sqlglot import exp

from bms.app import ENDPOINTS
from bms.cache.stamps import CALLERS, EVENTS, SIZE, TABLES, SharedMemory, Stamps
from bms.sql.statements import Statement, registered

assert ENDPOINTS  # with the application all of its statements are loaded

# Each for its lock alone, or writing what no reading that is kept looks at.
QUIET = {
    "users": {
        *("users.insert", "users.take_booking_turns", "users.lock_admins", "users.lock_credentials"),
        "users.update_name_folded",
        "users.insert_guest",
        *("users.confirm_address", "users.take_address_over", "users.clear_address"),
    },
    "sessions": {
        *("sessions.insert", "sessions.rotate", "sessions.delete_old"),
        *("sessions.insert_of_site", "sessions.touch"),
    },
    "events": {"events.lock_rated", "events.lock_begun", "events.mark_unfolded"},
    "reviews": {"reviews.lock_shown"},
}


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


async def slices(board: SharedMemory) -> tuple[Stamps | None, Stamps | None]:
    return await board.read(EVENTS, None), await board.read(CALLERS, None)


async def test_a_table_changes_the_slices_that_it_is_in(tmp_path: Path) -> None:
    board = SharedMemory(tmp_path / "made" / "stamps")
    for table in TABLES:
        before = await slices(board)
        board.touch({table: None, "bookings": None})
        after = await slices(board)
        assert (before[0] != after[0]) == (table != "sessions"), table
        assert (before[1] != after[1]) == (table in ("users", "sessions")), table
    before = await slices(board)
    board.touch({"bookings": None, "outbox": None})
    assert await slices(board) == before


def _touch(path: Path) -> None:
    SharedMemory(path).touch({"events": None})


async def test_processes_share_a_board(tmp_path: Path) -> None:
    board = SharedMemory(tmp_path / "stamps")
    before = (await board.read(EVENTS, None))[0]
    process = multiprocessing.get_context("spawn").Process(target=_touch, args=(tmp_path / "stamps",))
    process.start()
    process.join()
    assert process.exitcode == 0
    after = (await board.read(EVENTS, None))[0]
    assert after[:SIZE] != before[:SIZE]
    assert after[SIZE:] == before[SIZE:]
    assert (tmp_path / "stamps").stat().st_mode & 0o777 == 0o600
    assert await SharedMemory(tmp_path / "stamps").read(EVENTS, None) == (after, 0)
