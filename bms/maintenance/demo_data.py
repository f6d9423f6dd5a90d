"""The demo data of a first run, created by the same commands as real data."""

import datetime as dt
import secrets
from typing import Any, NamedTuple

from bms.commands.accounts.registration import register_user
from bms.commands.events.categories import create_category
from bms.commands.events.create import create_event
from bms.commands.events.venues import create_venue
from bms.maintenance.demo_seating import DrawnHall, draw_halls, load_hall, open_hall
from bms.queries.accounts import count_users
from bms.schemas.events import Event
from bms.seating.maps import PlanVersion
from bms.security.passwords import Passwords
from bms.sql.database import Database
from bms.sql.session import Transaction
from bms.terms import Actor, Role

# Addresses, so that there are e-mails to look at. Their domain belongs to nobody (RFC 2606).
ACCOUNTS = (
    ("admin", "Alex Admin", Role.ADMIN, None),
    ("organiser", "Olga Organiser", Role.EVENT_MANAGER, "organiser@bms.example"),
    ("visitor", "Victor Visitor", Role.USER, "visitor@bms.example"),
)
CATEGORIES = ("Concert", "Theatre", "Conference", "Workshop", "Sports", "Film")
AMS, BRU = "Europe/Amsterdam", "Europe/Brussels"
VENUES = (
    ("Harbour Hall", "12 Quay Street", "Rotterdam", "Netherlands", 2000, "Bar, cloakroom, step-free", AMS),
    ("Old Mill Theatre", "3 Mill Lane", "Utrecht", "Netherlands", 450, "Bar, hearing loop", AMS),
    (
        "Congress Centre West",
        "90 Station Road",
        "Antwerp",
        "Belgium",
        5000,
        "WiFi, catering, twelve rooms",
        BRU,
    ),
    ("The Back Room", "7 Canal Side", "Utrecht", "Netherlands", 80, "Projector, WiFi", AMS),
)


class Show(NamedTuple):
    """A demo event. ``venue`` and ``category`` are indexes into the lists above."""

    title: str
    days: int
    time: str
    venue: int
    category: int
    prices: tuple[tuple[str, str, int], ...]
    limit: int | None = None


SHOWS = (
    Show("Night of the Cellos", 6, "19:30", 0, 0, (("Stalls", "35.00", 600), ("Balcony", "25.00", 400))),
    Show("The Winter Tide", 9, "20:00", 1, 1, (("Seat", "22.50", 400),)),
    Show("Python for Box Offices", 13, "09:00", 3, 3, (("Place", "0.00", 60),), 2),
    Show(
        "Low Countries Data Days", 20, "08:30", 2, 2, (("Regular", "180.00", 900), ("Student", "60.00", 100))
    ),
    Show("Silent Film with Piano", 24, "20:30", 1, 5, (("Seat", "14.00", 300),)),
    Show("Harbour Half Marathon", 31, "10:00", 0, 4, (("Starting number", "30.00", 1500),), 4),
    Show("Brass on the Quay", 38, "19:00", 0, 0, (("Standing", "18.00", 1800),)),
    Show("Improvised Theatre", 45, "20:00", 3, 1, (("Seat", "9.50", 80),)),
    Show("Open Source in Government", 52, "09:30", 2, 2, (("Visitor", "0.00", 1000),), 5),
    Show("Learn to Mix Sound", 60, "13:00", 3, 3, (("Place", "45.00", 20),)),
    Show("Farewell of The Lanterns", 75, "20:00", 0, 0, (("Standing", "49.00", 2000),), 6),
    Show("Short Films, Long Night", 90, "22:00", 1, 5, (("Seat", "11.00", 450),)),
)


async def load_demo_data(database: Database, passwords: Passwords) -> str | None:
    """Load accounts, categories, venues and events of the coming months, two of them sold by seat.

    All is written in one transaction, but for the seats, which follow. Returns the text to print once, with
    the passwords. Returns None if there are accounts already.
    """
    if await database.read_primary(count_users):
        return None
    secret = {username: secrets.token_urlsafe(9) for username, *_ in ACCOUNTS}
    hashes = {username: await passwords.hash(secret[username]) for username in secret}
    halls = draw_halls()
    today = dt.datetime.now(dt.UTC).date()
    seated = await database.transact(_load, hashes=hashes, today=today, halls=halls)
    if not seated:
        return None
    for drawn, (event_id, version) in zip(halls, seated, strict=True):
        await open_hall(database, drawn, event_id, version)
    lines = [f"  {username:<10} {secret[username]}  ({role})" for username, _, role, _ in ACCOUNTS]
    return "\n".join(["Demo accounts, shown only once (username, password):", *lines])


def _load(
    tx: Transaction, *, hashes: dict[str, str], today: dt.date, halls: list[DrawnHall]
) -> list[tuple[int, PlanVersion]]:
    """Return the events of the halls, whose seats are to be written, or none if there are accounts."""
    if count_users(tx):
        return []
    ids = {}
    for username, name, role, email in ACCOUNTS:
        user = register_user(
            tx, name=name, username=username, email=email, password_hash=hashes[username], role=role
        )
        ids[username] = user.id
    admin, organiser = Actor(ids["admin"], Role.ADMIN), Actor(ids["organiser"], Role.EVENT_MANAGER)
    slugs = [create_category(tx, admin, slug=name.lower(), name=name).slug for name in CATEGORIES]
    fields = ("name", "location", "city", "country", "capacity", "facilities", "timezone")
    venues = [
        create_venue(tx, organiser, fields=dict(zip(fields, values, strict=True))).id for values in VENUES
    ]
    for show in SHOWS:
        create_event(tx, organiser, fields=Event().parse(_event(show, slugs, venues, today)))
    return [load_hall(tx, organiser, drawn, today) for drawn in halls]


def _event(show: Show, slugs: list[str], venues: list[int], today: dt.date) -> dict[str, Any]:
    date = today + dt.timedelta(days=show.days)
    return {
        "title": show.title,
        "description": f"{show.title}, a demo event to try BMS with.",
        "date": date.isoformat(),
        "time": show.time,
        "venue": venues[show.venue],
        "category": slugs[show.category],
        "ticket_types": [
            {"name": name, "price": price, "capacity": capacity} for name, price, capacity in show.prices
        ],
        **({"per_user_limit": show.limit} if show.limit else {}),
    }
