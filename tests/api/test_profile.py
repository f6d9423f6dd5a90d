"""GET, PUT and PATCH /profile."""

from tests.kit.api import Api
from tests.kit.refusals import contents
from tests.kit.types import MakeUser, Rows
from tests.kit.users import User

FULL = {
    "name": "Ada Lovelace",
    "phone": "+31 6 12345678",
    "city": "London",
    "bio": "First\nprogrammer.",
    "locale": "en-GB",
}


async def test_ones_own(api: Api, make_user: MakeUser) -> None:
    user, other = await make_user(), await make_user("EVENT_MANAGER")
    profile = (await api.get("/profile", token=user.token)).json
    assert profile.keys() == {
        "id",
        "email",
        "name",
        "username",
        "role",
        "created_at",
        "phone",
        "city",
        "bio",
        "locale",
        "email_confirmed",
        "second_factor",
    }
    assert (profile["id"], profile["username"], profile["role"]) == (user.id, user.username, "USER")
    assert [profile[field] for field in ("phone", "city", "bio", "locale")] == [None] * 4
    assert (await api.get("/api/profile/", token=other.token)).json["id"] == other.id


async def test_put_clears_and_patch_leaves_what_is_left_out(api: Api, make_user: MakeUser) -> None:
    user, other = await make_user(), await make_user()
    before = (await api.get("/profile", token=user.token)).json
    theirs = (await api.get("/profile", token=other.token)).json
    full = {**before, **FULL}
    for method, body, after in (
        ("PUT", FULL, full),
        ("PATCH", {"city": "Paris"}, {**full, "city": "Paris"}),
        ("PATCH", {}, {**full, "city": "Paris"}),
        ("PATCH", {"phone": None, "city": "  "}, {**full, "city": "", "phone": None}),
        ("PUT", {"name": "  Ada "}, {**before, "name": "Ada"}),
    ):
        reply = await api.request(method, "/profile", body, token=user.token)
        assert (reply.status, reply.json) == (200, after)
        assert (await api.get("/profile", token=user.token)).json == after
    assert (await api.get("/profile", token=other.token)).json == theirs


async def test_refusals(api: Api, buyer: User, rows: Rows) -> None:
    before = contents(rows)
    (await api.get("/profile")).problem(401, "unauthenticated")
    for method in ("PUT", "PATCH"):
        (await api.request(method, "/profile", FULL)).problem(401, "unauthenticated")
        for body, pointer in (
            ({**FULL, "name": ""}, "/name"),
            ({**FULL, "name": None}, "/name"),
            ({**FULL, "name": "x" * 201}, "/name"),
            ({**FULL, "phone": "1" * 33}, "/phone"),
            ({**FULL, "bio": "x" * 1001}, "/bio"),
            # What is not changed here.
            ({**FULL, "role": "ADMIN"}, "/role"),
            ({**FULL, "id": 1}, "/id"),
            ({**FULL, "username": "root"}, "/username"),
            ({**FULL, "email": "new@example.com"}, "/email"),
            ({**FULL, "password": "long enough"}, "/password"),
        ):
            refused = await api.request(method, "/profile", body, token=buyer.token)
            errors = refused.problem(422, "validation_failed")["errors"]
            assert [error["pointer"] for error in errors] == [pointer]
    refused = await api.put("/profile", {"city": "London"}, token=buyer.token)
    assert [e["pointer"] for e in refused.problem(422, "validation_failed")["errors"]] == ["/name"]
    assert contents(rows) == before
