"""All statements of the service, for ``bms sql``, the golden files and the checks at start-up."""

import importlib
import pkgutil
from types import ModuleType

from bms.sql.dialect.compiling import compile_postgres
from bms.sql.statements import Statement, compile_mssql, registered


def all_statements(*packages: ModuleType) -> list[Statement]:
    """Import every module in ``packages``; return all statements declared so far, by name."""
    for package in packages:
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)
    return list(registered())


def text_for(statement: Statement, dialect: str) -> str:
    """Return the text that the driver of ``dialect`` gets. A list parameter has one placeholder."""
    lengths = tuple((name, 1) for name, p in statement.parameters.items() if p.is_list)
    compiler = compile_mssql if dialect == "mssql" else compile_postgres
    return compiler(statement, lengths).sql
