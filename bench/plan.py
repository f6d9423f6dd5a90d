"""What can be measured, by name."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import bcrypt

from bench.load import REFUSALS, Load
from bench.stadium import Stadium
from bench.world import BUYERS, PASSWORD, Target, World, title_of
from bms.web.shop.presenting import event_path

CONNECTIONS = (16, 64, 256)
BOOKINGS = ("spread", "hot", "pay", "free")
CONFIRMING = ("pay", "free")
PAGES = ("home", "page")
READS = ("event", "events", "filtered", "availability", *PAGES)
SEATS = ("seats", "seats_own", "seats_best")
# Those come last that leave work behind: mail to whoever has paid, and the logins that wrk gave up.
NAMES = ("spread", "hot", *SEATS, *READS, "pay", "free", "login")
GROUPS = {"get": READS, "pages": PAGES, "all": NAMES}
TITLES = {
    "spread": "POST /bookings, 100 events",
    "hot": "POST /bookings, one hot event",
    "limited": "POST /bookings, one hot event, limits on",
    "seats": "POST /bookings, 60,000 seats, own picks and best available in turn",
    "seats_own": "POST /bookings, 60,000 seats, own picks",
    "seats_best": "POST /bookings, 60,000 seats, best available",
    "availability": "GET /events/{id}/seating/availability, 60,000 seats",
    "event": "GET /events/{id}, 100 events",
    "events": "GET /events, 100 events",
    "filtered": "GET /events, filtered",
    "home": "GET /, the page",
    "page": "GET /e/{id}/..., the page of 100 events",
    "login": "POST /login",
    "pay": "POST /bookings and /payments, pairs",
    "free": "POST /bookings, free of charge",
    "browse": "pages of the site, while one event sells",
    "beside": "POST /bookings, one hot event, beside the pages",
}
SEAT_REFUSALS = REFUSALS | {422}  # a pick that would leave a single seat
LISTS = {
    "events": "/events?limit=100",
    "home": "/",
    "filtered": "/events?category=concert&city=Rotterdam&available=true&price_max=30&sort=price",
}


def connections_of(name: str, wanted: Sequence[int] | None) -> tuple[int, ...]:
    """Return the numbers of connections that a load is put on with."""
    if wanted:
        return tuple(wanted)
    if name in ("spread", "hot"):
        return CONNECTIONS
    if name in SEATS:
        return CONNECTIONS[1:]
    # Each login counts as failed until it has succeeded, and of those one address has 100 at the most.
    return (8,) if name == "login" else (64,)


def paths_of(world: World, name: str) -> list[str]:
    """Return the paths that a load of reads asks for, in turn."""
    if name == "event":
        return [f"/events/{target.event_id}" for target in world.events]
    if name == "page":
        return [event_path(target.event_id, title_of(n)) for n, target in enumerate(world.events, 1)]
    if name == "availability":
        return [f"/events/{_stadium(world).event_id}/seating/availability"]
    return [LISTS[name]]


def _stadium(world: World) -> Stadium:
    assert world.stadium is not None, "the world was made without seats"
    return world.stadium


def make_load(world: World, name: str) -> Load:
    """Return a load of ``NAMES`` on ``world``."""
    if name in READS:
        return Load(name, "read", (world.file(f"{name}.txt", paths_of(world, name)),), 200)
    if name == "login":
        names = world.file("names.txt", [f"buyer{number}" for number in range(1, BUYERS + 1)])
        return Load(name, "login", (names, PASSWORD), 200)
    tokens = world.file("tokens.txt", [f"{user} {token}" for user, token in world.buyers])
    mode = "pay" if name == "pay" else "book"
    arguments = (tokens, world.file(f"{name}.txt", _targets(world, name)))
    return Load(name, mode, arguments, 201, SEAT_REFUSALS if name in SEATS else REFUSALS)


def _targets(world: World, name: str) -> list[str]:
    if name in SEATS:
        stadium = _stadium(world)
        return {"seats": stadium.halves, "seats_own": stadium.own_picks, "seats_best": stadium.best}[name]()
    targets: dict[str, Sequence[Target]] = {"hot": [world.hot], "free": world.free}
    return [f"{t.event_id} {t.ticket_type_id}" for t in targets.get(name, world.events)]


def hashes_a_second(cores: int, seconds: float = 2.0, rounds: int = 12) -> float:
    """Return how many passwords bcrypt alone checks a second on all cores: the limit of logins."""
    stored = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(rounds))
    done, mutex, began = [0], threading.Lock(), time.perf_counter()

    def check() -> None:
        while time.perf_counter() - began < seconds:
            bcrypt.checkpw(PASSWORD.encode(), stored)
            with mutex:
                done[0] += 1

    with ThreadPoolExecutor(cores) as threads:
        for _ in range(cores):
            threads.submit(check)
    return done[0] / (time.perf_counter() - began)
