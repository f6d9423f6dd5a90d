"""SQL Server gets a statement's text once a session, and its handle from then on."""

from typing import Any

import pyodbc
import pytest

from bms.sql import session as session_module
from bms.sql.odbc.handles import compile_with_handle
from bms.sql.session import Session, Transaction
from bms.sql.statements import Statement

SAY = Statement(
    "test.handle.say", "@id INT, @said NVARCHAR(20)", "SELECT said FROM words WHERE id = @id OR said = @said"
)
NONE = Statement("test.handle.none", "", "SELECT 'it''s' AS said")
ADD = Statement("test.handle.add", "@id INT", "INSERT INTO words (id, said) VALUES (@id, 'new')")
CHANGE = Statement(
    "test.handle.change",
    "@ids INT LIST",
    "UPDATE words SET said = said OUTPUT inserted.id WHERE id IN (@ids)",
)
on_mssql = pytest.mark.mssql_only("PostgreSQL's driver keeps the handle")


class Wire:
    """A connection that writes down the texts that it and its cursors are given."""

    def __init__(self, raw: pyodbc.Connection) -> None:
        self.raw = raw
        self.texts: list[str] = []

    def execute(self, text: str, *values: Any) -> Any:
        self.texts.append(text)
        return self.raw.execute(text, *values)

    def cursor(self) -> "WireCursor":
        return WireCursor(self.raw.cursor(), self.texts)


class WireCursor:
    def __init__(self, cursor: pyodbc.Cursor, texts: list[str]) -> None:
        self._cursor = cursor
        self._texts = texts

    def execute(self, text: str, *values: Any) -> Any:
        self._texts.append(text)
        return self._cursor.execute(text, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


@pytest.fixture
def wire(sql_connection: pyodbc.Connection) -> Wire:
    """A connection to a database with the table ``words``: 1 is one and 2 is two."""
    sql_connection.execute(
        "CREATE TABLE words (id INT NOT NULL PRIMARY KEY, said NVARCHAR(20) NOT NULL)"
    ).close()
    sql_connection.execute("INSERT INTO words (id, said) VALUES (1, 'one'), (2, 'two')").close()
    return Wire(sql_connection)


@pytest.fixture
def session(wire: Wire) -> Session:
    return Session(wire, compile_with_handle)


@pytest.fixture
def tx(session: Session) -> Transaction:
    return Transaction(session)


def test_the_first_run_asks_for_the_handle() -> None:
    compiled = compile_with_handle(SAY)
    assert compiled.sql == (
        "DECLARE @handle INT; EXEC sp_prepexec @handle OUTPUT, N'@P1 INT, @P2 NVARCHAR(20)', "
        "N'SELECT said FROM words WHERE id = @P1 OR said = @P2', ?, ?; SELECT @handle AS handle"
    )
    assert compiled.by_handle == "EXEC sp_execute ?, ?, ?"
    assert "OUTPUT, NULL, N'SELECT ''it''''s'' AS said'; SELECT" in compile_with_handle(NONE).sql
    assert "N'@P1 INT, @P2 INT', " in compile_with_handle(CHANGE, (("ids", 2),)).sql
    assert "WHERE id IN (@P1, @P2)'" in compile_with_handle(CHANGE, (("ids", 2),)).sql


@on_mssql
def test_a_text_is_sent_once_and_then_its_handle(wire: Wire, tx: Transaction) -> None:
    for _ in range(3):
        assert [row.said for row in tx.rows(SAY, id=1, said="two")] == ["one", "two"]
        assert [row.said for row in tx.rows(NONE)] == ["it's"]
        assert sorted(row.id for row in tx.rows(CHANGE, ids=[2, 1])) == [1, 2]
        assert tx.rows(CHANGE, ids=[8, 9]) == []
    assert sum("sp_prepexec" in text for text in wire.texts) == 3
    assert {text for text in wire.texts if "sp_prepexec" not in text} == {
        "EXEC sp_execute ?",
        "EXEC sp_execute ?, ?, ?",
    }


@on_mssql
def test_a_count_is_that_of_the_statement(tx: Transaction) -> None:
    assert [tx.execute(ADD, id=number) for number in (5, 6, 7)] == [1, 1, 1]


@on_mssql
def test_a_refused_change_keeps_the_handle(wire: Wire, tx: Transaction) -> None:
    tx.execute(ADD, id=3)
    for _ in range(2):
        with pytest.raises(pyodbc.IntegrityError):
            tx.execute(ADD, id=3)
    assert tx.execute(ADD, id=4) == 1
    assert wire.texts[1:] == ["EXEC sp_execute ?, ?"] * 3


@on_mssql
def test_the_server_forgets_what_is_not_kept(
    wire: Wire, session: Session, tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "MAX_PREPARED", 1)
    tx.rows(NONE)
    (prepared,) = session._prepared.values()
    assert wire.raw.execute("EXEC sp_execute ?", prepared.handle).fetchval() == "it's"
    tx.execute(ADD, id=3)
    with pytest.raises(pyodbc.Error):
        wire.raw.execute("EXEC sp_execute ?", prepared.handle).fetchval()
