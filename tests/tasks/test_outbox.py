"""The outbox: messages go out once, are tried again, and are dead in the end."""

import asyncio
import dataclasses
import datetime as dt
import logging
from collections import Counter
from collections.abc import Sequence

import pytest

from bms.commands.messages.outbox import MAX_ATTEMPTS, retry_dead
from bms.http import keys
from bms.mail.transports import PermanentMailError, TransientMailError
from bms.mail.wire import to_bytes
from bms.queries.conservation import list_notes
from bms.queries.outbox import list_outbox
from bms.sql.session import Transaction
from bms.tasks import outbox as task
from bms.tasks.outbox import Senders, retry_delay
from bms.terms import Rate
from tests.kit.api import Client
from tests.kit.mail_payloads import EXAMPLES
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


async def test_a_sender_at_a_domain_in_any_script(outgoing: Outgoing) -> None:
    outgoing.settings = dataclasses.replace(outgoing.settings, mail_from="BMS <tickets@bücher.example>")
    await outgoing.queue()
    assert await outgoing.send() == 1
    (message,) = outgoing.tray.messages
    assert message["From"].addresses[0].addr_spec == "tickets@xn--bcher-kva.example"
    assert message["Message-ID"].endswith("@xn--bcher-kva.example>")
    assert to_bytes(message).isascii()


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
async def test_what_cannot_be_composed_is_tried_again(
    outgoing: Outgoing, kind: str, payload: dict[str, str]
) -> None:
    await outgoing.queue(kind=kind, **payload)
    await outgoing.send()
    assert (outgoing.message.state, outgoing.message.attempts) == ("PENDING", 1)
    assert kind in outgoing.message.last_error


@pytest.mark.parametrize("recipient", ["a@[127.0.0.1]", "nobody", "a b@example.org"])
async def test_a_recipient_that_no_mail_can_have_is_dead_at_once(outgoing: Outgoing, recipient: str) -> None:
    await outgoing.queue()
    outgoing.rows("UPDATE outbox SET recipient = ?", recipient)
    await outgoing.send()
    assert (outgoing.message.state, outgoing.message.attempts) == ("DEAD", 1)


async def test_a_sender_that_no_mail_can_have_uses_no_message_up(outgoing: Outgoing) -> None:
    await outgoing.queue()
    outgoing.settings = dataclasses.replace(outgoing.settings, mail_from="Tickets")
    await outgoing.send()
    assert outgoing.message.state == "PENDING"


def test_a_message_is_tried_for_two_days() -> None:
    seconds = sum(min(3600, 15 * 2 ** (attempt - 1)) for attempt in range(1, MAX_ATTEMPTS))
    assert 48 * 3600 < seconds < 56 * 3600


async def test_the_dead_are_listed_and_revived(outgoing: Outgoing) -> None:
    await outgoing.queue(3)
    outgoing.rows("UPDATE outbox SET state = 'DEAD', attempts = 60, last_error = '550 no' WHERE id < 3")
    outgoing.rows("UPDATE outbox SET emptied_at = SYSUTCDATETIME(), recipient = '' WHERE id = 1")
    counts, dead = await outgoing.db.read(list_outbox)
    assert [(count.state, count.kind, count.messages) for count in counts] == [
        ("DEAD", "registration", 1),
        ("PENDING", "registration", 1),
    ]
    assert [(message.id, message.attempts, message.last_error) for message in dead] == [(2, 60, "550 no")]
    assert [
        finding.rows for finding in await outgoing.db.read(list_notes) if "bms outbox" in finding.rule
    ] == [["id 2, kind registration, attempts 60"]]
    assert await outgoing.db.transact(retry_dead, limit=10) == 1
    assert await outgoing.db.transact(retry_dead, limit=10) == 0
    assert await outgoing.send() == 2
    assert outgoing.count("state = 'SENT'") == 2


async def test_what_others_cause_waits_for_its_recipients_turn(
    outgoing: Outgoing, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = dataclasses.replace(outgoing.settings, rate_mails_per_recipient=Rate(2, 60))
    await outgoing.queue(5, kind="organizer_message", **EXAMPLES["organizer_message"])
    await outgoing.queue(3, kind="refund_issued", **EXAMPLES["refund_issued"])
    outgoing.rows("UPDATE outbox SET recipient = 'one@example.com' WHERE kind = 'organizer_message'")
    outgoing.rows("UPDATE outbox SET recipient = 'ONE@example.com' WHERE id = 2")
    outgoing.rows("UPDATE outbox SET recipient = 'one@example.com' WHERE kind = 'refund_issued'")
    senders = Senders(outgoing.db, outgoing.tray, settings, counters=client.app[keys.COUNTERS])
    await senders.claim()
    await senders.finish()
    kinds = Counter(message["X-BMS-Kind"] for message in outgoing.tray.messages)
    assert kinds == {"organizer_message": 2, "refund_issued": 3}
    assert outgoing.count("state = 'PENDING' AND attempts = 0 AND lease_token IS NULL") == 3
    assert await senders.claim() == 0


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
