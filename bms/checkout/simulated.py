"""The buyer's decision on the simulated gateway's page, and the notice that the gateway then sends.

A real gateway has a page and servers of its own. This one lives in the process, so its notice needs no
signature.
"""

import logging

from bms.checkout.notices import take
from bms.errors import BMSError, NotFound
from bms.payments.gateway import Gateway
from bms.payments.simulated.gateway import SimulatedGateway
from bms.payments.simulated.ledger import Entry
from bms.sql.database import Database

log = logging.getLogger(__name__)


async def look_up(gateway: Gateway, gateway_reference: str) -> Entry:
    """Return the charge that a page is about. Raises NotFound, also unless the gateway is simulated."""
    return _found(await _simulated(gateway).look_up(gateway_reference))


async def decide(
    database: Database, gateway: Gateway, gateway_reference: str, *, approved: bool, request_id: str | None
) -> Entry:
    """Let the buyer approve or decline a charge, send the notice, and return the charge. Raises NotFound.

    The first decision stands. If the notice cannot be taken, the reconciliation finds the outcome.
    """
    entry = _found(await _simulated(gateway).decide(gateway_reference, approved=approved))
    try:
        await take(
            database,
            notice_id=f"ev_{gateway_reference}",
            reference=entry.reference,
            status=entry.status,
            gateway_reference=entry.gateway_reference,
            failure_code=entry.failure_code,
            message=entry.message,
            request_id=request_id,
        )
    except BMSError as error:
        log.warning("the notice of payment %s was not taken: %s", entry.reference, error)
    return entry


def _simulated(gateway: Gateway) -> SimulatedGateway:
    if not isinstance(gateway, SimulatedGateway):
        raise NotFound()
    return gateway


def _found(entry: Entry | None) -> Entry:
    if entry is None:
        raise NotFound("There is no such payment")
    return entry
