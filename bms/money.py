"""Money: an amount with its currency. The one module that knows how many decimals an amount has.

The database keeps amounts as DECIMAL(15,3). Every accepted currency has two decimals so far.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

STORED = Decimal("0.001")  # the smallest amount of a column
CENT = Decimal("0.01")  # the smallest amount of every accepted currency
MAX_AMOUNT = Decimal("9999999999.99")  # of a price and of a total


# Not frozen, which would double the cost of making one. A reply makes several.
@dataclass(slots=True)
class Money:
    """An amount in a currency (an ISO 4217 code). Nobody changes one that is made."""

    amount: Decimal
    currency: str

    @property
    def text(self) -> str:
        """The amount as the API and the e-mails write it: ``25.00``, no exponent, no currency.

        A stored amount with a third decimal is written with three. Nothing is rounded unseen.
        """
        text = f"{self.amount:.3f}"
        return text[:-1] if text[-1] == "0" else text

    @property
    def label(self) -> str:
        """The amount as a person reads it: ``25.00 EUR``, or ``Free`` for zero."""
        return f"{self.text} {self.currency}" if self.amount else "Free"

    def percent(self, percent: int) -> "Money":
        """Return ``percent`` of the amount, rounded half up to the currency's smallest amount."""
        return Money((self.amount * percent / 100).quantize(CENT, ROUND_HALF_UP), self.currency)
