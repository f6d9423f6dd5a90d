"""What the drivers' errors are taken for: provoked on the server at hand, and SQL Server's as documented."""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pyodbc
import pytest

from bms.sql.odbc.errors import Diagnosis, Kind, diagnose
from bms.sql.odbc.target import parse_url
from tests.kit.servers import Server
from tests.kit.sessions import own_process, terminate
from tests.kit.tsql import Sql

MSSQL = "[Microsoft][ODBC Driver 18 for SQL Server]"


def mssql(
    state: str, text: str, number: int, *, function: str = "SQLExecDirectW", server: bool = True
) -> str:
    """Return the text of an error as pyodbc makes it of the driver's first record."""
    return f"[{state}] {MSSQL}{'[SQL Server]' if server else ''}{text} ({number}) ({function})"


TERMINATED = f"; [01000] {MSSQL}[SQL Server]The statement has been terminated. (3621)"

# (SQLSTATE, text, what it means). Texts: Microsoft's "Database Engine events and errors".
OF_SQL_SERVER = [
    (
        "23000",
        mssql(
            "23000",
            "Violation of UNIQUE KEY constraint 'uq_users_username'. Cannot insert duplicate key in object "
            "'dbo.users'. The duplicate key value is (alice).",
            2627,
        )
        + TERMINATED,
        Diagnosis(Kind.CONSTRAINT, "2627", "uq_users_username"),
    ),
    (
        "23000",
        mssql(
            "23000",
            "Violation of PRIMARY KEY constraint 'PK_Users'. Cannot insert duplicate key in object "
            "'dbo.users'. The duplicate key value is (7).",
            2627,
        )
        + TERMINATED,
        Diagnosis(Kind.CONSTRAINT, "2627", "pk_users"),
    ),
    (
        "23000",
        mssql(
            "23000",
            "Cannot insert duplicate key row in object 'dbo.users' with unique index 'ux_users_email'. "
            "The duplicate key value is (a@example.com).",
            2601,
        )
        + TERMINATED,
        Diagnosis(Kind.CONSTRAINT, "2601", "ux_users_email"),
    ),
    (
        "23000",
        mssql(
            "23000",
            'The UPDATE statement conflicted with the CHECK constraint "ck_ticket_types_available". '
            'The conflict occurred in database "bms", table "dbo.ticket_types".',
            547,
        )
        + TERMINATED,
        Diagnosis(Kind.CONSTRAINT, "547", "ck_ticket_types_available"),
    ),
    (
        "23000",
        mssql(
            "23000",
            'The INSERT statement conflicted with the FOREIGN KEY constraint "fk_events_venue". The conflict '
            'occurred in database "bms", table "dbo.venues", column \'id\'.',
            547,
        ),
        Diagnosis(Kind.CONSTRAINT, "547", "fk_events_venue"),
    ),
    (
        "23000",
        mssql(
            "23000",
            'The DELETE statement conflicted with the REFERENCE constraint "fk_events_venue". The conflict '
            'occurred in database "bms", table "dbo.events", column \'venue_id\'.',
            547,
        ),
        Diagnosis(Kind.CONSTRAINT, "547", "fk_events_venue"),
    ),
    (
        "23000",
        mssql(
            "23000",
            "Cannot insert the value NULL into column 'title', table 'bms.dbo.events'; column does not allow "
            "nulls. INSERT fails.",
            515,
        )
        + TERMINATED,
        Diagnosis(Kind.CONSTRAINT, "515"),
    ),
    (
        "40001",
        mssql(
            "40001",
            "Transaction (Process ID 61) was deadlocked on lock resources with another process and has been "
            "chosen as the deadlock victim. Rerun the transaction.",
            1205,
        ),
        Diagnosis(Kind.DEADLOCK, "1205"),
    ),
    (
        "42000",
        mssql(
            "42000",
            "Snapshot isolation transaction aborted due to update conflict. You cannot use snapshot "
            "isolation to access table 'dbo.ticket_types' directly or indirectly in database 'bms' to "
            "update, delete, or insert the row that has been modified or deleted by another transaction. "
            "Retry the transaction or change the isolation level for the update/delete statement.",
            3960,
        ),
        Diagnosis(Kind.DEADLOCK, "3960"),
    ),
    (
        "42000",
        mssql("42000", "Lock request time out period exceeded.", 1222),
        Diagnosis(Kind.BUSY, "1222"),
    ),
    (
        "HYT00",
        mssql("HYT00", "Query timeout expired", 0, server=False),
        Diagnosis(Kind.BUSY, "HYT00"),
    ),
    (
        "HYT00",
        mssql("HYT00", "Login timeout expired", 0, function="SQLDriverConnect", server=False),
        Diagnosis(Kind.CONNECTION, "HYT00"),
    ),
    (
        "22001",
        mssql("22001", "String or binary data would be truncated.", 8152) + TERMINATED,
        Diagnosis(Kind.DATA, "8152"),
    ),
    (
        "22001",
        mssql(
            "22001",
            "String or binary data would be truncated in table 'bms.dbo.users', column 'name'. Truncated "
            "value: 'Alice'.",
            2628,
        )
        + TERMINATED,
        Diagnosis(Kind.DATA, "2628"),
    ),
    (
        "22003",
        mssql("22003", "Arithmetic overflow error converting numeric to data type numeric.", 8115),
        Diagnosis(Kind.DATA, "8115"),
    ),
    (
        "28000",
        mssql("28000", "Login failed for user 'bms'.", 18456, function="SQLDriverConnect"),
        Diagnosis(Kind.CONNECTION, "18456"),
    ),
    (
        "42000",
        mssql(
            "42000",
            'Cannot open database "bms" requested by the login. The login failed.',
            4060,
            function="SQLDriverConnect",
        ),
        Diagnosis(Kind.CONNECTION, "4060"),
    ),
    (
        "42000",
        mssql(
            "42000",
            "Database 'bms' on server 'example' is not currently available. Please retry the connection "
            "later. If the problem persists, contact customer support, and provide them the session tracing "
            "ID of '1'.",
            40613,
            function="SQLDriverConnect",
        ),
        Diagnosis(Kind.CONNECTION, "40613"),
    ),
    (
        "08S01",
        mssql("08S01", "Communication link failure", 0, server=False),
        Diagnosis(Kind.CONNECTION, "08S01"),
    ),
    (
        "08S01",
        mssql("08S01", "TCP Provider: Error code 0x2746", 10054, server=False),
        Diagnosis(Kind.CONNECTION, "10054"),
    ),
    (
        "42S02",
        mssql("42S02", "Invalid object name 'nothing'.", 208),
        Diagnosis(Kind.SCHEMA, "208"),
    ),
    (
        "08S01",
        mssql("08S01", "TCP Provider: Error code 0x68", 104, server=False)
        + f"; [08S01] {MSSQL}Communication link failure (104)",
        Diagnosis(Kind.CONNECTION, "104"),
    ),
    (
        "HY000",
        mssql("HY000", "TCP Provider: Error code 0x102", 258, server=False),
        Diagnosis(Kind.CONNECTION, "258"),
    ),
    (
        "08S01",
        mssql(
            "08S01",
            "The connection is no longer usable because the server failed to respond to a command "
            "cancellation for a previously executed statement in a timely manner.",
            0,
            function="SQLEndTran",
            server=False,
        ),
        Diagnosis(Kind.CONNECTION, "08S01"),
    ),
    (
        "08001",
        mssql(
            "08001",
            "SSL Provider: [error:0A000086:SSL routines::certificate verify failed:self-signed certificate]",
            -1,
            function="SQLDriverConnect",
            server=False,
        ),
        Diagnosis(Kind.CONNECTION, "08001"),
    ),
    (
        "HYT01",
        mssql("HYT01", "Connection timeout expired", 0, server=False),
        Diagnosis(Kind.CONNECTION, "HYT01"),
    ),
    # A login that fails for want of the database is told in two records, either of them first.
    (
        "28000",
        mssql("28000", "Login failed for user 'bms'.", 18456, function="SQLDriverConnect")
        + f'; [28000] {MSSQL}[SQL Server]Cannot open database "bms" requested by the login. (4060)',
        Diagnosis(Kind.CONNECTION, "18456"),
    ),
    # The same numbers, of the server: mistakes in the statement.
    ("42000", mssql("42000", "The column cannot be null.", 233), Diagnosis(Kind.OTHER, "233")),
    ("42000", mssql("42000", "The select list is too long.", 121), Diagnosis(Kind.OTHER, "121")),
    ("42000", mssql("42000", "Cannot call methods on int.", 258), Diagnosis(Kind.OTHER, "258")),
    # What someone typed is quoted in the text, and is taken for nothing.
    (
        "23000",
        mssql(
            "23000",
            "Violation of UNIQUE KEY constraint 'uq_users_username'. Cannot insert duplicate key in object "
            "'dbo.users'. The duplicate key value is (x (1205) (SQLExecDirectW) constraint 'ck_mine' "
            "communication link failure).",
            2627,
        ),
        Diagnosis(Kind.CONSTRAINT, "2627", "uq_users_username"),
    ),
    (
        "42000",
        mssql("42000", "Incorrect syntax near 'server closed the connection'.", 102),
        Diagnosis(Kind.OTHER, "102"),
    ),
]

# Whatever their texts and their states are.
BY_NUMBER = [
    *((number, Kind.DEADLOCK) for number in (1205, 3960, 3961)),
    *((number, Kind.DATA) for number in (220, 2628, 8115, 8152)),
    *((number, Kind.SCHEMA) for number in (207, 208)),
    *((number, Kind.PERMISSION) for number in (229, 230, 262, 2760)),
    *((number, Kind.UNAVAILABLE) for number in (701, 802, 1101, 1105, 8645, 8651, 9002)),
    *((number, Kind.CONNECTION) for number in (596, 3624, 6002, 6005, 17142, 18401)),
    *((number, Kind.CONNECTION) for number in (911, 916, 4060, 4064, 18452, 18456, 18486, 18487, 18488)),
    *((number, Kind.CONNECTION) for number in (921, 922, 923, 924, 927, 942, 945, 3906)),
    *((number, Kind.CONNECTION) for number in (976, 978, 979, 983, 4221)),
    *((number, Kind.CONNECTION) for number in (40143, 40166, 40197, 40501, 40540, 40613)),
    *((number, Kind.CONNECTION) for number in (10928, 10929, 49918, 49919, 49920)),
    (1222, Kind.BUSY),
]
OF_THE_NETWORK = (64, 110, 111, 121, 233, 258, 10053, 10054, 10060, 10061, 11001)

# As a live Babelfish for PostgreSQL (wire protocol and T-SQL of SQL Server) told them.
OF_BABELFISH = [
    ("canceling statement due to lock timeout", 33557097, Diagnosis(Kind.BUSY, "33557097")),
    ('relation "nothing" does not exist', 33557097, Diagnosis(Kind.SCHEMA, "33557097")),
    ('column "nothing" does not exist', 33557097, Diagnosis(Kind.SCHEMA, "33557097")),
    ("numeric field overflow", 33557097, Diagnosis(Kind.DATA, "33557097")),
    ("permission denied for schema master_dbo", 33557097, Diagnosis(Kind.PERMISSION, "33557097")),
    ("something else", 33557097, Diagnosis(Kind.OTHER, "33557097")),
    ("deadlock detected", 1205, Diagnosis(Kind.DEADLOCK, "1205")),
    (
        'duplicate key value violates unique constraint "ux_p_bp8d0adc12162f2db17c8be1805765f721"',
        2627,
        Diagnosis(Kind.CONSTRAINT, "2627", "ux_p_b"),
    ),
    (
        'duplicate key value violates unique constraint "ux_other8d0adc12162f2db17c8be1805765f721"',
        2627,
        Diagnosis(Kind.CONSTRAINT, "2627", "ux_other8d0adc12162f2db17c8be1805765f721"),
    ),
    (
        'new row for relation "p" violates check constraint "ck_p_n"',
        547,
        Diagnosis(Kind.CONSTRAINT, "547", "ck_p_n"),
    ),
]

# psqlODBC's texts for what cannot be provoked at will: which one comes depends on the moment it dies.
OF_A_DYING_POSTGRESQL = [
    (
        "HY000",
        "[HY000] FATAL:  terminating connection due to administrator command\nserver closed the connection",
    ),
    ("HY000", "[HY000] Could not send Query(connection dead) (27) (SQLExecDirectW)"),
    ("08S01", "[08S01] SQLExecDirectW unable due to the connection lost (35) (SQLExecDirectW)"),
    ("57P01", "[57P01] server closed the connection unexpectedly\n;\nThe connection has been lost (35)"),
    ("57P03", "[57P03] FATAL: the database system is starting up"),
    ("25P03", "[25P03] FATAL: terminating connection due to idle-in-transaction timeout"),
    ("01000", "[01000] [unixODBC][Driver Manager]Can't open lib '/none.so' : file not found (0)"),
    ("IM002", "[IM002] [unixODBC][Driver Manager]Data source name not found (0) (SQLDriverConnect)"),
]


@pytest.mark.parametrize(("state", "text", "expected"), OF_SQL_SERVER)
def test_sql_servers_errors(state: str, text: str, expected: Diagnosis) -> None:
    assert diagnose(pyodbc.Error(state, text)) == expected


@pytest.mark.parametrize(("number", "kind"), BY_NUMBER)
def test_sql_servers_numbers_say_it_whatever_the_state(number: int, kind: Kind) -> None:
    for state in ("42000", "HY000"):
        text = mssql(state, "Told in any language.", number)
        assert diagnose(pyodbc.Error(state, text)) == Diagnosis(kind, str(number))


@pytest.mark.parametrize("number", OF_THE_NETWORK)
def test_the_networks_numbers_count_where_the_driver_tells_them(number: int) -> None:
    text = mssql("HY000", "TCP Provider: told in any language", number, server=False)
    assert diagnose(pyodbc.Error("HY000", text)) == Diagnosis(Kind.CONNECTION, str(number))


@pytest.mark.parametrize("state", ["IMC01", "IMC02", "IMC03", "IMC04", "IMC05", "IMC06", "HY117"])
def test_a_connection_that_the_driver_gave_up_is_lost(state: str) -> None:
    text = mssql(state, "The connection cannot be recovered.", 0, server=False)
    assert diagnose(pyodbc.Error(state, text)) == Diagnosis(Kind.CONNECTION, state)


@pytest.mark.parametrize(("text", "number", "expected"), OF_BABELFISH)
def test_babelfishs_errors(text: str, number: int, expected: Diagnosis) -> None:
    assert diagnose(pyodbc.Error("42000", mssql("42000", text, number))) == expected


@pytest.mark.parametrize(("state", "text"), OF_A_DYING_POSTGRESQL)
def test_every_way_to_say_that_the_connection_is_lost(state: str, text: str) -> None:
    assert diagnose(pyodbc.Error(state, text)) == Diagnosis(Kind.CONNECTION, state)


@pytest.mark.parametrize(
    "args", [(), ("HY000",), (None, None), (1, 2), ("", ""), ("odd\ntext (1205) (SQLX)",)]
)
def test_an_unknown_error_is_other(args: tuple[object, ...]) -> None:
    assert diagnose(pyodbc.Error(*args)).kind is Kind.OTHER


on_postgres = pytest.mark.postgres_only("it is psqlODBC that is provoked")


@pytest.fixture(scope="module")
def probe_url(server: Server) -> Iterator[str]:
    """The URL of a database with the table ``probe``, which no test changes."""
    with server.empty() as url:
        with contextlib.closing(Sql(url)) as sql:
            sql(
                "CREATE TABLE probe (id BIGINT NOT NULL, label NVARCHAR(20) NOT NULL, n DECIMAL(4,2) NULL,"
                " parent BIGINT NULL, note NVARCHAR(40) NULL, CONSTRAINT pk_probe PRIMARY KEY (id),"
                " CONSTRAINT ck_probe_n CHECK (n > 0),"
                " CONSTRAINT fk_probe_parent FOREIGN KEY (parent) REFERENCES probe (id))"
            )
            sql("CREATE UNIQUE INDEX ux_probe_label ON probe (label)")
            sql("INSERT INTO probe (id, label, n, parent, note) VALUES (1, 'one', 1, 1, '')")
        yield url


@pytest.fixture
def connection(probe_url: str) -> Iterator[pyodbc.Connection]:
    with contextlib.closing(pyodbc.connect(parse_url(probe_url).odbc, autocommit=True)) as connection:
        yield connection


NOTE = "INSERT INTO probe (id, note) VALUES (?, ?)"
INSERT = "INSERT INTO probe (id, label, n, parent) VALUES (?, ?, ?, ?)"


@on_postgres
@pytest.mark.parametrize(
    ("sql", "values", "expected"),
    [
        (INSERT, (1, "x", 1, 1), Diagnosis(Kind.CONSTRAINT, "23505", "pk_probe")),
        (INSERT, (2, "one", 1, 1), Diagnosis(Kind.CONSTRAINT, "23505", "ux_probe_label")),
        (INSERT, (2, "x", 0, 1), Diagnosis(Kind.CONSTRAINT, "23514", "ck_probe_n")),
        (INSERT, (2, "x", 1, 9), Diagnosis(Kind.CONSTRAINT, "23503", "fk_probe_parent")),
        (INSERT, (2, None, 1, 1), Diagnosis(Kind.CONSTRAINT, "23502")),
        (INSERT, (2, "x" * 21, 1, 1), Diagnosis(Kind.DATA, "22001")),
        (INSERT, (2, "x", 100, 1), Diagnosis(Kind.DATA, "22003")),
        # A value that looks like something else.
        (INSERT, (2, 'constraint "ck_mine"', 0, 1), Diagnosis(Kind.CONSTRAINT, "23514", "ck_probe_n")),
        (NOTE, (2, 'constraint "pk_probe"'), Diagnosis(Kind.CONSTRAINT, "23502")),
        ("SELECT CAST(? AS integer)", ('constraint "pk_probe"',), Diagnosis(Kind.OTHER, "22P02")),
        ("SELECT CAST(? AS integer)", ("connection is dead",), Diagnosis(Kind.OTHER, "22P02")),
        ("SELECT CAST(? AS integer)", ("x (1205) (SQLExecDirectW)",), Diagnosis(Kind.OTHER, "22P02")),
        ("SELECT nothing FROM probe", (), Diagnosis(Kind.SCHEMA, "42703")),
        ("SET lock_timeout = 'x'", (), Diagnosis(Kind.OTHER, "22023")),
    ],
)
def test_psqlodbcs_errors(
    connection: pyodbc.Connection, sql: str, values: tuple[object, ...], expected: Diagnosis
) -> None:
    with pytest.raises(pyodbc.Error) as caught:
        connection.execute(sql, *values)
    assert diagnose(caught.value) == expected


LONG = "x" * 21


@pytest.mark.mssql_only("it is about Microsoft's driver")
@pytest.mark.parametrize(
    ("sql", "values", "expected"),
    [
        (INSERT, (1, "x", 1, 1), Diagnosis(Kind.CONSTRAINT, "2627", "pk_probe")),
        (INSERT, (2, "one", 1, 1), Diagnosis(Kind.CONSTRAINT, "2601", "ux_probe_label")),
        (INSERT, (2, "x", 0, 1), Diagnosis(Kind.CONSTRAINT, "547", "ck_probe_n")),
        (INSERT, (2, "x", 1, 9), Diagnosis(Kind.CONSTRAINT, "547", "fk_probe_parent")),
        (INSERT, (2, None, 1, 1), Diagnosis(Kind.CONSTRAINT, "515")),
        (INSERT, (2, "x", 100, 1), Diagnosis(Kind.DATA, "8115")),
        # A value that looks like something else.
        (INSERT, (2, 'constraint "ck_mine"', 0, 1), Diagnosis(Kind.CONSTRAINT, "547", "ck_probe_n")),
        (NOTE, (2, 'constraint "pk_probe"'), Diagnosis(Kind.CONSTRAINT, "515")),
        ("SELECT CAST(? AS INT)", ('constraint "pk_probe"',), Diagnosis(Kind.OTHER, "245")),
        ("SELECT CAST(? AS INT)", ("connection is dead",), Diagnosis(Kind.OTHER, "245")),
        ("SELECT CAST(? AS INT)", ("x (1205) (SQLExecDirectW)",), Diagnosis(Kind.OTHER, "245")),
        ("SELECT nothing FROM probe", (), Diagnosis(Kind.SCHEMA, "207")),
        ("SELECT id FROM nowhere", (), Diagnosis(Kind.SCHEMA, "208")),
    ],
)
def test_microsofts_drivers_errors(
    server: Server,
    connection: pyodbc.Connection,
    sql: str,
    values: tuple[object, ...],
    expected: Diagnosis,
) -> None:
    with pytest.raises(pyodbc.Error) as caught:
        connection.execute(sql, *values).fetchall()
    found = diagnose(caught.value)
    if server.lacking:  # Babelfish: it has numbers of its own for some
        found = replace(found, code=expected.code)
    assert found == expected


@pytest.mark.mssql_only("it is about Microsoft's driver")
def test_text_that_is_too_long_for_its_column(connection: pyodbc.Connection) -> None:
    with pytest.raises(pyodbc.Error) as caught:
        connection.execute(INSERT, 2, LONG, 1, 1)
    diagnosis = diagnose(caught.value)
    # By the version of the server: since SQL Server 2019 the message names the column.
    assert (diagnosis.kind, diagnosis.code in ("2628", "8152")) == (Kind.DATA, True)


@pytest.mark.mssql_only("it is about Microsoft's driver")
def test_a_lock_that_is_not_given_by_sql_server(connection: pyodbc.Connection, probe_url: str) -> None:
    rival = pyodbc.connect(parse_url(probe_url).odbc, autocommit=False)
    rival.execute("UPDATE probe SET n = 2 WHERE id = 1").close()
    try:
        connection.execute("SET LOCK_TIMEOUT 50").close()
        with pytest.raises(pyodbc.Error) as caught:
            connection.execute("UPDATE probe SET n = 2 WHERE id = ?", 1)
        found = diagnose(caught.value)
        assert (found.kind, found.code in ("1222", "33557097")) == (Kind.BUSY, True)
        connection.execute("SET LOCK_TIMEOUT -1").close()
        connection.timeout = 1
        with pytest.raises(pyodbc.Error) as caught:
            connection.execute("UPDATE probe SET n = 2 WHERE id = ?", 1)
        assert diagnose(caught.value) == Diagnosis(Kind.BUSY, "HYT00")
    finally:
        rival.rollback()
        rival.close()


@on_postgres
def test_a_lock_or_a_statement_that_takes_too_long(connection: pyodbc.Connection, probe_url: str) -> None:
    rival = pyodbc.connect(parse_url(probe_url).odbc, autocommit=False)
    rival.execute("SELECT id FROM probe FOR UPDATE").fetchall()
    try:
        for setting, expected in (("lock_timeout", "55P03"), ("statement_timeout", "57014")):
            connection.execute(f"SET {setting} = '20ms'").close()
            with pytest.raises(pyodbc.Error) as caught:
                connection.execute("UPDATE probe SET n = 2 WHERE id = ?", 1)
            assert diagnose(caught.value) == Diagnosis(Kind.BUSY, expected)
            connection.execute(f"SET {setting} = 0").close()
    finally:
        rival.rollback()
        rival.close()


def end_idle(connection: pyodbc.Connection) -> None:
    connection.execute("SELECT 1").fetchall()


def end_prepared(connection: pyodbc.Connection) -> None:
    connection.execute("SELECT id FROM probe WHERE id = ?", 1)


def end_commit(connection: pyodbc.Connection) -> None:
    connection.commit()


@pytest.mark.parametrize("autocommit", [True, False])
@pytest.mark.parametrize("use", [end_idle, end_prepared, end_commit])
def test_a_session_ended_by_the_server_is_a_lost_connection(
    connection: pyodbc.Connection,
    probe_url: str,
    use: Callable[[pyodbc.Connection], None],
    autocommit: bool,
) -> None:
    victim = pyodbc.connect(parse_url(probe_url).odbc, autocommit=autocommit)
    process = own_process(victim)
    if use is end_commit:
        if autocommit:
            use = end_idle
        else:
            # Something to lose: a driver may take the commit of nothing for done without asking the server.
            victim.execute("UPDATE probe SET note = 'lost' WHERE id = 1").close()
    terminate(connection, process)
    for attempt in range(2):
        if attempt == 1 and use is end_commit:
            use = end_idle  # both drivers take a commit on a lost connection for done: the first one told
        with pytest.raises(pyodbc.Error) as caught:
            use(victim)
        assert diagnose(caught.value).kind is Kind.CONNECTION
    assert connection.execute("SELECT note FROM probe WHERE id = 1").fetchval() == ""
    victim.close()
    with pytest.raises(pyodbc.Error) as caught:
        end_idle(victim)
    assert diagnose(caught.value) == Diagnosis(Kind.CONNECTION, "unknown")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@127.0.0.1:1/x",
        "postgresql://u@/x?host=/nonexistent",
        "postgresql://u@/x?driver=/nonexistent.so",
    ],
)
def test_what_cannot_be_reached_is_a_lost_connection(url: str) -> None:
    with pytest.raises(pyodbc.Error) as caught:
        pyodbc.connect(parse_url(url).odbc)
    assert diagnose(caught.value).kind is Kind.CONNECTION


@pytest.mark.parametrize("change", [(r"//[^:@/]*", "//nobody"), (r"/bms_test_", "/none_")])
def test_a_role_or_a_database_that_is_not_there_is_no_connection(
    probe_url: str, change: tuple[str, str]
) -> None:
    with pytest.raises(pyodbc.Error) as caught:
        pyodbc.connect(parse_url(re.sub(*change, probe_url, count=1)).odbc)
    assert diagnose(caught.value).kind is Kind.CONNECTION
