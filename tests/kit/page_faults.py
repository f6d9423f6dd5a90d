"""What is wrong with a page for its readers: what axe finds, and what sticks out of the screen."""

from typing import Any

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


async def faults_of(page: Page) -> list[str]:
    """Return what axe finds wrong with a page, a line each."""
    results: Any = await Axe().run(page, options=RULES)
    return [
        f"{page.url}: {one['id']}: {node['html'][:160]}"
        for one in results.response["violations"]
        for node in one["nodes"]
    ]


async def too_wide(page: Page) -> list[str]:
    """Return the elements that stick out of the screen."""
    found: list[str] = await page.evaluate(
        """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
        [...document.querySelectorAll("main *, header *, footer *")]
        .filter(one => one.getBoundingClientRect().right > window.innerWidth + 1)
        .map(one => one.outerHTML.slice(0, 120))"""
    )
    return found
