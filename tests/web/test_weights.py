"""What each page of the site weighs: all that it loads but pictures and plans, before compression."""

import re
from collections.abc import Mapping

import pytest

from bms.http import keys
from tests.kit.guests import buy
from tests.kit.scene import Scene
from tests.kit.seats import open_hall
from tests.kit.site import Browser, Page
from tests.kit.users import PASSWORD, User

MOST, MOST_SCRIPT = 60_000, 30_000  # bytes
LISTED = 24  # events on the first page of the list


class Scales:
    """Weighs pages, with the files that they lead a browser to load."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._files: dict[str, str] = {}

    async def weigh(self, page: Page) -> tuple[int, int]:
        """Return the bytes of a page with all that it loads, and of its scripts alone."""
        names = set(re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css))"', page.html))
        loaded = await self._with_imports(names)
        script = sum(len(text.encode()) for name, text in loaded.items() if name.endswith(".js"))
        return len(page.html.encode()) + sum(len(text.encode()) for text in loaded.values()), script

    async def _with_imports(self, names: set[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        while names - found.keys():
            for name in names - found.keys():
                if name not in self._files:
                    self._files[name] = (await self._browser.get(name)).html
                found[name] = self._files[name]
            for text in list(found.values()):
                names |= {f"/static/{name}" for name in re.findall(r'"\./([\w.-]+\.js)"', text)}
        return found


async def heavy(browser: Browser, pages: list[Page]) -> list[str]:
    """Return which of the pages are too heavy."""
    scales, found = Scales(browser), []
    for page in pages:
        whole, script = await scales.weigh(page)
        if whole > MOST or script > MOST_SCRIPT:
            found.append(f"{page.path}: {whole}, of it {script} of script")
    return found


async def crawl(browser: Browser, *starts: str) -> list[Page]:
    """Return a page of every kind that links lead to. Pages that differ in a number alone are one kind."""
    found: list[Page] = []
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        path = waiting.pop(0).partition("#")[0]
        kind = re.sub(r"/(\d+|[0-9A-Z]{10})(?=[/?]|$)", "/*", re.sub(r"=[^&]*", "=", path))
        if not path.startswith("/") or kind in seen or path.startswith(("/guide", "/static")):
            continue
        seen.add(kind)
        page = await browser.get(path)
        if page.status == 200 and "text/html" in page.headers["Content-Type"]:
            found.append(page)
            waiting += page.links
    return found


@pytest.mark.parametrize("tag", ["en", "hi"])
async def test_no_page_of_the_shop_is_heavy(scene: Scene, make_browser, tag: str) -> None:
    for number in range(LISTED):
        await scene.on_sale(title=f"An event with a name of a good length, number {number}")
    hall = await open_hall(scene)
    event = f"/e/{hall.event_id}"
    await scene.on_sale(description="A good long text. " * 400)
    guest: Browser = make_browser(**{"Accept-Language": tag})
    booking = await buy(guest, scene)
    seed = guest.app[keys.LINK_TOKENS]
    (mail,) = scene.rows("SELECT payload FROM outbox WHERE kind = 'booking_confirmed'")
    link = f"/b/{seed.token(re.findall(r'booking_seed.: ?.([^,}]+?).[,}]', mail.payload)[0])}"
    pages = await crawl(
        guest,
        "/",
        event,
        f"{event}/seats/list",
        booking.path,
        f"{booking.path}/contact",
        "/accessibility",
        link,
    )
    for path in ("/nothing", "/b/nothing", "/b/contact/nothing", "/confirm/nothing", "/reset/nothing"):
        pages.append(await guest.get(path))
    buyer: Browser = make_browser(**{"Accept-Language": tag})
    await scene.paid(3)
    held = await scene.held(2)
    await buyer.sign_in(scene.buyer.username, PASSWORD)
    pages += await crawl(
        buyer, "/tickets", f"/checkout/{held['reference']}", "/account", "/account/second-factor"
    )
    assert await heavy(guest, pages) == []
    assert len(pages) > 25


async def test_no_page_of_the_offices_is_heavy(scene: Scene, make_browser, admin: User) -> None:
    for _ in range(5):
        await scene.paid(2)
    await open_hall(scene)
    for start, user in (("/manage", scene.organiser), ("/admin", admin)):
        browser: Browser = make_browser()
        await browser.sign_in(user.username, PASSWORD)
        pages = [page for page in await crawl(browser, start) if page.path.startswith(start)]
        assert await heavy(browser, pages) == []
        assert len(pages) > 12, start


async def test_a_heavy_page_is_found(scene: Scene, browser: Browser) -> None:
    """The twin: text beyond the bound, and a script beyond its own."""
    page = await browser.get("/")
    page.html += "x" * MOST
    (said,) = await heavy(browser, [page])
    assert said.startswith("/: ")
    scales = Scales(browser)
    lean, script = await scales.weigh(await browser.get(f"/e/{scene.event['id']}"))
    assert 0 < script < lean < MOST
