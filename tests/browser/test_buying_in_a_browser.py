"""Buying in a real browser: as a guest, without script, by keyboard alone, in Hindi, on a phone."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from tests.kit.browsing import CONTACT, PAID, choose, fill, fits
from tests.kit.cards import CARD
from tests.kit.scene import Scene
from tests.kit.users import PASSWORD

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="desk"),
        pytest.param({"width": 390, "height": 844, "has_touch": True, "is_mobile": True}, id="phone"),
        pytest.param({"color_scheme": "dark", "width": 390, "height": 844}, id="dark phone"),
        pytest.param({"java_script_enabled": False}, id="without script"),
        pytest.param({"locale": "hi", "width": 390, "height": 844}, id="Hindi"),
        pytest.param({"locale": "de"}, id="German"),
    ],
)
async def test_a_guest_buys(scene: Scene, open_page: Any, options: dict[str, Any]) -> None:
    page = await open_page("/", **options)
    assert await page.locator("html").get_attribute("lang") == options.get("locale", "en")
    await page.click(f"h2 a[href^='/e/{scene.event['id']}/']")
    await page.wait_for_url("**/e/**")
    await page.fill("input[data-price]", "2")
    if options.get("java_script_enabled", True):
        await expect(page.locator("[data-sum] output")).to_contain_text("50")
    await page.click("form[data-total] button.full")
    await page.wait_for_url("**/checkout/*")
    assert await fits(page) or not options.get("java_script_enabled", True)
    await fill(page, {**CONTACT, **PAID})
    await page.click("#pay button.big")
    await page.wait_for_url("**/tickets/*")
    await expect(page.locator(".ticket .qr svg")).to_have_count(2)
    assert scene.count("tickets") == 2
    assert scene.count("users", "is_guest = 1") == 1


async def test_by_keyboard_alone(scene: Scene, open_page: Any) -> None:
    """Tab, arrows, Enter: from the list to the ticket, with the focus always to be seen."""
    page = await open_page("/")

    async def tab_to(selector: str) -> None:
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await page.evaluate("s => document.activeElement.matches(s)", selector):
                outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                box = await page.evaluate(
                    "document.activeElement.closest('.event, .choice') && "
                    "getComputedStyle(document.activeElement.closest('.event, .choice')).outlineStyle"
                )
                assert outline != "none" or box not in (None, "none"), selector
                return
        raise AssertionError(f"the keyboard does not come to {selector}")

    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await tab_to("h2 a")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/e/**")
    await tab_to("input[data-price]")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/checkout/*")
    await tab_to("[name=name]")
    await page.keyboard.type("Keyboard Kay")
    await page.keyboard.press("Tab")
    await page.keyboard.type("kay@example.org")
    await tab_to("[name=method]")
    await tab_to("[name='card.number']")
    for value in (CARD["number"], "12/40", "123"):
        await page.keyboard.type(value)
        await page.keyboard.press("Tab")
    await tab_to("#pay button.big")
    await page.keyboard.press("Space")
    await page.wait_for_url("**/tickets/*")
    assert scene.count("tickets") == 2


async def test_the_total_runs(scene: Scene, open_page: Any) -> None:
    page = await open_page(f"/e/{scene.event['id']}")
    total = page.locator("[data-sum] output")
    await expect(total).to_have_text("€25.00")
    await page.get_by_role("button", name="More: ").click()
    await expect(total).to_have_text("€50.00")
    await page.get_by_role("button", name="Fewer: ").click(click_count=3)
    await expect(total).to_have_text("€0.00")


async def test_a_refusal_loses_nothing(scene: Scene, open_page: Any) -> None:
    page = await open_page("/")
    await choose(page, scene, 3)
    await fill(page, {**CONTACT, **PAID, "card.number": "4000 0000 0000 0002"})
    await page.click("#pay button.big")
    await expect(page.locator("#faults")).to_contain_text("declined")
    assert await page.evaluate("document.activeElement.id") == "faults"
    assert await page.input_value("[name=email]") == CONTACT["email"]
    assert await page.input_value("[name='card.cvv']") == ""
    await fill(page, PAID)
    await page.click("#pay button.big")
    await page.wait_for_url("**/tickets/*")
    assert scene.count("payments", "status = 'SUCCEEDED'") == 1


async def test_on_a_phone_a_bar_leads_to_the_tickets_and_goes_there(scene: Scene, open_page: Any) -> None:
    page = await open_page(f"/e/{scene.event['id']}", width=390, height=320)
    bar = page.locator("[data-bar]")
    await expect(bar).to_be_visible()
    await bar.locator("a").click()
    await expect(page.locator("#tickets")).to_be_in_viewport()
    await expect(bar).to_be_hidden()
    await page.evaluate("scrollTo(0, 0)")
    await expect(bar).to_be_visible()


async def test_without_script_nothing_shows_that_waits_for_one(scene: Scene, open_page: Any) -> None:
    page = await open_page("/", java_script_enabled=False)
    hidden = page.locator("[hidden]:visible")
    await page.goto(f"/e/{scene.event['id']}")
    await expect(page.locator("[hidden]")).not_to_have_count(0)
    await expect(hidden).to_have_count(0)
    await choose(page, scene)
    await expect(hidden).to_have_count(0)
    await fill(page, {**CONTACT, **PAID})
    await page.click("#pay button.big")
    await page.wait_for_url("**/tickets/*")
    await expect(page.locator("[data-print]")).to_have_count(1)
    await expect(hidden).to_have_count(0)


async def test_faults_lead_to_their_fields(scene: Scene, open_page: Any) -> None:
    page = await open_page("/")
    await choose(page, scene)
    await page.click("#pay button.big")
    links = page.locator("#faults a")
    await expect(links).to_have_count(5)
    await links.nth(1).click()
    assert await page.evaluate("document.activeElement.name") == "email"
    described = await page.locator("[name=email]").get_attribute("aria-describedby")
    await expect(page.locator(f"#{described}")).to_contain_text("Please fill this in.")


async def test_a_button_that_is_pressed_twice_pays_once(scene: Scene, open_page: Any) -> None:
    page = await open_page("/", java_script_enabled=False)
    await choose(page, scene)
    await fill(page, {**CONTACT, **PAID})
    await page.locator("#pay button.big").dblclick()
    await page.wait_for_url("**/tickets/*")
    assert scene.count("payments") == 1
    assert scene.count("bookings") == 1


async def test_time_runs_out_and_is_extended(scene: Scene, open_page: Any) -> None:
    page = await open_page("/")
    await choose(page, scene)
    scene.rows("UPDATE bookings SET hold_expires_at = DATEADD(SECOND, 110, SYSUTCDATETIME())")
    checkout = page.url
    await page.reload()
    await expect(page.locator("[data-warning]")).to_contain_text("Two minutes are left")
    async with page.expect_navigation():
        await page.click("#time button")
    left = scene.rows("SELECT DATEDIFF(SECOND, SYSUTCDATETIME(), hold_expires_at) AS left_ FROM bookings")
    assert left[0].left_ > 300
    scene.rows("UPDATE bookings SET created_at = DATEADD(MINUTE, -29, SYSUTCDATETIME())")
    async with page.expect_navigation():
        await page.click("#time button")
    await expect(page.locator("#time button")).to_have_count(0)
    scene.rows("UPDATE bookings SET hold_expires_at = DATEADD(SECOND, 3, SYSUTCDATETIME())")
    await page.goto(checkout)
    await expect(page.locator("h1")).to_have_text("The time is up")
    await page.click("main a.button")
    await page.wait_for_url("**/e/**")


async def test_a_payment_that_the_bank_must_approve(scene: Scene, open_page: Any) -> None:
    page = await open_page("/")
    await choose(page, scene)
    await fill(page, {**CONTACT, **PAID, "card.number": "4000 0025 0000 3155"})
    await page.click("#pay button.big")
    # The link begins with the public address of the service, which here is not where it is served.
    link = await page.locator("[data-look-again] a.button").get_attribute("href")
    bank = await page.context.new_page()
    await bank.goto(urlsplit(link or "").path)
    await bank.get_by_role("button", name="Approve").click()
    await bank.wait_for_load_state()
    await bank.close()
    await page.wait_for_url("**/tickets/*")
    assert scene.count("tickets") == 2


async def test_signing_in_at_the_checkout_keeps_the_tickets(scene: Scene, open_page: Any) -> None:
    page = await open_page("/")
    await choose(page, scene)
    await page.click("#pay a[href^='/sign-in']")
    await page.fill("[name=login]", scene.buyer.username)
    await page.fill("[name=password]", PASSWORD)
    await page.click("main form button")
    await page.wait_for_url("**/checkout/*")
    await fill(page, PAID)
    await page.click("#pay button.big")
    await page.wait_for_url("**/tickets/*")
    assert scene.rows("SELECT user_id FROM bookings")[0].user_id == scene.buyer.id


async def test_cancelling_one_of_three_tickets_and_then_the_others(scene: Scene, open_page: Any) -> None:
    page = await open_page("/")
    await choose(page, scene, 3)
    await fill(page, {**CONTACT, **PAID})
    await page.click("#pay button.big")
    await page.wait_for_url("**/tickets/*")
    await page.click("main a[href$='/cancel']")
    await expect(page.locator("main")).to_contain_text("€75.00")
    await page.uncheck("input[type=checkbox] >> nth=0")
    await page.uncheck("input[type=checkbox] >> nth=2")
    await page.click("main form button.big")
    await page.wait_for_url("**/tickets/*done=cancelled")
    await expect(page.locator(".ticket .qr svg")).to_have_count(2)
    assert scene.available() == 98
    await page.click("main a[href$='/cancel']")
    await expect(page.locator("main")).to_contain_text("€50.00")
    await page.click("main form button.big")
    await page.wait_for_url("**/tickets/*done=cancelled")
    assert scene.available() == 100
    assert scene.rows("SELECT SUM(amount) AS sum_ FROM refunds")[0].sum_ == 75
