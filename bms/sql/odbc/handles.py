"""Statements for Microsoft's driver that SQL Server prepares once a session.

pyodbc unbinds a cursor's parameters after each run. Microsoft's driver then prepares the statement anew: it
sends the whole text every time. So BMS asks for the handle itself, in the first run, and later sends the
handle instead.
"""

import itertools
from dataclasses import replace

from bms.sql.statements import Compiled, Statement, compile_mssql, place_parameters


def compile_with_handle(statement: Statement, lengths: tuple[tuple[str, int], ...] = ()) -> Compiled:
    """Return ``statement`` as a batch that prepares and runs it, and answers with the handle at the end.

    The server chooses the plan by the first run's values, as for a statement that the driver prepares.
    """
    plain = compile_mssql(statement, lengths)
    numbers = itertools.count(1)
    numbered = place_parameters(statement, statement.text, lengths, lambda _: f"@P{next(numbers)}").sql
    types = [statement.parameters[name].type for name, _ in plain.order]
    declared = ", ".join(f"@P{number} {kind}" for number, kind in enumerate(types, 1))
    arguments = ["@handle OUTPUT", _literal(declared), _literal(numbered), *("?" for _ in types)]
    return replace(
        plain,
        sql=f"DECLARE @handle INT; EXEC sp_prepexec {', '.join(arguments)}; SELECT @handle AS handle",
        by_handle=f"EXEC sp_execute {', '.join('?' for _ in ('handle', *types))}",
    )


def _literal(text: str) -> str:
    return "N'" + text.replace("'", "''") + "'" if text else "NULL"
