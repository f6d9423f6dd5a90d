"""The bookings of an event on its organiser's desk: found, refunded, cancelled, corrected, exported."""

from decimal import Decimal
from typing import Any

from tests.kit.scene import Scene
from tests.kit.site import Browser, Page
from tests.kit.users import PASSWORD


def path_of(scene: Scene, booking: dict[str, Any] | None = None, end: str = "") -> str:
    base = f"/manage/events/{scene.event['id']}/bookings"
    return base if booking is None else f"{base}/{booking['reference']}{end}"


async def send(desk: Browser, page: Page, path: str | None = None, **typed: str) -> Page:
    form = page.form(path or page.path)
    form.fields |= typed
    return await desk.submit(page, form)


async def test_bookings_are_found(scene: Scene, desk: Browser, make_user) -> None:
    ana = await make_user(name="Ana Okafor")
    mine = await scene.paid(2, by=ana)
    other = await scene.held(1)
    code = (await scene.shown(mine, by=ana))["tickets"][0]["code"]
    for q in ("oka", mine["reference"], code, ana.email):
        page = await desk.get(f"{path_of(scene)}?q={q}")
        assert mine["reference"] in page.text, q
        assert other["reference"] not in page.text, q
    page = await desk.get(f"{path_of(scene)}?status=PENDING")
    assert other["reference"] in page.text
    assert mine["reference"] not in page.text
    assert "No booking is like that" in (await desk.get(f"{path_of(scene)}?q=nobody")).text
    assert (await desk.get(f"{path_of(scene)}?cursor=nonsense")).status == 200


async def test_one_ticket_of_three_is_given_back(scene: Scene, desk: Browser) -> None:
    booking = await scene.paid(3)
    (ticket, *_) = (await scene.shown(booking))["tickets"]
    page = await desk.get(path_of(scene, booking, "/cancel"))
    nothing = await send(desk, page)
    assert nothing.status == 422
    assert "Please tick" in nothing.text
    asked = await send(desk, page, **{f"t.{ticket['id']}": "on", "share": "all", "reason": "Ill"})
    assert "1 ticket of booking" in asked.text
    assert "€25.00" in asked.text
    assert scene.count("refunds") == 0
    done = await send(desk, asked, sure="1")
    assert "The tickets are cancelled" in done.text
    shown = await scene.shown(booking)
    assert [one["status"] for one in shown["tickets"]] == ["CANCELLED", "VALID", "VALID"]
    assert tuple(scene.rows("SELECT amount, reason FROM refunds")[0]) == (Decimal("25.000"), "Ill")
    assert scene.available() == 98
    await scene.check()


async def test_an_organiser_may_give_more_than_the_rule(scene: Scene, desk: Browser) -> None:
    await scene.on_sale(refund_policy={"percent": 0})
    for share, amounts in (("rule", []), ("none", []), ("all", [Decimal("50.000")])):
        booking = await scene.paid(2)
        page = await desk.get(path_of(scene, booking, "/cancel"))
        assert "€0.00 of €25.00" in page.text
        tickets = {f"t.{one['id']}": "on" for one in (await scene.shown(booking))["tickets"]}
        asked = await send(desk, page, **tickets, share=share)
        assert "The whole booking" in asked.text
        await send(desk, asked, sure="1")
        assert scene.status(booking) == "CANCELLED"
        assert [row.amount for row in scene.rows("SELECT amount FROM refunds")] == amounts
    await scene.check()


async def test_an_unpaid_booking_is_cancelled(scene: Scene, desk: Browser) -> None:
    booking = await scene.held(2)
    asked = await send(desk, await desk.get(path_of(scene, booking, "/cancel")))
    await send(desk, asked, sure="1")
    assert scene.status(booking) == "CANCELLED"
    assert scene.available() == 100


async def test_an_amount_is_given_back_once(scene: Scene, desk: Browser) -> None:
    booking = await scene.paid(2)
    page = await desk.get(path_of(scene, booking, "/refund"))
    for amount, words in (("60", "more than is left"), ("x", "An amount such as"), ("0", "above 0.00")):
        again = await send(desk, page, amount=amount)
        assert again.status == 422, again.text
        assert words in again.text
    asked = await send(desk, page, amount="7,50", reason="For the rain")
    assert "€7.50" in asked.text
    assert "All tickets stay valid." in asked.text
    form = asked.form(asked.path)
    form.fields["sure"] = "1"
    for _ in range(2):
        done = await desk.submit(asked, form)
        assert "The money is on its way back." in done.text
    assert [row.amount for row in scene.rows("SELECT amount FROM refunds")] == [Decimal("7.500")]
    rest = await send(desk, await desk.get(path_of(scene, booking, "/refund")))
    assert "€42.50" in rest.text
    assert "The booking is cancelled" in rest.text
    await send(desk, rest, sure="1")
    assert scene.status(booking) == "CANCELLED"
    await scene.check()


async def test_tickets_are_mailed_again_and_the_address_is_corrected(scene: Scene, desk: Browser) -> None:
    booking = await scene.paid(1)
    page = await desk.get(path_of(scene, booking))
    done = await send(desk, page, path_of(scene, booking, "/resend"))
    assert "on their way once more" in done.text
    wrong = await send(desk, page, path_of(scene, booking, "/contact"), email="nonsense")
    assert wrong.status == 422
    assert wrong.form(path_of(scene, booking, "/contact")).fields["email"] == "nonsense"
    done = await send(desk, page, path_of(scene, booking, "/contact"), email="right@example.org")
    assert "right@example.org" in done.text
    assert "Changed the name or the address" in done.text


async def test_a_booking_of_another_event_is_not_there(scene: Scene, desk: Browser, make_user) -> None:
    booking = await scene.paid(1)
    elsewhere = await scene.on_sale()
    for end in ("", "/cancel", "/refund"):
        path = f"/manage/events/{elsewhere['id']}/bookings/{booking['reference']}{end}"
        assert (await desk.get(path)).status == 404


async def test_the_list_of_holders_as_a_file(scene: Scene, desk: Browser) -> None:
    booking = await scene.paid(2)
    page = await desk.get(f"/manage/events/{scene.event['id']}/holders.csv")
    assert page.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in page.headers["Content-Disposition"]
    assert booking["reference"] in page.html
    reply = await scene.api.get(f"/events/{scene.event['id']}/bookings.csv", token=scene.organiser.token)
    assert page.html.lstrip("\ufeff") == reply.text.lstrip("\ufeff")


async def test_a_message_is_seen_before_it_is_sent_and_sent_once(scene: Scene, desk: Browser) -> None:
    path = f"/manage/events/{scene.event['id']}/message"
    assert "Nobody holds a ticket yet" in (await desk.get(path)).text
    await scene.paid(1)
    page = await desk.get(path)
    assert "1 person holds tickets" in page.text
    assert (await send(desk, page, message=" ")).status == 422
    seen = await send(desk, page, message="Doors open at six.")
    assert "Doors open at six." in seen.text
    assert scene.count("announcements", "kind = 'organizer.message'") == 0
    form = seen.form(path)
    form.fields["sure"] = "1"
    for _ in range(2):
        done = await desk.submit(seen, form)
        assert "on its way to 1 person" in done.text
    assert scene.count("audit_log", "action = 'message_holders'") == 1


async def test_cancelling_an_event_says_what_it_means_and_how_far_it_is(scene: Scene, desk: Browser) -> None:
    await scene.paid(2)
    path = f"/manage/events/{scene.event['id']}/cancel"
    page = await desk.get(path)
    for part in ("1 booking is cancelled.", "1 person is told by mail.", "€50.00 goes back"):
        assert part in page.text, part
    done = await send(desk, page, reason="The hall is flooded")
    assert done.path == path
    assert "0 of 1" in done.text
    assert 'data-look-again="3"' in done.html
    scene.rows("UPDATE bookings SET status = 'CANCELLED'")
    scene.rows("UPDATE event_cancellations SET finished_at = SYSUTCDATETIME()")
    over = await desk.get(path)
    assert "Done. Every booking is cancelled" in over.text
    assert "data-look-again" not in over.html


async def test_reviews_are_reported_and_by_an_admin_removed(
    scene: Scene, desk: Browser, make_browser, admin
) -> None:
    await scene.paid(1)
    scene.rows(
        "UPDATE events SET starts_at = DATEADD(DAY, -1, SYSUTCDATETIME()), "
        "ends_at = DATEADD(HOUR, -20, SYSUTCDATETIME())"
    )
    await scene.api.post(
        "/reviews",
        {"event": scene.event["id"], "rating": 1, "comment": "Rude words"},
        token=scene.buyer.token,
    )
    path = f"/manage/events/{scene.event['id']}/reviews"
    page = await desk.get(path)
    assert "Rude words" in page.text
    assert "Remove the review" not in page.text
    (form,) = [form for form in page.forms if form.action.endswith("/report")]
    done = await desk.submit(page, form, reason="Rude")
    assert "An admin looks at it" in done.text
    assert scene.rows("SELECT reason FROM review_reports")[0].reason == "Rude"
    browser = make_browser()
    await browser.sign_in(admin.username, PASSWORD)
    page = await browser.get(path)
    (form,) = [form for form in page.forms if form.action.endswith("/remove")]
    gone = await browser.submit(page, form)
    assert "Rude words" not in gone.text
    assert (
        await desk.post(form.action, {"csrf": (await desk.get(path)).form("/language").fields["csrf"]})
    ).status == 404


async def test_what_went_wrong_leads_to_its_booking(scene: Scene, desk: Browser) -> None:
    booking = await scene.paid(1)
    await scene.cancel(booking)
    path = f"/manage/events/{scene.event['id']}/troubles"
    assert "All is well" in (await desk.get(path)).text
    scene.rows("UPDATE refunds SET status = 'FAILED', attempts = 99, failure_code = 'account_closed'")
    scene.rows(
        "UPDATE outbox SET state = 'DEAD', last_error = 'mailbox full' WHERE kind = 'booking_cancelled'"
    )
    page = await desk.get(path)
    for part in ("account_closed", "mailbox full", "€25.00"):
        assert part in page.text, part
    assert path_of(scene, booking) in page.links


async def test_venues_are_added_changed_and_deleted(
    scene: Scene, desk: Browser, make_user, make_browser
) -> None:
    page = await desk.get("/manage/venues/new")
    assert (await send(desk, page, name="")).status == 422
    hall = {"name": "Small Hall", "location": "2 Quay", "capacity": "80", "timezone": "Europe/Berlin"}
    added = await send(desk, page, **hall)
    assert "The venue is in the list." in added.text
    (row,) = scene.rows("SELECT id FROM venues WHERE name = 'Small Hall'")
    path = f"/manage/venues/{row.id}"
    changed = await send(desk, await desk.get(path), path, city="Kiel", capacity="90")
    assert "Kiel" in changed.text
    other, stranger = make_browser(), await make_user("EVENT_MANAGER")
    await other.sign_in(stranger.username, PASSWORD)
    assert "Small Hall" in (await other.get("/manage/venues?q=small")).text
    assert (await other.get(path)).status == 404
    gone = await send(desk, await desk.get(path), f"{path}/delete")
    assert "The venue is deleted." in gone.text
    used = await desk.get(f"/manage/venues/{scene.event['venue']}")
    kept = await send(desk, used, f"{used.path}/delete")
    assert kept.status == 409
    assert "Events take place there" in kept.text
