"""Fanning announcements out: the mails and notifications that follow from each, written exactly once.

A mail about a booking is in the booking's language, a notification in its reader's. Either stands in for the
other where it is not known, and the service's default where neither is.

A batch is one transaction: what follows is inserted and the rows become DONE, or neither happens. One leader
at a time does it, so that messages of one subject keep their order. The lease only saves others the attempt:
the guarded UPDATE and the dedupe keys keep two leaders from writing anything twice.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from bms.announcements import KINDS, Announcement, FanOutFailed, ToHolders, decode
from bms.commands.messages import outbox
from bms.commands.messages.booking_links import MakeLink, link_to_bookings
from bms.commands.messages.followers import tell_holders, tell_person
from bms.commands.messages.holders import (
    LIST_HOLDERS,
    MAX_NOTIFICATION,
    PAGE,
    lines_of,
    list_their_bookings,
    mails_to,
)
from bms.commands.messages.outbox import Mail
from bms.commands.messages.telling import Telling
from bms.errors import Contested
from bms.i18n.languages import Languages
from bms.sql.session import Transaction
from bms.sql.statements import Statement, cut, json_rows

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 10
FIRST_RETRY = 5  # seconds; doubled each time
BATCH = 200  # announcements to one person each, in one transaction


class Due(NamedTuple):
    """An announcement that is to be fanned out."""

    id: int
    kind: str
    payload: str
    attempts: int
    told_up_to: int
    request_id: str | None


class Told(NamedTuple):
    """What one person is told of an announcement: a mail in ``locale``, and ``line`` in the app."""

    announcement: Due
    telling: Telling
    locale: str
    line: str | None


LEAD = Statement(
    "leases.take",
    "@name NVARCHAR(32), @holder NVARCHAR(32), @seconds INT",
    """
    UPDATE leases WITH (ROWLOCK)
    SET    holder = @holder, leased_until = DATEADD(SECOND, @seconds, SYSUTCDATETIME())
    WHERE  name = @name AND (holder = @holder OR holder IS NULL OR leased_until < SYSUTCDATETIME())
    """,
)

RESIGN = Statement(
    "leases.give_back",
    "@name NVARCHAR(32), @holder NVARCHAR(32)",
    "UPDATE leases WITH (ROWLOCK) SET holder = NULL WHERE name = @name AND holder = @holder",
)

# A row waits for the earlier ones of its subject that are put off. Those are few, so they are found once and
# not once a row.
LIST_DUE = Statement(
    "announcements.list_due",
    "@wait INT, @limit INT",
    """
    SELECT TOP (@limit) a.id, a.kind, a.payload, a.attempts, a.told_up_to, a.request_id
    FROM   announcements AS a
    LEFT JOIN (SELECT e.subject, e.subject_id, MIN(e.id) AS first_id
               FROM   announcements AS e
               WHERE  e.state = 'NEW' AND e.available_at > SYSUTCDATETIME()
               GROUP BY e.subject, e.subject_id) AS p
           ON p.subject = a.subject AND p.subject_id = a.subject_id AND p.first_id < a.id
    WHERE  a.state = 'NEW' AND a.available_at <= DATEADD(SECOND, -@wait, SYSUTCDATETIME())
      AND  a.subject <> 'event' AND p.first_id IS NULL
    ORDER BY a.id
    """,
    Due,
)

GET_DUE_TO_HOLDERS = Statement(
    "announcements.get_due_to_holders",
    "@wait INT",
    """
    SELECT TOP (1) a.id, a.kind, a.payload, a.attempts, a.told_up_to, a.request_id
    FROM   announcements AS a
    WHERE  a.state = 'NEW' AND a.available_at <= DATEADD(SECOND, -@wait, SYSUTCDATETIME())
      AND  a.subject = 'event'
      AND  NOT EXISTS (SELECT 1
                       FROM   announcements AS e
                       WHERE  e.state = 'NEW' AND e.subject = a.subject AND e.subject_id = a.subject_id
                         AND  e.id < a.id AND e.available_at > SYSUTCDATETIME())
    ORDER BY a.id
    """,
    Due,
)

# Those of which a message has come. One waits while an earlier one of its subject is new and has not come.
# One that was put off is left to the fan-out.
LIST_ARRIVED = Statement(
    "announcements.list_arrived",
    "@ids BIGINT LIST",
    """
    SELECT a.id, a.kind, a.payload, a.attempts, a.told_up_to, a.request_id
    FROM   announcements AS a
    WHERE  a.id IN (@ids) AND a.state = 'NEW' AND a.available_at <= SYSUTCDATETIME()
      AND  (SELECT COUNT(*)
            FROM   announcements AS e
            WHERE  e.state = 'NEW' AND e.subject = a.subject AND e.subject_id = a.subject_id AND e.id < a.id)
           = (SELECT COUNT(*)
              FROM   announcements AS e
              WHERE  e.state = 'NEW' AND e.subject = a.subject AND e.subject_id = a.subject_id
                AND  e.id < a.id AND e.id IN (@ids))
    ORDER BY a.id
    """,
    Due,
)

FINISH = Statement(
    "announcements.finish",
    "@ids BIGINT LIST",
    "UPDATE announcements WITH (ROWLOCK) SET state = 'DONE' WHERE id IN (@ids) AND state = 'NEW'",
)

# The row is still due, unless another change was merged into it since it was read.
PROCEED = Statement(
    "announcements.proceed",
    "@id BIGINT, @state NVARCHAR(16), @told BIGINT, @told_before BIGINT",
    """
    UPDATE announcements WITH (ROWLOCK)
    SET    state = @state, told_up_to = @told
    WHERE  id = @id AND state = 'NEW' AND told_up_to = @told_before AND available_at <= SYSUTCDATETIME()
    """,
)

PUT_OFF = Statement(
    "announcements.put_off",
    "@id BIGINT, @state NVARCHAR(16), @error NVARCHAR(500), @delay INT",
    """
    UPDATE announcements WITH (ROWLOCK)
    SET    state = @state, attempts = attempts + 1, last_error = @error,
           available_at = DATEADD(SECOND, @delay, SYSUTCDATETIME())
    WHERE  id = @id AND state = 'NEW'
    """,
)

INSERT_NOTIFICATIONS = Statement(
    "notifications.insert",
    "@notifications NVARCHAR(MAX)",
    """
    INSERT INTO notifications (user_id, kind, message, event_id, booking_id)
    SELECT n.user_id, n.kind, n.message, n.event_id, n.booking_id
    FROM   OPENJSON(@notifications) WITH (user_id BIGINT, kind NVARCHAR(32), message NVARCHAR(1000),
                                          event_id BIGINT, booking_id BIGINT) AS n
    """,
)

LEASE = "fan_out"


def lead(tx: Transaction, *, holder: str, seconds: int, name: str = LEASE) -> bool:
    """Take or renew the leader's lease for ``seconds``. Returns False while another has it."""
    return tx.execute(LEAD, name=name, holder=holder, seconds=seconds) == 1


def resign(tx: Transaction, *, holder: str, name: str = LEASE) -> None:
    """Give the leader's lease back, if it is still the holder's."""
    tx.execute(RESIGN, name=name, holder=holder)


def fan_out_batch(
    tx: Transaction, *, languages: Languages, make_link: MakeLink, limit: int = BATCH, wait: int = 0
) -> int:
    """Fan out up to ``limit`` announcements to one person each. Returns how many were looked at.

    Those due for less than ``wait`` seconds are left alone. One that cannot be composed is put off, and with
    it the later ones of its subject. Raises Contested when another leader was quicker.
    """
    due = tx.rows(LIST_DUE, limit=limit, wait=wait)
    _tell(tx, due, languages, make_link)
    return len(due)


def fan_out_arrived(
    tx: Transaction, *, ids: Sequence[int], languages: Languages, make_link: MakeLink
) -> list[int]:
    """Fan out those of the announcements ``ids`` that are new and to one person each.

    Returns the ids of the others that are new: to all holders of an event, for ``fan_out_page``. Raises
    Contested when a leader was quicker.
    """
    arrived = tx.rows(LIST_ARRIVED, ids=ids)
    to_holders = [one.id for one in arrived if issubclass(KINDS.get(one.kind, Announcement), ToHolders)]
    _tell(tx, [one for one in arrived if one.id not in to_holders], languages, make_link)
    return to_holders


def _tell(tx: Transaction, announced: Sequence[Due], languages: Languages, make_link: MakeLink) -> None:
    told: list[Told] = []
    for announcement in announced:
        try:
            telling = tell_person(decode(announcement.kind, announcement.payload))
            told.append(_told(announcement, telling, languages))
        except Exception as error:
            _put_off(tx, announcement, error)
    if told:
        _write(tx, told, make_link)
        _finish(tx, [one.announcement.id for one in told])


def fan_out_page(
    tx: Transaction,
    *,
    languages: Languages,
    make_link: MakeLink,
    wait: int = 0,
    announcement_id: int | None = None,
    limit: int | None = None,
) -> bool:
    """Tell up to ``limit`` holders, PAGE at the most, of what is due to all of an event, or of
    ``announcement_id``.

    Returns False when nothing is due, or for no more than ``wait`` seconds. Raises Contested when another
    leader was quicker, or another change was merged into this one meanwhile.
    """
    if announcement_id is None:
        due = tx.row(GET_DUE_TO_HOLDERS, wait=wait)
    else:
        due = tx.row(LIST_ARRIVED, ids=[announcement_id])
    if due is None:
        return False
    size = min(PAGE, limit or PAGE)
    try:
        announcement = decode(due.kind, due.payload)
        assert isinstance(announcement, ToHolders)
        telling = tell_holders(announcement)
    except Exception as error:
        _put_off(tx, due, error)
        return True
    holders = tx.rows(
        LIST_HOLDERS,
        event_id=announcement.event_id,
        statuses=telling.statuses,
        up_to=announcement.up_to,
        after=due.told_up_to,
        limit=size,
    )
    bookings = list_their_bookings(tx, announcement, telling, after=due.told_up_to, holders=holders)
    try:
        lines = lines_of(telling, holders, bookings, languages)
    except Exception as error:
        _put_off(tx, due, error)
        return True
    mails = mails_to(due.id, holders, bookings, telling, languages, request_id=due.request_id)
    outbox.enqueue(tx, link_to_bookings(tx, mails, make_link))
    _notify(
        tx,
        (
            {"user_id": user_id, "kind": telling.kind, "message": line, "event_id": announcement.event_id}
            for user_id, line in lines.items()
        ),
    )
    proceeded = tx.execute(
        PROCEED,
        id=due.id,
        state="NEW" if len(holders) == size else "DONE",
        told=holders[-1].id if holders else due.told_up_to,
        told_before=due.told_up_to,
    )
    if proceeded != 1:
        raise Contested()
    return True


def _told(announcement: Due, telling: Telling, languages: Languages) -> Told:
    """Return what one person is told of an announcement, in their language."""
    line = telling.line and telling.line(languages.find(telling.person.locale, telling.locale))
    return Told(
        announcement=announcement,
        telling=telling,
        locale=languages.find(telling.locale, telling.person.locale).tag,
        line=line and cut(line, MAX_NOTIFICATION),
    )


def _write(tx: Transaction, told: Sequence[Told], make_link: MakeLink) -> None:
    mails = [
        Mail(
            announcement_id=announcement.id,
            kind=telling.kind,
            recipient=telling.person.email,
            dedupe_key=telling.dedupe_key,
            payload=telling.payload,
            locale=locale,
            request_id=announcement.request_id,
        )
        for announcement, telling, locale, _ in told
        if telling.person.email is not None and (telling.person.confirmed or telling.to_unconfirmed)
    ]
    outbox.enqueue(tx, link_to_bookings(tx, mails, make_link))
    _notify(
        tx,
        (
            {
                "user_id": telling.person.id,
                "kind": telling.kind,
                "message": line,
                "event_id": telling.event_id,
                "booking_id": telling.booking_id,
            }
            for _, telling, _, line in told
            if line is not None
        ),
    )


def _notify(tx: Transaction, notifications: Iterable[dict[str, Any]]) -> None:
    rows = list(notifications)
    if rows:
        tx.execute(INSERT_NOTIFICATIONS, notifications=json_rows(rows))


def _finish(tx: Transaction, ids: Sequence[int]) -> None:
    if tx.execute(FINISH, ids=ids) != len(ids):
        raise Contested()


def put_off_first(tx: Transaction, *, error: Exception, to_holders: bool, wait: int = 0) -> None:
    """Put off the first announcement that is due: writing what follows from it failed with ``error``."""
    if to_holders:
        due = tx.row(GET_DUE_TO_HOLDERS, wait=wait)
    else:
        due = next(iter(tx.rows(LIST_DUE, limit=1, wait=wait)), None)
    if due is not None:
        _put_off(tx, due, error)


def _put_off(tx: Transaction, due: Due, error: Exception) -> None:
    """Have an announcement tried again later, or give it up after MAX_ATTEMPTS."""
    log.error("announcement %d (%s) cannot be fanned out", due.id, due.kind, exc_info=error)
    attempts = due.attempts + 1
    tx.note(FanOutFailed(given_up=attempts >= MAX_ATTEMPTS))
    tx.execute(
        PUT_OFF,
        id=due.id,
        state="DEAD" if attempts >= MAX_ATTEMPTS else "NEW",
        error=cut(f"{type(error).__name__}: {error}", 500),
        delay=FIRST_RETRY * 2**attempts,
    )
