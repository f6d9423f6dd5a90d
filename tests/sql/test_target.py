"""Database URLs: what the driver is told, what is refused, and that no password shows anywhere."""

import contextlib
import time
import traceback
from collections.abc import Iterator
from urllib.parse import quote

import pyodbc
import pytest

from bms.errors import ConfigurationError
from bms.sql import target as target_module
from bms.sql.dialect import compile_postgres
from bms.sql.embedded import EmbeddedServer
from bms.sql.provision import create_database, drop_database, embedded_url
from bms.sql.statements import compile_mssql
from bms.sql.target import Target, parse_url

PASSWORD = "hunter2"


@pytest.fixture(autouse=True)
def drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQL Server's driver is found under a made-up name, whether or not it is installed."""
    found = target_module._find_driver

    def find(name: str, places: tuple[str, ...]) -> str:
        return "/opt/msodbcsql.so" if "SQL Server" in name else found(name, places)

    monkeypatch.setattr(target_module, "_find_driver", find)


def options(target: Target) -> dict[str, str]:
    """Return the plain keywords of a connection string (none of these holds a brace)."""
    return dict(part.split("=", 1) for part in target.odbc.split(";"))


def test_a_postgresql_url() -> None:
    target = parse_url(f"postgresql://ann:{PASSWORD}@db.example.com:6432/tickets")
    told = options(target)
    assert told.pop("Driver").endswith("psqlodbcw.so")
    assert told == {
        "Server": "db.example.com",
        "Port": "6432",
        "Database": "tickets",
        "Uid": "ann",
        "Pwd": "{hunter2}",
        "UseServerSidePrepare": "1",
        "Protocol": "7.4-1",
        "BoolsAsChar": "0",
    }
    assert target.dialect == "postgres"
    assert target.label == "postgresql://db.example.com:6432/tickets"
    assert target.compile is compile_postgres
    assert target.statement_timeout == 0


def test_an_mssql_url() -> None:
    target = parse_url(f"mssql://ann:{PASSWORD}@db.example.com/tickets")
    assert options(target) == {
        "Driver": "/opt/msodbcsql.so",
        "Server": "tcp:db.example.com,1433",
        "Database": "tickets",
        "UID": "ann",
        "PWD": "hunter2",
        "Encrypt": "yes",
        "APP": "bms",
    }
    assert target.dialect == "mssql"
    assert target.label == "mssql://db.example.com/tickets"
    assert target.compile is compile_mssql
    assert target.on_connect == ("SET XACT_ABORT ON", "SET LOCK_TIMEOUT 5000")
    assert target.statement_timeout == 15


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://h/d", {"Port": "5432", "Server": "h", "Uid": None, "Pwd": None}),
        ("postgres://h/d", {"Port": "5432"}),
        ("bms+postgresql://h/d", {"Server": "h"}),
        ("postgresql:///d", {"Server": "localhost"}),
        ("postgresql://u@/d?host=/run/pg%20sql", {"Server": "/run/pg sql"}),
        ("postgresql://u@[::1]:5433/d", {"Server": "::1", "Port": "5433"}),
        ("postgresql://u%40x@h/d%20d", {"Uid": "u@x", "Database": "d d"}),
        ("postgresql://h/d?sslmode=verify-full", {"sslmode": "verify-full"}),
        ("postgresql://h/d?driver=/x.so", {"Driver": "/x.so", "driver": None}),
        ("postgresql://h/d?protocol=7.4-2&BOOLSASCHAR=1", {"Protocol": "7.4-2", "BoolsAsChar": "1"}),
        ("sqlserver://h:1444/d", {"Server": "tcp:h,1444"}),
        ("mssql://h/d?encrypt=optional", {"Encrypt": "optional", "encrypt": None}),
        ("mssql://h/d?TrustServerCertificate=yes", {"TrustServerCertificate": "yes", "Encrypt": "yes"}),
        ("mssql://u%20u@h/d", {"UID": "{u u}"}),
    ],
)
def test_each_part_and_option_reaches_the_driver(url: str, expected: dict[str, str | None]) -> None:
    told = options(parse_url(url))
    assert {name: told.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("password", "written"),
    [
        ("p;x", "{p;x}"),
        ("a}b", "{a}}b}"),
        ("{}", "{{}}}"),
        ("a%41+b", "{a%41+b}"),
        (" x ", "{ x }"),
        ("a};UID=sa;b", "{a}};UID=sa;b}"),
        ("plain", "plain"),
    ],
)
def test_sql_servers_password_is_escaped_as_odbc_says(password: str, written: str) -> None:
    assert f";PWD={written};" in parse_url(f"mssql://u:{quote(password, safe='')}@h/d").odbc


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("postgresql://u:hunter2@h", "end in the database's name"),
        ("postgresql://u:hunter2@h/", "end in the database's name"),
        ("mysql://u:hunter2@h/d", "starts with mssql:// or postgresql://"),
        ("u:hunter2@h/d", "starts with mssql:// or postgresql://"),
        ("hunter2", "starts with mssql:// or postgresql://"),
        ("", "starts with mssql:// or postgresql://"),
        ("postgresql://u:p@h:hunter2/d", "port is no number"),
        ("postgresql://u:p@h:99999/d", "port is no number"),
        ("postgresql://u:hunter2/x@h/d", "port is no number"),
        ("postgresql://u:hunter2#x@h/d", "port is no number"),
        ("postgresql://u:hunter2[x@h/d", "must be written as %XX"),
        ("postgresql://u:hunter2\u2100@h/d", "must be written as %XX"),
        ("postgresql://u:hunter2@h/d%3BUid=bms", "no semicolon in Database"),
        ("postgresql://u:hunter2@h/d?sslmode=a;b", "no semicolon in sslmode"),
        ("postgresql://u:hunter2@h/d?a%3BPwd=x", "a name that no driver knows"),
        ("mssql://u:hunter2@h/d?a%3DPWD=x", "a name that no driver knows"),
        ("mssql://u:hunter2%00x@h/d", "NUL character in PWD"),
    ],
)
def test_what_cannot_be_used_is_refused_and_no_password_shows(url: str, part: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_url(url)
    assert part in str(caught.value)
    told = "".join(traceback.format_exception(caught.value)).replace(repr(url), "").replace(url, "")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "hunter2" not in told


@pytest.mark.parametrize("scheme", ["postgresql", "mssql"])
def test_a_target_shows_no_password(scheme: str) -> None:
    target = parse_url(f"{scheme}://ann:{PASSWORD}@h:77/d?host=elsewhere")
    assert PASSWORD in target.odbc
    for shown in (repr(target), str(target), target.label):
        assert PASSWORD not in shown
        assert "ann" not in shown
    assert target.label == f"{scheme}://elsewhere:77/d"


def test_a_target_for_reading() -> None:
    target = parse_url("postgresql://h/d")
    reading = parse_url("postgresql://h/d", read_only=True)
    assert reading.on_connect == (*target.on_connect, "SET default_transaction_read_only = on")
    assert target.for_reading() == reading == reading.for_reading()
    # On SQL Server it is the connection that says so, and it leads elsewhere: only a replica's gets it.
    assert options(parse_url("mssql://h/d", read_only=True))["ApplicationIntent"] == "ReadOnly"
    assert "ApplicationIntent" not in options(parse_url("mssql://h/d").for_reading())


def test_a_driver_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(target_module, "glob", lambda *_, **__: [])
    with pytest.raises(ConfigurationError, match=r"psqlODBC .* is not installed; script/bootstrap"):
        parse_url("postgresql://h/d")
    with pytest.raises(ConfigurationError, match=r"ODBC Driver 18 .*pip install 'bms\[mssql\]'"):
        parse_url("mssql://h/d")


# On a real server


@pytest.fixture(scope="module")
def administration(server: EmbeddedServer) -> Iterator[pyodbc.Connection]:
    url = embedded_url(server, "postgres")
    with contextlib.closing(pyodbc.connect(parse_url(url).odbc, autocommit=True)) as connection:
        yield connection


@pytest.fixture(scope="module")
def login(server: EmbeddedServer, administration: pyodbc.Connection) -> Iterator[str]:
    """A role that must give its password, unlike the others of the embedded server."""
    rules = server.directory / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text("local all probe_login scram-sha-256\n" + before)
    administration.execute("CREATE ROLE probe_login LOGIN").close()
    administration.execute("SELECT pg_reload_conf()").fetchall()
    deadline = time.monotonic() + 10
    while not administration.execute(
        "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method = 'scram-sha-256'"
    ).fetchval():
        assert time.monotonic() < deadline
    yield "probe_login"
    administration.execute("DROP ROLE probe_login").close()
    rules.write_text(before)
    administration.execute("SELECT pg_reload_conf()").fetchall()


@pytest.mark.parametrize(
    "password",
    [
        *("plain", "a;b", "a}b", "{a", "{ab}", "}}", "a@b", "a b", " a ", "a%b", "%41", "a+b", "a=b", "é€"),
        *("'\"\\", "p;}{@% x=?*!(),[]'\"\\+%7D", "a};Uid=bms;b", "/#?&:"),
    ],
)
def test_any_password_opens_the_door(
    server: EmbeddedServer, administration: pyodbc.Connection, login: str, password: str
) -> None:
    literal = password.replace("'", "''")
    administration.execute(f"ALTER ROLE {login} PASSWORD '{literal}'").close()
    url = f"postgresql://{login}:{{}}@/postgres?host={quote(str(server.socket_directory))}"

    def who(given: str) -> str:
        target = parse_url(url.format(quote(given, safe="")))
        deadline = time.monotonic() + 5
        while True:
            try:
                with contextlib.closing(pyodbc.connect(target.odbc)) as connection:
                    return str(connection.execute("SELECT current_user").fetchval())
            except pyodbc.OperationalError as error:
                # The postmaster takes a moment to read the new rules; until then peer refuses the role.
                if "Peer authentication" not in str(error) or time.monotonic() > deadline:
                    raise

    assert who(password) == login
    with pytest.raises(pyodbc.OperationalError, match="password authentication failed"):
        who(password + "x")


def test_a_target_that_reads_only_refuses_to_write(empty_database_url: str) -> None:
    target = parse_url(empty_database_url, read_only=True)
    with contextlib.closing(pyodbc.connect(target.odbc, autocommit=True)) as connection:
        for text in target.on_connect:
            connection.execute(text).close()
        with pytest.raises(pyodbc.ProgrammingError, match="read-only transaction"):
            connection.execute("CREATE TABLE t (n integer)")


def test_every_session_is_bounded(empty_database_url: str) -> None:
    target = parse_url(empty_database_url)
    with contextlib.closing(pyodbc.connect(target.odbc, autocommit=True)) as connection:
        for text in target.on_connect:
            connection.execute(text).close()

        def show(name: str) -> str:
            return str(connection.execute(f"SHOW {name}").fetchval())

        assert [show("TimeZone"), show("lock_timeout"), show("statement_timeout")] == ["UTC", "5s", "15s"]
        assert show("idle_in_transaction_session_timeout") == "30s"


@pytest.mark.parametrize("name", ["", "A", "a b", "a;b", 'a"b', "1a", "a" * 64, "a-b"])
def test_only_plain_names_are_made_and_dropped(server: EmbeddedServer, name: str) -> None:
    for attempt in (
        lambda: create_database(server, name),
        lambda: create_database(server, "ok", name or "A"),
        lambda: drop_database(server, name),
    ):
        with pytest.raises(ValueError, match="no name for a database"):
            attempt()
