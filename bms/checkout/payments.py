"""Paying for a booking: claim it, ask the gateway, settle. Every payment goes through here."""

from collections.abc import Mapping

from bms.checkout.settlement import settle
from bms.commands.idempotency import Key, StoredReply
from bms.commands.sales.pay import claim_payment
from bms.payments.cards import brand_of, last4
from bms.payments.gateway import Charge, Gateway
from bms.sql.database import Database
from bms.terms import Actor, Method


async def pay(
    database: Database,
    gateway: Gateway,
    actor: Actor,
    *,
    booking_id: int,
    method: str,
    details: Mapping[str, str],
    key: Key | None,
) -> StoredReply:
    """Pay for the actor's held booking and return the reply: 201 and the payment, or why it failed.

    The reply is stored under ``key``, and a repeat gets it again. Raises as ``claim_payment`` and ``settle``,
    and GatewayUnavailable when the outcome is unknown.
    """
    is_card = method == Method.CARD
    claim = await database.transact(
        claim_payment,
        actor,
        booking_id=booking_id,
        method=method,
        card_brand=brand_of(details["number"]) if is_card else None,
        card_last4=last4(details["number"]) if is_card else None,
        key=key,
    )
    if isinstance(claim, StoredReply):
        return claim
    charge = Charge(
        reference=claim.charge.reference,
        amount=claim.charge.amount,
        currency=claim.charge.currency,
        method=method,
        details=details,
    )
    # No transaction is open here. If this raises or the process dies, the payment stays PROCESSING and blocks
    # a second one until reconciliation finds out its outcome.
    outcome = await gateway.charge(charge)
    return await settle(database, claim.payment_id, outcome, request_id=actor.request_id)
