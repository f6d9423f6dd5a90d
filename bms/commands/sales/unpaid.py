"""Limits of what may be held without paying: nobody keeps others from an event for nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from bms.errors import UnpaidLimitReached
from bms.queries.for_sale import ForSale
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows

PAUSE_AFTER = 2  # holds that ran out within the last hour, after which the next ones are short


class HoldLimits(NamedTuple):
    """The limits of unpaid bookings. 0 switches one off.

    ``tickets`` and ``bookings`` count for a user and event, ``address_tickets`` for an address and event.
    ``short_seconds`` is how long a hold lasts after PAUSE_AFTER that ran out. ``free_tickets`` is the limit
    of tickets for a user and event where every ticket type is free and the event sets no limit of its own.
    """

    tickets: int = 0
    bookings: int = 0
    address_tickets: int = 0
    short_seconds: int = 0
    free_tickets: int = 0

    @property
    def counted(self) -> bool:
        """Whether any of them needs to know the unpaid bookings."""
        return bool(self.tickets or self.bookings or self.address_tickets or self.short_seconds)

    def per_user(self, sale: ForSale) -> int | None:
        """Return how many tickets one user may have of an event, or None.

        An event that asks for money needs no limit unless its organiser sets one.
        """
        own = sale.event.per_user_limit
        if own is None and self.free_tickets and all(kind.price == 0 for kind in sale.types.values()):
            return self.free_tickets
        return own


OFF = HoldLimits()


class UnpaidRow(NamedTuple):
    """What a user and an address hold of an event without having paid, and the user's holds that ran out."""

    user_id: int
    event_id: int
    address: str | None
    bookings: int
    quantity: int
    address_quantity: int
    expired: int


# Each APPLY is a look-up in a filtered index, which holds no booking that is paid or has ended.
COUNT = Statement(
    "bookings.count_unpaid",
    "@asks NVARCHAR(MAX)",
    """
    SELECT a.user_id, a.event_id, a.address, u.bookings, u.quantity, n.quantity AS address_quantity, x.expired
    FROM   OPENJSON(@asks) WITH (user_id BIGINT, event_id BIGINT, address NVARCHAR(64)) AS a
    CROSS APPLY (
        SELECT COUNT(*) AS bookings, COALESCE(SUM(b.quantity), 0) AS quantity
        FROM   bookings AS b
        WHERE  b.user_id = a.user_id AND b.event_id = a.event_id AND b.status = 'PENDING'
    ) AS u
    CROSS APPLY (
        SELECT COALESCE(SUM(b.quantity), 0) AS quantity
        FROM   bookings AS b
        WHERE  b.event_id = a.event_id AND b.address = a.address AND b.status = 'PENDING'
               AND b.address IS NOT NULL
    ) AS n
    CROSS APPLY (
        SELECT COUNT(*) AS expired
        FROM   bookings AS b
        WHERE  b.user_id = a.user_id AND b.status = 'EXPIRED'
               AND b.expired_at > DATEADD(HOUR, -1, SYSUTCDATETIME())
    ) AS x
    """,
    UnpaidRow,
)


class Buyer(Protocol):
    """Who holds tickets of an event, and from which address. None where addresses say nothing."""

    @property
    def user_id(self) -> int: ...
    @property
    def event_id(self) -> int: ...
    @property
    def address(self) -> str | None: ...


@dataclass(slots=True)
class Unpaid:
    """What the buyers of a group hold unpaid, with what ``count`` has added."""

    limits: HoldLimits
    _of_buyer: Mapping[tuple[int, int], UnpaidRow] = field(default_factory=dict)
    _of_address: dict[tuple[int, str], int] = field(default_factory=dict)

    def hold_seconds(self, buyer: Buyer, seconds: int) -> int:
        """Return how long the buyer's next hold lasts, instead of ``seconds``."""
        row = self._of_buyer.get((buyer.user_id, buyer.event_id))
        if row is None or not self.limits.short_seconds or row.expired < PAUSE_AFTER:
            return seconds
        return min(seconds, self.limits.short_seconds)

    def check(self, buyer: Buyer, quantity: int) -> None:
        """Raise UnpaidLimitReached unless ``buyer`` may hold ``quantity`` more."""
        limits = self.limits
        row = self._of_buyer.get((buyer.user_id, buyer.event_id))
        if row is not None:
            if limits.bookings and row.bookings >= limits.bookings:
                raise UnpaidLimitReached(
                    f"You have {row.bookings} unpaid bookings of this event; pay for one or cancel it first",
                    available=0,
                )
            _check(row.quantity, quantity, limits.tickets, "You hold {} unpaid tickets of this event")
        if buyer.address is not None and limits.address_tickets:
            held = self._of_address.get((buyer.event_id, buyer.address), 0)
            words = "{} unpaid tickets of this event are held from your network"
            _check(held, quantity, limits.address_tickets, words)

    def count(self, buyer: Buyer, quantity: int) -> None:
        """Count what ``buyer`` holds now, for the next of the group from the same address."""
        if buyer.address is not None:
            place = buyer.event_id, buyer.address
            self._of_address[place] = self._of_address.get(place, 0) + quantity


def count_unpaid(tx: Transaction, buyers: Collection[Buyer], limits: HoldLimits) -> Unpaid:
    """Return what ``buyers`` hold without having paid. Runs no statement if no limit needs it.

    The counts are those of this moment: another process may let one more hold pass.
    """
    if not buyers or not limits.counted:
        return Unpaid(limits)
    asked = [{"user_id": one.user_id, "event_id": one.event_id, "address": one.address} for one in buyers]
    rows = tx.rows(COUNT, asks=json_rows(asked))
    return Unpaid(
        limits,
        {(row.user_id, row.event_id): row for row in rows},
        {(row.event_id, row.address): row.address_quantity for row in rows if row.address},
    )


def _check(held: int, quantity: int, limit: int, words: str) -> None:
    if limit and held + quantity > limit:
        left = max(0, limit - held)
        raise UnpaidLimitReached(f"{words.format(held)}; {left} more may be held unpaid", available=left)
