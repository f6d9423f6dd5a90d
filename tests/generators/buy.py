"""Buys a ticket with the client that openapi-python-client has made: python buy.py ADDRESS OUTPUT

The client is the package ``bms_client``. The ticket's code, as the booking has it, goes into the file OUTPUT.
"""

import datetime as dt
import sys
from pathlib import Path
from typing import TypeVar

from bms_client import AuthenticatedClient, Client
from bms_client.api.bookings import bookings_hold, bookings_show
from bms_client.api.events import events_create, events_index
from bms_client.api.payments import payments_pay
from bms_client.api.users import users_login, users_register
from bms_client.api.venues import venues_create
from bms_client.models import (
    BookingAnswer,
    BookingAnswerStatus,
    CardDetails,
    Event,
    EventAnswer,
    Hold,
    HoldLine,
    Login,
    Pay,
    PaymentAnswer,
    PaymentAnswerStatus,
    PayMethod,
    Problem,
    Register,
    RegisterRole,
    TicketType,
    TokensAnswer,
    UserAnswer,
    Venue,
    VenueAnswer,
)

T = TypeVar("T")
PASSWORD = "correct horse battery"


def expect(kind: type[T], reply: object) -> T:
    """Return the reply, which must be of ``kind``: a problem says what is wrong."""
    if isinstance(reply, Problem):
        raise SystemExit(f"{reply.code}: {reply.detail}")
    assert isinstance(reply, kind), reply
    return reply


def log_in(base: str, account: Register) -> AuthenticatedClient:
    """Register an account and log in. Return a client with its token."""
    stranger = Client(base_url=base, raise_on_unexpected_status=True)
    expect(UserAnswer, users_register.sync(client=stranger, body=account))
    login = Login(username=account.username, password=account.password)
    tokens = expect(TokensAnswer, users_login.sync(client=stranger, body=login))
    return AuthenticatedClient(base_url=base, token=tokens.access_token, raise_on_unexpected_status=True)


def put_on_sale(base: str) -> EventAnswer:
    """Make a venue and an event as an organiser."""
    role = RegisterRole.EVENT_MANAGER
    organiser = log_in(base, Register(username="olga-client", password=PASSWORD, name="Olga", role=role))
    hall = Venue(name="Harbour Hall", location="12 Quay Street", capacity=200)
    venue = expect(VenueAnswer, venues_create.sync(client=organiser, body=hall))
    event = Event(
        title="Evening of Generated Clients",
        starts_at=dt.datetime(2099, 8, 1, 19, 30, tzinfo=dt.UTC),
        venue=venue.id,
        ticket_types=[TicketType(name="Stalls", price="35.00", capacity=100)],
    )
    return expect(EventAnswer, events_create.sync(client=organiser, body=event))


def buy(base: str) -> str:
    """Register, log in, hold, pay and read the ticket. Return its code."""
    ann = log_in(base, Register(username="ann-client", password=PASSWORD, email="ann.client@example.com"))
    (event,) = events_index.sync(client=ann, q="generated clients") or ()
    line = HoldLine(ticket_type=event.ticket_types[0].id, quantity=1)
    held = expect(
        BookingAnswer,
        bookings_hold.sync(client=ann, body=Hold(event=event.id, tickets=[line]), idempotency_key="hold-1"),
    )
    assert held.status is BookingAnswerStatus.PENDING
    card = CardDetails(number="4242 4242 4242 4242", expiry="12/40", cvv="123")
    paying = Pay(booking_id=held.id, method=PayMethod.CARD, details=card)
    paid = expect(PaymentAnswer, payments_pay.sync(client=ann, body=paying, idempotency_key="pay-1"))
    assert paid.status is PaymentAnswerStatus.SUCCEEDED
    booking = expect(BookingAnswer, bookings_show.sync(client=ann, id=held.id))
    assert booking.status is BookingAnswerStatus.CONFIRMED
    return booking.tickets[0].code


if __name__ == "__main__":
    put_on_sale(sys.argv[1])
    Path(sys.argv[2]).write_text(buy(sys.argv[1]))
