"""The interface of a payment gateway.

Idempotency: each charge and each refund carries our reference. A reference always has the same outcome, and
money moves once for it, however often and from however many processes it is sent. After GatewayUnavailable
nobody knows the outcome: a retry with the same reference is safe, and so are ``find_charge`` and
``find_refund``. FAILED is an outcome: another attempt needs a new reference.
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
    """A payment to make. ``reference`` is ours and unique; ``currency`` is an ISO 4217 code.

    ``details`` depend on the method (card: number, expiry, cvv, holder; upi: vpa; netbanking: bank; wallet:
    wallet_id). They are never shown, logged or stored.
    """

    reference: str
    amount: Decimal
    currency: str
    method: str
    details: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a charge or refund. A FAILED one has a code, and a message for a person."""

    status: OutcomeStatus
    gateway_reference: str
    failure_code: str | None = None
    message: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.status is OutcomeStatus.SUCCEEDED


class ReferenceReused(ValueError):
    """A reference was reused with another amount, currency or charge: a bug in the caller."""


class Gateway(Protocol):
    """Each method raises bms.errors.GatewayUnavailable if the outcome is unknown."""

    async def charge(self, charge: Charge) -> Outcome:
        """Take the money, once per reference, and return the outcome."""

    async def find_charge(self, reference: str) -> Outcome | None:
        """Return the outcome of a charge, or None if the gateway never received it.

        Raises GatewayUnavailable while the charge is still in progress, too.
        """

    async def void(self, reference: str, amount: Decimal, currency: str) -> Outcome:
        """Give up a charge with an unknown outcome. Return its outcome if the gateway received it.

        If it did not, it never will: a later charge with the same reference is FAILED.
        """

    async def refund(self, reference: str, gateway_reference: str, amount: Decimal, currency: str) -> Outcome:
        """Refund ``amount`` of the charge ``gateway_reference``, once per ``reference`` of a refund.

        A refund is FAILED if all refunds together would exceed the charge.
        """

    async def find_refund(self, reference: str) -> Outcome | None:
        """Return the outcome of a refund, or None if the gateway never received it."""
