"""Mail on its way out: messages in the outbox, and a worker that hands them to a transport."""

import asyncio
from dataclasses import dataclass, field
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bms.commands.messages import announce, outbox
from bms.commands.messages.outbox import claim_messages
from bms.i18n.languages import Languages
from bms.mail.transports import Transport
from bms.security.link_tokens import LinkTokens
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks.fan_out import FanOut
from bms.tasks.outbox import send_due_messages
from tests.kit import books
from tests.kit.books import LONG_AGO
from tests.kit.tsql import Sql

LEASE = 300


def fan_out_at_once(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every unit of work that announces something return when its messages are written.

    So that a test need not wait. In life the fan-out runs beside the requests: tests/tasks/test_fan_out.py.
    """
    announced = database.watch("announcements")
    transact = database.transact
    # The fan-out's own units of work go past this.
    tokens = LinkTokens(settings.secret_key)
    fan_out = FanOut(cast(Database, SimpleNamespace(transact=transact)), Languages(), tokens)
    one_at_a_time = asyncio.Lock()

    async def transact_and_tell(*args: Any, **kwargs: Any) -> Any:
        result = await transact(*args, **kwargs)
        async with one_at_a_time:
            if announced.is_set():
                announced.clear()
                await fan_out.run()
        return result

    monkeypatch.setattr(database, "transact", transact_and_tell)
    monkeypatch.setattr(announce, "MERGE_SECONDS", 0)


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


@dataclass
class Outgoing:
    """The outbox with a test's own messages, and the tray they are sent to."""

    db: Database
    rows: Sql
    settings: Settings
    tray: Tray = field(default_factory=Tray)

    async def queue(self, number: int = 1, kind: str = "registration", **payload: Any) -> None:
        """Queue messages of one kind."""
        mails = [
            outbox.Mail(
                announcement_id=0,
                kind=kind,
                recipient=f"u{key}@example.com",
                dedupe_key=f"{kind}:{key}",
                payload=payload or {"name": "Ana", "username": "ana"},
                locale="en",
            )
            for key in range(number)
        ]
        await self.db.transact(outbox.enqueue, mails=mails)

    async def send(self, transport: Transport | None = None) -> int:
        """Send a batch as the worker does, to the tray unless another transport is given."""
        return await send_due_messages(self.db, transport or self.tray, self.settings)

    async def claim(self, limit: int = 10) -> list[Any]:
        """Claim messages as another worker does, and return them."""
        return await self.db.transact(claim_messages, limit=limit, lease_seconds=LEASE)

    @property
    def message(self) -> Any:
        """The only message, as the database has it."""
        (row,) = self.rows(
            "SELECT state, attempts, available_at, leased_until, lease_token, last_error FROM outbox"
        )
        return row

    def count(self, where: str = "1 = 1", *values: Any) -> int:
        """Return how many messages there are."""
        return books.count(self.rows, "outbox", where, *values)

    def make_due(self) -> None:
        """Let the time before the next attempt pass."""
        self.rows("UPDATE outbox SET available_at = ?", LONG_AGO)

    def let_leases_end(self) -> None:
        """Let the time of every lease pass."""
        self.rows("UPDATE outbox SET leased_until = ? WHERE leased_until IS NOT NULL", LONG_AGO)
