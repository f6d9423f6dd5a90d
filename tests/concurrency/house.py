"""An event of a shop that is sold by seat, and its guards, which a test can take away."""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from bms.commands.sales import seats
from bms.commands.sales.seats import SeatSale, current_map
from bms.queries.seats import find_seating
from bms.sql.statements import Statement
from tests.concurrency.crowd import Person
from tests.concurrency.shop import Shop
from tests.kit.api import Reply
from tests.kit.waiting import Meeting

CATEGORY = "Stalls"


@dataclass
class House:
    """An event with seats of one category, all of one ticket type."""

    shop: Shop
    organiser: Person
    event: dict[str, Any]
    kind: int
    plan: int
    layout: dict[str, Any]

    @property
    def event_id(self) -> int:
        return int(self.event["id"])

    @property
    def guids(self) -> list[str]:
        """The guids of all seats of the layout, row by row."""
        return [
            seat["seat_guid"]
            for zone in self.layout["zones"]
            for row in zone["rows"]
            for seat in row["seats"]
        ]

    def picks(self, *guids: str) -> dict[str, Any]:
        """Return the body of a booking of these seats."""
        return {"event": self.event_id, "tickets": [{"ticket_type": self.kind, "seats": list(guids)}]}

    def best(self, quantity: int) -> dict[str, Any]:
        """Return the body of a booking of the best seats there are."""
        line = {"ticket_type": self.kind, "quantity": quantity, "best": {}}
        return {"event": self.event_id, "tickets": [line]}

    async def sold(self, person: Person, *guids: str) -> dict[str, Any]:
        """Sell seats to a person, and return the booking as it is shown then."""
        held = await self.shop.post("/bookings", self.picks(*guids), person)
        assert held.status == 201, held.text
        assert (await self.shop.pay(person, held.json)).status == 201
        shown: dict[str, Any] = (await self.shop.get(f"/bookings/{held.json['id']}", person)).json
        return shown

    async def pin(self, version: int) -> Reply:
        """Seat the event by a version of its plan."""
        body = {
            "plan": self.plan,
            "version": version,
            "categories": {CATEGORY: [self.kind]},
            "orphan_rule": "off",
        }
        return await self.shop.put(f"/events/{self.event_id}/seating", body, self.organiser)

    async def publish(self, layout: dict[str, Any]) -> int:
        """Publish another version of the plan, and return its number."""
        return await _publish(self.shop, self.organiser, layout, self.plan)

    def states(self) -> dict[str, int]:
        """Return the state of each seat by its guid."""
        rows = self.shop.rows("SELECT guid, state FROM event_seats WHERE event_id = ?", self.event_id)
        return {row.guid: row.state for row in rows}

    def counted(self) -> Counter[int]:
        """Return how many seats have each state: 0 free, 1 held, 2 sold, 3 blocked."""
        return Counter(self.states().values())

    def seats_of_bookings(self) -> list[int]:
        """Return the seats that the lines of live bookings name, one named twice appearing twice."""
        lines = self.shop.rows(
            """
            SELECT bl.seats
            FROM   bookings AS b
            INNER JOIN booking_lines AS bl ON bl.booking_id = b.id
            WHERE  b.event_id = ? AND b.status IN ('PENDING', 'CONFIRMED')
            """,
            self.event_id,
        )
        return [int(no) for line in lines for no in line.seats.strip("[]").split(",") if no]


async def open_house(shop: Shop, *, rows: int, seats: int, **event: Any) -> House:
    """Put an event with so many rows and seats a row on sale, without a rule on single seats."""
    organiser = await shop.person("EVENT_MANAGER")
    section = {"name": "Stalls", "category": CATEGORY, "rows": rows, "seats_per_row": seats}
    drawn = await shop.post("/seating-plans/generate", {"sections": [section]}, organiser)
    layout = drawn.json["layout"]
    made = await shop.post("/seating-plans", {"name": "House", "layout": layout}, organiser)
    assert made.status == 201, made.text
    version = await _publish(shop, organiser, layout, made.json["id"])
    types = [{"name": "Seat", "price": "25.00", "capacity": 1}]
    on_sale = await shop.event(organiser, ticket_types=types, **event)
    house = House(shop, organiser, on_sale, on_sale["ticket_types"][0]["id"], made.json["id"], layout)
    reply = await house.pin(version)
    assert reply.status == 200, reply.text
    return house


async def _publish(shop: Shop, organiser: Person, layout: dict[str, Any], plan: int) -> int:
    await shop.put(f"/seating-plans/{plan}", {"name": "House", "layout": layout}, organiser)
    reply = await shop.post(f"/seating-plans/{plan}/publish", {}, organiser)
    assert reply.status == 201, reply.text
    return int(reply.json["version"])


def unlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two groups meet after they have read the seats: nothing of the event's row is locked."""
    both_have_read = Meeting(5)

    def begin(tx: Any, maps: Any, event_id: int) -> SeatSale:
        seating = find_seating(tx, event_id)
        assert seating is not None
        seat_map = current_map(tx, maps, event_id, seating, upto=seating.sequence)
        both_have_read()
        return SeatSale(event_id, seating, maps, seat_map)

    monkeypatch.setattr(SeatSale, "begin", begin)


def unguard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a seat be taken whatever its state is."""
    monkeypatch.setattr(seats, "TAKE", without(seats.TAKE, " AND event_seats.state = j.was", "j.was >= 0"))


@cache  # two statements of one name are refused
def without(statement: Statement[Any], guard: str, instead: str = "") -> Statement[Any]:
    """Return a statement without a part of its condition."""
    text = statement.text.replace(guard, f" AND {instead}" if instead else "")
    assert text != statement.text
    return Statement(f"test.{statement.name}", statement.declaration, text, statement.row)
