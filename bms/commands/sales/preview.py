"""What would be given back if tickets were cancelled now. Writes and promises nothing."""

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple

from bms.commands.sales import inventory
from bms.commands.sales.cancel import GET_PAID
from bms.commands.sales.cancel_tickets import named
from bms.commands.sales.refund_rule import get_terms, refund_share, refund_until
from bms.commands.sales.shares import due_before, given, ticket_shares
from bms.queries.whose import get_seen_booking
from bms.sql.session import Transaction
from bms.terms import Actor, BookingStatus, TicketStatus


class Preview(NamedTuple):
    """What is due for tickets: in all, and for each by its id.

    ``percent`` is what the refund rule gives, ``until`` (naive UTC) the last moment at which it gives as
    much.
    """

    currency: str
    amount: Decimal
    percent: int
    tickets: list[tuple[int, Decimal]]
    until: dt.datetime | None


def preview_refund(
    tx: Transaction,
    actor: Actor,
    *,
    booking_id: int,
    ticket_ids: Collection[int] | None,
    percent: int = 0,
) -> Preview:
    """Return what would be given back if the actor cancelled tickets, None: all that are valid.

    ``percent`` is as in ``cancel_booking``.
    Nothing is due for a ticket that is cancelled already. Raises NotFound, and ValidationFailed for a ticket
    of another booking.
    """
    view, is_run = get_seen_booking(tx, actor, booking_id=booking_id)
    booking = view.booking
    if ticket_ids is None:
        ticket_ids = [ticket.id for ticket in view.tickets if ticket.status == TicketStatus.VALID]
    chosen = named(view.tickets, ticket_ids)
    terms = get_terms(tx, booking_id)
    is_live = booking.status in (BookingStatus.PENDING, BookingStatus.CONFIRMED)
    may_cancel = is_run or terms.asked_at < terms.starts_at
    by_rule = refund_share(terms, terms.asked_at, is_live=True)
    percent = max(by_rule, percent if is_run else 0) if is_live and may_cancel else 0
    amounts = dict.fromkeys(ticket_ids, Decimal(0))
    payment = tx.row(GET_PAID, booking_id=booking_id)
    if payment is not None and chosen and percent:
        lines = inventory.held_lines(tx, booking_id)
        wanted = [(ticket.id, ticket.ticket_type_id) for ticket in chosen]
        shares = ticket_shares(lines, wanted, percent, payment.currency)
        refunds = given(shares, due_before(lines), payment.refund_claimed)
        amounts |= dict(zip((share.ticket_id for share in shares), refunds, strict=True))
    until = refund_until(terms, terms.asked_at) if percent else None
    return Preview(
        booking.currency, sum(amounts.values(), Decimal(0)), percent, sorted(amounts.items()), until
    )
