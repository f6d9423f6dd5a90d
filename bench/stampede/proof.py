"""What must hold after a stampede, each line with what was found."""

import asyncio
from decimal import Decimal
from typing import NamedTuple

from bench.serving import check_books
from bench.stampede.buyer import Sale
from bench.stampede.desk import COME_AGAIN, Tally
from bench.stampede.plan import PER_USER_LIMIT, PRICE, Plan
from bench.world import Site
from bms.payments.simulated.gateway import SimulatedGateway

_STOCK = """
    SELECT (SELECT SUM(capacity) FROM ticket_types), (SELECT SUM(available) FROM ticket_types),
           (SELECT COALESCE(SUM(quantity), 0) FROM bookings WHERE status = 'CONFIRMED'),
           (SELECT COALESCE(SUM(quantity), 0) FROM bookings WHERE status = 'PENDING'),
           (SELECT count(*) FROM tickets WHERE status = 'VALID')
"""
_SEATS = """
    SELECT (SELECT count(*) FROM event_seats WHERE state = 2), count(DISTINCT t.seat_no), count(t.seat_no),
           count(*) FILTER (WHERE s.booking_id IS DISTINCT FROM t.booking_id)
    FROM   tickets AS t
    LEFT JOIN event_seats AS s ON s.event_id = t.event_id AND s.seat_no = t.seat_no
    WHERE  t.status = 'VALID'
"""
_MONEY = """
    SELECT COALESCE(SUM(amount), 0), COALESCE(SUM(refunded), 0)
    FROM   payments WHERE status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
"""
_GREEDIEST = """
    SELECT COALESCE(MAX(held), 0)
    FROM   (SELECT SUM(quantity) AS held FROM bookings WHERE status = 'CONFIRMED' GROUP BY user_id) AS people
"""


class Line(NamedTuple):
    """Something that must hold, what was found, and whether it does."""

    claim: str
    found: str
    holds: bool


def prove(site: Site, plan: Plan, sale: Sale) -> list[Line]:
    """Return a line for each thing that must hold; the sale is over and nothing of it is under way."""
    tally = sale.desk.tally
    return [
        _accounted(tally, plan),
        _answered_well(tally),
        _sold(site, plan),
        _one_key_one_booking(site, sale),
        _as_told(site, sale),
        _limited(site),
        _paid(site, plan),
        *([_seated(site, plan)] if plan.seats else []),
        _books(site),
    ]


def _accounted(tally: Tally, plan: Plan) -> Line:
    asked, answered = tally.all_asked, tally.answers.total()
    dropped, lost = tally.dropped.total(), len(tally.unanswered)
    found = f"{asked:,} sent = {answered:,} answered + {dropped:,} dropped by the client"
    if lost:
        found += f" + {lost:,} unanswered, the first: {tally.unanswered[0]}"
    holds = not lost and asked == answered + dropped and asked >= plan.requests
    return Line("Every request that the client did not drop is answered", found, holds)


def _answered_well(tally: Tally) -> Line:
    again = sum(number for (_, status, _), number in tally.answers.items() if status == COME_AGAIN)
    bad = [f"{number} {kind} {status} {code}" for (kind, status, code), number in tally.unwished.items()]
    if tally.without_retry_after:
        bad.append(f"{tally.without_retry_after} replies 503 without Retry-After")
    found = "; ".join(bad) or f"no other replies; {again:,} times 503 with Retry-After"
    return Line(
        "Every reply is one that a sale may give; the only 5xx is 503 with Retry-After", found, not bad
    )


def _sold(site: Site, plan: Plan) -> Line:
    capacity, available, sold, held, valid = (int(value) for value in site.rows(_STOCK)[0])
    found = f"{sold:,} confirmed, {valid:,} valid tickets, {held:,} held, {available:,} available"
    holds = (capacity, available, sold, held, valid) == (plan.tickets, 0, plan.tickets, 0, plan.tickets)
    return Line(f"Exactly {plan.tickets:,} tickets are sold", found, holds)


def _seated(site: Site, plan: Plan) -> Line:
    sold, seats, tickets, elsewhere = (int(value) for value in site.rows(_SEATS)[0])
    found = (
        f"{sold:,} seats sold; {tickets:,} valid tickets name {seats:,} of them, "
        f"{elsewhere:,} a seat that another booking has"
    )
    holds = (sold, seats, tickets, elsewhere) == (plan.tickets, plan.tickets, plan.tickets, 0)
    return Line("No seat is sold twice, and each ticket has its own", found, holds)


def _one_key_one_booking(site: Site, sale: Sale) -> Line:
    """Whether the request of a buyer who never returned has arrived is unknown."""
    known = set(sale.bookings.values())
    made = {int(row[0]) for row in site.rows("SELECT id FROM bookings")}
    untold = len(made - known)
    found = (
        f"{len(sale.bookings):,} keys answered with one booking each, {sale.replayed:,} replies repeated; "
        f"of {sale.vanished:,} buyers who never returned {untold:,} had made a booking"
    )
    holds = known <= made and len(known) == len(sale.bookings) and untold <= sale.vanished
    return Line("One key, one booking", found, holds)


def _as_told(site: Site, sale: Sale) -> Line:
    status = {int(row[0]): row[1] for row in site.rows("SELECT id, status FROM bookings")}
    kept = sale.confirmed - sale.cancelled
    wrong = [f"{booking} is {status[booking]}" for booking in sorted(kept) if status[booking] != "CONFIRMED"]
    wrong += [f"{b} is {status[b]}" for b in sorted(sale.cancelled) if status[b] != "CANCELLED"]
    wrong += [f"{b} is {status[b]}" for b in sorted(sale.refused) if status[b] != "EXPIRED"]
    untold = sum(value == "CONFIRMED" for value in status.values()) - len(kept)
    if not 0 <= untold <= sale.vanished:
        wrong.append(f"{untold} confirmed bookings that no buyer knows of")
    found = "; ".join([*sale.amiss, *wrong][:5]) or (
        f"{len(kept):,} confirmed, {len(sale.cancelled):,} cancelled, {len(sale.refused):,} paid too late; "
        f"{untold:,} confirmed after their buyers had left"
    )
    return Line("The buyers were told what the database says", found, not (sale.amiss or wrong))


def _limited(site: Site) -> Line:
    most = int(site.rows(_GREEDIEST)[0][0])
    return Line(f"Nobody has more than {PER_USER_LIMIT} tickets", f"{most} at most", most <= PER_USER_LIMIT)


def _paid(site: Site, plan: Plan) -> Line:
    charged, refunded = (Decimal(value) for value in site.rows(_MONEY)[0])
    totals = asyncio.run(SimulatedGateway(site.data_dir / "gateway.sqlite3").totals("EUR"))
    kept = totals.charged - totals.refunded
    found = (
        f"gateway: {totals.charged:,.2f} charged, {totals.refunded:,.2f} refunded; database: {charged:,.2f} "
        f"and {refunded:,.2f}; {kept:,.2f} kept = {plan.tickets:,} x {PRICE}"
    )
    agreed = (charged, refunded) == (totals.charged, totals.refunded)
    paid = kept == plan.tickets * Decimal(PRICE)
    return Line("The money matches the tickets, to the cent", found, agreed and paid)


def _books(site: Site) -> Line:
    broken = check_books(site.data_dir)
    return Line("`bms check`", broken or "all holds", not broken)
