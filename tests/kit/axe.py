"""What axe finds wrong with a page."""

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


async def faults(page: Page) -> list[str]:
    """Return what axe finds wrong with a page, a line each."""
    results = await Axe().run(page, options=RULES)
    return [
        f"{page.url}: {one['id']}: {node['html'][:160]}"
        for one in results.response["violations"]
        for node in one["nodes"]
    ]
