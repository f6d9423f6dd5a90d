"""What organisers are told of a seated event: figures by category and section, holders, and what is left."""

import csv
import io
from typing import Any

import pytest

from tests.kit.scene import Scene
from tests.kit.seats import STALLS, Hall, generate, open_hall, publish, seat_event
from tests.kit.types import MakeUser

pytestmark = pytest.mark.usefixtures("books_balance")


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    return await open_hall(scene)


async def stats(hall: Hall) -> dict[str, Any]:
    reply = await hall.api.get(f"/events/{hall.event_id}/stats", token=hall.scene.organiser.token)
    assert reply.status == 200, reply.text
    shown: dict[str, Any] = reply.json
    return shown


async def block(hall: Hall, *guids: str) -> None:
    path, token = f"/events/{hall.event_id}/seats/block", hall.scene.organiser.token
    reply = await hall.api.post(path, {"seats": list(guids), "reason": "Camera"}, token=token)
    assert reply.status == 200, reply.text


async def give(hall: Hall, *guids: str) -> None:
    line = {"ticket_type": hall.types["Stalls"], "seats": list(guids)}
    body = {"tickets": [line], "name": "Ann", "email": "ann@example.org"}
    path = f"/events/{hall.event_id}/complimentary"
    assert (await hall.api.post(path, body, token=hall.scene.organiser.token)).status == 201


async def test_figures_are_by_category_and_by_section(hall: Hall, make_user: MakeUser) -> None:
    stalls, circle = hall.guids(), hall.guids("Circle")
    await hall.scene.pay(await hall.held(*stalls[:3]))
    await hall.held(*stalls[3:5], by=await make_user())
    await block(hall, stalls[5])
    await give(hall, stalls[6])
    await hall.scene.pay(await hall.held(circle[0], type="Circle"))
    shown = await stats(hall)
    assert shown["by_category"] == [
        {
            "name": "Stalls",
            "standing": False,
            "seats": 40,
            "free": 33,
            "held": 2,
            "sold": 4,
            "blocked": 1,
            "gross": "75.00",
        },
        {
            "name": "Circle",
            "standing": False,
            "seats": 10,
            "free": 9,
            "held": 0,
            "sold": 1,
            "blocked": 0,
            "gross": "25.00",
        },
    ]
    by_section = [{key: part[key] for key in part if key != "standing"} for part in shown["by_category"]]
    assert shown["by_section"] == by_section
    assert (shown["available"], shown["sold"], shown["held"]) == (42, 5, 2)
    assert [kind["available"] for kind in shown["by_ticket_type"]] == [33, 9]
    assert [kind["complimentary"] for kind in shown["by_ticket_type"]] == [1, 0]


async def test_a_seat_that_left_the_plan_is_not_counted(hall: Hall) -> None:
    body = {"plan": hall.version["plan"], "categories": {"Stalls": [hall.types["Stalls"]]}}
    path, token = f"/events/{hall.event_id}/seating", hall.scene.organiser.token
    assert (await hall.api.put(path, body, token=token)).status == 200
    shown = await stats(hall)
    assert [(part["name"], part["seats"]) for part in shown["by_section"]] == [("Stalls", 40)]


async def test_an_event_without_seats_has_no_such_figures(scene: Scene) -> None:
    path = f"/events/{scene.event['id']}/stats"
    shown = (await scene.api.get(path, token=scene.organiser.token)).json
    assert shown.keys().isdisjoint({"by_category", "by_section"})


async def test_who_stands_is_counted_too(scene: Scene, make_user: MakeUser) -> None:
    hall = await seat_event(scene, await with_floor(scene, 5))
    await scene.pay(await hall.held(type="Floor", quantity=2))
    await hall.held(type="Floor", quantity=1, by=await make_user())
    floor = next(part for part in (await stats(hall))["by_category"] if part["name"] == "Floor")
    assert floor == {
        "name": "Floor",
        "standing": True,
        "seats": 5,
        "free": 2,
        "held": 1,
        "sold": 2,
        "blocked": 0,
        "gross": "50.00",
    }


async def with_floor(scene: Scene, capacity: int) -> dict[str, Any]:
    layout = await generate(scene.api, scene.organiser)
    layout["categories"].append({"name": "Floor"})
    area = {
        "shape": "rectangle",
        "position": {"x": 0, "y": 0},
        "rectangle": {"width": 10, "height": 10},
        "color": "#eeeeee",
        "sell": {"category": "Floor", "capacity": capacity},
    }
    layout["zones"].append({"name": "Floor", "position": {"x": 0, "y": 0}, "rows": [], "areas": [area]})
    return layout


async def exported(hall: Hall, query: str) -> list[dict[str, str]]:
    path = f"/events/{hall.event_id}/bookings.csv{query}"
    reply = await hall.api.get(path, token=hall.scene.organiser.token)
    assert reply.status == 200, reply.text
    return list(csv.DictReader(io.StringIO(reply.text.removeprefix("\ufeff"), newline="")))


async def test_holders_are_listed_with_their_seats(hall: Hall, make_user: MakeUser) -> None:
    first, second, third, *_ = hall.guids()
    paid = await hall.held(first, second)
    await hall.scene.pay(paid)
    await hall.held(third, by=await make_user())
    await give(hall, hall.guids()[3])
    shown = (await hall.api.get(f"/events/{hall.event_id}/bookings", token=hall.scene.organiser.token)).json
    seat = next(one for one in shown if one["id"] == paid["id"])["tickets"][0]["seat"]
    assert (seat["section"], seat["row"], seat["number"], seat["category"]) == ("Stalls", "A", "1", "Stalls")
    rows = await exported(hall, "")
    assert [(row["seats"], row["complimentary"]) for row in rows] == [
        ("Stalls, A 1; Stalls, A 2", "no"),
        ("Stalls, A 4", "yes"),
        ("Stalls, A 3", "no"),
    ]
    lines = await exported(hall, "?lines=tickets")
    assert [(line["section"], line["row"], line["seat"], line["category"]) for line in lines] == [
        ("Stalls", "A", number, "Stalls") for number in ("1", "2", "4", "3")
    ]
    codes = [ticket["code"] for ticket in (await hall.scene.shown(paid))["tickets"]]
    assert [line["ticket_code"] for line in lines][:2] == codes
    assert (lines[3]["status"], lines[3]["ticket_code"], lines[3]["price"]) == ("PENDING", "", "25.00")
    assert (lines[2]["price"], lines[2]["complimentary"]) == ("0.00", "yes")
    wrong = await hall.api.get(
        f"/events/{hall.event_id}/bookings.csv?lines=seats", token=hall.scene.organiser.token
    )
    wrong.problem(422, "validation_failed")


async def test_a_line_is_a_ticket_without_seats_too(scene: Scene) -> None:
    booking = await scene.paid(3)
    one = (await scene.shown(booking))["tickets"][0]["id"]
    await scene.api.post(f"/bookings/{booking['id']}/cancel", {"tickets": [one]}, token=scene.buyer.token)
    hall = Hall(scene, {}, {}, {}, scene.event["id"])
    lines = await exported(hall, "?lines=tickets")
    assert [(line["section"], line["row"], line["seat"], line["category"]) for line in lines] == [
        ("",) * 4
    ] * 2


async def test_a_label_is_no_formula(scene: Scene) -> None:
    layout = await generate(scene.api, scene.organiser, STALLS)
    zone = next(zone for zone in layout["zones"] if zone["rows"])
    zone["name"] = "=cmd|calc"
    for row in zone["rows"]:
        row["row_number"] = f"+{row['row_number']}"
        for seat in row["seats"]:
            seat["seat_number"] = f"@{seat['seat_number']}"
            seat["category"] = "-Stalls"
    layout["categories"] = [{"name": "-Stalls"}]
    hall = await seat_event(scene, layout)
    await hall.held(hall.guids("-Stalls")[0], type="-Stalls")
    (line,) = await exported(hall, "?lines=tickets")
    assert [line[name] for name in ("section", "row", "seat", "category", "ticket_type")] == [
        "'=cmd|calc",
        "'+A",
        "'@1",
        "'-Stalls",
        "'-Stalls",
    ]


async def listed(hall: Hall) -> tuple[list[int], dict[str, Any]]:
    """Return the ids of the events that can be bought, and the hall's as it is shown."""
    events = (await hall.api.get("/events?available=true&limit=200")).json
    shown: dict[str, Any] = (await hall.api.get(f"/events/{hall.event_id}")).json
    return [event["id"] for event in events], shown


async def test_what_can_be_bought_is_what_is_free(hall: Hall) -> None:
    """Two types sell one category: what one of them has sold, the other has not."""
    both = [hall.types["Stalls"], hall.types["Circle"]]
    body = {"plan": hall.version["plan"], "categories": {"Circle": both}, "orphan_rule": "off"}
    path, token = f"/events/{hall.event_id}/seating", hall.scene.organiser.token
    assert (await hall.api.put(path, body, token=token)).status == 200
    await hall.held(quantity=9)
    ids, shown = await listed(hall)
    assert hall.event_id in ids
    assert (shown["available"], shown["on_sale"]) == (1, True)
    await block(hall, next(guid for guid, state in hall.states().items() if state == 0))
    ids, shown = await listed(hall)
    assert hall.event_id not in ids
    assert (shown["available"], shown["on_sale"], shown["sale"]["state"]) == (0, False, "sold_out")
    assert [kind["available"] for kind in shown["ticket_types"]] == [0, 0]


async def test_free_seats_whose_types_are_off_sale_cannot_be_bought(hall: Hall) -> None:
    hall.scene.rows("UPDATE ticket_types SET on_sale = 0 WHERE id = ?", hall.types["Stalls"])
    await hall.held(quantity=10, type="Circle")
    ids, shown = await listed(hall)
    assert hall.event_id not in ids
    assert (shown["available"], shown["sale"]["state"]) == (40, "stopped")


async def test_an_unseated_type_beside_seats_is_counted(scene: Scene, make_user: MakeUser) -> None:
    layout = await generate(scene.api, scene.organiser)
    version = await publish(scene.api, scene.organiser, layout)
    types = [
        {"name": "Stalls", "price": "25.00", "capacity": 5},
        {"name": "Parking", "price": "5.00", "capacity": 3},
    ]
    await scene.on_sale(ticket_types=types, status="PUBLISHED")
    by_name = {kind["name"]: kind["id"] for kind in scene.event["ticket_types"]}
    hall = Hall(scene, version, layout, by_name, scene.event["id"])
    body = {"plan": version["plan"], "categories": {"Stalls": [by_name["Stalls"]]}, "orphan_rule": "off"}
    path, token = f"/events/{hall.event_id}/seating", scene.organiser.token
    assert (await scene.api.put(path, body, token=token)).status == 200
    await block(hall, *hall.guids())
    ids, shown = await listed(hall)
    assert hall.event_id in ids
    assert (shown["available"], shown["capacity"]) == (3, 43)
    assert (await stats(hall))["available"] == 3
    await hall.held(type="Parking", quantity=3, by=await make_user())
    ids, shown = await listed(hall)
    assert hall.event_id not in ids
    assert shown["sale"]["state"] == "sold_out"
