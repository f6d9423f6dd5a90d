"""A hall that is sold by seat, for tests: its plan, drawn and published, and an event that has it."""

from dataclasses import dataclass
from typing import Any

from tests.kit.api import Api, Reply
from tests.kit.scene import Scene
from tests.kit.users import User

STALLS = {"name": "Stalls", "category": "Stalls", "rows": 4, "seats_per_row": 10}
CIRCLE = {"name": "Circle", "category": "Circle", "rows": 2, "seats_per_row": 5, "first_row": "A"}


async def generate(api: Api, owner: User, *sections: dict[str, Any]) -> dict[str, Any]:
    """Return a layout that the generator makes of ``sections``."""
    reply = await api.post(
        "/seating-plans/generate", {"sections": list(sections or (STALLS, CIRCLE))}, token=owner.token
    )
    assert reply.status == 200, reply.text
    layout: dict[str, Any] = reply.json["layout"]
    return layout


async def publish(api: Api, owner: User, layout: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Store a plan, publish it, and return its version as answered."""
    made = await api.post("/seating-plans", {"name": "Hall", "layout": layout, **fields}, token=owner.token)
    assert made.status == 201, made.text
    assert made.json["faults"] == [], made.text[:2000]
    reply = await api.post(f"/seating-plans/{made.json['id']}/publish", token=owner.token)
    assert reply.status == 201, reply.text
    version: dict[str, Any] = reply.json
    return version


@dataclass
class Hall:
    """An event that is sold by seat: 40 in the stalls, 10 in the circle, unless said."""

    scene: Scene
    version: dict[str, Any]
    layout: dict[str, Any]
    types: dict[str, int]
    event_id: int

    @property
    def api(self) -> Api:
        return self.scene.api

    def guids(self, category: str = "Stalls") -> list[str]:
        """Return the guids of a category in document order."""
        return [
            seat["seat_guid"]
            for zone in self.layout["zones"]
            for row in zone["rows"]
            for seat in row["seats"]
            if seat["category"] == category
        ]

    async def book(
        self,
        *seats: str,
        type: str = "Stalls",  # noqa: A002
        by: User | None = None,
        **line: Any,
    ) -> Reply:
        """Ask for seats, or with ``quantity`` and ``best`` for the best."""
        wanted = {"ticket_type": self.types[type], **({"seats": list(seats)} if seats else {}), **line}
        body = {"event": self.event_id, "tickets": [wanted]}
        return await self.api.post("/bookings", body, token=(by or self.scene.buyer).token)

    async def held(self, *seats: str, **line: Any) -> dict[str, Any]:
        """Hold seats and return the booking as answered."""
        reply = await self.book(*seats, **line)
        assert reply.status == 201, reply.text
        booking: dict[str, Any] = reply.json
        return booking

    def states(self) -> dict[str, int]:
        """Return the state of each seat by its guid as the database has it."""
        rows = self.scene.rows("SELECT guid, state FROM event_seats WHERE event_id = ?", self.event_id)
        return {row.guid: row.state for row in rows}

    def count(self, state: int) -> int:
        """Return how many seats have a state: 0 free, 1 held, 2 sold, 3 blocked."""
        return list(self.states().values()).count(state)


async def open_hall(
    scene: Scene, *sections: dict[str, Any], orphan_rule: str = "off", price: str = "25.00", **event: Any
) -> Hall:
    """Put an event on sale by seat. Each category of the sections has a ticket type of its name."""
    layout = await generate(scene.api, scene.organiser, *sections)
    return await seat_event(scene, layout, orphan_rule=orphan_rule, price=price, **event)


async def seat_event(
    scene: Scene, layout: dict[str, Any], *, orphan_rule: str = "off", price: str = "25.00", **event: Any
) -> Hall:
    """Put an event on sale by the seats of ``layout``."""
    version = await publish(scene.api, scene.organiser, layout)
    names = list(version["categories"])
    types = [{"name": name, "price": price, "capacity": 5} for name in names]
    await scene.on_sale(ticket_types=types, status="PUBLISHED", **event)
    by_name = {kind["name"]: kind["id"] for kind in scene.event["ticket_types"]}
    body = {
        "plan": version["plan"],
        "categories": {name: [by_name[name]] for name in names},
        "orphan_rule": orphan_rule,
    }
    reply = await scene.api.put(f"/events/{scene.event['id']}/seating", body, token=scene.organiser.token)
    assert reply.status in (200, 202), reply.text
    return Hall(scene, version, layout, by_name, int(scene.event["id"]))
