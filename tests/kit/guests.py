"""Guests of the site: buying without an account, and the mails that lead them back."""

import re

from bms.settings import Settings
from bms.tasks.outbox import send_due_messages
from tests.kit.cards import CARD
from tests.kit.outgoing import Tray
from tests.kit.scene import Scene
from tests.kit.site import Browser, Page

CONTACT = {"name": "Ana Guest", "email": "ana@example.org"}
PAID = {"method": "card", "card__number": CARD["number"], "card__expiry": "12/40", "card__cvv": "123"}


async def choose(browser: Browser, scene: Scene, quantity: str = "2") -> Page:
    """Choose tickets on the event's page."""
    page = await browser.get(f"/e/{scene.event['id']}")
    assert page.status == 200, page.text
    name = f"q.{scene.event['ticket_types'][0]['id']}"
    return await browser.submit(page, page.form("/e/"), True, **{name: quantity})


async def buy(browser: Browser, scene: Scene, **contact: str) -> Page:
    """Buy two tickets as a guest, and return the page of the booking."""
    checkout = await choose(browser, scene)
    page = await browser.submit(
        checkout, checkout.form(checkout.path), True, **{**CONTACT, **contact}, **PAID
    )
    assert page.path.startswith("/tickets/"), page.text
    return page


async def mailed(scene: Scene, settings: Settings) -> Tray:
    """Send what is due, and return the tray with it."""
    tray = Tray()
    while await send_due_messages(scene.db, tray, settings):
        pass
    return tray


def links_in(tray: Tray, page: str, *, kind: str | None = None, to: str | None = None) -> list[str]:
    """Return the paths below ``page`` that the mails in a tray link to."""
    found = []
    for message in tray.messages:
        if kind in (None, message["X-BMS-Kind"]) and to in (None, message["To"]):
            body = message.get_body(("plain",))
            assert body is not None
            found += re.findall(rf"https?://[^/\s]+({page}/\S+)", body.get_content())
    return found


async def link(scene: Scene, settings: Settings) -> str:
    """Return the path of the link in the mail with the tickets."""
    (found,) = links_in(await mailed(scene, settings), "/b", kind="booking_confirmed", to=CONTACT["email"])
    return found


async def press(browser: Browser, path: str) -> Page:
    """Open a page of a mail and press its only button."""
    shown = await browser.get(path)
    assert shown.status == 200, shown.text
    (form,) = [form for form in shown.forms if form.action == ""]
    return await browser.submit(shown, form)
