"""``bms sql``."""

import argparse
import inspect
from typing import TYPE_CHECKING

from bms.cli.kinds import Commands
from bms.errors import ConfigurationError
from bms.settings import Settings

if TYPE_CHECKING:
    from bms.sql.statements import Statement


def add(subparsers: Commands) -> None:
    """Tell argparse of the command."""
    command = subparsers.add_parser(
        "sql", help="list the SQL statements, or print one as a database receives it"
    )
    name = command.add_argument("name", nargs="?", help="name of a statement, such as ticket_types.reserve")
    name.completer = _names  # type: ignore[attr-defined]  # argcomplete looks there
    command.add_argument("--for", dest="dialect", choices=("mssql", "postgres"), default="mssql")
    command.set_defaults(run=sql, needs_secret=False)


def _statements() -> dict[str, "Statement"]:
    from bms import commands, queries
    from bms.sql.catalogue import all_statements

    return {statement.name: statement for statement in all_statements(commands, queries)}


def _names(**_: object) -> list[str]:
    return list(_statements())


def sql(_: Settings, arguments: argparse.Namespace) -> int:
    from bms.sql.catalogue import text_for

    statements = _statements()
    if arguments.name is None:
        print("\n".join(statements))
    elif arguments.name in statements:
        statement = statements[arguments.name]
        print(f"-- {statement.declared_at}")
        print(inspect.cleandoc(text_for(statement, arguments.dialect)))
    else:
        raise ConfigurationError(f"There is no statement {arguments.name}; 'bms sql' lists them")
    return 0
