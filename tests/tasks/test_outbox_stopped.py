"""Senders that are asked to stop while a mail server hangs: what cannot have arrived is given back."""

import asyncio
from pathlib import Path

import pytest

from bms.mail import transports
from bms.mail.transports import transport_from_url
from bms.tasks.outbox import Senders
from tests.kit.mailbox import Mailbox, Talk, talking
from tests.kit.outgoing import Outgoing
from tests.kit.waiting import until

GREETING = b"220 mail.test\r\n"


def hanging_at(word: bytes, reached: asyncio.Event, *, and_then: asyncio.Event | None = None) -> Talk:
    """Talk SMTP up to the command ``word`` (b"" for the greeting), and answer it when ``and_then`` is set."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def stand_still() -> None:
            reached.set()
            if and_then is None:
                await reader.read()  # until the client goes
            else:
                await and_then.wait()

        if word == b"":
            await stand_still()
            return
        writer.write(GREETING)
        text = False
        while line := await reader.readline():
            if text and line != b".\r\n":
                continue
            if line.upper().startswith(word) or (text and word == b"."):
                await stand_still()
                if and_then is None:
                    return
            if text:
                text = False
                writer.write(b"250 accepted\r\n")
            elif line.upper().startswith(b"DATA"):
                text = True
                writer.write(b"354 go on\r\n")
            else:
                writer.write(b"250 OK\r\n")

    return talk


async def stop_at(outgoing: Outgoing, talk: Talk, reached: asyncio.Event, tmp_path: Path) -> None:
    """Send what is queued, and stop once the server hangs."""
    stopping = asyncio.Event()
    async with talking(talk) as address:
        transport = transport_from_url(f"smtp://{address}", tmp_path)
        senders = Senders(outgoing.db, transport, outgoing.settings)
        running = asyncio.create_task(senders.run(stopping))
        await reached.wait()
        stopping.set()
        async with asyncio.timeout(20):
            await running
        await transport.close()


@pytest.mark.parametrize("word", [b"", b"EHLO", b"MAIL", b"RCPT"])
async def test_what_has_not_begun_is_given_back(outgoing: Outgoing, tmp_path: Path, word: bytes) -> None:
    await outgoing.queue()
    reached = asyncio.Event()
    await stop_at(outgoing, hanging_at(word, reached), reached, tmp_path)
    message = outgoing.message
    assert (message.state, message.attempts, message.leased_until) == ("PENDING", 0, None)
    # The next process sends it at once.
    mailbox = Mailbox()
    async with mailbox.serving() as address:
        transport = transport_from_url(f"smtp://{address}", tmp_path)
        assert await outgoing.send(transport) == 1
        await transport.close()
    assert outgoing.message.state == "SENT"
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize("word", [b"DATA", b"."])
async def test_what_may_have_arrived_is_waited_for_a_moment(
    outgoing: Outgoing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: bytes
) -> None:
    """It is tried again later, and not given back: that would send it twice for certain."""
    monkeypatch.setattr(transports, "LAST_SECONDS", 0.1)
    await outgoing.queue()
    reached = asyncio.Event()
    await stop_at(outgoing, hanging_at(word, reached), reached, tmp_path)
    message = outgoing.message
    assert (message.state, message.attempts, message.leased_until) == ("PENDING", 1, None)
    assert "when the sender was stopped" in message.last_error
    assert await outgoing.claim() == []


async def test_what_arrives_within_that_moment_is_sent(outgoing: Outgoing, tmp_path: Path) -> None:
    await outgoing.queue()
    reached, go_on = asyncio.Event(), asyncio.Event()
    stopping = asyncio.Event()
    async with talking(hanging_at(b".", reached, and_then=go_on)) as address:
        transport = transport_from_url(f"smtp://{address}", tmp_path)
        running = asyncio.create_task(Senders(outgoing.db, transport, outgoing.settings).run(stopping))
        await reached.wait()
        stopping.set()
        await asyncio.sleep(0)
        go_on.set()
        await running
        await transport.close()
    assert outgoing.message.state == "SENT"


async def test_a_message_to_a_file_is_given_back_or_written(outgoing: Outgoing, tmp_path: Path) -> None:
    """A repeat replaces its file, so either is well."""
    await outgoing.queue(5)
    stopping = asyncio.Event()
    senders = Senders(outgoing.db, transport_from_url(None, tmp_path / "mail"), outgoing.settings)
    running = asyncio.create_task(senders.run(stopping))
    await until(lambda: outgoing.count("attempts > 0") > 0)
    stopping.set()
    await running
    assert outgoing.count("lease_token IS NOT NULL") == 0
    await outgoing.send(transport_from_url(None, tmp_path / "mail"))
    assert outgoing.count("state = 'SENT'") == 5
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 5
