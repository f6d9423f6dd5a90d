"""How PostgreSQL runs a prepared statement that it has run a few times before: by its generic plan."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
import pyodbc

from bms.sql.dialect.compiling import compile_postgres
from bms.sql.statements import Statement

LIST = 4  # values of a list parameter
_PLACEHOLDER = re.compile(r"'(?:[^']|'')*'|(\?)")
# Nodes that stop reading what is below them once their own reader has enough.
_PIPELINED = {"Limit", "LockRows", "Memoize", "Nested Loop", "Result", "Subquery Scan", "Unique"}
_PARTIAL = """
    SELECT c.relname
    FROM   pg_index AS i
    INNER JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE  i.indpred IS NOT NULL
"""


class Scan(NamedTuple):
    """A scan of a table, ``by`` an index if by any.

    ``is_bounded``: it looks a value or a range up, or it stops when a page is full.
    """

    table: str
    node: str
    by: str | None
    is_bounded: bool


class Planner:
    """Asks the planner of one database."""

    def __init__(self, connection: pyodbc.Connection, *, avoid_scans: bool) -> None:
        """With ``avoid_scans`` it looks rows up wherever an index serves, as if all tables were large."""
        self._connection = connection
        self._run("SET plan_cache_mode = force_generic_plan")
        for way in ("seqscan", "hashjoin", "mergejoin"):
            self._run(f"SET enable_{way} = {'off' if avoid_scans else 'on'}")

    def plan(self, statement: Statement[Any]) -> dict[str, Any]:
        """Return the generic plan of ``statement``."""
        lengths = tuple((name, LIST) for name, p in statement.parameters.items() if p.is_list)
        compiled = compile_postgres(statement, lengths)
        numbers = iter(range(1, len(compiled.order) + 1))
        text = _PLACEHOLDER.sub(lambda match: f"${next(numbers)}" if match[1] else match[0], compiled.sql)
        self._run(f"PREPARE planned AS {text}")
        try:
            values = f"({', '.join(['NULL'] * len(compiled.order))})" if compiled.order else ""
            row = self._connection.execute(f"EXPLAIN (FORMAT JSON) EXECUTE planned{values}").fetchone()
        finally:
            self._run("DEALLOCATE planned")
        plan: dict[str, Any] = orjson.loads(row[0])[0]["Plan"]
        return plan

    def partial_indexes(self) -> set[str]:
        """Return the indexes of some rows of their table."""
        return {row[0] for row in self._connection.execute(_PARTIAL).fetchall()}

    def _run(self, sql: str) -> None:
        self._connection.execute(sql).close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the nodes of a plan, from the top."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def scans(plan: dict[str, Any], *, stops: bool = False) -> Iterator[Scan]:
    """Yield the scans of a plan. ``stops``: what reads its rows stops when a page is full."""
    kind = plan["Node Type"]
    if "Relation Name" in plan and kind != "ModifyTable":
        bitmaps = [below for below in nodes(plan) if below["Node Type"] == "Bitmap Index Scan"]
        for node in bitmaps if kind == "Bitmap Heap Scan" else [plan]:
            index = node.get("Index Name")
            bounded = "Index Cond" in node or (stops and node is plan and index is not None)
            yield Scan(plan["Relation Name"], kind, index, bounded)
    pipelined = kind in _PIPELINED or plan.get("Strategy") == "Sorted"
    passes_on = kind == "Limit" or (stops and pipelined)
    for number, below in enumerate(plan.get("Plans", ())):
        # The second side of a join is read anew, and whole, for each row of the first.
        is_first = number == 0 and below["Parent Relationship"] != "SubPlan"
        yield from scans(below, stops=passes_on and is_first)
