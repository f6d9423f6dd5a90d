"""Examines a database for ``bms doctor`` and says how to fix what is wrong. Changes nothing."""

import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyodbc

from bms.errors import ConfigurationError
from bms.sql.doctor import mssql, postgres, refusals
from bms.sql.doctor.findings import Finding, Level, Patient, advice, ok, problem, unknown
from bms.sql.odbc.errors import Kind
from bms.sql.odbc.target import Target, parse_url
from bms.sql.yoyo.apply import MIGRATIONS, read_directory

__all__ = ["Finding", "Level", "advice_at_start", "examine", "problem"]

CLOCK_TOLERANCE = 2.0  # seconds by which two machines' clocks may differ without harm

# The documented options of Microsoft's driver. It ignores any other silently.
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
    """Yield the findings about the database that ``url`` names, or about a read replica if ``replica``.

    Never raises: an error becomes a finding.
    """
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
    """Return a warning for the operator before BMS serves, or None.

    Only SQL Server is asked, once. While it is down, the answer is None.
    """
    target = parse_url(url)
    if target.dialect != "mssql":
        return None
    try:
        with contextlib.closing(_connect(target)) as connection:
            patient = Patient(connection, target)
            if not mssql.reads_wait_for_writes(patient):
                return None
            return (
                "READ_COMMITTED_SNAPSHOT is off, so readers wait for writers. Switch it on with: "
                f"{mssql.snapshot_command(patient)} ('bms doctor' says more)"
            )
    except pyodbc.Error:
        return None  # the server process is about to report this error better


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
        if applied is None:
            yield unknown("which migrations are applied")
        else:
            pending = sorted(name for digest, name in known.items() if digest not in applied)
            yield from _migrations(known, applied, pending, replica=replica)
    yield from server.permissions(patient, replica=replica, pending=bool(pending))


def _options(target: Target) -> Iterator[Finding]:
    if target.dialect != "mssql":
        return
    for name in target.keywords:
        if not _OF_MSODBCSQL.fullmatch(name):
            yield advice(
                f"{name} in the database URL is not a known option of the driver, so the driver ignores it",
                "check the spelling (TrustServerCertificate, HostNameInCertificate, MultiSubnetFailover)",
            )


def _clock(patient: Patient) -> Finding:
    """Compare the clocks. Assumes that the server read its clock in the middle of the round trip."""
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
    text = f"the server's clock is {abs(difference):.1f} s {side} this machine's"
    if abs(difference) > CLOCK_TOLERANCE:
        return advice(text, "synchronise both with NTP")
    return ok(text)


def _applied(patient: Patient) -> dict[str, str] | None:
    """Return the ids of the applied migrations by their hashes; nothing if yoyo's table does not exist.

    None if the login may not see them.
    """
    # yoyo's own functions would create its tables first.
    rows = patient.rows("SELECT migration_hash, migration_id FROM _yoyo_migration")
    if rows is not None:
        return {row[0]: row[1] for row in rows}
    if patient.refused is Kind.PERMISSION:
        return None
    # PostgreSQL passes over a schema that the role may not use, and then finds no table.
    is_blind = patient.target.dialect == "postgres" and patient.value("SELECT current_schema()") is None
    return None if is_blind else {}


def _migrations(
    known: dict[str, str], applied: dict[str, str], pending: list[str], *, replica: bool
) -> Iterator[Finding]:
    newer = sorted(name for digest, name in applied.items() if digest not in known)
    if pending:
        fix = "wait for the replica to catch up" if replica else "bms migrate"
        are = "is" if len(pending) == 1 else "are"
        yield problem(
            f"{len(pending)} of {len(known)} migrations {are} not applied: {', '.join(pending)}", fix
        )
    elif newer:
        yield problem(
            f"the database has migrations that this version of BMS does not know: {', '.join(newer)}",
            "update BMS",
        )
    else:
        yield ok(f"all {len(known)} migrations are applied")
