"""A primary PostgreSQL of the embedded wheel, a standby that streams from it, and a stub of a standby."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyodbc

from bms.sql.embedded.provision import DATABASE, create_database, embedded_url
from bms.sql.embedded.server import SUPERUSER, EmbeddedServer
from bms.sql.embedded.tools import find_tools
from bms.sql.odbc.target import parse_url
from bms.sql.yoyo.apply import apply_migrations
from tests.kit.waiting import wait_until

# A walreceiver asks again at once, and a query that is in the way of replay is cancelled at once.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_retrieve_retry_interval": "'100ms'",
    "max_standby_streaming_delay": "0",
}


def answer(url: str, sql: str) -> Any:
    """Run ``sql`` in a session of its own and return the first value it answers, if any."""
    with contextlib.closing(pyodbc.connect(parse_url(url).odbc, autocommit=True)) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchval() if cursor.description else None


class Standby:
    """A hot standby of ``primary``, which must run: its data is a base backup, its settings the primary's."""

    def __init__(self, primary: EmbeddedServer, directory: Path) -> None:
        directory.mkdir()
        directory.chmod(0o711)
        self._directory = directory
        self._tools = find_tools(directory)
        # Its path must fit into a socket's address.
        self._sockets = Path(tempfile.mkdtemp(prefix="bms-standby-"))
        data = directory / "data"
        data.mkdir(mode=0o700)
        for path in (self._sockets, data):
            self._tools.own(path)
        # It writes standby.signal and primary_conninfo too.
        source = ("--host", str(primary.socket_directory), "--username", SUPERUSER)
        self._run(
            "pg_basebackup",
            "--pgdata=data",
            *source,
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--no-sync",
        )
        self._settings = f"-c config_file={primary.directory / 'bms.conf'}"
        self._settings += f" -c unix_socket_directories={self._sockets}"

    @property
    def url(self) -> str:
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(self._sockets))}"

    def start(self) -> None:
        """Start it and return when it answers queries."""
        self._run("pg_ctl", "-D", "data", "-l", "data/log", "-o", self._settings, "-w", "start")

    def start_closed(self) -> None:
        """Start it as one that replays and answers no queries, and return when it refuses them."""
        settings = f"{self._settings} -c hot_standby=off"
        self._run("pg_ctl", "-D", "data", "-l", "data/log", "-o", settings, "-W", "start")
        wait_until(lambda: "not accepting connections" in self._refusal())

    def stop(self, mode: str = "fast") -> None:
        """Stop it, if it runs."""
        if (self._directory / "data" / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", "data", "-m", mode, "-w", "stop")

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._sockets)

    def ask(self, sql: str) -> Any:
        """Return the first value that ``sql`` answers on the standby."""
        return answer(self.url, sql)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Let it replay nothing for a while, so that it lags behind."""
        self.ask("SELECT pg_wal_replay_pause()")
        wait_until(lambda: self.ask("SELECT pg_get_wal_replay_pause_state()") == "paused")
        try:
            yield
        finally:
            self.ask("SELECT pg_wal_replay_resume()")

    def _refusal(self) -> str:
        try:
            self.ask("SELECT 1")
        except pyodbc.Error as error:
            return str(error)
        return ""

    def _run(self, program: str, *arguments: str) -> None:
        done = self._tools.run(program, *arguments, directory=self._directory)
        assert done.returncode == 0, done.stdout


class Stub:
    """What listens where a replica should, and answers nobody: it hangs up at once, or says nothing."""

    def __init__(self, *, hangs_up: bool) -> None:
        self.callers = 0
        self._hangs_up = hangs_up
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> "Stub":
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()

    @property
    def url(self) -> str:
        return f"postgresql://bms@127.0.0.1:{self._server.sockets[0].getsockname()[1]}/bms?sslmode=disable"

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.callers += 1
        self._writers.append(writer)
        if self._hangs_up:
            writer.close()


class Pair:
    """A primary with the schema, and its standby."""

    def __init__(self, primary: EmbeddedServer, standby: Standby) -> None:
        self.primary = primary
        self.standby = standby
        self.url = embedded_url(primary)

    def execute(self, sql: str) -> Any:
        """Run ``sql`` on the primary and return the first value it answers, if any."""
        return answer(self.url, sql)

    def catch_up(self) -> None:
        """Return when the standby has replayed all that is written."""
        written = self.execute("SELECT pg_current_wal_insert_lsn()::text")
        wait_until(lambda: self.standby.ask(f"SELECT pg_last_wal_replay_lsn() >= '{written}'::pg_lsn"))


@contextlib.contextmanager
def replicated(directory: Path) -> Iterator[Pair]:
    """Run both servers under ``directory``."""
    with EmbeddedServer(directory / "primary") as primary:
        create_database(primary, DATABASE)
        url = embedded_url(primary)
        for name, value in SETTINGS.items():
            answer(url, f"ALTER SYSTEM SET {name} = {value}")
        answer(url, "SELECT pg_reload_conf()")
        apply_migrations(url)
        standby = Standby(primary, directory / "standby")
        try:
            standby.start()
            yield Pair(primary, standby)
        finally:
            standby.remove()
