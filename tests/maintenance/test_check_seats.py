"""``bms check`` finds what is wrong with seats, whoever wrote it."""

import pytest

from bms.queries.conservation import check_conservation
from tests.kit.scene import Scene
from tests.kit.seats import Hall, open_hall

STALLS = {
    "name": "Stalls",
    "category": "Stalls",
    "rows": 1,
    "seats_per_row": 8,
    "wheelchair_bays": [{"row": "A", "from": 1, "count": 1}],
}
SEATS_OF_TYPES = "Of a seated ticket type as many seats are held and sold as its tickets"
COUNTS = "Every category counts what is free of it"
OF_BOOKINGS = "A live booking has as many seats as seated tickets"
OWNERS = "A held seat has a pending booking, a sold one a confirmed one"
TICKETS = "A sold seat has one valid ticket"
OF_TICKETS = "A valid ticket's seat is sold to its booking"
MAPPED = "Every category that is for sale is sold by a ticket type"
COMPANIONS = "A companion's seat belongs to a wheelchair place of its event"
STOCK = "Of every ticket type the capacity is what is available and what live bookings hold"
FREED = "state = 0, booking_id = NULL, ticket_type_id = NULL"


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    """A sold seat, a held one, and free ones, the first of which is a wheelchair place."""
    hall = await open_hall(scene, STALLS)
    await scene.pay(await hall.held(hall.guids()[2]))
    await hall.held(hall.guids()[3])
    return hall


async def broken(hall: Hall) -> set[str]:
    return {finding.rule for finding in await hall.scene.db.read(check_conservation) if finding.rows}


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ("UPDATE ticket_types SET available = available - 1", {SEATS_OF_TYPES, STOCK}),
        ("UPDATE event_categories SET free = free - 1", {COUNTS}),
        (
            f"UPDATE event_seats SET {FREED} WHERE state = 1",
            {SEATS_OF_TYPES, COUNTS, OF_BOOKINGS},
        ),
        ("UPDATE event_seats SET state = 2 WHERE state = 1", {OWNERS, TICKETS}),
        ("UPDATE event_seats SET state = 1 WHERE state = 2", {OWNERS, OF_TICKETS}),
        ("UPDATE event_seats SET booking_id = 999 WHERE state = 1", {OWNERS, OF_BOOKINGS}),
        ("UPDATE tickets SET seat_no = NULL", {TICKETS}),
        ("UPDATE tickets SET seat_no = 7", {TICKETS, OF_TICKETS}),
        ("DELETE FROM event_category_types", {MAPPED}),
        ("UPDATE event_seats SET companion_of = 999 WHERE companion_of IS NOT NULL", {COMPANIONS}),
        ("UPDATE event_seats SET kinds = 0 WHERE seat_no = 0", {COMPANIONS}),
        ("UPDATE event_seats SET companion_of = 5 WHERE seat_no = 6", {COMPANIONS}),
    ],
)
async def test_it_is_found(hall: Hall, change: str, rules: set[str]) -> None:
    assert await broken(hall) == set()
    hall.scene.rows(change)
    assert await broken(hall) == rules


async def test_companions_are_linked_when_their_place_is_sold_too(scene: Scene) -> None:
    hall = await open_hall(scene, STALLS)
    (linked,) = hall.scene.rows(
        "SELECT seat_no, companion_of FROM event_seats WHERE companion_of IS NOT NULL"
    )
    assert (linked.seat_no, linked.companion_of) == (1, 0)
