"""What an organiser may send, and how many events to come they may have."""

import dataclasses

import pytest
from aiohttp import web

from bms.cache.counters import FileCounters
from bms.http import keys
from bms.settings import Settings
from tests.kit.api import Api, Reply
from tests.kit.scene import Scene
from tests.kit.types import Make, MakeUser
from tests.kit.users import User
from tests.limits.conftest import Clock


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return dataclasses.replace(settings, events_per_manager=3)


@pytest.fixture
def app(app: web.Application, settings: Settings, clock: Clock) -> web.Application:
    app[keys.COUNTERS] = FileCounters(settings.data_dir / "counters", clock=clock)
    return app


def test_the_defaults() -> None:
    own = Settings()
    assert (own.events_per_manager, own.rate_messages_per_event) == (200, (10, 600))
    assert own.rate_messages_per_organizer == (50, 120)


async def message(scene: Scene, event: int, by: User | None = None) -> Reply:
    body = {"event": event, "message": "Doors open at seven."}
    return await scene.api.post("/notifications", body, token=(by or scene.organiser).token)


async def test_messages_about_an_event_are_limited(scene: Scene, make_user: MakeUser, clock: Clock) -> None:
    for _ in range(10):
        assert (await message(scene, scene.event["id"])).status == 201
    refused = await message(scene, scene.event["id"])
    refused.problem(429, "too_many_requests")
    assert refused.headers["Retry-After"] == "600"
    assert refused.headers["RateLimit-Policy"] == '"event";q=10;w=6000'
    assert scene.count("announcements", "kind = 'notification.sent'") in (0, 10)
    # An admin has a counter of their own, and another event has one too.
    assert (await message(scene, scene.event["id"], await make_user("ADMIN"))).status == 201
    other = await scene.make_event()
    reply = await message(scene, other["id"])
    assert reply.status == 201
    assert reply.headers["RateLimit"] == '"event";r=9;t=600, "organizer";r=39;t=120'
    clock.now += 600
    assert (await message(scene, scene.event["id"])).status == 201


async def test_nobody_uses_up_what_the_organiser_may_send(scene: Scene, make_user: MakeUser) -> None:
    stranger = await make_user("EVENT_MANAGER")
    for _ in range(11):
        assert (await message(scene, scene.event["id"], stranger)).status in (403, 429)
    assert (await message(scene, scene.event["id"])).status == 201


async def test_all_messages_of_an_organiser_are_limited(scene: Scene, settings: Settings) -> None:
    # Events that do not exist count as well: the limit is of what is asked.
    for event in range(1000, 1050):
        assert (await message(scene, event)).status == 404
    (await message(scene, scene.event["id"])).problem(429, "too_many_requests")


async def test_a_manager_has_so_many_events_to_come(
    api: Api, manager: User, make_user: MakeUser, make_event: Make, make_venue: Make
) -> None:
    events = [await make_event(), await make_event(status="DRAFT"), await make_event()]
    venue = (await make_venue())["id"]
    body = {"title": "One more", "venue": venue, "starts_at": "2099-08-01T19:30:00Z"}
    body |= {"capacity": 1, "price": "1"}
    refused = await api.post("/events", body, token=manager.token)
    refused.problem(409, "event_quota")
    # Another manager has their own, an admin has no quota, and a cancelled event is none to come.
    assert (await api.post("/events", body, token=(await make_user("EVENT_MANAGER")).token)).status == 201
    admin = await make_user("ADMIN")
    for _ in range(4):
        assert (await api.post("/events", body, token=admin.token)).status == 201
    assert (await api.post(f"/events/{events[0]['id']}/cancel", {}, token=manager.token)).ok
    assert (await api.post("/events", body, token=manager.token)).status == 201
    (await api.post("/events", body, token=manager.token)).problem(409, "event_quota")
