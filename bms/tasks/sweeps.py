"""Sweeps: list work that has become due, then do each item in a transaction of its own."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bms.commands.events.complete import complete_event
from bms.commands.messages.reminders import remind_holders
from bms.commands.sales.expire import expire_hold
from bms.errors import DatabaseUnavailable, Overloaded
from bms.queries.due import list_due_reminders, list_events_over, list_expired_holds
from bms.sql.database import Database

log = logging.getLogger(__name__)

BATCH = 100


@dataclass(frozen=True, slots=True)
class Sweep:
    """A kind of due work.

    ``list_due(tx, limit=...)`` returns ids. ``do(tx, <subject>=id)`` returns False if there was nothing left
    to do, for example because another process was faster. ``failure`` is logged with the id if ``do`` raises.
    ``every`` is the number of seconds to wait after nothing was due.
    """

    name: str
    list_due: Callable[..., list[int]]
    do: Callable[..., bool]
    subject: str
    failure: str
    every: float


HOLDS = Sweep(
    "holds", list_expired_holds, expire_hold, "booking_id", "the hold of booking %d could not be ended", 1.0
)
REMINDERS = Sweep(
    "reminders",
    list_due_reminders,
    remind_holders,
    "event_id",
    "the holders of event %d could not be reminded",
    60.0,
)
EVENTS_OVER = Sweep(
    "events", list_events_over, complete_event, "event_id", "event %d could not be completed", 60.0
)
SWEEPS = (HOLDS, REMINDERS, EVENTS_OVER)


async def sweep(database: Database, kind: Sweep) -> int:
    """Do at most a batch of due items; return how many were done.

    An item that fails is logged and skipped; the next batch tries it again.
    """
    done = 0
    for due in await database.read_primary(kind.list_due, limit=BATCH):
        with passing_over(kind.failure, due):
            done += await database.transact(kind.do, **{kind.subject: due})
    return done


@contextlib.contextmanager
def passing_over(failure: str, *arguments: Any) -> Iterator[None]:
    """Log an error in the block as ``failure % arguments`` and continue with the rest of the batch.

    DatabaseUnavailable and Overloaded are raised: every further item would fail too, so they end the batch.
    """
    try:
        yield
    except (DatabaseUnavailable, Overloaded):
        raise
    except Exception:
        log.exception(failure, *arguments)
