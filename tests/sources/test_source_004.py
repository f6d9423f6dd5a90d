"""Source 004, the event booking platform: every printed request, and every printed field of the answers.

Its events are dated 2024, and no event is made in the past: each is sent as printed to be refused
with 422, and then with another year.
"""

import json
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.kit.types import MakeUser
from tests.sources.documented import ask, bodies, is_time, shows

REGISTRATION = """{
  "username": "johndoe",
  "email": "johndoe@example.com",
  "password": "password123"
}"""
REGISTERED = """{
  "id": 1,
  "username": "johndoe",
  "email": "johndoe@example.com"
}"""
VENUE = """{
  "name": "Conference Hall",
  "location": "123 Main St",
  "capacity": 200,
  "facilities": "WiFi, Projector"
}"""
VENUE_MADE = """{
  "id": 1,
  "name": "Conference Hall",
  "location": "123 Main St",
  "capacity": 200,
  "facilities": "WiFi, Projector"
}"""
VENUE_UPDATE = """{
  "name": "Updated Conference Hall",
  "location": "123 Main St",
  "capacity": 250,
  "facilities": "WiFi, Projector, Sound System"
}"""
VENUE_UPDATED = """{
  "id": 1,
  "name": "Updated Conference Hall",
  "location": "123 Main St",
  "capacity": 250,
  "facilities": "WiFi, Projector, Sound System"
}"""
EVENT = """{
  "title": "Tech Conference",
  "description": "A conference about the latest in tech.",
  "date": "2024-08-01",
  "time": "10:00:00",
  "venue": 1,
  "capacity": 200
}"""
EVENT_MADE = """{
  "id": 1,
  "title": "Tech Conference",
  "description": "A conference about the latest in tech.",
  "date": "2024-08-01",
  "time": "10:00:00",
  "venue": 1,
  "capacity": 200
}"""
BOOKING = """{
  "user": 1,
  "event": 1
}"""
BOOKED = """{
  "id": 1,
  "user": 1,
  "event": 1,
  "booking_date": "2024-07-10T12:00:00Z",
  "status": "CONFIRMED"
}"""
CANCELLED = """{
  "id": 1,
  "status": "CANCELLED"
}"""
HISTORY = """[
  {
    "id": 1,
    "user": 1,
    "event": 1,
    "booking_date": "2024-07-10T12:00:00Z",
    "status": "CANCELLED"
  },
  {
    "id": 2,
    "user": 1,
    "event": 2,
    "booking_date": "2024-07-15T12:00:00Z",
    "status": "CONFIRMED"
  }
]"""
DATE = "2099-08-01"


def dated(text: str) -> str:
    """Return a printed event with a date to come."""
    return text.replace("2024-08-01", DATE)


@pytest.fixture
async def johndoe(client: TestClient) -> str:
    """The token of the registered user, the first of the installation."""
    made = await ask(client, "POST /api/users/", REGISTRATION)
    assert made.status == 201
    assert shows(made.json, REGISTERED)
    assert "password" not in made.text
    login = await ask(client, "POST /api/token/", bodies(username="johndoe", password="password123"))
    assert login.status == 200
    return str(login.json["access"])


@pytest.fixture
async def admin(johndoe: str, make_user: MakeUser) -> str:
    """An admin's token; the admin comes after the user, whose id is printed as 1."""
    return (await make_user("ADMIN")).token


@pytest.fixture
async def venue(client: TestClient, admin: str) -> dict[str, Any]:
    made = await ask(client, "POST /api/venues/", VENUE, token=admin)
    assert made.status == 201
    assert shows(made.json, VENUE_MADE)
    return dict(made.json)


@pytest.fixture
async def event(client: TestClient, admin: str, venue: dict[str, Any]) -> dict[str, Any]:
    """The printed event, a free one."""
    made = await ask(client, "POST /api/events/", dated(EVENT), token=admin)
    assert made.status == 201
    assert shows(made.json, dated(EVENT_MADE))
    return dict(made.json)


async def test_a_name_is_registered_once(client: TestClient, johndoe: str) -> None:
    (await ask(client, "POST /api/users/", REGISTRATION)).problem(409, "username_taken")
    other = REGISTRATION.replace('"johndoe"', '"janedoe"')
    (await ask(client, "POST /api/users/", other)).problem(409, "email_taken")


async def test_venues(client: TestClient, admin: str, johndoe: str, venue: dict[str, Any]) -> None:
    shown = await ask(client, "GET /api/venues/1/")
    assert shown.status == 200
    assert shows(shown.json, VENUE_MADE)
    updated = await ask(client, "PUT /api/venues/1/", VENUE_UPDATE, token=admin)
    assert updated.status == 200
    assert shows(updated.json, VENUE_UPDATED)
    assert shows((await ask(client, "GET /api/venues/1/")).json, VENUE_UPDATED)
    for call in ("POST /api/venues/", "PUT /api/venues/1/"):
        (await ask(client, call, VENUE)).problem(401, "unauthenticated")
        (await ask(client, call, VENUE, token=johndoe)).problem(403, "forbidden")


async def test_events(client: TestClient, admin: str, johndoe: str, event: dict[str, Any]) -> None:
    past = await ask(client, "POST /api/events/", EVENT, token=admin)
    assert past.problem(422, "validation_failed")["errors"] == [
        {"pointer": "/date", "message": "The event must start in the future."}
    ]
    shown = await ask(client, "GET /api/events/1/")
    assert shown.status == 200
    assert shows(shown.json, dated(EVENT_MADE))
    (await ask(client, "POST /api/events/", dated(EVENT))).problem(401, "unauthenticated")
    (await ask(client, "POST /api/events/", dated(EVENT), token=johndoe)).problem(403, "forbidden")


async def test_the_booking_and_its_history(
    client: TestClient, admin: str, johndoe: str, event: dict[str, Any]
) -> None:
    booked = await ask(client, "POST /api/bookings/", BOOKING, token=johndoe)
    assert booked.status == 201
    assert shows(booked.json, BOOKED, booking_date=booked.json["booking_date"])
    assert is_time(booked.json["booking_date"])

    shown = await ask(client, "GET /api/bookings/1/", token=johndoe)
    assert shown.status == 200
    assert shows(shown.json, BOOKED, booking_date=booked.json["booking_date"])

    cancelled = await ask(client, "POST /api/bookings/1/cancel/", "{}", token=johndoe)
    assert cancelled.status == 200
    assert shows(cancelled.json, CANCELLED)

    assert (await ask(client, "POST /api/events/", dated(EVENT), token=admin)).json["id"] == 2
    second = await ask(
        client, "POST /api/bookings/", BOOKING.replace('"event": 1', '"event": 2'), token=johndoe
    )
    history = await ask(client, "GET /api/users/1/booking-history/", token=johndoe)
    assert history.status == 200
    dates = {1: booked.json["booking_date"], 2: second.json["booking_date"]}
    printed = {entry["id"]: json.dumps(entry) for entry in json.loads(HISTORY)}
    # The newest first, as in every list of bookings; the source prints the oldest first.
    assert [entry["id"] for entry in history.json] == sorted(printed, reverse=True)
    for entry in history.json:
        assert shows(entry, printed[entry["id"]], booking_date=dates[entry["id"]])


async def test_a_booking_is_its_users_own(
    client: TestClient, admin: str, johndoe: str, make_user: MakeUser, event: dict[str, Any]
) -> None:
    other = await make_user()
    (await ask(client, "POST /api/bookings/", BOOKING)).problem(401, "unauthenticated")
    (await ask(client, "POST /api/bookings/", BOOKING, token=other.token)).problem(403, "forbidden")
    booked = await ask(client, "POST /api/bookings/", BOOKING, token=admin)
    assert (booked.status, booked.json["user"]) == (201, 1)
    for call, body in (("GET /api/bookings/1/", ""), ("POST /api/bookings/1/cancel/", "{}")):
        (await ask(client, call, body)).problem(401, "unauthenticated")
        (await ask(client, call, body, token=other.token)).problem(404, "not_found")
    (await ask(client, "GET /api/users/1/booking-history/")).problem(401, "unauthenticated")
    (await ask(client, "GET /api/users/1/booking-history/", token=other.token)).problem(403, "forbidden")
    assert (await ask(client, "GET /api/users/1/booking-history/", token=admin)).status == 200


async def test_a_priced_event_waits_for_its_payment(
    client: TestClient, admin: str, johndoe: str, venue: dict[str, Any]
) -> None:
    priced = dated(EVENT).replace('"capacity": 200', '"capacity": 200, "price": "25.00"')
    assert (await ask(client, "POST /api/events/", priced, token=admin)).status == 201
    booked = await ask(client, "POST /api/bookings/", BOOKING, token=johndoe)
    assert (booked.status, booked.json["status"]) == (201, "PENDING")
