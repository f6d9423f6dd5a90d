"""The doctor's examination of SQL Server, Azure SQL and Babelfish.

Any system view may be missing, or the login may have no right to it.
"""

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

# A session needs these options on to change a table with a filtered index (CREATE INDEX, "Required SET
# options for filtered indexes"). Microsoft's driver sets them at connect. ARITHABORT follows ANSI_WARNINGS.
_NEEDED_ON = ("ANSI_NULLS", "ANSI_PADDING", "ANSI_WARNINGS", "CONCAT_NULL_YIELDS_NULL", "QUOTED_IDENTIFIER")
_XACT_ABORT = 16384

_SNAPSHOT = "SELECT is_read_committed_snapshot_on FROM sys.databases WHERE name = DB_NAME()"
_FORBIDDEN = """
    SELECT t.name FROM sys.tables AS t
    WHERE  t.schema_id = SCHEMA_ID() AND t.is_ms_shipped = 0
      AND  0 = HAS_PERMS_BY_NAME(QUOTENAME(SCHEMA_NAME()) + '.' + QUOTENAME(t.name), 'OBJECT', ?)
"""


def reads_wait_for_writes(patient: Patient) -> bool | None:
    """Return whether READ_COMMITTED_SNAPSHOT is off, or None when the server does not say."""
    value = patient.value(_SNAPSHOT)
    return None if value is None else not value


def snapshot_command(patient: Patient) -> str:
    """Return the statement that switches READ_COMMITTED_SNAPSHOT on."""
    name = str(patient.value("SELECT DB_NAME()") or patient.target.database)
    return f"ALTER DATABASE {bracketed(name)} SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE"


def findings(patient: Patient, *, replica: bool) -> Iterator[Finding]:
    """Yield the findings about the server, the database and the session."""
    yield _server(patient)
    user = patient.value("SELECT SUSER_SNAME()")
    yield ok(f"logged in as {user}, user {patient.value('SELECT USER_NAME()')} of database {_name(patient)}")
    yield from _encryption(patient)
    yield from _isolation(patient)
    yield from _database(patient, replica=replica)
    yield from _session(patient)


def permissions(patient: Patient, *, replica: bool, pending: bool) -> Iterator[Finding]:
    """Yield whether the user has the rights that BMS needs."""
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
        fix = "; ".join(f"ALTER ROLE {role} ADD MEMBER {user}" for role in sorted(set(missing.values())))
        yield problem(f"the user lacks {', '.join(missing)} on some tables", fix)
    else:
        yield ok(f"the user may {', '.join(roles)}")
    if replica:
        return
    may_create = patient.value("SELECT HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'CREATE TABLE')")
    fix = f"ALTER ROLE db_ddladmin ADD MEMBER {user}, or run bms migrate as a user that may create tables"
    if may_create is None:
        yield unknown("whether the user may create tables")
    elif may_create:
        yield ok("the user may create tables")
    elif pending:
        yield problem("the user may not create tables, and migrations are pending", fix)
    else:
        yield advice("the user may not create tables, which the next migration will need", fix)


def _name(patient: Patient) -> str:
    return str(patient.value("SELECT DB_NAME()") or patient.target.database)


def _is_babelfish(patient: Patient) -> bool:
    return "Babelfish" in str(patient.value("SELECT @@VERSION"))


def _server(patient: Patient) -> Finding:
    first = str(patient.value("SELECT @@VERSION") or "").split("\n")[0].strip()
    version = str(patient.value("SELECT CAST(SERVERPROPERTY('ProductVersion') AS NVARCHAR(128))") or "")
    edition = patient.value("SELECT CAST(SERVERPROPERTY('EngineEdition') AS INT)")
    name = f"server {first or 'of an unknown version'}{f', {version}' if version else ''}"
    major = version.split(".")[0]
    if _is_babelfish(patient):
        return advice(
            f"{name}: it speaks T-SQL but takes no lock for UPDLOCK; BMS is written for SQL Server 2019"
        )
    if edition not in _AZURE and major.isdigit() and int(major) < OLDEST:
        return problem(f"{name} is older than SQL Server 2019", "use SQL Server 2019 or later, or Azure SQL")
    return ok(name)


def _encryption(patient: Patient) -> Iterator[Finding]:
    asked = patient.target.keyword("Encrypt").lower()
    actual = patient.value("SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID")
    # With these values the driver makes only encrypted connections, whether or not the server says so.
    insists = asked in ("yes", "true", "1", "mandatory", "strict")
    if str(actual).upper() == "TRUE" or insists:
        yield ok(f"the connection is encrypted (Encrypt={asked})")
    elif actual is None:
        yield unknown("whether the connection is encrypted")
    else:
        yield advice(f"the connection is not encrypted (Encrypt={asked})", "remove ?Encrypt= from the URL")
    trusts = patient.target.keyword("TrustServerCertificate").lower() in ("yes", "true", "1")
    if trusts and asked != "strict":
        yield advice(
            "TrustServerCertificate is on: the certificate is not checked, so anybody may pose as the server",
            "make this machine trust the authority that signed it, and remove that option from the URL",
        )


def _isolation(patient: Patient) -> Iterator[Finding]:
    waits = reads_wait_for_writes(patient)
    if waits is None:
        yield unknown("whether READ_COMMITTED_SNAPSHOT is on")
    elif waits:
        yield advice(
            "READ_COMMITTED_SNAPSHOT is off, so readers wait for writers",
            f"{snapshot_command(patient)} (it ends all open transactions)",
        )
    else:
        yield ok("READ_COMMITTED_SNAPSHOT is on")
    snapshot = patient.value("SELECT snapshot_isolation_state FROM sys.databases WHERE name = DB_NAME()")
    if snapshot is None:
        yield unknown("ALLOW_SNAPSHOT_ISOLATION")
    else:
        yield ok(f"ALLOW_SNAPSHOT_ISOLATION is {'on' if snapshot == 1 else 'off'}; BMS does not need it")
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
            f"the compatibility level is {level}, below that of SQL Server 2019",
            f"ALTER DATABASE {name} SET COMPATIBILITY_LEVEL = {COMPATIBILITY}",
        )
    else:
        yield ok(f"compatibility level {level}")
    durability = patient.value("SELECT delayed_durability_desc FROM sys.databases WHERE name = DB_NAME()")
    if durability == "FORCED":
        yield problem(
            "DELAYED_DURABILITY is FORCED: a sale that BMS has confirmed may be lost when the server crashes",
            f"ALTER DATABASE {name} SET DELAYED_DURABILITY = DISABLED",
        )
    updates = patient.value("SELECT CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS NVARCHAR(32))")
    if updates is None:
        yield unknown("whether the database accepts writes")
    elif updates == "READ_ONLY" and not replica:
        yield problem(
            "the database is read-only here: it is a replica, or it is set to READ_ONLY",
            "name the primary in BMS_DATABASE_URL, or ALTER DATABASE "
            f"{name} SET READ_WRITE WITH ROLLBACK IMMEDIATE",
        )
    else:
        yield ok("the database is read-only" if updates == "READ_ONLY" else "the database accepts writes")


def _session(patient: Patient) -> Iterator[Finding]:
    lock = patient.value("SELECT @@LOCK_TIMEOUT")
    statement = patient.target.statement_timeout
    limit = "unknown" if lock is None else "none" if lock < 0 else f"{lock / 1000:g} s"
    yield ok(f"timeouts: {limit} for a lock, {statement} s for a statement")
    options = patient.value("SELECT @@OPTIONS")
    if options is None:
        yield unknown("whether XACT_ABORT is on")
    elif not options & _XACT_ABORT:
        # BMS sent SET XACT_ABORT ON at connect, and the server accepted it but ignores it.
        yield advice(
            "the server does not report XACT_ABORT as on: a failed statement may leave a transaction open"
        )
    off = [
        name for name in _NEEDED_ON if patient.value(f"SELECT CAST(SESSIONPROPERTY('{name}') AS INT)") == 0
    ]
    if off:
        yield problem(
            f"{', '.join(off)} is off, so the server refuses every change to a table with a filtered index",
            "remove QuotedId and AnsiNPW from the database URL",
        )
    else:
        yield ok("the session has the SET options that filtered indexes need")
