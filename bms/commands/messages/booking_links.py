"""The links to bookings that mails contain: each has a row with the hash of its token.

A link works for the address that it was mailed to. So one that is on its way to a former address opens
nothing, whatever is committed first.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bms.addresses import fold_address
from bms.commands.messages.outbox import Mail
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows

DAYS = 30  # after the event, in which a link works
SEED = "booking_seed"  # in a mail's payload: the seed of its link, None if it has none


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link to be mailed: the seed that the mail holds, and the hash of the token that it becomes."""

    seed: str
    hash: str


MakeLink = Callable[[], NewLink]

INSERT = Statement(
    "booking_links.insert",
    "@links NVARCHAR(MAX), @days INT",
    """
    INSERT INTO booking_links (token_hash, reference, mailed_to, expires_at)
    SELECT m.token_hash, m.reference, m.mailed_to, DATEADD(DAY, @days, COALESCE(e.ends_at, e.starts_at))
    FROM   OPENJSON(@links) WITH (token_hash NVARCHAR(64), reference NVARCHAR(16),
                                  mailed_to NVARCHAR(64)) AS m
    INNER JOIN bookings AS b ON b.reference = m.reference
    INNER JOIN events AS e ON e.id = b.event_id
    """,
)


def link_to_bookings(tx: Transaction, mails: Iterable[Mail], make: MakeLink) -> list[Mail]:
    """Give each mail about a booking a link of its own, and return the mails."""
    linked: list[Mail] = []
    rows = []
    for mail in mails:
        reference = mail.payload.get("reference")
        if reference is None or SEED in mail.payload:
            linked.append(mail)
            continue
        link = make()
        rows.append(
            {"token_hash": link.hash, "reference": reference, "mailed_to": hash_of_address(mail.recipient)}
        )
        linked.append(mail._replace(payload={**mail.payload, SEED: link.seed}))
    if rows:
        tx.execute(INSERT, links=json_rows(rows), days=DAYS)
    return linked


def hash_of_address(email: str) -> str:
    """Return what a link's row says of the address that it was mailed to."""
    return hashlib.sha256(fold_address(email).encode()).hexdigest()
