"""Telling the holder of a booking that its tickets have other seats."""

from collections.abc import Sequence
from typing import NamedTuple

from bms.announcements import SeatChange, TicketsReseated
from bms.commands.messages.announce import announce
from bms.commands.messages.to_buyers import LIST_SUBJECTS, about_booking, seat_facts
from bms.queries.bookings import list_lines
from bms.queries.seats import list_labels
from bms.sql.session import Transaction


class Moved(NamedTuple):
    """A ticket by its code and type, and the seats that it had and has."""

    code: str
    ticket_type_id: int
    before: int
    after: int


def tickets_reseated(
    tx: Transaction, *, booking_id: int, moved: Sequence[Moved], change_id: str, request_id: str | None
) -> None:
    """Announce that tickets of a booking have other seats. ``change_id`` is random."""
    subject = tx.only(LIST_SUBJECTS, ids=[booking_id])
    names = {line.ticket_type_id: line.name for line in list_lines(tx, booking_ids=[booking_id])[booking_id]}
    event_id = subject.event_id
    seats = list_labels(tx, [(event_id, no) for one in moved for no in (one.before, one.after)])
    changes = [
        SeatChange(
            code=one.code,
            ticket_type=names[one.ticket_type_id],
            before=seat_facts(seats[event_id, one.before]),
            after=seat_facts(seats[event_id, one.after]),
        )
        for one in moved
    ]
    reseated = TicketsReseated(**about_booking(subject), change_id=change_id, changes=changes)
    announce(tx, reseated, request_id=request_id)
