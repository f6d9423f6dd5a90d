"""Markup in every text that people type: shown as text, on every page, whether stored or sent back."""

import html
import json
from html.parser import HTMLParser
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from bms.http import keys
from tests.kit.guests import buy
from tests.kit.scene import Scene
from tests.kit.seats import generate, seat_event
from tests.kit.site import Browser
from tests.kit.users import PASSWORD

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</script><script>alert(1)</script>",
    "</textarea></title><iframe src=javascript:alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}${7*7}<%= 7*7 %>",
    "%(email)s <b>bold</b> &lt;i&gt;",
)


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        source = known.get("src") or ""
        is_ours = source.startswith(("/covers/", "/media/", "/static/"))
        if tag in ("iframe", "img", "b", "i", "object", "embed", "base") and not is_ours:
            self.found.append(f"<{tag}>")
        if tag == "script" and known.get("type") != "application/ld+json" and not is_ours:
            self.found.append("<script>")
        self.found += [f"{tag} {name}" for name in known if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action", "formaction"):
            if (known.get(name) or "").strip().lower().startswith(("javascript:", "data:", "//")):
                self.found.append(f"{tag} {name}={known[name]}")


def smuggled(page: str) -> list[str]:
    """Return what of a page is markup that no template has written."""
    parser = _Elements()
    parser.feed(page)
    return parser.found


def test_what_is_smuggled_is_found() -> None:
    """The twin: each payload that has markup is found where it is not escaped."""
    for payload in PAYLOADS[:5]:
        assert smuggled(f'<p>{payload}</p><input value="{payload}">'), payload
    assert not smuggled(f"<p>{html.escape(PAYLOADS[0])}</p>")


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_is_stored_is_shown_as_text(
    scene: Scene, browser: Browser, make_user, payload: str
) -> None:
    """Titles, descriptions, names of types, venues, people, reviews: on every page that shows them."""
    venue = await scene.api.post(
        "/venues",
        {"name": payload, "location": payload, "city": payload, "capacity": 100},
        token=scene.organiser.token,
    )
    assert venue.status == 201, venue.text
    event = await scene.on_sale(
        title=payload,
        description=f"{payload}\n\n[{payload}]({payload}) ![x](https://evil.example/x.png)\n\n# {payload}",
        venue=venue.json["id"],
        ticket_types=[{"name": payload, "price": "5.00", "capacity": 10}],
    )
    buyer = await make_user(name=payload)
    booking = await scene.paid(2, by=buyer)
    held = await scene.held(by=buyer)
    await browser.sign_in(buyer.username, PASSWORD)
    scene.rows("UPDATE events SET starts_at = DATEADD(DAY, -1, SYSUTCDATETIME()) WHERE id = ?", event["id"])
    await scene.api.post(
        "/reviews", {"event": event["id"], "rating": 5, "comment": payload}, token=buyer.token
    )
    scene.rows("UPDATE events SET starts_at = DATEADD(DAY, 9, SYSUTCDATETIME()) WHERE id = ?", event["id"])
    for path in (
        "/",
        f"/e/{event['id']}",
        f"/checkout/{held['reference']}",
        "/tickets",
        f"/tickets/{booking['reference']}",
        f"/tickets/{booking['reference']}/cancel",
        f"/tickets/{booking['reference']}/contact",
        "/account",
    ):
        page = await browser.get(path)
        assert page.status == 200, (path, page.text)
        assert smuggled(page.html) == [], path
        assert "49" not in page.text or "7 * 7" not in payload or "7 * 7" in page.text
    for path in ("/feed.atom", "/sitemap.xml", "/feed.ics", f"/e/{event['id']}/calendar.ics"):
        feed = await browser.get(path)
        assert feed.status == 200
        if path.endswith((".atom", ".xml")):
            ElementTree.fromstring(feed.html)


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_names_of_seats_are_text(scene: Scene, browser: Browser, payload: str) -> None:
    """Sections, rows, seats, entrances, categories and their tickets, on each page that names them."""
    section = {"name": payload[:60], "category": payload, "rows": 1, "seats_per_row": 5}
    layout = await generate(scene.api, scene.organiser, section)
    zone = next(zone for zone in layout["zones"] if zone["rows"])
    zone["entrance"] = zone["rows"][0]["row_number"] = payload[:32]
    zone["rows"][0]["seats"][0]["seat_number"] = payload[:32]
    hall = await seat_event(scene, layout)
    booking = await hall.held(zone["rows"][0]["seats"][0]["seat_guid"], type=payload)
    await browser.sign_in(scene.buyer.username, PASSWORD)
    seats = f"/e/{hall.event_id}/seats"
    for path in (f"/e/{hall.event_id}", seats, f"{seats}/list", f"/checkout/{booking['reference']}"):
        page = await browser.get(path)
        assert page.status == 200, (path, page.text)
        assert smuggled(page.html) == [], path
    refused = await browser.post(seats, {"s.0": "on", "hold": "yes", "csrf": page.forms[0].fields["csrf"]})
    assert refused.status == 409
    assert smuggled(refused.html) == []


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_is_sent_back_is_text(scene: Scene, make_browser, payload: str) -> None:
    """Queries and refused forms, in every field."""
    browser = make_browser()
    for name in ("q", "city", "category", "date", "when", "cursor", "lang"):
        page = await browser.get(f"/?{name}={quote(payload)}")
        assert smuggled(page.html) == [], name
    for path in (
        f"/sign-in?next={quote(payload)}",
        f"/{quote(payload, safe='')}",
        f"/e/{quote(payload, safe='')}",
    ):
        assert smuggled((await browser.get(path)).html) == [], path
    for path in ("/sign-in", "/sign-up", "/forgot"):
        page = await browser.get(path)
        form = page.form(path)
        again = await browser.submit(page, form, **{name: payload for name in form.fields if name != "csrf"})
        assert smuggled(again.html) == [], path
    event = await browser.get(f"/e/{scene.event['id']}")
    form = event.form("/e/")
    again = await browser.submit(event, form, **{name: payload for name in form.fields if name != "csrf"})
    assert again.status == 422
    assert smuggled(again.html) == []
    name = f"q.{scene.event['ticket_types'][0]['id']}"
    checkout = await browser.submit(event, form, **{name: "1"})
    form = checkout.form(checkout.path)
    typed = {field: payload for field in form.fields if field not in ("csrf", "attempt")}
    again = await browser.submit(checkout, form, **typed)
    assert again.status == 422, again.text
    assert smuggled(again.html) == []


async def test_what_is_typed_into_the_account_is_text(scene: Scene, browser: Browser) -> None:
    await browser.sign_in(scene.buyer.username, PASSWORD)
    for payload in PAYLOADS:
        for action in ("/account/profile", "/account/email", "/account/password"):
            page = await browser.get("/account")
            (form,) = [form for form in page.forms if form.action == action]
            typed = {name: payload for name in form.fields if name != "csrf"}
            assert smuggled((await browser.submit(page, form, **typed)).html) == [], (action, payload)


@pytest.mark.parametrize(
    "goal",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: x=1",
        "///evil.example",
        "http:evil.example",
        "/%0d%0aX: y",
        "",
    ],
)
async def test_no_redirect_leaves_the_site(scene: Scene, browser: Browser, goal: str) -> None:
    page = await browser.get("/sign-in")
    typed = {"login": scene.buyer.username, "password": PASSWORD, "next": goal}
    done = await browser.submit(page, page.form("/sign-in"), follow=False, **typed)
    assert done.status == 303
    location = done.headers["Location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "evil" not in location or location.startswith("/%0d")
    assert "Set-Cookie" not in location
    home = await browser.get("/")
    done = await browser.submit(home, home.form("/language"), follow=False, language="de", next=goal)
    location = done.headers["Location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_a_guest_types_is_text(scene: Scene, make_browser, settings, payload: str) -> None:
    """The name and the address of a guest, and another address, on each page that shows them."""
    await scene.on_sale(title=payload)
    browser = make_browser()
    booking = await buy(browser, scene, name=payload)
    scene.rows("UPDATE bookings SET contact_email = ?", f"{payload}@example.org")
    path = f"{booking.path}/contact"
    page = await browser.get(path)
    refused = await browser.submit(page, page.form(path), email=payload)
    assert refused.status == 422
    token = browser.app[keys.LINK_TOKENS].new()
    scene.rows(
        "INSERT INTO single_use_tokens (token_hash, user_id, purpose, payload, expires_at)"
        " SELECT ?, user_id, 'CONTACT', ?, DATEADD(DAY, 1, SYSUTCDATETIME()) FROM bookings",
        token.hash,
        json.dumps({"booking": 1, "old": f"{payload}@example.org", "email": payload}),
    )
    asked = f"/b/contact/{browser.app[keys.LINK_TOKENS].token(token.seed)}"
    shown = [page, refused, await browser.get(booking.path), await browser.get(asked)]
    done = await make_browser().post(asked, {})
    for one in (*shown, done):
        assert smuggled(one.html) == [], one.path
    assert [one.status for one in (*shown[2:], done)] == [200, 200, 200]


async def test_markup_in_a_link_s_token_is_nothing(browser: Browser) -> None:
    for payload in PAYLOADS:
        for start in ("/b/", "/b/contact/", "/confirm/", "/reset/"):
            page = await browser.get(start + quote(payload, safe=""))
            assert smuggled(page.html) == [], (start, payload)
