"""The organiser's desk in a real browser: whole journeys, and axe on every page."""

from typing import Any

import pytest
from playwright.async_api import expect

from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.reconciliation import send_due_refunds
from tests.kit.browsing import fill_in, sign_in
from tests.kit.office_pages import desk_pages
from tests.kit.page_faults import faults_of, too_wide
from tests.kit.scene import Scene

pytestmark = pytest.mark.slow

NIGHT = {
    "title": "Night of the Cellos",
    "description": "Ten cellos.",
    "starts_at": "2099-08-01T19:30",
    "ticket_types.0.name": "Stalls",
    "ticket_types.0.price": "35",
    "ticket_types.0.capacity": "2",
}
HALL = {"new.name": "Old Hall", "new.location": "1 Quay", "new.city": "Rotterdam", "new.capacity": "400"}
PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="desk"),
        pytest.param(PHONE, id="phone"),
        pytest.param({"java_script_enabled": False}, id="without script"),
    ],
)
async def test_from_nothing_to_sold_out(scene: Scene, open_page: Any, options: dict[str, Any]) -> None:
    page = await open_page("/", timezone_id="Europe/Amsterdam", **options)
    await sign_in(page, scene.organiser)
    await page.click("text=Your events")
    await page.click("text=New event")
    await page.click("text=A venue that is not in the list")
    await fill_in(page, NIGHT | HALL)
    if options.get("java_script_enabled", True):
        await expect(page.locator("[name='new.timezone']")).to_have_value("Europe/Amsterdam")
    else:
        await fill_in(page, {"new.timezone": "Europe/Amsterdam"})
    await page.click("main form button.big")
    await page.wait_for_url("**/publish")
    await expect(page.locator(".preview")).to_contain_text("€35.00")
    await expect(page.locator(".preview")).to_contain_text("Amsterdam")
    await page.click("main form button.big")
    await expect(page.locator(".notice.good")).to_contain_text("Published")
    (event,) = scene.rows("SELECT id, title FROM events WHERE title = ?", NIGHT["title"])
    reply = await scene.api.get(f"/events/{event.id}")
    assert reply.json["on_sale"] is True
    await scene.paid(2, event=reply.json)
    await page.reload()
    await expect(page.locator("main")).to_contain_text("2 of 2")
    whole, part = [await one.bounding_box() for one in await page.locator("svg.share >> nth=0 >> rect").all()]
    assert whole == part
    assert whole["width"] > 100
    await expect(page.locator("main")).to_contain_text("Sold out")


async def test_one_ticket_of_three_is_given_back(scene: Scene, open_page: Any) -> None:
    booking = await scene.paid(3)
    page = await open_page("/", **PHONE)
    await sign_in(page, scene.organiser)
    await page.goto("/manage")
    await page.click(f"text={scene.event['title']}")
    await page.click("nav.tabs >> text=Bookings")
    await fill_in(page, {"q": booking["reference"]})
    await page.click("main form button")
    await page.click("tbody th a")
    await page.click("text=Cancel tickets")
    await page.check("main input[type=checkbox] >> nth=1")
    await page.click("text=Show what happens")
    await expect(page.locator(".preview")).to_contain_text("1 ticket of booking")
    await expect(page.locator(".preview")).to_contain_text("€25.00")
    await page.click("main form button.danger")
    await expect(page.locator(".notice.good")).to_contain_text("The tickets are cancelled")
    await expect(page.locator("tbody .badge.good")).to_have_count(2)
    assert scene.count("tickets", "status = 'VALID'") == 2
    await scene.check()


async def test_another_s_event_by_its_address(scene: Scene, open_page: Any, make_user: Any) -> None:
    page = await open_page("/")
    await sign_in(page, await make_user("EVENT_MANAGER"))
    for end in ("", "/bookings", "/change", "/cancel"):
        answer = await page.goto(f"/manage/events/{scene.event['id']}{end}")
        assert answer.status == 404
        await expect(page.locator("h1")).to_have_text("There is nothing here")


async def test_moving_an_event_says_whom_it_is_told_to(scene: Scene, open_page: Any) -> None:
    await scene.paid(2)
    page = await open_page("/")
    await sign_in(page, scene.organiser)
    await page.goto(f"/manage/events/{scene.event['id']}/change")
    await fill_in(page, {"starts_at": "2099-09-01T20:00"})
    await page.click("text=Save the changes")
    await expect(page.locator(".notice.warn")).to_contain_text("1 person holds tickets")
    await page.click("text=Change it and tell them")
    await expect(page.locator(".notice.good")).to_contain_text("Saved")
    assert scene.count("announcements", "kind = 'event.changed'") == 1


async def test_an_event_is_cancelled_and_watched(scene: Scene, open_page: Any) -> None:
    await scene.paid(2)
    page = await open_page("/")
    await sign_in(page, scene.organiser)
    await page.goto(f"/manage/events/{scene.event['id']}/change")
    await page.click("text=Cancel this event")
    await expect(page.locator(".preview")).to_contain_text("€50.00")
    await fill_in(page, {"reason": "The hall is flooded"})
    await page.click("main form button.danger")
    await expect(page.locator("main")).to_contain_text("0 of 1")
    await cancel_bookings_of_events(scene.db)
    await send_due_refunds(scene.db, scene.gateway)
    await expect(page.locator(".notice.good")).to_contain_text("Done.")  # the page looks again by itself
    await scene.check()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_axe_finds_nothing(scene: Scene, open_page: Any, theme: str, width: int) -> None:
    page = await open_page("/", width=width, color_scheme=theme)
    await sign_in(page, scene.organiser)
    found: list[str] = []

    async def look() -> None:
        found.extend(await faults_of(page))
        found.extend(f"{page.url} is too wide: {one}" for one in await too_wide(page))

    for path in await desk_pages(scene):
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        await page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
        await look()
    await page.goto("/manage/events/new")
    await page.click("main form button.big")
    await page.wait_for_load_state()
    await look()
    assert found == []


@pytest.mark.parametrize("locale", ["de", "hi"])
async def test_text_of_twice_the_size_fits(scene: Scene, open_page: Any, locale: str) -> None:
    page = await open_page("/", width=640, locale=locale)
    await sign_in(page, scene.organiser)
    for path in await desk_pages(scene):
        await page.goto(path)
        await page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        assert await too_wide(page) == [], (locale, path)
