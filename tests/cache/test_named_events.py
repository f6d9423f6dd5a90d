"""Every statement that changes an event's tables names its events, and changes rows of no other event."""

from collections.abc import Iterator

import pytest
import sqlglot
from sqlglot import exp

from bms.app import ENDPOINTS
from bms.cache.stamps import EVENT_TABLES
from bms.sql import statements
from bms.sql.statements import Statement, registered

assert ENDPOINTS  # with the application all of its statements are loaded

# It changes no event that there was before. Its id is not known until it has run.
NAMES_NONE = {"events.insert"}
NAMES = {"event_id", "event_ids"}


def problem(statement: Statement) -> str | None:
    """Return why ``statement`` may change rows of an event that it does not name; None if it cannot."""
    if statement.changes not in EVENT_TABLES:
        return None
    if not statement.naming:
        return "names no event"
    (tree,) = sqlglot.parse(statement.text, dialect="tsql")
    column = "id" if statement.changes == "events" else "event_id"
    if isinstance(tree, exp.Insert):
        columns = [identifier.name for identifier in tree.this.expressions]
        source = tree.expression
        row = source if isinstance(source, exp.Select) else source.expressions[0]
        values = dict(zip(columns, row.expressions, strict=True))
        return None if _name(values.get(column)) in NAMES else "inserts rows of any event"
    assert tree is not None
    where = tree.args["where"].this
    conditions = where.flatten() if isinstance(where, exp.And) else [where]
    return None if any(column in _restricted(condition) for condition in conditions) else "is not restricted"


def _restricted(condition: exp.Expression) -> Iterator[str]:
    """Yield the column of the changed table that ``condition`` compares with the named events."""
    if isinstance(condition, exp.EQ) and _name(condition.expression) == "event_id":
        yield _column(condition.this)
    if isinstance(condition, exp.In) and [_name(each) for each in condition.expressions] == ["event_ids"]:
        yield _column(condition.this)


def _name(node: exp.Expression | None) -> str:
    return node.name if isinstance(node, exp.Parameter) else ""


def _column(node: exp.Expression) -> str:
    return node.name if isinstance(node, exp.Column) else ""


def test_every_change_of_an_event_names_it() -> None:
    named = [statement for statement in registered() if not statement.name.startswith("test.")]
    found = {statement.name: problem(statement) for statement in named}
    assert {name for name, why in found.items() if why} == NAMES_NONE
    hot = {f"ticket_types.{verb}" for verb in ("reserve", "reserve_each", "retake", "release")}
    assert hot <= {s.name for s in named if s.changes in EVENT_TABLES and s.naming}


@pytest.mark.parametrize(
    ("declaration", "text", "why"),
    [
        ("@id BIGINT", "UPDATE events SET title = title WHERE id = @id", "names no event"),
        (
            "@event_id BIGINT",
            "UPDATE events SET title = title WHERE organizer_id = @event_id",
            "is not restricted",
        ),
        (
            "@event_id BIGINT, @id BIGINT",
            "UPDATE ticket_types SET on_sale = 0 WHERE id = @id OR event_id = @event_id",
            "is not restricted",
        ),
        (
            "@event_id BIGINT, @id BIGINT",
            "UPDATE ticket_types SET available = @event_id WHERE id = @id",
            "is not restricted",
        ),
        (
            "@event_ids BIGINT LIST",
            "DELETE FROM ticket_types WHERE NOT event_id IN (@event_ids)",
            "is not restricted",
        ),
        (
            "@event_ids NVARCHAR(MAX)",
            "DELETE FROM ticket_types WHERE event_id = @event_ids",
            "names no event",
        ),
        (
            "@event_id BIGINT, @id BIGINT",
            "INSERT INTO ticket_types (event_id, name) VALUES (@id, @event_id)",
            "inserts rows of any event",
        ),
        (
            "@event_id BIGINT, @id BIGINT",
            "INSERT INTO event_categories (event_id, name) SELECT @id, 'a' FROM events WHERE id = @event_id",
            "inserts rows of any event",
        ),
        (
            "@event_id BIGINT",
            "INSERT INTO event_categories (event_id, name) SELECT @event_id, name FROM categories",
            None,
        ),
        (
            "@event_ids BIGINT LIST",
            "DELETE FROM ticket_types WHERE event_id IN (@event_ids) AND on_sale = 0",
            None,
        ),
        ("@event_id BIGINT", "DELETE FROM events WHERE id = @event_id", None),
    ],
)
def test_a_planted_change_of_others_is_found(
    monkeypatch: pytest.MonkeyPatch, declaration: str, text: str, why: str | None
) -> None:
    monkeypatch.setattr(statements, "_REGISTRY", {})
    assert problem(Statement("test.planted", declaration, text)) == why
