"""The outbox: leases, retries, the dead state, and mail that reaches a real SMTP server."""

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pyodbc
import pytest
from aiohttp.test_utils import TestClient, TestServer

from bms.app import create_app
from bms.commands.messages import outbox
from bms.commands.messages.outbox import MAX_ATTEMPTS, claim_messages, mark_failed, mark_sent
from bms.mail.messages import message_id
from bms.mail.transports import PermanentMailError, TransientMailError, transport_from_url
from bms.settings import Settings
from bms.sql.database import Database
from bms.sql.odbc.target import parse_url
from bms.sql.session import Session, Transaction
from bms.sql.statements import Statement
from bms.tasks import outbox as task
from bms.tasks.outbox import retry_delay, send_due_messages
from tests.kit.api import Api
from tests.kit.books import LONG_AGO, count
from tests.kit.cards import CARD
from tests.kit.mailbox import Mailbox
from tests.kit.types import Rows
from tests.kit.users import PASSWORD, User
from tests.kit.waiting import until

LEASE = 300


class Tray:
    """A transport that keeps what it is given, or raises what it is told to."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.error: Exception | None = None

    async def send(self, message: EmailMessage) -> None:
        if self.error is not None:
            raise self.error
        self.messages.append(message)

    async def close(self) -> None:
        pass


@pytest.fixture
def tray() -> Tray:
    return Tray()


@pytest.fixture
async def queue(db: Database, rows: Rows) -> Callable[..., Awaitable[None]]:
    """Queue messages of one kind, and nothing else."""
    rows("DELETE FROM outbox")

    async def fill(number: int = 1, kind: str = "registration", **payload: Any) -> None:
        mails = [
            outbox.Mail(
                kind=kind,
                recipient=f"u{key}@example.com",
                dedupe_key=f"{kind}:{key}",
                payload=payload or {"name": "Ana", "username": "ana"},
            )
            for key in range(number)
        ]
        await db.transact(outbox.enqueue, mails=mails)

    return fill


Queue = Callable[..., Awaitable[None]]


def the_message(rows: Rows) -> Any:
    (row,) = rows("SELECT state, attempts, available_at, leased_until, lease_token, last_error FROM outbox")
    return row


def make_due(rows: Rows) -> None:
    rows("UPDATE outbox SET available_at = ?", LONG_AGO)


def let_leases_end(rows: Rows) -> None:
    rows("UPDATE outbox SET leased_until = ? WHERE leased_until IS NOT NULL", LONG_AGO)


async def claim(db: Database, limit: int = 10) -> list[Any]:
    return await db.transact(claim_messages, limit=limit, lease_seconds=LEASE)


async def test_a_message_goes_out_once(
    db: Database, rows: Rows, settings: Settings, queue: Queue, tray: Tray
) -> None:
    await queue(3)
    assert await send_due_messages(db, tray, settings) == 3
    assert await send_due_messages(db, tray, settings) == 0
    assert sorted(message["To"] for message in tray.messages) == [f"u{n}@example.com" for n in range(3)]
    assert count(rows, "outbox", "state = 'SENT' AND sent_at IS NOT NULL AND lease_token IS NULL") == 3


async def test_one_message_an_occasion(db: Database, rows: Rows, queue: Queue) -> None:
    await queue()
    with pytest.raises(Exception, match="uq_outbox_dedupe_key"):
        await queue()
    assert count(rows, "outbox") == 1


async def test_many_workers_at_once_send_each_message_once(
    db: Database, rows: Rows, settings: Settings, queue: Queue, tray: Tray
) -> None:
    await queue(40)
    while sum(await asyncio.gather(*(send_due_messages(db, tray, settings) for _ in range(4)))):
        pass
    assert len(tray.messages) == 40
    assert len({message["Message-ID"] for message in tray.messages}) == 40
    assert count(rows, "outbox", "state = 'SENT' AND attempts = 1") == 40


@pytest.fixture
def open_transaction(database_url: str) -> Any:
    """A transaction of another worker, which stays open until the test ends it."""
    target = parse_url(database_url)
    connection = pyodbc.connect(target.odbc, autocommit=False)
    for text in target.on_connect:
        connection.execute(text).close()
    connection.commit()
    yield Transaction(Session(connection, target.compile)), connection
    connection.close()


@pytest.mark.needs("UPDLOCK")
async def test_a_second_worker_passes_over_what_the_first_is_claiming(
    db: Database, queue: Queue, open_transaction: Any
) -> None:
    tx, connection = open_transaction
    await queue(6)
    first = claim_messages(tx, limit=4, lease_seconds=LEASE)
    async with asyncio.timeout(2):
        second = await claim(db)
    connection.commit()
    assert (len(first), len(second)) == (4, 2)
    assert {row.id for row in first}.isdisjoint(row.id for row in second)
    assert await claim(db) == []


async def test_without_readpast_a_second_worker_waits_for_the_first(
    db: Database, queue: Queue, open_transaction: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A twin of the test above: the hint is off."""
    text = outbox.LOCK_DUE.text
    assert text.count(", READPAST") == 1
    waiting = Statement("test.lock_due_waiting", "@limit INT", text.replace(", READPAST", ""))
    monkeypatch.setattr(outbox, "LOCK_DUE", waiting)
    tx, connection = open_transaction
    await queue(6)
    claim_messages(tx, limit=4, lease_seconds=LEASE)
    second = asyncio.create_task(claim(db))
    await asyncio.sleep(0.5)
    assert not second.done()
    connection.commit()
    await second


async def test_where_hints_lock_nothing_the_lease_still_keeps_workers_apart(
    db: Database, queue: Queue, open_transaction: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LOCK_DUE", without_hints("test.lock_due_unhinted"))
    tx, connection = open_transaction
    await queue(3)
    first = claim_messages(tx, limit=10, lease_seconds=LEASE)
    second = asyncio.create_task(claim(db))
    await asyncio.sleep(0.2)
    connection.commit()
    assert (len(first), await second) == (3, [])


async def test_without_hints_and_guard_two_workers_get_the_same_message(
    db: Database, queue: Queue, open_transaction: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the two tests above: both guards are off."""
    monkeypatch.setattr(outbox, "LOCK_DUE", without_hints("test.lock_due_unguarded"))
    unguarded = outbox.LEASE.text.split("AND state")[0]
    monkeypatch.setattr(
        outbox,
        "LEASE",
        Statement("test.lease_unguarded", "@ids BIGINT LIST, @token NVARCHAR(32), @seconds INT", unguarded),
    )
    tx, connection = open_transaction
    await queue(3)
    first = claim_messages(tx, limit=10, lease_seconds=LEASE)
    second = asyncio.create_task(claim(db))
    await asyncio.sleep(0.2)
    connection.commit()
    assert {row.id for row in first} == {row.id for row in await second}


def without_hints(name: str) -> Statement:
    text = outbox.LOCK_DUE.text
    hints = " WITH (UPDLOCK, READPAST, ROWLOCK)"
    assert text.count(hints) == 1
    return Statement(name, "@limit INT", text.replace(hints, ""))


async def test_a_dead_workers_message_comes_back_when_its_lease_ends(
    db: Database, rows: Rows, settings: Settings, queue: Queue, tray: Tray
) -> None:
    await queue()
    (lost,) = await claim(db)
    assert await send_due_messages(db, tray, settings) == 0
    let_leases_end(rows)
    assert await send_due_messages(db, tray, settings) == 1
    assert len(tray.messages) == 1
    assert (the_message(rows).state, the_message(rows).attempts) == ("SENT", 2)
    assert await db.transact(mark_sent, message_id=lost.id, token=lost.lease_token) is False


async def test_a_lost_lease_marks_nothing(db: Database, rows: Rows, queue: Queue) -> None:
    await queue()
    (first,) = await claim(db)
    let_leases_end(rows)
    (second,) = await claim(db)
    assert first.lease_token != second.lease_token
    lost = {"message_id": first.id, "token": first.lease_token}
    before = tuple(the_message(rows))
    assert await db.transact(mark_sent, **lost) is False
    assert await db.transact(mark_failed, **lost, error="x", retry_in=1) is False
    assert await db.transact(mark_failed, **lost, error="x", retry_in=None) is False
    assert tuple(the_message(rows)) == before
    assert await db.transact(mark_sent, message_id=second.id, token=second.lease_token) is True


async def test_a_message_sent_after_its_lease_had_ended_is_told_of(
    db: Database, rows: Rows, settings: Settings, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    class Slow(Tray):
        async def send(self, message: EmailMessage) -> None:
            let_leases_end(rows)
            await claim(db)

    await queue()
    with caplog.at_level(logging.WARNING):
        await send_due_messages(db, Slow(), settings)
    assert "after its lease had run out" in caplog.text
    assert the_message(rows).state == "PENDING"
    assert count(rows, "outbox", "repeats = 1") == 1


def test_the_wait_doubles_with_jitter_up_to_an_hour() -> None:
    for attempt in range(1, MAX_ATTEMPTS):
        middle = min(3600, 15 * 2 ** (attempt - 1))
        waits = [retry_delay(attempt) for _ in range(200)]
        assert all(wait is not None and int(middle * 0.75) <= wait <= middle * 1.25 for wait in waits)
        assert len(set(waits)) > 3
    assert retry_delay(MAX_ATTEMPTS) is None
    assert retry_delay(MAX_ATTEMPTS + 1) is None


async def test_a_passing_failure_is_tried_again_and_in_the_end_dead(
    db: Database, rows: Rows, settings: Settings, queue: Queue, tray: Tray, caplog: pytest.LogCaptureFixture
) -> None:
    await queue()
    tray.error = TransientMailError("450 come back later")
    for attempt in range(1, MAX_ATTEMPTS):
        assert await send_due_messages(db, tray, settings) == 1
        message = the_message(rows)
        assert (message.state, message.attempts) == ("PENDING", attempt)
        assert (message.last_error, message.lease_token) == ("450 come back later", None)
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        wait = (message.available_at - now).total_seconds()
        middle = min(3600, 15 * 2 ** (attempt - 1))
        assert middle * 0.75 - 3 <= wait <= middle * 1.25 + 1
        assert await send_due_messages(db, tray, settings) == 0
        make_due(rows)
    with caplog.at_level(logging.ERROR):
        assert await send_due_messages(db, tray, settings) == 1
    assert the_message(rows).state == "DEAD"
    assert "given up" in caplog.text
    make_due(rows)
    tray.error = None
    assert await send_due_messages(db, tray, settings) == 0


async def test_a_message_that_its_workers_die_of_is_dead_in_the_end(
    db: Database, rows: Rows, settings: Settings, queue: Queue, tray: Tray
) -> None:
    await queue()
    for _ in range(MAX_ATTEMPTS):
        assert len(await claim(db)) == 1
        let_leases_end(rows)
    assert await send_due_messages(db, tray, settings) == 1
    assert (the_message(rows).state, tray.messages) == ("DEAD", [])


async def test_a_lasting_failure_is_dead_at_once(
    db: Database, rows: Rows, settings: Settings, queue: Queue, tray: Tray
) -> None:
    await queue()
    tray.error = PermanentMailError("550 no such user")
    await send_due_messages(db, tray, settings)
    assert (the_message(rows).state, the_message(rows).last_error) == ("DEAD", "550 no such user")


@pytest.mark.parametrize(
    ("kind", "payload"), [("a_kind_of_tomorrow", {"name": "Ana"}), ("registration", {"nobody": "Ana"})]
)
async def test_what_cannot_be_composed_is_dead_at_once(
    db: Database,
    rows: Rows,
    settings: Settings,
    queue: Queue,
    tray: Tray,
    kind: str,
    payload: dict[str, str],
) -> None:
    await queue(kind=kind, **payload)
    await send_due_messages(db, tray, settings)
    assert (the_message(rows).state, the_message(rows).attempts) == ("DEAD", 1)
    assert kind in the_message(rows).last_error


@pytest.mark.parametrize("broken", ["{", "[]"])
async def test_a_mistake_of_ours_keeps_no_other_message(
    db: Database, rows: Rows, settings: Settings, queue: Queue, tray: Tray, broken: str
) -> None:
    await queue(3)
    rows("UPDATE outbox SET payload = ? WHERE dedupe_key = 'registration:0'", broken)
    assert await send_due_messages(db, tray, settings) == 3
    assert len(tray.messages) == 2
    (kept,) = rows("SELECT state, lease_token, last_error FROM outbox WHERE state <> 'SENT'")
    assert kept.state in ("PENDING", "DEAD")
    assert (kept.lease_token, bool(kept.last_error)) == (None, True)


async def test_a_batch_that_cannot_be_marked_is_sent_as_a_whole_first(
    db: Database, rows: Rows, settings: Settings, queue: Queue, tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    await queue(3)

    def away(tx: Transaction, *, message_id: int, token: str) -> bool:
        raise RuntimeError("away")

    monkeypatch.setattr(task, "mark_sent", away)
    with pytest.raises(RuntimeError, match="away"):
        await send_due_messages(db, tray, settings)
    assert len(tray.messages) == 3
    assert count(rows, "outbox", "state = 'PENDING' AND lease_token IS NOT NULL") == 3


async def test_a_server_that_is_down_and_comes_up_again(
    db: Database, rows: Rows, settings: Settings, queue: Queue, tmp_path: Path
) -> None:
    mailbox = Mailbox()
    async with mailbox.serving() as port:
        pass
    smtp = transport_from_url(f"smtp://127.0.0.1:{port}", tmp_path)
    await queue()
    await send_due_messages(db, smtp, settings)
    assert (the_message(rows).state, mailbox.messages) == ("PENDING", [])
    async with mailbox.serving(port):
        make_due(rows)
        mailbox.refusing = "450 greylisted"
        await send_due_messages(db, smtp, settings)
        assert "greylisted" in the_message(rows).last_error
        make_due(rows)
        mailbox.refusing = None
        await send_due_messages(db, smtp, settings)
    await smtp.close()
    assert the_message(rows).state == "SENT"
    assert len(mailbox.messages) == 1


@contextlib.asynccontextmanager
async def served(settings: Settings, database_url: str, port: int) -> AsyncIterator[TestClient]:
    """The whole application with its background tasks, which send to an SMTP server."""
    with_mail = replace(
        settings,
        smtp_url=f"smtp://127.0.0.1:{port}",
        background_tasks=True,
        mail_from="BMS Tickets <tickets@bms.test>",
    )
    async with TestClient(TestServer(create_app(with_mail, database_url))) as client:
        yield client


async def test_from_registration_to_the_tickets_in_the_mail(
    settings: Settings, database_url: str, manager: User, make_event: Any
) -> None:
    event = await make_event(title="Café ☕ concert")
    mailbox = Mailbox()
    account = {"name": "Zoë", "username": "zoe", "email": "zoe@example.com", "password": PASSWORD}
    async with mailbox.serving() as port, served(settings, database_url, port) as client:
        api = Api(client)
        user = (await api.post("/register", account)).json
        token = (await api.post("/login", {"username": "zoe", "password": PASSWORD})).json["access_token"]
        held = await api.post("/bookings", {"event": event["id"], "quantity": 2}, token=token)
        payment = {"booking_id": held.json["id"], "method": "card", "details": CARD}
        assert (await api.post("/payments", payment, token=token)).status == 201
        booking = (await api.get(f"/bookings/{held.json['id']}", token=token)).json
        await until(lambda: bool(mailbox.of_kind("booking_confirmed")))
        await asyncio.sleep(0.3)
    to_zoe = [message for message in mailbox.messages if message["To"] == "zoe@example.com"]
    assert sorted(message["X-BMS-Kind"] for message in to_zoe) == ["booking_confirmed", "registration"]
    (tickets,) = mailbox.of_kind("booking_confirmed")
    assert tickets["From"] == "BMS Tickets <tickets@bms.test>"
    assert tickets["Subject"] == f"Your tickets for Café ☕ concert ({booking['reference']})"
    assert tickets["Message-ID"].strip() == message_id(f"booking_confirmed:{booking['id']}", "bms.test")
    (welcome,) = [message for message in to_zoe if message["X-BMS-Kind"] == "registration"]
    assert welcome["Message-ID"].strip() == message_id(f"registration:{user['id']}", "bms.test")
    assert tickets.get_content_type() == "multipart/alternative"
    for subtype in ("plain", "html"):
        part = tickets.get_body((subtype,))
        assert part is not None
        content = part.get_content()
        assert "50.00" in content
        for ticket in booking["tickets"]:
            assert ticket["code"] in content
