"""What the drivers' errors are taken for when they are provoked on the server at hand."""

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
