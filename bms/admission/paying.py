"""What all calls that pay share: the limit of cards that are tried, and the payment."""

from collections.abc import Mapping
from functools import partial

from bms.admission.attempts import begin_card
from bms.checkout import payments
from bms.commands.idempotency import Key, StoredReply
from bms.errors import PaymentDeclined
from bms.http.call import Call
from bms.terms import Method


async def pay(
    call: Call,
    *,
    booking_id: int,
    method: str,
    details: Mapping[str, str],
    key: Key | None,
    may_wait: bool = True,
) -> StoredReply:
    """Pay for the caller's held booking and return the reply of ``bms.checkout.payments.pay``.

    A declined card counts, so that nobody finds out here which of many stolen cards are good. One whose
    buyer must act first does not. Raises TooManyAttempts, and as ``bms.checkout.payments.pay``.
    """
    make = partial(
        payments.pay,
        call.till,
        call.gateway,
        call.actor,
        booking_id=booking_id,
        method=method,
        details=details,
        key=key,
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
