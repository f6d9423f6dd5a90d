"""What is asked of SQL Server, Azure SQL and Babelfish. Any view may be missing, or closed to the login."""

from collections.abc import Iterator

from bms.sql.doctor.findings import Finding, Patient, advice, bracketed, ok, problem, unknown

OLDEST = 15  # SQL Server 2019
COMPATIBILITY = 150
_AZURE = (5, 8)  # EngineEdition: SQL Database, Managed Instance
_ISOLATION = {
    1: "read uncommitted",
    2: "read committed",
    3: "repeatable read",
    4: "serializable",
    5: "snapshot",
}

# What a filtered index asks of a session that changes its table (CREATE INDEX, "Required SET options for
# filtered indexes"). Microsoft's driver sets them at connect, ARITHABORT follows from ANSI_WARNINGS.
_NEEDED_ON = ("ANSI_NULLS", "ANSI_PADDING", "ANSI_WARNINGS", "CONCAT_NULL_YIELDS_NULL", "QUOTED_IDENTIFIER")
_XACT_ABORT = 16384

_SNAPSHOT = "SELECT is_read_committed_snapshot_on FROM sys.databases WHERE name = DB_NAME()"
_FORBIDDEN = """
    SELECT t.name FROM sys.tables AS t
    WHERE  t.schema_id = SCHEMA_ID() AND t.is_ms_shipped = 0
      AND  0 = HAS_PERMS_BY_NAME(QUOTENAME(SCHEMA_NAME()) + '.' + QUOTENAME(t.name), 'OBJECT', ?)
"""


def reads_wait_for_writes(patient: Patient) -> bool | None:
    """Return whether READ_COMMITTED_SNAPSHOT is off, or None when the server does not tell."""
    value = patient.value(_SNAPSHOT)
    return None if value is None else not value


def snapshot_command(patient: Patient) -> str:
    """Return the statement that switches READ_COMMITTED_SNAPSHOT on."""
    name = str(patient.value("SELECT DB_NAME()") or patient.target.database)
    return f"ALTER DATABASE {bracketed(name)} SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE"


def findings(patient: Patient, *, replica: bool) -> Iterator[Finding]:
    """Yield what is found of the server, the database and the session."""
    yield _server(patient)
    user = patient.value("SELECT SUSER_SNAME()")
    yield ok(f"logged in as {user}, user {patient.value('SELECT USER_NAME()')} of database {_name(patient)}")
    yield from _encryption(patient)
    yield from _isolation(patient)
    yield from _database(patient, replica=replica)
    yield from _session(patient)


def permissions(patient: Patient, *, replica: bool, pending: bool) -> Iterator[Finding]:
    """Yield whether the user may do what BMS does."""
    user = bracketed(str(patient.value("SELECT USER_NAME()")))
    roles = {"SELECT": "db_datareader"}
    if not replica:
        roles |= dict.fromkeys(("INSERT", "UPDATE", "DELETE"), "db_datawriter")
    missing: dict[str, str] = {}
    for right, role in roles.items():
        whole = patient.value("SELECT HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', ?)", right)
        tables = [] if whole == 1 else patient.rows(_FORBIDDEN, right)
        if tables is None:
            yield unknown(f"whether the user may {right}")
        elif tables:
            missing[right] = role
    if missing:
        mend = "; ".join(f"ALTER ROLE {role} ADD MEMBER {user}" for role in sorted(set(missing.values())))
        yield problem(f"the user may not {', '.join(missing)} on all tables", mend)
    else:
        yield ok(f"the user may {', '.join(roles)}")
    if replica:
        return
    may_create = patient.value("SELECT HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'CREATE TABLE')")
    mend = f"ALTER ROLE db_ddladmin ADD MEMBER {user}, or run bms migrate as a user that may"
    if may_create is None:
        yield unknown("whether the user may create tables")
    elif may_create:
        yield ok("the user may create tables")
    elif pending:
        yield problem("the user may not create tables, and migrations are to be applied", mend)
    else:
        yield advice("the user may not create tables, which the next migration needs", mend)


def _name(patient: Patient) -> str:
    return str(patient.value("SELECT DB_NAME()") or patient.target.database)


def _is_babelfish(patient: Patient) -> bool:
    return "Babelfish" in str(patient.value("SELECT @@VERSION"))


def _server(patient: Patient) -> Finding:
    first = str(patient.value("SELECT @@VERSION") or "").split("\n")[0].strip()
    version = str(patient.value("SELECT CAST(SERVERPROPERTY('ProductVersion') AS NVARCHAR(128))") or "")
    edition = patient.value("SELECT CAST(SERVERPROPERTY('EngineEdition') AS INT)")
    told = f"server {first or 'of a version that it does not tell'}{f', {version}' if version else ''}"
    major = version.split(".")[0]
    if _is_babelfish(patient):
        return advice(
            f"{told}: it speaks T-SQL but takes no lock for UPDLOCK; BMS is made for SQL Server 2019"
        )
    if edition not in _AZURE and major.isdigit() and int(major) < OLDEST:
        return problem(f"{told} is older than SQL Server 2019", "use SQL Server 2019 or later, or Azure SQL")
    return ok(told)


def _encryption(patient: Patient) -> Iterator[Finding]:
    asked = patient.target.keyword("Encrypt").lower()
    told = patient.value("SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID")
    # With these the driver makes no connection that is not encrypted, so that it need not be asked.
    insists = asked in ("yes", "true", "1", "mandatory", "strict")
    if str(told).upper() == "TRUE" or insists:
        yield ok(f"the connection is encrypted (Encrypt={asked})")
    elif told is None:
        yield unknown("whether the connection is encrypted")
    else:
        yield advice(f"the connection is not encrypted (Encrypt={asked})", "take ?Encrypt= out of the URL")
    trusts = patient.target.keyword("TrustServerCertificate").lower() in ("yes", "true", "1")
    if trusts and asked != "strict":
        yield advice(
            "TrustServerCertificate: the certificate is not checked, so anybody may pose as the server",
            "have this machine trust the authority that signed it, and take that out of the URL",
        )


def _isolation(patient: Patient) -> Iterator[Finding]:
    waits = reads_wait_for_writes(patient)
    if waits is None:
        yield unknown("whether READ_COMMITTED_SNAPSHOT is on")
    elif waits:
        yield advice(
            "READ_COMMITTED_SNAPSHOT is off: who reads waits for who writes",
            f"{snapshot_command(patient)} (it ends the transactions that are open)",
        )
    else:
        yield ok("READ_COMMITTED_SNAPSHOT is on")
    snapshot = patient.value("SELECT snapshot_isolation_state FROM sys.databases WHERE name = DB_NAME()")
    if snapshot is None:
        yield unknown("ALLOW_SNAPSHOT_ISOLATION")
    else:
        yield ok(f"ALLOW_SNAPSHOT_ISOLATION is {'on' if snapshot == 1 else 'off'}; BMS does without")
    level = patient.value(
        "SELECT transaction_isolation_level FROM sys.dm_exec_sessions WHERE session_id = @@SPID"
    )
    if level is None:
        yield unknown("the session's isolation level")
    else:
        yield ok(f"the session's isolation level is {_ISOLATION.get(level, level)}")


def _database(patient: Patient, *, replica: bool) -> Iterator[Finding]:
    name = bracketed(_name(patient))
    collation = patient.value("SELECT CAST(DATABASEPROPERTYEX(DB_NAME(), 'Collation') AS NVARCHAR(128))")
    yield ok(f"collation {collation}") if collation else unknown("the collation")
    level = patient.value("SELECT compatibility_level FROM sys.databases WHERE name = DB_NAME()")
    if level is None:
        yield unknown("the compatibility level")
    elif level < COMPATIBILITY and not _is_babelfish(patient):
        yield advice(
            f"the compatibility level is {level}, older than SQL Server 2019's",
            f"ALTER DATABASE {name} SET COMPATIBILITY_LEVEL = {COMPATIBILITY}",
        )
    else:
        yield ok(f"compatibility level {level}")
    durability = patient.value("SELECT delayed_durability_desc FROM sys.databases WHERE name = DB_NAME()")
    if durability == "FORCED":
        yield problem(
            "DELAYED_DURABILITY is FORCED: a sale that was answered may be lost when the server fails",
            f"ALTER DATABASE {name} SET DELAYED_DURABILITY = DISABLED",
        )
    updates = patient.value("SELECT CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS NVARCHAR(32))")
    if updates is None:
        yield unknown("whether the database can be written to")
    elif updates == "READ_ONLY" and not replica:
        yield problem(
            "the database is read-only here: it is a replica, or set so",
            "name the primary in BMS_DATABASE_URL, or ALTER DATABASE "
            f"{name} SET READ_WRITE WITH ROLLBACK IMMEDIATE",
        )
    else:
        yield ok(f"the database is {'read-only' if updates == 'READ_ONLY' else 'open for writing'}")


def _session(patient: Patient) -> Iterator[Finding]:
    lock = patient.value("SELECT @@LOCK_TIMEOUT")
    statement = patient.target.statement_timeout
    waiting = "for an unknown time" if lock is None else "for ever" if lock < 0 else f"{lock / 1000:g} s"
    yield ok(f"a statement waits for a lock {waiting}, and takes {statement} s at the most")
    options = patient.value("SELECT @@OPTIONS")
    if options is None:
        yield unknown("whether XACT_ABORT is on")
    elif not options & _XACT_ABORT:
        # SET XACT_ABORT ON was sent at connect and not refused: a server that ignores it.
        yield advice(
            "the server does not report XACT_ABORT as on: a failed statement may leave a transaction open"
        )
    off = [
        name for name in _NEEDED_ON if patient.value(f"SELECT CAST(SESSIONPROPERTY('{name}') AS INT)") == 0
    ]
    if off:
        yield problem(
            f"{', '.join(off)} is off, and filtered indexes refuse every change of their tables",
            "take QuotedId and AnsiNPW out of the database URL",
        )
    else:
        yield ok("the session's SET options are those that filtered indexes need")
