"""Fixtures: a real database a test, the real application over real HTTP, and factories."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pyodbc
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bms.app import create_app
from bms.commands.accounts.registration import register_user
from bms.http import keys
from bms.payments.simulated.gateway import SimulatedGateway
from bms.settings import Settings
from bms.sql.database import Database
from bms.sql.odbc.target import parse_url
from bms.terms import Role
from tests.kit import servers
from tests.kit.api import Api, Client, Reply
from tests.kit.books import assert_balanced, assert_charged, assert_settled
from tests.kit.cards import CARD
from tests.kit.gateways import Pause
from tests.kit.limits import NO_LIMITS
from tests.kit.notices import Notifier
from tests.kit.outgoing import fan_out_at_once
from tests.kit.proofs import Links
from tests.kit.scene import Scene
from tests.kit.servers import Server
from tests.kit.tsql import Sql
from tests.kit.types import Books, Make, MakeUser, Pay, Rows
from tests.kit.users import PASSWORD, User

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of this run: that of BMS_TEST_DATABASE_URL, or an embedded PostgreSQL."""
    url = servers.named_url()
    running = (
        servers.EmbeddedPostgres(tmp_path_factory.mktemp("postgres"))
        if url is None
        else servers.open_server(url)
    )
    yield running
    running.close()


@pytest.fixture
def database_url(server: Server) -> Iterator[str]:
    """The URL of a fresh database, migrated and empty."""
    with server.migrated() as url:
        yield url


@pytest.fixture
def empty_database_url(server: Server) -> Iterator[str]:
    """The URL of a fresh database with nothing in it."""
    with server.empty() as url:
        yield url


@pytest.fixture
def sql_connection(empty_database_url: str) -> Iterator[pyodbc.Connection]:
    """A raw connection to a fresh database with nothing in it."""
    connection = pyodbc.connect(parse_url(empty_database_url).odbc, autocommit=True)
    yield connection
    connection.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings for tests: cheap hashes, no limits, and background work only when a test runs it.

    One user makes more holds here than anybody should. ``tests/limits`` has the limits' own settings.
    """
    return Settings(
        data_dir=tmp_path,
        secret_key="a secret for tests, long enough for HS256",
        gateway_secret="a secret that the gateway of the tests signs with",
        bcrypt_rounds=4,
        background_tasks=False,
        demo_data=False,
        **NO_LIMITS,
    )


@pytest.fixture
async def app(
    settings: Settings, database_url: str, request: pytest.FixtureRequest
) -> AsyncIterator[web.Application]:
    """The whole application on a fresh database. Messages are written at once, unless ``slow_fan_out``."""
    application = create_app(settings, database_url)
    with pytest.MonkeyPatch.context() as patch:
        if request.node.get_closest_marker("slow_fan_out") is None:
            fan_out_at_once(application[keys.DATABASE], settings, patch)
        yield application


@pytest.fixture
async def client(app: web.Application) -> AsyncIterator[Client]:
    """A client of the application, served over HTTP on a free port."""
    async with TestClient(TestServer(app)) as test_client:
        yield test_client


@pytest.fixture
def db(client: Client) -> Database:
    """The application's database object."""
    database: Database = client.app[keys.DATABASE]
    return database


@pytest.fixture
def rows(client: Client, database_url: str) -> Iterator[Sql]:
    """A function that runs T-SQL of the test's own on the test's database and returns its rows."""
    board = client.app[keys.DATABASE].board
    assert board is not None
    sql = Sql(database_url, wrote=board.touch)
    yield sql
    sql.close()


@pytest.fixture
def api(client: Client) -> Api:
    return Api(client)


@pytest.fixture
def make_user(client: Client, api: Api, db: Database) -> MakeUser:
    """Make an account of ``role`` and log in."""

    async def make(role: str = "USER", **fields: Any) -> User:
        number = next(_numbers)
        account = {
            "name": f"Person {number}",
            "username": f"person{number}",
            "email": f"person{number}@example.com",
            **fields,
        }
        hashed = await client.app[keys.PASSWORDS].hash(PASSWORD)
        user = await db.transact(register_user, **account, password_hash=hashed, role=Role(role))
        reply = await api.post("/login", {"username": account["username"], "password": PASSWORD})
        assert reply.status == 200, reply.text
        tokens = reply.json
        return User(user.id, user.username, user.email, tokens["access_token"], tokens["refresh_token"])

    return make


@pytest.fixture
def register(api: Api) -> MakeUser:
    """Register over the API and log in. The address is not confirmed."""

    async def make(email: str | None = None) -> User:
        number = next(_numbers)
        email = f"new{number}@example.com" if email is None else email
        body = {"username": f"new{number}", "name": f"New {number}", "email": email, "password": PASSWORD}
        made = await api.post("/register", body)
        assert made.status == 201, made.text
        tokens = (await api.post("/login", {"username": body["username"], "password": PASSWORD})).json
        return User(made.json["id"], body["username"], email, tokens["access_token"], tokens["refresh_token"])

    return make


@pytest.fixture
def links(rows: Rows, settings: Settings) -> Links:
    """The links that were mailed."""
    return Links(rows, settings)


@pytest.fixture
async def manager(make_user: MakeUser) -> User:
    """An event manager, the organiser of what ``make_event`` makes."""
    return await make_user("EVENT_MANAGER")


@pytest.fixture
async def buyer(make_user: MakeUser) -> User:
    return await make_user()


@pytest.fixture
async def admin(make_user: MakeUser) -> User:
    return await make_user("ADMIN")


@pytest.fixture
def make_venue(api: Api, manager: User) -> Make:
    """Make a venue through the API and return it as answered."""

    async def make(**fields: Any) -> dict[str, Any]:
        body = {
            "name": f"Hall {next(_numbers)}",
            "location": "1 Main Street",
            "city": "Utrecht",
            "capacity": 1000,
        }
        reply = await api.post("/venues", {**body, **fields}, token=manager.token)
        assert reply.status == 201, reply.text
        venue: dict[str, Any] = reply.json
        return venue

    return make


@pytest.fixture
def make_event(api: Api, manager: User, make_venue: Make) -> Make:
    """Make an event through the API (25.00 EUR, 100 tickets unless said) and return it as answered."""

    async def make(organizer: User | None = None, **fields: Any) -> dict[str, Any]:
        body: dict[str, Any] = {
            "title": f"Concert {next(_numbers)}",
            "description": "An evening of music.",
            "starts_at": "2099-08-01T19:30:00Z",
        }
        if "venue" not in fields:
            body["venue"] = (await make_venue())["id"]
        if "ticket_types" not in fields:
            body |= {"capacity": 100, "price": "25.00"}
        reply = await api.post("/events", {**body, **fields}, token=(organizer or manager).token)
        assert reply.status == 201, reply.text
        event: dict[str, Any] = reply.json
        return event

    return make


@pytest.fixture
def hold(api: Api) -> Make:
    """Hold tickets of an event through the API and return the booking as answered."""

    async def make(user: User, event: dict[str, Any], quantity: int = 1) -> dict[str, Any]:
        reply = await api.post("/bookings", {"event": event["id"], "quantity": quantity}, token=user.token)
        assert reply.status == 201, reply.text
        booking: dict[str, Any] = reply.json
        return booking

    return make


@pytest.fixture
def pay(api: Api) -> Pay:
    """Pay for a booking by a test card (the one that succeeds unless another number is given)."""

    async def make(
        user: User, booking: dict[str, Any], number: str = CARD["number"], **options: Any
    ) -> Reply:
        body = {"booking_id": booking["id"], "method": "card", "details": {**CARD, "number": number}}
        return await api.post("/payments", body, token=user.token, **options)

    return make


@pytest.fixture
def gateway(client: Client) -> SimulatedGateway:
    """The application's gateway."""
    found = client.app[keys.GATEWAY]
    assert isinstance(found, SimulatedGateway)
    return found


@pytest.fixture
def pause(gateway: SimulatedGateway, monkeypatch: pytest.MonkeyPatch) -> Pause:
    """Every charge stops between the gateway's books and its answer, until ``go`` is set."""
    return Pause(gateway, monkeypatch)


@pytest.fixture
def notifier(client: Client, settings: Settings) -> Notifier:
    """The payment gateway as it sends notices."""
    return Notifier(client, settings.gateway_secret)


@pytest.fixture
async def scene(
    api: Api,
    db: Database,
    rows: Sql,
    gateway: SimulatedGateway,
    manager: User,
    buyer: User,
    make_user: MakeUser,
    make_event: Make,
    hold: Make,
    pay: Pay,
) -> Scene:
    """An event on sale, its organiser and a buyer, with all that a test of sales does with them."""
    event = await make_event()
    return Scene(api, db, rows, gateway, manager, buyer, event, make_user, make_event, hold, pay)


@pytest.fixture
def books(db: Database, rows: Rows, gateway: SimulatedGateway) -> Books:
    """Check every rule of conservation, and the payments against the gateway's own books, to the cent."""

    async def check() -> None:
        await assert_settled(db, rows, gateway)

    return check


@pytest.fixture
async def books_balance(db: Database, rows: Rows) -> AsyncIterator[None]:
    """After the test nothing is lost or sold twice."""
    yield
    await assert_balanced(db, rows)


@pytest.fixture
async def charges_balance(books_balance: None, rows: Rows, gateway: SimulatedGateway) -> AsyncIterator[None]:
    """After the test our books hold, and what we say was paid is what the gateway took."""
    yield
    await assert_charged(rows, gateway)


def pytest_configure(config: pytest.Config) -> None:
    for marker in servers.MARKERS:
        config.addinivalue_line("markers", marker)
    url = servers.named_url()
    if url is not None and not hasattr(config, "workerinput"):
        why = servers.unreachable(url)
        if why is not None:
            pytest.exit(f"{servers.VARIABLE}: {why}", 2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        why = servers.why_not(item)
        if why is not None:
            item.add_marker(pytest.mark.skip(reason=why))
