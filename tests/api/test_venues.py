"""Venues, also under /locations."""

import base64
from typing import Any

import pytest

from tests.kit.api import Api
from tests.kit.types import Make
from tests.kit.users import User

HALL = {
    "name": "Conference Hall",
    "location": "123 Main St",
    "capacity": 200,
    "facilities": "WiFi, Projector",
}


@pytest.mark.parametrize("path", ["/venues", "/api/venues/", "/locations", "/api/locations/"])
async def test_a_manager_adds_a_venue_that_everybody_reads(api: Api, manager: User, path: str) -> None:
    made = await api.post(path, HALL, token=manager.token)
    assert made.status == 201
    venue = made.json
    assert {name: venue[name] for name in HALL} == HALL
    assert venue.keys() == {*HALL, "id", "city", "country", "owner", "timezone", "created_at"}
    assert (venue["city"], venue["timezone"]) == (None, "UTC")
    assert venue["created_at"].endswith("Z")
    shown = await api.get(f"{path.rstrip('/')}/{venue['id']}")
    assert (shown.status, shown.json) == (200, venue)


async def test_put_clears_what_is_left_out(api: Api, manager: User, make_venue: Make) -> None:
    venue = await make_venue(country="NL", facilities="Bar")
    body = {"name": "Updated", "location": "123 Main St", "capacity": 250, "facilities": "Sound System"}
    reply = await api.put(f"/api/venues/{venue['id']}/", body, token=manager.token)
    assert reply.status == 200
    assert reply.json == {**venue, **body, "city": None, "country": None}


async def test_patch_leaves_the_rest(api: Api, manager: User, make_venue: Make) -> None:
    venue = await make_venue(facilities="Bar")
    reply = await api.patch(f"/venues/{venue['id']}", {"capacity": 5, "city": None}, token=manager.token)
    assert reply.json == {**venue, "capacity": 5, "city": None}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_others_may_not_write(api: Api, buyer: User, make_venue: Make, method: str) -> None:
    venue = await make_venue()
    path = "/venues" if method == "POST" else f"/venues/{venue['id']}"
    body = None if method == "DELETE" else HALL
    (await api.request(method, path, body)).problem(401, "unauthenticated")
    (await api.request(method, path, body, token=buyer.token)).problem(403, "forbidden")
    assert (await api.get("/venues")).json == [venue]


BAD_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"capacity": 0}, "/capacity"),
    ({"capacity": -5}, "/capacity"),
    ({"capacity": 10**30}, "/capacity"),
    ({"capacity": "200"}, "/capacity"),
    ({"capacity": True}, "/capacity"),
    ({"name": "  "}, "/name"),
    ({"name": None}, "/name"),
    ({"name": "x" * 201}, "/name"),
    ({"name": "a\x00b"}, "/name"),
    ({"facilities": "x" * 1001}, "/facilities"),
    ({"colour": "red"}, "/colour"),
    ({"id": 7}, "/id"),
]


async def test_bad_fields_are_named(api: Api, manager: User, make_venue: Make) -> None:
    venue = await make_venue()
    path = f"/venues/{venue['id']}"
    for fields, pointer in BAD_FIELDS:
        for method, where, body in (
            ("POST", "/venues", {**HALL, **fields}),
            ("PUT", path, {**HALL, **fields}),
            ("PATCH", path, fields),
        ):
            reply = await api.request(method, where, body, token=manager.token)
            problem = reply.problem(422, "validation_failed")
            assert [error["pointer"] for error in problem["errors"]] == [pointer], fields
    assert (await api.get("/venues")).json == [venue]


async def test_text_is_kept_as_it_is(api: Api, manager: User) -> None:
    names = {"name": "Théâtre '; DROP TABLE venues; -- 🎭", "location": "Ł\u0142 %_[a]", "city": "Zürich"}
    venue = (await api.post("/venues", {**names, "capacity": 1}, token=manager.token)).json
    assert {name: venue[name] for name in names} == names
    assert (await api.get("/venues", city="ZÜRICH")).json == [venue]


@pytest.mark.needs("ESCAPE")
async def test_what_is_looked_for_is_no_pattern(api: Api, make_venue: Make) -> None:
    venue = await make_venue(location="Ł\u0142 %_[a]")
    assert (await api.get("/venues", q="%_[A]")).json == [venue]
    assert (await api.get("/venues", q="[aŁ]")).json == []


async def test_the_list_by_name_and_its_filters(api: Api, make_venue: Make) -> None:
    for name, city in (("Beta", "Utrecht"), ("Alpha", "Delft"), ("Gamma", "utrecht")):
        await make_venue(name=name, city=city, location=f"{name} street")
    assert [v["name"] for v in (await api.get("/locations")).json] == ["Alpha", "Beta", "Gamma"]
    assert [v["name"] for v in (await api.get("/venues", city="UTRECHT")).json] == ["Beta", "Gamma"]
    assert [v["name"] for v in (await api.get("/venues", q="PHA STR")).json] == ["Alpha"]
    assert [v["name"] for v in (await api.get("/venues", q="amm")).json] == ["Gamma"]


async def test_pages_show_every_venue_once(api: Api, make_venue: Make) -> None:
    made = [await make_venue(name=name) for name in ("B", "A", "A", "C", "A")]
    shown, url = [], "/venues?limit=2"
    while url:
        reply = await api.get(url)
        assert len(reply.json) <= 2
        shown += reply.json
        link = reply.headers.get("Link", "")
        url = link[1 : link.index(">")] if link else ""
    assert shown == sorted(made, key=lambda venue: (venue["name"], venue["id"]))


FORGED_NUL = "cursor=" + base64.urlsafe_b64encode(rb'["a\u0000",1]').decode().rstrip("=")
FORGED_ID = "cursor=" + base64.urlsafe_b64encode(b'["a",10000000000000000000]').decode().rstrip("=")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=WzFd", "page=2", FORGED_NUL, FORGED_ID]
)
async def test_bad_queries(api: Api, query: str) -> None:
    (await api.get(f"/venues?{query}")).problem(422, "validation_failed")


@pytest.mark.parametrize("key", ["0", "999", "x", "-1", str(10**30)])
async def test_what_is_not_there(api: Api, manager: User, key: str) -> None:
    (await api.get(f"/venues/{key}")).problem(404, "not_found")
    (await api.put(f"/venues/{key}", HALL, token=manager.token)).problem(404, "not_found")
    (await api.patch(f"/venues/{key}", {"name": "x"}, token=manager.token)).problem(404, "not_found")
    (await api.delete(f"/venues/{key}", token=manager.token)).problem(404, "not_found")


async def test_delete(api: Api, manager: User, make_venue: Make) -> None:
    venue = await make_venue()
    reply = await api.delete(f"/venues/{venue['id']}", token=manager.token)
    assert (reply.status, reply.text) == (204, "")
    (await api.get(f"/venues/{venue['id']}")).problem(404, "not_found")


async def test_a_venue_with_events_stays(api: Api, manager: User, make_venue: Make, make_event: Make) -> None:
    venue = await make_venue()
    await make_event(venue=venue["id"])
    (await api.delete(f"/venues/{venue['id']}", token=manager.token)).problem(409, "venue_in_use")
    assert (await api.get(f"/venues/{venue['id']}")).json == venue


async def test_capacity_is_not_lowered_below_an_event_to_come(
    api: Api, manager: User, make_venue: Make, make_event: Make
) -> None:
    venue = await make_venue(capacity=100)
    await make_event(venue=venue["id"], capacity=40)
    refused = await api.patch(f"/venues/{venue['id']}", {"capacity": 39}, token=manager.token)
    assert refused.problem(409, "conflict")["capacity"] == 40
    assert (await api.get(f"/venues/{venue['id']}")).json == venue
    assert (await api.patch(f"/venues/{venue['id']}", {"capacity": 40}, token=manager.token)).status == 200
