"""What is on sale in the benchmark, and to whom: made anew for every run, in a directory of its own."""

import asyncio
import contextlib
import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import pyodbc

from bench.serving import Server, ask, bms_server
from bench.stadium import Stadium, open_stadium
from bms import settings as settings_module
from bms.commands.accounts import registration, sessions
from bms.commands.accounts.names import keep_folded
from bms.resources import make_database
from bms.security.tokens import Tokens
from bms.settings import Settings
from bms.sql.embedded.provision import DATABASE, create_database, embedded_url
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.odbc.target import parse_url
from bms.sql.session import Transaction
from bms.sql.yoyo.apply import apply_migrations
from bms.terms import MAX_COUNT

BUYERS = 2000
EVENTS = 100  # of each kind: to be paid for, and free
PRICE = "25.00"
PASSWORD = "correct horse battery"
CITIES = ("Rotterdam", "Utrecht", "Antwerp", "Ghent")
CATEGORIES = ("concert", "theatre", "conference", "workshop", "sports")
DESCRIPTION = "An evening of which the programme says a few sentences more than anybody reads. " * 4
_MEMORY_FILESYSTEMS = {"tmpfs", "ramfs"}
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


class NotDurable(Exception):
    """The database here would not wait for a disk."""


@dataclass(frozen=True)
class Target:
    """What is asked for in a booking: a ticket type of an event."""

    event_id: int
    ticket_type_id: int


@dataclass(frozen=True)
class Site:
    """A data directory and its embedded server, with the schema in its database."""

    data_dir: Path
    postgres: EmbeddedServer

    @property
    def postmaster(self) -> int:
        """The process id of the database server."""
        return int((self.postgres.directory / "data" / "postmaster.pid").read_text().split()[0])

    @property
    def url(self) -> str:
        """The URL of its database."""
        return embedded_url(self.postgres)

    @property
    def serving(self) -> Mapping[str, str]:
        """What ``bms serve`` needs to be told of its database: nothing of the embedded one."""
        return {}

    def file(self, name: str, lines: Sequence[str]) -> str:
        """Write ``lines`` for wrk to read, and return the path."""
        path = self.data_dir / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return str(path)

    def rows(self, sql: str, database: str = "bms") -> list[Any]:
        """Return the rows of a statement of the benchmark's own."""
        return query(self.postgres, sql, database)


@dataclass(frozen=True)
class World(Site):
    """A site, and what was made on it."""

    buyers: Sequence[tuple[int, str]]  # a user's id and access token
    hot: Target
    events: Sequence[Target]
    free: Sequence[Target]
    stadium: Stadium | None = None


def query(server: EmbeddedServer, sql: str, database: str = "bms") -> list[Any]:
    """Run ``sql`` on a connection of its own and return its rows."""
    connection = pyodbc.connect(parse_url(embedded_url(server, database)).odbc, autocommit=True)
    try:
        cursor = connection.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


def scratch_parent() -> Path:
    """Return a directory on a disk: the system's temporary one, or ``var/`` where that is memory.

    Raises NotDurable when neither is on a disk.
    """
    own = Path(__file__).resolve().parents[1] / "var"
    for place in (Path(tempfile.gettempdir()), own):
        place.mkdir(exist_ok=True)
        if filesystem(place)[1] not in _MEMORY_FILESYSTEMS:
            return place
    raise NotDurable("The temporary directory and var/ are both in memory: set TMPDIR to one on a disk.")


def filesystem(path: Path) -> tuple[str, str]:
    """Return the device and the type of the file system that holds ``path``."""
    found = ("", "unknown", "unknown")
    for line in Path("/proc/mounts").read_text().splitlines():
        device, mount, kind, *_ = line.split()
        if path.resolve().is_relative_to(mount) and len(mount) >= len(found[0]):
            found = (mount, device, kind)
    return found[1], found[2]


@contextlib.contextmanager
def open_site(data_dir: Path) -> Iterator[Site]:
    """Make a database in ``data_dir``; its server runs until the context ends.

    Raises NotDurable when a durable setting is off.
    """
    with EmbeddedServer(data_dir / "postgres") as postgres:
        create_database(postgres, DATABASE)
        for setting in DURABLE:
            if query(postgres, f"SHOW {setting}")[0][0] != "on":
                raise NotDurable(f"{setting} is off")
        apply_migrations(embedded_url(postgres))
        yield Site(data_dir, postgres)


@contextlib.contextmanager
def make_world(data_dir: Path, *, seats: bool = False) -> Iterator[World]:
    """Make accounts and events in ``data_dir``; its database server runs until the context ends.

    With ``seats`` a stadium is among them, which takes a good part of a minute. Raises NotDurable when a
    durable setting is off.
    """
    with open_site(data_dir) as site:
        admin, *buyers = make_accounts(site, BUYERS)
        with bms_server(data_dir) as server:
            hot, events, free = make_events(server, admin[1])
            stadium = _make_stadium(server, admin[1]) if seats else None
        yield World(site.data_dir, site.postgres, buyers, hot, events, free, stadium)


def make_accounts(site: Site, buyers: int) -> list[tuple[int, str]]:
    """Return the ids and access tokens of an admin and so many buyers, made in the database itself."""
    return asyncio.run(_make_accounts(_settings(site), site.url, buyers))


def access_token(site: Site, user_id: int, session_id: int) -> str:
    """Return a token for a session that is there."""
    return _tokens(_settings(site)).access(user_id=user_id, session_id=session_id)


def _settings(site: Site) -> Settings:
    given = {"BMS_DATA_DIR": str(site.data_dir), "BMS_DEMO_DATA": "off", **site.serving}
    return settings_module.load(given, site.data_dir / "none")


def _tokens(settings: Settings) -> Tokens:
    return Tokens(
        settings.secret_key,
        access_seconds=settings.access_token_seconds,
        refresh_seconds=settings.refresh_token_seconds,
    )


async def _make_accounts(settings: Settings, url: str, buyers: int) -> list[tuple[int, str]]:
    tokens = _tokens(settings)
    # One hash for all: they have the same password, and it is the check that is measured.
    password_hash = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(settings.bcrypt_rounds)).decode()
    database = make_database(settings, url)
    await database.open()
    try:
        made = await database.transact(_insert_accounts, buyers=buyers, password_hash=password_hash)
    finally:
        await database.close()
    return [(user, tokens.access(user_id=user, session_id=session)) for user, session in made]


def _insert_accounts(tx: Transaction, *, buyers: int, password_hash: str) -> list[tuple[int, int]]:
    made = []
    for number in range(buyers + 1):
        name = f"buyer{number}" if number else "admin"
        user = tx.only(
            registration.INSERT,
            name=name,
            username=name,
            username_folded=name,
            email=f"{name}@example.com",
            email_folded=f"{name}@example.com",
            password_hash=password_hash,
            role="USER" if number else "ADMIN",
            locale=None,
            is_confirmed=False,
        )
        keep_folded(tx, user_id=user.id, name=name)
        session_id = tx.value(
            sessions.INSERT,
            user_id=user.id,
            refresh_hash=name,
            seconds=604_800,
            device=None,
            address=None,
            network=None,
        )
        made.append((user.id, session_id))
    return made


def title_of(number: int) -> str:
    """Return the title of one of the 100 events, from 1 on."""
    return f"Evening {number}"


def make_events(server: Server, token: str) -> tuple[Target, list[Target], list[Target]]:
    """Return the hot event, those to be paid for and the free ones, made over HTTP by an admin."""
    venues = [
        post(
            server,
            "/venues",
            token,
            {"name": f"{city} Hall", "location": "1 Quay", "city": city, "capacity": MAX_COUNT},
        )
        for city in CITIES
    ]
    for slug in CATEGORIES:
        post(server, "/categories", token, {"name": slug.title(), "slug": slug})
    today = dt.datetime.now(dt.UTC).date()

    def event(number: int, title: str, price: str, balcony: int = 0) -> Target:
        capacities = {"General admission": MAX_COUNT - balcony} | ({"Balcony": balcony} if balcony else {})
        body = {
            "title": title,
            "description": DESCRIPTION,
            "starts_at": f"{today + dt.timedelta(days=30 + number)}T19:30:00Z",
            "venue": venues[number % len(venues)]["id"],
            "category": CATEGORIES[number % len(CATEGORIES)],
            "ticket_types": [
                {"name": name, "price": price, "capacity": capacity} for name, capacity in capacities.items()
            ],
        }
        made = post(server, "/events", token, body)
        return Target(made["id"], made["ticket_types"][0]["id"])

    # Its second ticket type sets the numbers of events and of ticket types apart: none stands for the other.
    hot = event(0, "The hot one", PRICE, balcony=100)
    events = [event(number, title_of(number), PRICE) for number in range(1, EVENTS + 1)]
    free = [event(number, f"Open day {number}", "0.00") for number in range(1, EVENTS + 1)]
    return hot, events, free


def _make_stadium(server: Server, token: str) -> Stadium:
    where = {"name": "The Stadium", "location": "1 Ring", "city": CITIES[0], "capacity": MAX_COUNT}
    venue = post(server, "/venues", token, where)
    starts_at = f"{dt.datetime.now(dt.UTC).date() + dt.timedelta(days=20)}T19:30:00Z"
    fields = {"title": "The final", "starts_at": starts_at, "venue": venue["id"]}
    return open_stadium(server, token, fields)


def post(
    server: Server, path: str, token: str, body: dict[str, Any], headers: dict[str, str] | None = None
) -> Any:
    """Send one request and return the JSON of its answer. Raises HTTPError for a refusal."""
    return ask(server, "POST", path, token, body, headers)
