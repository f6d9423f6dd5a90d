"""Explains why a connection fails and what to do. The driver's own message often hides the reason."""

import ctypes
import re
import socket
from collections.abc import Iterator

import pyodbc

from bms.sql.doctor.findings import Finding, bracketed, problem, quoted
from bms.sql.odbc.errors import diagnose, plain
from bms.sql.odbc.packages import OPENSSL, how_to_install, how_to_install_library
from bms.sql.odbc.target import Target

_CERTIFICATE = re.compile(
    r"certificate|target principal name|chain was issued|handshake failed|SSL error", re.IGNORECASE
)
_NOT_ENCRYPTED = re.compile(
    r"Encryption not supported on SQL Server|server does not support SSL|does not support encryption",
    re.IGNORECASE,
)
_MISSING_LIBRARY = re.compile(r"(lib[\w+.-]+?\.(?:so[.\d]*|dylib)):? ")
_SSL_LIBRARIES = ("libssl.so.3", "libssl.so.1.1", "libssl.so.10", "libssl.3.dylib")
_WAYS_TO_LOG_IN = ("UID", "Authentication", "Trusted_Connection")

_LOGIN = {"18456", "18452", "18470", "18486", "18487", "18488", "28000", "28P01"}
_DATABASE = {"911", "4060", "4064", "916", "3D000"}
# psqlODBC has one state for all errors at connect, so the text decides. libpq adds an error for each address.
_LOGIN_WORDS = re.compile(
    r'authentication failed|role ".*" does not exist|no pg_hba.conf entry|no password supplied|'
    r'role ".*" is not permitted to log in'
)
_DATABASE_WORDS = re.compile(r'database ".*" does not exist')
_OPTION_WORDS = re.compile(
    r"(?:Invalid value specified for connection string attribute '(\w+)'|invalid (\w+) value|"
    r'invalid connection option "(\w+)")'
)
_SECONDARY = {"976", "978", "979"}
_RECOVERING = {"40613", "921", "922", "924", "927", "942", "945", "17142", "18401", "57P03"}


def explain(error: pyodbc.Error, target: Target) -> Iterator[Finding]:
    """Yield the reason why the connection to ``target`` failed."""
    message = str(error.args[-1]) if error.args else ""
    codes = {diagnose(error).code, *re.findall(r"\((\d{2,6})\)", message)}
    if "can't open lib" in message.lower() or codes & {"IM002", "IM003", "IM004", "IM005"}:
        yield _driver(target, message)
    # Before the login: SQL Server reports an unknown database along with a failed login, in either order.
    elif codes & _DATABASE or _DATABASE_WORDS.search(message):
        yield _no_database(target)
    elif codes & _LOGIN or _LOGIN_WORDS.search(message):
        yield problem(
            f"the server refuses the login: the user or the password in the URL is wrong, or the user "
            f"may not log in ({diagnose(error).code})",
            "correct them in the URL (write characters such as @ / : # % as %40 %2F %3A %23 %25)",
        )
    elif codes & _RECOVERING:
        yield problem(f"the database is unavailable at the moment: {plain(message)}", "wait, then try again")
    elif codes & _SECONDARY:
        yield problem(
            "the server is a secondary replica of an availability group and refuses this kind of connection",
            "name the group's listener in BMS_DATABASE_URL",
        )
    elif option := _OPTION_WORDS.search(message):
        name = next(filter(None, option.groups()))
        yield problem(f"{name} in the database URL has a value that the driver rejects", "correct the value")
    elif target.dialect == "mssql" and not any(map(target.keyword, _WAYS_TO_LOG_IN)):
        yield problem(
            "the database URL names no user", "write mssql://USER:PASSWORD@host/name, or add ?Authentication="
        )
    elif _NOT_ENCRYPTED.search(message):
        yield problem(
            "the server offers no encryption, but the URL requires it",
            "give the server a certificate, or on a network that you trust add "
            + (
                "?Encrypt=optional to the URL" if target.dialect == "mssql" else "?sslmode=disable to the URL"
            ),
        )
    elif _CERTIFICATE.search(message):
        yield _certificate(target, message)
    else:
        yield from _network(target, message)


def _driver(target: Target, message: str) -> Finding:
    file = target.keyword("Driver")
    try:
        ctypes.CDLL(file)
    except OSError as error:
        library = _MISSING_LIBRARY.match(str(error))
        if library and not file.endswith(library[1]):
            return problem(
                f"the driver {file} cannot be loaded: {library[1]} is missing",
                how_to_install_library(library[1]),
            )
        return problem(
            f"the driver cannot be loaded: {error}",
            "remove ?driver= from the database URL, or let it name a driver's file for this machine",
        )
    return problem(f"the driver manager rejects the driver {file}: {plain(message)}")


def _no_database(target: Target) -> Finding:
    if target.dialect == "mssql":
        name = bracketed(target.database)
        return problem(
            f"there is no database {target.database} on this server, or the login has no user in it",
            f"CREATE DATABASE {name}, or CREATE USER ... FOR LOGIN ... in it",
        )
    return problem(
        f"there is no database {target.database} on this server", f"CREATE DATABASE {quoted(target.database)}"
    )


def _certificate(target: Target, message: str) -> Finding:
    text = f"the driver does not accept the server's certificate: {plain(message)}"
    if target.dialect == "mssql":
        return problem(
            text,
            "make this machine trust the authority that signed it; or name the certificate's host with "
            "?HostNameInCertificate=; or, with Encrypt=strict, name its file with ?ServerCertificate=; for a "
            "trial on a network that you trust, add ?TrustServerCertificate=yes",
        )
    return problem(
        text,
        "name the CA certificate's file with ?sslrootcert=, and the host as it stands in the certificate",
    )


def _network(target: Target, message: str) -> Iterator[Finding]:
    """Yield what is wrong with the network. The drivers report most of it as a login timeout."""
    place = target.label
    if target.port is None:
        yield problem(
            f"{place} does not answer ({plain(message)}). To find a named instance, the driver asks SQL "
            f"Server Browser on {target.host}, UDP port 1434",
            "start SQL Server Browser, or name the instance's port in the URL",
        )
        return
    if target.host.startswith(("/", "@")):
        yield problem(
            f"{place} cannot be reached: {plain(message)}",
            "start the server, or correct the socket's directory in the URL",
        )
        return
    try:
        socket.create_connection((target.host, target.port), timeout=target.login_timeout).close()
    except socket.gaierror:
        yield problem(f"there is no host {target.host}", "correct the host in the database URL")
    except ConnectionRefusedError:
        yield problem(
            f"nothing listens on port {target.port} of {target.host}",
            "start the server, let it listen on TCP there, or correct the port in the database URL",
        )
    except OSError as error:
        yield problem(
            f"port {target.port} of {target.host} cannot be reached ({error.strerror or error})",
            "open the port in the firewalls between here and there",
        )
    else:
        yield problem(
            f"port {target.port} of {target.host} is open, but the connection fails: {plain(message)}",
            "check that the database listens there, and read its log; ?LoginTimeout=30 gives it more time",
        )
        if target.dialect == "mssql" and not _has_openssl():
            yield problem(
                "the OpenSSL library, with which the driver encrypts, is missing", how_to_install(OPENSSL)
            )


def _has_openssl() -> bool:
    for name in _SSL_LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False
