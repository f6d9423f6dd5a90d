"""A database connection, and the transaction that commands and queries get. Both run in a pool thread."""

import contextlib
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import pyodbc

from bms.sql.odbc.errors import Kind, diagnose
from bms.sql.odbc.target import Compile
from bms.sql.statements import Compiled, R, Statement, StatementError

# A prepared cursor holds a statement handle here and a plan on the server, some 90 kB in all. There are
# fewer statements than this. Only list parameters in several lengths could exceed it.
MAX_PREPARED = 512

T = TypeVar("T")
_Key = tuple[str, tuple[tuple[str, int], ...]]


class Session:
    """A raw connection that keeps a prepared cursor for each statement that ran on it.

    ``statement`` is the name of the last statement. A borrower sets ``broken`` if the connection is lost.
    ``changed`` collects what the statements change; the borrower empties it. By table it holds the ids of the
    events that they name, or None if one of them names none.
    """

    def __init__(self, raw: pyodbc.Connection, compiler: Compile) -> None:
        self._raw = raw
        self._compile = compiler
        self._cursors: OrderedDict[_Key, tuple[pyodbc.Cursor, Compiled]] = OrderedDict()
        self.statement = ""
        self.broken = False
        self.changed: dict[str, set[int] | None] = {}

    @property
    def closed(self) -> bool:
        return bool(self._raw.closed)

    def run(self, statement: Statement[Any], values: dict[str, Any], take: Callable[[pyodbc.Cursor], T]) -> T:
        """Execute ``statement`` and return what ``take`` makes of its cursor."""
        self.statement = statement.name
        lengths = statement.lengths(values)
        key = (statement.name, lengths)
        entry = self._cursors.get(key)
        if entry is None:
            compiled = self._compile(statement, lengths)
            entry = self._cursors[key] = (self._raw.cursor(), compiled)
            if compiled.types:
                entry[0].setinputsizes(compiled.types)
            if len(self._cursors) > MAX_PREPARED:
                _, (oldest, _) = self._cursors.popitem(last=False)
                oldest.close()
        else:
            self._cursors.move_to_end(key)
        cursor, compiled = entry
        parameters = statement.bind(compiled, values)
        if statement.changes is not None:
            self._note(statement.changes, statement.named_events(values))
        try:
            cursor.execute(compiled.sql, *parameters)
            return take(cursor)
        except pyodbc.Error as error:
            # After an error the state of the handle is undefined. Prepare again next time.
            self._forget([key])
            if diagnose(error).kind is Kind.STALE:
                # Other prepared statements read the changed table too. Each would fail once.
                self._forget(list(self._cursors))
            raise

    def _note(self, table: str, event_ids: Collection[int] | None) -> None:
        noted = self.changed.setdefault(table, set())
        if event_ids is None:
            self.changed[table] = None
        elif noted is not None:
            noted.update(event_ids)

    def _forget(self, keys: list[_Key]) -> None:
        # The error's traceback refers to the cursor. Close it here, in the connection's thread, so that no
        # other thread does when it drops the error.
        for key in keys:
            cursor, _ = self._cursors.pop(key)
            with contextlib.suppress(pyodbc.Error):
                cursor.close()

    def commit(self) -> None:
        self._raw.commit()

    def rollback(self) -> None:
        self._raw.rollback()


class Transaction:
    """The first argument of a command or query.

    ``has_broker`` says that announcements go out to a broker too. Every method takes a statement and its
    parameters by name, and fetches all rows of the answer.
    """

    def __init__(self, session: Session, *, has_broker: bool = False) -> None:
        self._session = session
        self.has_broker = has_broker

    def rows(self, statement: Statement[R], **values: Any) -> list[R]:
        """Return every row that ``statement`` answers with."""
        found = self._session.run(statement, values, _fetch)
        return found if statement.make is None else [statement.make(row) for row in found]

    def row(self, statement: Statement[R], **values: Any) -> R | None:
        """Return the only row, or None. Raises StatementError if there are more."""
        rows = self.rows(statement, **values)
        if len(rows) > 1:
            raise StatementError(f"{statement.name}: {len(rows)} rows where at most one is expected")
        return rows[0] if rows else None

    def only(self, statement: Statement[R], **values: Any) -> R:
        """Return the only row. Raises StatementError unless there is exactly one."""
        row = self.row(statement, **values)
        if row is None:
            raise StatementError(f"{statement.name}: no row where one is expected")
        return row

    def value(self, statement: Statement[Any], **values: Any) -> Any:
        """Return the first column of the only row, or None if there is no row. Raises as ``row`` does."""
        row = self.row(statement, **values)
        return None if row is None else row[0]

    def execute(self, statement: Statement[Any], **values: Any) -> int:
        """Run a statement without OUTPUT; return the number of rows it changed."""
        return self._session.run(statement, values, _count)


def _fetch(cursor: pyodbc.Cursor) -> list[Any]:
    # psqlODBC describes no columns for an UPDATE ... RETURNING that changed nothing.
    return cursor.fetchall() if cursor.description else []


def _count(cursor: pyodbc.Cursor) -> int:
    return int(cursor.rowcount)
