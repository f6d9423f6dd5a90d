"""The pages of the back office that axe looks at are all that there are."""

import re

from bms.web.kit.office import Office
from bms.web.kit.pages import PageRoute
from bms.web.site import PAGES
from tests.kit.office_pages import FILES, admin_pages, desk_pages, plan_pages
from tests.kit.scene import Scene
from tests.kit.site import Browser
from tests.kit.users import PASSWORD, User

_NAME = re.compile(r"\{(\w+)(?::([^{}]*))?\}")


def routes() -> dict[str, re.Pattern[str]]:
    """Return what the addresses of each page look like, by its path with {names}."""
    return {
        _NAME.sub(r"{\1}", route.path): re.compile(_NAME.sub(lambda name: name[2] or "[^/]+", route.path))
        for pages in PAGES
        if isinstance(pages, Office)
        for route in pages.routes
        if isinstance(route, PageRoute)
    }


async def test_none_is_forgotten(scene: Scene, browser: Browser, admin: User, make_user) -> None:
    addresses = [*await desk_pages(scene), *await plan_pages(scene)]
    addresses += await admin_pages(scene, await make_user())
    await browser.sign_in(admin.username, PASSWORD)
    paths = [address.partition("?")[0] for address in addresses]
    unseen = {path for path, looks in routes().items() if not any(map(looks.fullmatch, paths))}
    assert unseen == set(FILES)
    for address in addresses:
        page = await browser.get(address)
        assert (page.status, page.path) == (200, address.partition("?")[0]), address
        assert page.headers["Content-Type"].startswith("text/html")
