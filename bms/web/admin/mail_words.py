"""Mails in plain words: what each is about, and its state."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bms.i18n.languages import Language, marked
from bms.queries.mails import MailRow

KINDS: Mapping[str, str] = {
    "address_changed": marked("The address of the account was changed"),
    "address_confirmation": marked("Link to confirm an address"),
    "booking_cancelled": marked("Booking cancelled"),
    "booking_confirmed": marked("Tickets"),
    "contact_changed": marked("The address of the booking was changed"),
    "contact_asked": marked("A question about a new address of the booking"),
    "event_cancelled": marked("Event cancelled"),
    "event_updated": marked("Event changed"),
    "organizer_message": marked("Message of the organiser"),
    "password_changed": marked("The password was changed"),
    "password_reset": marked("Link for a new password"),
    "payment_returned": marked("Payment came too late"),
    "refund_issued": marked("Refund made"),
    "registration": marked("Welcome"),
    "reminder": marked("Reminder before the event"),
    "second_factor_changed": marked("The second factor was changed"),
    "signed_in": marked("Signed in on a new device"),
    "tickets_cancelled": marked("Tickets cancelled"),
    "tickets_reseated": marked("Other seats"),
}


class Said(NamedTuple):
    """A mail, and what it is about in words; None for a kind without any."""

    mail: MailRow
    kind: str | None


def said_of(words: Language, mails: Iterable[MailRow]) -> list[Said]:
    """Return mails in words."""
    return [Said(one, words.gettext(KINDS[one.kind]) if one.kind in KINDS else None) for one in mails]
