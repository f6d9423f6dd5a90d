"""What is asked of seats and plans that cannot be: a clear problem each, and nothing half done."""

import json
from typing import Any

import pytest

from tests.kit.api import Api, Reply
from tests.kit.books import count
from tests.kit.scene import Scene
from tests.kit.seats import CIRCLE, STALLS, Hall, generate, open_hall, publish, seat_event
from tests.kit.types import MakeUser
from tests.kit.users import User

pytestmark = pytest.mark.usefixtures("books_balance")


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    return await open_hall(scene)


def untouched(hall: Hall) -> bool:
    """Return whether no booking of the hall is left, and no seat but what was blocked is missing."""
    return count(hall.scene.rows, "bookings") == 0 and hall.count(1) == hall.count(2) == 0


async def test_one_bad_seat_refuses_the_good_ones(hall: Hall) -> None:
    good, blocked = hall.guids()[:2]
    circle = hall.guids("Circle")[0]
    path, token = f"/events/{hall.event_id}/seats/block", hall.scene.organiser.token
    await hall.api.post(path, {"seats": [blocked], "reason": "Camera"}, token=token)
    unknown = (await hall.book(good, "nowhere")).problem(422, "validation_failed")
    assert unknown["errors"][0]["pointer"] == "/tickets/0/seats/1"
    doubled = (await hall.book(good, good)).problem(422, "validation_failed")
    assert doubled["errors"][0]["pointer"] == "/tickets/0/seats/1"
    assert (await hall.book(good, blocked)).problem(409, "seats_taken")["seats"] == [blocked]
    assert (await hall.book(good, circle)).problem(409, "other_category")["seats"] == [circle]
    # In two lines, too.
    lines = [
        {"ticket_type": hall.types["Stalls"], "seats": [good]},
        {"ticket_type": hall.types["Circle"], "seats": [circle, good]},
    ]
    body = {"event": hall.event_id, "tickets": lines}
    reply = await hall.api.post("/bookings", body, token=hall.scene.buyer.token)
    reply.problem(422, "validation_failed")
    assert untouched(hall)


async def test_a_seat_of_another_event_is_none_of_this(scene: Scene) -> None:
    other = await open_hall(scene, {**STALLS, "name": "Elsewhere"})
    hall = await open_hall(scene, CIRCLE)
    foreign = other.guids()[0]
    document = (await hall.book(foreign, type="Circle")).problem(422, "validation_failed")
    assert document["errors"][0]["message"] == "There is no such seat."
    (await other.book(hall.guids("Circle")[0])).problem(422, "validation_failed")
    assert untouched(hall)
    assert untouched(other)


@pytest.mark.parametrize("seats", [10_000, 101])
async def test_more_seats_than_a_booking_has(hall: Hall, seats: int) -> None:
    (await hall.book(*(f"S-{n}" for n in range(seats)))).problem(422, "validation_failed")
    (await hall.book(quantity=seats)).problem(422, "validation_failed")
    assert untouched(hall)


async def test_lines_of_more_than_a_booking_has(scene: Scene) -> None:
    """Without seats or best, the lines of a seated event are still seats."""
    big = {"name": "Big", "category": "Big", "rows": 3, "seats_per_row": 100}
    hall = await open_hall(scene, big, CIRCLE)
    both = {"Big": [hall.types["Big"], hall.types["Circle"]]}
    body: dict[str, Any] = {"plan": hall.version["plan"], "categories": both, "orphan_rule": "off"}
    path, token = f"/events/{hall.event_id}/seating", scene.organiser.token
    assert (await hall.api.put(path, body, token=token)).status == 200
    lines = [{"ticket_type": hall.types[name], "quantity": 60} for name in ("Big", "Circle")]
    body = {"event": hall.event_id, "tickets": lines}
    reply = await hall.api.post("/bookings", body, token=scene.buyer.token)
    assert (
        reply.problem(422, "validation_failed")["errors"][0]["message"] == "A booking has at most 100 seats."
    )
    assert untouched(hall)


async def test_older_calls_name_the_type_where_there_are_several(hall: Hall) -> None:
    token = hall.scene.buyer.token
    for path, body in (
        (f"/events/{hall.event_id}/purchase", {"quantity": 2}),
        ("/orders", {"event": hall.event_id, "quantity": 2}),
        ("/book-ticket", {"event": hall.event_id, "quantity": 2}),
    ):
        (await hall.api.post(path, body, token=token)).problem(422, "validation_failed")
    assert untouched(hall)


async def test_an_order_of_seats_is_processed_and_deleted(scene: Scene) -> None:
    hall = await open_hall(scene, STALLS)
    token = scene.buyer.token
    ordered = await hall.api.post("/orders", {"event": hall.event_id, "quantity": 2}, token=token)
    assert ordered.status == 201, ordered.text
    key = ordered.json["id"]
    assert hall.count(1) == 2
    paid = await hall.api.post(f"/process-payment/{key}?outcome=success", {}, token=token)
    assert paid.status == 200, paid.text
    assert (hall.count(1), hall.count(2)) == (0, 2)
    assert (await hall.api.delete(f"/orders/{key}", token=token)).status == 200
    assert hall.count(0) == 40


async def table_hall(scene: Scene) -> Hall:
    """Return an event with a row of ten, of which the first four are a table that is sold whole."""
    layout = await generate(scene.api, scene.organiser, {**STALLS, "rows": 1})
    seats = first_row(layout)
    guids = [seat["seat_guid"] for seat in seats[:4]]
    layout["tables"] = [{"guid": "T-1", "name": "Table 1", "seats": guids, "book": "whole"}]
    return await seat_event(scene, layout)


async def test_a_table_is_sold_whole(scene: Scene, make_user: MakeUser) -> None:
    hall = await table_hall(scene)
    table, others = hall.guids()[:4], hall.guids()[4:]
    document = (await hall.book(*table[:3])).problem(422, "table_whole")
    assert document["seats"] == table
    (await hall.book(table[0], others[0])).problem(422, "table_whole")
    assert untouched(hall)
    # Whoever asks for the best is given the table as a whole or not at all.
    six = await hall.held(quantity=6, best={"together": "must"}, by=await make_user())
    assert [seat["guid"] for seat in six["lines"][0]["seats"]] == others
    (await hall.book(quantity=3, by=await make_user())).problem(409, "no_block")
    whole = await hall.held(*table)
    assert whole["total"] == "100.00"
    await scene.pay(whole)
    assert hall.count(2) == 4


def first_row(layout: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the seats of a layout's first row."""
    seats: list[dict[str, Any]] = next(zone for zone in layout["zones"] if zone["rows"])["rows"][0]["seats"]
    return seats


async def send(api: Api, manager: User, path: str, body: dict[str, Any]) -> Reply:
    headers = {"Content-Type": "application/json"}
    return await api.request("POST", path, json.dumps(body).encode(), headers=headers, token=manager.token)


async def checked(api: Api, manager: User, layout: dict[str, Any]) -> list[dict[str, str]]:
    reply = await send(api, manager, "/seating-plans/check", {"layout": layout})
    assert reply.status == 200, reply.text[:500]
    faults: list[dict[str, str]] = reply.json["faults"]
    return faults


async def test_faults_of_a_plan_are_said_over_the_api(api: Api, manager: User) -> None:
    layout = await generate(api, manager, STALLS)
    seats = first_row(layout)
    seats[1]["position"] = seats[0]["position"]
    seats[3]["kind"] = ["companion"]
    pointers = [fault["pointer"].partition("/seats/")[2] for fault in await checked(api, manager, layout)]
    assert sorted(pointers) == ["1/position", "3/companion_of"]
    # It can be stored while it is drawn, and is never published.
    made = await api.post("/seating-plans", {"name": "Hall", "layout": layout}, token=manager.token)
    assert (made.status, made.json["fault_count"]) == (201, 2)
    refused = await api.post(f"/seating-plans/{made.json['id']}/publish", token=manager.token)
    assert len(refused.problem(422, "validation_failed")["errors"]) == 2


async def test_a_plan_of_too_many_seats(api: Api, manager: User) -> None:
    def row(number: int, seats: int) -> dict[str, Any]:
        return {
            "row_number": str(number),
            "position": {"x": 0, "y": number},
            "seats": [
                {
                    "seat_guid": f"{number}-{at}",
                    "seat_number": str(at),
                    "position": {"x": at, "y": 0},
                    "category": "C",
                }
                for at in range(seats)
            ],
        }

    rows = [*(row(number, 500) for number in range(120)), row(120, 1)]
    layout = {
        "format": "bms-plan/1",
        "name": "Stadium",
        "size": {"width": 1000, "height": 1000},
        "categories": [{"name": "C"}],
        "zones": [{"name": "Z", "position": {"x": 0, "y": 0}, "rows": rows}],
    }
    (fault,) = await checked(api, manager, layout)
    assert "60,000" in fault["message"] or "60000" in fault["message"]


@pytest.mark.parametrize("depth", [17, 500])
async def test_a_plan_that_is_too_deep(api: Api, manager: User, depth: int) -> None:
    nested: Any = []
    for _ in range(depth):
        nested = [nested]
    layout = await generate(api, manager, STALLS) | {"zones": nested}
    reply = await send(api, manager, "/seating-plans/check", {"layout": layout})
    (error,) = reply.problem(422, "validation_failed")["errors"]
    assert "more than 16 times" in error["message"]


async def test_a_plan_of_30_mb_is_not_read(api: Api, manager: User, scene: Scene) -> None:
    before = count(scene.rows, "seating_plans")
    layout = {"format": "bms-plan/1", "name": "x" * 30 * 2**20}
    for path in ("/seating-plans", "/seating-plans/check", "/seating-plans/import"):
        reply = await send(api, manager, path, {"name": "Hall", "layout": layout})
        reply.problem(413, "payload_too_large")
    assert count(scene.rows, "seating_plans") == before


async def test_plans_of_others_are_not_there(scene: Scene, make_user: MakeUser) -> None:
    other = await make_user("EVENT_MANAGER")
    version = await publish(scene.api, other, await generate(scene.api, other, STALLS))
    kind = scene.event["ticket_types"][0]["id"]
    body = {"plan": version["plan"], "categories": {"Stalls": [kind]}}
    path = f"/events/{scene.event['id']}/seating"
    (await scene.api.put(path, body, token=scene.organiser.token)).problem(404, "not_found")
    assert count(scene.rows, "event_seating") == 0
