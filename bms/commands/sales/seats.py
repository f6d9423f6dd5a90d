"""The seats that a group of buyers is given: judged on the process's map, taken by guarded UPDATEs.

Seats of an event change only under its ``event_seating`` row. So nobody changes them between the map's being
brought up to date and the UPDATE. The map changes by what is read back alone: should this transaction be
rolled back, the map has not counted on it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bms.commands.sales.pricing import Quote, Wanted
from bms.errors import BMSError, Contested, NoBlock, NotOnSale, SoldOut, ValidationFailed
from bms.queries.bookings import BookingLine
from bms.queries.for_sale import ForSale
from bms.queries.seats import LIST_CHANGED, LIST_STATES, Seating, SeatRow, find_seating
from bms.seating.asks import Ask, Best, Found
from bms.seating.lines import find_for_lines
from bms.seating.maps import PlanVersion, ReleaseDue, SeatMaps
from bms.seating.orphans import OrphanRule
from bms.seating.picks import Picks, judge_picks
from bms.seating.seat_map import SeatMap, Trial
from bms.seating.terms import MAX_PICKED, SeatState
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_batches, json_rows

READ_AT_ONCE = 5000

LOCK_OPEN = Statement(
    "event_seating.lock_open",
    "@event_id BIGINT",
    """
    UPDATE event_seating WITH (ROWLOCK, UPDLOCK)
    SET    sequence = sequence + 1
    WHERE  event_id = @event_id AND state = 'OPEN'
    """,
)

# The range holds every seat. It has PostgreSQL expect few rows of the JSON, so that it looks each seat up by
# the primary key. It would else read all seats of an event whose rows are so new that it has no statistics
# of them: 36 ms for 60,000.
TAKE = Statement(
    "event_seats.take",
    "@event_id BIGINT, @sequence BIGINT, @seats NVARCHAR(MAX)",
    """
    UPDATE event_seats WITH (ROWLOCK)
    SET    state = j.state, booking_id = j.booking_id, ticket_type_id = j.ticket_type_id,
           changed = @sequence, block_reason = NULL
    FROM   OPENJSON(@seats) WITH (seat_no INT, was INT, state SMALLINT, booking_id BIGINT,
                                  ticket_type_id BIGINT) AS j
    WHERE  event_seats.event_id = @event_id AND event_seats.seat_no = j.seat_no AND event_seats.state = j.was
      AND  j.seat_no BETWEEN 0 AND 2147483647
    """,
)

COUNT_FREE = Statement(
    "event_categories.count_free",
    "@event_id BIGINT, @changes NVARCHAR(MAX)",
    """
    UPDATE event_categories WITH (ROWLOCK)
    SET    free = event_categories.free + j.freed
    FROM   OPENJSON(@changes) WITH (category_no INT, freed INT) AS j
    WHERE  event_categories.event_id = @event_id AND event_categories.category_no = j.category_no
      AND  event_categories.free + j.freed >= 0
    """,
)


class Picked(NamedTuple):
    """What a line asks for: its ticket type and number, and either seats by guid or how to find the best.

    ``pointer`` is that of the line in the request.
    """

    ticket_type_id: int
    quantity: int
    seats: Sequence[str]
    best: Best | None
    pointer: str


@dataclass(slots=True)
class Given:
    """The seats of a booking by ticket type, none for people who stand; and how many stand, by category.

    ``fit`` says how well the best seats fit, None where the buyer picked all.
    """

    seats: dict[int, tuple[int, ...]] = field(default_factory=dict)
    standing: dict[int, int] = field(default_factory=dict)
    fit: str | None = None

    def quote(self, quote: Quote) -> Quote:
        """Return ``quote`` with the seats in its lines."""
        # By position: ``_replace`` takes three times as long.
        lines = [BookingLine(*line[:-1], self.seats.get(line.ticket_type_id)) for line in quote.lines]
        return Quote(lines, quote.quantity, quote.total, quote.currency)


class Taking(NamedTuple):
    """What a booking takes: ``state`` is that of its seats."""

    booking_id: int
    given: Given
    state: SeatState


def current_map(tx: Transaction, maps: SeatMaps, event_id: int, seating: Seating, *, upto: int) -> SeatMap:
    """Return the map of an event, true up to the change ``upto``. Raises ChartNeeded."""
    version = PlanVersion(seating.plan_id, seating.version)
    released = seating.released_at is not None
    found = maps.find(event_id, version, seating.opened)
    if found is None:
        chart = maps.chart(version)
        found = SeatMap(chart, _states(tx, event_id, chart.next_no), sequence=upto, released=released)
        _prepare(found, seating)
        maps.keep(event_id, version, seating.opened, found)
    else:
        changed = tx.rows(LIST_CHANGED, event_id=event_id, after=found.sequence)
        found.apply(upto, changed)
        if released and not found.released:
            found.release_accessible()
            _prepare(found, seating)
    return found


def _prepare(seat_map: SeatMap, seating: Seating) -> None:
    """Make the pools of all ticket types, so that no buyer waits for one."""
    for categories in set(seating.types.values()):
        seat_map.pool(categories)


def check_released(event_id: int, seating: Seating, seat_map: SeatMap) -> None:
    """Raise ReleaseDue if accessible places are to go to the general sale before anybody is judged."""
    is_sold = seating.release_when_sold and seat_map.is_rest_sold
    if seating.released_at is None and (seating.release_due or is_sold):
        raise ReleaseDue(event_id)


def _states(tx: Transaction, event_id: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield all seats of an event, read in parts: the rows of 60,000 seats at once would take 15 MB."""
    for first in range(0, end, READ_AT_ONCE):
        yield from tx.rows(LIST_STATES, event_id=event_id, first=first, end=first + READ_AT_ONCE)


class SeatSale:
    """The seats of one event for one group of buyers. The row of the event's seating is locked.

    With ``by_organiser`` no pick is refused for the single seats that it leaves, and with ``allow_blocked``
    blocked seats may be picked.
    """

    def __init__(self, event_id: int, seating: Seating, maps: SeatMaps, seat_map: SeatMap) -> None:
        self.event_id = event_id
        self.seating = seating
        self.map = seat_map
        self.by_organiser = False
        self.allow_blocked = False
        self._maps = maps
        self._standing = {no: one.free for no, one in seating.categories.items() if one.is_standing}
        # The ticket types of people who stand.
        self._standers = {kind for kind, numbers in seating.types.items() if numbers <= self._standing.keys()}

    @classmethod
    def begin(cls, tx: Transaction, maps: SeatMaps, event_id: int) -> "SeatSale":
        """Lock the seating of an event. Raises NotOnSale while its seats are prepared, ChartNeeded and
        ReleaseDue.
        """
        if tx.execute(LOCK_OPEN, event_id=event_id) != 1:
            raise NotOnSale("The seats are being prepared; try again in a moment")
        seating = find_seating(tx, event_id)
        assert seating is not None
        # This transaction's own change is not committed, and may never be.
        seat_map = current_map(tx, maps, event_id, seating, upto=seating.sequence - 1)
        check_released(event_id, seating, seat_map)
        return cls(event_id, seating, maps, seat_map)

    def choose(self, trial: Trial, lines: Sequence[Picked], *, seconds_to_start: float) -> Given:
        """Return the seats for the lines of a booking, which are taken in ``trial``.

        Raises as ``judge_picks`` and ``find_for_lines``, ValidationFailed, and SoldOut for a line that does
        not say how to sit and wants more than is free. A refusal takes nothing.
        """
        before = trial.taken
        given = Given()
        standers = self._standers
        try:
            self._stand([line for line in lines if line.ticket_type_id in standers], given)
            seated = [line for line in lines if line.ticket_type_id not in standers]
            self._own_picks(trial, [line for line in seated if line.seats], given, seconds_to_start)
            self._best(trial, [line for line in seated if not line.seats], given)
        except BaseException:
            trial.give_back(before)
            raise
        for category, quantity in given.standing.items():
            self._standing[category] -= quantity
        return given

    def leave(self, given: Given) -> None:
        """Let the places where people stand be had again."""
        for category, quantity in given.standing.items():
            self._standing[category] += quantity

    def labels(self, given: Given) -> dict[int, SeatRow]:
        """Return the seats of ``given`` as people read them, by number."""
        return {no: self._label(no) for numbers in given.seats.values() for no in numbers}

    def _label(self, no: int) -> SeatRow:
        chart = self.map.chart
        place = chart.place_of[no]
        row = chart.rows[chart.row_of[place]]
        return SeatRow(
            self.event_id,
            no,
            chart.guids[place],
            chart.sections[row.section],
            row.number,
            chart.numbers[place],
            row.entrance,
            chart.kinds[place],
            chart.categories[chart.category_of[place]].name,
        )

    def take(self, tx: Transaction, takings: Sequence[Taking]) -> None:
        """Take the seats of bookings. Raises Contested if one of them is not what the map said."""
        state = self.map.state
        rows = [
            {
                "seat_no": no,
                "was": state(no),
                "state": taking.state,
                "booking_id": taking.booking_id,
                "ticket_type_id": kind,
            }
            for taking in takings
            for kind, numbers in taking.given.seats.items()
            for no in numbers
        ]
        chart = self.map.chart
        free = [row["seat_no"] for row in rows if row["was"] is SeatState.FREE]
        taken = Counter([chart.category_of[chart.place_of[no]] for no in free])
        for taking in takings:
            if taking.given.standing:
                taken.update(taking.given.standing)
        freed = {category: -count for category, count in taken.items()}
        if not take_seats(tx, self.event_id, self.seating.sequence, rows) or not count_free(
            tx, self.event_id, freed
        ):
            self._maps.forget(self.event_id)
            raise Contested()

    def _stand(self, lines: Sequence[Picked], given: Given) -> None:
        for line in lines:
            if line.seats:
                raise ValidationFailed(
                    [{"pointer": f"{line.pointer}/seats", "message": "These tickets have no seats."}]
                )
            (category,) = self.seating.types[line.ticket_type_id]
            given_here = given.standing.get(category, 0)
            if self._standing[category] - given_here < line.quantity:
                raise SoldOut(available=self._standing[category] - given_here)
            given.standing[category] = given_here + line.quantity
            given.seats[line.ticket_type_id] = ()

    def _own_picks(
        self, trial: Trial, lines: Sequence[Picked], given: Given, seconds_to_start: float
    ) -> None:
        if not lines:
            return
        judged = judge_picks(
            trial,
            [
                Picks(line.seats, self.seating.types[line.ticket_type_id], f"{line.pointer}/seats")
                for line in lines
            ],
            rule=OrphanRule.OFF if self.by_organiser else OrphanRule(self.seating.orphan_rule),
            seconds_to_start=seconds_to_start,
            allow_blocked=self.allow_blocked,
            any_companions=self.by_organiser,
        )
        for line, numbers in zip(lines, judged.seats, strict=True):
            trial.take(numbers)
            given.seats[line.ticket_type_id] = numbers

    def _best(self, trial: Trial, lines: Sequence[Picked], given: Given) -> None:
        if not lines:
            return
        asks = [
            Ask(line.quantity, self.seating.types[line.ticket_type_id], line.best or Best()) for line in lines
        ]
        try:
            found = find_for_lines(trial, asks)
        except NoBlock:
            for line, ask in zip(lines, asks, strict=True):
                free = sum(self.map.free(no) for no in ask.categories)
                if line.best is None and free < line.quantity:
                    raise SoldOut(f"{free} seats left", available=free) from None
            raise
        for line, one in zip(lines, found, strict=True):
            given.seats[line.ticket_type_id] = one.seats
        given.fit = _worst(found)


def take_seats(tx: Transaction, event_id: int, sequence: int, rows: Sequence[Mapping[str, int]]) -> bool:
    """Change seats as ``rows`` say. Returns False if one was not in the state ``was``: roll back then."""
    return all(
        tx.execute(TAKE, event_id=event_id, sequence=sequence, seats=text) == count
        for text, count in json_batches(rows)
    )


def count_free(tx: Transaction, event_id: int, freed: Mapping[int, int]) -> bool:
    """Count what is free in each category. Returns False if a standing area has no room: roll back then."""
    changes = [{"category_no": no, "freed": count} for no, count in sorted(freed.items()) if count]
    if not changes:
        return True
    return tx.execute(COUNT_FREE, event_id=event_id, changes=json_rows(changes)) == len(changes)


def _worst(found: Sequence[Found]) -> str:
    order = ("standing", "split", "together")
    return min((one.fit.value for one in found), key=order.index)


@dataclass(slots=True)
class OpenSeats:
    """The seats of an event while a group is judged; ``refusal`` says why there are none to be had."""

    refusal: BMSError | None
    sale: SeatSale | None = None
    trial: Trial | None = None
    _before: int = 0

    def choose(self, wanted: Sequence[Wanted], offered: ForSale) -> Given | None:
        """Return the seats of a booking, None if nothing of it is seated. Raises as ``SeatSale.choose``."""
        types = offered.types
        lines = [
            Picked(kind, item.quantity, item.seats, item.best, f"/tickets/{at}")
            for at, item in enumerate(wanted)
            if types[kind := item.ticket_type_id or next(iter(types))].seated
        ]
        if not lines:
            return None
        if sum(line.quantity for line in lines) > MAX_PICKED:
            raise ValidationFailed.of("tickets", f"A booking has at most {MAX_PICKED} seats.")
        if self.refusal is not None:
            raise self.refusal
        assert self.sale is not None
        assert self.trial is not None
        self._before = self.trial.taken
        left = (offered.event.starts_at - offered.event.asked_at).total_seconds()
        return self.sale.choose(self.trial, lines, seconds_to_start=left)

    def give_back(self, given: Given) -> None:
        """Give back what was chosen last: the booking is refused after all."""
        assert self.sale is not None
        assert self.trial is not None
        self.trial.give_back(self._before)
        self.sale.leave(given)

    def take(self, tx: Transaction, takings: Sequence[Taking]) -> None:
        """Take the seats of bookings. Raises Contested."""
        if takings:
            assert self.sale is not None
            self.sale.take(tx, takings)

    def labels(self, given: Given) -> dict[int, SeatRow]:
        """Return the seats of ``given`` as people read them, by number."""
        assert self.sale is not None
        return self.sale.labels(given)
