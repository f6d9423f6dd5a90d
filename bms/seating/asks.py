"""What is asked of the picker, and what it finds."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bms.seating.terms import MAX_PICKED

Standing = Mapping[int, int]  # how many may still stand, by category


class Together(enum.StrEnum):
    """How much it matters to sit side by side."""

    MUST = "must"  # one block or nothing
    PREFER = "prefer"


class Fit(enum.StrEnum):
    """How well what was found fits."""

    TOGETHER = "together"
    SPLIT = "split"
    STANDING = "standing"


@dataclass(frozen=True, slots=True)
class Best:
    """How a line wants the best seats.

    ``sections``: only these, by name. ``companions`` None: as many of those who do not sit in a wheelchair as
    there are companions' seats.
    """

    together: Together = Together.PREFER
    sections: frozenset[str] | None = None
    wheelchairs: int = 0
    companions: int | None = None


# Not frozen, which would double the cost of making one. Nobody changes one.
@dataclass(slots=True)
class Ask:
    """``quantity`` seats of ``categories``, those of the line's ticket type. ``best`` counts among them."""

    quantity: int
    categories: frozenset[int]
    best: Best = Best()

    def __post_init__(self) -> None:
        accessible = self.best.wheelchairs + (self.best.companions or 0)
        if not 1 <= self.quantity <= MAX_PICKED or not 0 <= accessible <= self.quantity:
            raise ValueError("more wheelchairs and companions than seats, or too many seats")


class Found(NamedTuple):
    """Seats by number, in the order to deal them; or ``standing``, the category of an area without seats."""

    seats: tuple[int, ...]
    fit: Fit
    step: int  # of the ladder
    standing: int | None = None
