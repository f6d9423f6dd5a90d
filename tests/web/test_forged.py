"""Every form of the site, sent without its token, with another's, and from another origin."""

import re

import pytest

from bms.http import keys
from bms.web.kit.pages import FormRoute
from bms.web.site import PAGES
from tests.kit.scene import Scene
from tests.kit.site import Browser, Form, Page
from tests.kit.users import PASSWORD

ELSEWHERE = {"Sec-Fetch-Site": "cross-site"}
SUBDOMAIN = {"Sec-Fetch-Site": "same-site"}
NO_MENTION: dict[str, str] = {}
OTHER_ORIGIN = {"Origin": "https://evil.example"}
NULL_ORIGIN = {"Origin": "null"}


def routes() -> list[str]:
    """Return the paths of all forms, with {names}."""
    return [
        re.sub(r"\{(\w+)(:[^{}]*)?\}", r"{\1}", route.path)
        for pages in PAGES
        for route in pages.routes
        if isinstance(route, FormRoute)
    ]


def path_of(route: str, scene: Scene, reference: str) -> str:
    values = {
        "id": scene.event["id"],
        "slug": "x",
        "reference": reference,
        "token": "x" * 20,
        "ticket": "1",
        "review": 1,
    }
    return route.format(**values)


@pytest.mark.parametrize("route", routes())
async def test_no_form_is_taken_from_elsewhere(scene: Scene, make_browser, route: str) -> None:
    """Signed in or not: what another site sends changes nothing."""
    booking = await scene.held()
    before = scene.count("audit_log")
    path = path_of(route, scene, booking["reference"])
    stranger, visitor = make_browser(), make_browser()
    await visitor.sign_in(scene.buyer.username, PASSWORD)
    token = (await visitor.get("/tickets")).form("/language").fields["csrf"]
    assert token
    before = scene.count("audit_log")
    for browser in (stranger, visitor):
        forged = [ELSEWHERE, SUBDOMAIN, NO_MENTION, OTHER_ORIGIN]
        if "{token}" not in route:  # where the path is a secret, an origin that says nothing is enough
            forged.append(NULL_ORIGIN)
        for headers in forged:
            page = await browser.post(path, {"csrf": token}, headers=headers, follow=False)
            assert page.status == 403, (headers, page.text)
            assert "Set-Cookie" not in page.headers
    assert scene.count("audit_log") == before
    assert scene.status(booking) == "PENDING"


@pytest.mark.parametrize("route", routes())
async def test_no_form_is_taken_without_its_own_token(scene: Scene, make_browser, route: str) -> None:
    booking = await scene.held()
    path = path_of(route, scene, booking["reference"])
    visitor, other = make_browser(), make_browser()
    await visitor.sign_in(scene.buyer.username, PASSWORD)
    await other.sign_in(scene.organiser.username, PASSWORD)
    others = (await other.get("/tickets")).form("/language").fields["csrf"]
    before = scene.count("audit_log")
    for token in (None, "", others, "A" * 86, others[:-4], "é" * 40):
        typed = {} if token is None else {"csrf": token}
        page = await visitor.post(path, typed, follow=False)
        assert page.status == 403, (token, page.text)
    assert scene.count("audit_log") == before
    assert scene.status(booking) == "PENDING"


async def test_the_same_form_with_its_token_is_taken(scene: Scene, browser: Browser) -> None:
    """The twin: with everything right the form has its effect."""
    booking = await scene.held()
    await browser.sign_in(scene.buyer.username, PASSWORD)
    page = await browser.get(f"/checkout/{booking['reference']}")
    form = page.form(f"/checkout/{booking['reference']}/cancel")
    event = await browser.submit(page, form)
    assert event.path.startswith("/e/")
    assert scene.status(booking) == "CANCELLED"


async def test_a_browser_without_fetch_metadata_is_known_by_its_origin(
    scene: Scene, browser: Browser
) -> None:
    page = await browser.get("/forgot")
    fields = {**page.form("/forgot").fields, "email": "a@example.org"}
    origin = browser.app[keys.LINKS].origin
    done = await browser.post("/forgot", fields, headers={"Origin": origin})
    assert done.status == 200, done.text


async def test_no_two_tokens_are_alike(scene: Scene, browser: Browser) -> None:
    """A secret that every page repeats would leak by the page's compressed length."""
    await browser.sign_in(scene.buyer.username, PASSWORD)
    pages: list[Page] = [await browser.get("/tickets") for _ in range(3)]
    tokens = {page.form("/language").fields["csrf"] for page in pages}
    assert len(tokens) == 3


async def test_a_form_that_is_out_of_date_loses_nothing(scene: Scene, make_browser) -> None:
    """Two tabs: a guest is made in one, and the other has no token of that session."""
    browser = make_browser()
    name = f"q.{scene.event['ticket_types'][0]['id']}"
    second = await browser.get(f"/e/{scene.event['id']}")
    first = await browser.get(f"/e/{scene.event['id']}")
    await browser.submit(first, first.form("/e/"), **{name: "1"})
    again = await browser.submit(second, second.form("/e/"), **{name: "3"})
    assert again.status == 403
    form: Form = again.form("/e/")
    assert form.fields[name] == "3"
    done = await browser.submit(again, form)
    assert done.path.startswith("/checkout/")
    assert scene.count("users", "is_guest = 1") == 1
