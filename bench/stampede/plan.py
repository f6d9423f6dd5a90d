"""Who comes, and what each of them is like: drawn from a seed, so that a run can be had again."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bms.settings import Settings

PRICE = "25.00"
PER_USER_LIMIT = 4
QUANTITIES = (1, 1, 1, 2, 2, 4)


class Manner(StrEnum):
    """What a buyer does with the tickets it holds."""

    PROMPT = "pay at once"
    SLOW = "send their requests in small pieces"
    RETURNS = "drop the connection while booking and while paying, and retry with the same key"
    VANISHES = "drop the connection while booking or paying, and never return"
    LATE = "pay after their hold has expired"
    SLOW_BANK = "pay through a bank that takes longer than the hold"
    TWICE = "send their payment twice at once with the same key"
    CANCELS = "pay, then cancel"
    FORGETS = "never pay"


SHARES: Mapping[Manner, int] = {
    Manner.PROMPT: 40,
    Manner.SLOW: 10,
    Manner.RETURNS: 10,
    Manner.VANISHES: 8,
    Manner.LATE: 8,
    Manner.SLOW_BANK: 5,
    Manner.TWICE: 7,
    Manner.CANCELS: 7,
    Manner.FORGETS: 5,
}
"""Of a hundred buyers."""


@dataclass(frozen=True)
class Plan:
    """What a run is to be.

    ``hold`` is how long a booking holds its tickets, in seconds; ``processes`` is how many serve, as many as
    BMS has by default unless said. With ``seats`` the event is sold by seat.
    """

    requests: int = 20_000
    buyers: int = 2_000
    tickets: int = 1_000
    seed: int = 1
    hold: int = 6
    processes: int = field(default_factory=lambda: Settings().workers)
    connections: int = 256
    shares: Mapping[Manner, int] = field(default_factory=lambda: SHARES)
    seats: bool = False

    def cast(self) -> list["Part"]:
        """Return what each buyer is like: always the same for the same plan."""
        draw = random.Random(self.seed)
        manners = draw.choices(list(self.shares), weights=list(self.shares.values()), k=self.buyers)
        return [Part(number, manner, draw.random()) for number, manner in enumerate(manners, 1)]


SEATED = Plan(seats=True, processes=2)
# The bank alone takes five seconds.
QUICK = Plan(
    requests=300,
    buyers=40,
    tickets=20,
    hold=1,
    shares={manner: share for manner, share in SHARES.items() if manner is not Manner.SLOW_BANK},
)


class Part:
    """One buyer's manner, and the choices it makes on its way."""

    def __init__(self, number: int, manner: Manner, seed: float) -> None:
        self.number = number
        self.manner = manner
        self.draw = random.Random(seed)
        self.quantity = self.draw.choice(QUANTITIES)
        self.arrival = self.draw.uniform(0, 1.0)
        self.picks_seats = number % 2 == 0  # where there are seats; the others take the best
