"""What a reply is made of: the statements that ran for it, and whether the board has their tables."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import sqlglot
from sqlglot import exp

from bms.cache.stamps import EVENT_TABLES, SHARING, SIZE, TABLES
from bms.sql.session import Session
from bms.sql.statements import Statement


class Executed(NamedTuple):
    """A statement that was executed, and its values."""

    statement: Statement[Any]
    values: dict[str, Any]


def watch_statements(monkeypatch: pytest.MonkeyPatch) -> list[Executed]:
    """Return a list that gets what the service executes from now on, for the test to clear."""
    done: list[Executed] = []
    run = Session.run

    def record(
        session: Session, statement: Statement[Any], values: dict[str, Any], take: Callable[..., Any]
    ) -> Any:
        done.append(Executed(statement, values))
        return run(session, statement, values, take)

    monkeypatch.setattr(Session, "run", record)
    return done


def tables_of(statement: Statement[Any]) -> set[str]:
    """Return the tables that a query reads."""
    (tree,) = sqlglot.parse(statement.text, dialect="tsql")
    assert isinstance(tree, exp.Select)
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    return {table.name for table in tree.find_all(exp.Table)} - named


def on_board(part: slice) -> set[str]:
    """Return the tables whose stamps are in ``part``."""
    own = set(TABLES[part.start // SIZE : part.stop // SIZE])
    return own | {table for table, stamped in SHARING.items() if stamped in own}


def not_on_board(executed: list[Executed], part: slice) -> set[str]:
    """Return the tables that were read and are not in ``part`` of the board."""
    read = set().union(*(tables_of(done.statement) for done in executed))
    assert read
    return read - on_board(part)


def of_other_events(executed: list[Executed], event_id: int) -> set[str]:
    """Return the statements that read rows of events and are not bound to this one."""
    return {
        done.statement.name
        for done in executed
        if tables_of(done.statement) & set(EVENT_TABLES) and _events(done.values) != {event_id}
    }


def _events(values: dict[str, Any]) -> set[int]:
    named = {values[name] for name in ("id", "event_id") if name in values}
    return named.union(values.get("event_ids", ()), values.get("ids", ()))
