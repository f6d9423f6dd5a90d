"""Many buyers at once: accounts made in bulk, and their requests over real sockets."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import aiohttp

from bms.checkout.turnstile import Turnstile
from bms.commands.accounts import registration, sessions
from bms.security.tokens import Tokens
from bms.sql.database import Database
from bms.sql.session import Transaction

_numbers = itertools.count(1)


class Person(NamedTuple):
    """An account and an access token of it."""

    id: int
    token: str


def let_race(turnstile: Turnstile, *, group: int = 1, lanes: int = 8) -> None:
    """Have ``lanes`` transactions of ``group`` buyers run at a time, for one event too, as many processes."""
    turnstile.group = group
    turnstile.lanes.most = turnstile.lanes_an_event = lanes
    turnstile.lanes.late_after = 0


async def make_crowd(db: Database, tokens: Tokens, size: int, role: str = "USER") -> list[Person]:
    """Return ``size`` new accounts, none of which has an address or a password."""
    return [
        Person(user_id, tokens.access(user_id=user_id, session_id=session_id))
        for user_id, session_id in await db.transact(_insert, size=size, role=role)
    ]


def _insert(tx: Transaction, *, size: int, role: str) -> list[tuple[int, int]]:
    made = []
    for _ in range(size):
        name = f"crowd{next(_numbers)}"
        user = tx.only(
            registration.INSERT,
            name=name,
            username=name,
            username_folded=name,
            email=None,
            email_folded=None,
            password_hash="!",
            locale=None,
            is_confirmed=False,
            role=role,
        )
        session_id = tx.value(
            sessions.INSERT,
            user_id=user.id,
            refresh_hash=name,
            seconds=600,
            device=None,
            address=None,
            network=None,
        )
        made.append((user.id, session_id))
    return made


async def book_all(
    bases: Sequence[str], crowd: Sequence[Person], body: dict[str, Any]
) -> Counter[tuple[int, str | None]]:
    """Let everybody in the crowd book at once, in turn at each of the servers ``bases``.

    Returns how often which status and problem code was answered.
    """
    start = asyncio.Event()
    # No limit: every buyer has a connection of their own.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:

        async def book(base: str, person: Person) -> tuple[int, str | None]:
            await start.wait()
            headers = {"Authorization": f"Bearer {person.token}"}
            async with client.post(f"{base}/bookings", json=body, headers=headers) as reply:
                answered = await reply.json(content_type=None)
                return reply.status, answered.get("code")

        buyers = [
            asyncio.create_task(book(base, person))
            for base, person in zip(itertools.cycle(bases), crowd, strict=False)
        ]
        await asyncio.sleep(0)
        start.set()
        return Counter(await asyncio.gather(*buyers))
