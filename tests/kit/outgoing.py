"""Mail on its way out: messages in the outbox, and a worker that hands them to a transport."""

from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from bms.commands.messages import outbox
from bms.commands.messages.outbox import claim_messages
from bms.mail.transports import Transport
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks.outbox import send_due_messages
from tests.kit import books
from tests.kit.books import LONG_AGO
from tests.kit.tsql import Sql

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
                kind=kind,
                recipient=f"u{key}@example.com",
                dedupe_key=f"{kind}:{key}",
                payload=payload or {"name": "Ana", "username": "ana"},
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
