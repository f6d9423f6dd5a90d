"""What the admins' pages show of the service: attention, mail, reviews, log, work, settings."""

import pytest

from bms.http import keys
from bms.metrics.tasks import list_tasks
from bms.web.admin.configuration import lines_of
from tests.kit.attendance import begin
from tests.kit.scene import Scene
from tests.kit.site import Browser
from tests.kit.users import User


@pytest.fixture
async def dead_mail(scene: Scene) -> int:
    """The id of a mail that was given up."""
    await scene.paid(1)
    scene.rows("UPDATE outbox SET state = 'DEAD', attempts = 60, last_error = 'mailbox full'")
    return int(scene.rows("SELECT MAX(id) AS id FROM outbox WHERE kind = 'booking_confirmed'")[0].id)


async def test_what_went_wrong_comes_first(scene: Scene, office: Browser, dead_mail: int) -> None:
    booking = await scene.paid(1)
    await scene.cancel(booking)
    scene.rows("UPDATE refunds SET status = 'FAILED', attempts = 99")
    page = await office.get("/admin")
    assert page.text.index("1 refund was given up") < page.text.index("could not be delivered")
    assert {"/admin/refunds", "/admin/mail"} <= set(page.links)


async def test_a_calm_service_says_so(office: Browser) -> None:
    assert "All is well" in (await office.get("/admin")).text


async def test_a_failed_mail_is_sent_again(scene: Scene, office: Browser, dead_mail: int) -> None:
    page = await office.get("/admin/mail")
    assert "mailbox full" in page.text
    path = f"/admin/mail/{dead_mail}/retry"
    assert path in page.links
    asked = await office.get(path)
    assert "mailbox full" in asked.text
    done = await office.submit(asked, asked.form(path))
    assert "on its way once more" in done.text
    assert path not in done.links
    assert scene.count("outbox", "id = ? AND state = 'PENDING' AND attempts = 0", dead_mail) == 1
    assert scene.count("audit_log", "action = 'retry' AND subject = 'mail'") == 1
    again = await office.submit(asked, asked.form(path))
    assert again.status == 409
    assert "not given up any more" in again.text
    waiting = await office.get("/admin/mail?state=PENDING")
    assert scene.buyer.email in waiting.text
    nobodys = await office.get("/admin/mail?state=PENDING&recipient=nobody@example.org")
    assert "No mail waits" in nobodys.text


async def test_a_reported_review_is_removed(scene: Scene, office: Browser, make_user) -> None:
    await scene.paid(1)
    begin(scene.rows, scene.event)
    review = await scene.api.post(
        "/reviews", {"event": scene.event["id"], "rating": 1, "comment": "Dreadful"}, token=scene.buyer.token
    )
    assert review.status == 201, review.text
    reader = await make_user()
    await scene.api.post(f"/reviews/{review.json['id']}/report", {"reason": "An insult"}, token=reader.token)
    page = await office.get("/admin/reviews")
    assert "An insult" in page.text
    path = f"/admin/reviews/{review.json['id']}/remove"
    asked = await office.get(path)
    assert "Dreadful" in asked.text
    done = await office.submit(asked, asked.form(path))
    assert "The review is removed" in done.text
    assert "No review is reported" in done.text
    assert scene.count("reviews", "removed_at IS NOT NULL") == 1
    assert (await office.get(path)).status == 404


async def test_a_category_is_added_once(scene: Scene, office: Browser) -> None:
    page = await office.get("/admin/categories/new")
    form = page.form("/admin/categories/new")
    assert (await office.submit(page, form)).status == 422
    wrong = await office.submit(page, form, name="Light opera", slug="Not A Slug")
    assert wrong.status == 422
    assert wrong.form("/admin/categories/new").fields["name"] == "Light opera"
    for _ in range(2):
        done = await office.submit(page, form, name="Light opera")
        assert "The category is in the list" in done.text
    assert scene.count("categories", "slug = 'light-opera'") == 1


async def test_venues_name_their_owners(scene: Scene, office: Browser) -> None:
    page = await office.get("/admin/venues")
    assert f"/manage/venues/{scene.event['venue']}" in page.links
    assert f"/admin/accounts/{scene.organiser.id}" in page.links
    assert (await office.get(f"/manage/venues/{scene.event['venue']}")).status == 200


async def test_the_log_is_filtered(scene: Scene, office: Browser) -> None:
    booking = await scene.paid(1)
    page = await office.get(f"/admin/log?subject=booking&subject_id={booking['id']}")
    assert "hold" in page.text
    assert f"/admin/log?subject=event&subject_id={scene.event['id']}" not in page.links
    assert f"/admin/accounts/{scene.buyer.id}" in page.links
    nothing = await office.get(f"/admin/log?user={scene.buyer.id}&action=settle_by_hand")
    assert "No entry is like that" in nothing.text
    assert "No entry is like that" in (await office.get("/admin/log?date_to=2001-01-01")).text
    assert "hold" in (await office.get("/admin/log?date_from=2001-01-01")).text
    wrong = await office.get("/admin/log?subject_id=x&date_from=yesterday")
    assert wrong.status == 200
    assert "A whole number" in wrong.text


async def test_entries_of_the_log_follow_each_other(scene: Scene, office: Browser, admin: User) -> None:
    for number in range(60):
        scene.rows(
            "INSERT INTO audit_log (user_id, action, subject, subject_id) VALUES (?, 'test', 'venue', ?)",
            admin.id,
            number + 1,
        )
    first = await office.get("/admin/log?action=test")
    (more,) = [link for link in first.links if "cursor=" in link]
    second = await office.get(more)
    assert "venue 60" in first.text
    assert "venue 1" in second.text
    assert "venue 60" not in second.text


async def test_background_work_says_how_it_fares(office: Browser) -> None:
    metrics = office.app[keys.METRICS]
    metrics.observe_task("refunds", True)
    metrics.observe_task("refunds", False)
    metrics.observe_task("seats", False)
    known = {task.name: task for task in list_tasks(metrics.totals())}
    assert known["refunds"].errors == 1
    assert known["refunds"].succeeded_at is not None
    assert known["seats"].succeeded_at is None
    page = await office.get("/admin/work")
    assert "refunds" in page.text
    assert "None yet" in page.text


async def test_settings_are_shown_without_secrets(office: Browser) -> None:
    settings = office.app[keys.SETTINGS]
    page = await office.get("/admin/settings")
    assert "BMS_HOLD_SECONDS" in page.text
    assert settings.secret_key not in page.html
    assert settings.gateway_secret not in page.html
    shown = {line.name: line for line in lines_of(settings)}
    for name in ("SECRET_KEY", "GATEWAY_SECRET", "DATABASE_URL", "SMTP_URL", "REDIS_URL", "METRICS_TOKEN"):
        assert shown[f"BMS_{name}"].value is None
    assert shown["BMS_SECRET_KEY"].word == "set"
    assert shown["BMS_METRICS_TOKEN"].word == "not set"
    assert shown["BMS_HOLD_SECONDS"].value == str(settings.hold_seconds)
