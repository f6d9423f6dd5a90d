"""What has served its time is removed batch by batch; what is needed once more is kept."""

import asyncio
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pyodbc
import pytest

from bms.commands import housekeeping as commands
from bms.commands.messages.outbox import claim_messages
from bms.errors import DatabaseUnavailable, Overloaded
from bms.settings import Settings
from bms.sql.database import Database
from bms.sql.odbc.target import parse_url
from bms.sql.session import Transaction
from bms.tasks import housekeeping
from bms.tasks.housekeeping import remove_what_is_old
from bms.tasks.sweeps import REMINDERS, sweep
from tests.kit.api import Api
from tests.kit.attendance import approach, attend, mails
from tests.kit.books import count
from tests.kit.types import Make, Rows
from tests.kit.users import User

DAY = 86_400  # seconds


class Pile(NamedTuple):
    """Rows that are kept for a number of days. ``insert`` takes what of @user, @text and @age it names."""

    days: int
    insert: str
    text: str = "idempotency_key"  # the column that has @text


AGO = "DATEADD(DAY, -@age, SYSUTCDATETIME())"
PILES = {
    "idempotency_keys": Pile(
        7,
        "INSERT INTO idempotency_keys (user_id, idempotency_key, fingerprint, status, created_at)"
        f" VALUES (@user, @text, 'x', 201, {AGO})",
    ),
    "gateway_notices": Pile(
        30,
        "INSERT INTO gateway_notices (notice_key, notice_id, reference, outcome, received_at)"
        f" VALUES (@text, 'ev', 'r', 'FAILED', {AGO})",
        "notice_key",
    ),
    "login_attempts": Pile(
        0, f"INSERT INTO login_attempts (bucket, attempts, window_ends_at) VALUES (@text, 1, {AGO})", "bucket"
    ),
    "sessions": Pile(
        30,
        f"INSERT INTO sessions (user_id, refresh_hash, expires_at) VALUES (@user, @text, {AGO})",
        "refresh_hash",
    ),
    "single_use_tokens": Pile(
        7,
        "INSERT INTO single_use_tokens (token_hash, user_id, purpose, payload, expires_at)"
        f" VALUES (@text, @user, 'ADDRESS', '{{}}', {AGO})",
        "token_hash",
    ),
    "booking_links": Pile(
        0,
        "INSERT INTO booking_links (token_hash, reference, mailed_to, expires_at)"
        f" VALUES (@text, 'GONE', 'x', {AGO})",
        "token_hash",
    ),
    "outbox": Pile(
        365,
        "INSERT INTO outbox (kind, recipient, payload, dedupe_key, state, emptied_at)"
        f" VALUES ('k', '', '{{}}', @text, 'SENT', {AGO})",
        "dedupe_key",
    ),
    "notifications": Pile(
        365,
        f"INSERT INTO notifications (user_id, kind, message, created_at) VALUES (@user, 'k', @text, {AGO})",
        "message",
    ),
    "audit_log": Pile(
        730,
        "INSERT INTO audit_log (action, subject, subject_id, details, created_at)"
        f" VALUES ('a', 's', 1, @text, {AGO})",
        "details",
    ),
}


@pytest.fixture
def heap(rows: Rows, buyer: User) -> Callable[[str, str, int, int], None]:
    """Put a number of rows into a table: their name, how many they are, and their age in days."""

    def fill(table: str, name: str, number: int, age: int) -> None:
        insert = PILES[table].insert
        for n in range(number):
            values = {"user": buyer.id, "text": f"{name} {n}", "age": age}
            rows(insert, **{key: value for key, value in values.items() if f"@{key}" in insert})

    return fill


def left(rows: Rows, table: str, name: str) -> int:
    return count(rows, table, f"{PILES[table].text} LIKE '{name} %'")


@pytest.mark.parametrize("table", PILES)
async def test_old_rows_go_batch_by_batch_and_the_rest_is_kept(
    db: Database, settings: Settings, rows: Rows, heap: Any, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 3)
    rows(f"DELETE FROM {table}")
    heap(table, "old", 7, PILES[table].days + 1)
    heap(table, "young", 4, PILES[table].days - 1)
    seen = [(await remove_what_is_old(db, settings), left(rows, table, "old")) for _ in range(4)]
    assert seen == [(3, 4), (3, 1), (0, 0), (0, 0)]
    assert left(rows, table, "young") == count(rows, table) == 4


async def test_an_open_key_is_kept(db: Database, settings: Settings, rows: Rows, heap: Any) -> None:
    heap("idempotency_keys", "old", 2, 100)
    rows("UPDATE idempotency_keys SET status = NULL WHERE idempotency_key = 'old 0'")
    await remove_what_is_old(db, settings)
    assert [row.idempotency_key for row in rows("SELECT idempotency_key FROM idempotency_keys")] == ["old 0"]


async def test_several_processes_at_once(db: Database, settings: Settings, rows: Rows, heap: Any) -> None:
    for table in PILES:
        heap(table, "old", 20, 1000)
    await asyncio.gather(*(remove_what_is_old(db, settings) for _ in range(4)))
    assert {table: left(rows, table, "old") for table in PILES} == dict.fromkeys(PILES, 0)


@pytest.mark.needs("UPDLOCK")
@pytest.mark.parametrize("table", ["sessions", "login_attempts"])
async def test_a_row_that_is_in_use_is_passed_over(
    db: Database, settings: Settings, rows: Rows, heap: Any, database_url: str, table: str
) -> None:
    heap(table, "old", 3, 100)
    column = PILES[table].text
    with pyodbc.connect(parse_url(database_url).odbc, autocommit=False) as other:
        other.execute(f"UPDATE {table} SET {column} = {column} WHERE {column} = 'old 1'").close()
        async with asyncio.timeout(30):
            await remove_what_is_old(db, settings)
        assert left(rows, table, "old") == 1
        other.rollback()
    await remove_what_is_old(db, settings)
    assert left(rows, table, "old") == 0


async def test_what_fails_keeps_nothing_else(
    db: Database,
    settings: Settings,
    rows: Rows,
    heap: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def break_down(tx: Transaction, *, limit: int) -> int:
        raise ValueError("out of order")

    monkeypatch.setattr(commands, "remove_old_keys", break_down)
    for table in PILES:
        heap(table, "old", 1, 1000)
    with caplog.at_level(logging.ERROR):
        assert await remove_what_is_old(db, settings) == 0
    assert "break_down failed" in caplog.text
    assert [table for table in PILES if left(rows, table, "old")] == ["idempotency_keys"]


@pytest.mark.parametrize("error", [DatabaseUnavailable(), Overloaded()])
async def test_a_database_that_is_down_or_overloaded_ends_it(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tried = []

    async def fail(*arguments: Any, **named: Any) -> int:
        tried.append(arguments)
        raise error

    monkeypatch.setattr(db, "transact", fail)
    with pytest.raises(type(error)):
        await remove_what_is_old(db, settings)
    assert len(tried) == 1


async def test_nought_days_are_for_ever(db: Database, settings: Settings, rows: Rows, heap: Any) -> None:
    heap("notifications", "old", 1, 5000)
    heap("audit_log", "old", 1, 5000)
    write_mail(rows, "old", "SENT", 5000)
    file = write_file(settings.mail_dir, "registration-" + "0" * 32 + ".eml", 5000)
    for_ever = replace(settings, keep_mail_days=0, keep_notifications_days=0, keep_audit_days=0)
    await remove_what_is_old(db, for_ever)
    assert (left(rows, "notifications", "old"), left(rows, "audit_log", "old")) == (1, 1)
    assert count(rows, "outbox", "payload <> '{}'") >= 1
    assert file.exists()
    await remove_what_is_old(db, settings)
    assert (left(rows, "notifications", "old"), left(rows, "audit_log", "old")) == (0, 0)
    assert not file.exists()


def write_mail(rows: Rows, key: str, state: str, age: int) -> None:
    rows(
        "INSERT INTO outbox (kind, recipient, payload, dedupe_key, state, last_error, created_at)"
        f" VALUES ('registration', 'ann@example.com', @payload, @key, @state, '550 ann@example.com', {AGO})",
        payload=json.dumps({"name": "Ann", "username": "ann"}),
        key=key,
        state=state,
        age=age,
    )


async def test_old_mail_loses_its_address_and_words_and_keeps_its_key(
    db: Database, api: Api, settings: Settings, rows: Rows
) -> None:
    rows("DELETE FROM outbox")
    for state in ("SENT", "DEAD", "PENDING"):
        for age in (29, 31):
            write_mail(rows, f"{state} {age}", state, age)
    await remove_what_is_old(db, settings)
    found = rows("SELECT dedupe_key, recipient, payload, last_error, emptied_at FROM outbox")
    assert len(found) == 6
    emptied = {row.dedupe_key for row in found if row.emptied_at is not None}
    assert emptied == {"SENT 31", "DEAD 31"}
    for row in found:
        kept = json.dumps(list(row), default=str)
        assert ("ann" in kept.lower()) == (row.dedupe_key not in emptied), kept
    # What can still go out does, and nothing else; nobody is to look into a mail that has no words.
    due = await db.transact(claim_messages, limit=10, lease_seconds=300)
    assert {message.dedupe_key for message in due} == {"PENDING 29", "PENDING 31"}
    assert "bms_outbox_dead 1.0" in (await api.get("/metrics")).text


@pytest.fixture
async def reminded(
    db: Database, buyer: User, make_event: Make, hold: Make, rows: Rows
) -> Callable[[], Awaitable[int]]:
    """Have the holders of an event reminded as if they had not been; return how many mails there are."""
    event = await make_event(price="0.00")
    await attend(hold, event, buyer)
    approach(rows, event, 20)

    async def remind() -> int:
        rows("UPDATE events SET reminded_at = NULL")
        await sweep(db, REMINDERS)
        return len(mails(rows, "reminder"))

    return remind


async def test_an_emptied_mail_is_not_written_again(
    db: Database, settings: Settings, rows: Rows, reminded: Callable[[], Awaitable[int]]
) -> None:
    """Should an occasion come about twice, the key is there still. For ``reminded_at`` should prevent it."""
    assert await reminded() == 1
    rows("UPDATE outbox SET state = 'SENT', created_at = DATEADD(DAY, -40, created_at)")
    await remove_what_is_old(db, settings)
    (mail,) = mails(rows, "reminder")
    assert (mail.recipient, mail.payload) == ("", "{}")
    assert await reminded() == 1


async def test_without_its_row_it_would_be_written_again(
    rows: Rows, reminded: Callable[[], Awaitable[int]]
) -> None:
    """The twin of the test above."""
    assert await reminded() == 1
    rows("DELETE FROM outbox")
    assert await reminded() == 1


def write_file(directory: Path, name: str, age: int) -> Path:
    """Write a file that is that many days old."""
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text("To: ann@example.com")
    then = time.time() - age * DAY
    os.utime(path, (then, then))
    return path


async def test_old_mail_files_go_and_no_other_files(db: Database, settings: Settings) -> None:
    name = "booking_confirmed-" + "a1" * 16
    old = [
        write_file(settings.mail_dir, f"{name}.eml", 31),
        write_file(settings.mail_dir, ".x1y_2z.part", 31),
    ]
    kept = [
        write_file(settings.mail_dir, "registration-" + "b2" * 16 + ".eml", 29),
        write_file(settings.mail_dir, f"copy of {name}.eml", 31),
        write_file(settings.mail_dir, "notes.txt", 31),
        write_file(settings.data_dir, f"{name}.eml", 31),
    ]
    await remove_what_is_old(db, settings)
    assert [path.exists() for path in old] == [False, False]
    assert [path.exists() for path in kept] == [True] * 4


async def test_mail_files_go_batch_by_batch(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 3)
    for number in range(7):
        write_file(settings.mail_dir, f"mail-{number:032}.eml", 31)
    seen = [
        (await remove_what_is_old(db, settings), len(list(settings.mail_dir.iterdir()))) for _ in range(4)
    ]
    assert seen == [(3, 4), (3, 1), (0, 0), (0, 0)]
