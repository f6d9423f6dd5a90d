"""Two admins at one refund that was given up: one settles it or has it tried again, and one is told."""

import asyncio
from typing import Any

import pytest

from bms.commands.sales import given_up
from bms.commands.sales.refunds import SucceededRow
from bms.queries.due import MAX_REFUND_ATTEMPTS
from bms.sql.statements import Statement
from tests.kit.scene import Scene
from tests.kit.types import Make
from tests.kit.waiting import Meeting


@pytest.fixture
async def refund(scene: Scene) -> int:
    """The id of one of two refunds of a payment, both of one ticket and given up."""
    booking = await scene.paid(3)
    for ticket in (await scene.shown(booking))["tickets"][:2]:
        path, body = f"/bookings/{booking['id']}/cancel", {"tickets": [ticket["id"]]}
        assert (await scene.api.post(path, body, token=scene.buyer.token)).status == 200
    scene.rows(
        "UPDATE refunds SET status = 'FAILED', attempts = ?, failure_code = 'account_closed', "
        "settled_at = NULL",
        MAX_REFUND_ATTEMPTS,
    )
    scene.rows("UPDATE payments SET refunded = 0, status = 'SUCCEEDED'")
    return int(scene.rows("SELECT id FROM refunds ORDER BY id")[0].id)


def meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two have read the refund before either changes it."""
    read, meeting = given_up.get_refund, Meeting(patience=5)

    def met(*args: Any, **kwargs: Any) -> Any:
        found = read(*args, **kwargs)
        meeting()
        return found

    monkeypatch.setattr(given_up, "get_refund", met)


async def at_once(scene: Scene, make_user: Make, refund: int, *does: str) -> list[int]:
    """Return how as many admins are answered, each of whom does something about the refund at once."""
    admins = [await make_user("ADMIN") for _ in does]
    replies = await asyncio.gather(
        *(
            scene.api.post(
                f"/refunds/{refund}/{what}",
                {"reason": "Bank transfer"} if what == "settle" else {},
                token=admin.token,
            )
            for what, admin in zip(does, admins, strict=True)
        )
    )
    return sorted(reply.status for reply in replies)


@pytest.mark.parametrize(
    "does", [("settle", "settle"), ("settle", "retry"), ("retry", "retry")], ids=" and ".join
)
async def test_one_of_two_admins_wins(
    scene: Scene, make_user: Make, refund: int, does: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    meet(monkeypatch)
    assert await at_once(scene, make_user, refund, *does) == [200, 409]
    assert scene.count("audit_log", "action IN ('retry', 'settle_by_hand')") == 1
    (payment,) = scene.rows("SELECT refunded, refund_claimed FROM payments")
    assert payment.refunded in (0, payment.refund_claimed / 2)


async def test_without_the_guard_the_money_is_counted_twice(
    scene: Scene, make_user: Make, refund: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the statement does not ask for the refund's state, and both admins settle it.

    No constraint helps, as another refund of the payment is claimed and not paid yet.
    """
    unguarded = Statement(
        "test.settle_unguarded",
        "@id BIGINT, @most INT, @gateway_reference NVARCHAR(64)",
        """
        UPDATE refunds
        SET    status = 'SUCCEEDED', gateway_reference = @gateway_reference, settled_at = SYSUTCDATETIME()
        OUTPUT inserted.payment_id, inserted.amount
        WHERE  id = @id AND attempts >= @most
        """,
        SucceededRow,
    )
    monkeypatch.setattr(given_up, "SETTLE", unguarded)
    meet(monkeypatch)
    assert await at_once(scene, make_user, refund, "settle", "settle") == [200, 200]
    (payment,) = scene.rows("SELECT refunded, refund_claimed FROM payments")
    assert payment.refunded == payment.refund_claimed
