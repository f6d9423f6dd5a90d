"""What the schemas say of a field is said in the reader's language. Nothing of it is forgotten."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bms.admission
import bms.refund_rules
import bms.schemas
from bms.i18n.languages import Languages
from bms.schemas.accounts import AddressChange, PasswordChange, PasswordForgotten, ProfileChange, Register
from bms.schemas.audit import AuditList
from bms.schemas.base import RequestSchema, flatten
from bms.schemas.bookings import ContactChange, Hold
from bms.schemas.categories import Category
from bms.schemas.event_cancellation import CancelEvent
from bms.schemas.event_lists import EventList
from bms.schemas.events import Event, EventChange
from bms.schemas.guests import GuestContact
from bms.schemas.mails import MailList
from bms.schemas.notifications import Notification
from bms.schemas.payments import Pay
from bms.schemas.pictures import PictureText
from bms.schemas.refunds import Refund, SettleByHand
from bms.schemas.reviews import Review
from bms.schemas.seating import BlockSeats, GeneratePlan, PlanFields
from bms.schemas.seating_edits import EditPlan
from bms.schemas.sessions import Login
from bms.schemas.venues import Venue, VenueList
from bms.web.kit.faults import TEXTS, find_text, translate
from bms.web.manage.event_fields import body_of_event, event_form


def event_body() -> dict:
    """Return the body that the form of an event makes."""
    typed = {"title": "x", "starts_at": "2099-08-01T19:30", "currency": "EUR", "venue": "1", "pay.card": "on"}
    kind = {"ticket_types.0.name": "x", "ticket_types.0.price": "5", "ticket_types.0.capacity": "9"}
    return body_of_event(event_form(Languages().find("en"), {**typed, **kind}))


# The schemas that forms of the site are checked by, with bodies as forms make them.
SCHEMAS: list[tuple[RequestSchema, dict]] = [
    (Register(), {"name": "x", "email": "a@example.org", "username": "a", "password": "long enough"}),
    (GuestContact(), {"name": "Ana", "email": "a@example.org"}),
    (PictureText(), {"text": "Two cellists"}),
    (PasswordForgotten(), {"email": "a@example.org"}),
    (PasswordChange(), {"current_password": "x", "new_password": "long enough"}),
    (AddressChange(), {"email": "a@example.org", "password": "x"}),
    (ProfileChange(), {"name": "x", "phone": "1", "city": "y"}),
    (Login(), {"username": "a", "password": "x"}),
    (Review(), {"event": 1, "rating": 5, "comment": "x"}),
    (EventList(), {"q": "x", "city": "y", "date": "2027-08-01", "category": "z", "cursor": "x"}),
    (Hold(), {"event": 1, "tickets": [{"ticket_type": 1, "quantity": 2}]}),
    (CancelEvent(), {"reason": "x"}),
    (ContactChange(), {"name": "x", "email": "a@example.org"}),
    (Category(), {"name": "Light opera", "slug": "light-opera"}),
    (SettleByHand(), {"reason": "Bank transfer"}),
    (MailList(), {"recipient": "a@example.org", "cursor": "x"}),
    (AuditList(), {"subject_id": "1", "user": "1", "action": "x", "date_from": "2027-08-01"}),
    (Refund(), {"booking_id": 1, "amount": "5.00", "reason": "x"}),
    (Notification(), {"event": 1, "message": "x"}),
    (VenueList(), {"q": "x", "city": "y", "cursor": "x"}),
    (
        Venue(),
        {
            "name": "x",
            "location": "y",
            "city": "z",
            "country": "NL",
            "capacity": "9",
            "timezone": "Europe/Amsterdam",
            "facilities": "lift",
        },
    ),
    (Event(), event_body()),
    (PlanFields(), {"name": "x", "venue": 1}),
    (BlockSeats(), {"seats": ["a"], "reason": "x"}),
    (
        GeneratePlan(),
        {"name": "x", "sections": [{"name": "x", "category": "y", "rows": 9, "seats_per_row": 9}]},
    ),
    (
        GeneratePlan(),
        {
            "sections": [
                {
                    "name": "x",
                    "category": "y",
                    "rows": 9,
                    "seats_per_row": 9,
                    "first_row": "A",
                    "wheelchair_bays": [{"row": "A", "from": 1, "count": 1}],
                }
            ]
        },
    ),
    (EditPlan(), {"edits": [{"do": "number", "where": {"section": "x", "first_row": "A"}, "first": 1}]}),
    (EditPlan(), {"edits": [{"do": "new_category", "name": "x", "color": "#112233"}]}),
    (EditPlan(), {"edits": [{"do": "focus", "x": "1", "y": "2"}]}),
    (EventChange(), event_body()),
    (Pay(), {"booking_id": 1, "method": "upi", "details": {"vpa": "a@bank"}}),
    (
        Pay(),
        {
            "booking_id": 1,
            "method": "card",
            "details": {"number": "4242424242424242", "expiry": "12/40", "cvv": "123", "holder": "A"},
        },
    ),
]
# The forms have one field for both, or always send the field.
NEVER_MET = (
    "Either email or username is needed.",
    "Either payment_id or booking_id is needed.",
    "Either event or user is needed.",
    "Either date or starts_at is needed.",
    "A title is needed.",
    "Required unless an id is given.",
)
TYPED = st.one_of(
    st.text("abc@. 0189/-", max_size=20),
    st.sampled_from(
        [
            "",
            " ",
            "\x00",
            "a\nb",
            "\u202e",
            "x" * 3000,
            "é" * 100,
            "\ud800",
            "e" + "\u0301" * 40,
            "12/20",
            "@",
        ]
    ),
)


@pytest.mark.parametrize(("schema", "body"), SCHEMAS)
@given(st.data())
def test_every_fault_of_what_is_typed_has_words(
    schema: RequestSchema, body: dict, data: st.DataObject
) -> None:
    def spoilt(value):
        if isinstance(value, dict):
            return {key: spoilt(item) for key, item in value.items() if data.draw(st.integers(0, 9))}
        return data.draw(TYPED) if isinstance(value, str) and data.draw(st.booleans()) else value

    for error in flatten(schema.validate(spoilt(body))):
        if error["message"] in NEVER_MET:
            continue
        if not error["pointer"].startswith(("/role", "/locale", "/username", "/sort", "/status", "/method")):
            assert find_text(error["message"]), error


def test_words_without_a_text_are_found() -> None:
    """The twin: a sentence that no catalogue has."""
    assert find_text("This is a new sentence of a schema.") is None
    assert find_text("Longer than 200 characters.") == (
        "Longer than %(number)s characters.",
        {"number": "200"},
    )


@pytest.mark.parametrize("tag", ["de", "hi"])
def test_they_are_translated(tag: str) -> None:
    words = Languages().find(tag)
    for message in (
        "Longer than 200 characters.",
        "Missing data for required field.",
        "The card has expired.",
    ):
        told = translate(words, message)
        assert told
        assert told != message
    assert "200" in translate(words, "Longer than 200 characters.")


def test_words_of_the_schemas_that_forms_never_meet_are_not_needed() -> None:
    """Every text that a form translates is still said by some schema or command."""
    said = "\n".join(
        path.read_text(encoding="utf-8")
        for package in (bms.schemas, bms.admission)
        for path in Path(package.__path__[0]).rglob("*.py")
    )
    said += "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("commands", "http", "security", "queries", "payments")
        for path in (Path(bms.schemas.__path__[0]).parent / folder).rglob("*.py")
    )
    said += Path(bms.refund_rules.__file__).read_text(encoding="utf-8")
    of_marshmallow = (
        "Missing data",
        "Not a valid",
        "Field may not",
        "Longer",
        "Shorter",
        "More than",
        "A whole",
    )
    for text in TEXTS:
        head = re.split(r"%\(", text)[0]
        assert text.startswith(of_marshmallow) or head[:20] in said, text
