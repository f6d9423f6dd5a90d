"""The outbox: messages go out once, are tried again, and are dead in the end."""

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence

import pytest

from bms.commands.messages.outbox import MAX_ATTEMPTS
from bms.mail.transports import PermanentMailError, TransientMailError
from bms.sql.session import Transaction
from bms.tasks import outbox as task
from bms.tasks.outbox import retry_delay
from tests.kit.outgoing import Outgoing


async def test_a_message_goes_out_once(outgoing: Outgoing) -> None:
    await outgoing.queue(3)
    assert await outgoing.send() == 3
    assert await outgoing.send() == 0
    assert sorted(message["To"] for message in outgoing.tray.messages) == [
        f"u{n}@example.com" for n in range(3)
    ]
    assert outgoing.count("state = 'SENT' AND sent_at IS NOT NULL AND lease_token IS NULL") == 3


async def test_one_message_an_occasion(outgoing: Outgoing) -> None:
    await outgoing.queue()
    await outgoing.queue()
    assert outgoing.count() == 1
    outgoing.rows("UPDATE outbox SET dedupe_key = 'another'")
    await outgoing.queue()
    assert outgoing.count() == 2


async def test_many_workers_at_once_send_each_message_once(outgoing: Outgoing) -> None:
    await outgoing.queue(40)
    while sum(await asyncio.gather(*(outgoing.send() for _ in range(4)))):
        pass
    assert len(outgoing.tray.messages) == 40
    assert len({message["Message-ID"] for message in outgoing.tray.messages}) == 40
    assert outgoing.count("state = 'SENT' AND attempts = 1") == 40


def test_the_wait_doubles_with_jitter_up_to_an_hour() -> None:
    for attempt in range(1, MAX_ATTEMPTS):
        middle = min(3600, 15 * 2 ** (attempt - 1))
        waits = [retry_delay(attempt) for _ in range(200)]
        assert all(wait is not None and int(middle * 0.75) <= wait <= middle * 1.25 for wait in waits)
        assert len(set(waits)) > 3
    assert retry_delay(MAX_ATTEMPTS) is None
    assert retry_delay(MAX_ATTEMPTS + 1) is None


async def test_a_passing_failure_is_tried_again_and_in_the_end_dead(
    outgoing: Outgoing, caplog: pytest.LogCaptureFixture
) -> None:
    await outgoing.queue()
    outgoing.tray.error = TransientMailError("450 come back later")
    for attempt in range(1, MAX_ATTEMPTS):
        assert await outgoing.send() == 1
        message = outgoing.message
        assert (message.state, message.attempts) == ("PENDING", attempt)
        assert (message.last_error, message.lease_token) == ("450 come back later", None)
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        wait = (message.available_at - now).total_seconds()
        middle = min(3600, 15 * 2 ** (attempt - 1))
        assert middle * 0.75 - 3 <= wait <= middle * 1.25 + 1
        assert await outgoing.send() == 0
        outgoing.make_due()
    with caplog.at_level(logging.ERROR):
        assert await outgoing.send() == 1
    assert outgoing.message.state == "DEAD"
    assert "given up" in caplog.text
    outgoing.make_due()
    outgoing.tray.error = None
    assert await outgoing.send() == 0


async def test_a_message_that_its_workers_die_of_is_dead_in_the_end(outgoing: Outgoing) -> None:
    await outgoing.queue()
    for _ in range(MAX_ATTEMPTS):
        assert len(await outgoing.claim()) == 1
        outgoing.let_leases_end()
    assert await outgoing.send() == 1
    assert (outgoing.message.state, outgoing.tray.messages) == ("DEAD", [])


async def test_a_lasting_failure_is_dead_at_once(outgoing: Outgoing) -> None:
    await outgoing.queue()
    outgoing.tray.error = PermanentMailError("550 no such user")
    await outgoing.send()
    assert (outgoing.message.state, outgoing.message.last_error) == ("DEAD", "550 no such user")


@pytest.mark.parametrize(
    ("kind", "payload"), [("a_kind_of_tomorrow", {"name": "Ana"}), ("registration", {"nobody": "Ana"})]
)
async def test_what_cannot_be_composed_is_dead_at_once(
    outgoing: Outgoing, kind: str, payload: dict[str, str]
) -> None:
    await outgoing.queue(kind=kind, **payload)
    await outgoing.send()
    assert (outgoing.message.state, outgoing.message.attempts) == ("DEAD", 1)
    assert kind in outgoing.message.last_error


@pytest.mark.parametrize("broken", ["{", "[]"])
async def test_a_mistake_of_ours_keeps_no_other_message(outgoing: Outgoing, broken: str) -> None:
    await outgoing.queue(3)
    outgoing.rows("UPDATE outbox SET payload = ? WHERE dedupe_key = 'registration:0'", broken)
    assert await outgoing.send() == 3
    assert len(outgoing.tray.messages) == 2
    (kept,) = outgoing.rows("SELECT state, lease_token, last_error FROM outbox WHERE state <> 'SENT'")
    assert kept.state in ("PENDING", "DEAD")
    assert (kept.lease_token, bool(kept.last_error)) == (None, True)


async def test_what_cannot_be_marked_is_sent_all_the_same_and_keeps_its_lease(
    outgoing: Outgoing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await outgoing.queue(3)

    def down(tx: Transaction, *, messages: Sequence[tuple[int, str]]) -> list[int]:
        raise RuntimeError("down")

    monkeypatch.setattr(task, "mark_sent", down)
    assert await outgoing.send() == 3
    assert "3 sent messages could not be marked: down" in caplog.text
    assert len(outgoing.tray.messages) == 3
    assert outgoing.count("state = 'PENDING' AND lease_token IS NOT NULL") == 3
