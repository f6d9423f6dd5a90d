"""Loads that confirm bookings: what they come to, and whether their mail keeps up."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from bench.world import World

OUT_SECONDS = 60.0  # all mail of a load has gone out by then after it
GIVE_UP = 300.0  # seconds

T = TypeVar("T")


@dataclass
class Mailing:
    """Mails that went out while a load ran, a second, and how many seconds after it the last one did.

    ``left`` is the number that had not gone out when that was given up.
    """

    rate: float
    seconds: float
    left: int = 0


def with_mail(world: World, put_load: Callable[[], T]) -> tuple[T, Mailing]:
    """Put a load on the server, and return what it came to and what became of its mail."""
    before, began = _sent(world), time.monotonic()
    found = put_load()
    sent, ended = _sent(world) - before, time.monotonic()
    while (left := _waiting(world)) and time.monotonic() < ended + GIVE_UP:
        time.sleep(0.25)
    return found, Mailing(sent / (ended - began), time.monotonic() - ended, left)


def _sent(world: World) -> int:
    found: int = world.rows("SELECT count(*) FROM outbox WHERE state = 'SENT'")[0][0]
    return found


def _waiting(world: World) -> int:
    """Return how many mails there are to send, and things that are still to be told by one."""
    found: int = world.rows(
        "SELECT (SELECT count(*) FROM outbox WHERE state = 'PENDING')"
        " + (SELECT count(*) FROM announcements WHERE state = 'NEW')"
    )[0][0]
    return found
