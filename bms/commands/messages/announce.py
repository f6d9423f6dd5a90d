"""Announcing: one row per domain event, written in the transaction of the change.

Everything that follows from a change is a fan-out of its row: mail and notifications (``fan_out``), and an
event on the broker if there is one (``publishing``).
"""

from collections.abc import Sequence

import orjson

from bms.announcements import FOR_A_BROKER, Announcement, EventChanged
from bms.commands.messages.followers import FOLLOWERS
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows

# event.changed waits, so that changes made in one sitting are told together.
MERGE_SECONDS = 120

INSERT = Statement(
    "announcements.insert",
    "@announcements NVARCHAR(MAX), @to_publish BIT",
    """
    INSERT INTO announcements (kind, subject, subject_id, payload, request_id, state, available_at,
                               to_publish)
    SELECT a.kind, a.subject, a.subject_id, a.payload, a.request_id, a.state,
           DATEADD(SECOND, a.delay, SYSUTCDATETIME()), @to_publish
    FROM   OPENJSON(@announcements) WITH (kind NVARCHAR(48), subject NVARCHAR(32), subject_id BIGINT,
                                          payload NVARCHAR(MAX) AS JSON, request_id NVARCHAR(64),
                                          state NVARCHAR(16), delay INT) AS a
    """,
)

# A change that waits to be merged is told before what happens to its event next.
HURRY = Statement(
    "announcements.hurry",
    "@subject NVARCHAR(32), @subject_id BIGINT",
    """
    UPDATE announcements WITH (ROWLOCK)
    SET    available_at = SYSUTCDATETIME()
    WHERE  subject = @subject AND subject_id = @subject_id AND state = 'NEW'
      AND  available_at > SYSUTCDATETIME() AND attempts = 0
    """,
)


Announced = tuple[Announcement, str | None]
"""An announcement, and the id of the request that made the change."""


def announce(tx: Transaction, *announcements: Announcement, request_id: str | None = None) -> None:
    """Write a row for each of ``announcements``, with the id of the request that made the change."""
    announce_each(tx, [(announcement, request_id) for announcement in announcements])


def announce_each(tx: Transaction, announced: Sequence[Announced]) -> None:
    """Write a row for each announcement with the id of its request, in one statement."""
    rows = [
        {
            "kind": announcement.kind,
            "subject": announcement.subject,
            "subject_id": announcement.subject_id,
            "payload": orjson.Fragment(announcement.encode()),
            "request_id": request_id,
            # What nothing here follows is done as soon as it is written.
            "state": "NEW" if announcement.kind in FOLLOWERS else "DONE",
            "delay": MERGE_SECONDS if isinstance(announcement, EventChanged) else 0,
        }
        for announcement, request_id in announced
        if tx.has_broker or announcement.kind not in FOR_A_BROKER
    ]
    for announcement, _ in announced:
        if announcement.subject == EventChanged.subject:
            tx.execute(HURRY, subject=announcement.subject, subject_id=announcement.subject_id)
    tx.note(*(announcement for announcement, _ in announced))
    if rows:
        tx.execute(INSERT, announcements=json_rows(rows), to_publish=tx.has_broker)
