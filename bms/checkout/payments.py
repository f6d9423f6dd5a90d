"""Paying for a booking: claim it, ask the gateway, settle. Every payment of a request goes through here."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from bms.checkout.settlement import wait_for_buyer
from bms.checkout.till import Till
from bms.commands.idempotency import Key, StoredReply
from bms.commands.sales.claim_together import Wish
from bms.errors import GatewayUnavailable
from bms.payments.cards import brand_of, last4
from bms.payments.gateway import Charge, Gateway, Outcome
from bms.terms import Actor, Method

NEEDS_BUYER = "This payment needs its buyer, and this call cannot wait. Pay with POST /payments"
GATEWAY_SECONDS = 30.0  # for its answer to a charge
ENDED = "The booking ended before the payment. Nothing was charged"


async def pay(
    till: Till,
    gateway: Gateway,
    actor: Actor,
    *,
    booking_id: int,
    method: str,
    details: Mapping[str, str],
    key: Key | None,
    may_wait: bool = True,
) -> StoredReply:
    """Pay for the actor's held booking and return the reply: 201 and the payment, or why it failed.

    202 if the buyer must act first. Unless the caller ``may_wait``, such a payment is given up and declined.
    The reply is stored under ``key``, and a repeat gets it again. Raises as ``claim_payment`` and ``settle``,
    and GatewayUnavailable when the outcome is unknown.
    """
    is_card = method == Method.CARD
    claim = await till.claim(
        Wish(
            actor=actor,
            booking_id=booking_id,
            method=method,
            card_brand=brand_of(details["number"]) if is_card else None,
            card_last4=last4(details["number"]) if is_card else None,
            key=key,
        )
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
    try:
        async with asyncio.timeout(GATEWAY_SECONDS):
            outcome = await gateway.charge(charge)
    except TimeoutError:
        raise GatewayUnavailable from None
    if outcome.pending and may_wait:
        waiting = await wait_for_buyer(till.database, claim.payment_id, outcome, request_id=actor.request_id)
        if waiting is not None:
            return waiting
        outcome = await _give_up(gateway, charge, ENDED)
    elif outcome.pending:
        outcome = await _give_up(gateway, charge, NEEDS_BUYER)
    return await till.settle(claim.payment_id, booking_id, outcome, request_id=actor.request_id)


async def _give_up(gateway: Gateway, charge: Charge, why: str) -> Outcome:
    """Void a charge that waits for its buyer. Return its outcome, with the reason. Raises as ``charge``."""
    outcome = await gateway.void(charge.reference, charge.amount, charge.currency)
    return outcome if outcome.succeeded else replace(outcome, message=why)
