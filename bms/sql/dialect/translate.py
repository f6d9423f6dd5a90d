"""Translates T-SQL to PostgreSQL: the accepted subset exactly, and nothing else.

Only the modules of this package import sqlglot. A process that uses SQL Server imports none of them, and a
service none either: the texts of its statements are kept (``bms.sql.dialect.translations``).
"""

from sqlglot import exp
from sqlglot.errors import UnsupportedError

from bms.sql.dialect.ddl import write_ddl
from bms.sql.dialect.locks import place_locks
from bms.sql.dialect.parse import Refuse, parse
from bms.sql.dialect.postgres import write
from bms.sql.dialect.rewrite import rewrite
from bms.sql.statements import Statement, StatementError


def translate(statement: Statement) -> str:
    """Return the text of ``statement`` for PostgreSQL, with ``@name`` for parameters.

    Raises StatementError, with the statement's name, for anything outside the accepted subset.
    """
    refuse = _refuser(statement.name)
    try:
        parsed = parse(statement.text, refuse)
        rewrite(parsed, statement.parameters, refuse)
        place_locks(parsed, refuse)
        return write(parsed.tree)
    except UnsupportedError as error:
        raise refuse(str(error)) from error


def translate_ddl(tsql: str) -> str:
    """Return one statement of a migration for PostgreSQL.

    It may be a CREATE, ALTER or DROP, or an INSERT, UPDATE or DELETE without parameters. Raises
    StatementError, with the statement's first line, for anything outside the accepted subset.
    """
    lines = [line.strip() for line in tsql.strip().splitlines()]
    refuse = _refuser(next((line for line in lines if line and not line.startswith("--")), ""))
    try:
        parsed = parse(tsql, refuse, ddl=True)
        if isinstance(parsed.tree, exp.Insert | exp.Update | exp.Delete):
            rewrite(parsed, {}, refuse)
            place_locks(parsed, refuse)
            return write(parsed.tree)
        return write_ddl(parsed, refuse)
    except UnsupportedError as error:
        raise refuse(str(error)) from error


def _refuser(name: str) -> Refuse:
    return lambda why: StatementError(f"{name}: {why}")
