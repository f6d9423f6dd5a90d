"""An announcement of every kind that somebody is told of, in every form that its messages take."""

from dataclasses import replace
from typing import Any

from bms.announcements import (
    AddressChanged,
    AddressClaimed,
    Announcement,
    BookingCancelled,
    BookingConfirmed,
    ContactAsked,
    ContactChanged,
    EventChanged,
    EventFacts,
    EventNear,
    LineFacts,
    Organizer,
    OrganizerMessage,
    PasswordChanged,
    PasswordForgotten,
    PaymentReturned,
    Person,
    RefundIssued,
    RuleFacts,
    SeatChange,
    SeatFacts,
    SecondFactorChanged,
    SignedIn,
    TicketFacts,
    TicketsCancelled,
    TicketsReseated,
    TicketsResent,
    ToHolders,
    UserRegistered,
)
from bms.commands.messages.followers import tell_holders, tell_person
from bms.commands.messages.telling import HoldersTelling, Telling

ANA = Person(id=7, name="Ana", email="ana@example.org")
CLAIMING = replace(ANA, confirmed=False)
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

SIGNED_IN = SignedIn(
    user_id=7,
    person=ANA,
    session_id=9,
    signed_in_at="2027-08-01T19:30:00Z",
    device="Firefox, Linux",
    address="203.0.113.5",
)
CONFIRMED = BookingConfirmed(
    **BOOKING,
    total="2050.00",
    lines=[
        LineFacts(name="Standing", quantity=2, unit_price="1025.00"),
        LineFacts(name="Child", quantity=1, unit_price="0.00"),
    ],
    tickets=[
        TicketFacts(
            code="T-AAAA",
            ticket_type="Standing",
            seat=SeatFacts(section="Stalls", row="C", number="12", entrance="Door 1"),
        ),
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
BO = Organizer(name="Bo & Sons", email="bo@example.org")
# Far ahead: terms are told as they are when the mail is composed.
AHEAD = replace(
    CONFIRMED,
    event=replace(EVENT, starts_at="2099-08-01T19:30:00Z"),
    organizer=BO,
    terms=RuleFacts(full_until_hours=48, percent=50, none_from_hours=24),
)
CONTACT_CHANGED = ContactChanged(**{**BOOKING, "organizer": BO}, change_id="a1b2", before=False)
CANCELLED = BookingCancelled(**BOOKING, reason="I fell ill", refund="25.00")
CHANGED = EventChanged(event_id=2, up_to=9, title="Night of Strings", version=4, old=EVENT, new=LONGER)
TICKETS = TicketsCancelled(
    **BOOKING,
    first_ticket_id=11,
    tickets=[TicketFacts(code="T-AAAA", ticket_type="Standing")],
    left=2,
    reason="One of us fell ill",
    refund="12.50",
)
RESEATED = TicketsReseated(
    **BOOKING,
    change_id="a1b2",
    changes=[
        SeatChange(
            code="T-AAAA",
            ticket_type="Stalls",
            before=SeatFacts(section="Stalls", row="A", number="1", entrance=None),
            after=SeatFacts(section="Stalls", row="B", number="12", entrance="North"),
        )
    ],
)
WHOLE = RuleFacts(full_until_hours=720, percent=50, none_from_hours=24)
NEVER = RuleFacts(full_until_hours=99_999_999, percent=0, none_from_hours=0)
RULED = replace(CHANGED, new=EVENT, old_rule=WHOLE, new_rule=NEVER)
NEAR = EventNear(event_id=2, up_to=9, version=4, event=EVENT)

ANNOUNCED: dict[str, Announcement] = {
    "registered": UserRegistered(user_id=7, person=ANA, username="ana_1"),
    "address_claimed": AddressClaimed(user_id=7, person=CLAIMING, seed="a1b2"),
    "address_changed": AddressChanged(user_id=7, person=ANA, token="a1b2"),
    "password_forgotten": PasswordForgotten(user_id=7, person=ANA, seed="a1b2"),
    "password_changed": PasswordChanged(user_id=7, person=ANA, occasion="a1b2"),
    "signed_in": SIGNED_IN,
    "signed_in_by_something": replace(SIGNED_IN, device=None),
    "second_factor_on": SecondFactorChanged(user_id=7, person=ANA, is_on=True, occasion="a1b2"),
    "second_factor_off": SecondFactorChanged(user_id=7, person=ANA, is_on=False, occasion="a1b2"),
    "confirmed": CONFIRMED,
    "confirmed_unproven": replace(CONFIRMED, person=CLAIMING),
    "confirmed_free": FREE,
    "confirmed_odd": replace(CONFIRMED, person=replace(ANA, name='"Ana" <i> %s'), event=ODD),
    "confirmed_with_terms": AHEAD,
    "confirmed_without_a_part": replace(
        AHEAD, terms=RuleFacts(full_until_hours=0, percent=0, none_from_hours=0)
    ),
    "confirmed_in_part": replace(
        AHEAD, terms=RuleFacts(full_until_hours=999_999, percent=50, none_from_hours=24)
    ),
    "confirmed_for_good": replace(
        AHEAD,
        organizer=Organizer(name="Bo"),
        terms=RuleFacts(full_until_hours=99_999_999, percent=0, none_from_hours=0),
    ),
    "resent": TicketsResent(
        **{name: getattr(CONFIRMED, name) for name in (*BOOKING, "total", "lines", "tickets")},
        resend_id="c3d4",
    ),
    "contact_changed": CONTACT_CHANGED,
    "contact_changed_before": replace(CONTACT_CHANGED, before=True, organizer=Organizer(name="Bo")),
    "contact_asked": ContactAsked(**{**BOOKING, "organizer": BO}, seed="a1b2"),
    "contact_asked_nowhere": ContactAsked(**{**BOOKING, "event": NOWHERE, "person": CLAIMING}, seed="a1b3"),
    "contact_changed_nowhere": replace(CONTACT_CHANGED, event=NOWHERE),
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
    "tickets_cancelled": TICKETS,
    "tickets_cancelled_without_refund": replace(
        TICKETS,
        tickets=[*TICKETS.tickets, TicketFacts(code="T-BBBB", ticket_type="Child")],
        left=1,
        reason=None,
        refund=None,
        event=NOWHERE,
    ),
    "tickets_reseated": RESEATED,
    "tickets_reseated_twice": replace(
        RESEATED,
        changes=[
            *RESEATED.changes,
            SeatChange(
                code="T-BBBB",
                ticket_type="Child",
                before=SeatFacts(section="Stalls", row="B", number="12", entrance="North"),
                after=SeatFacts(section="Stalls", row="A", number="1", entrance=None),
            ),
        ],
        person=CLAIMING,
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
    "changed_and_refundable": replace(CHANGED, refundable=True, old_rule=WHOLE, new_rule=WHOLE),
    "changed_and_refundable_in_part": replace(CHANGED, refundable=True, refundable_up_to=4),
    "changed_rule": RULED,
    "changed_rule_to_half": replace(
        RULED, new_rule=RuleFacts(full_until_hours=99_999_999, percent=50, none_from_hours=0)
    ),
    "changed_rule_to_all": replace(
        RULED, old_rule=NEVER, new_rule=replace(WHOLE, percent=0, none_from_hours=0)
    ),
    "changed_rule_within_hours": replace(
        RULED,
        old_rule=RuleFacts(full_until_hours=0, percent=0, none_from_hours=0),
        new_rule=RuleFacts(full_until_hours=99_999_999, percent=10, none_from_hours=1),
    ),
    "changed_rule_until_the_start": replace(RULED, new_rule=replace(WHOLE, none_from_hours=0)),
    "changed_all": replace(CHANGED, refundable=True, old_rule=WHOLE, new_rule=NEVER),
    "near": NEAR,
    "near_with_an_end": replace(NEAR, event=LONGER),
    "near_nowhere": replace(NEAR, event=NOWHERE, organizer=BO),
    "message": OrganizerMessage(
        event_id=2,
        up_to=9,
        message_id="a1b2",
        sender="Bo",
        event=EVENT,
        message="Doors open at six.\n\nCome early!",
    ),
}


def tell(announcement: Announcement) -> Telling | HoldersTelling:
    """Return what follows from an announcement; if holders are told different things, to the first of them.

    That holder has later bookings too if only some are refundable. No word is in the references.
    """
    if not isinstance(announcement, ToHolders):
        return tell_person(announcement)
    has_others = isinstance(announcement, EventChanged) and announcement.refundable_up_to > 0
    return tell_holders(announcement).of(["2", "9"], has_others)
