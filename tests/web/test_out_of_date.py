"""Forms of the back office whose token is out of date: they come back as filled in, and do nothing."""

import pytest

from bms.queries.due import MAX_REFUND_ATTEMPTS
from bms.web.kit.office import Office
from bms.web.kit.pages import FormRoute, PageRoute
from bms.web.site import PAGES
from tests.kit.scene import Scene
from tests.kit.site import Browser
from tests.kit.users import PASSWORD, User

AGAIN = "This page had become out of date. Please press the button again."
# A button on another page than the one that it is sent to, and nothing that was typed.
BUTTONS = {
    "/manage/events/{id:[0-9]+}/publish",
    "/manage/events/{id:[0-9]+}/bookings/{reference:[0-9A-Z]+}/resend",
    "/manage/events/{id:[0-9]+}/reviews/{review:[0-9]+}/report",
    "/manage/events/{id:[0-9]+}/reviews/{review:[0-9]+}/remove",
    "/manage/events/{id:[0-9]+}/seating/remove",
    "/manage/venues/{id:[0-9]+}/delete",
    "/manage/plans/{id:[0-9]+}/publish",
}


def test_every_form_that_is_filled_in_comes_back() -> None:
    routes = [route for pages in PAGES if isinstance(pages, Office) for route in pages.routes]
    shown = {route.path for route in routes if isinstance(route, PageRoute)}
    lost = {route.path for route in routes if isinstance(route, FormRoute) and route.again is None}
    assert lost == BUTTONS
    assert lost & shown <= {"/manage/events/{id:[0-9]+}/publish"}


async def test_of_an_admin(scene: Scene, browser: Browser, admin: User) -> None:
    await scene.cancel(await scene.paid(1))
    scene.rows("UPDATE refunds SET status = 'FAILED', attempts = ?", MAX_REFUND_ATTEMPTS)
    scene.rows("UPDATE outbox SET state = 'DEAD' WHERE kind = 'booking_cancelled'")
    (refund,) = scene.rows("SELECT id FROM refunds")
    (mail,) = scene.rows("SELECT id FROM outbox WHERE kind = 'booking_cancelled'")
    await browser.sign_in(admin.username, PASSWORD)
    account = f"/admin/accounts/{scene.organiser.id}"
    before = scene.count("audit_log")
    for path, typed in (
        (f"/admin/refunds/{refund.id}/settle", {"reason": "Bank transfer"}),
        (f"/admin/refunds/{refund.id}/retry", {}),
        (f"/admin/mail/{mail.id}/retry", {}),
        ("/admin/categories/new", {"name": "Opera", "slug": "opera"}),
        (f"{account}/role", {"role": "USER"}),
        (f"{account}/bar", {}),
    ):
        again = await browser.post(path, {"csrf": "x", **typed})
        assert again.status == 403, path
        assert AGAIN in again.text
        form = again.form(path)
        assert {name: form.fields[name] for name in typed} == typed
    assert scene.count("audit_log") == before
    done = await browser.submit(again, form)
    assert "The account is barred" in done.text


@pytest.mark.parametrize(
    ("end", "typed"),
    [
        ("/cancel", {"reason": "The hall is flooded"}),
        ("/give", {"name": "Ann Press", "email": "ann@example.org"}),
        ("/bookings/{reference}/refund", {"amount": "5.00", "reason": "Sorry"}),
        ("/bookings/{reference}/contact", {"name": "Ann", "email": "ann@example.org"}),
    ],
)
async def test_of_an_organiser(scene: Scene, browser: Browser, end: str, typed: dict[str, str]) -> None:
    booking = await scene.paid(1)
    await browser.sign_in(scene.organiser.username, PASSWORD)
    path = f"/manage/events/{scene.event['id']}{end.format(**booking)}"
    before = scene.count("audit_log")
    again = await browser.post(path, {"csrf": "x", **typed})
    assert (again.status, scene.count("audit_log")) == (403, before)
    assert AGAIN in again.text
    form = again.form(path)
    assert {name: form.fields[name] for name in typed} == typed
