"""Bad ids, queries and headers, and what belongs to somebody else: refused, and nothing changes."""

import base64
import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp.test_utils import TestClient
from yarl import URL

from bms.http.endpoint import Endpoint
from bms.http.pages import encode_cursor
from tests.kit.api import Api, Reply
from tests.kit.cards import CARD
from tests.kit.refusals import ENDPOINTS, SQL_TEXTS, UNICODE_TEXTS, contents, name_of, path_of, send
from tests.kit.scene import Scene
from tests.kit.types import Make, MakeUser, Rows
from tests.kit.users import User

WITH_ID = [endpoint for endpoint in ENDPOINTS if "{" in endpoint.path]
WITH_QUERY = list({id(e.query): e for e in ENDPOINTS if e.query is not None}.values())

# As they stand in a request line, percent-encoded.
BAD_IDS = (
    "-1",
    "0",
    "00",
    "+1",
    "1.0",
    "1e5",
    "0x1",
    "1_0",
    "NaN",
    "null",
    "undefined",
    "true",
    "%20",
    "1%20",
    "%001",
    "1%00",
    "%00",
    "%FF%FE",
    "%ED%A0%80",
    "%D9%A1",
    "%EF%BC%91",
    "%C2%B2",
    "%252e%252e",
    "1%0d%0aX-Injected:%201",
    "1;drop",
    "1%27%20OR%20%271%27=%271",
    "%7Bfn%20now()%7D",
    "*",
    str(2**63),
    str(2**64),
    str(10**30),
    "9" * 5000,
    "x" * 5000,
)
QUERY_TEXTS = (
    *SQL_TEXTS,
    *UNICODE_TEXTS[:3],
    "",
    " ",
    "0",
    "-1",
    "1.5",
    "1e5",
    "1_0",
    "\u0661\u0660",
    "NaN",
    "null",
    "true",
    str(2**63),
    "9" * 5000,
    encode_cursor("1"),
    encode_cursor("1; DROP TABLE users"),
    encode_cursor(1),
    "a\x00b",
    "\x00",
    "a\r\nX-Injected: 1",
    "2027-02-30",
    "10000-01-01",
    "0001-01-01",
    "9999-12-31",
)
BAD_CURSORS = (
    "x",
    "=",
    "....",
    "\u00e9",
    "%00",
    "e30",
    base64.urlsafe_b64encode(b"[" * 300).decode(),
    *(
        encode_cursor(*position)
        for position in (
            (),
            (None,),
            (1.5,),
            (True,),
            (-1,),
            (2**63,),
            (2**64 - 1,),
            ([1],),
            ("name", -1),
            ("name", 2**63),
            ("na\x00me", 1),
            (1, "name"),
            ("name", 1, 1),
            ("date", "not a date", 1),
            ("date", "2027-01-01T00:00:00+23:00", 1),
            ("date", "2027-01-01T00:00:00", 2**63),
            ("date", "1\x00", 1),
            ("price", "NaN", 1),
            ("price", "-1", 1),
            ("rating", "9" * 30, 1),
            ("no such sort", "1", 1),
        )
    ),
)


async def call(client: TestClient, method: str, target: str, token: str | None = None) -> Reply:
    """Send a request whose target is percent-encoded already."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with client.request(method, URL(target, encoded=True), headers=headers) as response:
        return Reply(response.status, await response.text(), response.headers)


async def test_bad_ids(client: TestClient, admin: User, rows: Rows) -> None:
    before = contents(rows)
    for endpoint in WITH_ID:
        for key in BAD_IDS:
            reply = await call(client, endpoint.method, path_of(endpoint, key), admin.token)
            if endpoint.body is not None and reply.status == 422:
                # Where the body is looked at first, and something is missing in it.
                reply.problem(422, "validation_failed")
            else:
                assert reply.status == 404, (name_of(endpoint), key, reply.text)
                reply.problem(404, "not_found")
            assert "X-Injected" not in reply.headers
    assert contents(rows) == before


async def test_bad_queries(client: TestClient, admin: User, make_event: Make, rows: Rows) -> None:
    event = await make_event()
    before = contents(rows)
    for endpoint in WITH_QUERY:
        await _try_queries(client, endpoint, event, admin.token)
    rows("DELETE FROM audit_log WHERE action = 'read'")  # the admin's, with queries that are not bad
    assert contents(rows) == before


async def _try_queries(client: TestClient, endpoint: Endpoint, event: dict[str, Any], token: str) -> None:
    path = path_of(endpoint, str(event["id"]))

    async def status(query: str) -> int:
        reply = await call(client, endpoint.method, f"{path}?{query}", token)
        assert reply.status in (200, 404, 422), (path, query, reply.text)
        if reply.status == 422:
            reply.problem(422, "validation_failed")
        return reply.status

    names = endpoint.query.load_fields
    for name in names:
        for text in QUERY_TEXTS:
            await status(f"{name}={quote(text, safe='')}")
        for raw in ("%FF", "%ED%A0%80", "%", "%zz", "+", "&&", "a=b=c"):
            await status(f"{name}={raw}")
        assert await status(f"{name}=1&{name}=2") == 422, (path, name)
        assert await status(f"{name}=%00") == 422, (path, name)
    assert await status("no_such_parameter=1") == 422, path
    if "limit" in names:
        for bad in ("0", "201", "-1", "x", "", "1.0", "1e1", "1_0", "%D9%A3", "9" * 5000, "%2B5"):
            assert await status(f"limit={bad}") == 422, (path, bad)
        assert [await status(f"limit={good}") for good in (1, 200)] == [200, 200]
    if "cursor" in names:
        for cursor in BAD_CURSORS:
            assert await status(f"cursor={quote(cursor, safe='%')}") == 422, (path, cursor)


async def test_bad_idempotency_keys(api: Api, scene: Scene) -> None:
    booking = await scene.held()
    before = contents(scene.rows)
    bodies = {
        "/bookings": {"event": scene.event["id"], "quantity": 1},
        "/payments": {"booking_id": booking["id"], "method": "card", "details": CARD},
    }
    for path, body in bodies.items():
        for key in ("", " ", "a b", "x" * 201, "\u00e9", "\U0001f3ad", "a\tb", "' OR 1=1 --"):
            reply = await api.post(path, body, token=scene.buyer.token, headers={"Idempotency-Key": key})
            reply.problem(400, "malformed_request")
    assert contents(scene.rows) == before


async def test_odd_headers_do_no_harm(client: TestClient, make_user: MakeUser) -> None:
    user = await make_user()
    login = json.dumps({"username": user.username, "password": user.password}).encode()
    names = ("user_agent", "x_forwarded_for", "x_request_id", "referer", "accept", "if_none_match", "cookie")
    for value in ("\xff\xfe", "\u00e9" * 300, "\U0001f3ad" * 300, "' OR 1=1 --", "x" * 7000):
        headers = dict.fromkeys(names, value)
        reply = await send(client, "POST", "/login", login, **headers)
        assert reply.status == 200, reply.text
        assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", reply.headers["X-Request-Id"]), "one of ours instead"
        listed = await send(client, "GET", "/events", None, **headers)
        assert (listed.status, listed.json) == (200, [])


async def test_what_is_somebody_elses(api: Api, scene: Scene) -> None:
    owner, stranger, other_manager = (
        await scene.make_user(),
        await scene.make_user(),
        await scene.make_user("EVENT_MANAGER"),
    )
    event, draft = scene.event, await scene.make_event(status="DRAFT")
    booking, paid = await scene.held(by=owner), await scene.held(by=owner)
    payment = (await scene.pay(paid, by=owner)).json
    before = contents(scene.rows)
    for outsider in (stranger, other_manager):
        token = outsider.token
        for path in (f"/bookings/{booking['id']}", f"/bookings/{paid['id']}", f"/payments/{payment['id']}"):
            (await api.get(path, token=token)).problem(404, "not_found")
        (await api.delete(f"/bookings/{booking['id']}", token=token)).problem(404, "not_found")
        (await api.post(f"/bookings/{paid['id']}/cancel", {}, token=token)).problem(404, "not_found")
        (await scene.pay(booking, by=outsider)).problem(404, "not_found")
        (await api.get(f"/events/{draft['id']}", token=token)).problem(404, "not_found")
        for_another = {"event": event["id"], "quantity": 1, "user": owner.id}
        (await api.post("/bookings", for_another, token=token)).problem(403, "forbidden")
        for path in ("/bookings", "/payments"):
            assert (await api.get(path, token=token)).json == []
    for method in ("PATCH", "DELETE"):
        path = f"/events/{event['id']}"
        body = {"title": "Mine"} if method == "PATCH" else None
        (await api.request(method, path, body, token=other_manager.token)).problem(403, "forbidden")
        (await api.request(method, path, body, token=stranger.token)).problem(403, "forbidden")
        (await api.request(method, path, body)).problem(401, "unauthenticated")
    assert contents(scene.rows) == before


async def test_an_impossible_event(api: Api, manager: User, make_venue: Make, rows: Rows) -> None:
    body = {"title": "x", "starts_at": "2099-01-01T00:00:00Z", "venue": (await make_venue())["id"]}
    before = contents(rows)
    for change, pointer in (
        ({"starts_at": "2000-01-01T00:00:00Z"}, "/starts_at"),
        ({"starts_at": "9999-12-31T23:59:59.999Z", "ends_at": "2099-01-01T00:00:00Z"}, "/ends_at"),
        ({"capacity": 1_000_000}, "/capacity"),
        ({"venue": 2**62}, "/venue"),
        ({"category": "no-such"}, "/category"),
    ):
        reply = await api.post("/events", {**body, **change}, token=manager.token)
        assert [error["pointer"] for error in reply.problem(422, "validation_failed")["errors"]] == [pointer]
    assert contents(rows) == before


@pytest.mark.needs("parts of a second")
async def test_the_last_moment_there_is(
    api: Api, buyer: User, make_event: Make, hold: Make, pay: Any
) -> None:
    event = await make_event(starts_at="9999-12-31T23:59:59.999Z")
    assert event["starts_at"] == "9999-12-31T23:59:59.999Z"
    assert [listed["id"] for listed in (await api.get("/events", sort="-date")).json] == [event["id"]]
    assert (await pay(buyer, await hold(buyer, event))).status == 201
    booking = await hold(buyer, event)
    cancelled = await api.post(f"/bookings/{booking['id']}/cancel", {}, token=buyer.token)
    assert (cancelled.status, cancelled.json["status"]) == (200, "CANCELLED")
