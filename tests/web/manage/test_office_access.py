"""Who may enter the back office: every page and form of each area, found by itself."""

import re

import pytest

from bms.web.kit.office import Office
from bms.web.kit.pages import FormRoute, PageRoute
from bms.web.site import PAGES
from tests.kit.scene import Scene
from tests.kit.site import Browser
from tests.kit.users import PASSWORD

OFFICES = [pages for pages in PAGES if isinstance(pages, Office)]
SHOWN = [(pages, route) for pages in OFFICES for route in pages.routes if isinstance(route, PageRoute)]
SENT = [(pages, route) for pages in OFFICES for route in pages.routes if isinstance(route, FormRoute)]


def filled(path: str, **values: object) -> str:
    """Return a route's path with ``values`` in it, 1 where none is given."""
    return re.sub(r"\{(\w+)(:[^{}]*)?\}", lambda match: str(values.get(match[1], 1)), path)


def refusal_of(path: str) -> int:
    """Return how whoever may not enter is answered: that there are pages for admins is nobody's business."""
    return 404 if path.startswith("/admin") else 403


def of_an_event(path: str) -> bool:
    return path.startswith("/manage/events/{id")


async def token_of(browser: Browser) -> str:
    return (await browser.get("/tickets")).form("/language").fields["csrf"]


@pytest.mark.parametrize("route", [route for _, route in SHOWN], ids=lambda route: route.path)
async def test_a_stranger_is_led_to_sign_in_and_back(
    scene: Scene, browser: Browser, route: PageRoute
) -> None:
    path = filled(route.path, id=scene.event["id"])
    page = await browser.get(path, follow=False)
    assert page.status == 303, page.text
    assert page.headers["Location"].startswith(f"/sign-in?next=%2F{path.split('/')[1]}")


@pytest.mark.parametrize("route", [route for _, route in SHOWN], ids=lambda route: route.path)
async def test_a_buyer_has_no_business_here(scene: Scene, browser: Browser, route: PageRoute) -> None:
    await browser.sign_in(scene.buyer.username, PASSWORD)
    page = await browser.get(filled(route.path, id=scene.event["id"]))
    assert page.status == refusal_of(route.path)
    assert scene.event["title"] not in page.text


@pytest.mark.parametrize("route", [route for _, route in SENT], ids=lambda route: route.path)
async def test_a_buyer_changes_nothing_here(scene: Scene, browser: Browser, route: FormRoute) -> None:
    await browser.sign_in(scene.buyer.username, PASSWORD)
    before = scene.count("audit_log")
    page = await browser.post(
        filled(route.path, id=scene.event["id"]), {"csrf": await token_of(browser)}, follow=False
    )
    assert page.status == refusal_of(route.path)
    assert scene.count("audit_log") == before


@pytest.mark.parametrize(
    "route", [route for _, route in SHOWN if of_an_event(route.path)], ids=lambda route: route.path
)
async def test_another_s_event_is_not_there(
    scene: Scene, browser: Browser, make_user, route: PageRoute
) -> None:
    other = await make_user("EVENT_MANAGER")
    await browser.sign_in(other.username, PASSWORD)
    booking = await scene.held()
    page = await browser.get(
        filled(route.path, id=scene.event["id"], reference=booking["reference"], booking=booking["id"])
    )
    assert page.status == 404, page.text
    assert scene.event["title"] not in page.text


@pytest.mark.parametrize(
    "route", [route for _, route in SENT if of_an_event(route.path)], ids=lambda route: route.path
)
async def test_another_s_event_cannot_be_touched(
    scene: Scene, browser: Browser, make_user, route: FormRoute
) -> None:
    other = await make_user("EVENT_MANAGER")
    await browser.sign_in(other.username, PASSWORD)
    booking = await scene.held()
    before = scene.count("audit_log")
    path = filled(route.path, id=scene.event["id"], reference=booking["reference"], booking=booking["id"])
    page = await browser.post(path, {"csrf": await token_of(browser)}, follow=False)
    assert page.status == 404, page.text
    assert scene.count("audit_log") == before


async def test_the_owner_and_an_admin_enter(scene: Scene, make_browser, admin) -> None:
    """The twin: for them the same page is there."""
    for user in (scene.organiser, admin):
        browser = make_browser()
        await browser.sign_in(user.username, PASSWORD)
        page = await browser.get(f"/manage/events/{scene.event['id']}")
        assert page.status == 200, page.text
        assert scene.event["title"] in page.text
