"""Giving other seats in a real browser: by a click on the map, by keyboard, and by the list alone."""

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.kit.browsing import fill_in, sign_in
from tests.kit.page_faults import faults_of, too_wide
from tests.kit.scene import Scene
from tests.kit.seats import Hall, open_hall

pytestmark = pytest.mark.slow


async def sold(scene: Scene, hall: Hall, *seats: str) -> dict[str, Any]:
    booking = await hall.held(*seats)
    reply = await scene.pay(booking)
    assert reply.status == 201, reply.text
    return booking


def seat(page: Page, name: str) -> Locator:
    return page.locator(f".seat[aria-label^='{name},']")


async def click(page: Page, name: str) -> None:
    """Click on the map where a seat is: first to come near it, then to choose it."""
    for _ in range(2):
        await page.locator("svg.plan").scroll_into_view_if_needed()
        await seat(page, name).scroll_into_view_if_needed()
        box = await seat(page, name).bounding_box()
        assert box is not None
        is_near = await page.locator("svg.plan.near").count()
        await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        if is_near:
            return
        await expect(page.locator("svg.plan.near")).to_be_visible()
        await page.wait_for_timeout(400)


def seats_of(scene: Scene, reference: str) -> list[int]:
    return [
        row.seat_no
        for row in scene.rows(
            "SELECT t.seat_no FROM tickets t INNER JOIN bookings b ON b.id = t.booking_id "
            "WHERE b.reference = ? AND t.status = 'VALID' ORDER BY t.id",
            reference,
        )
    ]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="desk"),
        pytest.param({"width": 390, "height": 844, "color_scheme": "dark"}, id="phone"),
    ],
)
async def test_two_bookings_exchange_their_seats(
    scene: Scene, open_page: Any, make_user: Any, options: dict[str, Any]
) -> None:
    hall = await open_hall(scene)
    first, second, third, *_ = hall.guids()
    mine = await sold(scene, hall, first, second)
    scene.buyer = await make_user()
    others = await sold(scene, hall, third)
    page = await open_page("/", **options)
    await sign_in(page, scene.organiser)
    await page.goto(f"/manage/events/{hall.event_id}/bookings/{mine['reference']}")
    await page.click("text=Give other seats")
    await expect(seat(page, "Stalls, row A, seat 1")).to_have_class("seat taken c0 own sold")
    await click(page, "Stalls, row A, seat 3")
    inputs = page.locator("#moves input[data-now]")
    await expect(inputs.nth(0)).to_have_value("Stalls, A 3")
    await expect(page.locator("[data-say]")).to_contain_text("Stalls, row A, seat 3 is chosen for")
    # The next ticket is meant now: the free seat is for it.
    await click(page, "Stalls, row A, seat 5")
    await expect(inputs.nth(1)).to_have_value("Stalls, A 5")
    assert await faults_of(page) == []
    assert await too_wide(page) == []
    await page.click("#moves >> text=Show what happens")
    preview = page.locator(".preview")
    await expect(preview).to_contain_text("from Stalls, A 1 to Stalls, A 3")
    await expect(preview).to_contain_text("from Stalls, A 2 to Stalls, A 5")
    await expect(preview).to_contain_text(
        f"Booking {others['reference']} gives Stalls, A 3 and gets Stalls, A 1."
    )
    assert await faults_of(page) == []
    assert seats_of(scene, mine["reference"]) == [0, 1]
    await page.click("text=Exchange the seats")
    await expect(page.locator(".notice.good")).to_contain_text("The seats are changed")
    assert seats_of(scene, mine["reference"]) == [2, 4]
    assert seats_of(scene, others["reference"]) == [0]
    assert scene.count("outbox", "kind = 'tickets_reseated'") <= 2
    await scene.check()


async def test_by_keyboard_alone(scene: Scene, open_page: Any) -> None:
    hall = await open_hall(scene)
    mine = await sold(scene, hall, hall.guids()[0])
    page = await open_page("/")
    await sign_in(page, scene.organiser)
    await page.goto(f"/manage/events/{hall.event_id}/bookings/{mine['reference']}/seats")
    await page.wait_for_selector(".seat.free")
    await page.locator("svg .seat[tabindex='0']").focus()
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowRight")
    name = await page.evaluate("document.activeElement.getAttribute('aria-label')")
    await page.keyboard.press("Enter")
    chosen = await page.locator("#moves input[data-now]").input_value()
    assert chosen != "Stalls, A 1"
    assert chosen.split(" ")[-1] in name
    # Chosen once more it is given back.
    await page.keyboard.press("Enter")
    await expect(page.locator("#moves input[data-now]")).to_have_value("Stalls, A 1")


async def test_a_seat_of_another_category_is_not_taken(scene: Scene, open_page: Any) -> None:
    hall = await open_hall(scene)
    mine = await sold(scene, hall, hall.guids()[0])
    page = await open_page("/")
    await sign_in(page, scene.organiser)
    await page.goto(f"/manage/events/{hall.event_id}/bookings/{mine['reference']}/seats")
    await page.wait_for_selector(".seat.free")
    await click(page, "Circle, row A, seat 1")
    await expect(page.locator("[data-say]")).to_contain_text("not sold with this kind of ticket")
    await expect(page.locator("#moves input[data-now]")).to_have_value("Stalls, A 1")


async def test_without_script_by_the_list(scene: Scene, open_page: Any) -> None:
    hall = await open_hall(scene)
    mine = await sold(scene, hall, hall.guids()[0])
    page = await open_page("/", java_script_enabled=False, width=390, height=844)
    await sign_in(page, scene.organiser)
    await page.goto(f"/manage/events/{hall.event_id}/bookings/{mine['reference']}/seats")
    (name,) = [await one.get_attribute("name") for one in await page.locator("#moves input[data-now]").all()]
    await fill_in(page, {str(name): "Stalls, B 4"})
    await page.click("#moves button")
    await expect(page.locator(".preview")).to_contain_text("from Stalls, A 1 to Stalls, B 4")
    await page.click("text=Give these seats")
    await expect(page.locator(".notice.good")).to_contain_text("The seats are changed")
    assert seats_of(scene, mine["reference"]) == [13]
