"""Kept pages: rendered once, exact after a sale, and never one person's corner for another."""

import asyncio
import re

import pytest

from bms.web.kit import pages as kit_pages
from bms.web.kit.pages import EVENT_PAGES, LIST_PAGES
from tests.kit.api import Client
from tests.kit.scene import Scene
from tests.kit.site import Browser
from tests.kit.users import PASSWORD


def path_of(scene: Scene) -> str:
    title = scene.event["title"].lower().replace(" ", "-")
    return f"/e/{scene.event['id']}/{title}"


async def test_a_crowd_shares_one_rendering(scene: Scene, make_browser, client: Client) -> None:
    browsers = [make_browser() for _ in range(20)]
    found = await asyncio.gather(*(browser.get(path_of(scene)) for browser in browsers))
    assert {page.status for page in found} == {200}
    assert len({page.html for page in found}) == 1
    asked = client.app[EVENT_PAGES].requests
    # One that began before some had asked, and one for all of those.
    assert asked.miss <= 2
    assert asked.hit + asked.shared + asked.miss == 20


async def test_a_page_is_exact_after_every_sale(scene: Scene, browser: Browser) -> None:
    for left in (100, 97, 96):
        assert f"{left} left" in (await browser.get(path_of(scene))).text
        await scene.held(3 if left == 100 else 1)
    change = await scene.api.patch(
        f"/events/{scene.event['id']}", {"title": "Another Name"}, token=scene.organiser.token
    )
    assert change.status == 200
    page = await browser.get(path_of(scene))
    assert page.path.endswith("/another-name")
    assert "Another Name" in page.text


async def test_what_a_browser_has_is_not_sent_again(scene: Scene, make_browser) -> None:
    browser = make_browser()
    first = await browser.get(path_of(scene))
    tag = first.headers["ETag"]
    unchanged = await browser.get(path_of(scene), headers={"If-None-Match": tag})
    assert unchanged.status == 304
    # A browser takes these for the page that it has.
    assert unchanged.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
    await scene.held()
    again = await browser.get(path_of(scene), headers={"If-None-Match": tag})
    assert again.status == 200
    assert again.headers["ETag"] != tag


async def test_no_corner_or_token_is_another_s_under_load(scene: Scene, make_browser, make_user) -> None:
    """Two people and strangers ask for the same pages at once, while tickets are sold."""
    people = {}
    for name in ("Zuleika Alpha", "Yorick Beta"):
        user = await make_user(name=name)
        people[name] = make_browser()
        await people[name].sign_in(user.username, PASSWORD)
    stranger = make_browser()
    paths = [path_of(scene), "/", "/accessibility"]
    seen: dict[str | None, set[str]] = {name: set() for name in (*people, None)}

    async def visit(name: str | None, browser: Browser) -> None:
        for path in paths * 4:
            page = await browser.get(path)
            assert page.status == 200
            for other in people:
                assert (other in page.html) == (other == name), (path, name, other)
            token = page.form("/language").fields["csrf"]
            assert bool(token) == (name is not None)
            seen[name].add(token)
            if name is None:
                assert "private" not in page.headers["Cache-Control"]
            else:
                assert "private" in page.headers["Cache-Control"]
                assert "ETag" not in page.headers

    async def sell() -> None:
        for _ in range(6):
            await scene.held()

    await asyncio.gather(
        sell(),
        *(visit(name, browser) for name, browser in people.items() for _ in range(3)),
        *(visit(None, stranger) for _ in range(3)),
    )
    one, other = (seen[name] for name in people)
    assert not one & other


async def test_the_twin_without_slots_shows_the_damage(
    scene: Scene, make_browser, make_user, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a page were kept as it was rendered for its first visitor, the test above would see it."""
    monkeypatch.setattr(kit_pages.Visit, "for_nobody", lambda self: self)
    user = await make_user(name="Zuleika Alpha")
    plain = {"Accept-Encoding": "identity"}
    browser, stranger = make_browser(**plain), make_browser(**plain)
    await browser.sign_in(user.username, PASSWORD)
    await browser.get(path_of(scene))
    assert "Zuleika Alpha" in (await stranger.get(path_of(scene))).html


async def test_only_known_parameters_make_another_page(
    scene: Scene, browser: Browser, client: Client
) -> None:
    await browser.get("/")
    before = client.app[LIST_PAGES].requests.miss
    for query in ("?utm_source=x", "?fbclid=1&q=", "?Q=1"):
        await browser.get(f"/{query}")
        await browser.get(f"{path_of(scene)}{query}")
    assert len([key for key in client.app[LIST_PAGES]._kept if "'/'" in key]) == 1
    assert len(client.app[EVENT_PAGES]._kept) == 1
    assert before


async def test_a_slug_that_is_made_up_is_not_kept(scene: Scene, browser: Browser, client: Client) -> None:
    for number in range(5):
        page = await browser.get(f"/e/{scene.event['id']}/nonsense-{number}", follow=False)
        assert page.status == 302
        assert page.headers["Location"] == path_of(scene)
        assert "nonsense" not in (await browser.get(path_of(scene))).html
    assert len(client.app[EVENT_PAGES]._kept) == 1


async def test_each_language_is_kept_apart(scene: Scene, make_browser) -> None:
    german = await make_browser(**{"Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}).get("/")
    english = await make_browser(**{"Accept-Language": "en"}).get("/")
    assert 'lang="de"' in german.html
    assert 'lang="en"' in english.html
    assert "Accept-Language" in german.headers["Vary"]


async def test_a_page_is_sent_compressed(scene: Scene, make_browser) -> None:
    browser = make_browser()
    page = await browser.get(path_of(scene))
    assert page.headers["Content-Encoding"] == "gzip"
    assert page.headers["ETag"].startswith("W/")
    plain = await make_browser(**{"Accept-Encoding": "identity"}).get(path_of(scene))
    assert "Content-Encoding" not in plain.headers
    assert plain.html == page.html


async def test_a_static_file_is_kept_for_ever(browser: Browser) -> None:
    home = await browser.get("/")
    for address in re.findall(r'"(/static/[^"]+|/covers/[^"]+)"', home.html):
        asset = await browser.get(address)
        assert asset.status == 200, address
        assert "immutable" in asset.headers["Cache-Control"]
    assert (await browser.get("/static/shop.000000000000.css")).status == 404
