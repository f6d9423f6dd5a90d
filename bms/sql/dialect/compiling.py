"""Statements for psqlODBC, from their kept or fresh translations."""

from functools import lru_cache

from bms.sql.dialect.translations import find
from bms.sql.dialect.types import parameter_type
from bms.sql.statements import Compiled, Parameter, Statement, StatementError, place_parameters


@lru_cache(maxsize=1024)  # the connections share them
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

    return place_parameters(statement, statement.postgres or _text(statement), lengths, placeholder)


def _text(statement: Statement) -> str:
    kept = find(statement)
    if kept is not None:
        return kept
    from bms.sql.dialect.translate import translate

    return translate(statement)
