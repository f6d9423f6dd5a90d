"""A shop: a database, and the servers that sell from it, asked over real HTTP."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from bms.maintenance.jobs import check
from bms.payments.simulated.gateway import SimulatedGateway
from bms.resources import make_database
from bms.security.tokens import Tokens
from bms.settings import Settings
from bms.sql.database import Database
from tests.concurrency.crowd import Person, make_crowd
from tests.kit import contract
from tests.kit.api import Reply
from tests.kit.books import assert_agreed, assert_conserved
from tests.kit.cards import CARD
from tests.kit.tsql import Sql

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Premises:
    """Where a shop is: the base URLs of its servers, the URL of their database, and their settings."""

    bases: Sequence[str]
    database_url: str
    settings: Settings


class Shop:
    """Asks the servers of ``premises`` in turn, each request on a connection that no other one uses."""

    def __init__(self, premises: Premises, client: aiohttp.ClientSession, db: Database, rows: Sql) -> None:
        self.premises = premises
        self.rows = rows
        self._client = client
        self._db = db
        self._turns = itertools.cycle(premises.bases)
        self._tokens = Tokens(premises.settings.secret_key, access_seconds=600, refresh_seconds=600)
        self.gateway = SimulatedGateway(premises.settings.data_dir / "gateway.sqlite3")

    async def people(self, size: int, role: str = "USER") -> list[Person]:
        """Return ``size`` new accounts."""
        return await make_crowd(self._db, self._tokens, size, role)

    async def person(self, role: str = "USER") -> Person:
        (one,) = await self.people(1, role)
        return one

    async def event(self, organizer: Person | None = None, **fields: Any) -> dict[str, Any]:
        """Put an event on sale (25.00 EUR, 100 tickets unless said) and return it as answered."""
        organizer = organizer or await self.person("EVENT_MANAGER")
        number = next(_numbers)
        hall = {"name": f"Hall {number}", "location": "1 Main Street", "capacity": 1000}
        venue = (await self.post("/venues", hall, organizer)).json
        body = {"title": f"Rush {number}", "starts_at": "2099-08-01T19:30:00Z", "venue": venue["id"]}
        if "ticket_types" not in fields:
            body |= {"capacity": 100, "price": "25.00"}
        reply = await self.post("/events", body | fields, organizer)
        assert reply.status == 201, reply.text
        made: dict[str, Any] = reply.json
        return made

    async def get(self, path: str, person: Person | None = None) -> Reply:
        return await self._ask("GET", path, person)

    async def post(
        self, path: str, body: dict[str, Any], person: Person | None = None, key: str | None = None
    ) -> Reply:
        return await self._ask("POST", path, person, body, key)

    async def put(self, path: str, body: dict[str, Any], person: Person) -> Reply:
        return await self._ask("PUT", path, person, body)

    async def patch(self, path: str, body: dict[str, Any], person: Person) -> Reply:
        return await self._ask("PATCH", path, person, body)

    async def hold(self, person: Person, event: dict[str, Any], quantity: int = 1) -> dict[str, Any]:
        """Hold tickets and return the booking as answered."""
        reply = await self.post("/bookings", {"event": event["id"], "quantity": quantity}, person)
        assert reply.status == 201, reply.text
        held: dict[str, Any] = reply.json
        return held

    async def pay(
        self,
        person: Person,
        booking: dict[str, Any],
        *,
        number: str = CARD["number"],
        key: str | None = None,
    ) -> Reply:
        """Pay for a booking by a test card."""
        body = {"booking_id": booking["id"], "method": "card", "details": {**CARD, "number": number}}
        return await self.post("/payments", body, person, key)

    async def cancel(self, person: Person, booking: dict[str, Any]) -> Reply:
        return await self.post(f"/bookings/{booking['id']}/cancel", {}, person)

    async def check(self) -> None:
        """Check what ``bms check`` checks, and the payments against the gateway's own books, to the cent."""
        assert_conserved(self.rows)
        findings, _ = await check(self.premises.settings, self.premises.database_url)
        broken = [finding for finding in findings if finding.rows]
        assert not broken, str(broken)
        await assert_agreed(self.rows, self.gateway)

    async def _ask(
        self,
        method: str,
        path: str,
        person: Person | None,
        body: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> Reply:
        headers = {} if person is None else {"Authorization": f"Bearer {person.token}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        url = next(self._turns) + path
        async with self._client.request(method, url, json=body, headers=headers) as response:
            reply = Reply(response.status, await response.text(), response.headers)
            contract.check(method, path, reply.status, reply.headers, reply.text)
            return reply


@contextlib.asynccontextmanager
async def open_shop(premises: Premises) -> AsyncIterator[Shop]:
    """Yield the shop at ``premises``."""
    db, rows = make_database(premises.settings, premises.database_url), Sql(premises.database_url)
    await db.open()
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
            yield Shop(premises, client, db, rows)
    finally:
        rows.close()
        await db.close()
