"""The public pages: what they show, how they are found, and what they weigh."""

import datetime as dt
import json
import re
from xml.etree import ElementTree

import pytest

from bms.http import keys
from bms.web.kit.assets import DIRECTORY, asset
from tests.kit.scene import Scene
from tests.kit.site import Browser

MOST = 60_000  # bytes of a page and all that it loads, but for pictures
MOST_SCRIPT = 30_000


def in_days(days: float) -> str:
    """Return a time in so many days, as the API takes it."""
    return (dt.datetime.now(dt.UTC) + dt.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_the_home_page_shows_what_is_to_come(scene: Scene, browser: Browser) -> None:
    near = await scene.on_sale(title="Near Concert", starts_at=in_days(2), price="12.50")
    await scene.on_sale(title="Free Talk", starts_at=in_days(3), price="0.00")
    draft = await scene.on_sale(title="Secret Draft", starts_at=in_days(3), status="DRAFT")
    past = await scene.on_sale(title="Long Ago", starts_at=in_days(4))
    scene.rows("UPDATE events SET starts_at = DATEADD(DAY, -2, SYSUTCDATETIME()) WHERE id = ?", past["id"])
    page = await browser.get("/")
    assert "Near Concert" in page.text
    assert "€12.50" in page.text
    assert "Free" in page.text
    assert f"/e/{near['id']}/near-concert" in page.links
    assert "Secret Draft" not in page.text
    assert "Long Ago" not in page.text
    assert (await browser.get(f"/e/{draft['id']}")).status == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=alpha", {"Alpha Rock"}),
        ("q=ALPHA", {"Alpha Rock"}),
        ("city=Utrecht", {"Alpha Rock"}),
        ("category=theatre", {"Beta Play"}),
        ("when=today", set()),
        ("when=week", {"Alpha Rock"}),
        ("q=nothing+like+it", set()),
        ("date=2099-08-01", {"Gamma Far"}),
        ("when=nonsense", {"Alpha Rock", "Beta Play", "Gamma Far"}),
        ("limit=1&unknown=2", {"Alpha Rock", "Beta Play", "Gamma Far"}),
    ],
)
async def test_filters(scene: Scene, make_browser, admin, query: str, found: set[str]) -> None:
    await scene.api.post("/categories", {"name": "Theatre"}, token=admin.token)
    venue = await scene.api.post(
        "/venues",
        {"name": "Hall", "location": "1 Road", "city": "Antwerp", "capacity": 900},
        token=scene.organiser.token,
    )
    scene.rows("UPDATE events SET status = 'CANCELLED'")
    await scene.on_sale(title="Alpha Rock", starts_at=in_days(3))
    await scene.on_sale(title="Beta Play", starts_at=in_days(20), category="theatre", venue=venue.json["id"])
    await scene.on_sale(title="Gamma Far", starts_at="2099-08-01T19:00:00Z", venue=venue.json["id"])
    page = await make_browser().get(f"/?{query}")
    assert page.status == 200
    assert {name for name in ("Alpha Rock", "Beta Play", "Gamma Far") if name in page.text} == found
    if not found:
        assert "Show everything" in page.text


async def test_a_filter_that_is_wrong_says_so(scene: Scene, browser: Browser) -> None:
    page = await browser.get("/?date=32.13.2026&q=still+here")
    assert page.status == 200
    assert "A date such as" in page.text
    assert 'value="still here"' in page.html


async def test_pages_of_events_follow_each_other(scene: Scene, browser: Browser) -> None:
    for number in range(25):
        await scene.on_sale(title=f"Evening {number:02}", starts_at=in_days(5 + number))
    seen: list[str] = []
    path: str | None = "/"
    while path:
        page = await browser.get(path)
        seen += re.findall(r"Evening \d\d", page.text)
        more = [link for link in page.links if "cursor=" in link]
        path = more[0] if more else None
    assert seen == [f"Evening {number:02}" for number in range(25)]
    assert (await browser.get("/?cursor=nonsense")).status == 200


async def test_an_event_s_page(scene: Scene, browser: Browser) -> None:
    event = await scene.on_sale(
        title="Ünusual Café: «Näht»",
        description="# Loud\n\n*Very* good, see [us](https://example.org).\n\n<b>no</b>",
        ticket_types=[
            {"name": "Stalls", "price": "35.00", "capacity": 5},
            {"name": "Balcony", "price": "20.50", "capacity": 500},
        ],
        starts_at=in_days(40),
        refund_policy={"full_until_hours": 72, "percent": 50, "none_from_hours": 24},
        per_user_limit=4,
    )
    page = await browser.get(f"/e/{event['id']}")
    assert page.path == f"/e/{event['id']}/unusual-cafe-naht"
    for part in ("€35.00", "€20.50", "500 left", "get all of your money back", "50%", "At most 4 tickets"):
        assert part in page.text, part
    assert '<a href="https://example.org" rel="nofollow ugc noopener">us</a>' in page.html
    assert "&lt;b&gt;no&lt;/b&gt;" in page.html
    assert "<h3>Loud</h3>" in page.html


async def test_what_search_engines_and_chats_read(scene: Scene, browser: Browser) -> None:
    page = await browser.get(f"/e/{scene.event['id']}")
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.html)
    event = json.loads(data)
    assert event["@type"] == "Event"
    assert event["name"] == scene.event["title"]
    assert event["startDate"] == "2099-08-01T19:30:00Z"
    (offer,) = event["offers"]
    assert (offer["price"], offer["priceCurrency"]) == ("25.00", "EUR")
    assert offer["availability"] == "https://schema.org/InStock"
    for part in ('property="og:title"', 'property="og:image"', 'rel="canonical"', 'name="description"'):
        assert part in page.html
    picture = re.findall(r'og:image" content="http://[^/]+(/[^"]+)"', page.html)[0]
    found = await browser.request_bytes(picture)
    assert found.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE ticket_types SET available = 0", "Sold out"),
        ("UPDATE events SET status = 'CANCELLED'", "This event is cancelled"),
        ("UPDATE events SET sales_start = DATEADD(DAY, 2, SYSUTCDATETIME())", "Not on sale yet"),
        ("UPDATE events SET sales_end = DATEADD(DAY, -1, SYSUTCDATETIME())", "The sale has ended"),
        ("UPDATE events SET starts_at = DATEADD(DAY, -1, SYSUTCDATETIME())", "This event is over"),
    ],
)
async def test_an_event_that_cannot_be_bought(
    scene: Scene, browser: Browser, change: str, words: str
) -> None:
    other = await scene.on_sale(title=scene.event["title"], starts_at=in_days(9))
    event_id = other["id"] - 1
    table = change.split()[1]
    scene.rows(f"{change} WHERE {'event_id' if table == 'ticket_types' else 'id'} = ?", event_id)
    page = await browser.get(f"/e/{event_id}")
    assert words in page.text
    assert not [form for form in page.forms if form.action.startswith("/e/")]
    if words == "Not on sale yet":
        assert (await browser.get(f"/e/{event_id}/sale.ics")).status == 200
    else:
        assert "Other dates" in page.text
        assert f"/e/{other['id']}/" in " ".join(page.links)


async def test_few_left(scene: Scene, browser: Browser) -> None:
    await scene.held(95)
    assert "Few left" in (await browser.get("/")).text
    assert '<span class="badge warn">5 left</span>' in (await browser.get(f"/e/{scene.event['id']}")).html


async def test_feeds_and_maps(scene: Scene, browser: Browser) -> None:
    atom = await browser.get("/feed.atom")
    assert atom.headers["Content-Type"].startswith("application/atom+xml")
    names = {"a": "http://www.w3.org/2005/Atom"}
    titles = ElementTree.fromstring(atom.html).findall("a:entry/a:title", names)
    assert [title.text for title in titles] == [scene.event["title"]]
    calendar = await browser.get("/feed.ics")
    assert calendar.headers["Content-Type"].startswith("text/calendar")
    assert "DTSTART:20990801T193000Z" in calendar.html
    assert f"/e/{scene.event['id']}/" in (await browser.get("/sitemap.xml")).html
    robots = await browser.get("/robots.txt")
    assert "Disallow: /checkout" in robots.html
    assert "/sitemap.xml" in robots.html
    assert (await browser.get("/site.webmanifest")).status == 200


@pytest.mark.parametrize("accept", ["text/html", "text/html,*/*;q=0.8", "*/*", "application/json", ""])
@pytest.mark.parametrize("path", ["/nothing", "/events/99999", "/api/nothing", "/e/99999", "/e/1/x/y"])
async def test_who_gets_an_error_as_a_page(scene: Scene, make_browser, path: str, accept: str) -> None:
    """A browser on a path of nobody, and everybody on a page. The API answers as ever."""
    page = await make_browser(Accept=accept).get(path)
    assert page.status == 404
    is_page = path == "/e/99999" or ("text/html" in accept and not path.startswith("/events"))
    kind = page.headers["Content-Type"]
    assert kind.startswith("text/html" if is_page else "application/problem+json"), kind
    if is_page:
        assert "There is nothing here" in page.text
        assert page.headers["X-Request-Id"] in page.text


async def test_every_page_has_the_policy(scene: Scene, browser: Browser) -> None:
    for path in ("/", f"/e/{scene.event['id']}", "/sign-in", "/nothing", "/accessibility", "/forgot"):
        headers = (await browser.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy, path
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")


async def test_style_sheets_are_sent_with_what_they_import(browser: Browser) -> None:
    for name, rule in (("shop.css", ":root"), ("seats.css", ".map"), ("office.css", ".office-bar")):
        style = (await browser.get(asset(name))).html
        assert "@import" not in style
        assert rule in style


async def test_no_page_is_heavy(scene: Scene, browser: Browser) -> None:
    script = len((DIRECTORY / "shop.js").read_bytes())
    style = sum(len((DIRECTORY / name).read_bytes()) for name in ("base.css", "shop.css"))
    assert script <= MOST_SCRIPT
    for number in range(20):
        await scene.on_sale(title=f"A rather long name of an event {number}", starts_at=in_days(5 + number))
    for path in ("/", f"/e/{scene.event['id']}", "/sign-in"):
        page = await browser.get(path)
        assert len(page.html.encode()) + style + script <= MOST, path
        assert "style=" not in page.html
        assert not re.search(r"<script(?![^>]*(src=|ld\+json))", page.html)
        assert not re.search(r"\son\w+=", page.html)


async def test_the_design_page_is_not_public(scene: Scene, browser: Browser, client) -> None:
    assert (await browser.get("/design")).status == 200
    client.app[keys.LINKS].origin = "https://tickets.example.org"
    assert (await browser.get("/design")).status == 404
