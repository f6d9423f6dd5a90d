"""Who may do what, as one table: every endpoint times every kind of caller."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from bms.app import ROUTES
from tests.kit.api import Api
from tests.kit.cards import CARD
from tests.kit.types import Make, MakeUser, Pay, Rows
from tests.kit.users import User

CALLERS = ("anonymous", "buyer", "other", "organiser", "other_organiser", "admin")


@dataclass
class World:
    """What the calls are about; each ``fresh_`` thing is made anew for a call that uses it up."""

    users: dict[str, User]
    event: dict[str, Any]
    fresh_event: Callable[[], Awaitable[int]]
    held: Callable[[], Awaitable[int]]
    paid: Callable[[], Awaitable[dict[str, Any]]]
    venue: Callable[[], Awaitable[int]]
    cancelled_event: int
    begun_event: int
    refund: int
    notification: Callable[[], Awaitable[int]]
    number: Callable[[], int]


Request = Callable[[World, str], Awaitable[tuple[str, Any]]]
TABLE: dict[tuple[str, str], tuple[str, Request]] = {}

# What each letter allows, for the callers in the order of CALLERS: . is done, 1 is 401, 3 is 403, 4 is 404.
EVERYONE = "......"
SIGNED_IN = "1....."
MANAGERS = "133..."
ADMINS = "13333."
ORGANISER = "133.3."
OWNER = "1.444."
OWNER_OR_ORGANISER = "1.4.4."
SELF = "1.333."
ORGANISER_HIDDEN = "133.4."


def row(access: str, *endpoints: str) -> Callable[[Request], Request]:
    """Put ``METHOD /path`` into the table, with who may call it."""

    def register(request: Request) -> Request:
        for endpoint in endpoints:
            method, path = endpoint.split()
            TABLE[method, path] = (access, request)
        return request

    return register


def plain(access: str, *endpoints: str, body: Any = None) -> None:
    """Put endpoints without ids into the table."""

    async def request(world: World, endpoint: str) -> tuple[str, Any]:
        return endpoint, body

    row(access, *endpoints)(request)


async def _as_is(path: str) -> tuple[str, Any]:
    return path, None


plain(
    EVERYONE,
    *("GET /health/live", "GET /health/ready", "GET /venues", "GET /locations", "GET /categories"),
    *("GET /events", "GET /event", "GET /events/top"),
    *("GET /openapi.json", "GET /docs", "GET /metrics"),
)
row(EVERYONE, "GET /docs/{file}")(lambda world, path: _as_is(path.format(file="start.js")))
row(EVERYONE, "GET /simulate-payment")(lambda world, path: _as_is(f"{path}?outcome=success"))
plain(SIGNED_IN, "GET /profile", "GET /bookings", "GET /payments", "GET /orders", "GET /notifications")
plain(SIGNED_IN, "PATCH /profile", "PUT /profile", body={"name": "A Name"})
plain(ADMINS, "GET /users")


@row(EVERYONE, "POST /register", "POST /users")
async def _register(world: World, path: str) -> tuple[str, Any]:
    return path, {"username": f"new{world.number()}", "password": "correct horse"}


@row(EVERYONE, "POST /login", "POST /token")
async def _login(world: World, path: str) -> tuple[str, Any]:
    user = world.users["buyer"]
    return path, {"username": user.username, "password": user.password}


@row(ADMINS, "POST /categories")
async def _category(world: World, path: str) -> tuple[str, Any]:
    return path, {"name": f"Category {world.number()}"}


@row(EVERYONE, "GET /venues/{id}", "GET /locations/{id}")
@row(MANAGERS, "DELETE /venues/{id}", "DELETE /locations/{id}")
async def _venue(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.venue()), None


@row(MANAGERS, "POST /venues", "POST /locations")
async def _make_venue(world: World, path: str) -> tuple[str, Any]:
    return path, {"name": "Hall", "location": "1 Street", "capacity": 10}


@row(MANAGERS, "PUT /venues/{id}", "PATCH /venues/{id}", "PUT /locations/{id}", "PATCH /locations/{id}")
async def _change_venue(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.venue()), {"name": "Hall", "location": "1 Street", "capacity": 10}


@row(MANAGERS, "POST /events", "POST /create-event")
async def _make_event(world: World, path: str) -> tuple[str, Any]:
    return path, {"title": "T", "date": "2099-01-01", "venue": await world.venue(), "capacity": 5}


@row(ORGANISER, "PUT /events/{id}", "PATCH /events/{id}")
async def _change_event(world: World, path: str) -> tuple[str, Any]:
    body = {"title": "T", "date": "2099-01-01", "venue": await world.venue(), "capacity": 5}
    return path.format(id=await world.fresh_event()), body


@row(ORGANISER, "DELETE /events/{id}", "POST /events/{id}/cancel")
async def _end_event(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.fresh_event()), {} if path.endswith("cancel") else None


@row(ORGANISER_HIDDEN, "GET /events/{id}/cancellation")
async def _cancellation(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=world.cancelled_event), None


@row(EVERYONE, "GET /events/{id}", "GET /reviews/{event_id}", "GET /events/{event_id}/reviews")
@row(ORGANISER, "GET /events/{id}/stats", "GET /events/{id}/bookings")
async def _of_event(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=world.event["id"], event_id=world.event["id"]), None


@row(SIGNED_IN, "POST /bookings", "POST /book-ticket", "POST /orders")
async def _hold(world: World, path: str) -> tuple[str, Any]:
    return path, {"event": world.event["id"], "quantity": 1}


@row(SIGNED_IN, "POST /events/{id}/purchase")
async def _purchase(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=world.event["id"]), {"quantity": 1}


@row(OWNER, "GET /bookings/{id}", "DELETE /bookings/{id}", "GET /orders/{id}", "DELETE /orders/{id}")
async def _booking(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.held()), None


@row(OWNER, "POST /bookings/{id}/cancel", "PATCH /orders/{id}", "PATCH /orders/{id}/delete")
async def _cancel(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.held()), {}


@row("1.4444", "POST /payments", "POST /make-payment")
async def _pay(world: World, path: str) -> tuple[str, Any]:
    return path, {"booking_id": await world.held(), "method": "card", "details": CARD}


@row("1.4444", "POST /process-payment/{id}")
async def _process(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.held()) + "?outcome=success", {}


@row(OWNER, "GET /payments/{id}")
async def _payment(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=(await world.paid())["payment"]["id"]), None


@row(OWNER_OR_ORGANISER, "POST /refunds", "POST /revert-payment")
async def _refund(world: World, path: str) -> tuple[str, Any]:
    return path, {"booking_id": (await world.paid())["id"]}


@row(OWNER_OR_ORGANISER, "GET /refunds/{id}")
async def _show_refund(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=world.refund), None


@row(SELF, "GET /users/{id}/booking-history", "GET /notifications/{user_id}")
async def _of_user(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=world.users["buyer"].id, user_id=world.users["buyer"].id), None


@row(EVERYONE, "GET /reviews/user/{user_id}")
async def _reviews_of_user(world: World, path: str) -> tuple[str, Any]:
    return path.format(user_id=world.users["buyer"].id), None


@row(ADMINS, "PATCH /users/{id}")
async def _change_user(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=world.users["other"].id), {"role": "EVENT_MANAGER"}


@row(SIGNED_IN, "POST /profile/password")
async def _password(world: World, path: str) -> tuple[str, Any]:
    password = world.users["buyer"].password
    return path, {"current_password": password, "new_password": password}


@row("1.4444", "POST /notifications/{id}/read")
async def _read(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.notification()), {}


@row(ORGANISER, "POST /notifications")
async def _notify(world: World, path: str) -> tuple[str, Any]:
    return path, {"event": world.event["id"], "message": "Doors open at seven."}


@row("1.3333", "POST /reviews")
async def _review(world: World, path: str) -> tuple[str, Any]:
    return path, {"event": world.begun_event, "rating": 5}


# Tested with the sessions: they use up the very token that the other calls need.
APART = {("POST", "/logout"), ("POST", "/token/refresh")}


# Reading a message changes nothing that anybody would ask about.
UNAUDITED = {("POST", "/notifications/{id}/read")}


@pytest.fixture
async def world(
    api: Api,
    manager: User,
    buyer: User,
    make_user: MakeUser,
    make_event: Make,
    make_venue: Make,
    hold: Make,
    pay: Pay,
    rows: Rows,
) -> World:
    event = await make_event(capacity=900)
    counter = itertools.count(1)
    users = {
        "buyer": buyer,
        "other": await make_user(),
        "organiser": manager,
        "other_organiser": await make_user("EVENT_MANAGER"),
        "admin": await make_user("ADMIN"),
    }

    async def fresh_event() -> int:
        return int((await make_event())["id"])

    async def held() -> int:
        return int((await hold(buyer, event))["id"])

    async def paid() -> dict[str, Any]:
        booking = await hold(buyer, event)
        return {"id": booking["id"], "payment": (await pay(buyer, booking)).json}

    async def venue() -> int:
        return int((await make_venue())["id"])

    async def notification() -> int:
        (made,) = rows(
            "INSERT INTO notifications (user_id, kind, message) OUTPUT inserted.id"
            " VALUES (?, 'message', 'Hello')",
            buyer.id,
        )
        return int(made.id)

    cancelled = await fresh_event()
    await api.post(f"/events/{cancelled}/cancel", {}, token=manager.token)
    begun = await make_event()
    assert (await pay(buyer, await hold(buyer, begun))).status == 201
    rows("UPDATE events SET starts_at = created_at WHERE id = ?", begun["id"])
    refund = await api.post("/refunds", {"booking_id": (await paid())["id"]}, token=buyer.token)
    return World(
        users,
        event,
        fresh_event,
        held,
        paid,
        venue,
        cancelled,
        begun["id"],
        refund.json["id"],
        notification,
        lambda: next(counter),
    )


def endpoints() -> set[tuple[str, str]]:
    return {(endpoint.method, endpoint.path) for module in ROUTES for endpoint in module.routes.endpoints}


def test_the_table_is_whole() -> None:
    assert endpoints() - APART == TABLE.keys() & endpoints()
    assert all(len(access) == len(CALLERS) for access, _ in TABLE.values())


@pytest.mark.parametrize("caller", CALLERS)
async def test_who_may_do_what(api: Api, world: World, rows: Rows, caller: str) -> None:
    place = CALLERS.index(caller)
    token = world.users[caller].token if caller in world.users else None
    wrong = []
    for method, path in sorted(endpoints() & TABLE.keys()):
        access, request = TABLE[method, path]
        target, body = await request(world, path)
        audited = audit_lines(rows)
        reply = await api.request(method, target, body, token=token)
        expected = {"1": {401}, "3": {403}, "4": {404}, ".": {200, 201, 204}}[access[place]]
        if reply.status not in expected:
            wrong.append(f"{method} {path}: {reply.status}, not {sorted(expected)}: {reply.text[:200]}")
        written = audit_lines(rows) > audited
        if method != "GET" and (method, path) not in UNAUDITED and written != reply.ok:
            wrong.append(f"{method} {path}: {reply.status}, and the audit log says {written}")
    assert not wrong, "\n".join(wrong)


def audit_lines(rows: Rows) -> int:
    return int(rows("SELECT COUNT(*) AS lines FROM audit_log")[0].lines)
