"""What all calls that pay share: the limit of cards that are tried, and the payment."""

from collections.abc import Mapping
from functools import partial

from bms.checkout import payments
from bms.commands.idempotency import StoredReply
from bms.errors import PaymentDeclined
from bms.handlers.attempts import begin_card
from bms.http.call import Call
from bms.http.idempotency import key_of
from bms.terms import Method


async def pay(
    call: Call, *, booking_id: int, method: str, details: Mapping[str, str], may_wait: bool = True
) -> StoredReply:
    """Pay for the caller's held booking and return the reply of ``bms.checkout.payments.pay``.

    A declined card counts, so that nobody finds out here which of many stolen cards are good. One whose
    buyer must act first does not. Raises TooManyAttempts, and as ``bms.checkout.payments.pay``.
    """
    make = partial(
        payments.pay,
        call.db,
        call.gateway,
        call.actor,
        booking_id=booking_id,
        method=method,
        details=details,
        key=await key_of(call),
        may_wait=may_wait,
    )
    if method != Method.CARD:
        return await make()
    attempt = await begin_card(call, booking_id)
    declined = False
    try:
        reply = await make()
        declined = reply.status == PaymentDeclined.status and not reply.replayed
        return reply
    finally:
        if not declined:
            await attempt.give_back()
