"""Seating plans are drawn, checked, imported, published and exported over the API."""

import asyncio
from typing import Any

import pytest

from tests.kit.api import Api
from tests.kit.seats import CIRCLE, STALLS, generate, publish
from tests.kit.types import MakeUser
from tests.kit.users import User


@pytest.fixture
async def layout(api: Api, manager: User) -> dict[str, Any]:
    return await generate(api, manager, STALLS, CIRCLE)


async def test_a_plan_is_stored_with_all_its_faults(api: Api, manager: User, layout: dict[str, Any]) -> None:
    rows = [row for zone in layout["zones"] for row in zone["rows"]]
    rows[0]["seats"][1]["seat_guid"] = rows[0]["seats"][0]["seat_guid"]
    rows[1]["seats"][0]["category"] = "Nowhere"
    body = {"name": "Hall", "layout": layout}
    made = await api.post("/seating-plans", body, token=manager.token)
    assert made.status == 201, made.text
    assert made.json["fault_count"] == len(made.json["faults"]) >= 2
    assert all(fault["pointer"].startswith("/zones/") for fault in made.json["faults"])
    refused = await api.post(f"/seating-plans/{made.json['id']}/publish", token=manager.token)
    assert refused.problem(422, "validation_failed")["errors"] == made.json["faults"]
    checked = await api.post("/seating-plans/check", {"layout": layout}, token=manager.token)
    assert checked.json == {"seats": 50, "faults": made.json["faults"]}


async def test_versions_keep_the_numbers_of_their_seats(
    api: Api, manager: User, layout: dict[str, Any]
) -> None:
    first = await publish(api, manager, layout)
    assert (first["version"], first["seats"], first["categories"]) == (1, 50, {"Stalls": 40, "Circle": 10})
    path = f"/seating-plans/{first['plan']}"
    rows = [row for zone in layout["zones"] for row in zone["rows"]]
    gone = rows[0]["seats"].pop(0)["seat_guid"]
    await api.put(path, {"name": "Hall", "layout": layout}, token=manager.token)
    second = (await api.post(f"{path}/publish", token=manager.token)).json
    assert (second["version"], second["seats"]) == (2, 49)
    published = (await api.get(second["layout_url"])).json
    numbers = {
        seat["seat_guid"]: seat["no"]
        for zone in published["zones"]
        for row in zone["rows"]
        for seat in row["seats"]
    }
    assert gone not in numbers
    assert sorted(numbers.values()) == list(range(1, 50))
    assert (await api.get(f"{path}/versions/1", token=manager.token)).json == first
    (await api.get(f"{path}/versions/3", token=manager.token)).problem(404, "not_found")
    (await api.get(f"{path}/versions/9999999999", token=manager.token)).problem(404, "not_found")


@pytest.mark.parametrize("form", ["bms", "pretix", "csv"])
async def test_what_is_exported_can_be_imported(
    api: Api, manager: User, layout: dict[str, Any], form: str
) -> None:
    version = await publish(api, manager, layout)
    path = f"/seating-plans/{version['plan']}/versions/1/export?format={form}"
    exported = await api.get(path, token=manager.token)
    assert exported.status == 200, exported.text
    headers = {"Content-Type": "text/csv" if form == "csv" else "application/json"}
    imported = await api.request(
        "POST",
        f"/seating-plans/import?format={form}",
        exported.text.encode(),
        headers=headers,
        token=manager.token,
    )
    assert imported.status == 200, imported.text
    assert (imported.json["seats"], imported.json["faults"]) == (50, [])


async def test_a_plan_is_changed_from_the_revision_that_was_seen(
    api: Api, manager: User, layout: dict[str, Any]
) -> None:
    body = {"name": "Hall", "layout": layout}
    made = await api.post("/seating-plans", body, token=manager.token)
    path, tag = f"/seating-plans/{made.json['id']}", made.headers["ETag"]
    seen = {"If-Match": tag}
    changed = await api.put(path, {**body, "name": "New"}, token=manager.token, headers=seen)
    assert (changed.status, changed.json["name"], changed.json["revision"]) == (200, "New", 2)
    again = await api.put(path, body, token=manager.token, headers=seen)
    again.problem(412, "precondition_failed")
    shown = await api.get(path, token=manager.token)
    assert (shown.json["layout"]["name"], shown.headers["ETag"]) == (layout["name"], changed.headers["ETag"])


async def test_a_shared_plan_is_seen_and_used_but_not_changed(
    api: Api, manager: User, make_user: MakeUser, layout: dict[str, Any]
) -> None:
    other = await make_user("EVENT_MANAGER")
    mine = await publish(api, manager, layout)
    shared = await publish(api, manager, layout, shared=True)
    listed = (await api.get("/seating-plans", token=other.token)).json
    assert [plan["id"] for plan in listed] == [shared["plan"]]
    (await api.get(f"/seating-plans/{mine['plan']}", token=other.token)).problem(404, "not_found")
    body = {"name": "Hall", "layout": layout}
    refused = await api.put(f"/seating-plans/{shared['plan']}", body, token=other.token)
    refused.problem(403, "forbidden")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        (b"{}", 422),
        (b'{"name": "Hall"}', 422),
        (b'{"name": "", "layout": {}}', 422),
        (b'{"name": "Hall", "layout": {}, "colour": 1}', 422),
        (b'{"name": "Hall", "layout": {}, "venue": 999999}', 422),
        (b'{"layout": ' + b"[" * 500 + b"]" * 500 + b"}", 422),
        (b'{"layout": "' + b"x" * (8 * 2**20) + b'"}', 413),
    ],
)
async def test_what_is_no_plan_is_refused(api: Api, manager: User, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    reply = await api.request("POST", "/seating-plans", body, headers=headers, token=manager.token)
    assert reply.status == status, reply.text
    assert (await api.get("/seating-plans", token=manager.token)).json == []


async def test_three_plans_are_worked_on_at_a_time(api: Api, manager: User) -> None:
    section = {"name": "S", "category": "C", "rows": 100, "seats_per_row": 200}
    body = {"sections": [section]}
    replies = await asyncio.gather(
        *(api.post("/seating-plans/generate", body, token=manager.token) for _ in range(6))
    )
    assert {reply.status for reply in replies} == {200, 503}
    assert [reply.status for reply in replies].count(200) == 3


async def test_the_schema_is_published(api: Api) -> None:
    reply = await api.get("/schemas/seating-plan.json")
    assert (reply.status, reply.json["$schema"]) == (200, "https://json-schema.org/draft/2020-12/schema")


@pytest.mark.parametrize("sha256", ["0" * 64, "0" * 63, "A" * 64, "x"])
async def test_an_unknown_layout_is_not_found(api: Api, sha256: str) -> None:
    (await api.get(f"/seating-layouts/{sha256}")).problem(404, "not_found")
