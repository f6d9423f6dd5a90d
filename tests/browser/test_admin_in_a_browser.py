"""The admins' pages in a real browser: whole journeys, and axe on every page."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.kit.browsing import fill_in, sign_in
from tests.kit.office_pages import admin_pages
from tests.kit.page_faults import faults_of, too_wide
from tests.kit.scene import Scene
from tests.kit.users import User

pytestmark = pytest.mark.slow


async def test_an_admin_bars_an_organiser(scene: Scene, open_page: Any, admin: User) -> None:
    page = await open_page("/", width=390)
    await sign_in(page, admin)
    await page.click("text=Administration")
    await page.click("text=Menu")
    await page.click("#sections >> text=Accounts")
    await fill_in(page, {"q": scene.organiser.username})
    await page.click("main form button")
    await page.click("tbody th a")
    await page.click("text=Bar the account")
    await expect(page.locator("main")).to_contain_text("1 event goes off sale")
    await expect(page.locator("main")).to_contain_text(scene.event["title"])
    await page.click("main form button.danger")
    await expect(page.locator(".notice.good")).to_contain_text("The account is barred")
    await expect(page.locator("h1")).to_contain_text("Barred")
    event = await scene.api.get(f"/events/{scene.event['id']}")
    assert event.json["on_sale"] is False
    refused = await scene.api.get("/profile", token=scene.organiser.token)
    assert refused.status == 401


async def test_a_failed_mail_is_sent_again(scene: Scene, open_page: Any, admin: User) -> None:
    booking = await scene.paid(1)
    scene.rows(
        "UPDATE outbox SET state = 'DEAD', attempts = 60, last_error = '452 mailbox full' "
        "WHERE kind = 'booking_confirmed'"
    )
    page = await open_page("/", width=1280)
    await sign_in(page, admin)
    await page.goto("/admin")
    await page.click(".needs a")
    await expect(page.locator("tbody")).to_contain_text("452 mailbox full")
    await page.click(f"text={booking['reference']}")
    await expect(page.locator("main")).to_contain_text("452 mailbox full")
    await page.click("text=Send it again")
    await page.click("main form button")
    await expect(page.locator(".notice.good")).to_contain_text("on its way once more")
    assert scene.count("outbox", "kind = 'booking_confirmed' AND state = 'PENDING' AND attempts = 0") == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_axe_finds_nothing(
    scene: Scene, open_page: Any, admin: User, make_user: Any, theme: str, width: int
) -> None:
    page = await open_page("/", width=width, color_scheme=theme)
    await sign_in(page, admin)
    found: list[str] = []
    for path in await admin_pages(scene, await make_user()):
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        await page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
        found += await faults_of(page)
        found += [f"{path} is too wide: {one}" for one in await too_wide(page)]
    assert found == []
