"""A database connection, and the transaction that commands and queries get. Both run in a pool thread."""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import pyodbc

from bms.sql.odbc.errors import Kind, diagnose
from bms.sql.odbc.target import Compile
from bms.sql.prepared import Prepared
from bms.sql.statements import R, Statement, StatementError

# A prepared cursor holds a statement handle here and a plan on the server, some 90 kB in all. There are
# fewer statements than this. Only list parameters in several lengths could exceed it.
MAX_PREPARED = 512
# Seconds that a statement stays prepared without a run. Most statements of most connections ran there by
# chance, once or twice. To prepare one again costs a round trip.
IDLE_SECONDS = 20.0
_CLOSED_AT_ONCE = 2  # of those, when another one is prepared, so that no unit of work closes dozens

# The server keeps a statement prepared after these errors, which are frequent. After any other one the handle
# is given up, and stays on the server until the session ends.
_STATEMENT_IS_WELL = frozenset((Kind.CONSTRAINT, Kind.DATA, Kind.BUSY, Kind.DEADLOCK))

T = TypeVar("T")
_Key = tuple[str, tuple[tuple[str, int], ...]]


class Session:
    """A raw connection that keeps prepared each statement that ran on it.

    ``statement`` is the name of the last statement. A borrower sets ``broken`` if the connection is lost.
    ``changed`` collects what the statements change; the borrower empties it. By table it holds the ids of the
    events that they name, or None if one of them names none. ``facts`` collects what ``Transaction.note`` is
    told.
    """

    def __init__(self, raw: pyodbc.Connection, compiler: Compile) -> None:
        self._raw = raw
        self._compile = compiler
        self._prepared: OrderedDict[_Key, Prepared] = OrderedDict()
        self.statement = ""
        self.broken = False
        self.changed: dict[str, set[int] | None] = {}
        self.facts: list[object] = []

    @property
    def closed(self) -> bool:
        return bool(self._raw.closed)

    def run(self, statement: Statement[Any], values: dict[str, Any], take: Callable[[pyodbc.Cursor], T]) -> T:
        """Execute ``statement`` and return what ``take`` makes of its cursor."""
        self.statement = statement.name
        lengths = statement.lengths(values)
        key = (statement.name, lengths)
        prepared, now = self._prepared.get(key), time.monotonic()
        if prepared is None:
            compiled = self._compile(statement, lengths)
            prepared = self._prepared[key] = Prepared(self._raw, compiled)
            prepared.ran_at = now
            self._close_idle(now)
        else:
            self._prepared.move_to_end(key)
            prepared.ran_at = now
        parameters = statement.bind(prepared.compiled, values)
        if statement.changes is not None:
            self._note(statement.changes, statement.named_events(values) if statement.naming else None)
        try:
            return prepared.run(parameters, take)
        except pyodbc.Error as error:
            kind = diagnose(error).kind
            # After an error the state of the cursor is undefined.
            if prepared.handle is not None and kind in _STATEMENT_IS_WELL:
                prepared.reopen()
            else:
                self._forget([key])
            if kind is Kind.STALE:
                # Other prepared statements read the changed table too. Each would fail once.
                self._forget(list(self._prepared))
            raise

    def _close_idle(self, now: float) -> None:
        """Make room for the statement that has come. Those that have not run for longest are first."""
        for _ in range(_CLOSED_AT_ONCE):
            key, oldest = next(iter(self._prepared.items()))
            if len(self._prepared) <= MAX_PREPARED and now - oldest.ran_at < IDLE_SECONDS:
                return
            del self._prepared[key]
            oldest.close()

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
            self._prepared.pop(key).close(is_whole=False)

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

    def note(self, *facts: object) -> None:
        """Have ``facts`` counted once this is committed, and not at all if it is not."""
        self._session.facts.extend(facts)

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
