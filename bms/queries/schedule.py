"""When an event is over, when its tickets are on sale, and until when what is shown of that stays true.

The same rules stand here twice: for statements, as conditions on ``events AS e``, and for rows.
"""

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, Protocol

from bms.terms import EventStatus

HOURS_WITHOUT_END = 24  # an event without an end time is over this long after its start

# Nothing is added to a column: a start may be the last moment of the calendar.
IS_OVER = f"""COALESCE(e.ends_at, e.starts_at)
                <= CASE WHEN e.ends_at IS NULL THEN DATEADD(HOUR, -{HOURS_WITHOUT_END}, SYSUTCDATETIME())
                        ELSE SYSUTCDATETIME() END"""
# A sale ends with the event's start unless it has an end of its own, and never after the event.
SALE_HAS_NOT_ENDED = f"""COALESCE(e.sales_end, e.starts_at) > SYSUTCDATETIME()
                AND NOT ({IS_OVER})"""
SALE_IS_OPEN = f"""(e.status = 'PUBLISHED' AND (e.sales_start IS NULL OR e.sales_start <= SYSUTCDATETIME())
                AND {SALE_HAS_NOT_ENDED})"""
_FIRST = dt.datetime(1, 1, 1)  # noqa: DTZ001
_LAST = dt.datetime(9999, 12, 31, 23, 59, 59, 999_000)  # noqa: DTZ001


class SaleState(StrEnum):
    """Whether tickets can be bought now, and if not, why. STOPPED: some are left, and none is offered."""

    OPEN = "open"
    NOT_YET = "not_yet"
    OVER = "over"
    SOLD_OUT = "sold_out"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    DRAFT = "draft"


class Timed(Protocol):
    """A row with the times of an event, in UTC."""

    @property
    def starts_at(self) -> dt.datetime: ...
    @property
    def ends_at(self) -> dt.datetime | None: ...
    @property
    def asked_at(self) -> dt.datetime: ...


class Sellable(Timed, Protocol):
    """A row with the times of an event's sale too."""

    @property
    def status(self) -> str: ...
    @property
    def sales_start(self) -> dt.datetime | None: ...
    @property
    def sales_end(self) -> dt.datetime | None: ...


class Counted(Sellable, Protocol):
    """A row that counts the tickets too: those that are left, and of these the ones on offer."""

    @property
    def available(self) -> int: ...
    @property
    def offered(self) -> int: ...


class Sale(NamedTuple):
    """The sale of an event: its state, when it begins (None: with the publication) and when it ends."""

    state: SaleState
    begins_at: dt.datetime | None
    ends_at: dt.datetime


def end_of(starts_at: dt.datetime, ends_at: dt.datetime | None) -> dt.datetime:
    """Return when an event is over."""
    return ends_at or add_hours(starts_at, HOURS_WITHOUT_END)


def add_hours(time: dt.datetime, hours: int) -> dt.datetime:
    """Return ``time`` that many hours later, or the end of the calendar that is nearest."""
    return shift(time, dt.timedelta(hours=hours))


def shift(time: dt.datetime, by: dt.timedelta) -> dt.datetime:
    """Return ``time`` later ``by`` that much, or the end of the calendar that is nearest."""
    try:
        return time + by
    except OverflowError:
        return _LAST if by > dt.timedelta() else _FIRST


def is_over(event: Timed) -> bool:
    """Return whether the event is over."""
    return event.asked_at >= end_of(event.starts_at, event.ends_at)


def sale_end_of(event: Sellable) -> dt.datetime:
    """Return when the sale of an event ends."""
    if event.sales_end is None:
        return event.starts_at
    return min(event.sales_end, end_of(event.starts_at, event.ends_at))


def sale_of(event: Counted) -> Sale:
    """Return the sale of an event as of when its row was read."""
    return Sale(_state(event), event.sales_start, sale_end_of(event))


def _state(event: Counted) -> SaleState:
    if event.status in (EventStatus.DRAFT, EventStatus.CANCELLED):
        return SaleState(event.status.lower())
    if event.status != EventStatus.PUBLISHED or event.asked_at >= sale_end_of(event):
        return SaleState.OVER
    if event.sales_start is not None and event.asked_at < event.sales_start:
        return SaleState.NOT_YET
    if event.offered > 0:
        return SaleState.OPEN
    return SaleState.STOPPED if event.available > 0 else SaleState.SOLD_OUT


def seconds_unchanged(events: Iterable[Counted]) -> float:
    """Return for how many seconds time alone changes nothing about ``events`` and their sales."""
    return min(
        (
            (moment - event.asked_at).total_seconds()
            for event in events
            for moment in (event.sales_start, sale_end_of(event), end_of(event.starts_at, event.ends_at))
            if moment is not None and moment > event.asked_at
        ),
        default=float("inf"),
    )
