"""Which seats of an event are free, on the process's map, and what to suggest. Holds nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bms.commands.sales.pricing import Wanted, price
from bms.commands.sales.seats import OpenSeats, SeatSale, check_released, current_map
from bms.errors import NotFound, NotOnSale
from bms.queries.for_sale import ForSale, list_for_sale
from bms.queries.seats import Seating, find_seating
from bms.seating.chart import Seat
from bms.seating.maps import SeatMaps
from bms.seating.seat_map import SeatMap
from bms.sql.session import Transaction
from bms.terms import EventStatus


@dataclass(frozen=True, slots=True)
class LiveSeats:
    """The seats of an event as they were when they were read last."""

    seating: Seating
    seat_map: SeatMap
    offered: ForSale

    @property
    def is_draft(self) -> bool:
        return self.offered.event.status == EventStatus.DRAFT

    def lowest_prices(self) -> Mapping[int, Decimal]:
        """Return the lowest price of each category by its number."""
        lowest: dict[int, Decimal] = {}
        for kind, numbers in self.seating.types.items():
            for number in numbers:
                asked = self.offered.types[kind].price
                lowest[number] = min(lowest.get(number, asked), asked)
        return lowest


def read_seats(tx: Transaction, *, event_id: int, maps: SeatMaps) -> LiveSeats:
    """Return the seats of an event. Raises NotFound without a seating, NotOnSale while it is prepared, and
    ChartNeeded.
    """
    seating = find_seating(tx, event_id)
    if seating is None:
        raise NotFound("The event has no seating")
    if seating.state != "OPEN":
        raise NotOnSale("The seats are being prepared; try again in a moment")
    # Read before the seats: what commits in between is read again next time.
    seat_map = current_map(tx, maps, event_id, seating, upto=seating.sequence)
    offered = list_for_sale(tx, event_ids=[event_id])[event_id]
    return LiveSeats(seating, seat_map, offered)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Seats for each line by ticket type, and how well they fit: None where the buyer picked them."""

    lines: Mapping[int, Sequence[Seat]]
    fit: str | None


def suggest_seats(tx: Transaction, *, event_id: int, wanted: Sequence[Wanted], maps: SeatMaps) -> Suggestion:
    """Return seats that a booking of ``wanted`` would be given now. Raises as a hold does."""
    live = read_seats(tx, event_id=event_id, maps=maps)
    price(live.offered, wanted)
    check_released(event_id, live.seating, live.seat_map)
    sale = SeatSale(event_id, live.seating, maps, live.seat_map)
    with live.seat_map.trial() as trial:
        given = OpenSeats(None, sale, trial).choose(wanted, live.offered)
        if given is None:
            raise NotFound("These tickets have no seats")
        chart = live.seat_map.chart
        return Suggestion({kind: chart.seats(numbers) for kind, numbers in given.seats.items()}, given.fit)
