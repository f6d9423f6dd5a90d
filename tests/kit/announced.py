"""An announcement of every kind that somebody is told of, in every form that its messages take."""

from dataclasses import replace
from typing import Any

from bms.announcements import (
    Announcement,
    BookingCancelled,
    BookingConfirmed,
    EventChanged,
    EventFacts,
    EventNear,
    LineFacts,
    OrganizerMessage,
    PaymentReturned,
    Person,
    RefundIssued,
    TicketFacts,
    UserRegistered,
)

ANA = Person(id=7, name="Ana", email="ana@example.org")
EVENT = EventFacts(
    title="Night of Strings",
    starts_at="2027-08-01T19:30:00Z",
    venue="Harbour Hall",
    address="1 Quay Street",
    city="Oslo",
)
LONGER = replace(EVENT, starts_at="2027-08-02T18:00:00Z", ends_at="2027-08-02T21:00:00Z")
NOWHERE = EventFacts(title="Night of Strings", starts_at="2027-12-24T00:05:00Z")
BOOKING: dict[str, Any] = {
    "booking_id": 3,
    "event_id": 2,
    "person": ANA,
    "reference": "BMS-7K2Q",
    "event": EVENT,
    "currency": "EUR",
}

CONFIRMED = BookingConfirmed(
    **BOOKING,
    total="2050.00",
    lines=[
        LineFacts(name="Standing", quantity=2, unit_price="1025.00"),
        LineFacts(name="Child", quantity=1, unit_price="0.00"),
    ],
    tickets=[
        TicketFacts(code="T-AAAA", ticket_type="Standing"),
        TicketFacts(code="T-BBBB", ticket_type="Standing"),
        TicketFacts(code="T-CCCC", ticket_type="Child"),
    ],
)
FREE = replace(
    CONFIRMED,
    event=NOWHERE,
    total="0.00",
    lines=[LineFacts(name="Entry", quantity=1, unit_price="0.00")],
    tickets=[],
)
ODD = EventFacts(
    title="100% <b>Fun</b> & %(name)s {{ 1 }}", starts_at="2027-08-01T19:30:00Z", venue="O'Neill's 50%"
)
CANCELLED = BookingCancelled(**BOOKING, reason="I fell ill", refund="25.00")
CHANGED = EventChanged(event_id=2, up_to=9, title="Night of Strings", version=4, old=EVENT, new=LONGER)
NEAR = EventNear(event_id=2, up_to=9, version=4, event=EVENT)

ANNOUNCED: dict[str, Announcement] = {
    "registered": UserRegistered(user_id=7, person=ANA, username="ana_1"),
    "confirmed": CONFIRMED,
    "confirmed_free": FREE,
    "confirmed_odd": replace(CONFIRMED, person=replace(ANA, name='"Ana" <i> %s'), event=ODD),
    "cancelled": CANCELLED,
    "cancelled_odd": replace(CANCELLED, reason="I'm <ill> & 100% sorry", event=ODD),
    "cancelled_without_refund": replace(CANCELLED, reason=None, refund=None, event=NOWHERE),
    "cancelled_with_event": replace(CANCELLED, with_event=True, reason="The hall burnt down"),
    "cancelled_with_event_for_no_reason": replace(
        CANCELLED, with_event=True, reason="The event was cancelled"
    ),
    "cancelled_with_event_for_free": replace(
        CANCELLED, with_event=True, reason=None, refund=None, event=NOWHERE
    ),
    "refund_issued": RefundIssued(**BOOKING, refund_id=5, refund="12.50"),
    "refund_issued_nowhere": RefundIssued(**{**BOOKING, "event": NOWHERE}, refund_id=6, refund="12.50"),
    "payment_returned": PaymentReturned(**BOOKING, payment_id=5, refund="50.00"),
    "payment_returned_nowhere": PaymentReturned(
        **{**BOOKING, "event": NOWHERE}, payment_id=6, refund="50.00"
    ),
    "changed": CHANGED,
    "changed_back": replace(CHANGED, old=LONGER, new=EVENT),
    "changed_to_nowhere": replace(CHANGED, new=NOWHERE),
    "changed_from_nowhere": replace(CHANGED, old=NOWHERE),
    "near": NEAR,
    "near_with_an_end": replace(NEAR, event=LONGER),
    "near_nowhere": replace(NEAR, event=NOWHERE),
    "message": OrganizerMessage(
        event_id=2,
        up_to=9,
        message_id="a1b2",
        sender="Bo",
        event=EVENT,
        message="Doors open at six.\n\nCome early!",
    ),
}
