"""The till: buyers who pay at the same moment share a transaction to claim their bookings, and one to settle.

The gateway is asked in between, for all of them side by side. See ``bms.grouping`` for who waits for whom.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bms.checkout.ranks import Rank
from bms.checkout.settlement import renderer, settle
from bms.commands.idempotency import StoredReply
from bms.commands.sales.claim_together import Wish, claim_payments
from bms.commands.sales.pay import Claim, claim_payment
from bms.commands.sales.settle_together import Success, settle_successes
from bms.errors import DatabaseUnavailable
from bms.grouping import Grouping
from bms.lanes import Turns
from bms.payments.gateway import Outcome
from bms.sql.database import Database


class _Settling(NamedTuple):
    payment_id: int
    booking_id: int
    outcome: Outcome
    request_id: str | None


class Till:
    """Claims and settles the payments that requests make, in ``turns`` with what else the process writes."""

    def __init__(self, database: Database, *, turns: Turns | None = None) -> None:
        self.database = database
        self.claims = Grouping[Wish, Claim | StoredReply](
            self._claim_together,
            self._claim_alone,
            apart=lambda wish: wish.actor.user_id,
            for_all=(DatabaseUnavailable,),
            turns=turns,
            rank=Rank.CLAIM,
        )
        self.successes = Grouping[_Settling, StoredReply](
            self._settle_together,
            self._settle_alone,
            apart=lambda one: one.payment_id,
            for_all=(DatabaseUnavailable,),
            turns=turns,
            rank=Rank.SETTLE,
        )

    async def claim(self, wish: Wish) -> Claim | StoredReply:
        """Claim a booking, or return the first reply under the key. Raises as ``claim_payment``."""
        return await self.claims.ask(wish)

    async def settle(
        self, payment_id: int, booking_id: int, outcome: Outcome, *, request_id: str | None
    ) -> StoredReply:
        """Write the outcome of a booking's payment, return the reply. Raises as ``settlement.settle``."""
        one = _Settling(payment_id, booking_id, outcome, request_id)
        return await (self.successes.ask(one) if outcome.succeeded else self._settle_alone(one))

    async def close(self) -> None:
        """Return when every payment that waits has been served."""
        await self.claims.close()
        await self.successes.close()

    async def _claim_together(
        self, wishes: Sequence[Wish]
    ) -> Sequence[Claim | StoredReply | Exception | None]:
        return await self.database.transact(claim_payments, wishes=wishes)

    async def _claim_alone(self, wish: Wish) -> Claim | StoredReply:
        return await self.database.transact(
            claim_payment,
            wish.actor,
            booking_id=wish.booking_id,
            method=wish.method,
            card_brand=wish.card_brand,
            card_last4=wish.card_last4,
            key=wish.key,
        )

    async def _settle_together(
        self, settlings: Sequence[_Settling]
    ) -> Sequence[StoredReply | Exception | None]:
        successes = [
            Success(
                payment_id=one.payment_id,
                booking_id=one.booking_id,
                gateway_reference=one.outcome.gateway_reference,
                render=renderer(one.outcome.message, one.request_id),
                request_id=one.request_id,
            )
            for one in settlings
        ]
        return await self.database.transact(settle_successes, successes=successes)

    async def _settle_alone(self, one: _Settling) -> StoredReply:
        return await settle(self.database, one.payment_id, one.outcome, request_id=one.request_id)
