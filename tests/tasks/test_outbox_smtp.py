"""Mail that reaches a real SMTP server."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from bms.app import create_app
from bms.mail.messages import message_id
from bms.mail.transports import transport_from_url
from bms.settings import Settings
from tests.kit.api import Api
from tests.kit.cards import CARD
from tests.kit.letters import text_of
from tests.kit.mailbox import Mailbox
from tests.kit.outgoing import Outgoing
from tests.kit.users import PASSWORD, User
from tests.kit.waiting import until


async def test_a_server_that_is_down_and_comes_up_again(outgoing: Outgoing, tmp_path: Path) -> None:
    mailbox = Mailbox()
    async with mailbox.serving() as address:
        pass
    smtp = transport_from_url(f"smtp://{address}", tmp_path)
    await outgoing.queue()
    await outgoing.send(smtp)
    assert (outgoing.message.state, mailbox.messages) == ("PENDING", [])
    async with mailbox.serving(address):
        outgoing.make_due()
        mailbox.replies["rcpt"] = "450 greylisted"
        await outgoing.send(smtp)
        assert "greylisted" in outgoing.message.last_error
        outgoing.make_due()
        mailbox.replies.clear()
        await outgoing.send(smtp)
    await smtp.close()
    assert outgoing.message.state == "SENT"
    assert len(mailbox.messages) == 1


@contextlib.asynccontextmanager
async def served(settings: Settings, database_url: str, address: str) -> AsyncIterator[TestClient]:
    """The whole application with its background tasks, which send to an SMTP server."""
    with_mail = replace(
        settings,
        smtp_url=f"smtp://{address}",
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
    async with mailbox.serving() as address, served(settings, database_url, address) as client:
        api = Api(client)
        assert (await api.post("/register", account)).status == 201
        token = (await api.post("/login", {"username": "zoe", "password": PASSWORD})).json["access_token"]
        held = await api.post("/bookings", {"event": event["id"], "quantity": 2}, token=token)
        payment = {"booking_id": held.json["id"], "method": "card", "details": CARD}
        assert (await api.post("/payments", payment, token=token)).status == 201
        booking = (await api.get(f"/bookings/{held.json['id']}", token=token)).json
        await until(lambda: bool(mailbox.of_kind("booking_confirmed")))
        await asyncio.sleep(0.3)
    to_zoe = [message for message in mailbox.messages if message["To"] == "zoe@example.com"]
    assert sorted(message["X-BMS-Kind"] for message in to_zoe) == [
        "address_confirmation",
        "booking_confirmed",
    ]
    (tickets,) = mailbox.of_kind("booking_confirmed")
    assert tickets["From"] == "BMS Tickets <tickets@bms.test>"
    assert tickets["Subject"] == f"Your tickets for Café ☕ concert ({booking['reference']})"
    assert tickets["Message-ID"].strip() == message_id(f"booking_confirmed:{booking['id']}", "bms.test")
    (proof,) = [message for message in to_zoe if message["X-BMS-Kind"] == "address_confirmation"]
    link = re.search(r"http://127\.0\.0\.1:8080/confirm/(\S{43})\n", text_of(proof))
    assert link is not None
    assert "Zoë" not in text_of(proof)
    assert tickets.get_content_type() == "multipart/alternative"
    for subtype in ("plain", "html"):
        part = tickets.get_body((subtype,))
        assert part is not None
        content = part.get_content()
        assert "50.00" in content
        for ticket in booking["tickets"]:
            assert ticket["code"] in content
