"""``bms check`` adds money up in three decimals: it finds a thousandth too much or too little."""

import pytest

from bms.queries.conservation import check_conservation
from tests.kit.scene import Scene

TOTALS = "Every booking's quantity and total are those of its lines"
PAID = "A confirmed booking that costs something has one payment, of its total, not given back"
OWED = "What a booking that ended was owed, and money that came too late, is claimed for a refund"
REFUNDS = "Every payment's refunds add up to what it says, and never pass it"


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE booking_lines SET unit_price = unit_price + 0.001", {TOTALS}),
        ("UPDATE bookings SET total = total - 0.001 WHERE status = 'CONFIRMED'", {TOTALS, PAID}),
        ("UPDATE payments SET amount = amount + 0.001 WHERE status = 'SUCCEEDED'", {PAID}),
        ("UPDATE bookings SET refund_due = refund_due + 0.001 WHERE status = 'CANCELLED'", {OWED}),
        ("UPDATE refunds SET amount = amount - 0.001", {REFUNDS}),
    ],
)
async def test_a_thousandth_is_found(scene: Scene, change: str, broken: set[str]) -> None:
    await scene.paid(2)
    await scene.cancel(await scene.paid())
    await scene.check()
    scene.rows(change)
    found = {finding.rule for finding in await scene.db.read_primary(check_conservation) if finding.rows}
    assert found == broken
