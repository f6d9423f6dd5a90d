"""Seats on the organiser's desk: seating an event by a plan, giving other seats, giving tickets away."""

import re
from typing import Any

import pytest

from tests.kit.scene import Scene
from tests.kit.seats import Hall, generate, open_hall, publish
from tests.kit.site import Browser, Page

pytestmark = pytest.mark.usefixtures("books_balance")


async def send(desk: Browser, page: Page, path: str, **typed: str) -> Page:
    form = page.form(path)
    form.fields |= typed
    return await desk.submit(page, form)


async def test_an_event_is_seated_by_a_plan(scene: Scene, desk: Browser) -> None:
    layout = await generate(scene.api, scene.organiser)
    version = await publish(scene.api, scene.organiser, layout)
    kinds = [{"name": name, "price": "20.00", "capacity": 5} for name in ("Stalls", "Circle")]
    event = await scene.on_sale(ticket_types=kinds)
    path = f"/manage/events/{event['id']}/seating"
    page = await desk.get(path)
    assert "sold without seats" in page.text
    mapping = await desk.get(f"{path}?plan={version['plan']}")
    form = mapping.form(path)
    boxes = {name for name in form.fields if name.startswith("c.")}
    types = [kind["id"] for kind in event["ticket_types"]]
    assert boxes == {f"c.0.{types[0]}", f"c.1.{types[1]}"}  # by their names
    seen = await desk.submit(mapping, form)
    assert "50" in seen.text
    assert scene.count("event_seating") == 0
    done = await send(desk, seen, path, sure="1")
    assert "The event is seated by the plan." in done.text
    assert scene.rows("SELECT capacity FROM events WHERE id = ?", event["id"])[0].capacity == 50
    overview = await desk.get(f"/manage/events/{event['id']}")
    assert "Seats by category and state" in overview.html
    gone = await send(desk, done, f"{path}/remove")
    assert "without seats again" in gone.text


async def test_a_plan_without_a_mapping_is_refused(scene: Scene, desk: Browser) -> None:
    version = await publish(scene.api, scene.organiser, await generate(scene.api, scene.organiser))
    path = f"/manage/events/{scene.event['id']}/seating"
    mapping = await desk.get(f"{path}?plan={version['plan']}")
    again = await send(desk, mapping, path)
    assert again.status == 422
    assert "Please tick which tickets" in again.text
    assert (await desk.get(f"{path}?plan=nonsense")).status == 200


async def seated(scene: Scene, hall: Hall, *seats: str) -> dict[str, Any]:
    booking = await hall.held(*seats)
    reply = await scene.pay(booking)
    assert reply.status == 201, reply.text
    return booking


async def test_tickets_get_other_seats_and_exchange_theirs(scene: Scene, desk: Browser) -> None:
    hall = await open_hall(scene)
    first, second, third, *_ = hall.guids()
    booking = await seated(scene, hall, first, second)
    path = f"/manage/events/{hall.event_id}/bookings/{booking['reference']}/seats"
    page = await desk.get(path)
    form = page.form(path)
    names = sorted(name for name in form.fields if name.startswith("t."))
    one, other = (form.fields[name] for name in names)
    asked = await send(desk, page, path, **{names[0]: other, names[1]: one})
    assert f"from {one} to {other}." in asked.text
    swapped = await send(desk, asked, path, sure="1")
    assert "The seats are changed." in swapped.text
    page = await desk.get(path)
    assert [page.form(path).fields[name] for name in names] == [other, one]
    nowhere = await send(desk, page, path, **{names[0]: "Stalls, Z 99"})
    assert nowhere.status == 422
    assert "There is no such seat" in nowhere.text
    half = await send(desk, page, path, **{names[0]: one})
    assert f"from {other} to {one}." in half.text
    assert f"from {one} to {other}." in half.text
    free = scene.rows("SELECT section, row_label, seat_number FROM event_seats WHERE guid = ?", third)[0]
    asked = await send(desk, page, path, **{names[0]: f"{free[0]}, {free[1]} {free[2]}"})
    moved = await send(desk, asked, path, sure="1")
    assert "The seats are changed." in moved.text
    assert hall.states()[third] == 2


async def test_two_bookings_exchange_their_seats(scene: Scene, desk: Browser, make_user: Any) -> None:
    hall = await open_hall(scene)
    first, second, *_ = hall.guids()
    mine = await seated(scene, hall, first)
    scene.buyer = await make_user()
    others = await seated(scene, hall, second)
    path = f"/manage/events/{hall.event_id}/bookings/{mine['reference']}/seats"
    page = await desk.get(path)
    (name,) = [name for name in page.form(path).fields if name.startswith("t.")]
    asked = await send(desk, page, path, **{name: "Stalls, A 2"})
    assert f"Booking {others['reference']} gives Stalls, A 2 and gets Stalls, A 1." in asked.text
    done = await send(desk, asked, path, sure="1")
    assert "The seats are changed." in done.text
    seats = {
        row.reference: row.seat_no
        for row in scene.rows(
            "SELECT b.reference, t.seat_no FROM tickets t INNER JOIN bookings b ON b.id = t.booking_id"
        )
    }
    assert seats == {mine["reference"]: 1, others["reference"]: 0}


async def test_tickets_are_given_away_once(scene: Scene, desk: Browser) -> None:
    path = f"/manage/events/{scene.event['id']}/give"
    page = await desk.get(path)
    form = page.form(path)
    name = f"q.{scene.event['ticket_types'][0]['id']}"
    for typed in ({}, {name: "x"}, {name: "2", "name": "Ann", "email": "nonsense"}):
        again = await send(desk, page, path, **typed)
        assert again.status == 422, again.text
    form = page.form(path)
    form.fields |= {name: "2", "name": "Ann Press", "email": "ann@example.org"}
    for _ in range(2):
        done = await desk.submit(page, form)
        assert "Given away" in done.text
        assert "Ann Press" in done.text
    assert scene.available() == 98
    assert scene.count("bookings") == 1
    none = await send(desk, await desk.get(path), path, **{name: "99", "name": "B", "email": "b@example.org"})
    assert none.status == 409


async def test_seats_are_blocked_and_given_free(scene: Scene, desk: Browser) -> None:
    hall = await open_hall(scene)
    path = f"/manage/events/{hall.event_id}/blocked"
    page = await desk.get(path)
    row = {"section": "Stalls", "first_row": "B", "last_row": "B", "first_seat": "2", "last_seat": "4"}
    done = await send(desk, page, path, **row, reason="Camera")
    assert "The seats are blocked." in done.text
    assert "Stalls, Row B 2, 3, 4 Camera" in done.text
    assert [guid for guid, state in hall.states().items() if state == 3] == [
        f"Stalls-B-{n}" for n in (2, 3, 4)
    ]
    freed = await send(desk, done, path, **row | {"last_seat": "3"}, free="1")
    assert "The seats are free again." in freed.text
    assert hall.count(3) == 1
    await hall.held("Stalls-B-2")
    taken = await send(desk, freed, path, **row, reason="Camera")
    assert taken.status == 409
    assert "Stalls, row B, seat 2" in taken.text
    for typed, words in (
        ({"first_row": "Q"}, "There are no such seats."),
        ({"reason": ""}, "Please fill this in."),
    ):
        again = await send(desk, freed, path, **{**row, "reason": "Camera", **typed})
        assert again.status == 422
        assert words in again.text
    await scene.on_sale()
    without = await desk.get(f"/manage/events/{scene.event['id']}/blocked")
    assert "sold without seats" in without.text


async def test_no_more_seats_are_blocked_than_the_api_takes(scene: Scene, desk: Browser) -> None:
    hall = await open_hall(scene, {"name": "Stalls", "category": "Stalls", "rows": 30, "seats_per_row": 40})
    path = f"/manage/events/{hall.event_id}/blocked"
    again = await send(desk, await desk.get(path), path, section="Stalls", reason="Rain")
    assert again.status == 422
    assert "At most 1,000 seats" in again.text
    assert hall.count(3) == 0


async def test_certain_seats_are_given_away_blocked_ones_too(scene: Scene, desk: Browser) -> None:
    hall = await open_hall(scene)
    first, second, *_ = hall.guids()
    block = {"seats": [second], "reason": "House seats"}
    await scene.api.post(f"/events/{hall.event_id}/seats/block", block, token=scene.organiser.token)
    path = f"/manage/events/{hall.event_id}/give"
    page = await desk.get(path)
    seats = f"s.{hall.types['Stalls']}"
    guest = {"name": "Ann Press", "email": "ann@example.org"}
    nowhere = await send(desk, page, path, **guest, **{seats: "Stalls, Z 9"})
    assert nowhere.status == 422
    assert "There is no such seat" in nowhere.text
    assert nowhere.form(path).fields[seats] == "Stalls, Z 9"
    refused = await send(desk, page, path, **guest, **{seats: "Stalls, A 1; Stalls, A 2"})
    assert refused.status == 409
    done = await send(desk, page, path, **guest, **{seats: "Stalls, A 1; Stalls, A 2", "allow_blocked": "on"})
    assert "Given away" in done.text
    assert [hall.states()[guid] for guid in (first, second)] == [2, 2]


async def test_accessible_places_are_released_as_the_form_says(scene: Scene, desk: Browser) -> None:
    """What is set stays when another version is pinned, unless the form says otherwise."""
    hall = await open_hall(scene)
    path = f"/manage/events/{hall.event_id}/seating"
    chosen = await desk.get(f"{path}?plan={hall.version['plan']}")
    form = chosen.form(path)
    assert sorted(name for name in form.fields if name.startswith("c.")) == sorted(
        f"c.{number}.{kind}" for number, kind in enumerate(hall.types.values())
    )
    bad = await send(desk, chosen, path, **{"release_accessible.hours_before": "soon"})
    assert bad.status == 422
    asked = await send(
        desk, chosen, path, **{"release_accessible.hours_before": "24", "release_when_sold": "on"}
    )
    done = await send(desk, asked, path, sure="1")
    assert "24 hours before the start" in done.text
    shown = (await scene.api.get(f"/events/{hall.event_id}/seating")).json["release_accessible"]
    assert (shown["hours_before"], shown["when_rest_is_sold"]) == (24, True)
    again = await desk.get(f"{path}?plan={hall.version['plan']}")
    fields = again.form(path).fields
    assert fields["release_accessible.hours_before"] == "24"
    assert fields["release_when_sold"] == "on"
    assert fields["orphan_rule"] == "off"


async def test_the_map_of_other_seats_is_light(scene: Scene, desk: Browser) -> None:
    hall = await open_hall(scene)
    booking = await seated(scene, hall, hall.guids()[0])
    page = await desk.get(f"/manage/events/{hall.event_id}/bookings/{booking['reference']}/seats")
    loaded = set(re.findall(r'"(/static/[^"]+)"', page.html))
    assert {name.split("/")[-1].split(".")[0] for name in loaded} >= {"reseat", "reseat-map", "seat-view"}
    sizes = {name: len((await desk.get(name)).html.encode()) for name in loaded}
    assert sum(size for name, size in sizes.items() if name.endswith(".js")) <= 30_000, sizes
    html = re.sub(r"<option[^>]*>", "", page.html)  # the free seats are plan data
    assert len(html.encode()) + sum(sizes.values()) <= 60_000, (len(html.encode()), sizes)
