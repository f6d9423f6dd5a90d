"""Source 002, the event management and ticketing system: printed requests, tables and permissions.

Its event is dated 2024, and no event is made in the past: it is sent as printed to be refused with
422, and then with another year.
"""

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.kit.types import Make, MakeUser
from tests.sources.documented import ask, bodies, is_time, shows

REGISTRATION = """{
    "username": "testuser",
    "password": "testpassword",
    "role": "User"
}"""
EVENT = """{
    "name": "Tech Conference 2024",
    "date": "2024-11-20",
    "total_tickets": 300
}"""
PURCHASE = """{
    "quantity": 2
}"""
PURCHASES = "POST /events/<id>/purchase/"
UPCOMING = EVENT.replace("2024-11-20", "2099-11-20")


@pytest.fixture
async def admin(make_user: MakeUser) -> str:
    return (await make_user("ADMIN")).token


@pytest.fixture
async def user(client: TestClient) -> str:
    """The access token of the printed user, who has no e-mail address."""
    registered = await ask(client, "POST /register/", REGISTRATION)
    assert registered.status == 201
    assert registered.json["username"] == "testuser"
    assert registered.json["role"] == "USER"
    assert registered.json["id"] > 0
    login = await ask(client, "POST /login/", bodies(username="testuser", password="testpassword"))
    assert login.status == 200
    assert login.json["refresh"]
    return str(login.json["access"])


@pytest.fixture
async def event(client: TestClient, admin: str) -> dict[str, Any]:
    made = await ask(client, "POST /events/", UPCOMING, token=admin)
    assert made.status == 201
    assert shows(made.json, UPCOMING, tickets_sold=0)
    return dict(made.json)


async def test_accounts(client: TestClient, admin: str, user: str) -> None:
    body = REGISTRATION.replace("testuser", "another").replace('"User"', '"Admin"')
    for token in (None, user):
        refused = await ask(client, "POST /register/", body, token=token)
        assert "Only an admin" in refused.problem(403, "forbidden")["detail"]
    made = await ask(client, "POST /register/", body, token=admin)
    assert (made.status, made.json["role"]) == (201, "ADMIN")
    (await ask(client, "POST /register/", REGISTRATION)).problem(409, "username_taken")
    wrong = bodies(username="testuser", password="no such password")
    (await ask(client, "POST /login/", wrong)).problem(401, "invalid_credentials")
    login = await ask(client, "POST /login/", bodies(username="another", password="testpassword"))
    assert (await ask(client, "POST /events/", UPCOMING, token=login.json["access"])).status == 201


async def test_events_are_made_by_admins_and_seen_by_all(
    client: TestClient, admin: str, user: str, event: dict[str, Any]
) -> None:
    past = await ask(client, "POST /events/", EVENT, token=admin)
    assert past.problem(422, "validation_failed")["errors"][0]["pointer"] == "/date"
    (await ask(client, "POST /events/", UPCOMING)).problem(401, "unauthenticated")
    (await ask(client, "POST /events/", UPCOMING, token=user)).problem(403, "forbidden")
    for token in (None, user):
        (shown,) = (await ask(client, "GET /events/", token=token)).json
        assert shows(shown, UPCOMING)
        assert (shown["id"], shown["tickets_sold"]) == (event["id"], 0)


async def test_a_purchase(client: TestClient, user: str, event: dict[str, Any]) -> None:
    bought = await ask(client, PURCHASES, PURCHASE, token=user, id=event["id"])
    assert bought.status == 201
    ticket = bought.json
    assert shows(ticket, PURCHASE)
    assert ticket["id"] > 0
    assert ticket["user_id"] == ticket["user"]
    assert ticket["event_id"] == ticket["event"] == event["id"]
    assert is_time(ticket["purchase_date"])
    assert ticket["status"] == "CONFIRMED"
    assert len(ticket["tickets"]) == 2
    (shown,) = (await ask(client, "GET /events/")).json
    assert (shown["total_tickets"], shown["tickets_sold"]) == (300, 2)
    mine = await ask(client, "GET /bookings/", token=user)
    assert [booking["id"] for booking in mine.json] == [ticket["id"]]


async def test_who_may_purchase_what(client: TestClient, user: str, event: dict[str, Any]) -> None:
    (await ask(client, PURCHASES, PURCHASE, id=event["id"])).problem(401, "unauthenticated")
    (await ask(client, PURCHASES, PURCHASE, token=user, id=event["id"] + 1)).problem(404, "not_found")
    for quantity in (0, -2, "2", 1.5, None):
        refused = await ask(client, PURCHASES, bodies(quantity=quantity), token=user, id=event["id"])
        assert refused.problem(422, "validation_failed")["errors"][0]["pointer"] == "/quantity"


async def test_no_more_is_sold_than_there_is(client: TestClient, user: str, make_event: Make) -> None:
    event = await make_event(price="0.00", capacity=3)
    calls = [ask(client, PURCHASES, PURCHASE, token=user, id=event["id"]) for _ in range(4)]
    replies = await asyncio.gather(*calls)
    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409]
    refused = next(reply for reply in replies if reply.status == 409)
    assert refused.problem(409, "sold_out")["available"] == 1
    shown = await ask(client, "GET /events/<id>/", id=event["id"])
    assert (shown.json["tickets_sold"], shown.json["total_tickets"]) == (2, 3)


@pytest.mark.needs("text in OPENJSON")
async def test_a_repeated_purchase_is_made_once(client: TestClient, user: str, event: dict[str, Any]) -> None:
    path = f"/events/{event['id']}/purchase/"
    headers = {"Idempotency-Key": "one", "Authorization": f"Bearer {user}"}
    answers = []
    for _ in range(2):
        async with client.post(path, json={"quantity": 2}, headers=headers) as response:
            answers.append((response.status, await response.json()))
    assert answers[0] == answers[1]
    assert (await ask(client, "GET /events/<id>/", id=event["id"])).json["tickets_sold"] == 2


async def test_what_costs_something_waits_for_its_payment(
    client: TestClient, user: str, make_event: Make
) -> None:
    kinds = [{"name": name, "price": "25.00", "capacity": 5} for name in ("Stalls", "Balcony")]
    event = await make_event(ticket_types=kinds)
    (await ask(client, PURCHASES, PURCHASE, token=user, id=event["id"])).problem(422, "validation_failed")
    balcony = event["ticket_types"][1]["id"]
    body = bodies(quantity=2, ticket_type=balcony)
    bought = await ask(client, PURCHASES, body, token=user, id=event["id"])
    assert [line["ticket_type"] for line in bought.json["lines"]] == [balcony]
    assert (bought.status, bought.json["status"], bought.json["total"]) == (201, "PENDING", "50.00")
