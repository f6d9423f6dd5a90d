"""While the seats of an event are written: pages say so, and ask again by themselves."""

import asyncio

import pytest

from bms.checkout.live_seats import FRESH
from bms.checkout.pinning import Pinner
from tests.kit.scene import Scene
from tests.kit.seats import Hall, open_hall
from tests.kit.site import SAME_ORIGIN, Browser

BIG = {"name": "Big", "category": "Big", "rows": 20, "seats_per_row": 260}


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    """A hall whose seats are being written."""
    return await open_hall(scene, BIG)


async def finish(hall: Hall) -> None:
    """Write all seats, and wait until whatever a page has read before is out of date."""
    while await Pinner(hall.scene.db).run():
        pass
    await asyncio.sleep(FRESH)


@pytest.mark.parametrize("tag", ["en", "de", "hi"])
@pytest.mark.parametrize("end", ["seats", "seats/list"])
async def test_the_page_says_what_happens_and_asks_again(
    hall: Hall, make_browser, tag: str, end: str
) -> None:
    browser: Browser = make_browser(**{"Accept-Language": tag})
    path = f"/e/{hall.event_id}/seats"
    page = await browser.get(f"/e/{hall.event_id}/{end}")
    said = {"en": "being prepared", "de": "vorbereitet", "hi": "तैयार"}[tag]
    assert (page.status, said in page.text) == (409, True), page.text
    assert f'data-look-again="4" data-reload="{path}"' in page.html
    assert page.headers["Retry-After"] == "4"
    assert page.headers["Cache-Control"] == "no-store"
    assert path in page.links  # without script
    assert "max-age" not in page.html
    await finish(hall)
    shown = await browser.get(path)
    assert (shown.status, "data-look-again" in shown.html) == (200, False)


async def test_the_share_that_is_done(hall: Hall, browser: Browser) -> None:
    page = await browser.get(f"/e/{hall.event_id}/seats")
    assert '<progress id="done" max="100" value="0">' in page.html
    hall.scene.rows("UPDATE event_seating SET pinned = 2600")
    page = await browser.get(f"/e/{hall.event_id}/seats")
    assert '<progress id="done" max="100" value="50">' in page.html
    assert "50%" in page.text


async def test_the_event_s_page_waits_too(hall: Hall, browser: Browser) -> None:
    page = await browser.get(f"/e/{hall.event_id}")
    assert 'data-look-again="10"' in page.html
    await finish(hall)
    again = await browser.get(f"/e/{hall.event_id}")
    assert "data-look-again" not in again.html
    assert f"/e/{hall.event_id}/seats" in again.links


async def test_what_is_sent_meanwhile_takes_nothing(hall: Hall, browser: Browser) -> None:
    for end in ("", "/best"):
        page = await browser.post(f"/e/{hall.event_id}/seats{end}", {"hold": "yes", "s.0": "on"})
        assert (page.status, "being prepared" in page.text) == (409, True)
    script = {**SAME_ORIGIN, "Accept": "application/json"}
    page = await browser.post(f"/e/{hall.event_id}/seats/suggest", {}, headers=script)
    assert page.status == 409
    assert hall.scene.count("bookings") == 0
