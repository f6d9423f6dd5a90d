"""What is asked of PostgreSQL."""

from collections.abc import Iterator

from bms.sql.doctor.findings import Finding, Patient, advice, ok, problem, quoted, unknown

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_DURABLE = {
    "fsync": "a failure of the machine may destroy the database",
    "full_page_writes": "a failure of the machine may destroy the database",
    "synchronous_commit": "a sale that was answered may be lost when the server fails",
}


def findings(patient: Patient, *, replica: bool) -> Iterator[Finding]:
    """Yield what is found of the server, the database and the session."""
    yield ok(f"server PostgreSQL {_show(patient, 'server_version')}")
    user, name = patient.value("SELECT current_user"), patient.value("SELECT current_database()")
    yield ok(f"logged in as {user} to database {name}")
    yield _encryption(patient)
    encoding = _show(patient, "server_encoding")
    if encoding == "UTF8":
        yield ok("encoding UTF8")
    else:
        yield problem(
            f"the database's encoding is {encoding}, which cannot hold every name",
            "make another one: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0",
        )
    yield from _isolation(patient)
    yield from _durability(patient, name, replica=replica)
    yield _recovery(patient, replica=replica)
    yield ok(
        f"a statement waits for a lock {_show(patient, 'lock_timeout')}, takes "
        f"{_show(patient, 'statement_timeout')} at the most, and a transaction is left alone for "
        f"{_show(patient, 'idle_in_transaction_session_timeout')}"
    )


def permissions(patient: Patient, *, replica: bool, pending: bool) -> Iterator[Finding]:
    """Yield whether the role may do what BMS does."""
    schema = patient.value("SELECT current_schema()")
    if schema is None:
        yield problem("the role has no schema to work in", "set search_path, or GRANT USAGE ON SCHEMA public")
        return
    role, of = quoted(str(patient.value("SELECT current_user"))), quoted(str(schema))
    rights = ["SELECT"] if replica else ["SELECT", "INSERT", "UPDATE", "DELETE"]
    missing = [
        right
        for right in rights
        if patient.rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
            "AND NOT has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), ?)",
            right,
        )
    ]
    if missing:
        yield problem(
            f"the role may not {', '.join(missing)} on all tables",
            f"GRANT {', '.join(rights)} ON ALL TABLES IN SCHEMA {of} TO {role}",
        )
    else:
        yield ok(f"the role may {', '.join(rights)}")
    if replica:
        return
    mend = f"GRANT CREATE ON SCHEMA {of} TO {role}, or run bms migrate as a role that may"
    if patient.value("SELECT has_schema_privilege(current_schema(), 'CREATE')") in (True, 1, "1", "t"):
        yield ok("the role may create tables")
    elif pending:
        yield problem("the role may not create tables, and migrations are to be applied", mend)
    else:
        yield advice("the role may not create tables, which the next migration needs", mend)


def _show(patient: Patient, name: str) -> str:
    return str(patient.value(f"SHOW {name}") or "unknown")


def _encryption(patient: Patient) -> Finding:
    target = patient.target
    if target.host.startswith(("/", "@")):
        return ok("the connection is a socket of this machine, which needs no encryption")
    rows = patient.rows("SELECT ssl::int, version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    if not rows:
        return unknown("whether the connection is encrypted")
    encrypted, version, cipher = rows[0]
    mode = target.keyword("sslmode").lower()
    if encrypted:
        if mode in ("verify-full", "verify-ca"):
            return ok(f"the connection is encrypted ({version}, {cipher})")
        return advice(
            f"the connection is encrypted ({version}, {cipher}), but the server's certificate is not checked",
            "add ?sslmode=verify-full to the URL, and &sslrootcert= with its authority's file",
        )
    if target.host in _LOOPBACK:
        return ok("the connection is not encrypted and does not leave this machine")
    return advice(
        "the connection is not encrypted", "switch ssl on at the server, and add ?sslmode=verify-full"
    )


def _isolation(patient: Patient) -> Iterator[Finding]:
    level = _show(patient, "default_transaction_isolation")
    if level == "read committed":
        yield ok("transactions are isolated as read committed")
    else:
        name = quoted(patient.target.database)
        yield advice(
            f"default_transaction_isolation is {level}: what BMS does is made for read committed, and is run "
            "again more often",
            f"ALTER DATABASE {name} SET default_transaction_isolation = 'read committed'",
        )
    zone = _show(patient, "TimeZone")
    yield ok("the session's time zone is UTC") if zone == "UTC" else problem(f"the time zone is {zone}")


def _durability(patient: Patient, name: str, *, replica: bool) -> Iterator[Finding]:
    off = [setting for setting in _DURABLE if _show(patient, setting) == "off"]
    if replica or not off:
        yield ok("commits are durable: fsync, full_page_writes and synchronous_commit are on")
        return
    for setting in off:
        where = f"DATABASE {quoted(name)}" if setting == "synchronous_commit" else "SYSTEM"
        mend = f"ALTER {where} SET {setting} = on" + (
            "; SELECT pg_reload_conf()" if where == "SYSTEM" else ""
        )
        yield problem(f"{setting} is off: {_DURABLE[setting]}", mend)


def _recovery(patient: Patient, *, replica: bool) -> Finding:
    standby = patient.value("SELECT pg_is_in_recovery()::int")
    if standby and not replica:
        return problem(
            "the server is a standby, which takes no writes", "name the primary in BMS_DATABASE_URL"
        )
    if standby:
        lag = patient.value(
            "SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp())::numeric(12,1)"
        )
        return ok(f"the server is a standby; the last transaction that it has is {lag} s old")
    if replica:
        return advice(
            "the read replica is no standby: it follows nobody", "unset BMS_DATABASE_READ_URL if so"
        )
    return ok("the server takes writes")
