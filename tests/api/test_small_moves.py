"""An event that drifts away: many moves, each too small to give the money back, are as good as a far one."""

import datetime as dt
from typing import Any

import orjson
import pytest

from tests.kit.scene import Scene
from tests.kit.types import Make
from tests.kit.users import User

NOTHING = {"percent": 0}
BACK = "You can have all of the price back until"


@pytest.fixture
async def drifting(scene: Scene) -> Scene:
    start = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=30)
    await scene.on_sale(starts_at=start.isoformat(), refund_policy=NOTHING)
    return scene


async def move(scene: Scene, minutes: float, **changes: Any) -> None:
    """Move the scene's event to so many minutes from its first start, and let the mails be written."""
    start = dt.datetime.fromisoformat(scene.event["starts_at"]) + dt.timedelta(minutes=minutes)
    body = {"starts_at": start.isoformat(), **changes}
    reply = await scene.api.patch(f"/events/{scene.event['id']}", body, token=scene.organiser.token)
    assert reply.status == 200, reply.text


async def rule(scene: Scene, booking: dict[str, Any], by: User | None = None) -> str:
    path = f"/bookings/{booking['id']}/refund-preview"
    shown: str = (await scene.api.get(path, token=(by or scene.buyer).token)).json["rule"]
    return shown


def told(scene: Scene, user: User) -> list[bool]:
    """Return of each mail about a change whether it says that the money comes back; so does its notice."""
    mails = scene.rows(
        "SELECT payload FROM outbox WHERE kind = 'event_updated' AND recipient = ? ORDER BY id", user.email
    )
    said = [orjson.loads(mail.payload)["refundable"] for mail in mails]
    notices = scene.rows(
        "SELECT message FROM notifications WHERE kind = 'event_updated' AND user_id = ? ORDER BY id", user.id
    )
    assert [BACK in notice.message for notice in notices] == said
    return said


@pytest.mark.parametrize("step", [20, -20, 59, -7])
async def test_the_move_that_passes_the_hour_gives_the_money_back_and_says_so(
    drifting: Scene, step: int
) -> None:
    scene = drifting
    booking = await scene.paid(2)
    steps = 60 // abs(step)
    for count in range(1, steps + 1):
        await move(scene, count * step)
        assert await rule(scene, booking) == "none", count * step
    await move(scene, (steps + 1) * step)
    assert await rule(scene, booking) == "full"
    assert told(scene, scene.buyer) == [False] * steps + [True]
    cancelled = await scene.cancel(booking)
    assert cancelled.json["refund_due"] == "50.00"
    await scene.check()


async def test_who_booked_on_the_way_counts_from_there(drifting: Scene) -> None:
    scene = drifting
    first = await scene.paid()
    await move(scene, 40)
    late = await scene.make_user()
    second = await scene.paid(by=late)
    await move(scene, 80)
    assert (await rule(scene, first), await rule(scene, second, late)) == ("full", "none")
    assert (told(scene, scene.buyer), told(scene, late)) == ([False, True], [False])
    await move(scene, 101)
    assert (await rule(scene, first), await rule(scene, second, late)) == ("full", "full")
    assert (told(scene, scene.buyer), told(scene, late)) == ([False, True, True], [False, True])


async def test_what_a_mail_has_said_stays_when_the_event_drifts_back(drifting: Scene) -> None:
    scene = drifting
    booking = await scene.paid()
    for minutes in (40, 80, 40, 0):
        await move(scene, minutes)
    assert await rule(scene, booking) == "full"
    assert told(scene, scene.buyer) == [False, True, True, True]


async def test_a_hold_counts_from_its_own_start_too(drifting: Scene) -> None:
    scene = drifting
    booking = await scene.held()
    await move(scene, 31)
    await move(scene, 62)
    assert (await scene.pay(booking)).status == 201
    assert await rule(scene, booking) == "full"


async def test_who_has_booked_twice_is_told_of_which_booking(drifting: Scene) -> None:
    scene = drifting
    first = await scene.paid()
    await move(scene, 40)
    second = await scene.paid()
    await move(scene, 80)
    assert (await rule(scene, first), await rule(scene, second)) == ("full", "none")
    mails = scene.rows("SELECT payload FROM outbox WHERE kind = 'event_updated' ORDER BY id")
    said = [orjson.loads(mail.payload) for mail in mails]
    assert [(mail["reference"], mail["refundable"]) for mail in said] == [
        (first["reference"], False),
        (first["reference"], True),
    ]
    notices = scene.rows("SELECT message FROM notifications WHERE kind = 'event_updated' ORDER BY id")
    assert f"You can have all of the price of booking {first['reference']} back until" in notices[-1].message
    assert second["reference"] not in notices[-1].message


async def test_the_time_in_the_notice_is_that_of_the_events_clocks(scene: Scene) -> None:
    await scene.on_sale(starts_at="2035-06-01T19:30:00", timezone="Asia/Kolkata", refund_policy=NOTHING)
    await scene.paid()
    await move(scene, 90)
    (notice,) = scene.rows("SELECT message FROM notifications WHERE kind = 'event_updated'")
    assert f"{BACK} Friday 1 June 2035, 21:00 (Asia/Kolkata, UTC+5:30)" in notice.message


@pytest.mark.parametrize(
    ("change", "refundable"),
    [({"location": "Via Roma 1, Rome"}, True), ({"location": "MAIN STREET 1, Berlin"}, False)],
)
async def test_a_venue_without_a_city_has_moved_with_its_address(
    scene: Scene, make_venue: Make, change: dict[str, Any], refundable: bool
) -> None:
    venue = await make_venue(city=None, location="Main Street 1, Berlin")
    await scene.on_sale(venue=venue["id"], refund_policy=NOTHING)
    booking = await scene.paid()
    reply = await scene.api.patch(f"/venues/{venue['id']}", change, token=scene.organiser.token)
    assert reply.status == 200, reply.text
    assert await rule(scene, booking) == ("full" if refundable else "none")
    assert told(scene, scene.buyer) == [refundable]


async def test_an_address_is_corrected_after_a_far_move(scene: Scene, make_venue: Make) -> None:
    """What was said before is said again: it still holds."""
    venue = await make_venue(city="Utrecht", location="1 Main Street")
    start = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=30)
    await scene.on_sale(venue=venue["id"], starts_at=start.isoformat(), refund_policy=NOTHING)
    booking = await scene.paid()
    await move(scene, 90)
    change = {"location": "2 Main Street"}
    reply = await scene.api.patch(f"/venues/{venue['id']}", change, token=scene.organiser.token)
    assert reply.status == 200, reply.text
    assert await rule(scene, booking) == "full"
    assert told(scene, scene.buyer) == [True, True]
