"""What the books say while the sale runs, and when it is over."""

import asyncio
import time
from typing import Any, NamedTuple

import pyodbc

from bench.stampede.buyer import Sale
from bench.world import Site
from bms.sql.embedded.provision import embedded_url
from bms.sql.odbc.target import parse_url

EVERY = 0.2  # seconds

# Of tickets: held and sold. Of payments and refunds: those whose outcome is not written yet.
_STATE = """
    SELECT COALESCE(SUM(quantity) FILTER (WHERE status = 'PENDING'), 0) AS held,
           COALESCE(SUM(quantity) FILTER (WHERE status = 'CONFIRMED'), 0) AS sold,
           (SELECT count(*) FROM payments WHERE status = 'PROCESSING')
           + (SELECT count(*) FROM refunds WHERE status = 'PENDING') AS open
    FROM   bookings
"""


class Sample(NamedTuple):
    """``at`` is in seconds since the sale began; ``refused`` and ``asked`` are counted from there."""

    at: float
    held: int
    sold: int
    refused: int
    asked: int


class Watch:
    """Takes samples of a sale of ``tickets`` and tells it when it is sold out.

    ``sold_after`` is when that was, in seconds since the sale began.
    """

    def __init__(self, site: Site, tickets: int) -> None:
        self.samples: list[Sample] = []
        self.sold_after: float | None = None
        self._tickets = tickets
        self._odbc = parse_url(embedded_url(site.postgres)).odbc
        self._connection: Any = None

    async def run(self, sale: Sale) -> None:
        """Take samples until cancelled."""
        began, tally = time.monotonic(), sale.desk.tally
        while True:
            # Who buys may still cancel, so nobody may be at it: not when the books are read, not after.
            nobody = sale.buying == 0
            held, sold, _ = await self.look()
            at = time.monotonic() - began
            self.samples.append(Sample(at, held, sold, tally.refused, tally.all_asked))
            over = nobody and sale.buying == 0 and (held, sold) == (0, self._tickets)
            if over and self.sold_after is None:
                self.sold_after = at
                sale.sold_out.set()
            await asyncio.sleep(EVERY)

    async def until_settled(self, seconds: float) -> bool:
        """Wait until no payment and no refund is open; return False when ``seconds`` were not enough."""
        deadline = time.monotonic() + seconds
        while (await self.look())[2]:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(EVERY)
        return True

    async def look(self) -> tuple[int, int, int]:
        """Return how many tickets are held, how many sold, and how many payments and refunds are open."""
        return await asyncio.to_thread(self._look)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _look(self) -> tuple[int, int, int]:
        if self._connection is None:
            self._connection = pyodbc.connect(self._odbc, autocommit=True)
        held, sold, unsettled = self._connection.execute(_STATE).fetchone()
        return int(held), int(sold), int(unsettled)
