"""The list of an organiser's events, and what needs attention first."""

import datetime as dt
import re

from bms.web.kit.assets import DIRECTORY
from tests.kit.scene import Scene
from tests.kit.site import Browser
from tests.kit.users import PASSWORD

MOST = 60_000  # bytes of a page and all that it loads


def in_days(days: float) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_the_desk_lists_own_events_and_no_others(scene: Scene, desk: Browser, make_user) -> None:
    other = await make_user("EVENT_MANAGER")
    await scene.make_event(other, title="Somebody else's")
    await scene.on_sale(title="A draft", status="DRAFT")
    gone = await scene.on_sale(title="Long ago")
    await scene.held(3)
    scene.rows("UPDATE events SET starts_at = DATEADD(DAY, -3, SYSUTCDATETIME()) WHERE id = ?", gone["id"])
    page = await desk.get("/manage")
    assert "A draft" in page.text
    assert "Somebody else's" not in page.text
    assert "Long ago" not in page.text
    past = await desk.get("/manage?past=1")
    assert "Long ago" in past.text
    assert "A draft" not in past.text
    assert "3 of 100" in past.text


async def test_events_follow_each_other(scene: Scene, desk: Browser) -> None:
    scene.rows("UPDATE events SET status = 'COMPLETED'")
    for number in range(23):
        await scene.on_sale(title=f"Evening {number:02}", starts_at=in_days(20 + number))
    first = await desk.get("/manage")
    (more,) = [link for link in first.links if "cursor=" in link]
    second = await desk.get(more)
    names = [re.findall(r"Evening \d\d", page.text) for page in (first, second)]
    assert names == [[f"Evening {n:02}" for n in range(20)], [f"Evening {n:02}" for n in range(20, 23)]]
    event = f"/manage/events/{scene.event['id']}"
    for path in ("/manage", "/manage/venues", *(f"{event}/{end}" for end in ("log", "reviews", "bookings"))):
        assert (await desk.get(f"{path}?cursor=nonsense")).status == 200, path


async def test_what_went_wrong_comes_first(scene: Scene, desk: Browser) -> None:
    assert "Needs your attention" not in (await desk.get("/manage")).text
    await scene.on_sale(title="Near Night", starts_at=in_days(3))
    booking = await scene.paid(2)
    await scene.cancel(booking)
    scene.rows("UPDATE refunds SET status = 'FAILED', attempts = 99")
    scene.rows("UPDATE payments SET status = 'PROCESSING', created_at = DATEADD(HOUR, -1, SYSUTCDATETIME())")
    scene.rows("UPDATE outbox SET state = 'DEAD' WHERE kind = 'booking_cancelled'")
    text = (await desk.get("/manage")).text
    order = [
        "1 refund was given up",
        "mail could not be delivered",
        "1 payment has been open",
        "Starts within a week with 0 of 100 sold",
    ]
    found = [text.index(part) for part in order]
    assert found == sorted(found)


async def test_an_empty_desk_says_how_to_begin(make_browser, make_user) -> None:
    browser, organiser = make_browser(), await make_user("EVENT_MANAGER")
    await browser.sign_in(organiser.username, PASSWORD)
    page = await browser.get("/manage")
    assert "/manage/events/new" in page.links
    assert "No event is to come" in page.text
    assert "Nothing is over yet" in (await browser.get("/manage?past=1")).text


async def test_only_who_runs_events_finds_the_way(scene: Scene, make_browser) -> None:
    for user, finds in ((scene.organiser, True), (scene.buyer, False)):
        browser = make_browser()
        await browser.sign_in(user.username, PASSWORD)
        assert ("/manage" in (await browser.get("/")).links) is finds


async def test_no_page_of_the_desk_is_heavy(scene: Scene, desk: Browser) -> None:
    for number in range(20):
        await scene.on_sale(title=f"A rather long name of an event {number}", starts_at=in_days(5 + number))
    common = sum(
        len((DIRECTORY / name).read_bytes())
        for name in ("base.css", "shop.css", "shop.js", "office-frame.css", "office.css", "office.js")
    )
    for path in (
        "/manage",
        "/manage/events/new",
        f"/manage/events/{scene.event['id']}",
        "/manage/venues/new",
    ):
        page = await desk.get(path)
        assert len(page.html.encode()) + common <= MOST, path
        assert "style=" not in page.html


async def test_the_event_s_page_reads_the_books(scene: Scene, desk: Browser) -> None:
    """Capacity less what is sold and held is for sale; what was paid less what went back remains."""
    await scene.on_sale(starts_at=in_days(60), refund_policy={"full_until_hours": 48})
    await scene.paid(4)
    gone = await scene.paid(2)
    await scene.cancel(gone)
    await scene.held(3)
    page = await desk.get(f"/manage/events/{scene.event['id']}")
    sums = " ".join(page.text.replace("\u2212", "-").split())
    assert "Capacity 100 Sold - 4 Held, not paid yet - 3 Blocked - 0 For sale 93" in sums
    assert "Paid by buyers €150.00 €150.00 €150.00 Refunded -€50.00" in sums
    assert "What remains €100.00 €100.00 €100.00" in sums
    assert "Tickets sold by hour, today" in sums
    assert "Until then all of the money goes back" in sums
    assert "Created the event" in sums
    (seen,) = re.findall(r"<rect x=\"0\" y=\"0[.0]*\"[^>]*><title>[^<]*: (\d+)</title>", page.html)
    assert seen == "4"
