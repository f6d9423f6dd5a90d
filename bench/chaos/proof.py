"""Holds the clients' log, the database, the gateway's books and the mail against each other, line by line."""

import datetime as dt
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pyodbc

from bench.chaos.lives import Business, World
from bench.chaos.site import Site
from bench.serving import environment
from bms.mail.messages import message_id
from bms.sql.embedded.provision import embedded_url
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.odbc.target import parse_url

DOMAIN = "bms.test"
MOMENT = 1.0  # seconds from the making of a booking until its reply is there
Rows = Callable[..., list[Any]]


@dataclass(frozen=True)
class Proof:
    """What was found: ``lost`` are lines that are missing somewhere, ``repeated`` counts mail sent twice."""

    lost: list[str]
    repeated: int
    bookings: int
    mails: int


def connect(site: Site) -> pyodbc.Connection:
    """Return a connection of our own to the embedded database."""
    url = embedded_url(EmbeddedServer(site.directory / "postgres"))
    return pyodbc.connect(parse_url(url).odbc, autocommit=True)


def prove(site: Site, world: World) -> Proof:
    """Compare everything. The service has nothing left to do."""
    with closing(connect(site)) as connection:

        def rows(text: str, *values: Any) -> list[Any]:
            found: list[Any] = connection.execute(text, *values).fetchall()
            return found

        lost = [
            *world.log.faults[:20],
            *_holds(world, rows),
            *_payments(world, rows),
            *_ends(world, rows),
            *_cancelled_events(world, rows),
            *_moved_events(world, rows),
            *_mail(site, rows),
            *_check(site),
        ]
        bookings = rows("SELECT COUNT(*) FROM bookings")[0][0]
        mails = rows("SELECT COUNT(*) FROM outbox WHERE state = 'SENT'")[0][0]
    repeated = sum(count - 1 for count in site.post.accepted.values())
    return Proof(lost, repeated, bookings, mails)


def _holds(world: World, rows: Rows) -> Iterator[str]:
    """Each key has at most one booking, the one that every answer told of, and there are no others.

    A send may be refused, and another one under its key be served a moment later: tickets come back. It must
    not be refused once the booking is made.
    """
    found = {row.id: row for row in rows("SELECT id, user_id, event_id, quantity, created_at FROM bookings")}
    told: set[int] = set()
    unanswered: Counter[int] = Counter()
    for one in _all(world, "hold"):
        ids = {answer.body["id"] for answer in one.answers if answer.status == 201}
        if len(ids) > 1:
            yield f"one key, several bookings: {sorted(ids)}"
        for booking in ids:
            row = found.get(booking)
            if row is None:
                yield f"booking {booking} was acknowledged and is not there"
            elif (row.user_id, row.event_id, row.quantity) != (one.who, one.subject, one.quantity):
                yield f"booking {booking} is not what was asked for"
        told |= ids
        if not ids and (not one.answers or any(a.status in (0, 503, 409) for a in one.answers)):
            unanswered[one.who] += 1
        made = [_seconds(found[booking].created_at) for booking in ids if booking in found]
        refused = {
            answer.code
            for answer in one.answers
            if answer.status == 409 and any(answer.at > moment + MOMENT for moment in made)
        }
        if refused:
            yield f"booking {min(ids)}: the same request under the same key was refused too: {refused}"
    silent = Counter(row.user_id for row in found.values() if row.id not in told)
    for user, count in silent.items():
        if count > unanswered[user]:
            yield f"user {user} has {count} bookings that nobody asked for"


def _seconds(moment: dt.datetime) -> float:
    return moment.replace(tzinfo=dt.UTC).timestamp()


def _payments(world: World, rows: Rows) -> Iterator[str]:
    found = {
        row.id: row
        for row in rows(
            "SELECT p.id, p.booking_id, p.status, b.status AS booking, b.quantity,"
            " (SELECT COUNT(*) FROM tickets AS t"
            "  WHERE t.booking_id = b.id AND t.status = 'VALID') AS tickets"
            " FROM payments AS p INNER JOIN bookings AS b ON b.id = p.booking_id"
        )
    }
    for one in _all(world, "pay"):
        ids = {answer.body["id"] for answer in one.answers if answer.status == 201}
        if len(ids) > 1:
            yield f"one key, several payments: {sorted(ids)}"
        for payment in ids:
            row = found.get(payment)
            if row is None or row.status in ("FAILED", "PROCESSING"):
                yield f"payment {payment} was acknowledged and is {row and row.status}"
            elif row.booking == "CONFIRMED" and row.tickets != row.quantity:
                yield f"booking {row.booking_id} is paid and has {row.tickets} of {row.quantity} tickets"
            elif row.booking not in ("CONFIRMED", "CANCELLED"):
                yield f"booking {row.booking_id} was paid and is {row.booking}"
    for row in found.values():
        if row.status == "PROCESSING":
            yield f"payment {row.id} has no outcome"


def _ends(world: World, rows: Rows) -> Iterator[str]:
    status = {row.id: row.status for row in rows("SELECT id, status FROM bookings")}
    for what in ("cancel", "refund"):
        for one in _all(world, what):
            if one.done is not None and status.get(one.subject) != "CANCELLED":
                yield f"booking {one.subject}: {what} was acknowledged, and it is {status.get(one.subject)}"
    for row in rows("SELECT id, status FROM refunds WHERE status <> 'SUCCEEDED'"):
        yield f"refund {row.id} is {row.status}"


def _cancelled_events(world: World, rows: Rows) -> Iterator[str]:
    for event in world.cancelled:
        for row in rows(
            "SELECT id, status FROM bookings WHERE event_id = ? AND status IN ('PENDING', 'CONFIRMED')", event
        ):
            yield f"booking {row.id} of the cancelled event is {row.status}"
        for row in rows(
            "SELECT p.id FROM payments AS p INNER JOIN bookings AS b ON b.id = p.booking_id"
            " WHERE b.event_id = ? AND p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED')",
            event,
        ):
            yield f"payment {row.id} of the cancelled event is not given back"


def _moved_events(world: World, rows: Rows) -> Iterator[str]:
    """Whoever had tickets of an event when it was moved has one mail and one notification of it."""
    for event in world.moved:
        for row in rows(
            "SELECT DISTINCT b.user_id,"
            " (SELECT COUNT(*) FROM outbox AS o"
            "  WHERE o.announcement_id = a.id AND o.recipient = u.email) AS mails,"
            " (SELECT COUNT(*) FROM notifications AS n"
            "  WHERE n.user_id = u.id AND n.kind = 'event_updated' AND n.event_id = b.event_id"
            "    AND n.message LIKE '%now:%Sep%2099%') AS notes"
            " FROM bookings AS b INNER JOIN users AS u ON u.id = b.user_id"
            " INNER JOIN announcements AS a ON a.subject = 'event' AND a.subject_id = b.event_id"
            " AND a.kind = 'event.changed' AND a.payload LIKE '%2099-09-01%'"
            " WHERE b.event_id = ? AND b.status = 'CONFIRMED' AND b.confirmed_at < a.created_at",
            event,
        ):
            if (row.mails, row.notes) != (1, 1):
                yield f"user {row.user_id} has {row.mails} mails and {row.notes} notifications of the move"


def _mail(site: Site, rows: Rows) -> Iterator[str]:
    """Every occasion has one mail, every mail that counts as sent has arrived, and nothing else has."""
    known = set()
    for row in rows("SELECT id, kind, state, dedupe_key, last_error FROM outbox"):
        name = message_id(row.dedupe_key, DOMAIN)
        known.add(name)
        if row.state != "SENT":
            yield f"mail {row.id} ({row.kind}) is {row.state}: {row.last_error}"
        elif name not in site.post.accepted:
            yield f"mail {row.id} ({row.kind}) counts as sent and has not arrived"
    for name in site.post.accepted:
        if name not in known:
            yield f"mail {name} has arrived and is not in the outbox"
    for row in rows(
        "SELECT b.id FROM bookings AS b WHERE b.confirmed_at IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM outbox AS o WHERE o.dedupe_key = CONCAT('booking_confirmed:', b.id))"
    ):
        yield f"booking {row.id} was confirmed and its buyer got no mail"
    for row in rows("SELECT id, kind, state FROM announcements WHERE state <> 'DONE'"):
        yield f"announcement {row.id} ({row.kind}) is {row.state}"


def _check(site: Site) -> Iterator[str]:
    """What ``bms check`` says, which holds the gateway's books against the payments too."""
    done = subprocess.run(
        [sys.executable, "-m", "bms.cli", "check"],
        cwd=site.directory,
        env=environment(site.directory),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        yield from (line for line in done.stdout.splitlines() if not line.startswith("holds"))
        yield from done.stderr.splitlines()[-3:]


def _all(world: World, what: str) -> Iterator[Business]:
    return (one for one in world.businesses if one.what == what)
