"""One connection and what a unit of work may do with it. Synchronous: it runs in a pool thread."""

from collections import OrderedDict
from typing import Any

import pyodbc

from bms.sql.statements import Statement, StatementError
from bms.sql.target import Compile

# The driver manager's own pooling would hand out sessions behind our pool's back.
pyodbc.pooling = False

# A prepared cursor holds a statement handle here and a plan on the server. There are fewer
# statements than this; list parameters in several lengths are what could go past it.
MAX_PREPARED = 200

Row = Any  # pyodbc.Row: a column by its name
_Key = tuple[str, tuple[tuple[str, int], ...]]


class Session:
    """A raw connection with a prepared cursor kept for each statement that ran on it."""

    def __init__(self, raw: pyodbc.Connection, compiler: Compile) -> None:
        self._raw = raw
        self._compile = compiler
        self._cursors: OrderedDict[_Key, tuple[pyodbc.Cursor, Any]] = OrderedDict()
        self.used = False

    def run(self, statement: Statement, values: dict[str, Any]) -> pyodbc.Cursor:
        """Execute ``statement`` and return its cursor, on which nothing has been fetched yet."""
        lengths = statement.lengths(values)
        key = (statement.name, lengths)
        entry = self._cursors.get(key)
        if entry is None:
            entry = (self._raw.cursor(), self._compile(statement, lengths))
            self._cursors[key] = entry
            if len(self._cursors) > MAX_PREPARED:
                _, (oldest, _) = self._cursors.popitem(last=False)
                oldest.close()
        else:
            self._cursors.move_to_end(key)
        cursor, compiled = entry
        parameters = statement.bind(compiled, values)
        try:
            return cursor.execute(compiled.sql, parameters) if parameters else cursor.execute(compiled.sql)
        except pyodbc.Error:
            # The handle's state after an error is the driver's secret; prepare afresh next time.
            self._cursors.pop(key, None)
            raise

    def commit(self) -> None:
        self._raw.commit()

    def rollback(self) -> None:
        self._raw.rollback()


class Transaction:
    """What a command or query gets as its first argument.

    Every method takes a statement and all of its parameters by name, and fetches the whole answer.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def rows(self, statement: Statement, **values: Any) -> list[Row]:
        """Return every row that ``statement`` answers."""
        cursor = self._session.run(statement, values)
        # psqlODBC describes no columns for UPDATE ... RETURNING that changed nothing.
        return cursor.fetchall() if cursor.description else []

    def row(self, statement: Statement, **values: Any) -> Row | None:
        """Return the only row, or None. Raises StatementError when there are more."""
        rows = self.rows(statement, **values)
        if len(rows) > 1:
            raise StatementError(f"{statement.name}: {len(rows)} rows where at most one is expected")
        return rows[0] if rows else None

    def only(self, statement: Statement, **values: Any) -> Row:
        """Return the one row that there must be. Raises StatementError when there is not exactly one."""
        row = self.row(statement, **values)
        if row is None:
            raise StatementError(f"{statement.name}: no row where one is expected")
        return row

    def value(self, statement: Statement, **values: Any) -> Any:
        """Return the first column of the only row, or None when there is no row."""
        row = self.row(statement, **values)
        return None if row is None else row[0]

    def execute(self, statement: Statement, **values: Any) -> int:
        """Run a statement without OUTPUT and return how many rows it changed."""
        return int(self._session.run(statement, values).rowcount)
