"""Guests: whom their tickets go to, the link in their mails, and accounts that take their bookings over."""

import re

import pytest

from bms.settings import Settings
from tests.kit.guests import CONTACT, buy, choose, link, mailed
from tests.kit.scene import Scene
from tests.kit.site import Browser


async def test_the_tickets_go_to_the_guest(scene: Scene, browser: Browser, settings: Settings) -> None:
    await buy(browser, scene)
    (guest,) = scene.rows("SELECT name, email, is_guest FROM users WHERE is_guest = 1")
    assert (guest.name, guest.email) == (CONTACT["name"], None)
    assert (await link(scene, settings)).startswith("/b/")


async def test_a_link_opens_one_booking_and_nothing_else(
    scene: Scene, make_browser, settings: Settings
) -> None:
    first = make_browser()
    page = await buy(first, scene)
    path = await link(scene, settings)
    other = await choose(first, scene, "1")
    second = make_browser()
    shown = await second.get(path)
    assert shown.status == 200
    assert "bms" not in second.cookies  # a GET opens nothing: programs that check mail follow links
    assert (shown.headers["Referrer-Policy"], shown.headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert "noindex" in shown.headers["X-Robots-Tag"]
    (form,) = [form for form in shown.forms if form.action == ""]
    opened = await second.submit(shown, form)
    assert opened.path == page.path
    assert (await second.get(other.path)).status == 404
    listed = await second.get("/tickets")
    assert page.path in listed.links
    assert other.path not in listed.links
    assert (await second.get("/account", follow=False)).status == 303
    held = await choose(second, scene, "1")
    assert held.path.startswith("/checkout/")
    assert scene.count("users", "is_guest = 1") == 2
    # The link goes on working.
    again = await make_browser().get(path)
    assert again.status == 200


async def test_a_link_lets_the_guest_cancel(scene: Scene, make_browser, settings: Settings) -> None:
    page = await buy(make_browser(), scene)
    browser = make_browser()
    shown = await browser.get(await link(scene, settings))
    (form,) = [form for form in shown.forms if form.action == ""]
    await browser.submit(shown, form)
    cancel = await browser.get(f"{page.path}/cancel")
    done = await browser.submit(cancel, cancel.form(f"{page.path}/cancel"))
    assert "€50.00" in done.text
    assert scene.available() == 100


async def test_a_link_ends_and_cannot_be_made_up(scene: Scene, make_browser, settings: Settings) -> None:
    page = await buy(make_browser(), scene)
    path = await link(scene, settings)
    reference = page.path.rpartition("/")[2]
    for wrong in (f"/b/{reference}", f"/b/{reference}-{'0' * 48}", path[:-1], f"{path}0", "/b/-"):
        browser = make_browser()
        assert (await browser.get(wrong)).status == 410, wrong
        assert (await browser.post(wrong, {})).status == 410
        assert "bms" not in browser.cookies
    scene.rows("UPDATE events SET starts_at = DATEADD(DAY, -31, SYSUTCDATETIME())")
    assert (await make_browser().get(path)).status == 410


async def test_an_account_takes_over_what_was_booked_with_its_address(
    scene: Scene, make_browser, settings: Settings
) -> None:
    page = await buy(make_browser(), scene)
    other = await buy(make_browser(), scene, email="somebody.else@example.org")
    browser = make_browser()
    form = await browser.get("/sign-up")
    typed = {"name": "Ana", "email": CONTACT["email"].upper(), "password": "violet harmonica drizzle"}
    assert (await browser.submit(form, form.form("/sign-up"), **typed)).path == "/tickets"
    assert (await browser.get(page.path)).status == 404  # an address that is not confirmed proves nothing
    tray = await mailed(scene, settings)
    (message,) = [one for one in tray.messages if one["X-BMS-Kind"] == "address_confirmation"]
    text = message.get_body(("plain",)).get_content()
    confirm = await browser.get(re.findall(r"https?://[^/\s]+(/confirm/\S+)", text)[0])
    (form,) = [form for form in confirm.forms if form.action == ""]
    await browser.submit(confirm, form)
    assert (await browser.get(page.path)).status == 200
    assert (await browser.get(other.path)).status == 404
    assert scene.rows("SELECT COUNT(DISTINCT user_id) AS n FROM payments")[0].n == 2
    await scene.balanced()


@pytest.mark.parametrize("price", ["0.00"])
async def test_a_free_booking_needs_an_address_first(
    scene: Scene, browser: Browser, settings: Settings, price: str
) -> None:
    await scene.on_sale(price=price)
    checkout = await choose(browser, scene)
    assert scene.count("tickets") == 0
    refused = await browser.submit(checkout, checkout.form(checkout.path))
    assert refused.status == 422
    done = await browser.submit(checkout, checkout.form(checkout.path), **CONTACT)
    assert done.path.startswith("/tickets/"), done.text
    assert scene.count("tickets") == 2
