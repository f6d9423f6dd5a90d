"""Another database server, asked what the figures depend on."""

import re
from dataclasses import dataclass

import pyodbc

from bench.world import DURABLE
from bms.sql.odbc.target import Target

_DELAYED = "SELECT delayed_durability_desc FROM sys.databases WHERE name = DB_NAME()"


class NoAnswer(Exception):
    """The server could not be asked."""


@dataclass(frozen=True)
class Other:
    """What a server says of itself: a name for tables, its version, and the settings that decide whether a
    commit waits for the disk (``is_durable``).

    ``driver`` is the ODBC driver's file and version.
    """

    name: str
    version: str
    settings: str
    is_durable: bool
    driver: str


def ask_other(target: Target) -> Other:
    """Return what the server of ``target`` says of itself. Raises NoAnswer."""
    try:
        connection = pyodbc.connect(target.odbc, autocommit=True, timeout=target.login_timeout)
    except pyodbc.Error as error:
        raise NoAnswer(f"{target.label}: {error.args[-1]}") from None
    try:
        driver = " ".join(
            str(connection.getinfo(kind)) for kind in (pyodbc.SQL_DRIVER_NAME, pyodbc.SQL_DRIVER_VER)
        )
        if target.dialect == "postgres":
            version = str(_value(connection, "SHOW server_version")).split()[0]
            return Other("PostgreSQL", f"PostgreSQL {version}", *_settings(connection), driver)
        name, version = read_version(str(_value(connection, "SELECT @@VERSION")))
        if name == "Babelfish":
            return Other(name, version, *_settings(connection), driver)
        delayed = str(_value(connection, _DELAYED))
        # ALLOWED delays the commits that ask for it, and BMS's do not.
        return Other(name, version, f"delayed durability {delayed}", delayed != "FORCED", driver)
    finally:
        connection.close()


def read_version(text: str) -> tuple[str, str]:
    """Return the name and the version of a server that speaks T-SQL, of the text of its ``@@VERSION``."""
    babelfish = re.search(r"^PostgreSQL (?P<under>\S+) .*\(Babelfish (?P<version>[^)]+)\)", text, re.M)
    if babelfish:
        return "Babelfish", f"Babelfish {babelfish['version']} on PostgreSQL {babelfish['under']}"
    return "SQL Server", text.partition("\n")[0].strip()


def _settings(connection: pyodbc.Connection) -> tuple[str, bool]:
    # Babelfish has PostgreSQL's function in T-SQL, too.
    found = {name: _value(connection, f"SELECT current_setting('{name}')") for name in DURABLE}
    shown = ", ".join(f"{name} {value}" for name, value in found.items())
    return shown, all(value == "on" for value in found.values())


def _value(connection: pyodbc.Connection, sql: str) -> object:
    return connection.execute(sql).fetchval()
