"""The words and bounds of seating plans."""

import enum
from functools import cache

FORMAT = "bms-plan/1"
MAX_SEATS = 60_000  # of one plan
MAX_BYTES = 8 * 1024 * 1024  # of one layout as JSON
MAX_DEPTH = 16  # of objects and lists in each other
MAX_PICKED = 100  # seats of one booking
# Colours that people who see few of them can tell apart (Okabe and Ito).
COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")
MARGIN = 50  # units around the outermost seats of what is made here


class Kind(enum.StrEnum):
    """What a seat is besides a seat. A seat may be several of them."""

    WHEELCHAIR = "wheelchair"
    COMPANION = "companion"
    SEMI_AMBULATORY = "semi_ambulatory"
    LIFT_UP_ARMREST = "lift_up_armrest"
    HEARING_LOOP = "hearing_loop"
    SIGN_LANGUAGE = "sign_language"
    PLUS_SIZE = "plus_size"
    RESTRICTED_VIEW = "restricted_view"

    @property
    def bit(self) -> int:
        """The kind's bit in ``event_seats.kinds``. It never changes: rows hold it."""
        return _BITS[self]


_BITS = {kind: 1 << place for place, kind in enumerate(Kind)}


@cache
def kinds_of(bits: int) -> tuple[str, ...]:
    """Return the kinds whose bits are in ``bits``, as the API names them."""
    return tuple(kind.value for kind in Kind if bits & kind.bit)


# Places that are kept for people who need them, until they are released.
ACCESSIBLE = Kind.WHEELCHAIR.bit | Kind.COMPANION.bit


class SeatState(enum.IntEnum):
    """The state of a seat of an event, as two bits of the availability hold it."""

    FREE = 0
    HELD = 1
    SOLD = 2
    BLOCKED = 3
