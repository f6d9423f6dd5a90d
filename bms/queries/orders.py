"""What paying an order needs to know beforehand."""

from bms.sql.session import Transaction
from bms.sql.statements import Statement

LIST_METHODS = Statement(
    "event_payment_options.list_of_booking",
    "@booking_id BIGINT",
    """
    SELECT o.method
    FROM   bookings AS b
    INNER JOIN event_payment_options AS o ON o.event_id = b.event_id
    WHERE  b.id = @booking_id
    ORDER BY o.method
    """,
)


def list_payment_methods(tx: Transaction, *, booking_id: int) -> list[str]:
    """Return the methods of payment that the event of a booking takes."""
    return [row.method for row in tx.rows(LIST_METHODS, booking_id=booking_id)]
