"""What is asked of a database of some size: every list, search and statistic of the API, and who asks.

Managers and admins get no kept replies, so all of this is read from the database each time.
"""

import hashlib
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote

from bench.big.making import CITIES, FIRST_EVENT, Size
from bms.http.pages import encode_cursor

VARIANTS = 40  # of a path, so that no reply of the database's own is asked for twice in a row


class Who(StrEnum):
    """Who asks. ``bench.big.making`` makes events of this manager and bookings of all buyers."""

    ADMIN = "admin"
    MANAGER = "manager"
    BUYER = "buyer"


class Question(NamedTuple):
    """A request and its ``paths``, which are asked for in turn."""

    name: str
    who: Who
    paths: Sequence[str]


def questions(size: Size) -> list[Question]:
    """Return what is measured. The first is the measure of the others: one event."""
    to_come = [2 + 20 * step for step in _spread(size.events // 20)]
    own = [2 + 100 * step for step in _spread(size.events // 100)]
    over = [10 + 20 * step for step in _spread(size.events // 20)]
    people = [5 + step for step in _spread(size.users - 10)]
    bookings = [1 + step for step in _spread(size.bookings)]
    managers = [4 + n * size.step for n in _spread(190)]
    places = [f"City%20{n}" for n in _spread(CITIES)]

    def each(path: str, values: Sequence[object]) -> list[str]:
        return [path.format(value) for value in values]

    def all_(path: str) -> list[str]:
        return [path]

    events: list[tuple[str, list[str]]] = [
        ("one event", each("/events/{}", to_come)),
        ("by date", all_("/events")),
        ("latest first", all_("/events?sort=-date")),
        ("by price", all_("/events?sort=price")),
        ("by popularity", all_("/events?sort=-popularity")),
        ("by popularity, a late page", each("/events?sort=-popularity&cursor={}", _late("-popularity"))),
        ("by rating", all_("/events?sort=rating")),
        ("by rating, a late page", each("/events?sort=rating&cursor={}", _late("rating"))),
        ("top", all_("/events/top")),
        ("top of a day", each("/events/top?date_from=2099-01-{:02}", range(1, 29))),
        ("available", all_("/events?available=true")),
        ("available, by popularity", all_("/events?available=true&sort=-popularity")),
        ("of a city", each("/events?city={}", places)),
        ("of a city, by popularity", each("/events?city={}&sort=-popularity", places)),
        ("of no city", all_("/events?city=Nowhere")),
        ("of a city, by rating", each("/events?city={}&sort=rating", places)),
        ("at a place", each("/events?location=Hall%20{}", [1 + n for n in _spread(size.venues)])),
        ("at no place", all_("/events?location=Nowhere&sort=price")),
        ("at a venue", each("/events?venue={}", [1 + n for n in _spread(size.venues)])),
        (
            "at a venue, by rating",
            each("/events?venue={}&sort=rating", [1 + n for n in _spread(size.venues)]),
        ),
        ("of a category", each("/events?category={}", range(1, 13))),
        ("of a category, by popularity", each("/events?category={}&sort=-popularity", range(1, 13))),
        ("of an organiser", each("/events?organizer={}", managers)),
        (
            "of an organiser, by rating",
            each("/events?organizer={}&sort=rating", managers),
        ),
        ("under a price", each("/events?price_max={}", range(16, 50))),
        ("under no price, by rating", all_("/events?price_max=0.01&sort=rating")),
        ("of a day", all_("/events?date=2099-01-01")),
        ("searched, one word", each("/events?q={}", [_word(f"e{n}") for n in to_come])),
        ("searched, a usual word", all_("/events?q=lantern")),
        ("searched, by popularity", all_("/events?q=lantern&sort=-popularity")),
        ("searched in vain", all_("/events?q=nothing%20of%20all%20this")),
        ("searched in a city", each("/events?q=lantern&city={}", places)),
    ]
    managed: list[tuple[str, list[str]]] = [
        ("own events that are over", all_("/events?status=COMPLETED")),
        ("own drafts, by popularity", all_("/events?status=DRAFT&sort=-popularity")),
        ("statistics", each("/events/{}/stats", own)),
        ("statistics of the hot event", all_(f"/events/{FIRST_EVENT}/stats")),
        ("bookings of an event", each("/events/{}/bookings", own)),
        ("bookings of the hot event", all_(f"/events/{FIRST_EVENT}/bookings")),
        ("cancelled ones of it", all_(f"/events/{FIRST_EVENT}/bookings?status=CANCELLED")),
        ("its bookings by a name", each(f"/events/{FIRST_EVENT}/bookings?q={{}}", ("Ada", "Hugo", "Nobody"))),
        ("reviews of an event", each("/events/{}/reviews", over)),
        ("venues", all_("/venues")),
        ("venues of a city", each("/venues?city={}", places)),
        ("venues searched", each("/venues?q=Hall%20{}", [1 + n for n in _spread(size.venues)])),
        ("categories", all_("/categories")),
    ]
    administered: list[tuple[str, list[str]]] = [
        ("events that are over", all_("/events?status=COMPLETED&sort=-date")),
        ("events that are over, by popularity", all_("/events?status=COMPLETED&sort=-popularity")),
        ("all bookings", all_("/bookings")),
        ("bookings of any event", each("/bookings?event={}", to_come)),
        ("bookings of any hot event", all_(f"/bookings?event={FIRST_EVENT}")),
        ("its pending bookings", all_(f"/bookings?event={FIRST_EVENT}&status=PENDING")),
        *((f"{status.lower()} bookings", all_(f"/bookings?status={status}")) for status in _STATUSES),
        ("a booking by reference", each("/bookings?q={}", [_word(f"b{n}", 12).upper() for n in bookings])),
        ("a booking by ticket", each("/bookings?q={}", [_word(f"t{n}-1", 20).upper() for n in bookings])),
        ("bookings by address", each("/bookings?q={}", [quote(f"person{n}@example.com") for n in people])),
        ("payments", all_("/payments")),
        ("users", all_("/users")),
        ("users by name", each("/users?q={}", ("Ada%20A", "Hugo%20Me", "person77", "person4711@"))),
        ("users by no name", all_("/users?q=nobody%20at%20all")),
        ("managers", all_("/users?role=EVENT_MANAGER")),
        ("admins", all_("/users?role=ADMIN")),
        ("what a user booked", each("/users/{}/booking-history", people)),
        ("reviews by a user", each("/reviews/user/{}", people)),
        ("reported reviews", all_("/reviews/reported")),
        ("notifications of a user", each("/notifications/{}", people)),
        ("unread ones", each("/notifications/{}?unread=true", people)),
    ]
    bought: list[tuple[str, list[str]]] = [
        ("own bookings", all_("/bookings")),
        ("own payments", all_("/payments")),
        ("own notifications", all_("/notifications")),
    ]
    return [
        Question(name, who, paths)
        for who, named in (
            (Who.MANAGER, events),
            (Who.MANAGER, managed),
            (Who.ADMIN, administered),
            (Who.BUYER, bought),
        )
        for name, paths in named
    ]


_STATUSES = ("PENDING", "CONFIRMED", "CANCELLED", "EXPIRED")


def _spread(below: int) -> list[int]:
    """Return some numbers under ``below``, far from each other."""
    return sorted({n * below // VARIANTS for n in range(VARIANTS)})


def _word(of: str, length: int = 6) -> str:
    # As bench.big.making makes them.
    return hashlib.md5(of.encode(), usedforsecurity=False).hexdigest()[:length]


def _late(sort: str) -> list[str]:
    """Return cursors of pages far behind: of the least sold, and of those that nobody rated."""
    key: Callable[[int], str] = (
        (lambda n: str(3 * n)) if sort == "-popularity" else (lambda n: str(1000 * (n % 4)))
    )
    return [encode_cursor(sort, key(n), 100 * n) for n in range(8)]
