"""nginx with the configuration of deploy/nginx, and stand-ins for the services behind it."""

import shutil
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector, web
from aiohttp.test_utils import TestServer

from bench import services
from bms.terms import Service


@pytest.fixture(scope="session")
def needs_nginx() -> None:
    if shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin") is None:
        pytest.skip("nginx is not installed")
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")


class StandIns:
    """A server per service, which answers every request with its name and what it got.

    ``/big`` answers with much, ``/busy`` refuses, and static files may be kept.
    """

    def __init__(self) -> None:
        self.servers: dict[Service, TestServer] = {}
        self.connections: dict[Service, set[object]] = {service: set() for service in Service}
        self.asked: Counter[str] = Counter()

    async def start(self) -> None:
        for service in Service:
            app = web.Application(client_max_size=2**21)
            app.router.add_route("*", "/{path:.*}", self._answer(service))
            self.servers[service] = TestServer(app)
            await self.servers[service].start_server()

    async def stop(self, *names: Service) -> None:
        for service in names or Service:
            await self.servers[service].close()

    @property
    def ports(self) -> dict[Service, int]:
        return {service: server.port for service, server in self.servers.items()}  # type: ignore[misc]

    def _answer(self, service: Service) -> Callable[[web.Request], web.Response]:
        async def answer(request: web.Request) -> web.Response:
            self.asked[request.path] += 1
            self.connections[service].add(request.transport)
            if request.path == "/busy":
                return web.json_response({"code": "overloaded"}, status=503, headers={"Retry-After": "7"})
            headers = {}
            if request.path.startswith(("/static/", "/covers/")):
                headers["Cache-Control"] = "public, max-age=31536000, immutable"
            return web.json_response(
                {
                    "service": service,
                    "path": request.raw_path,
                    "id": request.headers["X-Request-Id"],
                    "forwarded": request.headers.getall("X-Forwarded-For", []),
                    "filler": "x" * 20_000 if request.path == "/big" else "",
                },
                headers=headers,
            )

        return answer  # type: ignore[return-value]


@pytest.fixture
async def stand_ins() -> AsyncIterator[StandIns]:
    started = StandIns()
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
def front(needs_nginx: None, tmp_path: Path, stand_ins: StandIns) -> AsyncIterator[services.Front]:
    with services.nginx(tmp_path, stand_ins.ports) as running:
        yield running


Clients = Callable[..., AbstractAsyncContextManager[ClientSession]]


def trusting(certificate: Path) -> ssl.SSLContext:
    """Return a context that trusts the certificate that was made on the spot, and no other."""
    return ssl.create_default_context(cafile=str(certificate))


@asynccontextmanager
async def client_of(front: services.Front, address: str = "127.0.0.1") -> AsyncIterator[ClientSession]:
    """Yield a client of nginx that calls from ``address``."""
    connector = TCPConnector(ssl=trusting(front.certificate), local_addr=(address, 0))
    async with ClientSession(front.url, connector=connector, auto_decompress=False) as client:
        yield client


@pytest.fixture
async def client(front: services.Front) -> AsyncIterator[ClientSession]:
    async with client_of(front) as made:
        yield made
