"""Claiming bookings for the payments of several buyers in one transaction.

It serves the ordinary case: a held booking of an event that is on sale. Any other wish is left to
``claim_payment``, which says why it is refused.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from bms.commands import audit, idempotency
from bms.commands.idempotency import Key, StoredReply
from bms.commands.sales.codes import references
from bms.commands.sales.pay import IS_PAYABLE, ChargeRow, Claim
from bms.commands.sales.pricing import check_payable
from bms.errors import BMSError
from bms.holders import new_token
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows
from bms.terms import Actor, EventStatus


class LockedBooking(NamedTuple):
    """A booking that may be paid for now, locked."""

    id: int
    event_id: int
    total: Decimal
    currency: str


# As bookings.lock_payable.
LOCK_PAYABLE_EACH = Statement(
    "bookings.lock_payable_each",
    "@wishes NVARCHAR(MAX)",
    f"""
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    status = 'PENDING'
    OUTPUT inserted.id, inserted.event_id, inserted.total, inserted.currency
    FROM   OPENJSON(@wishes) WITH (booking_id BIGINT, user_id BIGINT) AS w
    WHERE  bookings.id = w.booking_id AND bookings.user_id = w.user_id AND {IS_PAYABLE}
    """,  # noqa: S608
    LockedBooking,
)


class EventTermsRow(NamedTuple):
    """The state of an event, and a method of payment that it accepts, if there is one."""

    id: int
    status: str
    method: str | None


LIST_TERMS = Statement(
    "events.list_payment_terms",
    "@event_ids BIGINT LIST",
    """
    SELECT e.id, e.status, o.method
    FROM   events AS e
    LEFT JOIN event_payment_options AS o ON o.event_id = e.id
    WHERE  e.id IN (@event_ids)
    """,
    EventTermsRow,
)

INSERT_EACH = Statement(
    "payments.insert_each",
    "@payments NVARCHAR(MAX)",
    """
    INSERT INTO payments (reference, booking_id, user_id, amount, currency, method, status,
                          card_brand, card_last4, claimed_by)
    OUTPUT inserted.id, inserted.reference, inserted.amount, inserted.currency
    SELECT p.reference, p.booking_id, p.user_id, p.amount, p.currency, p.method, 'PROCESSING',
           p.card_brand, p.card_last4, p.claimed_by
    FROM   OPENJSON(@payments) WITH (reference NVARCHAR(32), booking_id BIGINT, user_id BIGINT,
                                     amount DECIMAL(15,3), currency NVARCHAR(3), method NVARCHAR(16),
                                     card_brand NVARCHAR(16), card_last4 NVARCHAR(4),
                                     claimed_by NVARCHAR(32)) AS p
    """,
    ChargeRow,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The wish of ``actor`` to pay for a booking. See ``claim_payment``."""

    actor: Actor
    booking_id: int
    method: str
    card_brand: str | None
    card_last4: str | None
    key: Key | None


def claim_payments(tx: Transaction, *, wishes: Sequence[Wish]) -> list[Claim | StoredReply | BMSError | None]:
    """Claim a booking for each of ``wishes``, of different users, and return the claims in order.

    Instead of a claim, a repeat gets its first reply, or the error of one. None: ``claim_payment`` must
    serve the wish. Raises PaymentInProgress (by ux_payments_live) for all.
    """
    first = idempotency.first_replies(tx, [wish.key for wish in wishes if wish.key is not None])
    new = [wish for wish in wishes if wish.key is None or wish.key not in first]
    locked = _lock(tx, new)
    terms = _terms(tx, {booking.event_id for booking in locked.values()})
    good = [wish for wish in new if _is_payable(locked.get(wish.booking_id), wish, terms)]
    claims = _claim(tx, good, locked)
    found: list[Claim | StoredReply | BMSError | None] = []
    for wish in wishes:
        repeated = first.get(wish.key) if wish.key is not None else None
        found.append(claims.get(wish.booking_id) if repeated is None else repeated)
    return found


def _lock(tx: Transaction, wishes: Sequence[Wish]) -> dict[int, LockedBooking]:
    if not wishes:
        return {}
    asked = json_rows({"booking_id": wish.booking_id, "user_id": wish.actor.user_id} for wish in wishes)
    return {row.id: row for row in tx.rows(LOCK_PAYABLE_EACH, wishes=asked)}


def _terms(tx: Transaction, event_ids: set[int]) -> Mapping[int, set[str]]:
    """Return the methods that each of the events accepts, none if it is not published."""
    methods: defaultdict[int, set[str]] = defaultdict(set)
    for row in tx.rows(LIST_TERMS, event_ids=sorted(event_ids)) if event_ids else ():
        if row.status == EventStatus.PUBLISHED and row.method is not None:
            methods[row.id].add(row.method)
    return methods


def _is_payable(booking: LockedBooking | None, wish: Wish, terms: Mapping[int, set[str]]) -> bool:
    if booking is None or booking.total == 0 or wish.method not in terms.get(booking.event_id, ()):
        return False
    try:
        check_payable(booking.total, booking.currency)
    except BMSError:
        return False
    return True


def _claim(tx: Transaction, wishes: Sequence[Wish], locked: Mapping[int, LockedBooking]) -> dict[int, Claim]:
    """Write a payment for each wish, and return the claims by booking id."""
    if not wishes:
        return {}
    wish_of = dict(zip(references(len(wishes)), wishes, strict=True))
    rows = tx.rows(
        INSERT_EACH,
        payments=json_rows(
            {
                "reference": reference,
                "booking_id": wish.booking_id,
                "user_id": wish.actor.user_id,
                "amount": str(locked[wish.booking_id].total),
                "currency": locked[wish.booking_id].currency,
                "method": wish.method,
                "card_brand": wish.card_brand,
                "card_last4": wish.card_last4,
                "claimed_by": new_token(),
            }
            for reference, wish in wish_of.items()
        ),
    )
    made = [(wish_of[row.reference], row) for row in rows]
    idempotency.leave_to_payments(tx, [(wish.key, row.id) for wish, row in made if wish.key is not None])
    audit.record_each(tx, "claim", "payment", [(wish.actor, row.id) for wish, row in made])
    return {wish.booking_id: Claim(row.id, row) for wish, row in made}
