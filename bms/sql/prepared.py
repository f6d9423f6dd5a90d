"""A statement that a connection keeps prepared."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pyodbc

from bms.sql.statements import Compiled

T = TypeVar("T")

_HANDLE = (pyodbc.SQL_INTEGER, 10, 0)


class Prepared:
    """A statement on one connection: prepared in its first run, and kept.

    psqlODBC keeps a statement with its cursor. SQL Server gives a handle (see ``bms.sql.odbc.handles``).
    """

    def __init__(self, raw: pyodbc.Connection, compiled: Compiled) -> None:
        self.compiled = compiled
        self.handle: int | None = None
        self.ran_at = 0.0  # by the clock of time.monotonic
        self._raw = raw
        self._cursor = self._open()

    def run(self, parameters: Sequence[Any], take: Callable[[pyodbc.Cursor], T]) -> T:
        """Execute the statement and return what ``take`` makes of its cursor."""
        cursor = self._cursor
        if self.handle is not None:
            cursor.execute(self.compiled.by_handle, self.handle, *parameters)
            answer = take(cursor)
            while cursor.nextset():  # An error may follow the rows.
                pass
            return answer
        cursor.execute(self.compiled.sql, *parameters)
        answer = take(cursor)
        handle = None
        # Also where nothing else can come: until it is asked for more, a driver keeps its copy of the rows.
        while cursor.nextset():  # The count of the rows that an OUTPUT answered with may come first.
            if cursor.description:
                handle = cursor.fetchval()
        if self.compiled.by_handle:
            self.handle = handle
            cursor.setinputsizes((_HANDLE, *self.compiled.types))
        return answer

    def reopen(self) -> None:
        """Go on with another cursor and the same handle."""
        self._close()
        self._cursor = self._open()

    def close(self, *, is_whole: bool = True) -> None:
        """Close the cursor. If the session ``is_whole``, have the server forget the handle, too."""
        if is_whole and self.handle is not None:
            with contextlib.suppress(pyodbc.Error):
                self._raw.execute("EXEC sp_unprepare ?", self.handle).close()
        self._close()

    def _open(self) -> pyodbc.Cursor:
        cursor = self._raw.cursor()
        types = self.compiled.types if self.handle is None else (_HANDLE, *self.compiled.types)
        if types:
            cursor.setinputsizes(types)
        return cursor

    def _close(self) -> None:
        with contextlib.suppress(pyodbc.Error):
            self._cursor.close()
