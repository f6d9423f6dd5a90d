"""The interface of a payment gateway.

Idempotency: each charge and each refund carries our reference. A reference always has the same outcome, and
money moves once for it, however often and from however many processes it is sent. After GatewayUnavailable
nobody knows the outcome: a retry with the same reference is safe, and so is ``find_charge``. FAILED is an
outcome: another attempt needs a new reference. PENDING is none: the buyer must act first, and the gateway
tells the outcome later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol


class OutcomeStatus(StrEnum):
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Charge:
    """A payment to make. ``reference`` is ours and unique; ``currency`` is an ISO 4217 code, and
    ``amount`` has no more decimals than the currency.

    ``details`` depend on the method (card: number, expiry, cvv, holder; upi: vpa; netbanking: bank; wallet:
    wallet_id). They are never shown, logged or stored.
    """

    reference: str
    amount: Decimal
    currency: str
    method: str
    details: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class NextAction:
    """What the buyer must do. ``redirect``: open ``url``, which may be relative to the API's address."""

    type: str
    url: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a charge or refund. A FAILED one has a code, and a message for a person.

    A charge may also be PENDING: it waits for its buyer, who must do the ``next_action``. Without one the
    buyer acts elsewhere, for example in the bank's app.
    """

    status: OutcomeStatus
    gateway_reference: str
    failure_code: str | None = None
    message: str | None = None
    next_action: NextAction | None = None

    @property
    def pending(self) -> bool:
        return self.status is OutcomeStatus.PENDING

    @property
    def succeeded(self) -> bool:
        return self.status is OutcomeStatus.SUCCEEDED


class ReferenceReused(ValueError):
    """A reference was reused with another amount, currency or charge: a bug in the caller."""


class Gateway(Protocol):
    """Each method raises bms.errors.GatewayUnavailable if the outcome is unknown."""

    async def charge(self, charge: Charge) -> Outcome:
        """Take the money, once per reference, and return the outcome, or that the buyer must act first."""

    async def find_charge(self, reference: str) -> Outcome | None:
        """Return the outcome of a charge, or None if the gateway never received it.

        Raises GatewayUnavailable while the charge is still in progress, too.
        """

    async def void(self, reference: str, amount: Decimal, currency: str) -> Outcome:
        """Give up a charge with an unknown outcome, or one that waits for its buyer. Return its outcome.

        It is what the gateway had decided before. If it had decided nothing, it is FAILED for good: a later
        charge with the same reference fails, and so does a buyer who acts now. It is never PENDING.
        """

    async def refund(self, reference: str, gateway_reference: str, amount: Decimal, currency: str) -> Outcome:
        """Refund ``amount`` of the charge ``gateway_reference``, once per ``reference`` of a refund.

        A refund is FAILED if all refunds together would exceed the charge.
        """
