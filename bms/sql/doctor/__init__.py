"""What ``bms doctor`` finds out about a database, and how to mend what is wrong. It changes nothing."""

import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyodbc

from bms.errors import ConfigurationError
from bms.sql.doctor import mssql, postgres, refusals
from bms.sql.doctor.findings import Finding, Level, Patient, advice, ok, problem, unknown
from bms.sql.odbc.target import Target, parse_url
from bms.sql.yoyo.apply import MIGRATIONS, read_directory

__all__ = ["Finding", "Level", "advice_at_start", "examine", "problem"]

CLOCK_TOLERANCE = 2.0  # seconds between the clocks of two machines that nobody minds

# Options that Microsoft's driver is documented to have. It passes over any other without a word.
_OF_MSODBCSQL = re.compile(
    r"addr(ess)?|ansinpw|app|applicationintent|attachdbfilename|authentication|autotranslate"
    r"|client(certificate|key)|columnencryption|concatnullyieldsnull|connectretry(count|interval)|database"
    r"|description|driver|encrypt|failover_?partner|failoverpartnerspn|getdataextensions"
    r"|hostnameincertificate|ipaddresspreference|keepalive(interval)?"
    r"|keystore(authentication|principalid|secret)|language|longasmax|mars_connection|multisubnetfailover"
    r"|packetsize|pwd|quotedid|regional|replication|retryexec|server(certificate|spn)?"
    r"|transparentnetworkipresolution|trusted_connection|trustservercertificate|uid|usefmtonly"
    r"|vectortypesupport|wsid",
    re.IGNORECASE,
)


def examine(url: str, *, replica: bool = False, migrations: Path = MIGRATIONS) -> Iterator[Finding]:
    """Yield what is found of the database that ``url`` names, as its replica if ``replica``. Never raises."""
    try:
        target = parse_url(url, read_only=replica)
    except ConfigurationError as error:
        yield problem(str(error))
        return
    yield from _options(target)
    try:
        connection = _connect(target)
    except pyodbc.Error as error:
        yield from refusals.explain(error, target)
        return
    with contextlib.closing(connection):
        patient = Patient(connection, target)
        try:
            yield from _examine(patient, replica=replica, migrations=migrations)
        except pyodbc.Error as error:
            yield problem("the connection was lost during the examination")
            yield from refusals.explain(error, target)


def advice_at_start(url: str) -> str | None:
    """Return what a server's operator should know before it serves, or None. Asks SQL Server alone, once."""
    target = parse_url(url)
    if target.dialect != "mssql":
        return None
    try:
        with contextlib.closing(_connect(target)) as connection:
            patient = Patient(connection, target)
            if not mssql.reads_wait_for_writes(patient):
                return None
            return (
                "READ_COMMITTED_SNAPSHOT is off: who reads waits for who writes. Switch it on with: "
                f"{mssql.snapshot_command(patient)} ('bms doctor' tells more)"
            )
    except pyodbc.Error:
        return None  # whatever is wrong, serving tells it better


def _connect(target: Target) -> pyodbc.Connection:
    connection = pyodbc.connect(target.odbc, autocommit=True, timeout=target.login_timeout)
    try:
        if target.statement_timeout:
            connection.timeout = target.statement_timeout
        for text in target.on_connect:
            connection.execute(text).close()
    except BaseException:
        connection.close()
        raise
    return connection


def _examine(patient: Patient, *, replica: bool, migrations: Path) -> Iterator[Finding]:
    connection, target = patient.connection, patient.target
    version = f"{connection.getinfo(pyodbc.SQL_DRIVER_NAME)} {connection.getinfo(pyodbc.SQL_DRIVER_VER)}"
    yield ok(f"driver {target.keyword('Driver')} ({version})")
    server = mssql if target.dialect == "mssql" else postgres
    yield from server.findings(patient, replica=replica)
    yield _clock(patient)
    pending: list[str] = []
    try:
        known = {migration.hash: migration.id for migration in read_directory(migrations)}
    except ConfigurationError as error:
        yield problem(str(error))
    else:
        applied = _applied(patient)
        pending = sorted(name for digest, name in known.items() if digest not in applied)
        yield from _migrations(known, applied, pending, replica=replica)
    yield from server.permissions(patient, replica=replica, pending=bool(pending))


def _options(target: Target) -> Iterator[Finding]:
    if target.dialect != "mssql":
        return
    for name in target.keywords:
        if not _OF_MSODBCSQL.fullmatch(name):
            yield advice(
                f"{name} in the database URL is no option that the driver is known to have; it ignores such",
                "see how it is written: TrustServerCertificate, HostNameInCertificate, MultiSubnetFailover",
            )


def _clock(patient: Patient) -> Finding:
    """Compare the clocks, taking the middle of the round trip for the moment when the server looked."""
    before = datetime.now(UTC)
    if patient.target.dialect == "mssql":
        there = patient.value("SELECT SYSUTCDATETIME()")
    else:
        there = patient.value("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
    after = datetime.now(UTC)
    if not isinstance(there, datetime):
        return unknown("the server's clock")
    middle = before + (after - before) / 2
    difference = (there.replace(tzinfo=UTC) - middle).total_seconds()
    side = "ahead of" if difference > 0 else "behind"
    told = f"the server's clock is {abs(difference):.1f} s {side} this machine's"
    if abs(difference) > CLOCK_TOLERANCE:
        return advice(told, "set both by NTP")
    return ok(told)


def _applied(patient: Patient) -> dict[str, str]:
    """Return the migrations that the database has, by their hashes; none where it has no such table."""
    # yoyo's own way to ask makes its tables first.
    rows = patient.rows("SELECT migration_hash, migration_id FROM _yoyo_migration")
    return {row[0]: row[1] for row in rows or ()}


def _migrations(
    known: dict[str, str], applied: dict[str, str], pending: list[str], *, replica: bool
) -> Iterator[Finding]:
    newer = sorted(name for digest, name in applied.items() if digest not in known)
    if pending:
        mend = "wait for the replica to follow" if replica else "bms migrate"
        are = "is" if len(pending) == 1 else "are"
        yield problem(
            f"{len(pending)} of {len(known)} migrations {are} not applied: {', '.join(pending)}", mend
        )
    elif newer:
        yield problem(
            f"the database has migrations that this BMS does not know: {', '.join(newer)}", "update BMS"
        )
    else:
        yield ok(f"all {len(known)} migrations are applied")
