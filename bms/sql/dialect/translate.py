"""Translates T-SQL to PostgreSQL: the accepted subset exactly, and nothing else.

Only the modules of this package import sqlglot. A process that uses SQL Server imports none of them.
"""

from functools import lru_cache

from sqlglot import exp
from sqlglot.errors import UnsupportedError

from bms.sql.dialect.ddl import write_ddl
from bms.sql.dialect.locks import place_locks
from bms.sql.dialect.parse import Refuse, parse
from bms.sql.dialect.postgres import parameter_type, write
from bms.sql.dialect.rewrite import rewrite
from bms.sql.statements import Compiled, Parameter, Statement, StatementError, place_parameters


def compile_postgres(statement: Statement, lengths: tuple[tuple[str, int], ...] = ()) -> Compiled:
    """Return ``statement`` for psqlODBC: PostgreSQL with ``CAST(? AS type)`` for each parameter.

    The casts are needed because the driver leaves the types to the server, and the server cannot infer the
    type of ``? IS NULL``. A hand-written ``statement.postgres`` is used as it is, with the same placeholders.
    Raises StatementError, with the statement's name, for anything outside the accepted subset.
    """

    def placeholder(parameter: Parameter) -> str:
        kind = parameter_type(parameter.type)
        if kind is None:
            raise StatementError(f"{statement.name}: @{parameter.name} {parameter.type} is not accepted")
        return f"CAST(? AS {kind})"

    return place_parameters(statement, statement.postgres or _translate(statement), lengths, placeholder)


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


@lru_cache(maxsize=1024)
def _translate(statement: Statement) -> str:
    refuse = _refuser(statement.name)
    try:
        parsed = parse(statement.text, refuse)
        rewrite(parsed, statement.parameters, refuse)
        place_locks(parsed, refuse)
        return write(parsed.tree)
    except UnsupportedError as error:
        raise refuse(str(error)) from error


def _refuser(name: str) -> Refuse:
    return lambda why: StatementError(f"{name}: {why}")
