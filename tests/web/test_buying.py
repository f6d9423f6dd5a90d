"""Buying on the site, by forms alone: as a guest, signed in, and what can go wrong."""

from tests.kit.guests import CONTACT, PAID, choose
from tests.kit.scene import Scene
from tests.kit.site import Browser
from tests.kit.users import PASSWORD


async def test_a_guest_buys(scene: Scene, browser: Browser) -> None:
    checkout = await choose(browser, scene)
    assert checkout.path.startswith("/checkout/"), checkout.text
    assert "€50.00" in checkout.text
    assert scene.available() == 98
    tickets = await browser.submit(checkout, checkout.form(checkout.path), **CONTACT, **PAID)
    assert tickets.path.startswith("/tickets/"), tickets.text
    assert "Paid and confirmed" in tickets.text
    (booking,) = scene.rows("SELECT id, status, total FROM bookings")
    assert booking.status == "CONFIRMED"
    assert scene.count("tickets") == 2
    listed = await browser.get("/tickets")
    assert scene.event["title"] in listed.text


async def test_somebody_with_an_account_buys(scene: Scene, browser: Browser) -> None:
    await browser.sign_in(scene.buyer.username, PASSWORD)
    checkout = await choose(browser, scene, "1")
    tickets = await browser.submit(checkout, checkout.form(checkout.path), **PAID)
    assert tickets.path.startswith("/tickets/"), tickets.text
    (booking,) = scene.rows("SELECT user_id FROM bookings")
    assert booking.user_id == scene.buyer.id
