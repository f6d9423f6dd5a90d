"""What must hold of the database after any history of sales."""

import datetime as dt
from decimal import Decimal
from typing import Any

from bms.payments.simulated.gateway import SimulatedGateway
from bms.queries.conservation import check_conservation
from bms.sql.database import Database
from tests.kit.types import Rows

LONG_AGO = dt.datetime(2001, 1, 1)  # noqa: DTZ001  # naive UTC, as the database keeps times

_STOCK = """
    SELECT tt.id, tt.capacity, tt.available,
           (SELECT COALESCE(SUM(bl.quantity - bl.cancelled), 0)
            FROM   booking_lines bl INNER JOIN bookings b ON b.id = bl.booking_id
            WHERE  bl.ticket_type_id = tt.id AND b.status IN ('PENDING', 'CONFIRMED')) AS live
    FROM   ticket_types tt
"""
_BOOKINGS = """
    SELECT b.id, b.status, b.quantity, b.total,
           (SELECT SUM(quantity) FROM booking_lines WHERE booking_id = b.id) AS line_quantity,
           (SELECT SUM(quantity - cancelled) FROM booking_lines WHERE booking_id = b.id) AS live,
           (SELECT SUM((quantity - cancelled) * unit_price) FROM booking_lines
            WHERE  booking_id = b.id) AS worth,
           (SELECT SUM(quantity * unit_price) FROM booking_lines WHERE booking_id = b.id) AS line_total,
           (SELECT COUNT(*) FROM tickets WHERE booking_id = b.id AND status = 'VALID') AS tickets,
           (SELECT COUNT(*) FROM payments
            WHERE  booking_id = b.id AND status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED')) AS paid,
           (SELECT COUNT(*) FROM refunds r INNER JOIN payments p ON p.id = r.payment_id
            WHERE  p.booking_id = b.id) AS refunds
    FROM   bookings b
"""


def assert_conserved(rows: Rows) -> None:
    """Check that no ticket is lost or sold twice, and that what is confirmed is paid and has its tickets."""
    for stock in rows(_STOCK):
        assert stock.capacity == stock.available + stock.live, f"ticket type {stock.id}"
    for booking in rows(_BOOKINGS):
        where = f"booking {booking.id}, {booking.status}"
        assert booking.quantity == booking.line_quantity, where
        assert booking.total == booking.line_total, where
        confirmed = booking.status == "CONFIRMED"
        assert booking.tickets == (booking.live if confirmed else 0), where
        if confirmed and booking.worth:
            assert booking.paid == 1, where
        elif confirmed:
            assert booking.paid <= (1 if booking.total else 0), where
        else:
            assert booking.paid <= booking.refunds, where


async def assert_balanced(db: Database, rows: Rows) -> None:
    """Check the same, and every rule of ``bms check``."""
    assert_conserved(rows)
    broken = [finding for finding in await db.read(check_conservation) if finding.rows]
    assert broken == []


async def assert_settled(db: Database, rows: Rows, gateway: SimulatedGateway) -> None:
    """Check every rule of ``bms check``, and the payments against the gateway's own books, to the cent."""
    broken = [finding for finding in await db.read_primary(check_conservation) if finding.rows]
    assert not broken, broken
    await assert_agreed(rows, gateway)


async def assert_agreed(rows: Rows, gateway: SimulatedGateway) -> None:
    """Check that the payments and refunds add up to what the gateway charged and gave back."""
    totals = await gateway.totals("EUR")
    (ours,) = rows(
        "SELECT COALESCE(SUM(amount), 0) AS charged, COALESCE(SUM(refunded), 0) AS refunded FROM payments"
        " WHERE currency = 'EUR' AND status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'RETURNED')"
    )
    assert (ours.charged, ours.refunded) == (totals.charged, totals.refunded)


async def assert_charged(rows: Rows, gateway: SimulatedGateway) -> None:
    """Check that what is said to be paid is what the gateway took, payments without an outcome apart."""
    paid = rows("SELECT COALESCE(SUM(amount), 0) AS paid FROM payments WHERE status = 'SUCCEEDED'")[0].paid
    unknown = rows("SELECT reference FROM payments WHERE status = 'PROCESSING'")
    open_ends = {row.reference for row in unknown}
    taken = [entry for entry in await gateway.entries() if entry.status == "SUCCEEDED"]
    assert sum((e.amount for e in taken if e.reference not in open_ends), Decimal(0)) == paid


def status_of(rows: Rows, booking: dict[str, Any]) -> str:
    """Return the status of a booking as the database has it."""
    (row,) = rows("SELECT status FROM bookings WHERE id = ?", booking["id"])
    return str(row.status)


def available(rows: Rows, event: dict[str, Any]) -> int:
    """Return how many tickets of all types of an event are free."""
    (row,) = rows("SELECT SUM(available) AS available FROM ticket_types WHERE event_id = ?", event["id"])
    return int(row.available)


def let_hold_pass(rows: Rows, booking: dict[str, Any]) -> None:
    """Put a hold's deadline in the past; nothing has swept it yet."""
    rows("UPDATE bookings SET hold_expires_at = ? WHERE id = ?", LONG_AGO, booking["id"])


def count(rows: Rows, table: str, where: str = "1 = 1", *values: Any) -> int:
    """Return how many rows of ``table`` there are."""
    return int(rows(f"SELECT COUNT(*) AS n FROM {table} WHERE {where}", *values)[0].n)
