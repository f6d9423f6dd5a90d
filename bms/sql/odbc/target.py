"""Turns a database URL into an ODBC connection string and a dialect.

``mssql://user:pass@host:1433/name?Encrypt=strict`` and ``postgresql://user:pass@host:5432/name``. BMS itself
reads these options, in upper or lower case:

``driver``            the driver's file, instead of the one that BMS finds
``host``              the host, or for PostgreSQL the directory of a Unix socket
``instance``          a named instance of SQL Server, which may also be written ``host%5Cinstance``
``LoginTimeout``      seconds to make a connection (``Connect Timeout``, ``connect_timeout``)
``LockTimeout``       seconds a statement waits for a lock (``lock_timeout``)
``StatementTimeout``  seconds a statement may take (``Command Timeout``, ``statement_timeout``)

The driver gets all other options unchanged: ``TrustServerCertificate``, ``HostNameInCertificate``,
``ServerCertificate``, ``Authentication``, ``MultiSubnetFailover``, ``sslmode`` ... Options that libpq knows
and psqlODBC does not, such as ``sslrootcert``, go to libpq.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import parse_qsl, unquote, urlsplit

from bms.errors import ConfigurationError
from bms.sql.dialect.compiling import compile_postgres
from bms.sql.odbc import drivers
from bms.sql.odbc.handles import compile_with_handle
from bms.sql.statements import Compiled, Statement

Compile = Callable[[Statement, tuple[tuple[str, int], ...]], Compiled]

LOGIN_TIMEOUT = 5  # seconds
_LOCK_TIMEOUT = 5
_STATEMENT_TIMEOUT = 15
_IDLE_IN_TRANSACTION_TIMEOUT = 30
_LONGEST_TIMEOUT = 3600
_PATIENCE = 5  # seconds more than a statement may take that a caller waits for a unit of work

_KEYWORD = re.compile(r"[A-Za-z][A-Za-z0-9_ ]*")
_PLAIN = re.compile(r"[A-Za-z0-9_.:,/\\-]*")
_HOST = re.compile(r"[A-Za-z0-9._:%-]+")
_INSTANCE = re.compile(r"[A-Za-z_#][A-Za-z0-9_#$]{0,15}")

# BMS's own timeouts, by their names in lower case without spaces and underscores.
_TIMEOUTS = {
    "logintimeout": "login",
    "connecttimeout": "login",
    "connectiontimeout": "login",
    "locktimeout": "lock",
    "statementtimeout": "statement",
    "commandtimeout": "statement",
    "querytimeout": "statement",
}

_POSTGRES_READ_ONLY = "SET default_transaction_read_only = on"

# Parameters of libpq for which psqlODBC has no keyword. It would ignore them silently.
_OF_LIBPQ = re.compile(
    r"application_name|channel_binding|fallback_application_name|gss(encmode|lib)|hostaddr"
    r"|keepalives(_count|_idle|_interval)?|krbsrvname|load_balance_hosts|options|passfile|require(_auth|peer)"
    r"|ssl(cert|certmode|compression|crl|crldir|key|negotiation|password|rootcert|sni)"
    r"|ssl_(max|min)_protocol_version|target_session_attrs|tcp_user_timeout",
    re.IGNORECASE,
)
_SECRETS = frozenset(("pwd", "password", "pqopt", "clientkey", "clientcertificate", "keystoresecret"))


@dataclass(frozen=True, slots=True)
class Target:
    """A database to connect to. ``label`` names it without user and password, for logs and errors.

    ``odbc`` is the connection string; ``keywords`` are its options without the secrets. Each new session runs
    the statements ``on_connect``. Timeouts are in seconds. ``statement_timeout`` is for the driver; it is 0
    where ``on_connect`` sets that timeout. ``port`` is None where the driver asks the host for it.
    ``patience`` is how long a unit of work may take, longer than any statement in it.
    """

    dialect: str
    label: str
    odbc: str = field(repr=False)
    on_connect: tuple[str, ...] = ()
    statement_timeout: int = 0
    login_timeout: int = LOGIN_TIMEOUT
    patience: float = _STATEMENT_TIMEOUT + _PATIENCE
    host: str = field(default="", repr=False)
    port: int | None = None
    database: str = field(default="", repr=False)
    keywords: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({}), repr=False, compare=False
    )

    @property
    def compile(self) -> Compile:
        """The compiler of statements for this database."""
        return compile_with_handle if self.dialect == "mssql" else compile_postgres

    def keyword(self, name: str) -> str:
        """Return the connection string's value for ``name``, in any case, or an empty string."""
        return next((value for key, value in self.keywords.items() if key.lower() == name.lower()), "")

    def for_reading(self) -> "Target":
        """Return this target with sessions that can neither write nor lock, if the database has such.

        SQL Server has none; there only the login's rights prevent writes.
        """
        if self.dialect != "postgres" or _POSTGRES_READ_ONLY in self.on_connect:
            return self
        return replace(self, on_connect=(*self.on_connect, _POSTGRES_READ_ONLY))


@dataclass(frozen=True, slots=True)
class _Address:
    scheme: str
    host: str
    port: int | None
    database: str
    user: str
    password: str = field(repr=False)
    instance: str = ""

    @property
    def label(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        place = f"{host}\\{self.instance}" if self.instance else host
        return f"{self.scheme}://{place}{f':{self.port}' if self.port else ''}/{self.database}"


def parse_url(url: str, *, read_only: bool = False) -> Target:
    """Return the target that ``url`` names. ``read_only`` asks for a replica and sessions that cannot write.

    Raises ConfigurationError for an invalid URL, and when the driver is not installed. The error never holds
    the password.
    """
    address, options = _split(url)
    timeouts = _take_timeouts(options)
    if address.scheme in ("postgresql", "postgres"):
        target = _postgres(address, options, timeouts)
        return target.for_reading() if read_only else target
    return _mssql(address, options, timeouts, read_only=read_only)


def _split(url: str) -> tuple[_Address, dict[str, str]]:
    # Pass no error of urllib on: its text and its context may hold a part of the password.
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError(
            "The database URL is invalid: its port is not a valid number, or a name or the password holds a "
            "character that must be written as %XX (/ as %2F, @ as %40, # as %23, % as %25)"
        ) from None
    scheme = parts.scheme.removeprefix("bms+")
    if scheme not in ("postgresql", "postgres", "mssql", "sqlserver"):
        raise ConfigurationError("A database URL starts with mssql:// or postgresql://")
    options = {
        name.lower() if name.lower() in ("driver", "host", "instance") else name: value
        for name, value in parse_qsl(parts.query)
    }
    database = unquote(parts.path.lstrip("/"))
    if not database:
        raise ConfigurationError("The database URL must end in the database's name: scheme://host/name")
    host = options.pop("host", "") or unquote(parts.hostname or "") or "localhost"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return _Address(scheme, host, port, database, user, password), options


def _postgres(address: _Address, options: dict[str, str], timeouts: Mapping[str, int]) -> Target:
    values = {
        "Driver": options.pop("driver", "") or drivers.psqlodbc(),
        "Server": address.host,
        "Port": str(address.port or 5432),
        "Database": address.database,
        "Uid": address.user,
        "Pwd": address.password,
        # Prepare statements on the server. Let an error end the transaction: no savepoint per statement.
        "UseServerSidePrepare": "1",
        "Protocol": "7.4-1",
        "BoolsAsChar": "0",
    }
    merged = _with_options(values, _handed_to_libpq(options))
    return Target(
        "postgres",
        address.label,
        _connection_string(merged, _psqlodbc_value),
        (
            "SET TIME ZONE 'UTC'",
            f"SET lock_timeout = '{timeouts['lock']}s'",
            f"SET statement_timeout = '{timeouts['statement']}s'",
            f"SET idle_in_transaction_session_timeout = '{_IDLE_IN_TRANSACTION_TIMEOUT}s'",
        ),
        login_timeout=timeouts["login"],
        patience=timeouts["statement"] + _PATIENCE,
        host=address.host,
        port=address.port or 5432,
        database=address.database,
        keywords=_without_secrets(merged),
    )


def _mssql(
    address: _Address, options: dict[str, str], timeouts: Mapping[str, int], *, read_only: bool
) -> Target:
    host, _, written = address.host.partition("\\")
    instance = options.pop("instance", "") or written
    # The host's text becomes part of the driver's own syntax, so only a valid host and instance may pass.
    if not _HOST.fullmatch(host) or (instance and not _INSTANCE.fullmatch(instance)):
        raise ConfigurationError("The host or the instance in the database URL is not a valid name")
    # The driver asks SQL Server Browser for the port of an instance, unless the port is given.
    port = address.port or (None if instance else 1433)
    values = {
        "Driver": options.pop("driver", "") or drivers.msodbcsql(),
        "Server": f"tcp:{host}\\{instance}" if port is None else f"tcp:{host},{port}",
        "Database": address.database,
        "UID": address.user,
        "PWD": address.password,
        "Encrypt": "yes",
        "APP": "bms",
        # BMS finds a constraint's name in the message, so the login's language must not change the text.
        "Language": "us_english",
        # The pool must see a lost connection. The driver would retry it silently for up to ten seconds.
        "ConnectRetryCount": "0",
    }
    if read_only:
        values["ApplicationIntent"] = "ReadOnly"
    merged = _with_options(values, options)
    return Target(
        "mssql",
        replace(address, host=host, instance=instance).label,
        _connection_string(merged, _escaped_value),
        ("SET XACT_ABORT ON", f"SET LOCK_TIMEOUT {timeouts['lock'] * 1000}"),
        timeouts["statement"],
        login_timeout=timeouts["login"],
        patience=timeouts["statement"] + _PATIENCE,
        host=host,
        port=port,
        database=address.database,
        keywords=_without_secrets(merged),
    )


def _take_timeouts(options: dict[str, str]) -> dict[str, int]:
    """Return the timeouts in seconds, and remove their options from ``options``."""
    timeouts = {"login": LOGIN_TIMEOUT, "lock": _LOCK_TIMEOUT, "statement": _STATEMENT_TIMEOUT}
    for name in list(options):
        which = _TIMEOUTS.get(name.lower().replace("_", "").replace(" ", ""))
        if which is not None:
            text = options.pop(name)
            if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _LONGEST_TIMEOUT):
                raise ConfigurationError(
                    f"{name} in the database URL must be a whole number of seconds, 1 to {_LONGEST_TIMEOUT}"
                )
            timeouts[which] = int(text)
    return timeouts


def _handed_to_libpq(options: dict[str, str]) -> dict[str, str]:
    """Return ``options``, with those that only libpq knows moved into psqlODBC's option ``pqopt``.

    Unless they name the session, it is named bms, as on SQL Server.
    """
    kept = {name: value for name, value in options.items() if not _OF_LIBPQ.fullmatch(name)}
    moved = [
        "{}='{}'".format(name.lower(), value.replace("\\", "\\\\").replace("'", "\\'"))
        for name, value in options.items()
        if name not in kept
    ]
    given = next((name for name in kept if name.lower() == "pqopt"), "pqopt")
    kept[given] = " ".join(filter(None, ("fallback_application_name='bms'", kept.get(given), *moved)))
    return kept


def _with_options(values: dict[str, str], options: dict[str, str]) -> dict[str, str]:
    # Keywords are case-insensitive, and a driver uses the first of two: an option must replace our value.
    names = {name.lower(): name for name in values}
    merged = dict(values)
    for name, value in options.items():
        if not _KEYWORD.fullmatch(name):
            raise ConfigurationError("An option in the database URL has a name that no driver accepts")
        merged[names.get(name.lower(), name)] = value
    return merged


def _without_secrets(values: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({name: value for name, value in values.items() if name.lower() not in _SECRETS})


def _connection_string(values: dict[str, str], written: Callable[[str, str], str]) -> str:
    for name, value in values.items():
        if "\x00" in value:
            raise ConfigurationError(f"The database URL has a NUL character in {name}")
    return ";".join(f"{name}={written(name, value)}" for name, value in values.items() if value)


def _psqlodbc_value(name: str, value: str) -> str:
    # In these options psqlODBC accepts braces and takes their content literally; without braces it decodes %
    # and +. In all other options braces are part of the value, and a semicolon ends it.
    if name.lower() in ("pwd", "password", "pqopt"):
        return _braced(value)
    if ";" in value:
        raise ConfigurationError(
            f"PostgreSQL's ODBC driver accepts no semicolon in {name} of the database URL"
        )
    return value


def _escaped_value(_: str, value: str) -> str:
    return value if _PLAIN.fullmatch(value) else _braced(value)


def _braced(value: str) -> str:
    # ODBC's own escape: a value in braces is literal, and a closing brace is doubled.
    return f"{{{value.replace('}', '}}')}}}"
