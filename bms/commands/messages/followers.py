"""What follows from an announcement: the mail and the notification of each kind, composed from its payload.

The dedupe key of a mail names its occasion, of which there is one message per person at most. A notification
is stored in its reader's language, so its line is a function of it. A mail is composed when it is sent.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from bms.announcements import (
    AboutBooking,
    Announcement,
    BookingCancelled,
    BookingConfirmed,
    EventChanged,
    EventFacts,
    EventNear,
    OrganizerMessage,
    PaymentReturned,
    Person,
    RefundIssued,
    ToHolders,
    UserRegistered,
)
from bms.formats import place
from bms.i18n.languages import Language
from bms.terms import BookingStatus

CONFIRMED = (BookingStatus.CONFIRMED,)
LIVE = (BookingStatus.PENDING, BookingStatus.CONFIRMED)

Line = Callable[[Language], str]


class Telling(NamedTuple):
    """What one person is told: a mail of ``kind``, and a notification unless ``line`` is None.

    ``locale`` is the language of the booking that it is about, None if that is its buyer's.
    """

    person: Person
    kind: str
    dedupe_key: str
    payload: Mapping[str, Any]
    line: Line | None
    event_id: int | None = None
    booking_id: int | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class HoldersTelling:
    """What everybody with a booking of one of ``statuses`` is told; the payload is the same for all."""

    kind: str
    occasion: str
    statuses: tuple[BookingStatus, ...]
    payload: Mapping[str, Any]
    line: Line


def tell_person(announcement: Announcement) -> Telling:
    """Return what the person concerned is told. Raises LookupError for a kind that nobody follows."""
    return _ONE[type(announcement)](announcement)


def tell_holders(announcement: ToHolders) -> HoldersTelling:
    """Return what the holders are told. Raises LookupError for a kind that nobody follows."""
    return _HOLDERS[type(announcement)](announcement)


def _registered(told: UserRegistered) -> Telling:
    payload = {"name": told.person.name, "username": told.username}
    return Telling(told.person, "registration", f"registration:{told.user_id}", payload, None)


def _confirmed(told: BookingConfirmed) -> Telling:
    def line(language: Language) -> str:
        return language.gettext(
            "Your booking %(reference)s for %(title)s is confirmed.",
            reference=told.reference,
            title=told.event.title,
        )

    return _of_booking(
        told,
        "booking_confirmed",
        told.booking_id,
        line,
        total=told.total,
        currency=told.currency,
        lines=[asdict(line) for line in told.lines],
        tickets=[asdict(ticket) for ticket in told.tickets],
    )


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
        reason=told.reason,
        refund=told.refund,
        currency=told.currency,
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


def _of_booking(told: AboutBooking, kind: str, key: int, line: Line, **payload: Any) -> Telling:
    return Telling(
        person=told.person,
        kind=kind,
        dedupe_key=f"{kind}:{key}",
        payload={
            "name": told.person.name,
            "reference": told.reference,
            "event": asdict(told.event),
            **payload,
        },
        line=line,
        event_id=told.event_id,
        booking_id=told.booking_id,
        locale=told.locale,
    )


def _changed(told: EventChanged) -> HoldersTelling:
    def line(language: Language) -> str:
        return language.gettext(
            "%(title)s has changed. It was: %(old)s. It is now: %(new)s.",
            title=told.title,
            old=_when_and_where(told.old, language),
            new=_when_and_where(told.new, language),
        )

    return HoldersTelling(
        kind="event_updated",
        occasion=f"event_updated:{told.event_id}:{told.version}",
        statuses=LIVE,
        payload={"event": {"title": told.title}, "old": _where(told.old), "new": _where(told.new)},
        line=line,
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
        payload={"event": asdict(told.event)},
        line=line,
    )


def _message(told: OrganizerMessage) -> HoldersTelling:
    return HoldersTelling(
        kind="organizer_message",
        occasion=f"organizer_message:{told.message_id}",
        statuses=CONFIRMED,
        payload={
            "event": asdict(told.event),
            "sender": told.sender,
            "paragraphs": told.message.splitlines(),
        },
        line=lambda _: told.message,
    )


def _where(facts: EventFacts) -> dict[str, Any]:
    return {name: fact for name, fact in asdict(facts).items() if name != "title"}


def _when_and_where(facts: EventFacts, language: Language) -> str:
    event = asdict(facts)
    return ", ".join(filter(None, (language.period(event), place(event))))


_ONE: Mapping[type[Announcement], Callable[[Any], Telling]] = {
    UserRegistered: _registered,
    BookingConfirmed: _confirmed,
    BookingCancelled: _cancelled,
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
