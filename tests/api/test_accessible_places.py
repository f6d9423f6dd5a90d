"""Wheelchair places and companions' seats: kept for those who need them, and released when it is said."""

import asyncio
from typing import Any

import pytest

from bms.checkout.charts import Charts
from bms.checkout.turnstile import Turnstile
from bms.commands.idempotency import StoredReply
from bms.commands.sales.hold import Ask
from bms.commands.sales.pricing import Wanted
from bms.seating.asks import Best
from bms.tasks.sweeps import RELEASES, sweep
from bms.terms import Actor
from tests.kit.attendance import approach
from tests.kit.scene import Scene
from tests.kit.seats import Hall, open_hall
from tests.kit.types import MakeUser

pytestmark = pytest.mark.usefixtures("books_balance")

# One row: W1 and its companion, then four seats.
SMALL = {
    "name": "Stalls",
    "category": "Stalls",
    "rows": 1,
    "seats_per_row": 6,
    "wheelchair_bays": [{"row": "A", "from": 1, "count": 1}],
}


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    return await open_hall(scene, SMALL)


async def pin(hall: Hall, release: Any, **body: Any) -> Any:
    wanted = {
        "plan": hall.version["plan"],
        "categories": {"Stalls": [hall.types["Stalls"]]},
        "orphan_rule": "off",
        "release_accessible": release,
        **body,
    }
    path, token = f"/events/{hall.event_id}/seating", hall.scene.organiser.token
    return await hall.api.put(path, wanted, token=token)


async def rule_of(hall: Hall) -> dict[str, Any]:
    shown = (await hall.api.get(f"/events/{hall.event_id}/seating")).json
    rule: dict[str, Any] = shown["release_accessible"]
    return rule


def releases(hall: Hall) -> list[str]:
    rows = hall.scene.rows(
        "SELECT user_id, details FROM audit_log WHERE action = 'release_accessible' AND subject_id = ?",
        hall.event_id,
    )
    assert all(row.user_id is None for row in rows)
    return [row.details for row in rows]


async def test_the_picker_keeps_them_for_those_who_ask(hall: Hall, make_user: MakeUser) -> None:
    bay, companion, *others = hall.guids()
    four = await hall.held(quantity=4, by=await make_user())
    assert [seat["guid"] for seat in four["lines"][0]["seats"]] == others
    (await hall.book(quantity=1, by=await make_user())).problem(409, "no_block")
    two = await hall.held(quantity=2, best={"wheelchairs": 1}, by=await make_user())
    assert [seat["guid"] for seat in two["lines"][0]["seats"]] == [bay, companion]


async def test_a_companions_seat_goes_with_its_place(hall: Hall, make_user: MakeUser) -> None:
    bay, companion, other, *_ = hall.guids()
    document = (await hall.book(companion)).problem(422, "companion_seat")
    assert (document["seats"], document["wheelchairs"]) == ([companion], [bay])
    (await hall.book(companion, other)).problem(422, "companion_seat")
    assert hall.count(0) == 6
    await hall.scene.cancel(await hall.held(bay, companion))
    # Somebody has the place, and comes with one more than at first.
    await hall.held(bay, by=await make_user())
    assert (await hall.book(companion, by=await make_user())).status == 201


async def test_an_organiser_gives_them_to_anybody(hall: Hall) -> None:
    body = {
        "tickets": [{"ticket_type": hall.types["Stalls"], "seats": [hall.guids()[1]]}],
        "name": "Ann",
        "email": "ann@example.org",
    }
    path, token = f"/events/{hall.event_id}/complimentary", hall.scene.organiser.token
    assert (await hall.api.post(path, body, token=token)).status == 201


async def test_without_a_rule_nothing_is_released(hall: Hall, make_user: MakeUser) -> None:
    assert await rule_of(hall) == {"hours_before": None, "when_rest_is_sold": False, "released_at": None}
    booking = await hall.held(quantity=4)
    await hall.scene.pay(booking)
    approach(hall.scene.rows, {"id": hall.event_id}, 1)
    (await hall.book(quantity=1, by=await make_user())).problem(409, "no_block")
    assert await sweep(hall.scene.db, RELEASES) == 0
    assert releases(hall) == []


async def test_they_are_released_before_the_start(hall: Hall, make_user: MakeUser) -> None:
    assert (await pin(hall, {"hours_before": 24})).status == 200
    await hall.held(quantity=4, by=await make_user())
    (await hall.book(quantity=2, by=await make_user())).problem(409, "no_block")
    approach(hall.scene.rows, {"id": hall.event_id}, 23)
    two = await hall.held(quantity=2, best={"together": "must"}, by=await make_user())
    assert [seat["guid"] for seat in two["lines"][0]["seats"]] == hall.guids()[:2]
    assert releases(hall) == ["2 places, 24 hours before the start"]
    assert (await rule_of(hall))["released_at"] is not None


async def test_own_picks_honour_it(hall: Hall, make_user: MakeUser) -> None:
    await pin(hall, {"hours_before": 24})
    companion = hall.guids()[1]
    (await hall.book(companion)).problem(422, "companion_seat")
    approach(hall.scene.rows, {"id": hall.event_id}, 23)
    assert (await hall.book(companion)).status == 201


async def test_a_task_releases_them_on_time(hall: Hall) -> None:
    await pin(hall, {"hours_before": 24})
    assert await sweep(hall.scene.db, RELEASES) == 0
    approach(hall.scene.rows, {"id": hall.event_id}, 23)
    assert await sweep(hall.scene.db, RELEASES) == 1
    assert await sweep(hall.scene.db, RELEASES) == 0
    path = f"/events/{hall.event_id}/seating/availability"
    while (await hall.api.get(path)).json["categories"][0]["largest_together"] != 6:
        pass  # it may be 250 ms old
    suggestion = {"tickets": [{"ticket_type": hall.types["Stalls"], "quantity": 6}]}
    reply = await hall.api.post(f"/events/{hall.event_id}/seating/suggest", suggestion)
    assert len(reply.json["lines"][0]["seats"]) == 6
    # Whoever moves the event gets no second release; whoever pins anew does.
    approach(hall.scene.rows, {"id": hall.event_id}, 48)
    assert await sweep(hall.scene.db, RELEASES) == 0
    await pin(hall, {"hours_before": 24})
    assert (await rule_of(hall))["released_at"] is None
    (await hall.book(hall.guids()[1])).problem(422, "companion_seat")


async def test_they_are_released_when_all_else_is_sold(hall: Hall, make_user: MakeUser) -> None:
    await pin(hall, {"when_rest_is_sold": True})
    booking = await hall.held(quantity=4)
    # What is held may come back.
    (await hall.book(quantity=1, by=await make_user())).problem(409, "no_block")
    assert releases(hall) == []
    await hall.scene.pay(booking)
    suggestion = {"tickets": [{"ticket_type": hall.types["Stalls"], "quantity": 2}]}
    reply = await hall.api.post(f"/events/{hall.event_id}/seating/suggest", suggestion)
    assert [seat["guid"] for seat in reply.json["lines"][0]["seats"]] == hall.guids()[:2]
    assert (await hall.book(quantity=2, by=await make_user())).status == 201
    assert releases(hall) == ["2 places, all else is sold"]


async def test_a_blocked_seat_does_not_stand_in_the_way(hall: Hall, make_user: MakeUser) -> None:
    await pin(hall, {"when_rest_is_sold": True})
    *_, camera = hall.guids()
    path, token = f"/events/{hall.event_id}/seats/block", hall.scene.organiser.token
    await hall.api.post(path, {"seats": [camera], "reason": "Camera"}, token=token)
    await hall.scene.pay(await hall.held(*hall.guids()[2:5]))
    assert (await hall.book(quantity=2, by=await make_user())).status == 201


@pytest.mark.parametrize(
    "bad",
    [
        {"hours_before": -1},
        {"hours_before": 8761},
        {"hours_before": "24"},
        {"when_rest_is_sold": "yes"},
        {"when": "soon"},
        24,
        [],
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(hall: Hall, bad: Any) -> None:
    (await pin(hall, bad)).problem(422, "validation_failed")


async def test_two_processes_release_once_and_sell_each_place_once(hall: Hall, make_user: MakeUser) -> None:
    """Each has a map of its own, and both find that the time has come."""
    await pin(hall, {"hours_before": 24})
    charts = [Charts(hall.scene.db) for _ in range(2)]
    doors = [Turnstile(hall.scene.db, charts=one) for one in charts]
    people = [(await make_user()).id for _ in range(12)]

    def ask(user: int) -> Ask:
        return Ask(
            actor=Actor(user),
            user_id=user,
            event_id=hall.event_id,
            wanted=(Wanted(hall.types["Stalls"], 1, (), Best()),),
            hold_seconds=600,
            key=None,
            render=lambda view: StoredReply.of(201, sorted(view.seats)),
        )

    await asyncio.gather(*(door.hold(ask(people.pop())) for door in doors))  # both have a map
    approach(hall.scene.rows, {"id": hall.event_id}, 23)
    outcomes = await asyncio.gather(
        *(doors[at % 2].hold(ask(user)) for at, user in enumerate(people)), return_exceptions=True
    )
    assert sum(isinstance(outcome, StoredReply) for outcome in outcomes) == 4
    assert hall.count(1) == 6
    assert len(releases(hall)) == 1
    for door, one in zip(doors, charts, strict=True):
        await door.close()
        one.close()
