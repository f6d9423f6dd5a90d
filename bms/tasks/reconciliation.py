"""Settling what a crash, a time-out or a failure left open at the gateway."""

import logging

from bms.commands.payments import list_stale_payments
from bms.commands.refunds import list_due_refunds, renew_refund
from bms.errors import GatewayUnavailable
from bms.payments.gateway import Gateway
from bms.settlement import send_refund, settle
from bms.sql.database import Database

log = logging.getLogger(__name__)

BATCH = 50
# A PROCESSING payment younger than this is being made by a request that is still running.
STALE_SECONDS = 120


async def reconcile_payments(database: Database, gateway: Gateway, *, older_than: int = STALE_SECONDS) -> int:
    """Find out what became of stale PROCESSING payments and settle them; return how many were settled.

    A charge that the gateway never took in is voided there before it is written off here, so that no
    request that was only slow can still make it.
    """
    settled = 0
    for payment in await database.read_primary(list_stale_payments, seconds=older_than, limit=BATCH):
        try:
            outcome = await gateway.void(payment.reference, payment.amount, payment.currency)
        except GatewayUnavailable:
            continue
        await settle(database, payment.id, outcome, request_id="reconciliation")
        log.info("payment %d settled: %s", payment.id, outcome.status)
        settled += 1
    return settled


async def send_due_refunds(database: Database, gateway: Gateway) -> int:
    """Send refunds that are waiting or have failed and are to be tried again; return how many were tried."""
    due = await database.read_primary(list_due_refunds, limit=BATCH)
    for refund in due:
        if refund.status == "FAILED":
            await database.transact(renew_refund, refund_id=refund.id)
        await send_refund(database, gateway, refund.id)
    return len(due)
