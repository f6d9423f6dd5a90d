"""Every page for admins: no word is past the catalogues, and no markup of people's is taken for markup."""

from collections.abc import Callable

import pytest

from bms.web.kit.visit import SHOP_NAME
from tests.kit.attendance import begin
from tests.kit.scene import Scene
from tests.kit.site import Browser, Page
from tests.web.test_every_word import data_of, pseudo, words_in
from tests.web.test_markup import PAYLOADS, smuggled

__all__ = ["pseudo"]  # a fixture

# What no language changes, beside what the shop shows: subjects of the log, and the number of a request.
DATA = {
    "tickets@localhost",
    "Python",
    "PostgreSQL",
    "full",
    "account_closed",
    "An insult",
    "Dreadful",
    "nobody",
}
SUBJECTS = {"booking", "category", "event", "mail", "notification", "payment", "refund", "review"} | {
    *("seating_plan", "session", "user", "venue")
}


async def everything(scene: Scene, office: Browser, words: str = "Dreadful") -> list[Page]:
    """Return the pages for admins, each with something on it."""
    booking = await scene.paid(2)
    gone = await scene.paid(1)
    await scene.cancel(gone)
    await scene.held(1)
    scene.rows("UPDATE refunds SET status = 'FAILED', attempts = 99, failure_code = 'account_closed'")
    scene.rows("UPDATE outbox SET state = 'DEAD', last_error = 'full' WHERE kind = 'booking_cancelled'")
    (refund,) = scene.rows("SELECT id FROM refunds")
    (mail,) = scene.rows("SELECT id FROM outbox WHERE kind = 'booking_cancelled'")
    begin(scene.rows, scene.event)
    review = await scene.api.post(
        "/reviews", {"event": scene.event["id"], "rating": 2, "comment": words}, token=scene.buyer.token
    )
    path = f"/reviews/{review.json['id']}/report"
    await scene.api.post(path, {"reason": words}, token=scene.organiser.token)
    scene.rows("UPDATE events SET starts_at = DATEADD(DAY, 9, SYSUTCDATETIME())")
    account, admins = f"/admin/accounts/{scene.organiser.id}", "/admin/accounts?role=ADMIN"
    found = [
        await office.get(path)
        for path in (
            *("/admin", "/admin/accounts", "/admin/accounts?q=nobody", admins, account),
            *(f"{account}/{end}" for end in ("role", "bar", "unbar", "sessions", "second-factor")),
            *(f"{account}?done={done}" for done in ("role", "bar", "unbar", "sessions", "second-factor")),
            f"/admin/accounts/{scene.buyer.id}",
            *("/admin/bookings", "/admin/bookings?q=nobody", f"/admin/bookings/{booking['reference']}"),
            f"/admin/bookings/{gone['reference']}",
            *("/admin/payments", "/admin/payments?status=RETURNED"),
            *("/admin/refunds", "/admin/refunds?done=retried", "/admin/refunds?done=settled"),
            *(f"/admin/refunds/{refund.id}/{end}" for end in ("retry", "settle")),
            *(
                "/admin/mail",
                "/admin/mail?done=retried",
                "/admin/mail?state=PENDING",
                "/admin/mail?state=SENT",
            ),
            f"/admin/mail/{mail.id}/retry",
            *("/admin/reviews", "/admin/reviews?done=removed", f"/admin/reviews/{review.json['id']}/remove"),
            *("/admin/venues", "/admin/venues?q=nobody", "/admin/categories", "/admin/categories?done=added"),
            *("/admin/categories/new", "/admin/log", "/admin/log?subject_id=x", "/admin/log?action=nobody"),
            *("/admin/work", "/admin/settings"),
        )
    ]
    pages = {page.path: page for page in found}
    for path in (f"{account}/role", f"/admin/refunds/{refund.id}/settle", "/admin/categories/new"):
        page = pages[path]
        form = page.form(path)
        form.fields |= {name: words for name in form.fields if name not in ("csrf", "attempt")}
        form.fields |= {"reason": words * 600} if "reason" in form.fields else {}
        found.append(await office.submit(page, form))
    return found


async def test_every_word_of_the_pages_for_admins_is_translated(
    scene: Scene, office: Browser, pseudo: Callable[..., None]
) -> None:
    pages = await everything(scene, office)
    data = {*data_of(scene), office.app[SHOP_NAME], *DATA, *SUBJECTS}
    data |= {
        row.t for row in scene.rows("SELECT DISTINCT details AS t FROM audit_log WHERE details IS NOT NULL")
    }
    data |= {row.t for row in scene.rows("SELECT name AS t FROM categories")}
    data |= {row.t for row in scene.rows("SELECT device AS t FROM sessions WHERE device IS NOT NULL")}
    wrong: dict[str, list[str]] = {}
    for page in pages:
        found = [word for word in words_in(page, data) if len(word) > 1]
        if found:
            wrong.setdefault(f"{page.path} {page.status}", []).extend(found)
    assert wrong == {}
    assert len(pages) > 40


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_people_typed_is_text(scene: Scene, office: Browser, payload: str) -> None:
    organiser = await scene.make_user("EVENT_MANAGER", name=payload)
    venue = await scene.api.post(
        "/venues",
        {"name": payload, "location": payload, "city": payload, "capacity": 100},
        token=organiser.token,
    )
    scene.organiser = organiser
    await scene.on_sale(
        organizer=organiser,
        title=payload,
        venue=venue.json["id"],
        ticket_types=[{"name": payload, "price": "5.00", "capacity": 10}],
    )
    scene.buyer = await scene.make_user(name=payload)
    for page in await everything(scene, office, payload):
        assert page.status in (200, 303, 422), (page.path, page.text)
        assert smuggled(page.html) == [], page.path
