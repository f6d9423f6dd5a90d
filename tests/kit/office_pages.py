"""The addresses of all pages of the back office, with something on each, for those who look at every page."""

from typing import Any

from tests.kit.attendance import begin
from tests.kit.scene import Scene
from tests.kit.seats import CIRCLE, STALLS, Hall, generate, open_hall
from tests.kit.users import User

# What these addresses answer with is no page.
FILES = {
    "/manage/events/{id}/holders.csv": "a table",
    "/manage/plans/{id}/sheets/{revision}/{name}": "what the map is drawn from",
    "/manage/plans/{id}/versions/{number}/export": "a file",
    "/manage/plans/{id}/draft": "a file",
}


async def desk_pages(scene: Scene) -> list[str]:
    """Return the addresses of the desk's pages but those of plans."""
    booking = await scene.paid(3)
    draft = (await scene.make_event(scene.organiser, title="A draft", status="DRAFT"))["id"]
    gone = (await scene.make_event(scene.organiser, title="Called off"))["id"]
    await scene.api.post(f"/events/{gone}/cancel", {"reason": "Rain"}, token=scene.organiser.token)
    event = scene.event
    hall: Hall = await open_hall(scene)  # which is the scene's event from here on
    block = {"seats": hall.guids()[20:24], "reason": "Camera"}
    await scene.api.post(f"/events/{hall.event_id}/seats/block", block, token=scene.organiser.token)
    seated = await hall.held(*hall.guids()[:2])
    assert (await scene.pay(seated)).status == 201
    scene.event = event
    base = f"/manage/events/{event['id']}"
    ends = ("", "/log", "/troubles", "/bookings", "/message", "/reviews", "/seating", "/change", "/cancel")
    one = f"{base}/bookings/{booking['reference']}"
    return [
        "/manage",
        "/manage?past=1",
        "/manage/events/new",
        "/manage/venues",
        "/manage/venues/new",
        f"/manage/venues/{event['venue']}",
        f"/manage/events/{draft}/publish",
        f"/manage/events/{gone}/cancel",
        *(f"{base}{end}" for end in (*ends, "/give", "/picture", "/bookings?q=nobody")),
        *(f"{one}{end}" for end in ("", "/cancel", "/refund", "/seats")),
        *(f"/manage/events/{hall.event_id}{end}" for end in ("", "/seating", "/blocked")),
        f"/manage/events/{hall.event_id}/bookings/{seated['reference']}/seats",
    ]


async def plan_pages(scene: Scene) -> list[str]:
    """Return the addresses of the pages of plans: of one with two versions, and of one with faults."""
    base = await _stored(scene, await generate(scene.api, scene.organiser, STALLS, CIRCLE))
    broken = await generate(scene.api, scene.organiser, STALLS)
    broken["zones"][1]["rows"][0]["seats"][0]["category"] = "Nowhere"
    faulty = await _stored(scene, broken)
    for _ in range(2):
        path = f"/seating-plans/{base.rsplit('/', 1)[1]}/publish"
        assert (await scene.api.post(path, token=scene.organiser.token)).status == 201
    ends = ("", "/draw", "/import", "/versions/1", "/versions/2")
    new = ("/manage/plans", "/manage/plans/new", "/manage/plans/import")
    return [*new, *(f"{base}{end}" for end in ends), faulty, f"{faulty}/draw?at=0"]


async def _stored(scene: Scene, layout: dict[str, Any]) -> str:
    body = {"name": "Hall", "layout": layout}
    reply = await scene.api.post("/seating-plans", body, token=scene.organiser.token)
    assert reply.status == 201, reply.text
    return f"/manage/plans/{reply.json['id']}"


async def admin_pages(scene: Scene, reader: User) -> list[str]:
    """Return the addresses of the admins' pages. ``reader`` reports a review."""
    booking = await scene.paid(2)
    await scene.cancel(await scene.paid(1))
    scene.rows("UPDATE refunds SET status = 'FAILED', attempts = 99, failure_code = 'account_closed'")
    scene.rows("UPDATE outbox SET state = 'DEAD', last_error = 'full' WHERE kind = 'booking_cancelled'")
    (refund,) = scene.rows("SELECT id FROM refunds")
    (mail,) = scene.rows("SELECT id FROM outbox WHERE kind = 'booking_cancelled'")
    begin(scene.rows, scene.event)
    body = {"event": scene.event["id"], "rating": 1, "comment": "Dreadful"}
    review = (await scene.api.post("/reviews", body, token=scene.buyer.token)).json["id"]
    await scene.api.post(f"/reviews/{review}/report", {"reason": "An insult"}, token=reader.token)
    account = f"/admin/accounts/{scene.organiser.id}"
    lists = ("accounts", "bookings", "payments", "refunds", "mail", "mail?state=SENT", "reviews", "venues")
    return [
        "/admin",
        *(f"/admin/{name}" for name in (*lists, "categories", "categories/new", "log", "work", "settings")),
        *("/admin/bookings?q=nobody", f"/admin/bookings/{booking['reference']}", "/admin/log?subject_id=x"),
        *(f"{account}{end}" for end in ("", "/role", "/bar", "/unbar", "/sessions", "/second-factor")),
        *(f"/admin/refunds/{refund.id}/{what}" for what in ("retry", "settle")),
        f"/admin/mail/{mail.id}/retry",
        f"/admin/reviews/{review}/remove",
    ]
