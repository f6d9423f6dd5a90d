"""Creating, publishing and changing events by their forms, as a browser sends them."""

from typing import Any

import pytest

from tests.kit.scene import Scene
from tests.kit.site import Browser, Page
from tests.kit.types import MakeUser

NIGHT = {
    "title": "Night of the Cellos",
    "description": "Ten cellos.",
    "starts_at": "2099-08-01T19:30",
    "ends_at": "2099-08-01T22:00",
    "ticket_types.0.name": "Stalls",
    "ticket_types.0.price": "35,50",
    "ticket_types.0.capacity": "200",
}
HALL = {
    "new.name": "Old Hall",
    "new.location": "1 Quay",
    "new.city": "Rotterdam",
    "new.capacity": "400",
    "new.timezone": "Europe/Amsterdam",
}


async def fill(desk: Browser, page: Page, path: str, **typed: Any) -> Page:
    """Send the form that is posted to ``path`` with ``typed`` in it; None takes a field away."""
    form = page.form(path)
    form.fields = {**form.fields, **{name: value for name, value in typed.items() if value is not None}}
    for name in [name for name, value in typed.items() if value is None]:
        form.fields.pop(name, None)
    return await desk.submit(page, form)


async def create(desk: Browser, **typed: Any) -> Page:
    return await fill(desk, await desk.get("/manage/events/new"), "/manage/events/new", **typed)


def event_id(page: Page) -> int:
    return int(page.path.split("/")[3])


async def test_from_nothing_to_on_sale(scene: Scene, desk: Browser, make_browser) -> None:
    preview = await create(
        desk,
        **NIGHT,
        **HALL,
        **{"ticket_types.1.name": "Balcony"}
        | {"ticket_types.1.price": "20", "ticket_types.1.capacity": "100"},
    )
    assert preview.path.endswith("/publish"), preview.text
    for part in ("Night of the Cellos", "7:30", "Amsterdam", "€35.50", "Balcony", "Old Hall, 1 Quay"):
        assert part in preview.text, part
    assert "get all of your money back" in preview.text
    number = event_id(preview)
    assert (await make_browser().get(f"/e/{number}")).status == 404
    done = await fill(desk, preview, preview.path)
    assert done.path == f"/manage/events/{number}"
    assert "Published" in done.text
    page = await make_browser().get(f"/e/{number}")
    assert "€35.50" in page.text
    (row,) = scene.rows("SELECT starts_at, timezone, capacity FROM events WHERE id = ?", number)
    assert (row.timezone, row.capacity) == ("Europe/Amsterdam", 300)
    assert row.starts_at.isoformat() == "2099-08-01T17:30:00"


async def test_a_form_that_is_sent_twice_makes_one_event(scene: Scene, desk: Browser) -> None:
    page = await desk.get("/manage/events/new")
    form = page.form("/manage/events/new")
    form.fields |= {**NIGHT, **HALL}
    first, second = [await desk.submit(page, form) for _ in range(2)]
    assert first.path == second.path
    assert scene.count("events", "title = ?", NIGHT["title"]) == 1
    assert scene.count("venues", "name = ?", "Old Hall") == 1


async def test_a_refused_form_loses_nothing_and_makes_no_venue(scene: Scene, desk: Browser) -> None:
    again = await create(desk, **{**NIGHT, "starts_at": "2020-01-01T19:00"}, **HALL)
    assert again.status == 422
    assert "The event must start in the future." in again.text
    assert scene.count("venues", "name = ?", "Old Hall") == 0
    form = again.form("/manage/events/new")
    for name, value in {**NIGHT, **HALL, "starts_at": "2020-01-01T19:00"}.items():
        assert form.fields[name] == value, name
    done = await fill(desk, again, "/manage/events/new", starts_at="2099-08-01T19:30")
    assert done.path.endswith("/publish")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": ""}, "Title: "),
        ({"title": "", "new.name": "", "new.location": "", "new.city": "", "new.capacity": ""}, "Venue: "),
        ({"ticket_types.0.name": "", "ticket_types.0.capacity": ""}, "Ticket type: "),
        ({"ticket_types.0.price": "dear"}, "An amount such as 25.00"),
        ({"ticket_types.0.capacity": "many"}, "Please give a whole number."),
        ({"ticket_types.0.capacity": "500"}, "The venue's capacity is 400."),
        ({"currency": "ZZZ"}, "A currency such as EUR"),
        ({"currency": "JPY", "ticket_types.0.price": "35.50"}, "fewer decimals"),
        ({"starts_at": ""}, "Starts: "),
        ({"starts_at": "2099-03-29T02:30"}, "The clocks skip this time"),
        ({"ends_at": "2099-08-01T19:00"}, "must end after it starts"),
        ({"sales_start": "2099-09-01T10:00"}, "Sales must start before"),
        ({"new.timezone": ""}, "Time zone: "),
        ({"new.capacity": "0"}, "A whole number from 1"),
        ({"pay.card": None, "pay.upi": None, "pay.netbanking": None, "pay.wallet": None}, "at least one"),
        ({"refund": "until", "refund_policy.percent": "150"}, "from 0 to 100"),
        ({"per_user_limit": "-1"}, "Please give a whole number."),
        (
            {
                "refund": "until",
                "refund_policy.full_until_hours": "1",
                "refund_policy.percent": "50",
                "refund_policy.none_from_hours": "5",
            },
            "nearer to the start",
        ),
    ],
)
async def test_each_mistake_is_named(scene: Scene, desk: Browser, change: dict, words: str) -> None:
    again = await create(desk, **{**NIGHT, **HALL, **change})
    assert again.status == 422, again.text
    assert words in again.text
    assert scene.count("events", "title = ?", NIGHT["title"]) == 0


async def test_more_ticket_types(scene: Scene, desk: Browser) -> None:
    more = await create(desk, **NIGHT, more="1")
    form = more.form("/manage/events/new")
    assert form.fields["ticket_types.0.name"] == "Stalls"
    assert "ticket_types.2.name" in form.fields
    assert scene.count("events") == 1


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ({"refund": "start"}, (0, 0, 0)),
        ({"refund": "never"}, (99_999_999, 0, 0)),
        ({"refund": "until", "refund_policy.full_until_hours": "7"}, (168, 0, 168)),
        (
            {
                "refund": "until",
                "refund_policy.full_until_hours": "3",
                "refund_policy.percent": "50",
                "refund_policy.none_from_hours": "12",
                "unit.none_from_hours": "h",
            },
            (72, 50, 12),
        ),
    ],
)
async def test_refund_rules(scene: Scene, desk: Browser, typed: dict, rule: tuple[int, int, int]) -> None:
    preview = await create(desk, **NIGHT, **HALL, **typed)
    number = event_id(preview)
    columns = "refund_full_hours, refund_percent, refund_none_hours"
    assert tuple(scene.rows(f"SELECT {columns} FROM events WHERE id = ?", number)[0]) == rule
    change = await desk.get(f"/manage/events/{number}/change")
    assert change.form(change.path).fields["refund"] == typed["refund"]
    await fill(desk, change, change.path, title="Another title")
    assert tuple(scene.rows(f"SELECT {columns} FROM events WHERE id = ?", number)[0]) == rule


async def change(scene: Scene, desk: Browser, **typed: Any) -> Page:
    page = await desk.get(f"/manage/events/{scene.event['id']}/change")
    return await fill(desk, page, page.path, **typed)


async def test_a_change_that_nobody_is_told_of_is_made_at_once(scene: Scene, desk: Browser) -> None:
    await scene.paid(2)
    done = await change(scene, desk, title="Another title")
    assert done.path == f"/manage/events/{scene.event['id']}"
    (row,) = scene.rows("SELECT title, version, starts_at FROM events WHERE id = ?", scene.event["id"])
    assert (row.title, row.version) == ("Another title", 2)
    assert scene.rows("SELECT details FROM audit_log WHERE action = 'change'")[0].details == "title"


async def test_moving_an_event_shows_first_who_is_told_and_what_it_may_cost(
    scene: Scene, desk: Browser
) -> None:
    await scene.paid(2)
    asked = await change(scene, desk, starts_at="2099-09-01T19:30")
    assert asked.status == 200
    for part in ("1 person holds tickets", "€50.00 at most", "August 1, 2099", "September 1, 2099"):
        assert part in asked.text, part
    assert scene.rows("SELECT version FROM events")[0].version == 1
    assert scene.count("announcements", "kind = 'event.changed'") == 0
    (form,) = [form for form in asked.forms if form.action.endswith("/change")]
    back = await desk.submit(asked, form, back="1")
    assert back.form(back.path).fields["starts_at"] == "2099-09-01T19:30"
    done = await desk.submit(asked, form, sure="1")
    assert done.path == f"/manage/events/{scene.event['id']}"
    assert scene.count("announcements", "kind = 'event.changed'") == 1


async def test_who_may_give_tickets_back_after_small_moves(
    scene: Scene, desk: Browser, make_user: MakeUser
) -> None:
    """Of two buyers, one has booked before the first of them."""
    await scene.on_sale(starts_at="2099-08-01T19:30", refund_policy={"percent": 0})
    await scene.paid(2)
    first = await change(scene, desk, starts_at="2099-08-01T20:10")
    assert "It costs you nothing" in first.text
    await desk.submit(first, first.form(first.path), sure="1")
    await scene.paid(by=await make_user())
    second = await change(scene, desk, starts_at="2099-08-01T20:50")
    assert "2 people hold tickets" in second.text
    assert (
        "Until the new start 1 of them, who booked another time or place, may give the tickets back and gets "
        "all of the money: €50.00 at most." in second.text
    )
    third = await change(scene, desk, starts_at="2099-08-02T20:50")
    assert "Until the new start each of them may give the tickets back" in third.text
    assert "€75.00 at most" in third.text


async def test_a_change_meanwhile_is_not_overwritten(scene: Scene, desk: Browser) -> None:
    page = await desk.get(f"/manage/events/{scene.event['id']}/change")
    await scene.api.patch(
        f"/events/{scene.event['id']}", {"title": "By somebody else"}, token=scene.organiser.token
    )
    again = await fill(desk, page, page.path, title="Mine")
    assert again.status == 412
    assert "in the meantime" in again.text
    assert again.form(again.path).fields["title"] == "Mine"
    done = await fill(desk, again, again.path)
    assert done.path == f"/manage/events/{scene.event['id']}"
    assert scene.rows("SELECT title FROM events")[0].title == "Mine"


async def test_a_ticket_type_is_removed(scene: Scene, desk: Browser) -> None:
    kinds = [{"name": name, "price": "5.00", "capacity": 10} for name in ("One", "Two")]
    event = await scene.on_sale(ticket_types=kinds)
    done = await change(scene, desk, **{"ticket_types.1.remove": "on"})
    assert done.status == 200, done.text
    (row,) = scene.rows("SELECT name FROM ticket_types WHERE event_id = ?", event["id"])
    assert row.name == "One"
    (row,) = scene.rows("SELECT capacity, address, venue_id FROM events WHERE id = ?", event["id"])
    assert (row.capacity, row.venue_id) == (10, event["venue"])


async def test_who_may_buy_is_kept(scene: Scene, desk: Browser) -> None:
    for value in ("on", None, "on"):
        await change(scene, desk, title=f"Title {value}", requires_confirmed_email=value)
        (row,) = scene.rows("SELECT requires_confirmed_email AS asked FROM events")
        assert bool(row.asked) is (value is not None)


async def test_what_is_sold_cannot_be_taken_away(scene: Scene, desk: Browser) -> None:
    await scene.held(3)
    again = await change(scene, desk, **{"ticket_types.0.capacity": "2"})
    assert again.status == 409
    assert "More tickets than that are sold" in again.text


async def test_a_draft_is_deleted(scene: Scene, desk: Browser) -> None:
    draft = await scene.on_sale(status="DRAFT")
    page = await desk.get(f"/manage/events/{draft['id']}/cancel")
    assert "Delete this draft?" in page.text
    done = await fill(desk, page, page.path)
    assert done.path == "/manage"
    assert "The draft is deleted." in done.text
    assert scene.count("events", "id = ?", draft["id"]) == 0
