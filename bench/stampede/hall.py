"""A hall that is sold by seat, and people who pick seats that they saw free."""

import base64
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.serving import Server, ask
from bench.world import post
from bms.seating.availability import unpack
from bms.seating.terms import SeatState

ROW = 25  # seats at the most
TRIES = 20


@dataclass(frozen=True)
class Hall:
    """The seats of an event, all of one ticket type: the guids of each row, in the order of their numbers."""

    ticket_type_id: int
    rows: Sequence[Sequence[str]]

    def pick(self, seen: Mapping[str, Any], quantity: int, draw: random.Random) -> list[str]:
        """Return neighbours that were free in ``seen``, an availability, or [] if none are found soon."""
        states = unpack(base64.b64decode(seen["states"]), seen["seats"])
        starts = [sum(map(len, self.rows[:at])) for at in range(len(self.rows))]
        for _ in range(TRIES):
            at = draw.randrange(len(self.rows))
            row, start = self.rows[at], starts[at]
            if len(row) < quantity:
                continue
            first = draw.randrange(len(row) - quantity + 1)
            places = range(start + first, start + first + quantity)
            if all(states[no] == SeatState.FREE for no in places):
                return list(row[first : first + quantity])
        return []


def open_hall(server: Server, token: str, event_id: int, seats: int) -> Hall:
    """Seat an event by a plan of ``seats``, all of its one ticket type. All are sold, so singles may be."""
    per_row = next(size for size in range(min(ROW, seats), 0, -1) if seats % size == 0)
    section = {"name": "Hall", "category": "Hall", "rows": seats // per_row, "seats_per_row": per_row}
    layout = post(server, "/seating-plans/generate", token, {"sections": [section]})["layout"]
    plan = post(server, "/seating-plans", token, {"name": "Hall", "layout": layout})
    post(server, f"/seating-plans/{plan['id']}/publish", token, {})
    (kind,) = ask(server, "GET", f"/events/{event_id}", token)["ticket_types"]
    pin = {"plan": plan["id"], "categories": {"Hall": [kind["id"]]}, "orphan_rule": "off"}
    ask(server, "PUT", f"/events/{event_id}/seating", token, pin)
    rows = [[seat["seat_guid"] for seat in row["seats"]] for zone in layout["zones"] for row in zone["rows"]]
    return Hall(kind["id"], rows)
