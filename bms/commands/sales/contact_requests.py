"""A guest's new contact address: it counts once somebody clicks a link that was mailed to the old one.

Whoever has a guest's link may see and cancel the booking. They may not have its mails go elsewhere: the
address is whose booking it is, and an account that confirms it takes the booking over. While nobody has
opened a link at the old address, the browser that bought may correct it, as it may be mistyped.
"""

from enum import StrEnum
from typing import NamedTuple

import orjson

from bms.addresses import fold_address
from bms.commands import audit
from bms.commands.accounts.single_use import find_owner, issue_token, use_token
from bms.commands.messages import to_buyers
from bms.commands.sales.contacts import LOCK, LockedContactRow, check_rate, readdress
from bms.commands.sales.limit import take_turns
from bms.errors import BookingNotConfirmed, LinkInvalid, NotFound
from bms.queries.bookings import BookingView, get_booking
from bms.sql.session import Transaction
from bms.terms import Actor, BookingStatus, Purpose

LINK_SECONDS = 86_400
REQUEST = "request_contact"  # in the audit log


class Outcome(StrEnum):
    """What became of a guest's wish."""

    CHANGED = "contact"
    ASKED = "asked"  # the old address is asked first
    SAME = "same"


class NewContact(NamedTuple):
    """A contact that was changed: the booking, and where its mails go now."""

    view: BookingView
    email: str


def request_contact(
    tx: Transaction,
    actor: Actor,
    *,
    booking_id: int,
    email: str,
    seed: str,
    token_hash: str,
    by_link: bool,
    per_hour: int,
) -> Outcome:
    """Have the mails of the actor's booking go to ``email``, after a click at the old address if one is due.

    ``by_link`` says that a link opened the actor's session. Raises NotFound, BookingNotConfirmed for a
    booking without tickets, and TooManyRequests beyond ``per_hour`` wishes (0 is no limit).
    """
    take_turns(tx, {actor.user_id})  # a token's row locks its user, who comes before the booking
    booking = tx.row(LOCK, id=booking_id)
    if booking is None or booking.user_id != actor.user_id:
        raise NotFound("There is no such booking")
    view = get_booking(tx, booking_id=booking_id, viewer_id=None)
    if view.status != BookingStatus.CONFIRMED:
        raise BookingNotConfirmed(f"The booking is {view.status.lower()}")
    if booking.contact_email is not None and fold_address(booking.contact_email) == fold_address(email):
        return Outcome.SAME
    if booking.contact_email is None or not (by_link or booking.contact_proved_at):
        readdress(tx, actor, booking, changes={"email": email}, per_hour=per_hour)
        return Outcome.CHANGED
    check_rate(tx, REQUEST, booking_id=booking_id, per_hour=per_hour)
    issue_token(
        tx,
        user_id=booking.user_id,
        purpose=Purpose.CONTACT,
        token_hash=token_hash,
        seconds=LINK_SECONDS,
        booking=booking_id,
        old=booking.contact_email,
        email=email,
    )
    to_buyers.contact_asked(tx, booking_id=booking_id, seed=seed, request_id=actor.request_id)
    audit.record(tx, actor, REQUEST, "booking", booking_id)
    return Outcome.ASKED


def find_request(tx: Transaction, *, token_hash: str) -> NewContact:
    """Return the booking of a link that changes its contact, and the new address. Raises LinkInvalid."""
    user_id, booking_id, _, email = _read(tx, token_hash)
    view = get_booking(tx, booking_id=booking_id, viewer_id=None)
    if view.booking.user_id != user_id:
        raise LinkInvalid()
    return NewContact(view, email)


def confirm_contact(tx: Transaction, *, token_hash: str, request_id: str | None) -> NewContact:
    """Have the mails of a link's booking go to the address that was asked for, and return both.

    A link that is opened again answers as the first time, as long as that address is the booking's. Raises
    LinkInvalid, also if the booking has had another address meanwhile, or belongs to an account.
    """
    user_id, booking_id, old, email = _read(tx, token_hash)
    booking = tx.row(LOCK, id=booking_id)
    if booking is None or booking.user_id != user_id:
        raise LinkInvalid()
    if not use_token(tx, token_hash=token_hash, purpose=Purpose.CONTACT):
        if not _has(booking, email):
            raise LinkInvalid()
    elif not _has(booking, old):
        raise LinkInvalid()  # and the token is not used up either
    else:
        # Asking was counted, so this is not.
        actor = Actor(user_id, request_id=request_id)
        readdress(tx, actor, booking, changes={"email": email}, per_hour=0)
    return NewContact(get_booking(tx, booking_id=booking_id, viewer_id=None), email)


def _read(tx: Transaction, token_hash: str) -> tuple[int, int, str, str]:
    token = find_owner(tx, token_hash=token_hash, purpose=Purpose.CONTACT)
    asked = orjson.loads(token.payload)
    return token.user_id, asked["booking"], asked["old"], asked["email"]


def _has(booking: LockedContactRow, email: str) -> bool:
    return booking.contact_email is not None and fold_address(booking.contact_email) == fold_address(email)
