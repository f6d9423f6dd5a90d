"""What BMS asks of a payment gateway.

The idempotency rule: a charge and a refund each carry a reference of ours. The same reference always
has the same outcome, and money moves once for it, however often and from however many processes it is
sent. So after GatewayUnavailable, when nobody knows what happened, sending it again is safe, and so is
asking with ``find_charge`` or ``find_refund``. A FAILED outcome is an outcome: who wants another try
takes a new reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol


class OutcomeStatus(StrEnum):
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Charge:
    """A payment to be made: ``reference`` is ours and unique to it; ``currency`` is ISO 4217.

    ``details`` are the method's (card: number, expiry, cvv, holder; upi: vpa; netbanking: bank; wallet:
    wallet_id). They are never shown, logged or kept.
    """

    reference: str
    amount: Decimal
    currency: str
    method: str
    details: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a charge or refund; a FAILED one has a code and a message for a person."""

    status: OutcomeStatus
    gateway_reference: str
    failure_code: str | None = None
    message: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.status is OutcomeStatus.SUCCEEDED


class ReferenceReused(ValueError):
    """A reference came again with another amount, currency or charge: a mistake of the caller's."""


class Gateway(Protocol):
    """Each method raises bms.errors.GatewayUnavailable when the outcome is not known."""

    async def charge(self, charge: Charge) -> Outcome:
        """Take the money, once for the charge's reference, and return what came of it."""

    async def find_charge(self, reference: str) -> Outcome | None:
        """Return what came of the charge, or None when the gateway never took it in.

        Raises GatewayUnavailable also while the charge is still being made.
        """

    async def void(self, reference: str, amount: Decimal, currency: str) -> Outcome:
        """Give up a charge whose outcome is not known: return what came of it if the gateway took it in.

        If it did not it never will: a charge that comes later with the same reference is FAILED.
        """

    async def refund(self, reference: str, gateway_reference: str, amount: Decimal, currency: str) -> Outcome:
        """Give ``amount`` of the charge ``gateway_reference`` back, once for the refund's ``reference``.

        The refunds of a charge never exceed it: one that would is FAILED.
        """

    async def find_refund(self, reference: str) -> Outcome | None:
        """Return what came of the refund, or None when the gateway never took it in."""
