"""A gateway that moves no money. The payment details decide the outcome; docs/test-cards.md lists them."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from bms.errors import GatewayUnavailable
from bms.grouping import Grouping
from bms.payments.cards import brand_of, digits_of, last4, number_valid
from bms.payments.gateway import Charge, NextAction, Outcome
from bms.payments.simulated.charging import Booked, NewCharge, Refunding
from bms.payments.simulated.ledger import Entry, Ledger, Totals
from bms.terms import NOT_APPROVED, NOT_COMPLETED, VOIDED, Method

SLOW_SECONDS = 5.0
PAGE = "/simulated-gateway/"  # where a buyer approves or declines, followed by the gateway's reference

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a payment behaves. By default it succeeds at once and can be refunded.

    One that ``waits`` is decided by its buyer, on the gateway's page.
    """

    failure: str | None = None
    charged: bool = True
    answered: bool = True
    slow: bool = False
    waits: bool = False
    refunding: Refunding = Refunding.PROMPT


_PAYS = Behaviour()
_NO_ANSWER = Behaviour(charged=False, answered=False)

CARDS: Mapping[str, Behaviour] = {
    "4242424242424242": _PAYS,
    "5555555555554444": _PAYS,
    "378282246310005": _PAYS,
    "4000000000000002": Behaviour(failure="card_declined"),
    "4000000000009995": Behaviour(failure="insufficient_funds"),
    "4000000000000069": Behaviour(failure="expired_card"),
    "4000000000000127": Behaviour(failure="incorrect_cvc"),
    "4000000000000119": Behaviour(failure="processing_error"),
    "4000000000001000": _NO_ANSWER,
    "4000000000001018": Behaviour(answered=False),
    "4000000000001026": Behaviour(slow=True),
    "4000002500003155": Behaviour(waits=True),
    "4000000000002008": Behaviour(refunding=Refunding.FAILS_ONCE),
    "4000000000002016": Behaviour(refunding=Refunding.FAILS),
    "4000000000002024": Behaviour(refunding=Refunding.UNANSWERED_ONCE),
    "4000000000002032": Behaviour(refunding=Refunding.ANSWER_LOST),
}
"""Card numbers with a behaviour. Any other number that passes the Luhn check pays."""

# For UPI the part of the address before the @, for other methods the whole name. Case does not matter.
NAMES: Mapping[str, Behaviour] = {
    "fail": Behaviour(failure="payment_declined"),
    "failure": Behaviour(failure="payment_declined"),
    "timeout": _NO_ANSWER,
}
_NAMED_BY: dict[str, str] = {Method.UPI: "vpa", Method.NETBANKING: "bank", Method.WALLET: "wallet_id"}

MESSAGES: Mapping[str, str] = {
    "card_declined": "The card was declined.",
    "insufficient_funds": "The card has insufficient funds.",
    "expired_card": "The card has expired.",
    "incorrect_cvc": "The card's security code is incorrect.",
    "processing_error": "The card could not be processed; try again.",
    "payment_declined": "The payment was declined.",
    VOIDED: "The payment never reached the gateway and was given up.",
    NOT_COMPLETED: "The payment was not completed in time and was given up.",
    NOT_APPROVED: "The payment was not approved.",
    "invalid_details": "The payment details are not usable.",
}


class SimulatedGateway:
    """A bms.payments.gateway.Gateway on a ledger file that any number of processes share.

    A card always behaves the same. Of the details only a card's brand and last four digits are stored.
    """

    def __init__(self, path: Path, *, origin: str = "", slow_seconds: float = SLOW_SECONDS) -> None:
        """``path`` is the ledger's file. ``slow_seconds`` is how long the slow card takes.

        ``origin`` is where people reach the page on which they approve: a scheme and a host.
        """
        self._page = origin + PAGE
        self._ledger = Ledger(path)
        self._slow_seconds = slow_seconds
        # One lane: of two writers to an SQLite file one waits anyway.
        self._charges = Grouping[NewCharge, Booked](
            lambda charges: self._books(lambda: self._ledger.charge_each(charges)),
            lambda charge: self._books(lambda: self._ledger.charge(charge)),
            apart=lambda charge: charge.reference,
            for_all=(GatewayUnavailable,),
            lanes=1,
        )

    async def charge(self, charge: Charge) -> Outcome:
        """Return the outcome of a charge. A slow charge goes on if the caller stops waiting.

        A charge that waits for its buyer is PENDING until its page has the decision, or it is voided. Raises
        GatewayUnavailable if the simulation gives no answer, ValueError unless the amount is positive with at
        most the decimals of its currency, and ReferenceReused.
        """
        behaviour, number = _behaviour(charge)
        if not behaviour.charged:
            booked = await self._books(lambda: self._ledger.find_charge(charge.reference))
            if booked is None:
                raise GatewayUnavailable
        else:
            booked = await self._charges.ask(_new_charge(charge, behaviour, number, self._slow_seconds))
        seconds = booked.answers_at - time.time()
        if seconds > 0:
            await asyncio.sleep(seconds)
        if not booked.answered:
            raise GatewayUnavailable
        return self._with_page(booked.outcome)

    async def find_charge(self, reference: str) -> Outcome | None:
        """Return the outcome of a charge, or None.

        Raises GatewayUnavailable while a slow charge is in progress.
        """
        booked = await self._books(lambda: self._ledger.find_charge(reference))
        if booked is not None and time.time() < booked.answers_at:
            raise GatewayUnavailable("The payment is still in progress")
        return self._with_page(booked.outcome) if booked else None

    async def void(self, reference: str, amount: Decimal, currency: str) -> Outcome:
        """Return the outcome of a charge. Without one it is booked as FAILED for good.

        Raises GatewayUnavailable while a slow charge is in progress, and ReferenceReused.
        """
        failure = (VOIDED, MESSAGES[VOIDED])
        booked = await self._charges.ask(
            NewCharge(reference=reference, amount=amount, currency=currency, method="void", failure=failure)
        )
        if time.time() < booked.answers_at:
            raise GatewayUnavailable("The payment is still in progress")
        if booked.outcome.pending:
            failure = (NOT_COMPLETED, MESSAGES[NOT_COMPLETED])
            entry = await self._books(lambda: self._ledger.decide(booked.outcome.gateway_reference, failure))
            assert entry is not None
            return _outcome(entry)
        return booked.outcome

    async def look_up(self, gateway_reference: str) -> Entry | None:
        """Return the charge that the gateway's page is about, or None."""
        return await self._books(lambda: self._ledger.look_up(gateway_reference))

    async def decide(self, gateway_reference: str, *, approved: bool) -> Entry | None:
        """Let the buyer decide on a charge that waits for it, and return the charge, or None.

        The first decision stands, and so does a void.
        """
        failure = None if approved else (NOT_APPROVED, MESSAGES[NOT_APPROVED])
        return await self._books(lambda: self._ledger.decide(gateway_reference, failure))

    async def refund(self, reference: str, gateway_reference: str, amount: Decimal, currency: str) -> Outcome:
        """Return the outcome of a refund.

        Raises GatewayUnavailable if the simulation gives no answer, ValueError unless the amount is positive
        with at most the decimals of its currency, and ReferenceReused.
        """
        booked = await self._books(
            lambda: self._ledger.refund(reference, gateway_reference, amount, currency)
        )
        if booked is None or not booked.answered:
            raise GatewayUnavailable
        return booked.outcome

    async def entries(self) -> list[Entry]:
        """Return every charge and refund in the ledger."""
        return await self._books(self._ledger.entries)

    async def totals(self, currency: str) -> Totals:
        """Return the sums charged and refunded, with the currency's decimals."""
        return await self._books(lambda: self._ledger.totals(currency))

    def _with_page(self, outcome: Outcome) -> Outcome:
        """Return ``outcome``, and where the buyer must go if it waits for one."""
        if not outcome.pending:
            return outcome
        page = self._page + outcome.gateway_reference
        return replace(outcome, next_action=NextAction("redirect", page))

    async def _books(self, ask: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(ask)
        except (sqlite3.Error, OSError) as error:
            raise GatewayUnavailable from error


def _new_charge(charge: Charge, behaviour: Behaviour, number: str | None, slow_seconds: float) -> NewCharge:
    code = behaviour.failure
    return NewCharge(
        reference=charge.reference,
        amount=charge.amount,
        currency=charge.currency,
        method=charge.method,
        brand=brand_of(number) if number else None,
        last4=last4(number) if number else None,
        failure=(code, MESSAGES[code]) if code else None,
        refunding=behaviour.refunding,
        answered=behaviour.answered,
        delay=slow_seconds if behaviour.slow else 0.0,
        waits=behaviour.waits,
    )


def _outcome(entry: Entry) -> Outcome:
    return Outcome(entry.status, entry.gateway_reference, entry.failure_code, entry.message)


def _behaviour(charge: Charge) -> tuple[Behaviour, str | None]:
    """Return the behaviour of the charge's details, and the number of a valid card."""
    unusable = Behaviour(failure="invalid_details")
    if charge.method == Method.CARD:
        number = digits_of(str(charge.details.get("number", "")))
        if not number_valid(number):
            return unusable, None
        return CARDS.get(number, _PAYS), number
    name = charge.details.get(_NAMED_BY.get(charge.method, ""))
    if not name:
        return unusable, None
    if charge.method == Method.UPI:
        name = str(name).split("@")[0]
    return NAMES.get(str(name).strip().casefold(), _PAYS), None
