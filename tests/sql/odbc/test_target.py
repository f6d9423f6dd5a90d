"""Database URLs: what the driver is told, what is refused, and that no password shows anywhere."""

import contextlib
import logging
import socket
import time
import traceback
from collections.abc import Iterator
from importlib.util import find_spec
from urllib.parse import quote

import pyodbc
import pytest

from bms.errors import ConfigurationError, DatabaseUnavailable
from bms.sql.database import Database
from bms.sql.dialect.compiling import compile_postgres
from bms.sql.embedded.provision import create_database, drop_database, embedded_url
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.odbc import drivers
from bms.sql.odbc.handles import compile_with_handle
from bms.sql.odbc.target import Target, parse_url
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.kit.servers import Server

PASSWORD = "hunter2"
# As an administrator of the server sees the sessions.
NAMED = "fallback_application_name='bms'"


@pytest.fixture(autouse=True)
def driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQL Server's driver is found under a made-up name, whether or not it is installed."""
    monkeypatch.setattr(drivers, "msodbcsql", lambda: "/opt/msodbcsql.so")


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
        "pqopt": f"{{{NAMED}}}",
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
        "Language": "us_english",
        "ConnectRetryCount": "0",
    }
    assert target.dialect == "mssql"
    assert target.label == "mssql://db.example.com/tickets"
    assert target.compile is compile_with_handle
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
        # psqlODBC's own option for what libpq alone knows.
        (
            "postgresql://h/d?sslrootcert=/a%20b",
            {"pqopt": f"{{{NAMED} sslrootcert='/a b'}}", "sslrootcert": None},
        ),
        (
            "postgresql://h/d?PQOPT=keepalives=0&Application_Name=it's%5C",
            {"PQOPT": rf"{{{NAMED} keepalives=0 application_name='it\'s\\'}}", "pqopt": None},
        ),
        ("sqlserver://h:1444/d", {"Server": "tcp:h,1444"}),
        ("mssql://[fe80::1%25eth0]:1444/d", {"Server": "{tcp:fe80::1%eth0,1444}"}),
        ("mssql://[::1]/d", {"Server": "tcp:::1,1433"}),
        ("mssql://h%5CBOX/d", {"Server": "tcp:h\\BOX"}),
        ("mssql://h/d?Instance=BOX", {"Server": "tcp:h\\BOX", "Instance": None}),
        ("mssql://h:1444/d?instance=BOX", {"Server": "tcp:h,1444", "instance": None}),
        ("mssql://h/d?Driver=/x.so", {"Driver": "/x.so"}),
        ("mssql://h/d?MultiSubnetFailover=Yes", {"MultiSubnetFailover": "Yes"}),
        ("mssql://h/d?Encrypt=strict&ServerCertificate=/c.pem", {"ServerCertificate": "/c.pem"}),
        ("mssql://h/d?HostNameInCertificate=db.example.com", {"HostNameInCertificate": "db.example.com"}),
        ("mssql://h/d?Authentication=ActiveDirectoryMsi", {"UID": None, "PWD": None, "Encrypt": "yes"}),
        ("mssql://h/d?ConnectRetryCount=3", {"ConnectRetryCount": "3"}),
        ("mssql://h/d?encrypt=optional", {"Encrypt": "optional", "encrypt": None}),
        ("mssql://h/d?TrustServerCertificate=yes", {"TrustServerCertificate": "yes", "Encrypt": "yes"}),
        ("mssql://u%20u@h/d", {"UID": "{u u}"}),
    ],
)
def test_each_part_and_option_reaches_the_driver(url: str, expected: dict[str, str | None]) -> None:
    told = options(parse_url(url))
    assert {name: told.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("query", "login", "on_connect", "statement"),
    [
        ("mssql", 5, "SET LOCK_TIMEOUT 5000", 15),
        ("mssql?LoginTimeout=30", 30, "SET LOCK_TIMEOUT 5000", 15),
        ("mssql?Connect%20Timeout=30&lock_timeout=1&CommandTimeout=60", 30, "SET LOCK_TIMEOUT 1000", 60),
        ("postgresql", 5, "SET lock_timeout = '5s'", 0),
        ("postgresql?connect_timeout=7&LockTimeout=9", 7, "SET lock_timeout = '9s'", 0),
        ("postgresql?statement_timeout=70", 5, "SET statement_timeout = '70s'", 0),
    ],
)
def test_timeouts_are_for_us_and_not_for_the_driver(
    query: str, login: int, on_connect: str, statement: int
) -> None:
    scheme, _, rest = query.partition("?")
    target = parse_url(f"{scheme}://h/d?{rest}")
    assert (target.login_timeout, target.statement_timeout) == (login, statement)
    assert on_connect in target.on_connect
    assert "timeout" not in target.odbc.lower()


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("mssql://u:p@[::1]:1444/d", "mssql://[::1]:1444/d"),
        ("postgresql://u:p@[::1]/d", "postgresql://[::1]/d"),
        ("mssql://u:p@sql%5Cbox/d", "mssql://sql\\box/d"),
        ("mssql://u:p@sql:1444/d?instance=box", "mssql://sql\\box:1444/d"),
    ],
)
def test_a_label_names_the_place_as_the_url_does(url: str, label: str) -> None:
    assert parse_url(url).label == label


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
        ("postgresql://u:p@h:hunter2/d", "port is not a valid number"),
        ("postgresql://u:p@h:99999/d", "port is not a valid number"),
        ("postgresql://u:hunter2/x@h/d", "port is not a valid number"),
        ("postgresql://u:hunter2#x@h/d", "port is not a valid number"),
        ("postgresql://u:hunter2[x@h/d", "must be written as %XX"),
        ("postgresql://u:hunter2\u2100@h/d", "must be written as %XX"),
        ("postgresql://u:hunter2@h/d%3BUid=bms", "no semicolon in Database"),
        ("postgresql://u:hunter2@h/d?sslmode=a;b", "no semicolon in sslmode"),
        ("postgresql://u:hunter2@h/d?a%3BPwd=x", "a name that no driver accepts"),
        ("mssql://u:hunter2@h/d?a%3DPWD=x", "a name that no driver accepts"),
        ("mssql://u:hunter2%00x@h/d", "NUL character in PWD"),
        ("mssql://u:hunter2@h;UID=sa/d", "is not a valid name"),
        ("mssql://u:hunter2@h,1/d", "is not a valid name"),
        ("mssql://u:hunter2@h/d?instance=a;b", "is not a valid name"),
        ("mssql://u:hunter2@h/d?LoginTimeout=0", "LoginTimeout in the database URL must be a whole number"),
        ("mssql://u:hunter2@h/d?Lock%20Timeout=3601", "Lock Timeout in the database URL must be a whole"),
        ("postgresql://u:hunter2@h/d?connect_timeout=soon", "connect_timeout in the database URL must be a"),
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


# Every character that some part of the way may take for its own.
AWKWARD = "p;}{@% x=?*!(),[]'\"\\\\+%7D/#&:|$<>`^~é€\t-_."


@pytest.mark.parametrize(
    "url",
    [
        "mssql://ann:{}@127.0.0.1:{}/d?LoginTimeout=1&driver={}",
        "postgresql://ann:{}@127.0.0.1:{}/d?LoginTimeout=1",
        "postgresql://ann:{}@127.0.0.1:{}/d?driver=/none.so",
    ],
)
async def test_an_awkward_password_stands_in_no_log_and_no_error(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.undo()
    caplog.set_level(logging.DEBUG)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        target = parse_url(url.format(quote(AWKWARD, safe=""), nobody.getsockname()[1], drivers.psqlodbc()))
        if target.dialect == "mssql" and find_spec("mssql_python_odbc"):
            target = parse_url(
                url.format(quote(AWKWARD, safe=""), nobody.getsockname()[1], drivers.msodbcsql())
            )
        database = Database(target, constraints={})
        await database.open()
        try:
            with pytest.raises(DatabaseUnavailable) as caught:
                await database.transact(ask)
        finally:
            await database.close()
    told = (
        "".join(traceback.format_exception(caught.value))
        + caplog.text
        + repr(target)
        + repr(vars(caught.value))
    )
    assert target.label in told
    for shown in (AWKWARD, quote(AWKWARD, safe=""), AWKWARD.replace("}", "}}"), "p;}", "[]'", "|$<>"):
        assert shown not in told


def ask(tx: Transaction) -> int:
    return int(tx.value(Statement("probe.ask", "", "SELECT 1 AS one")))


# On a real server


on_postgres = pytest.mark.postgres_only("it is psqlODBC that is asked")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A server whose rules a test may change."""
    with EmbeddedServer(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="module")
def administration(own: EmbeddedServer) -> Iterator[pyodbc.Connection]:
    url = embedded_url(own, "postgres")
    with contextlib.closing(pyodbc.connect(parse_url(url).odbc, autocommit=True)) as connection:
        yield connection


@pytest.fixture(scope="module")
def login(own: EmbeddedServer, administration: pyodbc.Connection) -> str:
    """A role that must give its password, unlike the others of the embedded server."""
    rules = own.directory / "pg_hba.conf"
    rules.write_text("local all probe_login scram-sha-256\n" + rules.read_text())
    administration.execute("CREATE ROLE probe_login LOGIN").close()
    administration.execute("SELECT pg_reload_conf()").fetchall()
    deadline = time.monotonic() + 10
    while not administration.execute(
        "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method = 'scram-sha-256'"
    ).fetchval():
        assert time.monotonic() < deadline
    return "probe_login"


@pytest.mark.parametrize(
    "password",
    [
        *("plain", "a;b", "a}b", "{a", "{ab}", "}}", "a@b", "a b", " a ", "a%b", "%41", "a+b", "a=b", "é€"),
        *("'\"\\", "p;}{@% x=?*!(),[]'\"\\+%7D", "a};Uid=bms;b", "/#?&:"),
    ],
)
def test_any_password_opens_the_door(
    own: EmbeddedServer, administration: pyodbc.Connection, login: str, password: str
) -> None:
    literal = password.replace("'", "''")
    administration.execute(f"ALTER ROLE {login} PASSWORD '{literal}'").close()
    url = f"postgresql://{login}:{{}}@/postgres?host={quote(str(own.socket_directory))}"

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


@on_postgres
def test_a_target_that_reads_only_refuses_to_write(empty_database_url: str) -> None:
    target = parse_url(empty_database_url, read_only=True)
    with contextlib.closing(pyodbc.connect(target.odbc, autocommit=True)) as connection:
        for text in target.on_connect:
            connection.execute(text).close()
        with pytest.raises(pyodbc.ProgrammingError, match="read-only transaction"):
            connection.execute("CREATE TABLE t (n integer)")


@on_postgres
def test_what_libpq_alone_knows_reaches_it(server: Server) -> None:
    url = f"{server.url('postgres')}{'&' if '?' in server.url('postgres') else '?'}"
    target = parse_url(f"{url}application_name={quote(AWKWARD[:20])}&options=-c%20work_mem%3D5MB")
    with contextlib.closing(pyodbc.connect(target.odbc)) as connection:
        told = connection.execute("SELECT current_setting('application_name'), current_setting('work_mem')")
        assert list(told.fetchone()) == [AWKWARD[:20], "5MB"]


@on_postgres
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
def test_only_plain_names_are_made_and_dropped(own: EmbeddedServer, name: str) -> None:
    for attempt in (
        lambda: create_database(own, name),
        lambda: create_database(own, "ok", name or "A"),
        lambda: drop_database(own, name),
    ):
        with pytest.raises(ValueError, match="not a valid name for an embedded database"):
            attempt()
