"""Seats are bought over the API: own picks, the best, by older calls; and they come back."""

import asyncio

import pytest

from tests.kit.scene import Scene
from tests.kit.seats import CIRCLE, STALLS, Hall, open_hall
from tests.kit.types import MakeUser

pytestmark = pytest.mark.usefixtures("books_balance")


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    return await open_hall(scene)


async def test_capacities_are_those_of_the_plan(hall: Hall) -> None:
    shown = (await hall.api.get(f"/events/{hall.event_id}")).json
    assert (shown["capacity"], shown["available"]) == (50, 50)
    assert [kind["capacity"] for kind in shown["ticket_types"]] == [40, 10]
    (path, token) = (f"/events/{hall.event_id}", hall.scene.organiser.token)
    for change in (
        {"capacity": 60},
        {"ticket_types": [{"id": hall.types["Stalls"], "capacity": 41}]},
    ):
        reply = await hall.api.patch(path, change, token=token)
        reply.problem(422, "capacity_from_seating")
    assert (await hall.api.patch(path, {"title": "Other"}, token=token)).status == 200


async def test_own_picks_are_held_then_sold(hall: Hall) -> None:
    wanted = hall.guids()[:2]
    booking = await hall.held(*wanted)
    (line,) = booking["lines"]
    assert [seat["guid"] for seat in line["seats"]] == wanted
    assert line["seats"][0]["section"] == "Stalls"
    assert "fit" not in booking
    assert (hall.count(1), hall.count(2)) == (2, 0)
    assert (await hall.scene.pay(booking)).status == 201
    assert (hall.count(1), hall.count(2)) == (0, 2)
    shown = await hall.scene.shown(booking)
    assert [ticket["seat"]["guid"] for ticket in shown["tickets"]] == wanted
    assert shown["lines"] == booking["lines"]


async def test_the_best_sit_together(hall: Hall) -> None:
    booking = await hall.held(quantity=4, best={"together": "must", "sections": ["Stalls"]})
    assert booking["fit"] == "together"
    assert len({seat["row"] for seat in booking["lines"][0]["seats"]}) == 1


@pytest.mark.parametrize("path", ["/bookings", "/book-ticket"])
async def test_a_call_without_seats_gets_the_best(hall: Hall, path: str) -> None:
    body = {"event": hall.event_id, "tickets": [{"ticket_type": hall.types["Circle"], "quantity": 3}]}
    reply = await hall.api.post(path, body, token=hall.scene.buyer.token)
    assert (reply.status, len(reply.json["lines"][0]["seats"])) == (201, 3)


async def test_older_calls_work_where_there_is_one_type(scene: Scene) -> None:
    hall = await open_hall(scene, STALLS)
    token = scene.buyer.token
    bought = await hall.api.post(f"/events/{hall.event_id}/purchase", {"quantity": 2}, token=token)
    assert bought.status == 201, bought.text
    ordered = await hall.api.post("/orders", {"event": hall.event_id, "quantity": 2}, token=token)
    assert ordered.status == 201, ordered.text
    assert hall.count(1) == 4
    held = await hall.api.post("/bookings", {"event": hall.event_id, "quantity": 2}, token=token)
    assert held.status == 201, held.text


async def test_a_taken_seat_is_refused_with_its_guid(hall: Hall, make_user: MakeUser) -> None:
    first, second, third = hall.guids()[:3]
    await hall.held(first, second)
    refused = await hall.book(second, third, by=await make_user())
    assert refused.problem(409, "seats_taken")["seats"] == [second]
    assert hall.count(1) == 2


async def test_what_makes_no_sense_is_refused(hall: Hall) -> None:
    first, second = hall.guids()[:2]
    circle = hall.guids("Circle")[0]
    (await hall.book("nowhere")).problem(422, "validation_failed")
    (await hall.book(first, first)).problem(422, "validation_failed")
    (await hall.book(circle)).problem(409, "other_category")
    (await hall.book(first, second, quantity=3)).problem(422, "validation_failed")
    (await hall.book(first, best={})).problem(422, "validation_failed")
    (await hall.book(quantity=11, type="Circle")).problem(409, "sold_out")
    (await hall.book(quantity=11, best={"together": "must"})).problem(409, "no_block")
    (await hall.book(*["x"] * 10_000)).problem(422, "validation_failed")
    assert hall.count(0) == 50


async def test_an_unseated_type_has_no_seats(scene: Scene) -> None:
    kind = scene.event["ticket_types"][0]["id"]
    for line in ({"seats": ["A-1"]}, {"quantity": 1, "best": {}}):
        body = {"event": scene.event["id"], "tickets": [{"ticket_type": kind, **line}]}
        reply = await scene.api.post("/bookings", body, token=scene.buyer.token)
        reply.problem(422, "validation_failed")


async def test_orphans_are_refused_with_others_that_do(scene: Scene) -> None:
    hall = await open_hall(scene, STALLS, orphan_rule="refuse")
    row = hall.guids()[:10]
    refused = await hall.book(row[1], row[2])
    document = refused.problem(422, "orphan_seat")
    assert document["seats"] == [row[0]]
    assert (await hall.book(*document["instead"])).status == 201


async def test_cancelled_and_expired_seats_are_free_again(hall: Hall) -> None:
    first = await hall.held(*hall.guids()[:2])
    await hall.scene.cancel(first)
    assert hall.count(0) == 50
    second = await hall.held(*hall.guids()[:2])
    await hall.scene.pay(second)
    await hall.scene.cancel(second)
    assert hall.count(0) == 50
    shown = await hall.scene.shown(second)
    assert [seat["guid"] for seat in shown["lines"][0]["seats"]] == hall.guids()[:2]


async def test_single_tickets_free_their_own_seats(hall: Hall) -> None:
    booking = await hall.held(*hall.guids()[:3])
    await hall.scene.pay(booking)
    shown = await hall.scene.shown(booking)
    gone = shown["tickets"][1]
    reply = await hall.api.post(
        f"/bookings/{booking['id']}/cancel", {"tickets": [gone["id"]]}, token=hall.scene.buyer.token
    )
    assert reply.status == 200, reply.text
    states = hall.states()
    assert [states[guid] for guid in hall.guids()[:3]] == [2, 0, 2]
    assert (await hall.book(gone["seat"]["guid"])).status == 201


async def test_one_seat_has_one_buyer(hall: Hall, make_user: MakeUser) -> None:
    people = [await make_user() for _ in range(12)]
    replies = await asyncio.gather(*(hall.book(hall.guids()[0], by=person) for person in people))
    assert sorted(reply.status for reply in replies) == [201] + [409] * 11
    assert hall.count(1) == 1


async def test_own_picks_and_best_sell_every_seat_once(scene: Scene, make_user: MakeUser) -> None:
    hall = await open_hall(scene, CIRCLE)
    people = [await make_user() for _ in range(16)]
    guids = hall.guids("Circle")
    replies = await asyncio.gather(
        *(
            hall.book(guids[n % 10], by=person, type="Circle")
            if n % 2
            else hall.book(by=person, type="Circle", quantity=1)
            for n, person in enumerate(people)
        )
    )
    sold = [seat["guid"] for r in replies if r.status == 201 for seat in r.json["lines"][0]["seats"]]
    assert len(sold) == len(set(sold))
    assert hall.count(1) == len(sold)


async def test_free_seats_are_sold_at_once(scene: Scene) -> None:
    hall = await open_hall(scene, STALLS, price="0.00")
    booking = await hall.held(*hall.guids()[:2])
    assert booking["status"] == "CONFIRMED"
    assert [ticket["seat"]["guid"] for ticket in booking["tickets"]] == hall.guids()[:2]
    assert hall.count(2) == 2


async def test_a_quote_takes_seats_as_a_booking_does(hall: Hall) -> None:
    line = {"ticket_type": hall.types["Stalls"], "seats": hall.guids()[:2]}
    reply = await hall.api.post(f"/events/{hall.event_id}/quote", {"tickets": [line]})
    assert (reply.status, reply.json["total"]) == (200, "50.00")
    body = {"event": hall.event_id, "tickets": [line], "quote": reply.json["quote"]}
    assert (await hall.api.post("/bookings", body, token=hall.scene.buyer.token)).status == 201
