"""The background tasks of one process: each a loop that does a batch, then waits for its next turn.

Any number of processes may run them at once; what keeps them apart is in the commands.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable

from bms.errors import BMSError
from bms.mail.transports import Transport
from bms.payments.gateway import Gateway
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.holds import expire_due_holds
from bms.tasks.outbox import send_due_messages
from bms.tasks.reconciliation import reconcile_payments, send_due_refunds
from bms.tasks.reminders import send_due_reminders
from bms.tasks.upkeep import complete_events_over, remove_old_rows

log = logging.getLogger(__name__)

PAUSE_AFTER_ERROR = 5.0  # seconds


@contextlib.asynccontextmanager
async def background(
    database: Database, transport: Transport, gateway: Gateway, settings: Settings
) -> AsyncIterator[None]:
    """Run the tasks while the block runs; a batch that has begun is finished first."""
    # Each with the seconds to wait when there was nothing to do.
    tasks: tuple[tuple[str, Callable[[], Awaitable[int]], float], ...] = (
        ("holds", lambda: expire_due_holds(database), 1.0),
        ("outbox", lambda: send_due_messages(database, transport, settings), 1.0),
        ("cancellations", lambda: cancel_bookings_of_events(database), 2.0),
        ("refunds", lambda: send_due_refunds(database, gateway), 2.0),
        ("reminders", lambda: send_due_reminders(database), 60.0),
        ("events", lambda: complete_events_over(database), 60.0),
        ("upkeep", lambda: remove_old_rows(database), 3600.0),
        ("payments", lambda: reconcile_payments(database, gateway), 10.0),
    )
    stopping = asyncio.Event()
    loops = [asyncio.create_task(_loop(name, batch, every, stopping)) for name, batch, every in tasks]
    try:
        yield
    finally:
        stopping.set()
        await asyncio.gather(*loops)


async def _loop(
    name: str, batch: Callable[[], Awaitable[int]], every: float, stopping: asyncio.Event
) -> None:
    """Run ``batch``, which returns how much it did, again at once while there is more, else in a while."""
    while not stopping.is_set():
        pause = every * random.uniform(0.8, 1.2)  # noqa: S311  # so that processes do not march in step
        try:
            if await batch():
                continue
        except BMSError as error:
            log.warning("%s: %s", name, error)
            pause = PAUSE_AFTER_ERROR
        except Exception:
            log.exception("%s failed", name)
            pause = PAUSE_AFTER_ERROR
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stopping.wait()
