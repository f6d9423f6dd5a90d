"""An event at the end of the calendar: nothing that is added to its start may leave it."""

from tests.kit.scene import Scene
from tests.kit.site import Browser
from tests.kit.users import PASSWORD

LAST = "9999-12-31T23:00:00Z"


async def test_every_page_of_it_is_shown(scene: Scene, browser: Browser) -> None:
    event = await scene.on_sale(title="The Last Waltz", starts_at=LAST, timezone="UTC")
    booking = await scene.paid()
    await browser.sign_in(scene.buyer.username, PASSWORD)
    paths = (
        *(
            "/",
            "/feed.atom",
            "/feed.ics",
            f"/e/{event['id']}/the-last-waltz",
            f"/e/{event['id']}/calendar.ics",
        ),
        *("/tickets", f"/tickets/{booking['reference']}", f"/tickets/{booking['reference']}/calendar.ics"),
    )
    for path in paths:
        assert (await browser.get(path)).status == 200, path


async def test_its_sale_may_open_at_the_end_too(scene: Scene, browser: Browser) -> None:
    event = await scene.on_sale(starts_at="9999-12-31T23:58:00Z", sales_start="9999-12-31T23:57:00Z")
    assert (await browser.get(f"/e/{event['id']}/sale.ics")).status == 200
