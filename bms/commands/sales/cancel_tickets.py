"""Cancelling single tickets of a booking: each goes back on sale, with what is due for it.

The booking keeps its quantity and total as they were sold. Its lines count how many of their tickets are
cancelled. Cancelling the last live ticket cancels the booking.
"""

from collections import Counter
from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple

from bms.commands import audit
from bms.commands.events.moderation import lock_for_review
from bms.commands.messages import to_buyers
from bms.commands.sales import inventory
from bms.commands.sales.cancel import GET_PAID, Cancelled, cancel_booking
from bms.commands.sales.refund_rule import get_terms, refund_share
from bms.commands.sales.refunds import claim_refund
from bms.commands.sales.seat_changes import free_some
from bms.commands.sales.shares import Share, due_before, given, ticket_shares
from bms.errors import BookingNotCancellable, Conflict, ValidationFailed
from bms.money import Money
from bms.queries.bookings import TicketRow, list_tickets
from bms.queries.whose import get_seen_booking
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, BookingStatus, TicketStatus


class LockedRow(NamedTuple):
    """A booking that is locked."""

    id: int


# A write where a read would do, so that whoever cancels tickets or the whole booking waits, on every server.
LOCK = Statement(
    "bookings.lock_to_cancel_tickets",
    "@id BIGINT",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    refund_due = refund_due
    OUTPUT inserted.id
    WHERE  id = @id
    """,
    LockedRow,
)

CANCEL = Statement(
    "tickets.cancel_some",
    "@booking_id BIGINT, @ids BIGINT LIST",
    """
    UPDATE tickets WITH (ROWLOCK)
    SET    status = 'CANCELLED'
    WHERE  id IN (@ids) AND booking_id = @booking_id AND status = 'VALID'
    """,
)

COUNT_ON_LINE = Statement(
    "booking_lines.cancel_some",
    "@booking_id BIGINT, @ticket_type_id BIGINT, @quantity INT, @percents INT, @due DECIMAL(15,3)",
    """
    UPDATE booking_lines WITH (ROWLOCK, UPDLOCK)
    SET    cancelled = cancelled + @quantity, refund_percents = refund_percents + @percents,
           refund_due = refund_due + @due
    WHERE  booking_id = @booking_id AND ticket_type_id = @ticket_type_id AND cancelled + @quantity <= quantity
    """,
)


def cancel_tickets(
    tx: Transaction,
    actor: Actor,
    *,
    booking_id: int,
    ticket_ids: Collection[int],
    reason: str | None,
    percent: int = 0,
) -> Cancelled:
    """Cancel tickets of a booking for whoever may cancel it, and claim what is due for them.

    ``percent`` is as in ``cancel_booking``. A ticket that is cancelled already is left as it is. Raises
    NotFound, ValidationFailed (a ticket of another booking), and as ``cancel_booking``.
    """
    view, is_run = get_seen_booking(tx, actor, booking_id=booking_id)
    if not named(view.tickets, ticket_ids):
        return Cancelled(booking_id, None)
    terms = get_terms(tx, booking_id)
    if terms.asked_at >= terms.starts_at and not is_run:
        raise BookingNotCancellable("The event has started")
    lock_for_review(tx, booking_id=booking_id)  # before the booking: its last ticket may go
    tx.only(LOCK, id=booking_id)
    tickets = list_tickets(tx, booking_ids=[booking_id])[booking_id]
    chosen = named(tickets, ticket_ids)
    if not chosen:
        return Cancelled(booking_id, None)
    if len(chosen) == sum(ticket.status == TicketStatus.VALID for ticket in tickets):
        return cancel_booking(tx, actor, booking_id=booking_id, reason=reason, percent=percent)
    assert view.status == BookingStatus.CONFIRMED  # it has valid tickets
    percent = max(refund_share(terms, terms.asked_at, is_live=True), percent if is_run else 0)
    return Cancelled(booking_id, _cancel(tx, actor, view.booking.event_id, chosen, percent, reason))


def named(tickets: Collection[TicketRow], ticket_ids: Collection[int]) -> list[TicketRow]:
    """Return those of a booking's ``tickets`` that are valid and have one of ``ticket_ids``.

    Raises ValidationFailed if an id is not one of the booking's.
    """
    foreign = sorted(set(ticket_ids) - {ticket.id for ticket in tickets})
    if foreign:
        raise ValidationFailed.of("tickets", f"The booking has no ticket {foreign[0]}.")
    return [ticket for ticket in tickets if ticket.id in ticket_ids and ticket.status == TicketStatus.VALID]


def _cancel(
    tx: Transaction, actor: Actor, event_id: int, chosen: list[TicketRow], percent: int, reason: str | None
) -> int | None:
    """Cancel valid tickets of a locked booking, and return the id of the refund, or None."""
    booking_id = chosen[0].booking_id
    ids = [ticket.id for ticket in chosen]
    lines = inventory.held_lines(tx, booking_id)
    payment = tx.row(GET_PAID, booking_id=booking_id)
    currency = "" if payment is None else payment.currency
    shares = ticket_shares(lines, [(t.id, t.ticket_type_id) for t in chosen], percent, currency)
    if tx.execute(CANCEL, booking_id=booking_id, ids=ids) != len(ids):
        raise Conflict("Somebody else cancelled a ticket at the same time; try again")
    _count(tx, booking_id, shares, percent)
    due = Decimal(0)
    refund_id = None
    if payment is not None:
        due = sum(given(shares, due_before(lines), payment.refund_claimed), Decimal(0))
        if due > 0:
            refund_id = claim_refund(
                tx,
                payment_id=payment.id,
                amount=due,
                reason=reason or "Tickets were cancelled",
                actor=actor,
            )
    details = f"tickets {', '.join(map(str, ids))}"
    if due:
        details = f"{details}: {Money(due, currency).text} due"
    audit.record(tx, actor, "cancel_tickets", "booking", booking_id, details=details[:2000])
    to_buyers.tickets_cancelled(
        tx, booking_id=booking_id, ticket_ids=ids, reason=reason, refund=due, request_id=actor.request_id
    )
    seated = {line.ticket_type_id for line in lines if line.seats is not None}
    if seated:
        free_some(
            tx,
            event_id,
            booking_id,
            [ticket.seat_no for ticket in chosen if ticket.seat_no is not None],
            Counter(t.ticket_type_id for t in chosen if t.seat_no is None and t.ticket_type_id in seated),
        )
    freed = Counter(ticket.ticket_type_id for ticket in chosen)
    inventory.release_some(tx, freed, event_id=event_id)
    return refund_id


def _count(tx: Transaction, booking_id: int, shares: list[Share], percent: int) -> None:
    """Write what is cancelled of each line, and what is due for it."""
    for kind, quantity in sorted(Counter(share.ticket_type_id for share in shares).items()):
        counted = tx.execute(
            COUNT_ON_LINE,
            booking_id=booking_id,
            ticket_type_id=kind,
            quantity=quantity,
            percents=quantity * percent,
            due=sum((share.amount for share in shares if share.ticket_type_id == kind), Decimal(0)),
        )
        assert counted == 1
