"""What follows from an announcement: the mail and the notification of each kind, composed from its payload.

The dedupe key of a mail names its occasion, of which there is one message per person at most. A notification
is stored in its reader's language, so its line is a function of it. A mail is composed when it is sent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from msgspec import to_builtins

from bms.announcements import (
    AboutBooking,
    Announcement,
    BookingCancelled,
    BookingConfirmed,
    ContactAsked,
    ContactChanged,
    EventChanged,
    EventFacts,
    EventNear,
    OrganizerMessage,
    PaymentReturned,
    RefundIssued,
    SeatFacts,
    TicketsCancelled,
    TicketsReseated,
    TicketsResent,
    ToHolders,
)
from bms.commands.messages.account_followers import OF_ACCOUNTS
from bms.commands.messages.booking_links import SEED
from bms.commands.messages.telling import HoldersTelling, Line, Telling
from bms.formats import place
from bms.i18n.languages import Language
from bms.i18n.refund_rules import describe_rule
from bms.terms import BookingStatus

CONFIRMED = (BookingStatus.CONFIRMED,)
LIVE = (BookingStatus.PENDING, BookingStatus.CONFIRMED)


def tell_person(announcement: Announcement) -> Telling:
    """Return what the person concerned is told. Raises LookupError for a kind that nobody follows."""
    return _ONE[type(announcement)](announcement)


def tell_holders(announcement: ToHolders) -> HoldersTelling:
    """Return what the holders are told. Raises LookupError for a kind that nobody follows."""
    return _HOLDERS[type(announcement)](announcement)


def _confirmed(told: BookingConfirmed) -> Telling:
    def line(language: Language) -> str:
        return language.gettext(
            "Your booking %(reference)s for %(title)s is confirmed.",
            reference=told.reference,
            title=told.event.title,
        )

    return _of_booking(told, "booking_confirmed", told.booking_id, line, **_tickets(told))


def _resent(told: TicketsResent) -> Telling:
    def line(language: Language) -> str:
        return language.gettext(
            "The tickets of your booking %(reference)s for %(title)s were sent again.",
            reference=told.reference,
            title=told.event.title,
        )

    key = f"{told.booking_id}:{told.resend_id}"
    return _of_booking(told, "booking_confirmed", key, line, **_tickets(told))


def _tickets(told: BookingConfirmed) -> dict[str, Any]:
    return {
        "total": told.total,
        "currency": told.currency,
        "lines": to_builtins(told.lines),
        "tickets": to_builtins(told.tickets),
        "terms": to_builtins(told.terms),
    }


def _contact_changed(told: ContactChanged) -> Telling:
    def line(language: Language) -> str:
        return language.gettext(
            "Mail about your booking %(reference)s for %(title)s goes to another address now.",
            reference=told.reference,
            title=told.event.title,
        )

    key = f"{told.booking_id}:{told.change_id}:{'before' if told.before else 'after'}"
    # Both are mailed; the account is notified once.
    once = line if not told.before else None
    # The address before gets no link: the booking is no longer its.
    unlinked = {SEED: None} if told.before else {}
    return _of_booking(told, "contact_changed", key, once, before=told.before, **unlinked)


def _contact_asked(told: ContactAsked) -> Telling:
    # One who only has a link may have asked: the mail has no word of theirs, and only the page the address.
    link = {"page": "b/contact", "seed": told.seed}
    return _of_booking(told, "contact_asked", told.seed, None, link=link)


def _cancelled(told: BookingCancelled) -> Telling:
    def line(language: Language) -> str:
        names = {"reference": told.reference, "title": told.event.title}
        if told.with_event:
            text = language.gettext("%(title)s is cancelled, and so is your booking %(reference)s.", **names)
        else:
            text = language.gettext("Your booking %(reference)s for %(title)s is cancelled.", **names)
        if told.refund is None:
            return text
        amount = language.money(told.refund, told.currency, code_first=True)
        refunded = language.gettext("%(amount)s is refunded.", amount=amount)
        return f"{text} {refunded}"

    return _of_booking(
        told,
        "event_cancelled" if told.with_event else "booking_cancelled",
        told.booking_id,
        line,
        # The reason of a booking is its buyer's own text.
        reason=told.reason if told.person.confirmed or told.with_event else None,
        refund=told.refund,
        currency=told.currency,
    )


def _tickets_cancelled(told: TicketsCancelled) -> Telling:
    def line(language: Language) -> str:
        text = language.ngettext(
            "%(count)s ticket of your booking %(reference)s for %(title)s is cancelled.",
            "%(count)s tickets of your booking %(reference)s for %(title)s are cancelled.",
            len(told.tickets),
            count=len(told.tickets),
            reference=told.reference,
            title=told.event.title,
        )
        if told.refund is None:
            return text
        amount = language.money(told.refund, told.currency, code_first=True)
        refunded = language.gettext("%(amount)s is refunded.", amount=amount)
        return f"{text} {refunded}"

    return _of_booking(
        told,
        "tickets_cancelled",
        told.first_ticket_id,
        line,
        tickets=to_builtins(told.tickets),
        left=told.left,
        reason=told.reason,
        refund=told.refund,
        currency=told.currency,
    )


def _reseated(told: TicketsReseated) -> Telling:
    def line(language: Language) -> str:
        return language.gettext(
            "Your seats for %(title)s have changed: %(seats)s.",
            title=told.event.title,
            seats="; ".join(_seat(change.after, language) for change in told.changes),
        )

    changes = to_builtins(told.changes)
    return _of_booking(told, "tickets_reseated", f"{told.booking_id}:{told.change_id}", line, changes=changes)


def _seat(seat: SeatFacts, language: Language) -> str:
    return language.gettext(
        "%(section)s, row %(row)s, seat %(number)s", section=seat.section, row=seat.row, number=seat.number
    )


def _refunded(told: RefundIssued) -> Telling:
    def line(language: Language) -> str:
        return language.gettext(
            "%(amount)s of your booking %(reference)s has been refunded.",
            amount=language.money(told.refund, told.currency, code_first=True),
            reference=told.reference,
        )

    return _of_booking(
        told, "refund_issued", told.refund_id, line, refund=told.refund, currency=told.currency
    )


def _returned(told: PaymentReturned) -> Telling:
    def line(language: Language) -> str:
        if told.had_failed:
            return language.gettext(
                "Your payment for %(title)s arrived after it had failed. All of it is refunded.",
                title=told.event.title,
            )
        return language.gettext(
            "Your payment for %(title)s arrived after the booking had ended. All of it is refunded.",
            title=told.event.title,
        )

    return _of_booking(
        told,
        "payment_returned",
        told.payment_id,
        line,
        refund=told.refund,
        currency=told.currency,
        had_failed=told.had_failed,
    )


def _of_booking(told: AboutBooking, kind: str, key: int | str, line: Line | None, **payload: Any) -> Telling:
    return Telling(
        person=told.person,
        kind=kind,
        dedupe_key=f"{kind}:{key}",
        payload={
            # Until the address is confirmed, it may be a stranger's whom somebody greets by our mail.
            "name": told.person.name if told.person.confirmed else None,
            "reference": told.reference,
            "event": to_builtins(told.event),
            "organizer": to_builtins(told.organizer),
            # How many mails an address gets that somebody else has given.
            "is_limited": told.person.is_contact or isinstance(told, TicketsResent),
            **payload,
        },
        line=line,
        event_id=told.event_id,
        booking_id=told.booking_id,
        locale=told.locale,
        to_unconfirmed=True,
    )


def _changed(told: EventChanged) -> HoldersTelling:
    """Those who have bought another time or place are told that they may have their money back."""
    later = _change(told, None)
    if not told.last_refundable:
        return later
    return replace(later, earlier=partial(_change, told), earlier_up_to=told.last_refundable)


def _change(told: EventChanged, refundable: Sequence[str] | None) -> HoldersTelling:
    """Return what holders are told of whose bookings all is ``refundable`` (empty), those, or none (None)."""
    moved = _where(told.old) != _where(told.new)
    ruled = told.old_rule is not None and told.new_rule is not None and told.old_rule != told.new_rule

    def line(language: Language) -> str:
        texts = []
        if moved or not ruled:
            texts.append(
                language.gettext(
                    "%(title)s has changed. It was: %(old)s. It is now: %(new)s.",
                    title=told.title,
                    old=_when_and_where(told.old, language),
                    new=_when_and_where(told.new, language),
                )
            )
        if refundable is not None:
            texts.append(_refundable(told, refundable, language))
        if ruled and told.new_rule is not None:
            rule = describe_rule(language, **to_builtins(told.new_rule))
            texts.append(
                language.gettext("The refund rule of %(title)s is now: %(rule)s", title=told.title, rule=rule)
            )
        return " ".join(texts)

    return HoldersTelling(
        kind="event_updated",
        occasion=f"event_updated:{told.event_id}:{told.version}",
        statuses=LIVE,
        payload={
            "event": {"title": told.title},
            "old": _where(told.old),
            "new": _where(told.new),
            "moved": moved or not ruled,
            "refundable": refundable is not None,
            "old_rule": to_builtins(told.old_rule) if ruled else None,
            "new_rule": to_builtins(told.new_rule) if ruled else None,
            "organizer": to_builtins(told.organizer),
        },
        line=line,
    )


def _refundable(told: EventChanged, references: Sequence[str], language: Language) -> str:
    when = language.when(told.new.starts_at, told.new.timezone)
    if not references:
        return language.gettext("You can have all of the price back until %(start)s.", start=when)
    return language.ngettext(
        "You can have all of the price of booking %(references)s back until %(start)s.",
        "You can have all of the price of bookings %(references)s back until %(start)s.",
        len(references),
        references=", ".join(references),
        start=when,
    )


def _near(told: EventNear) -> HoldersTelling:
    def line(language: Language) -> str:
        # When it ends is of no importance yet.
        start = replace(told.event, ends_at=None)
        return language.gettext(
            "%(title)s starts soon: %(when)s.", title=start.title, when=_when_and_where(start, language)
        )

    return HoldersTelling(
        kind="reminder",
        # Every change of an event's time makes a new version, and a reminder of its own.
        occasion=f"reminder:{told.event_id}:{told.version}",
        statuses=CONFIRMED,
        payload={"event": to_builtins(told.event), "organizer": to_builtins(told.organizer)},
        line=line,
    )


def _message(told: OrganizerMessage) -> HoldersTelling:
    return HoldersTelling(
        kind="organizer_message",
        occasion=f"organizer_message:{told.message_id}",
        statuses=CONFIRMED,
        payload={
            "event": to_builtins(told.event),
            "organizer": to_builtins(told.organizer),
            "sender": told.sender,
            "paragraphs": told.message.splitlines(),
        },
        line=lambda _: told.message,
        to_unconfirmed=False,
        to_contacts=told.to_contacts,
    )


def _where(facts: EventFacts) -> dict[str, Any]:
    return {name: fact for name, fact in to_builtins(facts).items() if name != "title"}


def _when_and_where(facts: EventFacts, language: Language) -> str:
    event = to_builtins(facts)
    return ", ".join(filter(None, (language.period(event), place(event))))


_ONE: Mapping[type[Announcement], Callable[[Any], Telling]] = {
    **OF_ACCOUNTS,
    BookingConfirmed: _confirmed,
    TicketsResent: _resent,
    ContactChanged: _contact_changed,
    ContactAsked: _contact_asked,
    BookingCancelled: _cancelled,
    TicketsCancelled: _tickets_cancelled,
    TicketsReseated: _reseated,
    RefundIssued: _refunded,
    PaymentReturned: _returned,
}
_HOLDERS: Mapping[type[Announcement], Callable[[Any], HoldersTelling]] = {
    EventChanged: _changed,
    EventNear: _near,
    OrganizerMessage: _message,
}

# The kinds from which something follows here.
FOLLOWERS = frozenset(kind.kind for kind in (*_ONE, *_HOLDERS))
