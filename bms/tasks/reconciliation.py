"""Settles payments and refunds that a crash, a timeout or a failure left open at the gateway.

It also asks about payments that wait for their buyer, in case the gateway's notice is lost. A batch ends at
the first call that the gateway does not answer, because each further call would time out too. If the gateway
answered no call at all, GatewayUnavailable makes the loop back off.
"""

import asyncio
import logging

from bms.checkout.settlement import ASK_AGAIN, send_refund, settle
from bms.commands.sales.pending import QuestionRow, claim_questions
from bms.commands.sales.refunds import postpone_refund, renew_refund
from bms.errors import DatabaseUnavailable, GatewayUnavailable, Overloaded
from bms.payments.gateway import Gateway
from bms.queries.due import STALE_SECONDS, StalePayment, list_due_refunds, list_stale_payments
from bms.sql.database import Database
from bms.terms import RefundStatus

log = logging.getLogger(__name__)

BATCH = 50
QUESTIONS = 5  # asked at once about payments that wait for their buyers


class Reconciler:
    """Settles PROCESSING payments whose request has ended, and those whose buyer has not acted in time.

    It remembers the payment for which the gateway did not answer, and continues with the next. So a payment
    whose outcome stays unknown does not block the others.
    """

    def __init__(self, database: Database, gateway: Gateway, *, older_than: int = STALE_SECONDS) -> None:
        """``older_than`` is in seconds. Younger payments are not touched. Those that wait for their buyers
        have a deadline instead.
        """
        self._database = database
        self._gateway = gateway
        self._older_than = older_than
        self._after = 0  # the id of the last payment tried

    async def settle_payments(self) -> int:
        """Ask the gateway for the outcome of stale payments and settle them; return how many were settled.

        If the gateway does not know a charge, or its buyer has not acted, it voids the reference before the
        payment fails here. So neither a slow request nor a slow buyer can charge it later. A payment that
        cannot be settled is logged and skipped. Raises GatewayUnavailable.
        """
        settled = 0
        while stale := await self._database.read_primary(
            list_stale_payments, seconds=self._older_than, after=self._after, limit=BATCH
        ):
            for payment in stale:
                self._after = payment.id
                try:
                    settled += await self._settle(payment)
                except GatewayUnavailable:
                    if settled:
                        return settled
                    raise
        self._after = 0
        return settled

    async def _settle(self, payment: StalePayment) -> bool:
        try:
            outcome = await self._gateway.void(payment.reference, payment.amount, payment.currency)
            await settle(self._database, payment.id, outcome, request_id="reconciliation")
        except (DatabaseUnavailable, GatewayUnavailable, Overloaded):
            raise
        except Exception:
            log.exception("payment %d could not be settled", payment.id)
            return False
        log.info("payment %d settled: %s", payment.id, outcome.status)
        return True


async def ask_about_pending(database: Database, gateway: Gateway) -> int:
    """Ask the gateway about payments that wait for their buyers, and settle those that have an outcome.

    Each is asked about every half minute, by one process. Returns how many questions were answered. Raises
    GatewayUnavailable if none was.
    """
    questions = await database.transact(claim_questions, limit=QUESTIONS)
    answered = await asyncio.gather(*(_ask(database, gateway, question) for question in questions))
    if questions and not any(answered):
        raise GatewayUnavailable
    return sum(answered)


async def _ask(database: Database, gateway: Gateway, payment: QuestionRow) -> bool:
    """Ask about one payment. Return False if the gateway does not answer; the question comes again later."""
    try:
        outcome = await gateway.find_charge(payment.reference)
        if outcome is not None and not outcome.pending:
            await settle(database, payment.id, outcome, request_id="reconciliation")
            log.info("payment %d settled: %s", payment.id, outcome.status)
    except GatewayUnavailable:
        return False
    except (DatabaseUnavailable, Overloaded):
        raise
    except Exception:
        log.exception("payment %d could not be settled", payment.id)
    return True


async def send_due_refunds(database: Database, gateway: Gateway) -> int:
    """Send pending refunds and retry failed ones that are due; return how many were tried.

    A refund that cannot be sent is logged and postponed, so that it does not block the others. Raises
    GatewayUnavailable.
    """
    tried = 0
    for refund in await database.read_primary(list_due_refunds, limit=BATCH):
        try:
            if refund.status == RefundStatus.FAILED:
                await database.transact(renew_refund, refund_id=refund.id)
            answered = await send_refund(database, gateway, refund.id)
        except (DatabaseUnavailable, Overloaded):
            raise
        except Exception:
            log.exception("refund %d could not be sent", refund.id)
            await database.transact(postpone_refund, refund_id=refund.id, seconds=ASK_AGAIN)
            continue
        if not answered:
            if tried:
                break
            raise GatewayUnavailable
        tried += 1
    return tried
