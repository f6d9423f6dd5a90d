"""An event in a stadium of 60,000 seats, put on sale through the API, and what people ask for there."""

import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bench.serving import Server, ask
from bms.seating.demo import stadium
from bms.seating.terms import Kind
from bms.seating.walk import Layout, seats_of

if TYPE_CHECKING:
    from bench.world import Site

PARTY = 2
LONGEST = 300.0  # seconds until its seats are written
_ACCESSIBLE = {Kind.WHEELCHAIR, Kind.COMPANION}
# Everything is free again, as if all holds had ended; the maps of the server see it as a change of seats.
_EMPTY = """
    UPDATE event_seating SET sequence = sequence + 1 WHERE event_id = {event};
    UPDATE event_seats SET state = 0, booking_id = NULL, ticket_type_id = NULL,
           changed = (SELECT sequence FROM event_seating WHERE event_id = {event})
    WHERE  event_id = {event} AND state <> 0;
    UPDATE event_categories SET free = seats WHERE event_id = {event};
    UPDATE ticket_types SET available = capacity WHERE event_id = {event};
    UPDATE bookings SET status = 'EXPIRED' WHERE event_id = {event} AND status = 'PENDING'
"""


@dataclass(frozen=True)
class Stadium:
    """An event by its id, with the ticket type of each category and the pairs of seats that people pick.

    ``seconds`` is how long its seats took to be written.
    """

    event_id: int
    types: Mapping[str, int]
    pairs: Sequence[tuple[str, Sequence[str]]]  # a category and two guids
    seconds: float

    def own_picks(self) -> list[str]:
        """Return the lines of targets of people who pick their own seats, no seat twice."""
        return [
            f'{self.event_id} {self.types[category]} "seats":{json.dumps(guids)}'
            for category, guids in self.pairs
        ]

    def best(self) -> list[str]:
        """Return those of people who take the best available."""
        return [f'{self.event_id} {kind} "quantity":{PARTY},"best":{{}}' for kind in self.types.values()]

    def halves(self) -> list[str]:
        """Return both in turn."""
        best = self.best()
        return [line for at, own in enumerate(self.own_picks()) for line in (own, best[at % len(best)])]

    def empty(self, site: "Site") -> None:
        """Free all of its seats."""
        site.rows(_EMPTY.format(event=self.event_id))


def open_stadium(server: Server, token: str, fields: Mapping[str, Any]) -> Stadium:
    """Draw, publish and pin a stadium for an event of ``fields``, and wait until its sale is open."""
    layout = stadium()
    plan = ask(server, "POST", "/seating-plans", token, {"name": "Stadium", "layout": layout})
    version = ask(server, "POST", f"/seating-plans/{plan['id']}/publish", token)
    types = [{"name": name, "price": "25.00", "capacity": 1} for name in version["categories"]]
    event = ask(server, "POST", "/events", token, {**fields, "ticket_types": types})
    ids = {kind["name"]: kind["id"] for kind in event["ticket_types"]}
    path, began = f"/events/{event['id']}/seating", time.monotonic()
    pin = {"plan": plan["id"], "categories": {name: [kind] for name, kind in ids.items()}}
    ask(server, "PUT", path, token, pin)
    while ask(server, "GET", path, token)["state"] != "OPEN":
        if time.monotonic() - began > LONGEST:
            raise TimeoutError("the seats were not written")
        time.sleep(0.2)
    seconds = time.monotonic() - began
    pairs = list(_pairs(layout))
    random.Random(1).shuffle(pairs)
    return Stadium(event["id"], ids, pairs, seconds)


def _pairs(layout: Layout) -> Iterator[tuple[str, list[str]]]:
    """Yield neighbours with an even number of seats before them, so that no pair leaves a single seat."""
    seats = list(seats_of(layout))
    for one, other in pairwise(seats):
        apart = (one.zone, one.row) != (other.zone, other.row)
        if one.seat % 2 or apart or any(_ACCESSIBLE & set(s.data.get("kind", ())) for s in (one, other)):
            continue
        yield one.data["category"], [one.data["seat_guid"], other.data["seat_guid"]]
