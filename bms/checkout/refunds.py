"""Refunds on request: claim in one transaction, then ask the gateway.

No transaction is open while the gateway is asked. If it does not answer, the refund stays PENDING and
reconciliation sends it again.
"""

from collections.abc import Mapping
from typing import Any

from bms.checkout.settlement import render_refund, send_refund
from bms.commands.idempotency import Key, StoredReply
from bms.commands.sales.cancel import cancel_booking
from bms.commands.sales.request_refund import request_refund
from bms.payments.gateway import Gateway
from bms.queries.refunds import get_refund
from bms.sql.database import Database
from bms.terms import Actor


async def cancel(
    database: Database, gateway: Gateway, actor: Actor, *, booking_id: int, reason: str | None
) -> None:
    """Cancel a booking and send its refund, if any is due. Raises as ``cancel_booking``."""
    cancelled = await database.transact(cancel_booking, actor, booking_id=booking_id, reason=reason)
    if cancelled.refund_id is not None:
        await send_refund(database, gateway, cancelled.refund_id)


async def give_back(
    database: Database, gateway: Gateway, actor: Actor, *, asked: Mapping[str, Any], key: Key | None
) -> StoredReply:
    """Claim a refund, send it and return the reply: 201 and the refund.

    ``asked`` is the caller's part of the arguments of ``request_refund``. Raises as that.
    """
    requested = await database.transact(request_refund, actor, **asked, key=key, render=render_refund)
    if requested.refund_id is None:
        return requested.reply
    await send_refund(database, gateway, requested.refund_id)
    return render_refund(await database.read_primary(get_refund, refund_id=requested.refund_id))
