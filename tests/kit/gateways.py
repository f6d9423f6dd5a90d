"""Ways to hold the simulated gateway's answer back."""

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bms.http import keys
from bms.payments.gateway import Charge, Outcome


class Pause:
    """Stops every charge between the gateway's books and its answer, until ``go`` is set."""

    def __init__(self, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached = asyncio.Event()
        self.go = asyncio.Event()
        self.outcome: Outcome | None = None
        gateway: Any = client.app[keys.GATEWAY]
        real = gateway.charge

        async def charge(charge: Charge) -> Outcome:
            self.outcome = outcome = await real(charge)
            self.reached.set()
            await self.go.wait()
            return outcome

        monkeypatch.setattr(gateway, "charge", charge)
