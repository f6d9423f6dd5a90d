"""Two applications on one database: what one has changed the other never answers from memory."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bms.app import create_app
from bms.settings import Settings
from tests.kit.api import Api
from tests.kit.redis_server import RedisServer
from tests.kit.scene import Scene
from tests.kit.types import Make
from tests.kit.users import User


@pytest.fixture(params=["memory", "redis"])
def settings(settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """The settings of both applications, which share a board in a file or in Redis."""
    if request.param == "memory":
        yield settings
        return
    redis = RedisServer(tmp_path)
    yield replace(settings, redis_url=redis.url)
    redis.stop()


@pytest.fixture
async def other(settings: Settings, database_url: str, client: TestClient) -> AsyncIterator[Api]:
    """The API of a second application on the same database and the same board."""
    async with TestClient(TestServer(create_app(settings, database_url))) as test_client:
        yield Api(test_client)


@pytest.fixture
async def stranger(
    settings: Settings, database_url: str, client: TestClient, tmp_path: Path
) -> AsyncIterator[Api]:
    """The API of an application with a board of its own, which hears of nothing: as it must not be."""
    alone = replace(settings, data_dir=tmp_path / "alone", redis_url=None)
    async with TestClient(TestServer(create_app(alone, database_url))) as test_client:
        yield Api(test_client)


async def look(api: Api, event: dict[str, Any], **options: Any) -> tuple[int, int]:
    """Return how many tickets are there by the event and by the list."""
    shown = await api.get(f"/events/{event['id']}", **options)
    (listed,) = (await api.get("/events", **options)).json
    return shown.json["available"], listed["available"]


async def test_each_sale_shows_at_once_everywhere(api: Api, scene: Scene, other: Api) -> None:
    event = scene.event
    for sold in range(20):
        assert await look(api, event) == await look(other, event) == (100 - sold, 100 - sold)
        await scene.held()


async def test_without_a_common_board_it_would_not(api: Api, scene: Scene, stranger: Api) -> None:
    behind = 0
    for sold in range(20):
        behind += await look(stranger, scene.event) != (100 - sold, 100 - sold)
        await scene.held()
    assert behind


async def test_a_logout_counts_at_once_everywhere(api: Api, other: Api, make_user: Any) -> None:
    for _ in range(5):
        user = await make_user()
        for one in (api, other):
            assert (await one.get("/profile", token=user.token)).status == 200
        assert (await api.post("/logout", token=user.token)).ok
        for one in (other, api):
            (await one.get("/profile", token=user.token)).problem(401, "unauthenticated")


async def test_what_is_shown_by_other_tables_shows_at_once(
    api: Api, scene: Scene, other: Api, make_venue: Make
) -> None:
    venue = await make_venue()
    event = await scene.on_sale(venue=venue["id"])

    async def shown() -> list[Any]:
        first, second = [(await one.get(f"/events/{event['id']}")).json for one in (api, other)]
        assert first == second
        return [first["location"]["name"], first["organizer"]["name"], first["title"], first["status"]]

    before = await shown()
    await api.patch(f"/venues/{venue['id']}", {"name": "Another hall"}, token=scene.organiser.token)
    await api.patch("/profile", {"name": "Another name"}, token=scene.organiser.token)
    await api.patch(f"/events/{event['id']}", {"title": "Another title"}, token=scene.organiser.token)
    assert await shown() == ["Another hall", "Another name", "Another title", before[3]]
    await api.delete(f"/events/{event['id']}", token=scene.organiser.token)
    (await other.get(f"/events/{event['id']}")).problem(404, "not_found")


async def test_a_draft_is_kept_for_nobody(api: Api, scene: Scene, manager: User) -> None:
    event = await scene.on_sale(status="DRAFT")
    path = f"/events/{event['id']}"
    visitor = await scene.make_user()
    for _ in range(2):
        assert (await api.get(path, token=manager.token)).status == 200
        (await api.get(path)).problem(404, "not_found")
        (await api.get(path, token=visitor.token)).problem(404, "not_found")
    # An organiser who was made a user again still sees their own.
    scene.rows("UPDATE users SET role = 'USER' WHERE id = ?", manager.id)
    for _ in range(2):
        assert (await api.get(path, token=manager.token)).status == 200
        (await api.get(path)).problem(404, "not_found")
    assert len((await api.get("/events", status="DRAFT", token=manager.token)).json) == 1


async def test_a_list_is_asked_for_again_by_its_tag(api: Api, make_event: Make, manager: User) -> None:
    event = await make_event()
    for token in (None, manager.token):
        first = await api.get("/events", token=token)
        tag = first.headers["ETag"]
        again = await api.get("/events", token=token, headers={"If-None-Match": f'"other", W/{tag}'})
        assert (again.status, again.text, again.headers["ETag"]) == (304, "", tag)
        assert "Content-Type" not in again.headers
        await api.patch(f"/events/{event['id']}", {"title": f"For {token and 'me'}"}, token=manager.token)
        later = await api.get("/events", token=token, headers={"If-None-Match": tag})
        assert later.status == 200
        assert later.headers["ETag"] != tag
