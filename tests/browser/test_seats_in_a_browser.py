"""Choosing seats in a real browser: by mouse, by keyboard alone, from the list, and in a race."""

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.kit.axe import faults
from tests.kit.browsing import CONTACT, PAID, fill, fits
from tests.kit.scene import Scene
from tests.kit.seats import CIRCLE, Hall, open_hall

pytestmark = pytest.mark.slow

# Wide enough that seats are too small to be chosen before one has zoomed in.
STALLS = {"name": "Stalls", "category": "Stalls", "rows": 16, "seats_per_row": 40, "curve": 0.5}


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    return await open_hall(scene, STALLS, CIRCLE)


def seat(page: Page, name: str) -> Locator:
    return page.locator(f".seat[aria-label^='{name},']")


async def zoom_to(page: Page, name: str) -> Locator:
    """Tap on the map where a seat is, so that it can be chosen."""
    found = seat(page, name)
    await expect(found).to_have_attribute("aria-selected", "false")
    await found.dispatch_event("pointerdown", {"pointerId": 9, **await middle(found)})
    await found.dispatch_event("pointerup", {"pointerId": 9, **await middle(found)})
    await expect(page.locator("svg.plan.near")).to_be_visible()
    return found


async def middle(found: Locator) -> dict[str, float]:
    box = await found.bounding_box()
    assert box is not None
    return {"clientX": box["x"] + box["width"] / 2, "clientY": box["y"] + box["height"] / 2}


async def press(page: Page, name: str) -> None:
    """Choose a seat by mouse, or give it back."""
    spot = await middle(seat(page, name))
    await page.mouse.click(spot["clientX"], spot["clientY"])


async def pay(page: Page) -> None:
    await page.wait_for_url("**/checkout/*")
    await fill(page, {**CONTACT, **PAID})
    await page.click("#pay button.big")
    await page.wait_for_url("**/tickets/*")


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="desk"),
        pytest.param({"width": 390, "height": 844, "has_touch": True, "is_mobile": True}, id="phone"),
        pytest.param({"width": 390, "height": 844, "locale": "hi", "color_scheme": "dark"}, id="Hindi"),
    ],
)
async def test_by_mouse(hall: Hall, open_page: Any, options: dict[str, Any]) -> None:
    page = await open_page(f"/e/{hall.event_id}", **options)
    await page.click(f"aside a[href='/e/{hall.event_id}/seats']")
    await page.wait_for_selector(".seat.free")
    cells = page.locator(".seat.free")
    spot = await middle(cells.nth(300))
    await page.mouse.click(spot["clientX"], spot["clientY"])
    await expect(page.locator("svg.plan.near")).to_be_visible()
    assert await page.locator(".chosen li").count() == 0
    await page.wait_for_timeout(300)
    for place in (300, 301):
        spot = await middle(cells.nth(300))
        assert (await cells.nth(300).bounding_box())["width"] >= 24, place
        await page.mouse.click(spot["clientX"], spot["clientY"])
    await expect(page.locator(".chosen li")).to_have_count(2)
    await expect(page.locator("[data-total] output")).to_contain_text("50")
    assert await fits(page)
    await page.click("#choice button.big")
    await pay(page)
    await expect(page.locator(".ticket .qr svg")).to_have_count(2)
    assert hall.count(2) == 2


async def test_by_keyboard_alone(hall: Hall, open_page: Any) -> None:
    page = await open_page(f"/e/{hall.event_id}/seats")
    await page.wait_for_selector(".seat[tabindex='0']")

    async def tab_to(selector: str) -> None:
        for _ in range(40):
            await page.keyboard.press("Tab")
            if await page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"the keyboard does not come to {selector}")

    async def label() -> str:
        return str(await page.evaluate("document.activeElement.getAttribute('aria-label')"))

    await tab_to(".seat")
    start = await label()
    assert start.startswith("Stalls, row A, seat 2")
    assert start.endswith("€25.00, free")
    await page.keyboard.press("ArrowDown")
    assert (await label()).startswith("Stalls, row B")
    await page.keyboard.press("ArrowRight")
    right = await label()
    await page.keyboard.press("ArrowLeft")
    assert await label() != right
    await page.keyboard.press("ArrowRight")
    assert await label() == right
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-say]")).to_contain_text("is chosen. 1 ticket, €25.00.")
    assert (await label()).endswith("chosen")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Space")
    await page.keyboard.press("Home")
    assert (await label()).startswith("Stalls, row B, seat 1,")
    await page.keyboard.press("End")
    assert (await label()).startswith("Stalls, row B, seat 40,")
    await expect(page.locator(".chosen li")).to_have_count(2)
    await tab_to("#choice button.big")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/checkout/*")
    assert hall.count(1) == 2


async def test_a_seat_is_given_back_and_nothing_is_forgotten(hall: Hall, open_page: Any) -> None:
    page = await open_page(f"/e/{hall.event_id}/seats")
    await zoom_to(page, "Stalls, row D, seat 20")
    await page.wait_for_timeout(300)
    await press(page, "Stalls, row D, seat 20")
    await press(page, "Stalls, row D, seat 21")
    await expect(page.locator(".chosen li")).to_have_count(2)
    await page.reload()
    await expect(page.locator(".chosen li")).to_have_count(2)
    await page.get_by_role("button", name="Remove Stalls, row D, seat 20").click()
    await expect(page.locator("[data-total] output")).to_have_text("€25.00")
    await expect(seat(page, "Stalls, row D, seat 20")).to_have_attribute("aria-selected", "false")


async def test_from_the_list(hall: Hall, open_page: Any) -> None:
    page = await open_page(f"/e/{hall.event_id}/seats")
    await page.get_by_role("button", name="List").click()
    await page.click(".rows summary >> nth=1")
    row = page.locator(".rows fieldset").first
    await row.get_by_role("button", name="Circle, row A, seat 2, €25.00, free").click()
    await row.get_by_role("button", name="Circle, row A, seat 3, €25.00, free").click()
    await expect(page.locator("[data-total] output")).to_have_text("€50.00")
    box = await row.locator("button").first.bounding_box()
    assert box["width"] >= 44
    assert box["height"] >= 44
    await page.click("#choice button.big")
    await page.wait_for_url("**/checkout/*")
    await expect(page.locator("aside")).to_contain_text("Circle, row A, seat 3")


async def test_from_the_list_without_script(hall: Hall, open_page: Any) -> None:
    page = await open_page(f"/e/{hall.event_id}", java_script_enabled=False)
    await page.click(f"aside a[href='/e/{hall.event_id}/seats']")
    await expect(page.locator("[hidden]:visible")).to_have_count(0)
    await page.click("[data-by-list] a")
    await page.click(".ticks summary:has-text('Circle')")
    row = page.get_by_role("group", name="Row A €25.00").last
    await row.get_by_label("2", exact=True).check()
    await row.get_by_label("3", exact=True).check()
    await page.click("#choice button.big")
    await pay(page)
    await expect(page.locator(".ticket").first).to_contain_text("Circle, row A, seat 2")


@pytest.mark.parametrize("width", [390, 1280])
async def test_the_service_chooses(hall: Hall, open_page: Any, width: int) -> None:
    page = await open_page(f"/e/{hall.event_id}/seats", width=width, height=844)
    await page.wait_for_selector(".seat.free")
    await page.click("#best summary")
    await page.fill(f"#best [name='q.{hall.types['Stalls']}']", "4")
    await page.get_by_role("button", name="Choose for me").click()
    await expect(page.locator(".chosen li")).to_have_count(4)
    await expect(page.locator("[data-say]")).to_contain_text("These are the best seats that are free.")
    await expect(page.locator("svg.plan.near")).to_be_visible()
    first = await page.locator(".seat.chosen").first.bounding_box()
    basket = await page.locator("[data-mine]").bounding_box()
    assert first is not None
    assert basket is not None
    assert 0 < first["y"] < (basket["y"] if width < 960 else 844) - first["height"]
    await page.click("#choice button.big")
    await page.wait_for_url("**/checkout/*")
    assert hall.count(1) == 4


async def test_a_race_is_lost_and_the_proposal_taken(hall: Hall, open_page: Any) -> None:
    page = await open_page(f"/e/{hall.event_id}/seats")
    await zoom_to(page, "Stalls, row D, seat 20")
    await page.wait_for_timeout(300)
    await press(page, "Stalls, row D, seat 20")
    await press(page, "Stalls, row D, seat 21")
    await expect(page.locator(".chosen li")).to_have_count(2)
    # Nothing tells the page before it asks for the seats itself.
    await page.route("**/availability**", lambda route: route.abort())
    await hall.held("Stalls-D-20")
    await page.click("#choice button.big")
    notice = page.locator("[data-notice]")
    await expect(notice).to_contain_text("just taken one of these seats. Stalls, row D, seat 20.")
    await expect(notice).to_contain_text("These seats would do:")
    assert await page.evaluate("document.activeElement.matches('[data-notice]')")
    await notice.get_by_role("button").click()
    await page.wait_for_url("**/checkout/*")
    assert hall.count(1) == 3


async def test_a_chosen_seat_that_others_take_is_announced(hall: Hall, open_page: Any) -> None:
    page = await open_page(f"/e/{hall.event_id}/seats")
    await zoom_to(page, "Stalls, row D, seat 20")
    await page.wait_for_timeout(300)
    await press(page, "Stalls, row D, seat 20")
    await hall.held("Stalls-C-3")
    await expect(seat(page, "Stalls, row C, seat 3")).to_have_attribute("aria-disabled", "true")
    await expect(page.locator("[data-notice]")).to_have_count(0)
    await hall.held("Stalls-D-20")
    notice = page.locator("[data-notice]")
    await expect(notice).to_contain_text("Somebody else has just taken Stalls, row D, seat 20.")
    await expect(page.locator(".chosen li")).to_have_count(0)
    await notice.get_by_role("button", name="Find others for me").click()
    await expect(page.locator(".chosen li")).to_have_count(1)


async def test_a_single_seat_left_over_is_explained(scene: Scene, open_page: Any) -> None:
    hall = await open_hall(scene, orphan_rule="refuse")
    page = await open_page(f"/e/{hall.event_id}/seats")
    await page.get_by_role("button", name="List").click()
    await page.click(".rows summary >> nth=0")
    await page.get_by_role("button", name="Stalls, row A, seat 2, €25.00, free").click()
    await page.click("#choice button.big")
    notice = page.locator("[data-notice]")
    await expect(notice).to_contain_text("single seat")
    await expect(page.locator(".chosen li")).to_have_count(1)
    await notice.get_by_role("button").click()
    await page.wait_for_url("**/checkout/*")


async def test_a_large_hall_shows_its_sections_first(scene: Scene, open_page: Any) -> None:
    blocks = [
        {"name": f"Block {n}", "category": "Stalls", "rows": 20, "seats_per_row": 32} for n in range(1, 6)
    ]
    hall = await open_hall(scene, *blocks)
    page = await open_page(f"/e/{hall.event_id}/seats")
    block = page.get_by_role("button", name="Block 2: 640 free, from €25.00")
    await block.focus()
    assert await page.locator(".seat").count() < 640
    await page.keyboard.press("ArrowDown")
    assert "Block 3" in await page.evaluate("document.activeElement.getAttribute('aria-label')")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(seat(page, "Block 2, row A, seat 1")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".chosen li")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Block 2: ")).to_be_focused()
    await page.click("#choice button.big")
    await page.wait_for_url("**/checkout/*")
    assert hall.count(1) == 1


async def test_the_map_can_be_touched_as_one_thing(hall: Hall, open_page: Any) -> None:
    page = await open_page(f"/e/{hall.event_id}/seats", width=390, height=844)
    await page.wait_for_selector(".seat.free")
    assert await places(page) < 20
    # Without the floor each seat beyond the edge is one of its own, and the browser joins all in every frame.
    await page.evaluate("document.querySelector('.floor').remove()")
    assert await places(page) > 200


async def places(page: Page) -> int:
    """Zoom in and out, and return how many places the layer had that had most, for touch and wheel."""
    layers: list[dict[str, Any]] = []
    session = await page.context.new_cdp_session(page)
    session.on("LayerTree.layerTreeDidChange", lambda event: layers.extend(event.get("layers", [])))
    await session.send("DOM.enable")
    await session.send("LayerTree.enable")
    for button in (0, 0, 0, 2):
        await page.locator(".zooms button").nth(button).click()
        await page.wait_for_timeout(500)
    await session.detach()
    return max(len(layer.get("scrollRects", [])) for layer in layers)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_axe_and_the_width(hall: Hall, open_page: Any, theme: str, width: int) -> None:
    page = await open_page(f"/e/{hall.event_id}", width=width, height=844, color_scheme=theme)
    found = await faults(page)
    await page.goto(f"/e/{hall.event_id}/seats")
    await zoom_to(page, "Stalls, row D, seat 20")
    await page.wait_for_timeout(300)
    await press(page, "Stalls, row D, seat 20")
    await expect(page.locator(".chosen li")).to_have_count(1)
    await page.click("#best summary")
    found += await faults(page)
    assert await fits(page)
    await page.get_by_role("button", name="List").click()
    await page.click(".rows summary >> nth=0")
    await page.wait_for_selector(".rows fieldset button")
    found += await faults(page)
    assert await fits(page)
    await page.goto(f"/e/{hall.event_id}/seats/list")
    await page.click("#choice summary >> nth=0")
    found += await faults(page)
    await page.click("#choice button.big")
    found += await faults(page)
    assert found == []
    assert await fits(page)
