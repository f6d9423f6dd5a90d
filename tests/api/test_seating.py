"""Seating an event by a plan: pinned, previewed, pinned again, taken away, refused where it would hurt."""

import base64
from typing import Any

import pytest

from bms.checkout.pinning import Pinner
from bms.seating.availability import unpack
from tests.kit.scene import Scene
from tests.kit.seats import CIRCLE, STALLS, Hall, generate, open_hall, publish
from tests.kit.types import MakeUser

pytestmark = pytest.mark.usefixtures("books_balance")


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    return await open_hall(scene)


async def pin(hall: Hall, version: dict[str, Any], query: str = "", **body: Any) -> Any:
    wanted = {
        "plan": version["plan"],
        "version": version["version"],
        "categories": {name: [hall.types[name]] for name in version["categories"]},
        "orphan_rule": "off",
        **body,
    }
    path = f"/events/{hall.event_id}/seating{query}"
    return await hall.api.put(path, wanted, token=hall.scene.organiser.token)


async def next_version(hall: Hall, layout: dict[str, Any]) -> dict[str, Any]:
    token = hall.scene.organiser.token
    path = f"/seating-plans/{hall.version['plan']}"
    stored = await hall.api.put(path, {"name": "Hall", "layout": layout}, token=token)
    assert stored.status == 200, stored.text
    version: dict[str, Any] = (await hall.api.post(f"{path}/publish", token=token)).json
    return version


def without(layout: dict[str, Any], *guids: str) -> dict[str, Any]:
    for zone in layout["zones"]:
        for row in zone["rows"]:
            row["seats"] = [seat for seat in row["seats"] if seat["seat_guid"] not in guids]
    return layout


async def test_the_plan_of_an_event_is_shown(hall: Hall) -> None:
    path = f"/events/{hall.event_id}/seating"
    shown = (await hall.api.get(path)).json
    assert (shown["state"], shown["seats"], shown["sha256"]) == ("OPEN", 50, hall.version["sha256"])
    seats = [seat for zone in shown["layout"]["zones"] for row in zone["rows"] for seat in row["seats"]]
    assert [seat["no"] for seat in seats] == list(range(50))
    assert [one["name"] for one in shown["categories"]] == ["Stalls", "Circle"]
    outline = (await hall.api.get(f"{path}?layout=none")).json["layout"]
    assert [section["seats"] for section in outline["sections"]] == [40, 10]
    section = (await hall.api.get(f"{path}?section=Circle")).json["layout"]
    assert len(section["zones"]) == 1
    (await hall.api.get(f"{path}?section=Nowhere")).problem(404, "not_found")
    layout = await hall.api.get(shown["layout_url"])
    assert layout.status == 200
    assert "immutable" in layout.headers["Cache-Control"]


async def test_an_event_without_seating_has_none(scene: Scene) -> None:
    for path in ("/seating", "/seating/availability"):
        (await scene.api.get(f"/events/{scene.event['id']}{path}")).problem(404, "not_found")


async def test_availability_says_which_seats_are_taken(hall: Hall) -> None:
    path = f"/events/{hall.event_id}/seating/availability"
    first = (await hall.api.get(path)).json
    assert first["categories"][0] == {
        "name": "Stalls",
        "free": 40,
        "largest_together": 10,
        "price_from": "25.00",
    }
    await hall.held(*hall.guids()[:2])
    later = await later_than(hall, first["sequence"])
    states = unpack(base64.b64decode(later["states"]), later["seats"])
    assert list(states[:3]) == [1, 1, 0]
    changed = (await hall.api.get(f"{path}?since={first['sequence']}")).json
    assert changed["changes"] == [[0, 1], [1, 1]]
    again = await hall.api.get(path)
    tag = again.headers["ETag"]
    assert (await hall.api.get(path, headers={"If-None-Match": tag})).status == 304


async def later_than(hall: Hall, sequence: int) -> dict[str, Any]:
    """Return the availability once it is newer: it may be 250 ms old."""
    while True:
        shown: dict[str, Any] = (await hall.api.get(f"/events/{hall.event_id}/seating/availability")).json
        if shown["sequence"] > sequence and "B" in shown["states"][:1]:
            return shown


async def test_a_suggestion_holds_nothing(hall: Hall) -> None:
    body = {"tickets": [{"ticket_type": hall.types["Stalls"], "quantity": 3}]}
    reply = await hall.api.post(f"/events/{hall.event_id}/seating/suggest", body)
    assert reply.status == 200, reply.text
    seats = [seat["guid"] for seat in reply.json["lines"][0]["seats"]]
    assert (len(seats), hall.count(0)) == (3, 50)
    assert (await hall.book(*seats)).status == 201


async def test_a_preview_changes_nothing(hall: Hall) -> None:
    version = await next_version(hall, without(hall.layout, *hall.guids()[:5]))
    reply = await pin(hall, version, "?preview=true")
    assert reply.json | {"plan": 0} == {
        "plan": 0,
        "version": 2,
        "state": "PREVIEW",
        "seats": 45,
        "added": 0,
        "removed": 5,
        "repriced": 0,
    }
    assert (await hall.api.get(f"/events/{hall.event_id}/seating")).json["version"] == 1


async def test_a_new_version_is_pinned_while_tickets_are_sold(hall: Hall) -> None:
    gone, kept = hall.guids()[:5], hall.guids()[5]
    booking = await hall.held(kept)
    version = await next_version(hall, without(hall.layout, *gone))
    reply = await pin(hall, version)
    assert (reply.status, reply.json["state"]) == (200, "OPEN")
    assert hall.states()[kept] == 1
    assert hall.count(3) == 5
    (await hall.book(gone[0])).problem(422, "validation_failed")
    shown = (await hall.api.get(f"/events/{hall.event_id}")).json
    assert shown["capacity"] == 45
    assert (await hall.scene.pay(booking)).status == 201


async def test_sold_seats_do_not_vanish(hall: Hall) -> None:
    sold = hall.guids()[:2]
    await hall.held(*sold)
    version = await next_version(hall, without(hall.layout, *sold))
    refused = await pin(hall, version)
    assert refused.problem(409, "seats_sold")["seats"] == sorted(sold)
    other = await publish(hall.api, hall.scene.organiser, hall.layout)
    assert (await pin(hall, other)).problem(409, "seats_sold")["seats"] == sorted(sold)
    assert (await hall.book(hall.guids()[2])).status == 201


async def test_another_plan_before_the_first_sale(hall: Hall) -> None:
    layout = await generate(hall.api, hall.scene.organiser, STALLS | {"rows": 2}, CIRCLE)
    other = await publish(hall.api, hall.scene.organiser, layout)
    assert (await pin(hall, other)).json["seats"] == 30
    assert hall.count(0) == 30


async def test_bookings_without_seats_stand_in_the_way(scene: Scene) -> None:
    layout = await generate(scene.api, scene.organiser, STALLS)
    version = await publish(scene.api, scene.organiser, layout)
    kind = scene.event["ticket_types"][0]["id"]
    await scene.held()
    hall = Hall(scene, version, layout, {"Stalls": kind}, scene.event["id"])
    assert (await pin(hall, version)).problem(409, "bookings_without_seats")["ticket_type"] == kind


async def test_seating_is_taken_away_while_nothing_is_sold(hall: Hall) -> None:
    path, token = f"/events/{hall.event_id}/seating", hall.scene.organiser.token
    booking = await hall.held(hall.guids()[0])
    (await hall.api.delete(path, token=token)).problem(409, "seats_sold")
    await hall.scene.cancel(booking)
    assert (await hall.api.delete(path, token=token)).status == 204
    (await hall.api.get(path)).problem(404, "not_found")
    assert (await hall.book(quantity=2)).status == 201


async def test_a_seated_event_that_nobody_booked_is_deleted(hall: Hall) -> None:
    reply = await hall.api.delete(f"/events/{hall.event_id}", token=hall.scene.organiser.token)
    assert reply.status == 204, reply.text


@pytest.mark.parametrize(
    "categories",
    [{"Nowhere": [1]}, {"Stalls": [10**9]}, {}, {"Stalls": []}, {"Stalls": "1"}, []],
)
async def test_a_mapping_that_makes_no_sense_is_refused(hall: Hall, categories: Any) -> None:
    (await pin(hall, hall.version, categories=categories)).problem(422, "validation_failed")


async def test_a_category_that_nothing_sells_is_blocked(hall: Hall) -> None:
    reply = await pin(hall, hall.version, categories={"Stalls": [hall.types["Stalls"]]})
    assert reply.json["removed"] == 10
    assert hall.count(3) == 10
    back = await pin(hall, hall.version)
    assert back.json["added"] == 10
    assert hall.count(0) == 50


async def test_two_types_sell_one_category(hall: Hall, make_user: MakeUser) -> None:
    both = [hall.types["Stalls"], hall.types["Circle"]]
    await pin(hall, hall.version, categories={"Circle": both})
    for name in ("Stalls", "Circle"):
        assert (await hall.book(quantity=5, type=name, by=await make_user())).status == 201
    shown = (await hall.api.get(f"/events/{hall.event_id}")).json
    assert [shown["available"], *(kind["available"] for kind in shown["ticket_types"])] == [0, 0, 0]
    (await hall.book(quantity=1, type="Stalls")).problem(409, "sold_out")


async def test_a_large_plan_opens_by_a_job(scene: Scene) -> None:
    big = {"name": "Big", "category": "Big", "rows": 20, "seats_per_row": 260}
    hall = await open_hall(scene, big)
    assert (await hall.book(quantity=2, type="Big")).problem(409, "not_on_sale")
    shown = (await hall.api.get(f"/events/{hall.event_id}/seating")).json
    assert shown["state"] == "PINNING"
    assert "layout" not in shown
    while await Pinner(scene.db).run():
        pass
    assert (await hall.book(quantity=2, type="Big")).status == 201


async def test_organisers_block_and_free_seats(hall: Hall) -> None:
    first, second = hall.guids()[:2]
    path, token = f"/events/{hall.event_id}/seats", hall.scene.organiser.token
    assert (await hall.api.get(f"/events/{hall.event_id}")).json["available"] == 50
    blocked = await hall.api.post(f"{path}/block", {"seats": [first], "reason": "A camera"}, token=token)
    assert blocked.json == {"seats": 1}
    shown = (await hall.api.get(f"/events/{hall.event_id}")).json
    assert (shown["available"], shown["ticket_types"][0]["available"]) == (49, 39)
    (await hall.book(first)).problem(409, "seats_taken")
    await hall.held(second)
    taken = await hall.api.post(f"{path}/block", {"seats": [second], "reason": "A camera"}, token=token)
    assert taken.problem(409, "seats_taken")["seats"] == [second]
    unknown = await hall.api.post(f"{path}/block", {"seats": ["x"], "reason": "A camera"}, token=token)
    unknown.problem(422, "validation_failed")
    assert (await hall.api.post(f"{path}/unblock", {"seats": [first]}, token=token)).json == {"seats": 1}
    assert (await hall.book(first)).status == 201


async def test_tickets_are_reseated_and_exchange_seats(hall: Hall) -> None:
    one, two, three = hall.guids()[:3]
    booking = await hall.held(one, two)
    await hall.scene.pay(booking)
    ids = [ticket["id"] for ticket in (await hall.scene.shown(booking))["tickets"]]
    path, token = f"/bookings/{booking['id']}/reseat", hall.scene.organiser.token

    async def move(*moves: tuple[int, str]) -> Any:
        body = {"moves": [{"ticket": ticket, "to": seat} for ticket, seat in moves]}
        return await hall.api.post(path, body, token=token)

    exchanged = await move((ids[0], two), (ids[1], one))
    assert [ticket["seat"]["guid"] for ticket in exchanged.json["tickets"]] == [two, one]
    moved = await move((ids[0], three))
    assert [ticket["seat"]["guid"] for ticket in moved.json["tickets"]] == [three, one]
    assert [hall.states()[guid] for guid in (one, two, three)] == [2, 0, 2]
    (await move((ids[0], hall.guids("Circle")[0]))).problem(409, "other_category")
    other = await hall.held(hall.guids()[5])
    assert other["status"] == "PENDING"
    (await move((ids[0], hall.guids()[5]))).problem(409, "seats_taken")
    (await move((10**9, two))).problem(422, "validation_failed")
