"""What creates or sends, sent twice under one Idempotency-Key: a lost reply makes nobody do it twice."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bms.http.call import WITHOUT_TOKEN, Access
from tests.kit.api import Api, Reply
from tests.kit.books import count
from tests.kit.refusals import ENDPOINTS
from tests.kit.scene import Scene
from tests.kit.types import Rows
from tests.kit.users import User

# A repeat of these does no more than the first, with or without a key.
REPEATABLE = {
    # They store nothing.
    *("seating_plans.check", "seating_plans.generate", "seating_plans.import"),
    # What is so already stays so.
    *("seating.block", "seating.unblock", "seating.reseat", "seating.reseat_event"),
    # Their guards take only what was given up.
    *("mails.retry", "refunds.retry", "refunds.settle"),
    "accounts.password",  # the old password is no longer right
    "bookings.cancel.post",
    "event_cancellation.cancel",
    "notifications.read",
    "users.logout",
    # Their replies hold secrets, which must not be stored. The last secret that was prepared counts.
    "users.begin_second_factor",
    "users.confirm_second_factor",  # there is nothing to confirm any more
}

Request = tuple[User, str, dict[str, Any], str]


@pytest.fixture
def requests(scene: Scene, admin: User, rows: Rows) -> dict[str, Callable[[], Awaitable[Request]]]:
    """By name: who posts what where, and the table that gets the row."""
    organiser, buyer = scene.organiser, scene.buyer

    async def venue() -> Request:
        return organiser, "/venues", {"name": "Ahoy", "location": "Rotterdam", "capacity": 900}, "venues"

    async def category() -> Request:
        return admin, "/categories", {"name": "Circus"}, "categories"

    async def event() -> Request:
        body = {
            "title": "Twice?",
            "venue": scene.event["venue"],
            "starts_at": "2031-05-01T18:00:00Z",
            "capacity": 10,
            "price": "5.00",
        }
        return organiser, "/events", body, "events"

    async def to_holders() -> Request:
        await scene.paid()
        return (
            organiser,
            "/notifications",
            {"event": scene.event["id"], "message": "Doors at 7"},
            "announcements",
        )

    async def to_user() -> Request:
        return admin, "/notifications", {"user": buyer.id, "message": "Hello"}, "notifications"

    async def review() -> Request:
        await scene.paid()
        rows("UPDATE events SET starts_at = '2020-01-01' WHERE id = ?", scene.event["id"])
        return buyer, "/reviews", {"event": scene.event["id"], "rating": 5}, "announcements"

    async def address() -> Request:
        body = {"email": "new@example.com", "password": buyer.password}
        return buyer, "/profile/email", body, "announcements"

    async def confirmation() -> Request:
        rows("UPDATE users SET email_confirmed_at = NULL WHERE id = ?", buyer.id)
        return buyer, "/email/resend", {}, "announcements"

    async def more_time() -> Request:
        # The audit log has one row for each time that the hold became longer.
        return buyer, f"/bookings/{(await scene.held())['id']}/extend", {}, "audit_log"

    made = (venue, category, event, to_holders, to_user, review, address, confirmation, more_time)
    return {make.__name__: make for make in made}


async def post(api: Api, request: Request, key: str | None = "a-key", **changes: Any) -> Reply:
    who, path, body, _ = request
    headers = {} if key is None else {"Idempotency-Key": key}
    return await api.post(path, {**body, **changes}, token=who.token, headers=headers)


NAMES = (
    "venue",
    "category",
    "event",
    "to_holders",
    "to_user",
    "review",
    "address",
    "confirmation",
    "more_time",
)


@pytest.mark.needs("text in OPENJSON")
@pytest.mark.parametrize("name", NAMES)
async def test_sent_twice(api: Api, rows: Rows, requests: Any, name: str) -> None:
    request = await requests[name]()
    before = count(rows, request[3])
    first = await post(api, request)
    assert first.status in (200, 201, 202), first.text
    assert "Idempotency-Replayed" not in first.headers
    again = await post(api, request)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers.get("Location") == first.headers.get("Location")
    assert count(rows, request[3]) == before + 1
    # Another request under the key is refused, and so is the same one with a query.
    for other in (post(api, request, more=1), post(api, (request[0], f"{request[1]}?a=1", *request[2:]))):
        assert (await other).status == 422
    field = {
        "venue": "name",
        "category": "name",
        "event": "title",
        "review": "comment",
        "address": "email",
    }.get(name, "message")
    (await post(api, request, **{field: "different@example.com"})).problem(422, "idempotency_key_reused")
    assert count(rows, request[3]) == before + 1


@pytest.mark.parametrize("name", NAMES)
async def test_sent_twice_at_once(api: Api, rows: Rows, requests: Any, name: str) -> None:
    request = await requests[name]()
    before = count(rows, request[3])
    replies = await asyncio.gather(*(post(api, request) for _ in range(5)))
    assert {reply.status for reply in replies} <= {200, 201, 202}
    assert len({reply.text for reply in replies}) == 1
    assert count(rows, request[3]) == before + 1


@pytest.mark.parametrize("name", ["venue", "to_holders"])
async def test_without_a_key_it_is_done_twice(api: Api, rows: Rows, requests: Any, name: str) -> None:
    """The twin: the key is what holds."""
    request = await requests[name]()
    before = count(rows, request[3])
    for _ in range(2):
        assert (await post(api, request, None)).status == 201
    assert count(rows, request[3]) == before + 2


async def test_a_refused_request_keeps_no_key(api: Api, scene: Scene, requests: Any, rows: Rows) -> None:
    request = await requests["review"]()
    rows("UPDATE events SET starts_at = '2099-01-01' WHERE id = ?", scene.event["id"])
    (await post(api, request)).problem(409, "event_not_begun")
    rows("UPDATE events SET starts_at = '2020-01-01' WHERE id = ?", scene.event["id"])
    assert (await post(api, request)).status == 201


def test_every_post_of_a_caller_heeds_the_key() -> None:
    heedless = {
        endpoint.operation
        for endpoint in ENDPOINTS
        if endpoint.method == "POST"
        and endpoint.access not in (Access.ANYONE, *WITHOUT_TOKEN)
        and "Idempotency-Key" not in endpoint.headers
    }
    assert heedless == REPEATABLE
