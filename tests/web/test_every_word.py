"""No word of a page is past the catalogues, shown by a language in which every text is recognisable."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from bms.http import keys
from bms.i18n import forms
from bms.i18n.languages import Language
from bms.web.kit.visit import LANGUAGES, SHOP_NAME
from tests.kit.api import Client
from tests.kit.cards import CARD
from tests.kit.pseudo import Pseudo, circled, shown_in, untranslated
from tests.kit.scene import Scene
from tests.kit.seats import open_hall
from tests.kit.site import Browser, Page
from tests.kit.users import PASSWORD

# What no language changes: codes, brands, names of languages and zones.
DATA = {
    "Python",
    "UTC",
    "EUR",
    "Visa",
    "English",
    "Deutsch",
    "हिन्दी",
    "Esperanto",
    "BMS Tickets",
    "ana@example.org",
    "bo@example.org",
    "Ana",
}


@pytest.fixture
async def pseudo(client: Client, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """Let the site speak the pseudo-language alone, without ``missing`` if that is given."""
    for name in ("amount", "exact_amount", "percent", "day", "short_day", "clock", "number", "zone_name"):
        original = getattr(forms, name)

        def circling(language: Language, *values: Any, _original: Any = original) -> str:
            text = _original(language, *values)
            return text if text.startswith("⟦") else circled(text)

        monkeypatch.setattr(forms, name, circling)
    month_day = forms.month_day
    monkeypatch.setattr(forms, "month_day", lambda *values: tuple(map(circled, month_day(*values))))

    def speak(missing: str | None = None) -> None:
        languages = client.app[LANGUAGES]
        languages._languages = {"eo": Pseudo(missing)}
        languages.default = languages._languages["eo"]

    speak()
    return speak


def words_in(page: Page, data: set[str]) -> list[str]:
    """Return the words of a page that no catalogue has."""
    shown = re.sub(r"<script.*?</script>", "", page.html, flags=re.DOTALL)
    codes = set(re.findall(r"<code>([^<]+)</code>", shown))
    return untranslated(shown_in(shown), {*DATA, *data, *codes})


async def visit_everything(scene: Scene, browser: Browser) -> list[Page]:
    """Return every page of the shop, with each of its faces that a walk comes by."""
    found: list[Page] = []

    async def see(path: str) -> Page:
        found.append(await browser.get(path))
        return found[-1]

    async def send(page: Page, action: str, **typed: str) -> Page:
        forms = [form for form in page.forms if form.action == action]
        assert len(forms) == 1, (page.path, action, [form.action for form in page.forms])
        (form,) = forms
        found.append(await browser.submit(page, form, **typed))
        return found[-1]

    for path in ("/", "/?q=nothing", "/?date=x", "/nothing", "/accessibility", "/forgot", "/sign-up"):
        await see(path)
    for path in ("/sign-in", "/sign-up", "/forgot"):
        await send(await see(path), path)
    await send(await see("/forgot"), "/forgot", email="ana@example.org")
    event = await see(f"/e/{scene.event['id']}")
    name = f"q.{scene.event['ticket_types'][0]['id']}"
    await send(event, event.form("/e/").action, **{name: "0"})
    await send(event, event.form("/e/").action, **{name: "x"})
    await send(event, event.form("/e/").action, **{name: "600"})
    checkout = await send(event, event.form("/e/").action, **{name: "2"})
    await send(event, event.form("/e/").action, **{name: "2"})  # in another tab, which has no token
    await send(checkout, checkout.path)
    contact = {"name": "Ana", "email": "ana@example.org"}
    paid = {"method": "card", "card__number": CARD["number"], "card__expiry": "12/40", "card__cvv": "123"}
    await send(checkout, checkout.path, **contact, **{**paid, "card__number": "4000 0000 0000 0002"})
    checkout = await see(checkout.path)
    booking = await send(checkout, checkout.path, **contact, **paid)
    assert booking.path.startswith("/tickets/"), (booking.status, booking.text)
    await see("/tickets")
    cancel = await see(f"{booking.path}/cancel")
    await send(cancel, cancel.path)
    event = await see(f"/e/{scene.event['id']}")
    checkout = await send(event, event.form("/e/").action, **{name: "1"})
    scene.rows(
        "UPDATE bookings SET hold_expires_at = DATEADD(MINUTE, -1, SYSUTCDATETIME()) WHERE status = 'PENDING'"
    )
    await see(checkout.path)
    for change in (
        "UPDATE ticket_types SET available = 0",
        "UPDATE events SET sales_start = DATEADD(DAY, 2, SYSUTCDATETIME())",
        "UPDATE events SET sales_end = DATEADD(DAY, -1, SYSUTCDATETIME()), sales_start = NULL",
        "UPDATE events SET status = 'CANCELLED'",
    ):
        await scene.on_sale(title=scene.event["title"])
        scene.rows(
            f"{change} WHERE {'event_id' if 'ticket_types' in change else 'id'} = ?", scene.event["id"]
        )
        await see(f"/e/{scene.event['id']}")
    hall = await open_hall(scene, orphan_rule="refuse")
    seats = f"/e/{hall.event_id}/seats"
    await see(f"/e/{hall.event_id}")
    page = await see(seats)
    await send(page, f"{seats}/best", **{f"q.{hall.types['Stalls']}": "11", "together": "on"})
    page = await see(f"{seats}/list")
    await send(page, seats, hold="yes")
    await send(page, seats, **{"s.1": "on"}, hold="yes")
    await hall.held(hall.guids()[0])
    await send(page, seats, **{"s.0": "on"}, hold="yes")
    checkout = await send(page, seats, **{"s.1": "on", "s.2": "on"}, hold="yes")
    assert checkout.path.startswith("/checkout/"), checkout.text
    booking = await send(checkout, checkout.path, **contact, **paid)
    await see(f"{booking.path}/cancel")
    await see_a_guests_links(scene, browser, booking, see, send)
    scene.rows("UPDATE event_seating SET state = 'PINNING' WHERE event_id = ?", hall.event_id)
    await asyncio.sleep(0.3)  # what was read of its seats is shown that long
    await see(seats)
    await see(f"/e/{hall.event_id}")
    await see("/?lang=eo")
    await browser.sign_in(scene.buyer.username, PASSWORD)
    account = await see("/account")
    for action in ("/account/profile", "/account/email", "/account/password"):
        await send(account, action, name="", email="x")
    await send(await see("/account/second-factor"), "/account/second-factor")
    await send(found[-1], "/account/second-factor", password=PASSWORD)
    for done in ("profile", "address", "resent", "password", "sessions", "session", "second-factor"):
        await see(f"/account?done={done}")
    event = await scene.on_sale()
    own = await scene.paid(1)
    scene.rows("UPDATE events SET starts_at = DATEADD(DAY, -1, SYSUTCDATETIME()) WHERE id = ?", event["id"])
    done = await see(f"/tickets/{own['reference']}?done=review")
    await send(done, f"/tickets/{own['reference']}/review")
    await send(done, f"/tickets/{own['reference']}/review", rating="4", comment="Ana")
    await see(f"/e/{event['id']}")
    return found


async def see_a_guests_links(scene: Scene, browser: Browser, booking: Page, see: Any, send: Any) -> None:
    """The pages of a guest's links, and of another address."""

    def mailed(kind: str) -> dict[str, Any]:
        mails = scene.rows("SELECT payload FROM outbox WHERE kind = ? ORDER BY id DESC", kind)
        return dict(json.loads(mails[0].payload))

    tokens = browser.app[keys.LINK_TOKENS]
    for done in ("asked", "contact", "renewed", "resent", "cancelled"):
        await see(f"{booking.path}?done={done}")
    await see("/b/nothing")
    opened = await see(f"/b/{tokens.token(mailed('booking_confirmed')['booking_seed'])}")
    await send(opened, "")
    page = await see(f"{booking.path}/contact")
    await send(page, page.path, email="x")
    page = await see(f"{booking.path}/contact")
    await send(page, page.path, email="bo@example.org")
    await see("/b/contact/nothing")
    agree = await see(f"/b/contact/{tokens.token(mailed('contact_asked')['link']['seed'])}")
    await send(agree, "")


def data_of(scene: Scene) -> set[str]:
    rows = scene.rows
    texts = {row.t for row in rows("SELECT title AS t FROM events")}
    for table, column in (
        ("events", "description"),
        ("venues", "name"),
        ("venues", "location"),
        ("venues", "city"),
        ("users", "name"),
        ("users", "username"),
        ("users", "email"),
        ("ticket_types", "name"),
        ("bookings", "reference"),
        ("tickets", "code"),
        ("notifications", "message"),
        ("sessions", "address"),
        ("event_seats", "section"),
        ("event_seats", "row_label"),
        ("event_seats", "seat_number"),
    ):
        texts |= {row.t for row in rows(f"SELECT {column} AS t FROM {table} WHERE {column} IS NOT NULL")}
    tails = {row.t[-6:] for row in rows("SELECT code AS t FROM tickets")}
    return {text for text in texts if text} | tails


async def test_every_word_of_every_page_is_translated(
    scene: Scene, browser: Browser, pseudo: Callable[..., None]
) -> None:
    pages = await visit_everything(scene, browser)
    data = {*data_of(scene), browser.app[SHOP_NAME]}
    wrong: dict[str, list[str]] = {}
    for page in pages:
        found = [word for word in words_in(page, data) if len(word) > 1]
        request_id = page.headers.get("X-Request-Id", "")
        found = [word for word in found if word not in request_id]
        if found:
            wrong.setdefault(f"{page.path} {page.status}", []).extend(found)
    assert wrong == {}
    assert len(pages) > 50


async def test_a_text_that_is_in_no_catalogue_is_found(
    scene: Scene, browser: Browser, pseudo: Callable[..., None]
) -> None:
    """The twin of the test above."""
    pseudo("What's on")
    page = await browser.get("/")
    assert "What" in words_in(page, data_of(scene))
