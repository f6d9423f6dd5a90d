"""The short way to a kept page: the same reply as the long one, and for strangers alone."""

import pytest

from bms.web.kit.pages import PageRoute
from tests.kit.scene import Scene
from tests.kit.site import Browser
from tests.kit.users import PASSWORD

SAME = ("Content-Type", "ETag", "Cache-Control", "Vary", "Content-Security-Policy", "Referrer-Policy")


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
@pytest.mark.parametrize("tag", ["en", "de-AT", "hi"])
async def test_both_ways_lead_to_the_same(
    scene: Scene, make_browser, monkeypatch: pytest.MonkeyPatch, encoding: str, tag: str
) -> None:
    browser = make_browser(**{"Accept-Encoding": encoding, "Accept-Language": tag})
    event = (await browser.get(f"/e/{scene.event['id']}")).path
    for path in ("/", event, "/accessibility"):
        await browser.get(path)
        short = await browser.get(path)
        with monkeypatch.context() as patch:
            patch.setattr(PageRoute, "_at_hand", lambda *_: None)
            long = await browser.get(path)
        assert (short.status, short.html) == (200, long.html)
        assert {name: short.headers.get(name) for name in SAME} == {
            name: long.headers.get(name) for name in SAME
        }
        known = await browser.get(path, headers={"If-None-Match": short.headers["ETag"]})
        assert known.status == 304


async def test_whoever_is_known_goes_the_long_way(scene: Scene, make_browser) -> None:
    stranger, somebody = make_browser(), make_browser()
    for _ in range(2):
        await stranger.get("/")
    await somebody.sign_in(scene.buyer.username, PASSWORD)
    page = await somebody.get("/")
    assert "private" in page.headers["Cache-Control"]
    assert page.form("/language").fields["csrf"]
    somebody.forget()
    assert "private" not in (await somebody.get("/")).headers["Cache-Control"]


async def test_a_chosen_language_is_heeded(scene: Scene, browser: Browser) -> None:
    await browser.get("/")
    page = await browser.get("/")
    await browser.submit(page, page.form("/language"), language="hi")
    assert 'lang="hi"' in (await browser.get("/")).html
    assert 'lang="de"' in (await browser.get("/?lang=de")).html


async def test_what_is_at_hand_is_exact(scene: Scene, browser: Browser) -> None:
    path = (await browser.get(f"/e/{scene.event['id']}")).path
    for left in (100, 99, 98):
        assert f"{left} left" in (await browser.get(path)).text
        assert f"{left} left" in (await browser.get(path)).text
        await scene.held()
    made_up = await browser.get(f"/e/{scene.event['id']}/made-up", follow=False)
    assert made_up.status == 302
    assert (await browser.get("/e/99999/x")).status == 404
    assert (await browser.get(f"/e/{'9' * 30}/x")).status == 404
