"""Sweeps: what time alone makes due is listed, then done one at a time, each in its own transaction."""

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

    ``list_due(tx, limit=...)`` returns ids. ``do(tx, <subject>=id)`` returns whether there was still
    something to do: another process may have been faster. ``failure`` is logged with the id when ``do``
    raises. ``every`` is the seconds to wait when nothing was due.
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
    """Do up to a batch of what is due; return how many were done.

    An item that fails is logged and passed over; the next batch comes back to it.
    """
    done = 0
    for due in await database.read_primary(kind.list_due, limit=BATCH):
        with passing_over(kind.failure, due):
            done += await database.transact(kind.do, **{kind.subject: due})
    return done


@contextlib.contextmanager
def passing_over(failure: str, *arguments: Any) -> Iterator[None]:
    """Log an error of the block, as ``failure % arguments``, and go on with the rest of the batch.

    A database that is down or overloaded fails for every item alike: that error ends the batch.
    """
    try:
        yield
    except (DatabaseUnavailable, Overloaded):
        raise
    except Exception:
        log.exception(failure, *arguments)
