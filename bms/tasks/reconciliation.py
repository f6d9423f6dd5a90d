"""Settling what a crash, a time-out or a failure left open at the gateway."""

import logging

from bms.checkout.settlement import ASK_AGAIN, send_refund, settle
from bms.commands.sales.refunds import postpone_refund, renew_refund
from bms.errors import DatabaseUnavailable, GatewayUnavailable, Overloaded
from bms.payments.gateway import Gateway
from bms.queries.due import list_due_refunds, list_stale_payments
from bms.sql.database import Database
from bms.sql.session import Row

log = logging.getLogger(__name__)

BATCH = 50
# A PROCESSING payment younger than this is being made by a request that is still running.
STALE_SECONDS = 120


async def reconcile_payments(database: Database, gateway: Gateway, *, older_than: int = STALE_SECONDS) -> int:
    """Find out what became of stale PROCESSING payments and settle them; return how many were settled.

    A charge that the gateway never took in is voided there before it is written off here, so that no
    request that was only slow can still make it. One that fails is logged and passed over.
    """
    settled = after = 0
    while stale := await database.read_primary(
        list_stale_payments, seconds=older_than, after=after, limit=BATCH
    ):
        for payment in stale:
            settled += await _reconcile(database, gateway, payment)
        after = stale[-1].id
    return settled


async def _reconcile(database: Database, gateway: Gateway, payment: Row) -> bool:
    try:
        outcome = await gateway.void(payment.reference, payment.amount, payment.currency)
        await settle(database, payment.id, outcome, request_id="reconciliation")
    except GatewayUnavailable:
        return False
    except (DatabaseUnavailable, Overloaded):
        raise
    except Exception:
        log.exception("payment %d could not be settled", payment.id)
        return False
    log.info("payment %d settled: %s", payment.id, outcome.status)
    return True


async def send_due_refunds(database: Database, gateway: Gateway) -> int:
    """Send refunds that are waiting or have failed and are to be tried again; return how many were tried.

    One that cannot be sent is logged and put off, so that it does not keep the others' money.
    """
    tried = 0
    for refund in await database.read_primary(list_due_refunds, limit=BATCH):
        try:
            if refund.status == "FAILED":
                await database.transact(renew_refund, refund_id=refund.id)
            await send_refund(database, gateway, refund.id)
            tried += 1
        except (DatabaseUnavailable, Overloaded):
            raise
        except Exception:
            log.exception("refund %d could not be sent", refund.id)
            await database.transact(postpone_refund, refund_id=refund.id, seconds=ASK_AGAIN)
    return tried
