"""Money: an amount with its currency. The one module that knows how many decimals an amount has.

The database keeps amounts as DECIMAL(15,3). A currency has none, two or three decimals, as ISO 4217 says. An
amount that was stored before BMS knew that may have more, or a currency that is none. Such an amount is shown
as it is, and nothing is rounded unseen.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

STORED = Decimal("0.001")  # the smallest amount of a column
MAX_AMOUNT = Decimal("9999999999.99")  # of a price and of a total

_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_TWO_DECIMALS = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
    CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL
    HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU
    MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR
    SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED
    VES WST XCD XCG YER ZAR ZMW ZWG
"""

# ISO 4217, list one of 2026. Left out: CLF and UYW, which have four decimals, and codes that are no
# currency and have none, such as XAU and XXX.
EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_WITHOUT_DECIMALS.split(), 0),
    **dict.fromkeys(_TWO_DECIMALS.split(), 2),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
}
OF_OTHERS = 2  # decimals of a code that is not ISO 4217, as all had them once

_UNITS = {exponent: Decimal(1).scaleb(-exponent) for exponent in (0, 2, 3)}


def exponent_of(currency: str) -> int:
    """Return how many decimals an amount in ``currency`` has."""
    return EXPONENTS.get(currency, OF_OTHERS)


# Not frozen, which would double the cost of making one. A reply makes several.
@dataclass(slots=True)
class Money:
    """An amount in a currency (an ISO 4217 code). Nobody changes one that is made."""

    amount: Decimal
    currency: str

    @property
    def text(self) -> str:
        """The amount as the API and the e-mails write it, with its currency's decimals: ``25.00``, ``1500``.

        No exponent and no currency. An amount with more decimals than that is written with two or three.
        """
        exponent = EXPONENTS.get(self.currency, OF_OTHERS)
        text = f"{self.amount:.3f}"
        if exponent == 3:
            return text
        if exponent == 0 and text.endswith(".000"):
            return text[:-4]
        return text[:-1] if text[-1] == "0" else text

    @property
    def label(self) -> str:
        """The amount as a person reads it: ``25.00 EUR``, or ``Free`` for zero."""
        return f"{self.text} {self.currency}" if self.amount else "Free"

    @property
    def unit(self) -> Decimal:
        """The smallest amount of the currency: ``0.01`` of the euro."""
        return _UNITS[exponent_of(self.currency)]

    @property
    def is_payable(self) -> bool:
        """Whether the amount is a whole number of the currency's smallest ones: no 1500.50 JPY."""
        return self.amount % self.unit == 0

    def percent(self, percent: int) -> "Money":
        """Return ``percent`` of the amount, rounded half up to the currency's smallest amount."""
        if percent == 100:  # also of an amount with more decimals than its currency has
            return self
        return Money((self.amount * percent / 100).quantize(self.unit, ROUND_HALF_UP), self.currency)

    def percent_down(self, percent: int) -> "Money":
        """Return ``percent`` of the amount, rounded down to the currency's smallest amount."""
        if percent == 100:
            return self
        return Money((self.amount * percent / 100).quantize(self.unit, ROUND_DOWN), self.currency)
