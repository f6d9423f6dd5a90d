"""Where things are: the Location of what was made, and what replaces an older path.

``contract.check`` holds every reply of every test to having them. Here is where they lead.
"""

import datetime as dt

import pytest

from tests.kit.api import Api
from tests.kit.scene import Scene
from tests.kit.users import PASSWORD


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_a_location_leads_to_what_was_made(api: Api, scene: Scene, prefix: str) -> None:
    venue = await api.post(
        f"{prefix}/venues", {"name": "H", "location": "1 St", "capacity": 9}, token=scene.organiser.token
    )
    assert venue.headers["Location"] == f"{prefix}/venues/{venue.json['id']}"
    assert (await api.get(venue.headers["Location"])).json == venue.json

    booking = await api.post(f"{prefix}/bookings", {"event": scene.event["id"]}, token=scene.buyer.token)
    assert booking.headers["Location"] == f"{prefix}/bookings/{booking.json['id']}"
    shown = await api.get(booking.headers["Location"], token=scene.buyer.token)
    assert shown.json["reference"] == booking.json["reference"]


async def test_a_new_account_sees_itself_at_its_location(api: Api, scene: Scene) -> None:
    made = await api.post("/register", {"username": "kim", "password": PASSWORD})
    login = (await api.post("/login", {"username": "kim", "password": PASSWORD})).json
    shown = await api.get(made.headers["Location"], token=login["access_token"])
    assert (shown.status, shown.json["username"]) == (200, "kim")
    refused = await api.get(f"/users/{scene.buyer.id}", token=login["access_token"])
    refused.problem(403, "forbidden")


async def test_a_repeat_has_the_location_of_the_first(api: Api, scene: Scene) -> None:
    sent = {"token": scene.buyer.token, "headers": {"Idempotency-Key": "one"}}
    first, repeat = [await api.post("/bookings", {"event": scene.event["id"]}, **sent) for _ in range(2)]
    assert repeat.headers["Idempotency-Replayed"] == "true"
    assert repeat.headers["Location"] == first.headers["Location"]


@pytest.mark.parametrize(
    ("path", "successor"),
    [("/locations", "/venues"), ("/api/event/", "/api/events"), ("/locations/999", "/venues/999")],
)
async def test_an_older_path_names_its_successor(api: Api, path: str, successor: str) -> None:
    reply = await api.get(path)
    assert f'<{successor}>; rel="successor-version"' in reply.headers.getall("Link")
    since = dt.datetime.fromtimestamp(int(reply.headers["Deprecation"].removeprefix("@")), dt.UTC)
    assert since.year == 2026


async def test_a_refused_older_call_names_its_successor_too(api: Api, scene: Scene) -> None:
    refused = await api.post("/orders", {}, token=scene.buyer.token)
    refused.problem(422, "validation_failed")
    assert refused.headers["Link"] == '</bookings>; rel="successor-version"'


async def test_the_next_page_comes_first(api: Api, scene: Scene) -> None:
    await scene.make_event()
    reply = await api.get("/event?limit=1")
    following, successor = reply.headers.getall("Link")
    assert following.endswith('; rel="next"')
    assert successor == '</events>; rel="successor-version"'


async def test_todays_paths_are_not_deprecated(api: Api) -> None:
    for path in ("/events", "/events/", "/venues"):
        assert "Deprecation" not in (await api.get(path)).headers
