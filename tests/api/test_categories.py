"""Categories."""

from typing import Any

from tests.kit.api import Api
from tests.kit.types import MakeUser
from tests.kit.users import User


async def test_an_admin_adds_categories_and_everybody_lists_them(api: Api, admin: User) -> None:
    made = await api.post("/categories", {"name": "Théâtre & Dance"}, token=admin.token)
    assert made.status == 201
    assert made.json == {"id": made.json["id"], "slug": "theatre-dance", "name": "Théâtre & Dance"}
    other = await api.post("/categories", {"name": "Musik", "slug": "music"}, token=admin.token)
    assert other.json["slug"] == "music"
    assert (await api.get("/api/categories/")).json == [other.json, made.json]


async def test_the_list_has_pages(api: Api, admin: User) -> None:
    for name in ("Bee", "Ant", "Cat"):
        await api.post("/categories", {"name": name}, token=admin.token)
    first = await api.get("/categories", limit=2)
    assert [entry["slug"] for entry in first.json] == ["ant", "bee"]
    link = first.headers["Link"]
    second = await api.get(link[1 : link.index(">")])
    assert [entry["slug"] for entry in second.json] == ["cat"]
    assert "Link" not in second.headers


async def test_a_slug_is_taken_once(api: Api, admin: User) -> None:
    assert (await api.post("/categories", {"name": "Concert"}, token=admin.token)).status == 201
    again = await api.post("/categories", {"name": "CONCERT!"}, token=admin.token)
    again.problem(409, "category_exists")
    assert len((await api.get("/categories")).json) == 1


async def test_only_admins_add(api: Api, make_user: MakeUser) -> None:
    (await api.post("/categories", {"name": "x"})).problem(401, "unauthenticated")
    for role in ("USER", "EVENT_MANAGER"):
        user = await make_user(role)
        (await api.post("/categories", {"name": "x"}, token=user.token)).problem(403, "forbidden")
    assert (await api.get("/categories")).json == []


BAD_BODIES: list[tuple[dict[str, Any], str]] = [
    ({}, "/name"),
    ({"name": ""}, "/name"),
    ({"name": 5}, "/name"),
    ({"name": "音楽"}, "/slug"),
    ({"name": "2024"}, "/slug"),
    ({"name": "x", "slug": "Not A Slug"}, "/slug"),
    ({"name": "x", "slug": "a--b"}, "/slug"),
    ({"name": "x", "slug": "x" * 65}, "/slug"),
    ({"name": "x", "colour": "red"}, "/colour"),
]


async def test_bad_fields_are_named(api: Api, admin: User) -> None:
    for body, pointer in BAD_BODIES:
        reply = await api.post("/categories", body, token=admin.token)
        problem = reply.problem(422, "validation_failed")
        assert [error["pointer"] for error in problem["errors"]] == [pointer], body
