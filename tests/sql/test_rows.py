"""Rows and columns: a statement names its row, and the row is held against the SQL itself."""

import sqlglot
from sqlglot import exp

import bms.commands
import bms.queries
from bms.sql.catalogue import all_statements, text_for
from bms.sql.statements import Statement

STATEMENTS = [s for s in all_statements(bms.commands, bms.queries) if not s.name.startswith("test.")]


def columns(statement: Statement) -> list[str]:
    """Return the names of the columns that a statement answers with, in their order."""
    parsed = sqlglot.parse_one(text_for(statement, "postgres").replace("?", "NULL"), read="postgres")
    returning = parsed.args.get("returning")
    if returning is not None:
        return [column.output_name for column in returning.expressions]
    return parsed.named_selects if isinstance(parsed, exp.Query) else []


def test_each_statement_that_answers_names_its_row() -> None:
    assert [s.name for s in STATEMENTS if columns(s) and s.row is None] == []


def test_each_row_has_the_columns_of_its_statement() -> None:
    assert {s.name: list(s.row._fields) for s in STATEMENTS if s.row} == {
        s.name: columns(s) for s in STATEMENTS if s.row
    }
