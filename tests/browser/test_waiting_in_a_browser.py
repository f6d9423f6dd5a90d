"""Pages that wait and links in mails, in a real browser."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page, expect

from bms.checkout.pinning import Pinner
from bms.settings import Settings
from tests.kit.browsing import CONTACT, PAID, choose, fill, fill_in, fits, sign_in
from tests.kit.guests import links_in, mailed
from tests.kit.page_faults import faults_of
from tests.kit.scene import Scene
from tests.kit.seats import open_hall

pytestmark = pytest.mark.slow

BIG = {"name": "Big", "category": "Big", "rows": 20, "seats_per_row": 260}
THEMES = pytest.mark.parametrize("theme", ["light", "dark"])
WIDTHS = pytest.mark.parametrize("width", [390, 1280])


async def good(page: Page) -> None:
    """Axe finds nothing, and nothing is wider than the screen."""
    assert await faults_of(page) == []
    assert await fits(page)


@THEMES
@WIDTHS
async def test_seats_that_are_being_prepared_come_by_themselves(
    scene: Scene, open_page: Any, theme: str, width: int
) -> None:
    hall = await open_hall(scene, BIG)
    page = await open_page(f"/e/{hall.event_id}/seats", width=width, color_scheme=theme)
    await expect(page.locator("h1")).to_have_text("The seats are being prepared")
    await good(page)
    scene.rows("UPDATE event_seating SET pinned = 2600")
    await expect(page.locator("progress")).to_have_attribute("value", "50")  # nobody has pressed anything
    scene.rows("UPDATE event_seating SET pinned = 0")
    while await Pinner(scene.db).run():
        pass
    await expect(page.locator("h1")).to_have_text("Choose your seats")


async def buy(page: Page, scene: Scene) -> str:
    """Buy as a guest, and return the path of the booking."""
    await choose(page, scene)
    await fill(page, {**CONTACT, **PAID})
    await page.click("#pay button.big")
    await page.wait_for_url("**/tickets/*")
    return page.url


@THEMES
@WIDTHS
async def test_a_guest_moves_a_booking_to_another_address(
    scene: Scene, open_page: Any, settings: Settings, theme: str, width: int
) -> None:
    options = {"width": width, "color_scheme": theme}
    page = await open_page("/", **options)
    await buy(page, scene)
    (link,) = links_in(await mailed(scene, settings), "/b", to=CONTACT["email"])
    other = await open_page(link, **options)
    await good(other)
    await other.click("main button")
    await other.wait_for_url("**/tickets/*")
    await expect(other.locator(".ticket .qr svg")).to_have_count(2)
    await good(other)
    await other.click("main a[href$='/contact']")
    await good(other)
    await other.click("main form button.big")
    await expect(other.locator("#faults a")).to_have_count(1)
    await good(other)
    await other.fill("main [name=email]", "gerda@elsewhere.example")
    await other.click("main form button.big")
    await expect(other.locator("main [role=status]")).to_contain_text("written to the address you had before")
    tray = await mailed(scene, settings)
    (agree,) = links_in(tray, "/b/contact", to=CONTACT["email"])
    mail = await open_page(agree, **options)
    await expect(mail.locator("main")).to_contain_text("gerda@elsewhere.example")
    await good(mail)
    await mail.click("main button")
    await expect(mail.locator("h1")).to_have_text("The address is changed")
    await good(mail)
    await mail.goto(link)
    await expect(mail.locator("h1")).to_have_text("This link does not work any more")
    await good(mail)
    (new,) = links_in(await mailed(scene, settings), "/b", to="gerda@elsewhere.example")
    await mail.goto(new)
    await mail.click("main button")
    await mail.wait_for_url("**/tickets/*")


@pytest.mark.parametrize("script", [True, False])
async def test_a_password_is_reset_from_the_mail(
    scene: Scene, open_page: Any, settings: Settings, script: bool
) -> None:
    page = await open_page("/sign-in", java_script_enabled=script)
    await page.click("main a[href='/forgot']")
    await page.fill("main [name=email]", scene.buyer.email or "")
    await page.click("main form button")
    (link,) = links_in(await mailed(scene, settings), "/reset", to=scene.buyer.email)
    await page.goto(link)
    await fill_in(page, {"password": "12345678"})
    await page.click("main form button")
    await expect(page.locator("#faults a")).to_have_count(1)  # too common, and the link still works
    await fill_in(page, {"password": "violet harmonica drizzle"})
    await page.click("main form button")
    await expect(page.locator("main")).to_contain_text(scene.buyer.username)
    await page.goto("/sign-in")
    await fill_in(page, {"login": scene.buyer.username, "password": "violet harmonica drizzle"})
    await page.click("main form button")
    await page.wait_for_url("**/tickets")
    await page.goto(link)
    await expect(page.locator("h1")).to_have_text("This link does not work any more")


async def test_a_lost_network_is_waited_out(scene: Scene, open_page: Any) -> None:
    """In a queue on a bad network: what is asked meanwhile fails, and the page goes on afterwards."""
    hall = await open_hall(scene, BIG)
    page = await open_page(f"/e/{hall.event_id}/seats")
    await expect(page.locator("progress")).to_be_visible()
    await page.context.set_offline(True)
    while await Pinner(scene.db).run():
        pass
    await asyncio.sleep(6)  # at least one question without an answer
    await expect(page.locator("h1")).to_have_text("The seats are being prepared")
    await page.context.set_offline(False)
    await expect(page.locator("h1")).to_have_text("Choose your seats")
    await sign_in(page, scene.buyer)
