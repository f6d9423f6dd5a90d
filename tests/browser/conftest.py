"""Fixtures: a real browser, Debian's Chromium driven by Playwright, and the application served to it.

The browser runs in a thread of its own, as Playwright's synchronous interface needs no event loop there.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from bms.http import keys
from tests.kit.api import Client

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 60_000  # milliseconds: other tests share the machine

expect.set_options(timeout=PATIENCE)

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium here (apt-get install chromium)"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(needs_chromium)


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A running browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
def base(client: Client) -> str:
    """The address of the site, which it takes for its own."""
    origin = str(client.make_url("/")).rstrip("/")
    client.app[keys.LINKS].origin = origin
    return origin


@pytest.fixture
async def open_page(chromium: Browser, base: str) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """Open a page of the site in a context of its own. It fails the test on an error of a script."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    async def make(path: str = "/", *, width: int = 1280, height: int = 900, **options: Any) -> Page:
        options.setdefault("locale", "en")
        context = await chromium.new_context(
            base_url=base, viewport={"width": width, "height": height}, reduced_motion="reduce", **options
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda said: (
                faults.append(said.text)
                if said.type == "error" and "Failed to load resource" not in said.text
                else None
            ),
        )
        await page.goto(path)
        return page

    yield make
    for context in contexts:
        await context.close()
    await asyncio.sleep(0)
    assert faults == []
