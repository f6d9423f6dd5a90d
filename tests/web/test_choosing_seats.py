"""Choosing seats: from the list, by the service, by a script; and what a refusal offers instead."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.kit.cards import CARD
from tests.kit.scene import Scene
from tests.kit.seats import Hall, generate, open_hall, seat_event
from tests.kit.site import SAME_ORIGIN, Browser, Page

CONTACT = {"name": "Ana Guest", "email": "ana@example.org"}
PAID = {"method": "card", "card__number": CARD["number"], "card__expiry": "12/40", "card__cvv": "123"}
SCRIPT = {**SAME_ORIGIN, "Accept": "application/json"}
MOST, MOST_SCRIPT = 60_000, 30_000  # bytes of a page and all that it loads, but for the plan


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    return await open_hall(scene)


async def families(scene: Scene, orphan_rule: str = "off") -> tuple[Hall, int]:
    """Put a hall on sale whose stalls are sold to adults and to children; return the children's type."""
    layout = await generate(scene.api, scene.organiser)
    hall = await seat_event(scene, layout, orphan_rule=orphan_rule)
    path, token = f"/events/{hall.event_id}", scene.organiser.token
    reply = await scene.api.patch(
        path, {"ticket_types": [{"name": "Child", "price": "10.00", "capacity": 5}]}, token=token
    )
    assert reply.status == 200, reply.text
    child = next(kind["id"] for kind in reply.json["ticket_types"] if kind["name"] == "Child")
    body = {
        "plan": hall.version["plan"],
        "categories": {"Stalls": [hall.types["Stalls"], child], "Circle": [hall.types["Circle"]]},
        "orphan_rule": orphan_rule,
    }
    assert (await scene.api.put(f"{path}/seating", body, token=token)).status == 200
    return hall, child


def numbers(hall: Hall, *guids: str) -> list[int]:
    rows = hall.scene.rows("SELECT guid, seat_no FROM event_seats WHERE event_id = ?", hall.event_id)
    by_guid = {row.guid: row.seat_no for row in rows}
    return [by_guid[guid] for guid in guids]


async def ask(browser: Browser, path: str, fields: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Post as the page's script does."""
    page = await browser.post(path, fields, headers=SCRIPT)
    return page.status, json.loads(page.html)


async def until_true(true: Callable[[], Awaitable[bool]], tries: int = 100) -> None:
    """Wait until ``true``."""
    for _ in range(tries):
        if await true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never was")


async def listed(browser: Browser, hall: Hall) -> Page:
    page = await browser.get(f"/e/{hall.event_id}/seats/list")
    assert page.status == 200, page.text
    return page


async def test_the_events_page_leads_to_the_map(hall: Hall, browser: Browser) -> None:
    event = await browser.get(f"/e/{hall.event_id}")
    assert f"/e/{hall.event_id}/seats" in event.links
    assert "40 left" in event.text
    page = await browser.get(f"/e/{hall.event_id}/seats")
    assert page.status == 200
    assert "Choose your seats" in page.text
    by_type = f"q.{hall.types['Stalls']}"
    checkout = await browser.submit(event, event.form(event.path), **{by_type: "2"})
    assert checkout.path.startswith("/checkout/"), checkout.text
    assert hall.count(1) == 2


async def test_an_event_without_seats_has_no_map(scene: Scene, browser: Browser) -> None:
    assert (await browser.get(f"/e/{scene.event['id']}/seats")).status == 404
    assert (await browser.get(f"/e/{scene.event['id']}/seats/list")).status == 404


async def test_an_event_called_seats_has_a_page(scene: Scene, browser: Browser) -> None:
    event = await scene.on_sale(title="Seats")
    page = await browser.get(f"/e/{event['id']}")
    assert (page.status, page.path) == (200, f"/e/{event['id']}/event-seats")


async def test_seats_are_bought_from_the_list(hall: Hall, browser: Browser) -> None:
    page = await listed(browser, hall)
    assert "Row A" in page.text
    wanted = hall.guids()[:2]
    one, other = numbers(hall, *wanted)
    chosen = {f"s.{one}": "on", f"s.{other}": "on", "hold": "yes"}
    checkout = await browser.submit(page, page.form(f"/e/{hall.event_id}/seats"), **chosen)
    assert checkout.path.startswith("/checkout/"), checkout.text
    assert "Stalls, row A, seat 1" in checkout.text
    tickets = await browser.submit(checkout, checkout.form(checkout.path), **CONTACT, **PAID)
    assert tickets.path.startswith("/tickets/"), tickets.text
    assert "Stalls, row A, seat 2" in tickets.text
    assert [guid for guid, state in hall.states().items() if state == 2] == wanted
    cancel = await browser.get(f"{tickets.path}/cancel")
    assert "Stalls, row A, seat 1" in cancel.text

    async def is_gone() -> bool:
        return f'name="s.{one}"' not in (await listed(browser, hall)).html

    await until_true(is_gone)  # what is free may be a moment old


async def test_each_seat_has_its_ticket(scene: Scene, browser: Browser) -> None:
    hall, child = await families(scene)
    page = await listed(browser, hall)
    one, other = numbers(hall, *hall.guids()[:2])
    form = page.form(f"/e/{hall.event_id}/seats")
    page = await browser.submit(page, form, **{f"s.{one}": "on", f"s.{other}": "on", "hold": "yes"})
    assert page.status == 422
    assert "which ticket you would like" in page.text
    assert hall.count(1) == 0
    form = page.form(f"/e/{hall.event_id}/seats")
    adult = str(hall.types["Stalls"])
    checkout = await browser.submit(
        page, form, **{f"s.{one}": adult, f"s.{other}": str(child), "hold": "yes"}
    )
    assert checkout.path.startswith("/checkout/"), checkout.text
    assert "€35.00" in checkout.text


async def test_seats_of_one_section_are_kept_in_the_next(hall: Hall, browser: Browser) -> None:
    (one,) = numbers(hall, hall.guids()[0])
    page = await browser.post(f"/e/{hall.event_id}/seats", {f"s.{one}": "on", "section": "1"})
    assert "Your seats" in page.text
    form = page.form(f"/e/{hall.event_id}/seats")
    assert form.fields[f"s.{one}"] == str(hall.types["Stalls"])
    assert hall.count(1) == 0
    page = await browser.submit(page, form, hold="yes", **{f"s.{one}": ""})
    assert page.status == 422
    assert "at least one seat" in page.text


async def test_the_best_seats_are_held_without_script(hall: Hall, browser: Browser) -> None:
    page = await browser.get(f"/e/{hall.event_id}/seats")
    form = page.form(f"/e/{hall.event_id}/seats/best")
    assert (await browser.submit(page, form)).status == 422
    asked = {f"q.{hall.types['Stalls']}": "11", "together": "on"}
    refused = await browser.submit(page, form, **asked)
    assert refused.status == 409
    assert "side by side" in refused.text
    assert 'value="11"' in refused.html
    checkout = await browser.submit(page, form, **{f"q.{hall.types['Circle']}": "3", "section": "1"})
    assert checkout.path.startswith("/checkout/"), checkout.text
    assert "Circle, row" in checkout.text


async def test_a_script_is_told_the_best_and_holds_them(hall: Hall, browser: Browser) -> None:
    path = f"/e/{hall.event_id}/seats"
    kind = str(hall.types["Stalls"])
    status, said = await ask(browser, f"{path}/suggest", {f"q.{kind}": "3"})
    assert status == 200
    assert {one["section"] for one in said["seats"]} == {0}
    assert len({one["row"] for one in said["seats"]}) == 1
    assert hall.count(1) == 0
    status, held = await ask(browser, path, {f"s.{one['no']}": kind for one in said["seats"]})
    assert (status, held["location"][:10]) == (200, "/checkout/")
    assert hall.count(1) == 3
    status, said = await ask(browser, f"{path}/suggest", {"csrf": ""})
    assert (status, said["message"]) == (403, said["message"])
    assert said["csrf"]
    status, said = await ask(browser, f"{path}/suggest", {"csrf": said["csrf"]})
    assert (status, said) == (422, {"message": "Please choose at least one seat."})


async def test_a_lost_race_offers_other_seats(hall: Hall, browser: Browser) -> None:
    wanted = hall.guids()[:2]
    one, other = numbers(hall, *wanted)
    await hall.held(wanted[0])
    kind, path = str(hall.types["Stalls"]), f"/e/{hall.event_id}/seats"
    fields = {f"s.{one}": kind, f"s.{other}": kind}
    status, said = await ask(browser, path, fields)
    assert (status, said["seats"]) == (409, [one])
    assert "Stalls, row A, seat 1" in said["message"]
    assert len(said["instead"]) == 2
    page = await browser.post(path, {**fields, "hold": "yes"})
    assert page.status == 409
    assert "These seats would do:" in page.text
    offered = next(form for form in page.forms if form.fields.keys() >= {f"s.{said['instead'][0]['no']}"})
    checkout = await browser.submit(page, offered)
    assert checkout.path.startswith("/checkout/"), checkout.text
    assert hall.count(1) == 3


async def test_a_single_seat_left_over_is_explained(scene: Scene, browser: Browser) -> None:
    hall, child = await families(scene, orphan_rule="refuse")
    # Of ten seats in the row, the second and third leave the first alone.
    second, third = numbers(hall, *hall.guids()[1:3])
    fields = {f"s.{second}": str(hall.types["Stalls"]), f"s.{third}": str(child)}
    status, said = await ask(browser, f"/e/{hall.event_id}/seats", fields)
    assert status == 422
    assert "single seat" in said["message"]
    assert "seat 1." in said["message"]
    assert [one["type"] for one in said["instead"]] == [hall.types["Stalls"], child]
    assert abs(said["instead"][0]["no"] - said["instead"][1]["no"]) == 1
    status, held = await ask(
        browser, f"/e/{hall.event_id}/seats", {f"s.{one['no']}": str(one["type"]) for one in said["instead"]}
    )
    assert status == 200, held


async def test_numbers_that_are_none_and_seats_that_are_not_there(hall: Hall, browser: Browser) -> None:
    path = f"/e/{hall.event_id}/seats"
    for fields in ({"s.9999": "on"}, {"s.x": "on"}, {"s.-1": "on"}, {"q.999": "2"}):
        status, _ = await ask(browser, path, fields)
        assert status == 422, fields
    for goal in (path, f"{path}/suggest"):
        status, said = await ask(browser, goal, {f"q.{hall.types['Stalls']}": "many"})
        assert (status, said["message"]) == (422, "Stalls: Please give a whole number.")
    assert (await browser.get(f"/e/{hall.event_id}/seats/list?section=77")).status == 200


async def test_the_plan_is_kept_for_ever(hall: Hall, browser: Browser) -> None:
    page = await browser.get(f"/e/{hall.event_id}/seats")
    (base,) = re.findall(r'data-plan="([^"]+)"', page.html)
    sheet = await browser.get(f"{base}plan.json")
    assert "immutable" in sheet.headers["Cache-Control"]
    assert len(json.loads(sheet.html)["sections"]) == 2
    for path in (f"{base}7.json", f"{base}x.json", f"/plans/x/{'0' * 64}/plan.json", "/plans/x/y/plan.json"):
        assert (await browser.get(path)).status == 404, path


@pytest.mark.parametrize("language", ["en", "hi"])
async def test_what_the_map_weighs(hall: Hall, browser: Browser, language: str) -> None:
    page = await browser.get(f"/e/{hall.event_id}/seats?lang={language}")
    loaded = {
        name: await browser.get(name) for name in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.html)
    }
    sizes = {name: len(one.html.encode()) for name, one in loaded.items()}
    script = sum(size for name, size in sizes.items() if name.endswith(".js"))
    whole = len(page.html.encode()) + sum(size for name, size in sizes.items() if not name.endswith(".svg"))
    assert script <= MOST_SCRIPT
    assert whole <= MOST, (len(page.html.encode()), sizes)
