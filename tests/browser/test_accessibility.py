"""Axe finds nothing on any page, in both themes, on a phone and on a desk."""

from typing import Any

import pytest
from playwright.async_api import Page

from tests.kit.axe import faults
from tests.kit.browsing import CONTACT, PAID, choose, fill, fits
from tests.kit.scene import Scene
from tests.kit.users import PASSWORD

pytestmark = pytest.mark.slow


async def too_wide(page: Page) -> list[str]:
    """Return the elements that stick out of the screen."""
    found: list[str] = await page.evaluate(
        """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
        [...document.querySelectorAll("main *, header *, footer *")]
        .filter(one => one.getBoundingClientRect().right > window.innerWidth + 1)
        .map(one => one.outerHTML.slice(0, 120))"""
    )
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_every_page(scene: Scene, open_page: Any, theme: str, width: int) -> None:
    page = await open_page("/", width=width, color_scheme=theme)
    found: list[str] = []

    async def look(path: str | None = None) -> None:
        if path is not None:
            await page.goto(path)
        found.extend(await faults(page))
        if not await fits(page):
            found.append(f"{page.url} is wider than {width}")

    for path in (
        "/",
        "/?q=nothing",
        "/?date=x",
        "/nothing",
        "/accessibility",
        "/forgot",
        "/sign-up",
        "/sign-in",
        "/design",
        "/problems",
        "/problems/sold_out",
    ):
        await look(path)
    await page.goto("/sign-up")
    await page.click("main form button")
    await look()
    await look(f"/e/{scene.event['id']}")
    await page.fill("input[data-price]", "0")
    await page.click("form[data-total] button.full")
    await look()
    await choose(page, scene)
    await look()
    await page.click("#pay button.big")
    await look()
    await fill(page, {**CONTACT, **PAID})
    await page.click("#pay button.big")
    await page.wait_for_url("**/tickets/*")
    await look()
    booking = page.url
    await look("/tickets")
    await look(f"{booking}/cancel")
    await page.context.clear_cookies()
    await page.goto("/sign-in")
    await page.fill("[name=login]", scene.buyer.username)
    await page.fill("[name=password]", PASSWORD)
    await page.click("main form button")
    await page.wait_for_url("**/tickets")
    await look()
    await look("/account")
    await look("/account/second-factor")
    await page.fill("[name=password]", PASSWORD)
    await page.click("main form button.big")
    await page.wait_for_load_state()
    await look()
    assert found == []


@pytest.mark.parametrize("locale", ["de", "hi"])
async def test_text_of_twice_the_size_fits(scene: Scene, open_page: Any, locale: str) -> None:
    page = await open_page("/", width=640, locale=locale)
    for path in ("/", f"/e/{scene.event['id']}", "/sign-in", "/accessibility"):
        await page.goto(path)
        await page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        assert await too_wide(page) == [], (locale, path)
