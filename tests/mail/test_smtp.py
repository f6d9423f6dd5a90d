"""SMTP: messages reach a server, and its replies say whether to try again."""

import asyncio

import pytest

from bms.mail.transports import (
    PermanentMailError,
    TransientMailError,
)
from bms.mail.wire import to_bytes
from tests.kit.letters import registration, text_of, transport
from tests.kit.mailbox import LOGIN, PASSWORD, Mailbox, talking


async def test_a_message_arrives_as_it_was_sent() -> None:
    mailbox = Mailbox()
    message = registration(name="Zoë 🎸 שלום " + "long " * 300)
    async with mailbox.serving() as address:
        smtp = transport(f"smtp://{address}")
        await smtp.send(message)
        await smtp.close()
    assert mailbox.envelopes[0].mail_from == "tickets@example.org"
    assert mailbox.envelopes[0].rcpt_tos == ["ana@example.org"]
    for header in ("Subject", "From", "To", "Date", "Message-ID"):
        assert mailbox.only()[header] == message[header]
    assert text_of(mailbox.only()) == text_of(message)
    assert mailbox.envelopes[0].content == to_bytes(message)
    assert "    ..dots at the line's start\n" in text_of(mailbox.only())


async def test_several_messages_at_once() -> None:
    mailbox = Mailbox()
    async with mailbox.serving() as address:
        smtp = transport(f"smtp://{address}")
        await asyncio.gather(*(smtp.send(registration(f"u{number}@example.org")) for number in range(10)))
    assert sorted(envelope.rcpt_tos[0] for envelope in mailbox.envelopes) == [
        f"u{number}@example.org" for number in range(10)
    ]


async def test_an_international_address_needs_and_uses_smtputf8() -> None:
    message = registration("jürgen@bücher.example")
    mailbox = Mailbox()
    async with mailbox.serving() as address:
        await transport(f"smtp://{address}").send(message)
    assert mailbox.envelopes[0].rcpt_tos == ["jürgen@bücher.example"]
    assert "SMTPUTF8" in mailbox.envelopes[0].mail_options
    assert mailbox.envelopes[0].content == to_bytes(message)
    async with Mailbox().serving(enable_SMTPUTF8=False) as address:
        with pytest.raises(TransientMailError, match="SMTPUTF8"):
            await transport(f"smtp://{address}").send(message)


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ({"rcpt": "450 mailbox busy"}, TransientMailError),
        ({"rcpt": "550 no such user"}, PermanentMailError),
        ({"mail": "451 try later"}, TransientMailError),
        ({"rcpt": "551 user not local"}, PermanentMailError),
        ({"rcpt": "553 no such name"}, PermanentMailError),
        ({"rcpt": "550 5.1.1 no such user"}, PermanentMailError),
        # What speaks of us, of the message or of the server can be repaired.
        ({"rcpt": "550 5.7.1 relaying denied"}, TransientMailError),
        ({"rcpt": "553 5.1.8 bad sender"}, TransientMailError),
        ({"rcpt": "552 mailbox full"}, TransientMailError),
        ({"rcpt": "554 no"}, TransientMailError),
        ({"rcpt": "500 what"}, TransientMailError),
        ({"mail": "553 not from you"}, TransientMailError),
        ({"mail": "550 go away"}, TransientMailError),
        ({"mail": "530 log in first"}, TransientMailError),
        ({"data": "452 disk full"}, TransientMailError),
        ({"data": "554 looks like spam"}, TransientMailError),
        ({"data": "550 no"}, TransientMailError),
        ({"mail": "421 closing down"}, TransientMailError),
    ],
)
async def test_a_reply_says_whether_to_try_again(replies: dict[str, str], error: type[Exception]) -> None:
    (reply,) = replies.values()
    async with Mailbox(**replies).serving() as address:
        with pytest.raises(error, match=reply) as caught:
            await transport(f"smtp://{address}").send(registration())
    assert "\n" not in str(caught.value)


async def test_nobody_listening_is_transient() -> None:
    async with Mailbox().serving() as address:
        pass
    with pytest.raises(TransientMailError, match="connecting"):
        await transport(f"smtp://{address}").send(registration())


async def test_a_greeting_of_refusal_is_transient() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 no service here\r\n")
        await writer.drain()

    async with talking(refuse) as address:
        with pytest.raises(TransientMailError, match="554"):
            await transport(f"smtp://{address}").send(registration())


@pytest.mark.parametrize("greeting", [b"", b"220 mail.test ESMTP\r\n"])
async def test_a_server_that_hangs_is_transient(greeting: bytes) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read()

    async with talking(hang) as address:
        with pytest.raises(TransientMailError, match=r"no answer within 0\.3 s"):
            await transport(f"smtp://{address}", timeout=0.3).send(registration())


async def test_a_server_that_dribbles_is_cut_off_as_a_whole() -> None:
    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test ESMTP\r\n")
        await reader.readline()
        while not writer.is_closing():
            writer.write(b"250-more\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with talking(dribble) as address:
        with pytest.raises(TransientMailError, match="no answer within"):
            await transport(f"smtp://{address}", timeout=0.4).send(registration())


async def test_a_server_that_goes_away_is_transient() -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test ESMTP\r\n")
        await reader.readline()

    async with talking(leave) as address:
        with pytest.raises(TransientMailError):
            await transport(f"smtp://{address}").send(registration())


async def test_what_was_accepted_is_delivered_whatever_happens_at_quit() -> None:
    mailbox = Mailbox(quit="500 what?")
    async with mailbox.serving() as address:
        await transport(f"smtp://{address}").send(registration())
    assert len(mailbox.envelopes) == 1


async def test_login() -> None:
    mailbox = Mailbox()
    options = {"authenticator": mailbox.authenticate, "auth_require_tls": False}
    async with mailbox.serving(**options) as address:
        await transport(f"smtp://{LOGIN}@{address}").send(registration())
    assert mailbox.logins == [f"post@bms {PASSWORD}"]
    assert len(mailbox.envelopes) == 1


async def test_a_refused_login_can_be_tried_again_and_tells_no_password() -> None:
    mailbox = Mailbox()
    options = {"authenticator": mailbox.authenticate, "auth_require_tls": False}
    async with mailbox.serving(**options) as address:
        with pytest.raises(TransientMailError, match="535") as caught:
            await transport(f"smtp://post%40bms:wr0ng-secret@{address}").send(registration())
    assert mailbox.envelopes == []
    assert "wr0ng-secret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_login_that_the_server_does_not_offer_is_transient() -> None:
    mailbox = Mailbox()
    async with mailbox.serving(auth_require_tls=True) as address:
        with pytest.raises(TransientMailError, match="AUTH"):
            await transport(f"smtp://post:secret@{address}").send(registration())
    assert mailbox.envelopes == []
