"""The holders of an event, a page at a time: their bookings, and what each of them is told.

A notification goes to the account. A mail goes to each address that the bookings have: the contact of the
booking, or else the account's.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bms.announcements import ToHolders
from bms.commands.messages.outbox import Mail
from bms.commands.messages.telling import HoldersTelling
from bms.i18n.languages import Languages
from bms.sql.session import Transaction
from bms.sql.statements import Statement, cut

MAX_NOTIFICATION = 1000  # UTF-16 units
PAGE = 125  # holders a transaction at the most, which takes 20 ms of work


class Holder(NamedTuple):
    """Somebody with a booking of the event that an announcement is about, as their account has them."""

    id: int
    email: str | None
    email_confirmed_at: dt.datetime | None
    locale: str | None


class HeldBooking(NamedTuple):
    """A booking of a holder: its reference, whom its mails go to (None: the account), and its language."""

    id: int
    user_id: int
    reference: str
    contact_email: str | None
    locale: str | None


LIST_HOLDERS = Statement(
    "users.list_holders",
    "@event_id BIGINT, @statuses NVARCHAR(16) LIST, @up_to BIGINT, @after BIGINT, @limit INT",
    """
    SELECT TOP (@limit) u.id, u.email, u.email_confirmed_at, u.locale
    FROM   users AS u
    WHERE  u.id > @after
      AND  u.id IN (SELECT b.user_id
                    FROM   bookings AS b
                    WHERE  b.event_id = @event_id AND b.status IN (@statuses) AND b.id <= @up_to
                      AND  b.user_id > @after)
    ORDER BY u.id
    """,
    Holder,
)

LIST_BOOKINGS = Statement(
    "bookings.list_of_holders",
    "@event_id BIGINT, @statuses NVARCHAR(16) LIST, @up_to BIGINT, @after BIGINT, @last BIGINT",
    """
    SELECT id, user_id, reference, contact_email, locale
    FROM   bookings
    WHERE  event_id = @event_id AND status IN (@statuses) AND id <= @up_to
      AND  user_id > @after AND user_id <= @last
    ORDER BY id
    """,
    HeldBooking,
)


def list_their_bookings(
    tx: Transaction,
    announcement: ToHolders,
    telling: HoldersTelling,
    *,
    after: int,
    holders: Sequence[Holder],
) -> dict[int, list[HeldBooking]]:
    """Return the bookings that the announcement is about, the oldest first, by holder.

    ``holders`` are all holders from the one ``after`` to the last of them.
    """
    found: dict[int, list[HeldBooking]] = defaultdict(list)
    if holders:
        for booking in tx.rows(
            LIST_BOOKINGS,
            event_id=announcement.event_id,
            statuses=telling.statuses,
            up_to=announcement.up_to,
            after=after,
            last=holders[-1].id,
        ):
            found[booking.user_id].append(booking)
    return found


def lines_of(
    telling: HoldersTelling,
    holders: Sequence[Holder],
    bookings: Mapping[int, Sequence[HeldBooking]],
    languages: Languages,
) -> dict[int, str]:
    """Return the notification of each holder, by the holder's id."""
    read_in = {
        holder.id: languages.find(holder.locale, *(last.locale for last in bookings[holder.id][-1:]))
        for holder in holders
    }
    told = {holder.id: _earlier_references(telling, bookings[holder.id]) for holder in holders}
    lines = {
        (language, earlier): cut(telling.of(*earlier).line(language), MAX_NOTIFICATION)
        for language, earlier in {(read_in[key], told[key]) for key in read_in}
    }
    return {key: lines[language, told[key]] for key, language in read_in.items()}


def _earlier_references(
    telling: HoldersTelling, bookings: Sequence[HeldBooking]
) -> tuple[tuple[str, ...], bool]:
    """Return the references of the bookings up to ``earlier_up_to``, and whether there are others."""
    earlier = tuple(booking.reference for booking in bookings if booking.id <= telling.earlier_up_to)
    return earlier, len(earlier) < len(bookings)


def mails_to(
    key: int,
    holders: Sequence[Holder],
    bookings: Mapping[int, Sequence[HeldBooking]],
    telling: HoldersTelling,
    languages: Languages,
    *,
    request_id: str | None,
) -> list[Mail]:
    """Return a mail for each address that bookings of ``holders`` have, about the last of its bookings.

    If some of them are told something else, being earlier, the mail says that, about the last of those.
    """
    mails: dict[str, Mail] = {}
    earlier: set[str] = set()
    for holder in holders:
        account = None if holder.email is None else holder.email.casefold()
        # An address that nobody has proved gets only what is about its bookings.
        is_mailed = telling.to_unconfirmed or holder.email_confirmed_at is not None
        mailed = holder.email if is_mailed else None
        for booking in bookings[holder.id]:
            contact = booking.contact_email if telling.to_contacts else None
            address = contact or mailed
            if address is None:
                continue
            folded = address.casefold()
            references = [booking.reference] if booking.id <= telling.earlier_up_to else []
            if references:
                earlier.add(folded)
            elif folded in earlier:
                continue
            digest = hashlib.sha256(folded.encode()).hexdigest()[:16]
            who = str(holder.id) if folded == account else f"{holder.id}:{digest}"
            mails[folded] = Mail(
                announcement_id=key,
                kind=telling.kind,
                recipient=address,
                dedupe_key=f"{telling.occasion}:{who}",
                payload={**telling.of(references, False).payload, "reference": booking.reference},
                locale=languages.find(booking.locale, holder.locale).tag,
                request_id=request_id,
            )
    return list(mails.values())
