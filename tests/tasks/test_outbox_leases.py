"""Workers beside each other: a lease keeps a message to one of them, and ends."""

import asyncio
import logging
from email.message import EmailMessage
from typing import Any

import pyodbc
import pytest

from bms.commands.messages import outbox
from bms.commands.messages.outbox import claim_messages, mark_failed, mark_sent
from bms.sql.odbc.target import parse_url
from bms.sql.session import Session, Transaction
from bms.sql.statements import Statement
from tests.kit.outgoing import LEASE, Outgoing, Tray


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
    outgoing: Outgoing, open_transaction: Any
) -> None:
    tx, connection = open_transaction
    await outgoing.queue(6)
    first = claim_messages(tx, limit=4, lease_seconds=LEASE)
    async with asyncio.timeout(2):
        second = await outgoing.claim()
    connection.commit()
    assert (len(first), len(second)) == (4, 2)
    assert {row.id for row in first}.isdisjoint(row.id for row in second)
    assert await outgoing.claim() == []


async def test_without_readpast_a_second_worker_waits_for_the_first(
    outgoing: Outgoing, open_transaction: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A twin of the test above: the hint is off."""
    text = outbox.LOCK_DUE.text
    assert text.count(", READPAST") == 1
    waiting = Statement("test.lock_due_waiting", "@limit INT", text.replace(", READPAST", ""))
    monkeypatch.setattr(outbox, "LOCK_DUE", waiting)
    tx, connection = open_transaction
    await outgoing.queue(6)
    claim_messages(tx, limit=4, lease_seconds=LEASE)
    second = asyncio.create_task(outgoing.claim())
    await asyncio.sleep(0.5)
    assert not second.done()
    connection.commit()
    await second


async def test_where_hints_lock_nothing_the_lease_still_keeps_workers_apart(
    outgoing: Outgoing, open_transaction: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LOCK_DUE", without_hints("test.lock_due_unhinted"))
    tx, connection = open_transaction
    await outgoing.queue(3)
    first = claim_messages(tx, limit=10, lease_seconds=LEASE)
    second = asyncio.create_task(outgoing.claim())
    await asyncio.sleep(0.2)
    connection.commit()
    assert (len(first), await second) == (3, [])


async def test_without_hints_and_guard_two_workers_get_the_same_message(
    outgoing: Outgoing, open_transaction: Any, monkeypatch: pytest.MonkeyPatch
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
    await outgoing.queue(3)
    first = claim_messages(tx, limit=10, lease_seconds=LEASE)
    second = asyncio.create_task(outgoing.claim())
    await asyncio.sleep(0.2)
    connection.commit()
    assert {row.id for row in first} == {row.id for row in await second}


def without_hints(name: str) -> Statement:
    text = outbox.LOCK_DUE.text
    hints = " WITH (UPDLOCK, READPAST, ROWLOCK)"
    assert text.count(hints) == 1
    return Statement(name, "@limit INT", text.replace(hints, ""))


async def test_a_dead_workers_message_comes_back_when_its_lease_ends(outgoing: Outgoing) -> None:
    await outgoing.queue()
    (lost,) = await outgoing.claim()
    assert await outgoing.send() == 0
    outgoing.let_leases_end()
    assert await outgoing.send() == 1
    assert len(outgoing.tray.messages) == 1
    assert (outgoing.message.state, outgoing.message.attempts) == ("SENT", 2)
    assert await outgoing.db.transact(mark_sent, messages=[(lost.id, lost.lease_token)]) == [lost.id]


async def test_a_lost_lease_marks_nothing(outgoing: Outgoing) -> None:
    await outgoing.queue()
    (first,) = await outgoing.claim()
    outgoing.let_leases_end()
    (second,) = await outgoing.claim()
    assert first.lease_token != second.lease_token
    lost = {"message_id": first.id, "token": first.lease_token}
    before = tuple(outgoing.message)
    assert await outgoing.db.transact(mark_sent, messages=[(first.id, first.lease_token)]) == [first.id]
    assert await outgoing.db.transact(mark_failed, **lost, error="x", retry_in=1) is False
    assert await outgoing.db.transact(mark_failed, **lost, error="x", retry_in=None) is False
    assert tuple(outgoing.message) == before
    assert await outgoing.db.transact(mark_sent, messages=[(second.id, second.lease_token)]) == []


async def test_a_message_sent_after_its_lease_had_ended_is_told_of(
    outgoing: Outgoing, caplog: pytest.LogCaptureFixture
) -> None:
    class Slow(Tray):
        async def send(self, message: EmailMessage) -> None:
            outgoing.let_leases_end()
            await outgoing.claim()

    await outgoing.queue()
    with caplog.at_level(logging.WARNING):
        await outgoing.send(Slow())
    assert "after its lease had run out" in caplog.text
    assert outgoing.message.state == "PENDING"
    assert outgoing.count("repeats = 1") == 1
