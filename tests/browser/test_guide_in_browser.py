"""The guide in a browser: accessible, as wide as the screen, and searched under the service's policy."""

from pathlib import Path
from typing import Any

import pytest

from bms.web import guide as served
from tests.kit import guide
from tests.kit.axe import faults
from tests.kit.browsing import fits

PAGES = ("", "api.html", "buyers.html", "settings.html", "operating/nginx.html", "operating/trouble.html")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("guide") / "site"
    assert guide.build(directory) == ""
    return directory


@pytest.fixture
def built(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "DIRECTORY", site)


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_everybody_can_read_it(open_page: Any, width: int, theme: str) -> None:
    page = await open_page("/guide/", width=width, color_scheme=theme)
    found: list[str] = []
    for path in PAGES:
        await page.goto(f"/guide/{path}")
        found.extend(await faults(page))
        if not await fits(page):
            found.append(f"{page.url} is wider than {width}")
    assert found == [], "\n".join(found)


@pytest.mark.usefixtures("built")
async def test_it_can_be_searched(open_page: Any) -> None:
    page = await open_page("/guide/api.html")
    await page.fill("input[name=q]", "backup")
    await page.press("input[name=q]", "Enter")
    await page.wait_for_selector("#search-results li a >> text=Backups")
    await page.click("#search-results li a >> text=Backups")
    await page.wait_for_url("**/operating/backups.html*")
    assert await page.inner_text("h1") == "Backups"
