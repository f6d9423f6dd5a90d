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

from bms.errors import BMSError, GatewayUnavailable
from bms.mail.transports import Transport
from bms.payments.gateway import Gateway
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.housekeeping import remove_what_is_old
from bms.tasks.outbox import send_due_messages
from bms.tasks.reconciliation import Reconciler, send_due_refunds
from bms.tasks.sweeps import SWEEPS, sweep

log = logging.getLogger(__name__)

# Seconds. The gateway is another company's: it is asked ever less often while it does not answer.
PAUSE_AFTER_ERROR = 5.0
LONGEST_PAUSE = 300.0


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
        Task("payments", Reconciler(database, gateway).settle_payments, 10.0),
        Task("housekeeping", partial(remove_what_is_old, database, settings), 3600.0),
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
    back_off = PAUSE_AFTER_ERROR
    while not stopping.is_set():
        pause = task.every
        try:
            done = await task.batch()
            back_off = PAUSE_AFTER_ERROR
            if done:
                continue
        except GatewayUnavailable as error:
            pause, back_off = back_off, min(LONGEST_PAUSE, 2 * back_off)
            log.warning("%s: %s; the next try is in %.0f s", task.name, error, pause)
        except BMSError as error:
            log.warning("%s: %s", task.name, error)
            pause = PAUSE_AFTER_ERROR
        except Exception:
            log.exception("%s failed", task.name)
            pause = PAUSE_AFTER_ERROR
        # With jitter, so that processes do not march in step.
        await _rest(pause * random.uniform(0.8, 1.2), stopping)  # noqa: S311


async def _rest(seconds: float, stopping: asyncio.Event) -> None:
    """Return after ``seconds``, or at once when the tasks are to stop."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopping.wait()
