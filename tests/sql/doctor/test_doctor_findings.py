"""The doctor's words for what no server here does on demand, and what it finds on one that speaks T-SQL."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pyodbc
import pytest

from bms.sql.doctor import advice_at_start, examine, mssql, refusals
from bms.sql.doctor.findings import Finding, Level, Patient
from bms.sql.odbc import drivers
from bms.sql.odbc.target import Target, parse_url

MICROSOFT = "[Microsoft][ODBC Driver 18 for SQL Server]"
on_mssql = pytest.mark.mssql_only("it is SQL Server that is asked")


def target(url: str = "mssql://bms:secret@127.0.0.1:1/we]ird") -> Target:
    scheme = urlsplit(url).scheme
    return parse_url(f"{url}{'&' if '?' in url else '?'}driver=/{scheme}.so&LoginTimeout=1")


def explained(state: str, text: str, url: str = "mssql://bms:secret@127.0.0.1:1/we]ird") -> Finding:
    (finding,) = refusals.explain(pyodbc.Error(state, text), target(url))
    assert finding.level is Level.PROBLEM
    assert "secret" not in str(finding)
    return finding


def record(state: str, text: str, number: int, *, server: bool = True, first: bool = True) -> str:
    return (
        f"[{state}] {MICROSOFT}{'[SQL Server]' if server else ''}{text} ({number})"
        f"{' (SQLDriverConnect)' if first else ''}"
    )


LOGIN = ("28000", "Login failed for user 'bms'.", 18456)
DATABASE = ("42000", 'Cannot open database "we]ird" requested by the login. The login failed.', 4060)


@pytest.mark.parametrize("records", [(LOGIN, DATABASE), (DATABASE, LOGIN)])
def test_an_unknown_database_is_told_apart_from_a_failed_login(records: Any) -> None:
    first, second = records
    text = f"{record(*first)}; {record(*second, first=False)}"
    found = explained(first[0], text)
    assert "no database we]ird" in found.text
    assert found.fix.startswith("CREATE DATABASE [we]]ird]")
    assert "refuses the login" in explained(LOGIN[0], record(*LOGIN)).text


@pytest.mark.parametrize(
    ("state", "text", "number", "server", "told"),
    [
        (
            "08001",
            "SSL Provider: [error:0A000086:SSL routines::certificate verify failed:self-signed certificate]",
            -1,
            False,
            "does not accept the server's certificate: SSL Provider",
        ),
        (
            "08001",
            "SSL Provider: The target principal name is incorrect.\r\n",
            -2146893022,
            False,
            "does not accept the server's certificate: SSL Provider: The target principal name is incorrect",
        ),
        ("08001", "Encryption not supported on SQL Server.", 21, False, "offers no encryption"),
        (
            "42000",
            "Database 'd' on server 's' is not currently available.",
            40613,
            True,
            "unavailable at the moment",
        ),
        (
            "42000",
            "The target database, 'd', is participating in an availability group",
            976,
            True,
            "replica",
        ),
        ("28000", "Login failed for user 'x'. Password has expired.", 18487, True, "refuses the login"),
        ("HYT00", "Login timeout expired", 0, False, "nothing listens on port 1 of 127.0.0.1"),
    ],
)
def test_sql_servers_refusals(state: str, text: str, number: int, server: bool, told: str) -> None:
    assert told in explained(state, record(state, text, number, server=server)).text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "connection to server failed: SSL error: certificate verify failed",
            "does not accept the server's certificate",
        ),
        (
            'server certificate for "a" does not match host name "b"',
            "does not accept the server's certificate",
        ),
        ("server does not support SSL, but SSL was required", "offers no encryption"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1"', "refuses the login"),
        ('invalid sslmode value: "perhaps"', "sslmode in the database URL"),
        ("FATAL: the database system is starting up", "nothing listens"),
    ],
)
def test_postgresqls_refusals(text: str, told: str) -> None:
    finding = explained(
        "08001", f"[08001] {text}\n (101) (SQLDriverConnect)", "postgresql://bms:secret@127.0.0.1:1/d"
    )
    assert told in finding.text


def test_a_named_instance_that_is_not_found() -> None:
    found = explained(
        "HYT00", record("HYT00", "Login timeout expired", 0, server=False), "mssql://u:secret@h%5Cbox/d"
    )
    assert "SQL Server Browser on h, UDP port 1434" in found.text


class Answers(Patient):
    """A database that answers what it was given, by a part of the question, and does not know the rest."""

    def __init__(self, given: Mapping[str, Any], to: Target | None = None) -> None:
        self.given = given
        self.target = to or target("mssql://bms:secret@h/d")

    def rows(self, sql: str, *values: Any) -> list[Any] | None:
        asked = " ".join((sql, *map(str, values)))
        known = [answer for part, answer in self.given.items() if part in asked]
        return [(known[0],)] if known else None


WELL: dict[str, Any] = {
    "is_read_committed_snapshot_on": True,
    "snapshot_isolation_state": 0,
    "transaction_isolation_level": 2,
    "@@VERSION": "Microsoft SQL Server 2022 (RTM) - 16.0.1000.6 (X64)\n\tOct  8 2022",
    "ProductVersion": "16.0.1000.6",
    "EngineEdition": 3,
    "SUSER_SNAME": "bms",
    "USER_NAME()": "bms",
    "encrypt_option": "TRUE",
    "Collation": "Latin1_General_100_CI_AS_SC_UTF8",
    "compatibility_level": 160,
    "delayed_durability_desc": "DISABLED",
    "Updateability": "READ_WRITE",
    "@@LOCK_TIMEOUT": 5000,
    "@@OPTIONS": 16384,
    "SESSIONPROPERTY": 1,
    "SELECT DB_NAME()": "d]b",
}


def told(
    answers: Mapping[str, Any], *, replica: bool = False, url: str = "mssql://bms:secret@h/d"
) -> list[Finding]:
    return list(mssql.findings(Answers(answers, target(url)), replica=replica))


def test_a_sql_server_that_is_well() -> None:
    assert {finding.level for finding in told(WELL)} == {Level.OK}
    assert any("Microsoft SQL Server 2022" in finding.text for finding in told(WELL))


@pytest.mark.parametrize(
    ("changed", "level", "words", "fix"),
    [
        (
            {"is_read_committed_snapshot_on": False},
            Level.ADVICE,
            "READ_COMMITTED_SNAPSHOT is off",
            "ALTER DATABASE [d]]b] SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE (it ends",
        ),
        (
            {"compatibility_level": 120},
            Level.ADVICE,
            "is 120",
            "ALTER DATABASE [d]]b] SET COMPATIBILITY_LEVEL",
        ),
        (
            {"delayed_durability_desc": "FORCED"},
            Level.PROBLEM,
            "may be lost",
            "SET DELAYED_DURABILITY = DISABLED",
        ),
        ({"Updateability": "READ_ONLY"}, Level.PROBLEM, "read-only here", "name the primary"),
        ({"ProductVersion": "14.0.1"}, Level.PROBLEM, "older than SQL Server 2019", "use SQL Server 2019"),
        ({"SESSIONPROPERTY('QUOTED": 0}, Level.PROBLEM, "QUOTED_IDENTIFIER is off", "remove QuotedId"),
        ({"@@OPTIONS": 0}, Level.ADVICE, "XACT_ABORT", ""),
    ],
)
def test_what_is_wrong_with_a_sql_server_is_told(
    changed: dict[str, Any], level: Level, words: str, fix: str
) -> None:
    (found,) = [
        finding
        for finding in told({**changed, **{k: v for k, v in WELL.items() if k not in changed}})
        if finding.level is not Level.OK
    ]
    assert found.level is level
    assert words in found.text
    assert found.fix.startswith(fix) or fix in found.fix


def test_a_version_of_azure_is_no_age() -> None:
    azure = {**WELL, "ProductVersion": "12.0.2000.8", "EngineEdition": 5}
    assert {finding.level for finding in told(azure)} == {Level.OK}


def test_what_a_server_does_not_tell_is_unknown() -> None:
    found = told({})
    assert {finding.level for finding in found} == {Level.OK, Level.UNKNOWN}
    unknown = " ".join(finding.text for finding in found if finding.level is Level.UNKNOWN)
    for word in (
        "READ_COMMITTED_SNAPSHOT",
        "ALLOW_SNAPSHOT_ISOLATION",
        "isolation level",
        "collation",
        "XACT_ABORT",
    ):
        assert word in unknown


def test_encryption_is_judged_by_what_was_asked_for_and_by_what_there_is() -> None:
    trusting = told(WELL, url="mssql://u:secret@h/d?TrustServerCertificate=yes")
    assert next(f.text for f in trusting if f.level is Level.ADVICE).startswith("TrustServerCertificate")
    bare = told({**WELL, "encrypt_option": "FALSE"}, url="mssql://u:secret@h/d?Encrypt=no")
    assert [f.text for f in bare if f.level is Level.ADVICE] == [
        "the connection is not encrypted (Encrypt=no)"
    ]
    closed = {name: value for name, value in WELL.items() if name != "encrypt_option"}
    assert Level.UNKNOWN not in {finding.level for finding in told(closed)}  # the driver insists
    silent = told(closed, url="mssql://u:secret@h/d?Encrypt=optional")
    assert next(f.text for f in silent if f.level is Level.UNKNOWN).startswith(
        "whether the connection is encrypted"
    )


def test_rights_that_are_missing_come_with_the_roles_that_give_them() -> None:
    none = {
        "USER_NAME()": "b]s",
        "sys.tables": "users",
        "'CREATE TABLE'": 0,
        "HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', ?)": 0,
    }
    found = list(mssql.permissions(Answers(none), replica=False, pending=True))
    assert [finding.level for finding in found] == [Level.PROBLEM, Level.PROBLEM]
    assert found[0].fix == (
        "ALTER ROLE db_datareader ADD MEMBER [b]]s]; ALTER ROLE db_datawriter ADD MEMBER [b]]s]"
    )
    assert found[1].fix.startswith("ALTER ROLE db_ddladmin ADD MEMBER [b]]s]")
    (reader,) = mssql.permissions(Answers(none), replica=True, pending=True)
    assert reader.fix == "ALTER ROLE db_datareader ADD MEMBER [b]]s]"


@on_mssql
def test_a_live_server_is_examined(database_url: str, server: Any) -> None:
    found = list(examine(database_url))
    assert [str(finding) for finding in found if finding.level is Level.PROBLEM] == []
    text = "\n".join(map(str, found))
    for words in (
        "READ_COMMITTED_SNAPSHOT is on",
        "migrations are applied",
        "may create tables",
        "5 s for a lock",
    ):
        assert words in text
    assert f"driver {drivers.msodbcsql()}" in text
    assert advice_at_start(database_url) is None


@on_mssql
def test_a_live_server_refuses(database_url: str) -> None:
    parts = urlsplit(database_url)
    (unknown,) = [
        f for f in examine(parts._replace(path="/nobody_knows_it").geturl()) if f.level is Level.PROBLEM
    ]
    assert "no database nobody_knows_it" in unknown.text
    user, _, address = parts.netloc.rpartition("@")
    wrong = parts._replace(netloc=f"{user}x@{address}").geturl()
    (refused,) = [finding for finding in examine(wrong) if finding.level is Level.PROBLEM]
    assert "refuses the login" in refused.text


def test_postgresql_is_not_asked_at_start() -> None:
    assert advice_at_start("postgresql://u@127.0.0.1:1/d") is None


def test_a_server_that_is_away_gives_no_advice_at_start() -> None:
    assert advice_at_start(f"mssql://u:p@127.0.0.1:1/d?LoginTimeout=1&driver={drivers.psqlodbc()}") is None
