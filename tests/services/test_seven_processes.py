"""script/services: seven processes behind nginx, and a buyer's whole journey through it."""

import asyncio
import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import ClientSession, TCPConnector

from bench import procfs
from bench.services import free_port
from bms.app import ENDPOINTS
from bms.cache.stamps import SharedMemory
from bms.sql.embedded.provision import embedded_url, shared_server
from bms.terms import Service
from tests.kit.cards import CARD
from tests.kit.programs import environment
from tests.kit.tsql import Sql
from tests.kit.users import PASSWORD
from tests.kit.waiting import until
from tests.services.conftest import trusting

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("needs_nginx")]

TASKS = {
    "addresses",
    "cancellations",
    "events",
    "fan_out",
    "figures",
    "holds",
    "housekeeping",
    "names",
    "outbox",
    "payments",
    "pending",
    "refunds",
    "releases",
    "reminders",
    "search_texts",
    "seats",
}


class Running(NamedTuple):
    """What the program says of itself, and where it keeps everything."""

    url: str
    services: dict[Service, str]
    directory: Path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, needs_nginx: None) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("services")
    command = [sys.executable, "-m", "bench.services", "--directory", str(directory)]
    command += ["--port", str(free_port()), "--plain-port", str(free_port())]
    settings = environment(BMS_DEMO_DATA="off", BMS_BCRYPT_ROUNDS="4", PYTHONPATH=str(Path.cwd()))
    with (directory / "said").open("wb") as said:
        program = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=settings)
    try:
        text = ""
        while "Open " not in text:
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(0.1)
                pytest.fail((directory / "said").read_text())
            text = (directory / "said").read_text()
        found = {Service(name): url for name, url in re.findall(r"^(\w+) +(http:\S+)$", text, re.M)}
        started = procfs.tree(program.pid)
        yield Running(re.findall(r"Open (https://\S+)/ ", text)[0], found, directory)
    finally:
        program.send_signal(signal.SIGTERM)
        status = program.wait(60)
    assert status == 0, (directory / "said").read_text()
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


@pytest.fixture
async def client(running: Running) -> AsyncIterator[ClientSession]:
    certificate = running.directory / "nginx" / "tls" / "fullchain.pem"
    async with ClientSession(running.url, connector=TCPConnector(ssl=trusting(certificate))) as made:
        yield made


async def send(
    client: ClientSession, method: str, path: str, body: Any = None, token: str | None = None
) -> Any:
    """Return the body of the reply, which must be a success."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with client.request(method, path, json=body, headers=headers) as reply:
        assert reply.status < 300, await reply.text()
        return await reply.json()


async def sign_up(client: ClientSession, name: str, **fields: Any) -> str:
    account = {"username": name, "name": name.title(), "email": f"{name}@example.com", "password": PASSWORD}
    await send(client, "POST", "/register", account | fields)
    tokens = await send(client, "POST", "/login", {"username": name, "password": PASSWORD})
    return str(tokens["access_token"])


async def eventually(true: Callable[[], Awaitable[bool]]) -> None:
    """Return as soon as ``true`` says so."""
    async with asyncio.timeout(30):
        while not await true():  # noqa: ASYNC110  # another process sets no event here
            await asyncio.sleep(0.05)


def end_event(running: Running, event_id: int) -> None:
    """Have an event be over since a while."""
    data = running.directory / "data"
    sql = Sql(embedded_url(shared_server(data)), wrote=SharedMemory(data / "stamps").touch)
    sql(f"UPDATE events SET starts_at = '2020-01-01', ends_at = '2020-01-02' WHERE id = {event_id}")
    sql.close()


async def test_the_whole_journey(running: Running, client: ClientSession) -> None:
    organizer = await sign_up(client, "olga", role="EVENT_MANAGER")
    hall = {"name": "Hall", "location": "1 Main Street", "capacity": 100}
    venue = await send(client, "POST", "/venues", hall, organizer)
    event = {"title": "Night", "starts_at": "2099-08-01T19:30:00Z", "capacity": 100, "price": "25.50"}
    made = await send(client, "POST", "/events", event | {"venue": venue["id"]}, organizer)

    ann = await sign_up(client, "ann")
    (found,) = await send(client, "GET", "/events?q=night&available=true")
    assert found["id"] == made["id"]
    held = await send(client, "POST", "/bookings", {"event": found["id"], "quantity": 2}, ann)
    payment = {"booking_id": held["id"], "method": "card", "details": CARD}
    assert (await send(client, "POST", "/payments", payment, ann))["status"] == "SUCCEEDED"

    async def told() -> bool:
        notified = await send(client, "GET", "/notifications", token=ann)
        return any(held["reference"] in one["message"] for one in notified)

    await eventually(told)
    mails = running.directory / "data" / "mail"
    await until(lambda: any(mails.glob("booking_confirmed-*.eml")), seconds=30)

    await asyncio.to_thread(end_event, running, found["id"])
    await send(client, "POST", "/reviews", {"event": found["id"], "rating": 5, "comment": "Lovely"}, ann)
    (posted,) = await send(client, "GET", f"/events/{found['id']}/reviews")
    assert posted["rating"] == 5

    # Each request was answered by the process whose it is.
    for request, service in {
        "POST /register 201": Service.USERS,
        "POST /login 200": Service.USERS,
        "POST /venues 201": Service.EVENTS,
        "GET /events 200": Service.EVENTS,
        "POST /bookings 201": Service.BOOKINGS,
        "POST /payments 201": Service.PAYMENTS,
        "GET /notifications 200": Service.NOTIFICATIONS,
        "POST /reviews 201": Service.REVIEWS,
        f"GET /events/{found['id']}/reviews 200": Service.REVIEWS,
    }.items():
        await until(partial(is_logged_by, running, request, service))


def is_logged_by(running: Running, request: str, service: Service) -> bool:
    """Return whether the log of ``service`` has the request by now. No other log ever has it."""
    logs = {one: (running.directory / "logs" / f"{one}.log").read_text() for one in Service}
    found = {one for one, log in logs.items() if f"bms.access: {request} " in log}
    assert found <= {service}, request
    assert "none is trusted" not in logs[service]
    return bool(found)


async def test_people_and_programs_find_the_way(client: ClientSession) -> None:
    async with client.get("/", headers={"Accept": "text/html"}) as page:
        assert page.status == 200
        text = await page.text()
    (style,) = re.findall(r'href="(/static/shop\.\w+\.css)"', text)
    async with client.get(style) as sheet:
        assert (sheet.status, sheet.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    described = {
        path.rstrip("/") or path
        for document in ("/openapi.json", "/openapi-legacy.json")
        for path in (await send(client, "GET", document))["paths"]
    }
    assert described == {re.sub(r"{(\w+):.*?}", r"{\1}", one.path) for one in ENDPOINTS}


@pytest.mark.parametrize("service", Service)
async def test_each_process_has_its_routes(running: Running, service: Service) -> None:
    base = running.services[service]
    async with ClientSession() as client:
        async with client.get(f"{base}/health/ready") as reply:
            assert reply.status == 200
        for path, owner in {
            "/profile": Service.USERS,
            "/events": Service.EVENTS,
            "/bookings": Service.BOOKINGS,
            "/payments": Service.PAYMENTS,
            "/notifications": Service.NOTIFICATIONS,
            "/reviews/user/1": Service.REVIEWS,
            "/sign-in": Service.SITE,
        }.items():
            async with client.get(f"{base}{path}") as reply:
                assert (reply.status != 404) == (owner is service), path


@pytest.mark.parametrize("service", Service)
async def test_each_process_has_the_figures_of_all(running: Running, service: Service) -> None:
    """The processes share a data directory, so each tells what all have counted, their tasks among it."""
    async with ClientSession(running.services[service]) as client:

        async def all_have_run() -> bool:
            async with client.get("/metrics") as reply:
                return set(re.findall(r'task="(\w+)"', await reply.text())) == TASKS

        await eventually(all_have_run)
