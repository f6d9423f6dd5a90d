"""A sale as a test sees it: an event, its organiser, a buyer, and what passes between them."""

from dataclasses import dataclass
from typing import Any

from bms.payments.simulated.gateway import SimulatedGateway
from bms.sql.database import Database
from tests.kit import books
from tests.kit.api import Api, Reply
from tests.kit.cards import CARD
from tests.kit.tsql import Sql
from tests.kit.types import Make, MakeUser, Pay
from tests.kit.users import User


@dataclass
class Scene:
    """An event on sale (25.00 EUR, 100 tickets), its organiser and a buyer.

    Its methods act through the API, as the buyer and on the event unless another is named.
    """

    api: Api
    db: Database
    rows: Sql
    gateway: SimulatedGateway
    organiser: User
    buyer: User
    event: dict[str, Any]
    make_user: MakeUser
    make_event: Make
    hold: Make
    pay_for: Pay

    async def on_sale(self, **fields: Any) -> dict[str, Any]:
        """Put another event on sale, the scene's from now on, and return it as answered."""
        self.event = await self.make_event(**fields)
        return self.event

    async def held(
        self, quantity: int = 1, *, event: dict[str, Any] | None = None, by: User | None = None
    ) -> dict[str, Any]:
        """Hold tickets and return the booking as answered."""
        return await self.hold(by or self.buyer, event or self.event, quantity)

    async def paid(
        self,
        quantity: int = 1,
        number: str = CARD["number"],
        *,
        event: dict[str, Any] | None = None,
        by: User | None = None,
    ) -> dict[str, Any]:
        """Hold tickets, pay for them, and return the booking with its ``payment`` as answered."""
        booking = await self.held(quantity, event=event, by=by)
        reply = await self.pay(booking, number, by=by)
        assert reply.status == 201, reply.text
        return {**booking, "payment": reply.json}

    async def pay(
        self, booking: dict[str, Any], number: str = CARD["number"], *, by: User | None = None, **options: Any
    ) -> Reply:
        """Pay for a booking by a test card. ``options`` are those of ``Api.request``."""
        return await self.pay_for(by or self.buyer, booking, number, **options)

    async def cancel(self, booking: dict[str, Any], *, by: User | None = None) -> Reply:
        """Cancel a booking."""
        return await self.api.delete(f"/bookings/{booking['id']}", token=(by or self.buyer).token)

    async def shown(self, booking: dict[str, Any], *, by: User | None = None) -> dict[str, Any]:
        """Return a booking as the API shows it."""
        reply = await self.api.get(f"/bookings/{booking['id']}", token=(by or self.buyer).token)
        assert reply.status == 200, reply.text
        shown: dict[str, Any] = reply.json
        return shown

    def status(self, booking: dict[str, Any]) -> str:
        """Return the status of a booking as the database has it."""
        return books.status_of(self.rows, booking)

    def available(self, event: dict[str, Any] | None = None) -> int:
        """Return how many tickets of the event are free."""
        return books.available(self.rows, event or self.event)

    def count(self, table: str, where: str = "1 = 1", *values: Any) -> int:
        """Return how many rows of ``table`` there are."""
        return books.count(self.rows, table, where, *values)

    def let_hold_pass(self, booking: dict[str, Any]) -> None:
        """Put a hold's deadline in the past; nothing has swept it yet."""
        books.let_hold_pass(self.rows, booking)

    async def balanced(self) -> None:
        """Check that nothing is lost or sold twice, and every rule of ``bms check``."""
        await books.assert_balanced(self.db, self.rows)

    async def check(self) -> None:
        """Check every rule of conservation, and the payments against the gateway's own books."""
        await books.assert_settled(self.db, self.rows, self.gateway)
