"""No payment gateway: for a service that sells nothing for money."""

from decimal import Decimal

from bms.payments.gateway import Charge, Outcome, OutcomeStatus

_OFF = Outcome(
    OutcomeStatus.FAILED, "none", failure_code="payments_off", message="This service takes no payments"
)


class NoGateway:
    """A gateway that takes no money and gives none back."""

    async def charge(self, charge: Charge) -> Outcome:
        return _OFF

    async def find_charge(self, reference: str) -> Outcome | None:
        return None

    async def void(self, reference: str, amount: Decimal, currency: str) -> Outcome:
        return _OFF

    async def refund(self, reference: str, gateway_reference: str, amount: Decimal, currency: str) -> Outcome:
        return _OFF
