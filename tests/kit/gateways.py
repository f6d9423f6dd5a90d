"""Ways to hold the simulated gateway's answer back."""

import asyncio

import pytest

from bms.payments.gateway import Charge, Outcome
from bms.payments.simulated.gateway import SimulatedGateway


class Pause:
    """Stops every charge between the gateway's books and its answer, until ``go`` is set."""

    def __init__(self, gateway: SimulatedGateway, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached = asyncio.Event()
        self.go = asyncio.Event()
        self.outcome: Outcome | None = None
        real = gateway.charge

        async def charge(charge: Charge) -> Outcome:
            self.outcome = outcome = await real(charge)
            self.reached.set()
            await self.go.wait()
            return outcome

        monkeypatch.setattr(gateway, "charge", charge)
