"""An event that asks for confirmed addresses sells to nobody else, by whichever call they come."""

import pytest

from tests.kit.api import Api
from tests.kit.proofs import Links
from tests.kit.scene import Scene
from tests.kit.types import MakeUser, Rows
from tests.kit.users import User

CALLS = {
    "/bookings": {"quantity": 1},
    "/book-ticket": {"quantity": 1},
    "/orders": {"quantity": 1},
}


@pytest.fixture
async def stranger(register: MakeUser) -> User:
    """Somebody who has just registered."""
    return await register("Ada@Example.com")


async def test_only_a_confirmed_address_gets_tickets(
    api: Api, scene: Scene, stranger: User, links: Links, rows: Rows
) -> None:
    await scene.on_sale(requires_confirmed_email=True)
    event = scene.event["id"]
    for path, body in CALLS.items():
        (await api.post(path, {"event": event, **body}, token=stranger.token)).problem(
            403, "email_not_confirmed"
        )
    purchase = await api.post(f"/events/{event}/purchase", {"quantity": 1}, token=stranger.token)
    purchase.problem(403, "email_not_confirmed")
    assert rows("SELECT COUNT(*) AS n FROM bookings")[0].n == 0
    token = links.confirmation("Ada@Example.com")
    assert (await api.post("/email/confirm", {"token": token})).status == 204
    held = await api.post("/bookings", {"event": event, "quantity": 1}, token=stranger.token)
    assert held.status == 201, held.text


async def test_other_events_sell_to_everybody(api: Api, scene: Scene, stranger: User) -> None:
    strict = await scene.make_event(requires_confirmed_email=True)
    assert scene.event["requires_confirmed_email"] is False
    assert strict["requires_confirmed_email"] is True
    body = {"event": scene.event["id"], "quantity": 1}
    assert (await api.post("/bookings", body, token=stranger.token)).status == 201


async def test_an_organiser_changes_their_mind(api: Api, scene: Scene, stranger: User) -> None:
    body = {"event": scene.event["id"], "quantity": 1}
    path = f"/events/{scene.event['id']}"
    for asks, status in ((True, 403), (False, 201)):
        changed = await api.patch(path, {"requires_confirmed_email": asks}, token=scene.organiser.token)
        assert changed.json["requires_confirmed_email"] is asks
        assert (await api.post("/bookings", body, token=stranger.token)).status == status


async def test_an_admin_answers_for_whom_they_book_for(
    api: Api, scene: Scene, make_user: MakeUser, stranger: User
) -> None:
    await scene.on_sale(requires_confirmed_email=True)
    admin = await make_user("ADMIN")
    body = {"event": scene.event["id"], "quantity": 1, "user": stranger.id}
    assert (await api.post("/bookings", body, token=admin.token)).status == 201
