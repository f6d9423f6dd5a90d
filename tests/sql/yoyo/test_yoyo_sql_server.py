"""What SQL Server is sent, wherever this runs."""

from pathlib import Path
from typing import Any

import pytest
from yoyo import exceptions, read_migrations
from yoyo.connections import parse_uri

from bms.sql.yoyo import backend as yoyo_backend
from bms.sql.yoyo.backend import MssqlBackend
from tests.kit.steps import write_migration

# SQL Server: what is sent to it, wherever this runs.


class Recorder:
    """Stands for a connection: keeps what it is sent and answers nothing."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.description = None
        self._autocommit = True

    @property
    def autocommit(self) -> bool:
        return self._autocommit

    @autocommit.setter
    def autocommit(self, on: bool) -> None:
        if on is not self._autocommit:
            self.sent.append(f"autocommit {on}")
        self._autocommit = on

    def cursor(self) -> "Recorder":
        return self

    def execute(self, sql: str, *_: Any) -> "Recorder":
        self.sent.append(" ".join(sql.split()))
        return self

    def nextset(self) -> bool:
        return False

    def fetchone(self) -> tuple[int] | None:
        return (0,) if "sp_getapplock" in self.sent[-1] else None

    def fetchall(self) -> list[tuple[str]]:
        return []

    def commit(self) -> None:
        self.sent.append("commit")

    def rollback(self) -> None:
        self.sent.append("rollback")

    def close(self) -> None:
        """Nothing to close."""


def test_what_sql_server_is_sent(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    recorder = Recorder()
    monkeypatch.setattr(yoyo_backend.pyodbc, "connect", lambda *_, **__: recorder)
    write_migration(
        directory, "m1_table", "CREATE TABLE t (id BIGINT IDENTITY(1,1) NOT NULL, d DATETIME2(3) NOT NULL);"
    )
    backend = MssqlBackend(parse_uri("mssql://h/d?driver=/x.so"), "_yoyo_migration")
    backend.init_database()
    with backend, backend.lock():
        backend.apply_migrations(read_migrations(str(directory).replace("[", "[[]")))
    sent = recorder.sent
    assert not any("TIMESTAMP" in text or text.startswith("BEGIN") for text in sent)
    assert any("DATETIME2(3)" in text and "_yoyo_log" in text for text in sent), "yoyo's own tables"
    mark = 'INSERT INTO "_yoyo_migration" ("migration_hash"'
    taken = next(index for index, text in enumerate(sent) if "sp_getapplock" in text)
    step = sent.index("CREATE TABLE t (id BIGINT IDENTITY(1,1) NOT NULL, d DATETIME2(3) NOT NULL);")
    noted = next(index for index, text in enumerate(sent) if text.startswith(mark))
    opened = max(index for index, text in enumerate(sent[:step]) if text == "autocommit False")
    assert taken < opened < step < noted
    assert "commit" not in sent[opened:noted]
    assert sent[noted + 1 : noted + 3] == ["commit", "autocommit True"]
    assert "sp_releaseapplock" in sent[-1]
    assert not any("yoyo_lock" in text for text in sent)


def test_sql_servers_lock_that_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    monkeypatch.setattr(yoyo_backend.pyodbc, "connect", lambda *_, **__: recorder)
    monkeypatch.setattr(recorder, "fetchone", lambda: (-1,))
    backend = MssqlBackend(parse_uri("mssql://h/d?driver=/x.so"), "_yoyo_migration")
    with pytest.raises(exceptions.LockTimeout), backend.lock():
        raise AssertionError("no lock was given")
    assert not any("sp_releaseapplock" in text for text in recorder.sent)
