"""A session on a real connection: what is kept prepared, and what the methods of a transaction answer."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pyodbc
import pytest

from bms.sql import session as session_module
from bms.sql.odbc.target import parse_url
from bms.sql.session import Session, Transaction
from bms.sql.statements import Statement, StatementError

BY_NUMBER = [
    Statement(f"test.number.get_{number}", "@n INT", f"SELECT n, {number} AS k FROM numbers WHERE n >= @n")
    for number in range(6)
]
OF = Statement("test.number.of", "@ns INT LIST", "SELECT n FROM numbers WHERE n IN (@ns) ORDER BY n")
ADD = Statement("test.number.add", "@n INT", "UPDATE numbers SET n = n + 100 OUTPUT inserted.n WHERE n = @n")
DELETE = Statement("test.number.delete", "@n INT", "DELETE FROM numbers WHERE n >= @n")
DIVIDE = Statement("test.number.divide", "@n INT", "SELECT 10 / n AS q FROM numbers WHERE n <= @n ORDER BY n")


@pytest.fixture
def session(sql_connection: pyodbc.Connection, empty_database_url: str) -> Iterator[Session]:
    """A session of a connection in a transaction, beside the table ``numbers`` with 1, 2 and 3."""
    sql_connection.execute("CREATE TABLE numbers (n integer PRIMARY KEY)").close()
    sql_connection.execute("INSERT INTO numbers VALUES (1), (2), (3)").close()
    target = parse_url(empty_database_url)
    raw = pyodbc.connect(target.odbc, autocommit=False)
    yield Session(raw, target.compile)
    if not raw.closed:
        raw.close()


@pytest.fixture
def tx(session: Session) -> Transaction:
    return Transaction(session)


def prepared(session: Session) -> set[str]:
    """Return the names of the statements that the server keeps prepared for ``session``."""
    with session._raw.cursor() as cursor:
        return {
            row.name
            for row in cursor.execute(
                "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%numbers%'"
            ).fetchall()
        }


UNSEEN = pytest.mark.postgres_only("no view of SQL Server shows what a session has prepared")


def test_the_driver_keeps_no_rows_that_were_fetched(session: Session, tx: Transaction) -> None:
    """Each cursor would keep those of its last run: a hundred of them in a dozen connections."""
    assert len(tx.rows(BY_NUMBER[0], n=1)) == 3
    (kept,) = session._prepared.values()
    with pytest.raises(pyodbc.ProgrammingError, match="No results"):
        kept._cursor.fetchone()
    assert len(tx.rows(BY_NUMBER[0], n=2)) == 2


@UNSEEN
def test_a_statement_is_prepared_at_its_first_run_and_kept(session: Session, tx: Transaction) -> None:
    assert len(tx.rows(BY_NUMBER[0], n=2)) == 2
    first = prepared(session)
    assert len(first) == 1
    session.commit()
    assert len(tx.rows(BY_NUMBER[0], n=3)) == 1
    session.rollback()
    assert tx.rows(BY_NUMBER[0], n=9) == []
    assert prepared(session) == first


@UNSEEN
def test_each_length_of_a_list_is_a_statement_of_its_own(session: Session, tx: Transaction) -> None:
    assert [row.n for row in tx.rows(OF, ns=[3, 1, 9])] == [1, 3]
    assert [row.n for row in tx.rows(OF, ns=[2, 1, 3, 7])] == [1, 2, 3]
    assert len(prepared(session)) == 1, "three and four are both four"
    assert [row.n for row in tx.rows(OF, ns=[2])] == [2]
    assert tx.rows(OF, ns=[]) == []
    assert len(prepared(session)) == 2


@UNSEEN
def test_what_is_kept_is_bounded_and_the_longest_unused_goes_first(
    session: Session, tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "MAX_PREPARED", 3)
    names: dict[int, str] = {}
    for number in (0, 1, 2):
        before = prepared(session)
        tx.rows(BY_NUMBER[number], n=1)
        (names[number],) = prepared(session) - before
    tx.rows(BY_NUMBER[0], n=1)
    tx.rows(BY_NUMBER[3], n=1)
    assert len(prepared(session)) == 3
    assert names[1] not in prepared(session), "1 was the one not used for longest"
    assert {names[0], names[2]} < prepared(session)
    for statement in BY_NUMBER:
        assert len(tx.rows(statement, n=2)) == 2
    assert len(prepared(session)) == 3


@UNSEEN
def test_what_has_not_run_for_a_while_makes_room_for_what_runs(
    session: Session, tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(session_module, "time", SimpleNamespace(monotonic=lambda: now))

    def run(number: int) -> set[str]:
        assert len(tx.rows(BY_NUMBER[number], n=2)) == 2
        session.commit()
        assert len(prepared(session)) == len(session._prepared)
        return {name[-1] for name, _ in session._prepared}

    assert [run(number) for number in range(4)][-1] == {"0", "1", "2", "3"}
    now = session_module.IDLE_SECONDS
    assert run(0) == {"0", "1", "2", "3"}, "they make room, and do not go by themselves"
    assert run(4) == {"0", "3", "4"}, "two at once, the oldest first"
    assert run(5) == {"0", "4", "5"}, "and none that runs"
    assert run(1) == {"0", "1", "4", "5"}


@pytest.mark.parametrize("while_fetching", [False, True])
def test_a_failed_statement_gets_another_cursor(
    session: Session, tx: Transaction, monkeypatch: pytest.MonkeyPatch, while_fetching: bool
) -> None:
    assert [row.q for row in tx.rows(DIVIDE, n=3)] == [10, 5, 3]
    session.commit()
    (prepared,) = session._prepared.values()
    failed = prepared._cursor
    if while_fetching:  # SQL Server reports some errors, a lost deadlock among them, only there

        def fail(cursor: pyodbc.Cursor) -> Any:
            raise pyodbc.Error("40001", "[40001] deadlock")

        monkeypatch.setattr(session_module, "_fetch", fail)
    else:
        session._raw.execute("UPDATE numbers SET n = 0 WHERE n = 1").close()
    with pytest.raises(pyodbc.Error):
        tx.rows(DIVIDE, n=3)
    monkeypatch.undo()
    session.rollback()
    with pytest.raises(pyodbc.ProgrammingError, match="closed"):
        failed.execute("SELECT 1")
    assert [row.q for row in tx.rows(DIVIDE, n=3)] == [10, 5, 3]


def test_what_each_method_answers(tx: Transaction) -> None:
    assert tx.row(ADD, n=9) is None
    assert tx.value(ADD, n=9) is None
    assert tx.rows(ADD, n=9) == []
    assert tx.only(ADD, n=1).n == 101
    assert tx.value(ADD, n=2) == 102
    assert tx.execute(DELETE, n=100) == 2
    assert tx.execute(DELETE, n=100) == 0
    with pytest.raises(StatementError, match=r"test\.number\.add: no row"):
        tx.only(ADD, n=1)


@pytest.mark.parametrize("method", ["row", "only", "value"])
def test_more_rows_than_one_are_an_error(tx: Transaction, method: str) -> None:
    with pytest.raises(StatementError, match=r"test\.number\.get_0: 3 rows"):
        getattr(tx, method)(BY_NUMBER[0], n=1)


@pytest.mark.parametrize(("values", "odd"), [({}, "n"), ({"n": 1, "m": 2}, "m"), ({"n": "1"}, "@n is INT")])
def test_wrong_parameters_are_an_error_that_leaves_the_session_well(
    session: Session, tx: Transaction, values: dict[str, Any], odd: str
) -> None:
    with pytest.raises(StatementError, match=odd):
        tx.rows(ADD, **values)
    assert tx.value(ADD, n=3) == 103


def test_the_driver_managers_own_pool_is_off() -> None:
    assert pyodbc.pooling is False


def test_a_session_names_its_last_statement_and_knows_when_it_is_closed(
    session: Session, tx: Transaction
) -> None:
    tx.rows(OF, ns=[1])
    assert session.statement == "test.number.of"
    assert not session.closed
    session._raw.close()
    assert session.closed
