"""The bounds of what is stored: the schemas refuse what is past them, and the columns hold what is not."""

from decimal import Decimal

MAX_ID = 2**63 - 1  # BIGINT
MAX_COUNT = 1_000_000
MAX_MONEY = Decimal("9999999999.99")  # DECIMAL(12,2)
CENT = Decimal("0.01")
MAX_TICKET_TYPES = 20  # of one event
