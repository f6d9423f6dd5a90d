"""Source 001, the ticket booking system: events, accounts and tokens, of its eight views.

It prints no bodies; they are made of the fields that it names.
"""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.kit.users import PASSWORD, User
from tests.sources.documented import ask, bodies
from tests.sources.orders import order

pytestmark = pytest.mark.usefixtures("books_balance")

EVENT = bodies(
    name="Open air",
    description="Outside.",
    date="2099-06-01T20:00:00Z",
    location="The meadow",
    max_tickets=50,
)


# 1 and 4: events.


async def test_events_are_made_by_admins_and_seen_by_all(
    client: TestClient, admin: User, buyer: User
) -> None:
    (await ask(client, "POST /api/events/", EVENT)).problem(401, "unauthenticated")
    (await ask(client, "POST /api/events/", EVENT, token=buyer.token)).problem(403, "forbidden")
    made = await ask(client, "POST /api/events/", EVENT, token=admin.token)
    assert made.status == 201
    documented = {
        "name": "Open air",
        "description": "Outside.",
        "starts_at": "2099-06-01T20:00:00Z",
        "max_tickets": 50,
        "available_tickets": 50,
        "sold_tickets": 0,
    }
    listed = await ask(client, "GET /api/events/")
    shown = await ask(client, "GET /api/events/{id}/", id=made.json["id"])
    assert (listed.status, shown.status) == (200, 200)
    for answered in (made.json, *listed.json, shown.json):
        assert {name: answered[name] for name in documented} == documented
        assert answered["location"]["address"] == "The meadow"


async def test_the_tickets_of_an_event_are_counted(
    client: TestClient, buyer: User, free: dict[str, Any]
) -> None:
    await order(client, buyer, free, 3)
    shown = (await ask(client, "GET /api/events/{id}/", id=free["id"])).json
    assert (shown["max_tickets"], shown["available_tickets"], shown["sold_tickets"]) == (100, 97, 3)


async def test_events_are_changed_by_admins(client: TestClient, admin: User, buyer: User) -> None:
    event = (await ask(client, "POST /api/events/", EVENT, token=admin.token)).json
    whole = EVENT.replace("Open air", "Indoors").replace("50", "40")
    for method, body in (("PUT", whole), ("PATCH", bodies(name="Indoors")), ("DELETE", "")):
        call = method + " /api/events/{id}/"
        (await ask(client, call, body, id=event["id"])).problem(401, "unauthenticated")
        (await ask(client, call, body, token=buyer.token, id=event["id"])).problem(403, "forbidden")
    changed = await ask(client, "PUT /api/events/{id}/", whole, token=admin.token, id=event["id"])
    assert (changed.status, changed.json["name"], changed.json["max_tickets"]) == (200, "Indoors", 40)
    changed = await ask(
        client, "PATCH /api/events/{id}/", '{"max_tickets": 60}', token=admin.token, id=event["id"]
    )
    assert (changed.status, changed.json["name"], changed.json["available_tickets"]) == (200, "Indoors", 60)
    assert (await ask(client, "DELETE /api/events/{id}/", token=admin.token, id=event["id"])).status == 204
    (await ask(client, "GET /api/events/{id}/", id=event["id"])).problem(404, "not_found")


# 2 and 3: accounts and tokens.


async def test_registration_tokens_and_logout(client: TestClient) -> None:
    account = {"username": "kresho", "email": "kresho@example.com", "password": PASSWORD}
    made = await ask(client, "POST /api/register/", bodies(**account))
    assert made.status == 201
    assert (made.json["username"], made.json["email"]) == ("kresho", "kresho@example.com")
    assert PASSWORD not in made.text

    login = await ask(client, "POST /api/token/", bodies(username="kresho", password=PASSWORD))
    assert login.status == 200
    wrong = bodies(username="kresho", password="another password")
    (await ask(client, "POST /api/token/", wrong)).problem(401, "invalid_credentials")

    renewed = await ask(client, "POST /api/token/refresh/", bodies(refresh=login.json["refresh"]))
    assert renewed.status == 200
    tokens = renewed.json
    assert tokens["refresh"] != login.json["refresh"]
    assert (await ask(client, "GET /api/orders/", token=tokens["access"])).status == 200

    out = bodies(refresh=tokens["refresh"])
    (await ask(client, "POST /api/logout/", out)).problem(401, "unauthenticated")
    assert (await ask(client, "POST /api/logout/", out, token=tokens["access"])).status == 205
    (await ask(client, "POST /api/token/refresh/", out)).problem(401, "invalid_refresh_token")
    (await ask(client, "GET /api/orders/", token=tokens["access"])).problem(401, "unauthenticated")
