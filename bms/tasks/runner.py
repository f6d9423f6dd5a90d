"""The background tasks of one process: each a loop that does a batch, then waits for its next turn.

Any number of processes may run them at once. The commands keep them apart.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import NamedTuple

from bms.errors import BMSError
from bms.mail.transports import Transport
from bms.payments.gateway import Gateway
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.housekeeping import remove_old_rows
from bms.tasks.outbox import send_due_messages
from bms.tasks.reconciliation import reconcile_payments, send_due_refunds
from bms.tasks.sweeps import SWEEPS, sweep

log = logging.getLogger(__name__)

PAUSE_AFTER_ERROR = 5.0  # seconds


class Task(NamedTuple):
    """Background work. ``batch`` returns how much it did, 0 when there is no more to do at once;
    ``every`` is the seconds to wait then.
    """

    name: str
    batch: Callable[[], Awaitable[int]]
    every: float


def list_tasks(
    database: Database, transport: Transport, gateway: Gateway, settings: Settings
) -> tuple[Task, ...]:
    """Return the tasks that every process with background work runs."""
    return (
        *(Task(kind.name, partial(sweep, database, kind), kind.every) for kind in SWEEPS),
        Task("outbox", partial(send_due_messages, database, transport, settings), 1.0),
        Task("cancellations", partial(cancel_bookings_of_events, database), 2.0),
        Task("refunds", partial(send_due_refunds, database, gateway), 2.0),
        Task("payments", partial(reconcile_payments, database, gateway), 10.0),
        Task("housekeeping", partial(remove_old_rows, database), 3600.0),
    )


@contextlib.asynccontextmanager
async def background(
    database: Database, transport: Transport, gateway: Gateway, settings: Settings
) -> AsyncIterator[None]:
    """Run the tasks while the block runs. A batch that has begun is finished first."""
    stopping = asyncio.Event()
    tasks = list_tasks(database, transport, gateway, settings)
    loops = [asyncio.create_task(_loop(task, stopping)) for task in tasks]
    try:
        yield
    finally:
        stopping.set()
        await asyncio.gather(*loops)


async def _loop(task: Task, stopping: asyncio.Event) -> None:
    """Run the batches of ``task``: the next at once while there is more to do, else after a pause."""
    while not stopping.is_set():
        pause = task.every * random.uniform(0.8, 1.2)  # noqa: S311  # so that processes do not march in step
        try:
            if await task.batch():
                continue
        except BMSError as error:
            log.warning("%s: %s", task.name, error)
            pause = PAUSE_AFTER_ERROR
        except Exception:
            log.exception("%s failed", task.name)
            pause = PAUSE_AFTER_ERROR
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stopping.wait()
