"""Two shops: one of several processes, and one whose guards a test can take away."""

import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp.test_utils import TestClient

from bench.serving import bms_server
from bms.http import keys
from bms.settings import Settings
from tests.concurrency.crowd import let_race
from tests.concurrency.shop import Premises, Shop, open_shop
from tests.kit.servers import Server

PROCESSES = 2


@pytest.fixture(scope="session")
def premises(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises]:
    """``bms serve`` twice, background tasks and all, each with pools of its own, on one database."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("shop"),
        secret_key="a secret for tests, long enough for HS256",
        gateway_secret="a secret that the gateway of the tests signs with",
    )
    with server.migrated() as url, contextlib.ExitStack() as stack:
        given = {
            "BMS_DATABASE_URL": url,
            "BMS_SECRET_KEY": settings.secret_key,
            "BMS_GATEWAY": "simulated",
            "BMS_PUBLIC_URL": "http://127.0.0.1:8080",
            "BMS_GATEWAY_SECRET": settings.gateway_secret,
        }
        servers = [stack.enter_context(bms_server(settings.data_dir, **given)) for _ in range(PROCESSES)]
        yield Premises([server.url for server in servers], url, settings)


@pytest.fixture
async def shop(premises: Premises) -> AsyncIterator[Shop]:
    """The shop of several processes; each test has events and buyers of its own there."""
    async with open_shop(premises) as opened:
        yield opened


@pytest.fixture
async def own_shop(client: TestClient, settings: Settings, database_url: str) -> AsyncIterator[Shop]:
    """A shop on a database of the test's own, served by this process, whose guards it can take away.

    Its buyers go through the turnstile one by one, eight at a time, as they do in several processes.
    """
    let_race(client.app[keys.TURNSTILE])
    base = str(client.make_url("")).rstrip("/")
    async with open_shop(Premises([base], database_url, settings)) as opened:
        yield opened
