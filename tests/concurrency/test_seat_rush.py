"""Two thousand buyers for a thousand seats, at two servers: exactly a thousand are sold, none twice."""

import asyncio
import random
from collections import Counter

import pytest

from tests.concurrency.crowd import Person
from tests.concurrency.house import House, open_house, unguard, unlock
from tests.concurrency.shop import Shop

AT_A_TIME = 60
# What buyers do with the seats that they hold, of twenty.
MANNERS = ["pay"] * 12 + ["let go"] * 3 + ["pay late"] * 2 + ["cancel"] * 2 + ["forget"]


class Rush:
    """Buyers who come in turn, some of them with seats in mind."""

    def __init__(self, house: House, seed: int = 1) -> None:
        self.house, self.shop = house, house.shop
        self._random = random.Random(seed)
        self._room = asyncio.Semaphore(AT_A_TIME)
        self.codes: Counter[str] = Counter()

    async def of(self, people: list[Person]) -> None:
        """Let all of these people try once."""
        await asyncio.gather(*(self._visit(at, person) for at, person in enumerate(people)))

    async def _visit(self, at: int, person: Person) -> None:
        size, manner = self._random.choice([1, 1, 2, 2, 3, 4]), self._random.choice(MANNERS)
        guids = self.house.guids
        first = self._random.randrange(len(guids) - size)
        async with self._room:
            body = self.house.picks(*guids[first : first + size]) if at % 2 else self.house.best(size)
            reply = await self.shop.post("/bookings", body, person)
            if reply.status != 201:
                self.codes[reply.json["code"]] += 1
                return
            await getattr(self, f"_{manner.replace(' ', '_')}")(person, reply.json)

    async def _pay(self, person: Person, booking: dict[str, int]) -> None:
        assert (await self.shop.pay(person, booking)).status == 201

    async def _let_go(self, person: Person, booking: dict[str, int]) -> None:
        assert (await self.shop.cancel(person, booking)).status == 200

    async def _cancel(self, person: Person, booking: dict[str, int]) -> None:
        await self._pay(person, booking)
        assert (await self.shop.cancel(person, booking)).status == 200

    async def _forget(self, person: Person, booking: dict[str, int]) -> None:
        """Somebody's hold runs out; the servers' own background tasks end it."""
        self.shop.rows("UPDATE bookings SET hold_expires_at = created_at WHERE id = ?", booking["id"])

    async def _pay_late(self, person: Person, booking: dict[str, int]) -> None:
        await self._forget(person, booking)
        reply = await self.shop.pay(person, booking)
        assert reply.status in (201, 409), reply.text

    async def until_sold_out(self, people: list[Person]) -> None:
        """Let people buy what is left until nothing is free or held; where it is single seats, one each."""
        for person in people:
            counted = self.house.counted()
            if counted[0] == counted[1] == 0:
                return
            for quantity in (min(4, max(1, counted[0])), 1):
                held = await self.shop.post("/bookings", self.house.best(quantity), person)
                if held.status == 201:
                    await self._pay(person, held.json)
                    break
            else:
                await asyncio.sleep(0.1)  # others hold what is left, until their holds run out
        raise AssertionError(f"{self.house.counted()} after all")


@pytest.mark.slow
async def test_two_thousand_buyers_for_a_thousand_seats(shop: Shop) -> None:
    house = await open_house(shop, rows=40, seats=25)
    rush = Rush(house)
    await rush.of(await shop.people(2000))
    await rush.until_sold_out(await shop.people(600))
    assert house.counted() == {2: 1000}
    seats = house.seats_of_bookings()
    assert len(seats) == len(set(seats)) == 1000
    valid = shop.rows("SELECT seat_no FROM tickets WHERE event_id = ? AND status = 'VALID'", house.event_id)
    assert sorted(row.seat_no for row in valid) == sorted(seats)
    assert set(rush.codes) <= {"seats_taken", "no_block", "sold_out"}
    await shop.check()


async def test_a_small_rush_comes_out_exact_too(shop: Shop) -> None:
    house = await open_house(shop, rows=4, seats=10)
    rush = Rush(house, seed=2)
    await rush.of(await shop.people(60))
    await rush.until_sold_out(await shop.people(60))
    assert house.counted() == {2: 40}
    seats = house.seats_of_bookings()
    assert len(seats) == len(set(seats)) == 40
    await shop.check()


async def test_without_its_guards_the_rush_sells_seats_twice(
    own_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin."""
    house = await open_house(own_shop, rows=4, seats=10)
    await own_shop.get(f"/events/{house.event_id}/seating/availability")
    unlock(monkeypatch)
    unguard(monkeypatch)
    people = await own_shop.people(12)
    bodies = [house.best(3) if at % 2 else house.picks(house.guids[5]) for at in range(12)]
    await asyncio.gather(
        *(own_shop.post("/bookings", body, person) for body, person in zip(bodies, people, strict=True))
    )
    seats = house.seats_of_bookings()
    assert len(seats) > len(set(seats))
