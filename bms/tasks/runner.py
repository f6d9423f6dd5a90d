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

from bms.broker.publisher import Publisher
from bms.cache.counters import Counters
from bms.checkout.pinning import Pinner
from bms.commands.dead_processes import take_over_from_dead
from bms.commands.messages.followers import FOLLOWERS
from bms.errors import BMSError, BrokerUnavailable, GatewayUnavailable
from bms.i18n.languages import Languages
from bms.mail.transports import Transport
from bms.payments.gateway import Gateway
from bms.security.link_tokens import LinkTokens
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks import figures
from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.consumer import Consumer
from bms.tasks.events import first_of
from bms.tasks.fan_out import FanOut
from bms.tasks.housekeeping import remove_what_is_old
from bms.tasks.outbox import Senders
from bms.tasks.reconciliation import Reconciler, ask_about_pending, send_due_refunds
from bms.tasks.relay import Relay
from bms.tasks.sweeps import SWEEPS, sweep
from bms.terms import Service

log = logging.getLogger(__name__)

# Seconds. The gateway is another company's: it is asked ever less often while it does not answer.
PAUSE_AFTER_ERROR = 5.0
LONGEST_PAUSE = 300.0
# With a broker, what nobody has told of for so long is fanned out here, whether the broker is down or slow.
UNCONFIRMED_SECONDS = 30
GATHER = 0.2  # seconds in which what is announced beside other things is gathered
STOP_SECONDS = 6.0  # for the batches that have begun when the process is asked to stop


# Called at the end of each batch with the task's name and whether the batch succeeded.
Observe = Callable[[str, bool], None]


def _ignore(_task: str, _succeeded: bool) -> None:
    pass


class Task(NamedTuple):
    """Background work of ``service``, or of every process if that is None.

    ``batch`` returns how much it did, 0 when there is no more to do at once; ``every`` is the seconds to wait
    then. A change of the table ``wakes_on`` by this process ends the wait.
    """

    name: str
    service: Service | None
    batch: Callable[[], Awaitable[int]]
    every: float
    wakes_on: str | None = None


def list_tasks(
    database: Database,
    transport: Transport,
    gateway: Gateway,
    settings: Settings,
    publisher: Publisher | None = None,
) -> tuple[Task, ...]:
    """Return the tasks that every process with background work of the settings' services runs."""
    wait = 0 if publisher is None else UNCONFIRMED_SECONDS
    fan_out = FanOut(
        database, Languages(settings.locale), LinkTokens(settings.secret_key), wait=wait, gather=GATHER
    )
    settle_payments = Reconciler(database, gateway).settle_payments
    tasks = (
        *(Task(kind.name, kind.service, partial(sweep, database, kind), kind.every) for kind in SWEEPS),
        Task("fan_out", Service.NOTIFICATIONS, fan_out.run, 0.5, wakes_on="announcements"),
        Task("figures", Service.EVENTS, figures.Figures(database).run, figures.EVERY),
        Task("cancellations", Service.BOOKINGS, partial(cancel_bookings_of_events, database), 2.0),
        Task("seats", Service.EVENTS, Pinner(database).run, 2.0),
        Task("refunds", Service.PAYMENTS, partial(send_due_refunds, database, gateway), 2.0),
        Task("payments", Service.PAYMENTS, settle_payments, 10.0),
        Task("pending", Service.PAYMENTS, partial(ask_about_pending, database, gateway), 10.0),
        Task("housekeeping", None, partial(remove_what_is_old, database, settings), 3600.0),
    )
    if publisher is not None:
        relay = Relay(database, publisher).run
        tasks += (Task("relay", Service.NOTIFICATIONS, relay, 0.5, wakes_on="announcements"),)
    return tuple(task for task in tasks if task.service is None or task.service in settings.services)


def make_publisher(settings: Settings) -> Publisher | None:
    """Return what publishes to the broker, None if there is none or another process does it."""
    if settings.amqp_url is None or Service.NOTIFICATIONS not in settings.services:
        return None
    return Publisher(settings.amqp_url, source=settings.public_url or "urn:bms", kinds=sorted(FOLLOWERS))


@contextlib.asynccontextmanager
async def background(
    database: Database,
    transport: Transport,
    gateway: Gateway,
    settings: Settings,
    counters: Counters | None = None,
    observe: Observe = _ignore,
) -> AsyncIterator[asyncio.Event]:
    """Run the tasks while the block runs. Setting the event that is yielded stops them earlier.

    A batch that has begun has STOP_SECONDS to end, then it is cut off. Nothing is lost by that: whatever is
    half done is under a lease, or is found by the next process that looks.
    """
    stopping = asyncio.Event()
    publisher = make_publisher(settings)
    loops = {
        asyncio.create_task(_loop(database, task, stopping, observe)): task.name
        for task in list_tasks(database, transport, gateway, settings, publisher)
    }
    loops[asyncio.create_task(_take_over(database))] = "leases"
    if Service.NOTIFICATIONS in settings.services:
        senders = Senders(
            database, transport, settings, counters=counters, observe=partial(observe, "outbox")
        )
        loops[asyncio.create_task(senders.run(stopping))] = "outbox"
        if settings.amqp_url is not None:
            consumer = Consumer(
                database,
                settings.amqp_url,
                Languages(settings.locale),
                LinkTokens(settings.secret_key),
                observe=partial(observe, "consumer"),
            )
            loops[asyncio.create_task(consumer.run(stopping))] = "consumer"
    try:
        yield stopping
    finally:
        stopping.set()
        _, late = await asyncio.wait(loops, timeout=STOP_SECONDS)
        if late:
            names = ", ".join(sorted(loops[loop] for loop in late))
            log.warning("stopping: %s did not end within %g s and are cut off", names, STOP_SECONDS)
            for loop in late:
                loop.cancel()
        all_ended = await asyncio.gather(*loops, return_exceptions=True)
        if publisher is not None:
            await publisher.close()
        # Raises the error of a loop that ended with one.
        for ended in all_ended:
            if isinstance(ended, Exception):
                raise ended


async def _take_over(database: Database) -> None:
    try:
        taken = await database.transact(take_over_from_dead)
    except Exception as error:
        # The leases run out by themselves.
        log.info("the leases of dead processes were not ended: %s", error)
    else:
        if taken:
            log.info("%d things that dead processes had leased are taken over", taken)


async def _loop(database: Database, task: Task, stopping: asyncio.Event, observe: Observe) -> None:
    """Run the batches of ``task``: the next at once while there is more to do, else after a pause."""
    back_off = PAUSE_AFTER_ERROR
    changed = asyncio.Event() if task.wakes_on is None else database.watch(task.wakes_on)
    while not stopping.is_set():
        pause = task.every
        # Before the batch: what is written while it runs may be too late for it.
        changed.clear()
        try:
            done = await task.batch()
            observe(task.name, True)
            back_off = PAUSE_AFTER_ERROR
            if done:
                continue
        except GatewayUnavailable as error:
            observe(task.name, False)
            pause, back_off = back_off, min(LONGEST_PAUSE, 2 * back_off)
            log.warning("%s: %s; the next try is in %.0f s", task.name, error, pause)
        except (BMSError, BrokerUnavailable) as error:
            observe(task.name, False)
            log.warning("%s: %s", task.name, error)
            pause = PAUSE_AFTER_ERROR
        except Exception:
            observe(task.name, False)
            log.exception("%s failed", task.name)
            pause = PAUSE_AFTER_ERROR
        # With jitter, so that processes do not march in step.
        await first_of(stopping, changed, seconds=pause * random.uniform(0.8, 1.2))  # noqa: S311
