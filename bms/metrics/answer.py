"""The answer to who asks for the figures: those of all processes, and what the database says waits."""

import asyncio
import logging
import math
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from prometheus_client.core import Metric

from bms.errors import BMSError
from bms.metrics.exposition import gauge, render
from bms.metrics.shelf import Totals

log = logging.getLogger("bms")

# Of Prometheus's time-out of ten seconds an answer takes at most two, whatever hangs.
SECONDS = 1.5

# The backlog in the database: the name and the help text of each gauge, by its field of queries.backlog.
BACKLOG = {
    "pending": ("bms_outbox_pending", "Messages waiting to be sent."),
    "oldest_seconds": ("bms_outbox_oldest_seconds", "Age of the oldest message that is due."),
    "dead": ("bms_outbox_dead", "Messages given up after too many failures."),
    "fan_out_pending": ("bms_fan_out_pending", "Announcements that are due and not fanned out yet."),
    "fan_out_oldest_seconds": ("bms_fan_out_oldest_seconds", "Age of the oldest of these."),
    "relay_pending": ("bms_relay_pending", "Announcements that the broker has not confirmed yet."),
    "relay_oldest_seconds": ("bms_relay_oldest_seconds", "Age of the oldest of these."),
    "holds_open": ("bms_holds_open", "Bookings that hold tickets and are not paid."),
    "holds_overdue": ("bms_holds_overdue", "Expired holds not yet back on sale."),
    "refunds_given_up": ("bms_refunds_given_up", "Refunds given up after too many failures."),
    "payments_stuck": (
        "bms_payments_stuck",
        "Payments with an unknown outcome for more than ten minutes.",
    ),
    "payments_pending": ("bms_payments_pending", "Payments that wait for their buyer."),
    "cancellations_unfinished": (
        "bms_cancellations_unfinished",
        "Cancelled events whose bookings are still being cancelled.",
    ),
    "cancellations_oldest_seconds": (
        "bms_cancellations_oldest_seconds",
        "Time since the first of these events was cancelled.",
    ),
}
EVENT = ("event", "title")


class Found(Protocol):
    """What the database answers: a number for each key of BACKLOG, and the events that sell most."""

    @property
    def backlog(self) -> Any: ...
    @property
    def events(self) -> Any: ...


async def answer(totals: Callable[[], Totals], ask: Callable[[], Awaitable[Found]], data_dir: Path) -> bytes:
    """Return the figures in Prometheus's text format.

    ``totals`` says what the processes counted, ``ask`` asks the database. What does not answer in time is
    left out, or not a number.
    """
    found, free = await asyncio.gather(_in_time(ask()), _in_time(asyncio.to_thread(_disk, data_dir)))
    # Hundreds of series take longer than other requests should wait.
    return await asyncio.to_thread(lambda: render(totals(), _gauges(found, free)))


async def _in_time(asked: Awaitable[Any]) -> Any:
    try:
        async with asyncio.timeout(SECONDS):
            return await asked
    except (BMSError, OSError):  # a TimeoutError too
        return None
    except Exception:
        log.exception("a part of the figures is left out")
        return None


def _disk(data_dir: Path) -> tuple[int, int]:
    usage = shutil.disk_usage(data_dir)
    return usage.free, usage.total


def _gauges(found: Found | None, disk: tuple[int, int] | None) -> Iterator[Metric]:
    yield gauge("bms_database_up", "1 if the database answers, 0 if it is down.", {(): found is not None})
    for field, (name, text) in BACKLOG.items():
        value = math.nan if found is None else max(0, getattr(found.backlog, field))
        yield gauge(name, text, {(): value})
    events = [] if found is None else found.events
    for field, text in (("taken", "sold or held"), ("available", "left")):
        yield gauge(
            f"bms_event_tickets_{field}",
            f"Tickets {text}, of the events that most of the latest bookings are of.",
            {(str(event.id), event.title): getattr(event, field) for event in events},
            EVENT,
        )
    free, total = (math.nan, math.nan) if disk is None else disk
    yield gauge("bms_data_directory_free_bytes", "Free space where BMS_DATA_DIR is.", {(): free})
    yield gauge("bms_data_directory_size_bytes", "All space where BMS_DATA_DIR is.", {(): total})
