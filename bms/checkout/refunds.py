"""Refunds on request: claim in one transaction, then ask the gateway.

No transaction is open while the gateway is asked. If it does not answer, the refund stays PENDING and
reconciliation sends it again.
"""

from collections.abc import Collection, Mapping
from typing import Any

from bms.checkout.settlement import render_refund, send_refund
from bms.commands.idempotency import Key, StoredReply
from bms.commands.sales import given_up
from bms.commands.sales.cancel import cancel_booking
from bms.commands.sales.cancel_tickets import cancel_tickets
from bms.commands.sales.request_refund import request_refund
from bms.payments.gateway import Gateway
from bms.queries.refunds import RefundRow, get_refund
from bms.sql.database import Database
from bms.terms import Actor


async def cancel(
    database: Database,
    gateway: Gateway,
    actor: Actor,
    *,
    booking_id: int,
    ticket_ids: Collection[int] | None = None,
    reason: str | None,
    percent: int = 0,
) -> None:
    """Cancel a booking, or single tickets of it, and send the refund, if any is due.

    ``percent`` is what whoever runs the event gives back where the refund rule gives less. Raises as
    ``cancel_booking`` and ``cancel_tickets``.
    """
    if ticket_ids is None:
        cancelled = await database.transact(
            cancel_booking, actor, booking_id=booking_id, reason=reason, percent=percent
        )
    else:
        cancelled = await database.transact(
            cancel_tickets,
            actor,
            booking_id=booking_id,
            ticket_ids=ticket_ids,
            reason=reason,
            percent=percent,
        )
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


async def settle_by_hand(database: Database, actor: Actor, *, refund_id: int, reason: str) -> RefundRow:
    """Note that a refund which was given up has been paid another way. Raises as the command."""
    return await database.transact(
        given_up.settle_by_hand, actor, refund_id=refund_id, reason=reason, render=render_refund
    )
