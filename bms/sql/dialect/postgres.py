"""Writes the accepted subset for PostgreSQL: types, functions, dates."""

from collections.abc import Callable
from typing import ClassVar

from sqlglot import exp
from sqlglot.errors import ErrorLevel
from sqlglot.generators.postgres import PostgresGenerator

from bms.sql.dialect.subset import UNITS
from bms.sql.dialect.types import column_type, parameter_type

# SQL Server reads its clock once per statement, like statement_timestamp(). A comparison with
# clock_timestamp() could not use an index. now() is the start of the transaction: too early after a wait for
# a lock.
_UTC_NOW = "CAST(timezone('utc', statement_timestamp()) AS timestamp(3))"


def tsql_type(node: exp.DataType) -> str:
    """Return a type's name in T-SQL: ``NVARCHAR(MAX)``, ``DECIMAL(15,3)``."""
    size = ",".join(parameter.name.upper() for parameter in node.expressions)
    base: str = node.this.value
    return f"{base.upper()}({size})" if size else base.upper()


class PostgresWriter(PostgresGenerator):
    """sqlglot's PostgreSQL generator, corrected where its output does not mean exactly the same.

    ``@name`` stays as it is. The placeholders replace it once the text, and so their order, is final.
    """

    TRANSFORMS: ClassVar = {
        **PostgresGenerator.TRANSFORMS,
        # Only the bare DECIMAL that _rewrite_cast adds has no column type.
        exp.DataType: lambda self, node: column_type(tsql_type(node)) or "numeric",
        exp.DateAdd: lambda self, node: _add(self.sql, node),
        exp.DateDiff: lambda self, node: _difference(self.sql, node),
        exp.In: lambda self, node: _in(self.sql, self.in_sql, node),
        # LEN does not count trailing spaces.
        exp.Length: lambda self, node: f"LENGTH(RTRIM({self.sql(node, 'this')}, ' '))",
        # On PostgreSQL, N'...' is a char, which ignores trailing spaces.
        exp.National: lambda self, node: self.sql(exp.Literal.string(node.name)),
        exp.Not: lambda self, node: _negation(self.sql, node),
        exp.Parameter: lambda self, node: f"@{node.name}",
    }

    def table_sql(self, expression: exp.Table, sep: str = " AS ") -> str:
        if isinstance(expression.this, exp.OpenJSON):
            return _rows_of_json(expression)
        return super().table_sql(expression, sep)

    def anonymous_sql(self, expression: exp.Anonymous) -> str:
        return _UTC_NOW if expression.name.upper() == "SYSUTCDATETIME" else super().anonymous_sql(expression)

    def after_limit_modifiers(self, expression: exp.Expr) -> list[str]:
        return [self.seg(self.sql(lock)) for lock in expression.args.get("locks") or []]


def write(tree: exp.Expr) -> str:
    """Return ``tree`` as the text of one PostgreSQL statement, with ``@name`` for parameters."""
    writer = PostgresWriter(
        dialect="postgres",
        pretty=True,
        comments=False,
        unsupported_level=ErrorLevel.RAISE,
        max_text_width=100,
    )
    return writer.generate(tree, copy=True)


_Sql = Callable[..., str]


def _operand(sql: _Sql, node: exp.Expr) -> str:
    return f"({sql(node)})" if isinstance(node, exp.Binary | exp.Neg | exp.Case) else sql(node)


def _rows_of_json(table: exp.Table) -> str:
    columns = ", ".join(
        f"{column.name} {parameter_type(tsql_type(column.args['kind']))}" for column in table.this.expressions
    )
    return f"JSONB_TO_RECORDSET(CAST(@{table.this.this.name} AS jsonb)) AS {table.alias}({columns})"


def _add(sql: _Sql, node: exp.DateAdd) -> str:
    unit = node.args["unit"].name.lower()
    return f"({_operand(sql, node.this)} + {_operand(sql, node.expression)} * INTERVAL '1 {unit}')"


def _difference(sql: _Sql, node: exp.DateDiff) -> str:
    """Count the boundaries crossed, as SQL Server does: truncate both ends to the unit first.

    The casts keep a DATE from becoming a time in the session's time zone.
    """
    unit = node.args["unit"].name
    end, start = (
        f"DATE_TRUNC('{unit.lower()}', CAST({sql(x)} AS timestamp))" for x in (node.this, node.expression)
    )
    return f"CAST(EXTRACT(EPOCH FROM {end} - {start}) / {UNITS[unit.upper()]} AS integer)"


def _in(sql: _Sql, plain: _Sql, node: exp.In) -> str:
    """Write ``x IN (a query that locks)`` so that the query runs once.

    Otherwise PostgreSQL may run it for each outer row. With SKIP LOCKED, each run could lock other rows.
    """
    query = node.args.get("query")
    if query is None or not query.this.args.get("locks"):
        return plain(node)
    return f"{sql(node, 'this')} = ANY(ARRAY{sql(query)})"


def _negation(sql: _Sql, node: exp.Not) -> str:
    """Keep IS NOT NULL and NOT IN as written, so that the golden files are easy to read."""
    inner = node.this
    if isinstance(inner, exp.Is):
        return f"{sql(inner, 'this')} IS NOT {sql(inner, 'expression')}"
    text = sql(inner)
    left = sql(inner, "this") if isinstance(inner, exp.In | exp.Between) else ""
    if left and text.startswith((f"{left} IN", f"{left} BETWEEN")):
        return f"{left} NOT{text[len(left) :]}"
    return f"NOT {text}"
