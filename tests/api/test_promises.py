"""What was promised when tickets were booked: the refund rule, the start and the place."""

import datetime as dt
from typing import Any

import pytest

from tests.kit.api import Api, Reply
from tests.kit.scene import Scene
from tests.kit.types import Make
from tests.kit.users import User

NOTHING = {"full_until_hours": 8784, "percent": 0, "none_from_hours": 8784}
STRICT = {"full_until_hours": 720, "percent": 50, "none_from_hours": 24}


def ahead(**delta: float) -> str:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(**delta)
    return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")


async def change(scene: Scene, **changes: Any) -> Reply:
    return await scene.api.patch(f"/events/{scene.event['id']}", changes, token=scene.organiser.token)


async def preview(scene: Scene, booking: dict[str, Any]) -> dict[str, Any]:
    reply = await scene.api.get(f"/bookings/{booking['id']}/refund-preview", token=scene.buyer.token)
    assert reply.status == 200, reply.text
    shown: dict[str, Any] = reply.json
    return shown


async def refund(scene: Scene, booking: dict[str, Any]) -> str:
    """Cancel the booking and return what is refunded, which the preview has said before."""
    told = await preview(scene, booking)
    reply = await scene.cancel(booking)
    assert reply.status == 200, reply.text
    amount: str = reply.json["refund_due"]
    assert told["amount"] == amount
    await scene.check()
    return amount


@pytest.mark.parametrize(
    "worse",
    [
        NOTHING,
        {"percent": 0},
        {"full_until_hours": 99_999_999, "percent": 10},
        {"full_until_hours": 2000, "none_from_hours": 2000},
    ],
)
async def test_a_rule_that_gets_worse_takes_nothing_from_earlier_buyers(
    scene: Scene, worse: dict[str, int]
) -> None:
    await scene.on_sale(starts_at=ahead(days=60))
    booking = await scene.paid(2)
    if worse == {"percent": 0}:
        worse = {"full_until_hours": 99_999_999, "percent": 0}
    assert (await change(scene, refund_policy=worse)).status == 200
    assert await refund(scene, booking) == "50.00"
    later = await scene.paid(2)
    assert await refund(scene, later) in ("0.00", "5.00")


async def test_a_rule_that_gets_better_is_for_everybody(scene: Scene) -> None:
    await scene.on_sale(starts_at=ahead(days=60), refund_policy=NOTHING)
    booking = await scene.paid(2)
    assert (await preview(scene, booking))["rule"] == "none"
    better = {"full_until_hours": 9000, "percent": 30, "none_from_hours": 24}
    assert (await change(scene, refund_policy=better)).status == 200
    told = await preview(scene, booking)
    assert (told["rule"], told["amount"]) == ("part", "15.00")
    assert await refund(scene, booking) == "15.00"


async def test_the_promise_counts_from_its_own_start(scene: Scene) -> None:
    """Half an hour earlier is no move, but it must not push a buyer over the edge of the rule."""
    event = await scene.on_sale(
        starts_at=ahead(days=2, minutes=20), refund_policy={"full_until_hours": 48, "percent": 0}
    )
    booking = await scene.paid()
    earlier = ahead(days=2, minutes=-20)
    assert (await change(scene, starts_at=earlier)).status == 200
    told = await preview(scene, booking)
    assert told["rule"] == "full"
    until = dt.datetime.fromisoformat(told["until"])
    assert until == dt.datetime.fromisoformat(event["starts_at"]) - dt.timedelta(hours=48)
    assert await refund(scene, booking) == "25.00"


@pytest.mark.parametrize("minutes", [61, -61, 60 * 24 * 20])
async def test_moved_far_in_time_all_is_refunded_until_the_new_start(scene: Scene, minutes: int) -> None:
    event = await scene.on_sale(starts_at=ahead(days=30), refund_policy=NOTHING)
    booking = await scene.paid(2)
    start = dt.datetime.fromisoformat(event["starts_at"]) + dt.timedelta(minutes=minutes)
    assert (await change(scene, starts_at=start.isoformat())).status == 200
    told = await preview(scene, booking)
    assert (told["rule"], told["amount"]) == ("full", "50.00")
    assert dt.datetime.fromisoformat(told["until"]) == start
    later = await scene.paid()
    assert (await preview(scene, later))["rule"] == "none", "who books now knows the time"
    assert await refund(scene, booking) == "50.00"


@pytest.mark.parametrize("minutes", [60, -60, 1])
async def test_an_hour_is_no_other_time(scene: Scene, minutes: int) -> None:
    event = await scene.on_sale(starts_at=ahead(days=30), refund_policy=NOTHING)
    booking = await scene.paid()
    start = dt.datetime.fromisoformat(event["starts_at"]) + dt.timedelta(minutes=minutes)
    assert (await change(scene, starts_at=start.isoformat())).status == 200
    assert (await preview(scene, booking))["rule"] == "none"


async def test_many_small_moves_are_one_far_move(scene: Scene) -> None:
    event = await scene.on_sale(starts_at=ahead(days=30), refund_policy=NOTHING)
    booking = await scene.paid()
    for minutes in (40, 80):
        start = dt.datetime.fromisoformat(event["starts_at"]) + dt.timedelta(minutes=minutes)
        assert (await change(scene, starts_at=start.isoformat())).status == 200
    assert await refund(scene, booking) == "25.00"


async def test_moved_away_and_back_what_the_mail_said_holds(scene: Scene) -> None:
    event = await scene.on_sale(starts_at=ahead(days=30), refund_policy=NOTHING)
    booking = await scene.paid()
    assert (await change(scene, starts_at=ahead(days=40))).status == 200
    assert (await change(scene, starts_at=event["starts_at"])).status == 200
    assert await refund(scene, booking) == "25.00"


async def test_at_another_venue_all_is_refunded(scene: Scene, make_venue: Make) -> None:
    await scene.on_sale(starts_at=ahead(days=30), refund_policy=NOTHING)
    booking = await scene.paid()
    elsewhere = await make_venue(city="Utrecht")
    assert (await change(scene, venue=elsewhere["id"])).status == 200
    assert await refund(scene, booking) == "25.00"


@pytest.mark.parametrize(
    "start", [{"hours": 20}, {"hours": 23.9}, {"hours": 2}, {"minutes": 5}], ids=lambda delta: str(delta)
)
async def test_a_start_that_is_booked_does_not_come_near(scene: Scene, start: dict[str, float]) -> None:
    await scene.on_sale(starts_at=ahead(days=30))
    assert (await change(scene, starts_at=ahead(hours=30))).status == 200, "nobody has booked"
    assert (await change(scene, starts_at=ahead(days=30))).status == 200
    await scene.held()
    (await change(scene, starts_at=ahead(**start))).problem(409, "start_too_near")
    assert (await change(scene, starts_at=ahead(hours=25))).status == 200
    assert (await change(scene, starts_at=ahead(hours=26))).status == 200, "later is always possible"


async def test_when_all_have_cancelled_it_may_come_near(scene: Scene) -> None:
    await scene.on_sale(starts_at=ahead(days=30))
    booking = await scene.held()
    await scene.cancel(booking)
    assert (await change(scene, starts_at=ahead(hours=2))).status == 200


@pytest.mark.parametrize("start", [{"hours": 1}, {"days": 100}])
async def test_a_start_that_was_booked_stays_once_it_has_begun(scene: Scene, start: dict[str, float]) -> None:
    await scene.on_sale(starts_at=ahead(days=30))
    booking = await scene.paid()
    past = "UPDATE events SET starts_at = DATEADD(MINUTE, -10, SYSUTCDATETIME()) WHERE id = ?"
    scene.rows(past, scene.event["id"])
    (await change(scene, starts_at=ahead(**start))).problem(409, "event_begun")
    assert (await change(scene, title="Begun")).status == 200
    await scene.cancel(booking, by=await scene.make_user("ADMIN"))
    (await change(scene, starts_at=ahead(**start))).problem(409, "event_begun")


async def test_a_draft_moves_freely(scene: Scene) -> None:
    await scene.on_sale(starts_at=ahead(days=30), status="DRAFT")
    assert (await change(scene, starts_at=ahead(minutes=5))).status == 200


async def mails(scene: Scene) -> list[Any]:
    return scene.rows("SELECT kind, recipient, payload FROM outbox WHERE kind = 'event_updated' ORDER BY id")


@pytest.mark.parametrize(
    ("changes", "moved", "refundable"),
    [
        ({"refund_policy": {"percent": 10}}, False, False),
        ({"refund_policy": {"none_from_hours": 0}}, False, False),
        ({"starts_at": ahead(days=50)}, True, True),
        ({"starts_at": ahead(days=50), "refund_policy": {"percent": 10}}, True, True),
    ],
)
async def test_every_change_of_the_terms_is_told(
    scene: Scene, changes: dict[str, Any], moved: bool, refundable: bool
) -> None:
    import orjson

    await scene.on_sale(starts_at=ahead(days=40), refund_policy=STRICT)
    await scene.held()
    await scene.paid(by=await scene.make_user())
    assert (await change(scene, **changes)).status == 200
    told = await mails(scene)
    assert len(told) == 2
    for mail in told:
        payload = orjson.loads(mail.payload)
        assert (payload["moved"], payload["refundable"]) == (moved, refundable)
        assert (payload["new_rule"] is not None) == ("refund_policy" in changes)
        if payload["new_rule"]:
            assert payload["old_rule"] == STRICT
            assert payload["new_rule"] == {**STRICT, **changes["refund_policy"]}
    lines = scene.rows("SELECT message FROM notifications WHERE kind = 'event_updated'")
    assert len(lines) == 2
    for line in lines:
        assert ("You can have all of the price back until" in line.message) == refundable
        assert ("The refund rule of" in line.message) == ("refund_policy" in changes)


async def test_what_does_not_concern_buyers_is_not_told(scene: Scene) -> None:
    await scene.on_sale(starts_at=ahead(days=40), refund_policy=STRICT)
    await scene.held()
    assert (await change(scene, title="Another", refund_policy=STRICT)).status == 200
    assert await mails(scene) == []


async def test_a_booking_of_the_release_before_has_its_events_rule(scene: Scene, buyer: User) -> None:
    """Its process wrote no promise."""
    await scene.on_sale(starts_at=ahead(days=40), refund_policy=STRICT)
    booking = await scene.paid(by=buyer)
    scene.rows(
        "UPDATE bookings SET refund_full_hours = NULL, refund_percent = NULL, refund_none_hours = NULL,"
        " promised_starts_at = NULL"
    )
    told = await preview(scene, booking)
    assert (told["rule"], told["amount"]) == ("full", "25.00")


async def test_the_promise_is_that_of_the_hold_not_of_the_payment(api: Api, scene: Scene) -> None:
    await scene.on_sale(starts_at=ahead(days=40), refund_policy=STRICT)
    booking = await scene.held()
    assert (await change(scene, refund_policy=NOTHING)).status == 200
    assert (await scene.pay(booking)).status == 201
    assert await refund(scene, booking) == "25.00"
