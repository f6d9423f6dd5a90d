"""Sweeps: list work that has become due, then do each item in a transaction of its own."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bms.commands.accounts.addresses import clear_address
from bms.commands.accounts.names import fold_name
from bms.commands.events.complete import complete_event
from bms.commands.events.release import list_due_releases, release_accessible
from bms.commands.events.search_texts import fold_event
from bms.commands.messages.reminders import remind_holders
from bms.commands.sales.expire import expire_hold
from bms.errors import DatabaseUnavailable, Overloaded
from bms.queries.due import (
    list_due_reminders,
    list_events_over,
    list_expired_holds,
    list_unconfirmed,
    list_unfolded_events,
    list_unfolded_names,
)
from bms.sql.database import Database
from bms.terms import Service

log = logging.getLogger(__name__)

BATCH = 100


@dataclass(frozen=True, slots=True)
class Sweep:
    """A kind of due work of ``service``.

    ``list_due(tx, limit=...)`` returns ids. ``do(tx, <subject>=id)`` returns False if there was nothing left
    to do, for example because another process was faster. ``failure`` is logged with the id if ``do`` raises.
    ``every`` is the number of seconds to wait after nothing was due.
    """

    name: str
    service: Service
    list_due: Callable[..., list[int]]
    do: Callable[..., bool]
    subject: str
    failure: str
    every: float


HOLDS = Sweep(
    "holds",
    Service.BOOKINGS,
    list_expired_holds,
    expire_hold,
    "booking_id",
    "the hold of booking %d could not be ended",
    1.0,
)
REMINDERS = Sweep(
    "reminders",
    Service.NOTIFICATIONS,
    list_due_reminders,
    remind_holders,
    "event_id",
    "the holders of event %d could not be reminded",
    60.0,
)
EVENTS_OVER = Sweep(
    "events",
    Service.EVENTS,
    list_events_over,
    complete_event,
    "event_id",
    "event %d could not be completed",
    60.0,
)
ADDRESSES = Sweep(
    "addresses",
    Service.USERS,
    list_unconfirmed,
    clear_address,
    "user_id",
    "the address of user %d could not be cleared",
    600.0,
)
UNFOLDED_EVENTS = Sweep(
    "search_texts",
    Service.EVENTS,
    list_unfolded_events,
    fold_event,
    "event_id",
    "event %d cannot be searched yet",
    5.0,
)
UNFOLDED_NAMES = Sweep(
    "names",
    Service.USERS,
    list_unfolded_names,
    fold_name,
    "user_id",
    "the name of user %d cannot be searched yet",
    60.0,
)
RELEASES = Sweep(
    "releases",
    Service.EVENTS,
    list_due_releases,
    release_accessible,
    "event_id",
    "the accessible places of event %d could not be released",
    60.0,
)
SWEEPS = (HOLDS, REMINDERS, RELEASES, EVENTS_OVER, ADDRESSES, UNFOLDED_EVENTS, UNFOLDED_NAMES)


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
