"""The lives that people lead at a service: they register, hold, pay, cancel, get refunds, or forget it."""

import asyncio
import contextlib
import itertools
import random
import secrets
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bench.chaos.client import Answer, Client, Log

PASSWORD = "correct horse battery"
CARDS = (
    *["4242424242424242"] * 8,
    "4000000000000002",  # declined
    "4000000000009995",  # lacks funds
    "4000000000001000",  # no answer, nothing charged
    "4000000000001018",  # charged, no answer
    "4000000000002024",  # the first refund gets no answer
    "4000000000002032",  # the first refund is made and gets no answer
)
EVENTS = 6
CAPACITY = 400


@dataclass(slots=True)
class Business:
    """One thing that somebody wanted, under one key: what was answered, by every send that was answered."""

    what: str
    who: int
    key: str
    subject: int  # the event of a hold; the booking of a payment, a cancellation or a refund
    quantity: int = 0
    answers: list[Answer] = field(default_factory=list)

    @property
    def done(self) -> Answer | None:
        """The answer that says that it was done, if there is one."""
        return next((answer for answer in self.answers if 200 <= answer.status < 300), None)


@dataclass
class World:
    """What all lives share."""

    session: aiohttp.ClientSession
    bases: list[str]
    log: Log = field(default_factory=Log)
    dice: random.Random = field(default_factory=random.Random)
    events: list[int] = field(default_factory=list)
    cancelled: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    businesses: list[Business] = field(default_factory=list)
    organizer: Client | None = None
    ends: asyncio.Event = field(default_factory=asyncio.Event)

    def client(self, token: str = "") -> Client:
        return Client(self.session, self.bases, token, self.log)


_names = itertools.count(1)


async def register(world: World, role: str = "USER") -> tuple[int, Client]:
    """Register somebody and log in; return the id and the client. Raises RuntimeError without an answer."""
    name = f"person{next(_names)}"
    account = {"name": name, "username": name, "email": f"{name}@example.com", "password": PASSWORD}
    stranger = world.client()
    made = await stranger.do("POST", "/register", {**account, "role": role})
    login = await stranger.do("POST", "/login", {"username": name, "password": PASSWORD})
    if login.status != 200:
        raise RuntimeError(f"nobody can log in: {made.status} {made.body}, {login.status} {login.body}")
    return int(login.body["user"]["id"]), world.client(login.body["access_token"])


async def prepare(world: World) -> None:
    """Put the events on sale."""
    _, world.organizer = await register(world, "EVENT_MANAGER")
    hall = {"name": "Hall", "location": "1 Quay", "capacity": 100_000}
    venue = (await world.organizer.do("POST", "/venues", hall)).body
    for number in range(EVENTS):
        event = {
            "title": f"Evening {number}",
            "starts_at": f"2099-08-{number + 1:02d}T19:30:00Z",
            "venue": venue["id"],
            # One is small enough to sell out, and one costs nothing.
            "capacity": 30 if number == 0 else CAPACITY,
            "price": "0.00" if number == 1 else "25.00",
            **({"per_user_limit": 3} if number == 2 else {}),
        }
        world.events.append(int((await world.organizer.do("POST", "/events", event)).body["id"]))


async def buy(world: World) -> None:
    """The life of a buyer, until the world ends."""
    user, client = await register(world)
    dice = random.Random(world.dice.random())
    while not world.ends.is_set():
        event = dice.choice(world.events)
        quantity = dice.randint(1, 3)
        held = await _send(
            world,
            client,
            Business("hold", user, _key(), event, quantity),
            "/bookings",
            {"event": event, "quantity": quantity},
            times=dice.choice((1, 1, 2, 3)),
        )
        if held is not None:
            await _go_on(world, client, user, dice, held)
        await asyncio.sleep(dice.uniform(0.01, 0.1))
        if dice.random() < 0.02:
            user, client = await register(world)


async def _go_on(world: World, client: Client, user: int, dice: random.Random, held: Answer) -> None:
    """What comes after a hold: it is forgotten, paid for, cancelled, or refunded."""
    booking = held.body["id"]
    if held.body["status"] == "PENDING":
        if dice.random() < 0.2:
            return
        card = {"number": dice.choice(CARDS), "expiry": "12/40", "cvv": "123", "holder": "A. Person"}
        body = {"booking_id": booking, "method": "card", "details": card}
        paying = Business("pay", user, _key(), booking)
        paid = await _send(world, client, paying, "/payments", body, times=dice.choice((1, 1, 2)))
        if paid is None:
            return
    end = dice.random()
    if end < 0.15:
        await _send(
            world, client, Business("cancel", user, _key(), booking), f"/bookings/{booking}/cancel", {}
        )
    elif end < 0.22 and held.body["status"] == "PENDING":
        await _send(
            world, client, Business("refund", user, _key(), booking), "/refunds", {"booking_id": booking}
        )


async def organize(world: World) -> None:
    """The life of an organiser, who changes events and their prices."""
    assert world.organizer is not None
    dice = random.Random(world.dice.random())
    for number in itertools.count():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(dice.uniform(0.5, 1.5)):
                await world.ends.wait()
        if world.ends.is_set():
            return
        event = dice.choice(world.events)
        change: dict[str, Any] = {"title": f"Evening {event}, take {number}"}
        await world.organizer.do("PATCH", f"/events/{event}", change)


async def cancel_an_event(world: World) -> None:
    """Cancel the event with the most buyers, for good."""
    assert world.organizer is not None
    event = world.events[-1]
    world.cancelled.add(event)
    await world.organizer.do("POST", f"/events/{event}/cancel", {})


async def move_an_event(world: World) -> None:
    """Move the event with the most buyers to another day, of which they all are told."""
    assert world.organizer is not None
    event = world.events[-1]
    await world.organizer.do("PATCH", f"/events/{event}", {"starts_at": "2099-09-01T19:30:00Z"})
    world.moved.add(event)


async def _send(
    world: World, client: Client, business: Business, path: str, body: Any, *, times: int = 1
) -> Answer | None:
    """Send a piece of business ``times`` at once under its key; return the answer if it was done."""
    world.businesses.append(business)
    business.answers += await asyncio.gather(
        *(client.do("POST", path, body, business.key) for _ in range(times))
    )
    return business.done


def _key() -> str:
    return secrets.token_hex(8)
