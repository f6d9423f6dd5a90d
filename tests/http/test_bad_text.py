"""Text that looks like SQL, and text in any script, is kept and returned as it is and does nothing else."""

import itertools

from tests.kit.api import Api
from tests.kit.refusals import SQL_TEXTS, UNICODE_TEXTS, contents, pages
from tests.kit.servers import Server
from tests.kit.types import Make, MakeUser, Rows
from tests.kit.users import PASSWORD, User

TEXTS = SQL_TEXTS + UNICODE_TEXTS


def tables(rows: Rows) -> set[str]:
    return set(contents(rows))


def can_find(server: Server, text: str) -> bool:
    """Tell whether ``server`` finds text that holds a character with a meaning in patterns."""
    return "ESCAPE" not in server.lacking or not set(text) & set("!%_[")


async def test_a_profile(api: Api, buyer: User, rows: Rows) -> None:
    everything = tables(rows)
    for text, method in itertools.product(TEXTS, ("PUT", "PATCH")):
        body = {"name": text, "phone": text[:32].strip(), "city": text, "bio": f"{text}\n\t{text}"}
        changed = await api.request(method, "/profile", body, token=buyer.token)
        assert changed.status == 200, changed.text
        shown = (await api.get("/profile", token=buyer.token)).json
        assert shown == changed.json
        assert {field: shown[field] for field in body} == body
    assert tables(rows) == everything


async def test_a_registration(api: Api, rows: Rows) -> None:
    for number, text in enumerate(TEXTS):
        body = {"name": text, "username": f"u{number}", "password": f"{text} and long enough"[-60:].strip()}
        made = await api.post("/register", body)
        if len(body["password"].encode()) > 72:
            made.problem(422, "validation_failed")
            continue
        assert (made.status, made.json["name"]) == (201, text)
        login = {"username": f"u{number}", "password": body["password"]}
        assert (await api.post("/login", login)).status == 200
    assert rows("SELECT COUNT(*) FROM outbox")[0][0] == 0


async def test_a_login_name_and_password(api: Api, make_user: MakeUser, rows: Rows) -> None:
    user = await make_user()
    before = contents(rows)
    for text in TEXTS:
        for field in ("username", "email"):
            wrong = await api.post("/login", {field: text, "password": PASSWORD})
            wrong.problem(401, "invalid_credentials")
    for text in TEXTS[:5]:
        wrong = await api.post("/login", {"username": user.username, "password": text})
        wrong.problem(401, "invalid_credentials")
    after = contents(rows)
    assert after == before


async def test_a_venue(api: Api, manager: User, rows: Rows, server: Server) -> None:
    for text in TEXTS:
        body = dict.fromkeys(("name", "location", "city", "country", "facilities"), text)
        made = await api.post("/venues", {**body, "capacity": 10}, token=manager.token)
        assert made.status == 201, made.text
        shown = (await api.get(f"/venues/{made.json['id']}")).json
        assert {field: shown[field] for field in body} == body
        # Found by itself, and by nothing that it would match as a pattern.
        for query in ({"q": text}, {"city": text}):
            if "q" in query and not can_find(server, text):
                continue
            found = (await api.get("/venues", **query)).json
            assert made.json["id"] in [venue["id"] for venue in found]
            if "q" in query:
                assert all(text.casefold() in venue["name"].casefold() for venue in found), query
    assert rows("SELECT COUNT(*) FROM venues")[0][0] == len(TEXTS)
    # The cursor of this list holds a name, so that each of these stands in one.
    assert len(await pages(api, "/venues?limit=1")) == len(TEXTS)


async def test_a_category(api: Api, make_user: MakeUser) -> None:
    admin = await make_user("ADMIN")
    for number, text in enumerate(TEXTS):
        made = await api.post("/categories", {"name": text, "slug": f"c{number}"}, token=admin.token)
        assert (made.status, made.json["name"]) == (201, text)
    assert {category["name"] for category in await pages(api, "/categories?limit=7")} >= set(TEXTS)


async def test_an_event(api: Api, manager: User, make_venue: Make, make_event: Make, server: Server) -> None:
    venue = (await make_venue())["id"]
    made = {}
    for text in TEXTS:
        types = [{"name": text, "price": "1.00", "capacity": 5}]
        event = await make_event(title=text, description=text, venue=venue, ticket_types=types)
        shown = (await api.get(f"/events/{event['id']}")).json
        assert (shown["title"], shown["description"], shown["ticket_types"][0]["name"]) == (text, text, text)
        if can_find(server, text):
            made[event["id"]] = text
    for key, text in made.items():
        found = (await api.get("/events", q=text)).json
        assert key in [event["id"] for event in found]
        assert all(text.casefold() in event["title"].casefold() for event in found), text
    older = {"name": "x", "date": "2099-01-01T10:00:00Z", "max_tickets": 3}
    for text in TEXTS:
        event = (await api.post("/api/events/", {**older, "location": text}, token=manager.token)).json
        assert event["location"]["address"] == text


async def test_the_reason_of_a_cancellation(api: Api, buyer: User, make_event: Make, hold: Make) -> None:
    event = await make_event(capacity=1000)
    for text in TEXTS:
        booking = await hold(buyer, event)
        path = f"/bookings/{booking['id']}"
        cancelled = await api.post(f"{path}/cancel", {"reason": text}, token=buyer.token)
        assert (cancelled.status, cancelled.json["cancel_reason"]) == (200, text)
        assert (await api.get(path, token=buyer.token)).json["cancel_reason"] == text


async def test_the_details_of_a_payment(api: Api, buyer: User, make_event: Make, hold: Make) -> None:
    event = await make_event(capacity=1000)
    for text in TEXTS:
        booking = await hold(buyer, event)
        for method, details in (("netbanking", {"bank": text[:64]}), ("wallet", {"wallet_id": text[:64]})):
            body = {"booking_id": booking["id"], "method": method, "details": details}
            reply = await api.post("/payments", body, token=buyer.token)
            assert reply.status in (201, 402, 409), reply.text
        assert (await api.get(f"/bookings/{booking['id']}", token=buyer.token)).status == 200
