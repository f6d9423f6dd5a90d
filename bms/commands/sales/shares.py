"""What is due for single tickets of a booking, and for the whole of it.

A ticket gets its share of its line's paid price, rounded down. The last ticket of a line gets what is missing
to the line's share, rounded half up, and the last of the booking what is missing to the booking's. So whoever
cancels tickets one by one gets to the cent what cancelling the whole booking gives.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from bms.commands.sales.inventory import HeldLine
from bms.money import Money


class Share(NamedTuple):
    """What is due for a ticket by the rule, whatever was refunded before."""

    ticket_id: int
    ticket_type_id: int
    amount: Decimal


@dataclass(slots=True)
class _Line:
    """A line, with the percentages of its cancelled tickets and what was due for them."""

    live: int
    paid: Decimal
    unit_price: Decimal
    percents: int
    due: Decimal

    @property
    def exact(self) -> Decimal:
        return self.unit_price * self.percents / 100


def ticket_shares(
    lines: Sequence[HeldLine], tickets: Iterable[tuple[int, int]], percent: int, currency: str
) -> list[Share]:
    """Return what is due for ``tickets`` (pairs of id and ticket type), which are cancelled in this order.

    ``lines`` are all of the booking. ``percent`` is what the refund rule gives now.
    """
    state = {
        line.ticket_type_id: _Line(
            line.live, line.unit_price * line.quantity, line.unit_price, line.refund_percents, line.refund_due
        )
        for line in lines
    }
    paid = sum((line.paid for line in state.values()), Decimal(0))
    left = sum(line.live for line in state.values())
    shares = []
    for ticket_id, kind in tickets:
        line = state[kind]
        line.live -= 1
        line.percents += percent
        left -= 1
        if left == 0:
            exact = sum((each.exact for each in state.values()), Decimal(0))
            due = _rounded(exact, paid, currency) - sum(each.due for each in state.values())
        elif line.live == 0:
            due = _rounded(line.exact, line.paid, currency) - line.due
        else:
            due = Money(line.unit_price, currency).percent_down(percent).amount
        amount = max(Decimal(0), due)
        line.due += amount
        shares.append(Share(ticket_id, kind, amount))
    return shares


def due_in_all(lines: Sequence[HeldLine], percent: int, currency: str) -> Decimal:
    """Return what is due for all tickets of a booking, whose live ones are cancelled at ``percent``."""
    paid = sum((line.unit_price * line.quantity for line in lines), Decimal(0))
    exact = sum(
        (line.unit_price * (line.refund_percents + percent * line.live) / 100 for line in lines), Decimal(0)
    )
    return max(_rounded(exact, paid, currency), due_before(lines))


def due_before(lines: Iterable[HeldLine]) -> Decimal:
    """Return what was due for the tickets that are cancelled already."""
    return sum((line.refund_due for line in lines), Decimal(0))


def given(shares: Iterable[Share], before: Decimal, claimed: Decimal) -> list[Decimal]:
    """Return how much of each of ``shares`` is refunded now.

    ``before`` was due for the tickets that were cancelled earlier, and ``claimed`` is what all refunds of the
    payment claim already: what the organiser gave of free will counts, as it does for a whole booking.
    """
    amounts = []
    due, paid_back = before, max(before, claimed)
    for share in shares:
        due += share.amount
        amount = max(Decimal(0), due - paid_back)
        paid_back += amount
        amounts.append(amount)
    return amounts


def _rounded(exact: Decimal, paid: Decimal, currency: str) -> Decimal:
    """Return ``exact`` rounded half up. All that was ``paid`` stays as it is, whatever its decimals."""
    return paid if exact == paid else exact.quantize(Money(exact, currency).unit, ROUND_HALF_UP)
