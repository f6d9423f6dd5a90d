"""The doctor's examination of PostgreSQL."""

from collections.abc import Iterator

from bms.sql.doctor.findings import Finding, Patient, advice, ok, problem, quoted, unknown

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_DURABLE = {
    "fsync": "a crash of the machine may destroy the database",
    "full_page_writes": "a crash of the machine may destroy the database",
    "synchronous_commit": "a sale that BMS has confirmed may be lost when the server crashes",
}


def findings(patient: Patient, *, replica: bool) -> Iterator[Finding]:
    """Yield the findings about the server, the database and the session."""
    yield ok(f"server PostgreSQL {_show(patient, 'server_version')}")
    user, name = patient.value("SELECT current_user"), patient.value("SELECT current_database()")
    yield ok(f"logged in as {user} to database {name}")
    yield _encryption(patient)
    encoding = _show(patient, "server_encoding")
    if encoding == "UTF8":
        yield ok("encoding UTF8")
    else:
        yield problem(
            f"the database's encoding is {encoding}, which cannot store every name",
            "create another database: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0",
        )
    yield from _isolation(patient)
    yield from _durability(patient, name, replica=replica)
    yield _recovery(patient, replica=replica)
    yield ok(
        f"timeouts: {_show(patient, 'lock_timeout')} for a lock, {_show(patient, 'statement_timeout')} for a "
        f"statement, {_show(patient, 'idle_in_transaction_session_timeout')} for an idle transaction"
    )


def permissions(patient: Patient, *, replica: bool, pending: bool) -> Iterator[Finding]:
    """Yield whether the role has the rights that BMS needs."""
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
            f"the role lacks {', '.join(missing)} on some tables",
            f"GRANT {', '.join(rights)} ON ALL TABLES IN SCHEMA {of} TO {role}",
        )
    else:
        yield ok(f"the role may {', '.join(rights)}")
    if replica:
        return
    fix = f"GRANT CREATE ON SCHEMA {of} TO {role}, or run bms migrate as a role that may create tables"
    if patient.value("SELECT has_schema_privilege(current_schema(), 'CREATE')") in (True, 1, "1", "t"):
        yield ok("the role may create tables")
    elif pending:
        yield problem("the role may not create tables, and migrations are pending", fix)
    else:
        yield advice("the role may not create tables, which the next migration will need", fix)


def _show(patient: Patient, name: str) -> str:
    return str(patient.value(f"SHOW {name}") or "unknown")


def _encryption(patient: Patient) -> Finding:
    target = patient.target
    if target.host.startswith(("/", "@")):
        return ok("the connection is a Unix socket on this machine and needs no encryption")
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
            "add ?sslmode=verify-full to the URL, and &sslrootcert= with the CA certificate's file",
        )
    if target.host in _LOOPBACK:
        return ok("the connection is not encrypted, but it does not leave this machine")
    return advice(
        "the connection is not encrypted",
        "switch ssl on at the server, and add ?sslmode=verify-full to the URL",
    )


def _isolation(patient: Patient) -> Iterator[Finding]:
    level = _show(patient, "default_transaction_isolation")
    if level == "read committed":
        yield ok("the default isolation level is read committed")
    else:
        name = quoted(patient.target.database)
        yield advice(
            f"default_transaction_isolation is {level}: BMS is written for read committed and will retry "
            "transactions more often",
            f"ALTER DATABASE {name} SET default_transaction_isolation = 'read committed'",
        )
    zone = _show(patient, "TimeZone")
    yield ok("the session's time zone is UTC") if zone == "UTC" else problem(f"the time zone is {zone}")


def _durability(patient: Patient, name: str, *, replica: bool) -> Iterator[Finding]:
    off = [setting for setting in _DURABLE if _show(patient, setting) == "off"]
    if not off:
        yield ok("commits are durable: fsync, full_page_writes and synchronous_commit are on")
    if replica:
        return  # a replica commits no sale
    for setting in off:
        where = f"DATABASE {quoted(name)}" if setting == "synchronous_commit" else "SYSTEM"
        fix = f"ALTER {where} SET {setting} = on" + ("; SELECT pg_reload_conf()" if where == "SYSTEM" else "")
        yield problem(f"{setting} is off: {_DURABLE[setting]}", fix)


def _recovery(patient: Patient, *, replica: bool) -> Finding:
    standby = patient.value("SELECT pg_is_in_recovery()::int")
    if standby and not replica:
        return problem(
            "the server is a standby and accepts no writes", "name the primary in BMS_DATABASE_URL"
        )
    if standby:
        lag = patient.value(
            "SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp())::numeric(12,1)"
        )
        return ok(f"the server is a standby; the last transaction it has replayed is {lag} s old")
    if replica:
        return advice(
            "the read replica is not a standby: it follows no primary",
            "name a standby in BMS_DATABASE_READ_URL, or unset it",
        )
    return ok("the server accepts writes")
