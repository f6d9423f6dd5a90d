"""Where the database is: a database URL turned into an ODBC connection string and a dialect.

``mssql://user:pass@host:1433/name?Encrypt=yes`` and ``postgresql://user:pass@host:5432/name``
(``?host=/directory`` for a unix socket). Everything else in the query goes to the driver as it is,
save ``driver``, which names the driver's file.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from glob import glob
from urllib.parse import parse_qsl, unquote, urlsplit

from bms.errors import ConfigurationError
from bms.sql.statements import Compiled, Statement, compile_mssql

Compile = Callable[[Statement, tuple[tuple[str, int], ...]], Compiled]

_KEYWORD = re.compile(r"[A-Za-z][A-Za-z0-9_ ]*")
_PLAIN = re.compile(r"[A-Za-z0-9_.:,/\\-]*")

_PSQLODBC = (
    "/usr/lib/*/odbc/psqlodbcw.so",
    "/usr/lib/psqlodbcw.so",
    "/usr/lib64/psqlodbcw.so",
    "/usr/local/lib/psqlodbcw.so",
    "/opt/homebrew/lib/psqlodbcw.so",
)
_MSODBC = ("/opt/microsoft/msodbcsql18/lib64/libmsodbcsql-18*.so*", "/opt/homebrew/lib/libmsodbcsql.18.dylib")


_LOCK_TIMEOUT = 5  # seconds
_STATEMENT_TIMEOUT = 15
_IDLE_IN_TRANSACTION_TIMEOUT = 30

_POSTGRES_SESSION = (
    "SET TIME ZONE 'UTC'",
    f"SET lock_timeout = '{_LOCK_TIMEOUT}s'",
    f"SET statement_timeout = '{_STATEMENT_TIMEOUT}s'",
    f"SET idle_in_transaction_session_timeout = '{_IDLE_IN_TRANSACTION_TIMEOUT}s'",
)
_POSTGRES_READ_ONLY = "SET default_transaction_read_only = on"
_MSSQL_SESSION = ("SET XACT_ABORT ON", f"SET LOCK_TIMEOUT {_LOCK_TIMEOUT * 1000}")


@dataclass(frozen=True, slots=True)
class Target:
    """A database to connect to. ``label`` names it without the password, for logs and errors.

    ``statement_timeout`` is in seconds, for a driver that is told so; 0 where ``on_connect`` says it.
    """

    dialect: str
    label: str
    odbc: str = field(repr=False)
    on_connect: tuple[str, ...] = ()
    statement_timeout: int = 0

    @property
    def compile(self) -> Compile:
        """The compiler of statements for this database; sqlglot is imported for PostgreSQL alone."""
        if self.dialect == "mssql":
            return compile_mssql
        from bms.sql.dialect import compile_postgres

        return compile_postgres

    def for_reading(self) -> "Target":
        """Return this target with sessions that can neither write nor lock, where the database offers that.

        SQL Server does not: there it is the login's rights that say so.
        """
        if self.dialect != "postgres" or _POSTGRES_READ_ONLY in self.on_connect:
            return self
        return replace(self, on_connect=(*self.on_connect, _POSTGRES_READ_ONLY))


def parse_url(url: str, *, read_only: bool = False) -> Target:
    """Return the target that ``url`` names; ``read_only`` asks for a replica and sessions that cannot write.

    Raises ConfigurationError, without the password, for a URL that names no database or no
    driver that is installed.
    """
    # No error of urllib's is passed on: its text and its context may hold a part of the password.
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError(
            "The database URL cannot be read: its port is no number, or a name or the password holds a "
            "character that must be written as %XX (/ as %2F, @ as %40, # as %23, % as %25)"
        ) from None
    scheme = parts.scheme.removeprefix("bms+")
    if scheme not in ("postgresql", "postgres", "mssql", "sqlserver"):
        raise ConfigurationError("A database URL starts with mssql:// or postgresql://")
    options = dict(parse_qsl(parts.query))
    database = unquote(parts.path.lstrip("/"))
    if not database:
        raise ConfigurationError("The database URL must end in the database's name: scheme://host/name")
    host = options.pop("host", "") or parts.hostname or "localhost"
    driver = options.pop("driver", "")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    label = f"{scheme}://{host}{f':{port}' if port else ''}/{database}"
    if scheme in ("postgresql", "postgres"):
        values = {
            "Driver": driver or _find_driver("psqlODBC (odbc-postgresql)", _PSQLODBC),
            "Server": host,
            "Port": str(port or 5432),
            "Database": database,
            "Uid": user,
            "Pwd": password,
            # Prepared on the server, and an error ends the transaction without a savepoint a statement.
            "UseServerSidePrepare": "1",
            "Protocol": "7.4-1",
            "BoolsAsChar": "0",
        }
        odbc = _connection_string(_with_options(values, options), _psqlodbc_value)
        target = Target("postgres", label, odbc, _POSTGRES_SESSION)
        return target.for_reading() if read_only else target
    values = {
        "Driver": driver or _find_driver("ODBC Driver 18 for SQL Server", _MSODBC),
        "Server": f"tcp:{host},{port or 1433}",
        "Database": database,
        "UID": user,
        "PWD": password,
        "Encrypt": "yes",
        "APP": "bms",
    }
    if read_only:
        values["ApplicationIntent"] = "ReadOnly"
    odbc = _connection_string(_with_options(values, options), _escaped_value)
    return Target("mssql", label, odbc, _MSSQL_SESSION, _STATEMENT_TIMEOUT)


def _with_options(values: dict[str, str], options: dict[str, str]) -> dict[str, str]:
    # Keywords have no case, and of two a driver takes the first.
    names = {name.lower(): name for name in values}
    merged = dict(values)
    for name, value in options.items():
        if not _KEYWORD.fullmatch(name):
            raise ConfigurationError("An option of the database URL has a name that no driver knows")
        merged[names.get(name.lower(), name)] = value
    return merged


def _connection_string(values: dict[str, str], written: Callable[[str, str], str]) -> str:
    for name, value in values.items():
        if "\x00" in value:
            raise ConfigurationError(f"The database URL has a NUL character in {name}")
    return ";".join(f"{name}={written(name, value)}" for name, value in values.items() if value)


def _psqlodbc_value(name: str, value: str) -> str:
    # psqlODBC reads braces, and what is in them as it stands, for the password alone: without them it
    # decodes % and +. Of any other value it takes them as a part, and a semicolon as the end.
    if name.lower() in ("pwd", "password"):
        return _braced(value)
    if ";" in value:
        raise ConfigurationError(f"PostgreSQL's ODBC driver takes no semicolon in {name} of the database URL")
    return value


def _escaped_value(_: str, value: str) -> str:
    return value if _PLAIN.fullmatch(value) else _braced(value)


def _braced(value: str) -> str:
    # ODBC's own escape: a value in braces is taken as it stands, a closing brace is doubled.
    return f"{{{value.replace('}', '}}')}}}"


def _find_driver(name: str, places: tuple[str, ...]) -> str:
    for place in places:
        found = sorted(glob(place))
        if found:
            return found[-1]
    if name.startswith("ODBC Driver"):
        return _mssql_driver_of_wheel()
    raise ConfigurationError(
        f"{name} is not installed; script/bootstrap installs it, or name it with ?driver="
    )


def _mssql_driver_of_wheel() -> str:
    from importlib.util import find_spec

    spec = find_spec("mssql_python_odbc")
    for directory in (spec.submodule_search_locations or []) if spec else []:
        found = sorted(glob(f"{directory}/**/libmsodbcsql*", recursive=True))
        if found:
            return found[0]
    raise ConfigurationError(
        "ODBC Driver 18 for SQL Server is not installed; install it, or run pip install 'bms[mssql]'"
    )
