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
from bms.i18n.languages import Languages
from bms.mail.transports import Transport
from bms.payments.gateway import Gateway
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.events import first_of
from bms.tasks.fan_out import FanOut
from bms.tasks.housekeeping import remove_what_is_old
from bms.tasks.outbox import Senders
from bms.tasks.reconciliation import Reconciler, ask_about_pending, send_due_refunds
from bms.tasks.sweeps import SWEEPS, sweep

log = logging.getLogger(__name__)

# Seconds. The gateway is another company's: it is asked ever less often while it does not answer.
PAUSE_AFTER_ERROR = 5.0
LONGEST_PAUSE = 300.0


class Task(NamedTuple):
    """Background work. ``batch`` returns how much it did, 0 when there is no more to do at once;
    ``every`` is the seconds to wait then. A change of the table ``wakes_on`` by this process ends the wait.
    """

    name: str
    batch: Callable[[], Awaitable[int]]
    every: float
    wakes_on: str | None = None


def list_tasks(
    database: Database, transport: Transport, gateway: Gateway, settings: Settings
) -> tuple[Task, ...]:
    """Return the tasks that every process with background work runs."""
    return (
        *(Task(kind.name, partial(sweep, database, kind), kind.every) for kind in SWEEPS),
        Task("fan_out", FanOut(database, Languages(settings.locale)).run, 0.5, wakes_on="announcements"),
        Task("cancellations", partial(cancel_bookings_of_events, database), 2.0),
        Task("refunds", partial(send_due_refunds, database, gateway), 2.0),
        Task("payments", Reconciler(database, gateway).settle_payments, 10.0),
        Task("pending", partial(ask_about_pending, database, gateway), 10.0),
        Task("housekeeping", partial(remove_what_is_old, database, settings), 3600.0),
    )


@contextlib.asynccontextmanager
async def background(
    database: Database, transport: Transport, gateway: Gateway, settings: Settings
) -> AsyncIterator[None]:
    """Run the tasks while the block runs. A batch that has begun is finished first."""
    stopping = asyncio.Event()
    tasks = list_tasks(database, transport, gateway, settings)
    loops = [asyncio.create_task(_loop(database, task, stopping)) for task in tasks]
    loops.append(asyncio.create_task(Senders(database, transport, settings).run(stopping)))
    try:
        yield
    finally:
        stopping.set()
        await asyncio.gather(*loops)


async def _loop(database: Database, task: Task, stopping: asyncio.Event) -> None:
    """Run the batches of ``task``: the next at once while there is more to do, else after a pause."""
    back_off = PAUSE_AFTER_ERROR
    changed = asyncio.Event() if task.wakes_on is None else database.watch(task.wakes_on)
    while not stopping.is_set():
        pause = task.every
        # Before the batch: what is written while it runs may be too late for it.
        changed.clear()
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
        await first_of(stopping, changed, seconds=pause * random.uniform(0.8, 1.2))  # noqa: S311
