"""What tickets cost: the one function that a quote and a hold share, so that both say the same.

A quote promises nothing. A buyer who sends its fingerprint with a booking gets that price or a refusal.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

import orjson

from bms.errors import NotFound, NotOnSale, PriceChanged, ValidationFailed
from bms.money import MAX_AMOUNT, Money
from bms.queries.bookings import BookingLine
from bms.queries.for_sale import ForSale, list_for_sale
from bms.seating.asks import Best
from bms.sql.session import Transaction
from bms.terms import EventStatus


class Wanted(NamedTuple):
    """A number of tickets of one type. Without a type it is the event's only one.

    ``seats`` are the seats that the buyer picked, by guid, ``best`` is how to find the best ones.
    """

    ticket_type_id: int | None
    quantity: int
    seats: tuple[str, ...] = ()
    best: Best | None = None


# Not frozen, which would double the cost of making one. Nobody changes one.
@dataclass
class Quote:
    """What tickets cost now: a line for each ticket type, in the organiser's order, and their total."""

    lines: Sequence[BookingLine]
    quantity: int
    total: Decimal
    currency: str

    @cached_property
    def fingerprint(self) -> str:
        """A short text that differs for any other price, quantity or currency.

        It does not depend on names or on the order of ticket types. It is no secret: whoever makes one up
        only states the price that they expect.
        """
        lines = [
            (line.ticket_type_id, line.quantity, self._text(line.list_price), self._text(line.unit_price))
            for line in self.lines
        ]
        told = orjson.dumps([self.currency, self._text(self.total), sorted(lines)])
        return hashlib.sha256(told).hexdigest()[:32]

    def told(self) -> dict[str, Any]:
        """Return the quote as buyers see it, in a reply and in the refusal of an outdated one."""
        return {
            "lines": [
                {
                    "ticket_type": line.ticket_type_id,
                    "name": line.name,
                    "quantity": line.quantity,
                    "list_price": self._text(line.list_price),
                    "price": self._text(line.unit_price),
                }
                for line in self.lines
            ],
            "total": self._text(self.total),
            "currency": self.currency,
            "quote": self.fingerprint,
        }

    def _text(self, amount: Decimal) -> str:
        return Money(amount, self.currency).text


def price(sale: ForSale | None, wanted: Sequence[Wanted]) -> Quote:
    """Return what ``wanted`` costs now. Stock and dates of sale play no part.

    Raises NotFound if there is no event or it is a draft, and ValidationFailed for a ticket type that the
    event does not have.
    """
    if sale is None or sale.event.status == EventStatus.DRAFT:
        raise NotFound("There is no such event")
    types = sale.types
    quantities: dict[int, int] = {}
    for item in wanted:
        if item.ticket_type_id is None:
            if len(types) != 1:
                raise ValidationFailed.of(
                    "tickets", "This event has several ticket types: name the ones you want."
                )
            quantities[next(iter(types))] = item.quantity
        elif item.ticket_type_id in types:
            quantities[item.ticket_type_id] = item.quantity
        else:
            raise ValidationFailed.of("tickets", f"The event has no ticket type {item.ticket_type_id}.")
    for index, item in enumerate(wanted):
        if (item.seats or item.best) and not types[item.ticket_type_id or next(iter(types))].seated:
            message = "Tickets of this type have no seats."
            raise ValidationFailed([{"pointer": f"/tickets/{index}", "message": message}])
    lines: list[BookingLine] = []
    total = Decimal(0)
    for key, kind in types.items():
        if key in quantities:
            seats = () if kind.seated else None
            lines.append(BookingLine(key, kind.name, quantities[key], kind.price, kind.price, 0, seats))
            total += kind.price * quantities[key]
    return Quote(lines, sum(quantities.values()), total, sale.event.currency)


def check_total(quote: Quote) -> None:
    """Raise ValidationFailed if no booking can have this total."""
    if quote.total > MAX_AMOUNT:
        raise ValidationFailed.of("quantity", f"The total of a booking is at most {MAX_AMOUNT}.")


def check_payable(total: Decimal, currency: str) -> None:
    """Raise NotOnSale if nobody can pay ``total``: its price has more decimals than the currency."""
    if not Money(total, currency).is_payable:
        raise NotOnSale(f"The organiser must correct the price: {currency} has fewer decimals")


def check_told(quote: Quote, told: str | None) -> None:
    """Raise PriceChanged, with ``quote``, if the buyer was told another price: the fingerprint ``told``."""
    if told is not None and told != quote.fingerprint:
        now = Money(quote.total, quote.currency).label
        raise PriceChanged(f"The price has changed: it is now {now}", **quote.told())


def quote_tickets(tx: Transaction, *, event_id: int, wanted: Sequence[Wanted]) -> Quote:
    """Return what a hold of ``wanted`` would be charged now, even if it would be refused.

    Raises NotFound and ValidationFailed as a hold does.
    """
    quote = price(list_for_sale(tx, event_ids=[event_id]).get(event_id), wanted)
    check_total(quote)
    return quote
