"""The gateway's notices: each is kept and its payment settled, in one transaction."""

import logging

from bms.checkout.settlement import renderer, settled
from bms.commands.sales.notices import take_notice
from bms.commands.sales.settle import Result
from bms.payments.gateway import OutcomeStatus
from bms.sql.database import Database

log = logging.getLogger(__name__)


async def take(
    database: Database,
    *,
    notice_id: str,
    reference: str,
    status: str,
    gateway_reference: str,
    failure_code: str | None,
    message: str | None,
    request_id: str | None,
) -> None:
    """Settle the payment that a notice is about. A repeat does nothing, nor does a payment that is not ours.

    Raises as ``Database.transact``, and Overloaded. Then nothing is kept, and the gateway sends it again.
    """
    result = None
    if status != OutcomeStatus.PENDING:
        result = Result(status == OutcomeStatus.SUCCEEDED, gateway_reference, failure_code)
    taken = await settled(
        database,
        take_notice,
        notice_id=notice_id,
        reference=reference,
        outcome=status,
        result=result,
        render=renderer(message, request_id),
        request_id=request_id,
    )
    log.info(
        "notice %s of payment %s: %s%s", notice_id, reference, status, "" if taken else ", nothing to do"
    )
