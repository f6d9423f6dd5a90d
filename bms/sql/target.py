"""Where the database is: a database URL turned into an ODBC connection string and a dialect.

``mssql://user:pass@host:1433/name?Encrypt=yes`` and ``postgresql://user:pass@host:5432/name``
(``?host=/directory`` for a unix socket). Everything else in the query goes to the driver as it is,
save ``driver``, which names the driver's file.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from glob import glob
from urllib.parse import parse_qsl, unquote, urlsplit

from bms.errors import ConfigurationError
from bms.sql.statements import Compiled, Statement, compile_mssql

Compile = Callable[[Statement, tuple[tuple[str, int], ...]], Compiled]

_PSQLODBC = (
    "/usr/lib/*/odbc/psqlodbcw.so",
    "/usr/lib/psqlodbcw.so",
    "/usr/lib64/psqlodbcw.so",
    "/usr/local/lib/psqlodbcw.so",
    "/opt/homebrew/lib/psqlodbcw.so",
)
_MSODBC = ("/opt/microsoft/msodbcsql18/lib64/libmsodbcsql-18*.so*", "/opt/homebrew/lib/libmsodbcsql.18.dylib")


@dataclass(frozen=True, slots=True)
class Target:
    """A database to connect to. ``label`` names it without the password, for logs and errors."""

    dialect: str
    label: str
    odbc: str = field(repr=False)
    on_connect: tuple[str, ...] = ()

    @property
    def compile(self) -> Compile:
        """The compiler of statements for this database; sqlglot is imported for PostgreSQL alone."""
        if self.dialect == "mssql":
            return compile_mssql
        from bms.sql.dialect import compile_postgres

        return compile_postgres


def parse_url(url: str, *, read_only: bool = False) -> Target:
    """Return the target that ``url`` names; ``read_only`` asks for a session that cannot write.

    Raises ConfigurationError, without the password, for a URL that names no database or no
    driver that is installed.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    database = unquote(parts.path.lstrip("/"))
    if not database:
        raise ConfigurationError("The database URL must end in the database's name: scheme://host/name")
    try:
        port = parts.port
    except ValueError as error:
        raise ConfigurationError("The port of the database URL is not a number") from error
    host = options.pop("host", "") or parts.hostname or "localhost"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    scheme = parts.scheme.removeprefix("bms+")
    label = f"{scheme}://{host}{f':{port}' if port else ''}/{database}"
    if scheme in ("postgresql", "postgres"):
        odbc = {
            "Driver": options.pop("driver", "") or _find_driver("psqlODBC (odbc-postgresql)", _PSQLODBC),
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
        return Target("postgres", label, _connection_string(odbc | options), _postgres_session(read_only))
    if scheme in ("mssql", "sqlserver"):
        odbc = {
            "Driver": options.pop("driver", "") or _find_driver("ODBC Driver 18 for SQL Server", _MSODBC),
            "Server": f"tcp:{host},{port or 1433}",
            "Database": database,
            "UID": user,
            "PWD": password,
            "Encrypt": "yes",
            "APP": "bms",
        }
        if read_only:
            odbc["ApplicationIntent"] = "ReadOnly"
        return Target("mssql", label, _connection_string(odbc | options), _MSSQL_SESSION)
    raise ConfigurationError(f"A database URL starts with mssql:// or postgresql://, not {parts.scheme}://")


_MSSQL_SESSION = ("SET XACT_ABORT ON", "SET LOCK_TIMEOUT 5000")


def _postgres_session(read_only: bool) -> tuple[str, ...]:
    settings = (
        "SET TIME ZONE 'UTC'",
        "SET lock_timeout = '5s'",
        "SET statement_timeout = '15s'",
        "SET idle_in_transaction_session_timeout = '30s'",
    )
    return (*settings, "SET default_transaction_read_only = on") if read_only else settings


def _connection_string(values: dict[str, str]) -> str:
    return ";".join(f"{key}={_escaped(value)}" for key, value in values.items() if value)


def _escaped(value: str) -> str:
    # ODBC's own escape: a value in braces is taken as it stands, a closing brace is doubled. Only
    # where needed, for psqlODBC takes braces around a port as part of it.
    if not set(value) & set(";{}[](),?*=!@ "):
        return value
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
        "ODBC Driver 18 for SQL Server is not installed; install it, or 'pip install bms[mssql]'"
    )
