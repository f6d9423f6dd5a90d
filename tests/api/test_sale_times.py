"""When tickets are on sale: what can be booked and paid, and how a sale follows its event."""

import datetime as dt
from typing import Any

import pytest

from bms.cache.kept import Cache
from bms.commands.sales import hold
from bms.http import keys
from bms.http.shared import SharedReply
from bms.tasks.sweeps import EVENTS_OVER, sweep
from tests.kit.api import Api, Client
from tests.kit.changes import change
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows
from tests.kit.users import User
from tests.kit.waiting import until

NOW = "SYSUTCDATETIME()"


def put(rows: Rows, event: dict[str, Any], **minutes: int) -> None:
    """Put columns of an event so many minutes ahead of now."""
    for column, wait in minutes.items():
        value = f"DATEADD(MINUTE, {wait}, {NOW})"
        rows(f"UPDATE events SET {column} = {value} WHERE id = ?", event["id"])


STATES: list[tuple[dict[str, int], str]] = [
    ({}, "open"),
    ({"sales_start": -5, "sales_end": 5}, "open"),
    ({"sales_start": 5}, "not_yet"),
    ({"sales_end": -5}, "over"),
    ({"starts_at": -5}, "over"),
    ({"starts_at": -5, "sales_end": 5}, "open"),
    ({"starts_at": -5, "ends_at": 5, "sales_end": 60}, "open"),
    ({"starts_at": -9, "ends_at": -5, "sales_end": 60}, "over"),
    ({"starts_at": -1500, "sales_end": 60}, "over"),
    ({"starts_at": -1400, "sales_end": 60}, "open"),
    ({"starts_at": -9, "ends_at": -5, "sales_start": 5, "sales_end": 60}, "over"),
]


@pytest.mark.parametrize(("minutes", "state"), STATES)
async def test_what_is_said_is_what_can_be_done(
    api: Api, scene: Scene, rows: Rows, minutes: dict[str, int], state: str
) -> None:
    event = scene.event
    put(rows, event, **minutes)
    shown = (await api.get(f"/events/{event['id']}", token=scene.organiser.token)).json
    is_open = state == "open"
    assert (shown["sale"]["state"], shown["on_sale"]) == (state, is_open)
    assert shown["sale"]["from"] == shown["sales_start"]
    listed = (await api.get("/events", available="true", token=scene.organiser.token)).json
    assert bool(listed) == is_open
    reply = await api.post("/bookings", {"event": event["id"], "quantity": 1}, token=scene.buyer.token)
    if is_open:
        assert reply.status == 201, reply.text
    else:
        reply.problem(409, "not_on_sale")
    assert scene.available() == 100 - is_open


async def test_why_it_is_not_on_sale(api: Api, scene: Scene, rows: Rows) -> None:
    draft = await scene.make_event(status="DRAFT")
    path = f"/events/{draft['id']}"
    token = scene.organiser.token
    assert draft["sale"]["state"] == "draft"
    event = await change(api, scene.organiser, draft, status="PUBLISHED")
    assert (event["sale"]["state"], event["sale"]["until"]) == ("open", event["starts_at"])
    for statement, state in (
        ("UPDATE ticket_types SET on_sale = 0 WHERE event_id = ?", "stopped"),
        ("UPDATE ticket_types SET on_sale = 1, available = 0 WHERE event_id = ?", "sold_out"),
        ("UPDATE events SET status = 'COMPLETED' WHERE id = ?", "over"),
        ("UPDATE events SET status = 'CANCELLED' WHERE id = ?", "cancelled"),
    ):
        rows(statement, draft["id"])
        shown = (await api.get(path, token=token)).json
        assert (shown["sale"]["state"], shown["on_sale"]) == (state, False)
        assert draft["id"] not in [
            one["id"] for one in (await api.get("/events?available=true", token=token)).json
        ]


@pytest.mark.parametrize("minutes", [{"starts_at": -9, "ends_at": -1}, {"starts_at": -1500}])
async def test_a_hold_is_not_paid_once_the_event_is_over(
    scene: Scene, rows: Rows, minutes: dict[str, int]
) -> None:
    booking = await scene.held()
    put(rows, scene.event, sales_end=9000, **minutes)
    problem = (await scene.pay(booking)).problem(409, "not_on_sale")
    assert problem["detail"] == "The event is over"
    assert scene.count("payments") == 0
    totals = await scene.gateway.totals("EUR")
    assert totals.charged == 0
    scene.let_hold_pass(booking)
    (await scene.pay(booking)).problem(409, "hold_expired")


async def test_a_hold_is_paid_while_the_event_runs(scene: Scene, rows: Rows) -> None:
    booking = await scene.held()
    put(rows, scene.event, starts_at=-9, ends_at=5)
    assert (await scene.pay(booking)).status == 201


async def test_a_sale_that_ends_between_the_look_and_the_booking(
    api: Api, scene: Scene, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement that writes the booking minds the time as well."""
    monkeypatch.setattr(hold, "_why_closed", lambda event: None)
    put(rows, scene.event, sales_end=-1)
    body = {"event": scene.event["id"], "quantity": 1}
    reply = await api.post("/bookings", body, token=scene.buyer.token)
    assert reply.status == 503, "it is tried again, and the look finds nothing"
    assert (scene.count("bookings"), scene.available()) == (0, 100)


def ahead(**time: float) -> str:
    return (
        (dt.datetime.now(dt.UTC) + dt.timedelta(**time)).isoformat(timespec="seconds").replace("+00:00", "Z")
    )


async def test_a_new_event_whose_sale_is_over_is_refused(api: Api, manager: User, make_venue: Make) -> None:
    body = {"title": "A", "venue": (await make_venue())["id"], "date": "2099-01-01"}
    for sales_end in ("2020-01-01T00:00:00Z", "1970-01-01T00:00:00", ahead(days=-1), ahead(seconds=-2)):
        for status in ("PUBLISHED", "DRAFT"):
            fields = {"status": status, "sales_end": sales_end}
            reply = await api.post("/events", {**body, **fields}, token=manager.token)
            (error,) = reply.problem(422, "validation_failed")["errors"]
            assert error["pointer"] == "/sales_end"


async def test_a_sale_never_outlasts_its_event(api: Api, manager: User, make_event: Make) -> None:
    end = {"ends_at": "2099-08-01T22:00:00Z"}
    event = await make_event(**end, sales_end="2099-08-09T00:00:00Z")
    assert event["sales_end"] == event["sale"]["until"] == end["ends_at"]
    event = await make_event(sales_end="2099-08-09T00:00:00Z")
    assert event["sales_end"] == "2099-08-02T19:30:00Z", "a day after the start, as no end is known"
    event = await change(api, manager, event, ends_at="2099-08-01T21:00:00Z")
    assert event["sales_end"] == "2099-08-01T21:00:00Z"
    event = await change(api, manager, event, sales_end="2099-12-01T00:00:00Z")
    assert event["sales_end"] == "2099-08-01T21:00:00Z"


FOLLOWS: list[tuple[str | None, str, str | None]] = [
    # sales_end, new date, new sales_end, of an event on 2099-08-01 from 19:30 to 22:00
    (None, "2099-07-01", None),
    (None, "2099-09-01", None),
    ("2099-08-01T19:30:00Z", "2099-07-01", "2099-07-01T19:30:00Z"),
    ("2099-07-15T12:00:00Z", "2099-07-01", "2099-07-01T19:30:00Z"),
    ("2099-06-15T12:00:00Z", "2099-07-01", "2099-06-15T12:00:00Z"),
    ("2099-08-01T21:00:00Z", "2099-07-01", "2099-07-01T22:00:00Z"),
    ("2099-08-01T12:00:00Z", "2099-09-01", "2099-08-01T12:00:00Z"),
]


@pytest.mark.parametrize(("sales_end", "date", "new"), FOLLOWS)
async def test_a_sale_follows_its_event(
    api: Api, manager: User, make_event: Make, sales_end: str | None, date: str, new: str | None
) -> None:
    event = await make_event(ends_at="2099-08-01T22:00:00Z", sales_end=sales_end)
    moved = await change(api, manager, event, date=date)
    assert (moved["sales_end"], moved["ends_at"]) == (new, f"{date}T22:00:00Z")
    assert moved["sale"]["until"] == (new or moved["starts_at"])


async def test_a_start_moved_later_reopens_a_sale_without_an_end(api: Api, scene: Scene, rows: Rows) -> None:
    event = scene.event
    draft = await scene.make_event(status="DRAFT", sales_end=ahead(hours=1))
    for one, state in ((event, "open"), (draft, "over")):
        rows(
            "UPDATE events SET starts_at = DATEADD(HOUR, 1, created_at),"
            " sales_end = CASE WHEN sales_end IS NULL THEN NULL ELSE created_at END WHERE id = ?",
            one["id"],
        )
        moved = await change(api, scene.organiser, one, date="2099-09-09", status="PUBLISHED")
        assert moved["sale"]["state"] == state


@pytest.mark.parametrize("minutes", [{"starts_at": -5}, {"starts_at": -5, "ends_at": 60}])
async def test_what_has_begun_keeps_its_times(
    api: Api, scene: Scene, rows: Rows, minutes: dict[str, int]
) -> None:
    event = scene.event
    put(rows, event, **minutes)
    before = (await api.get(f"/events/{event['id']}")).json
    for fields in (
        {"starts_at": "2099-09-09T10:00:00Z"},
        {"date": "2099-09-09"},
        {"ends_at": ahead(hours=9)},
        {"date": "2099-09-09", "ends_at": None},
    ):
        reply = await api.patch(f"/events/{event['id']}", fields, token=scene.organiser.token)
        reply.problem(409, "event_begun")
    assert (await change(api, scene.organiser, event, title="New", starts_at=before["starts_at"]))[
        "title"
    ] == "New"
    after = (await api.get(f"/events/{event['id']}")).json
    assert (after["starts_at"], after["ends_at"]) == (before["starts_at"], before["ends_at"])


async def test_a_draft_that_nobody_saw_begin_can_be_moved(
    api: Api, manager: User, make_event: Make, rows: Rows
) -> None:
    event = await make_event(status="DRAFT")
    put(rows, event, starts_at=-5)
    assert (await change(api, manager, event, date="2099-09-09"))["date"] == "2099-09-09"


async def test_lists_leave_out_what_is_over(api: Api, make_event: Make, rows: Rows) -> None:
    over, running, coming = [await make_event() for _ in range(3)]
    put(rows, over, starts_at=-90, ends_at=-5)
    put(rows, running, starts_at=-5, ends_at=60)
    for query in ({}, {"sort": "-date"}, {"sort": "price"}, {"q": "Concert"}):
        listed = [event["id"] for event in (await api.get("/events", **query)).json]
        assert sorted(listed) == sorted([running["id"], coming["id"]]), query
    assert [event["id"] for event in (await api.get("/events?available=true")).json] == [coming["id"]]
    assert over["id"] not in [event["id"] for event in (await api.get("/events/top")).json]


@pytest.fixture
def kept(client: Client) -> Cache[SharedReply]:
    """The cache of replies."""
    cache = client.app[keys.REPLIES]
    if cache._board is None:
        pytest.skip("nothing is kept with this database")
    return cache


@pytest.mark.parametrize("path", ["/events/{id}", "/events", "/events?available=true"])
@pytest.mark.parametrize("lasts", [True, False])
async def test_a_kept_reply_is_dropped_when_a_sale_begins(
    api: Api, scene: Scene, kept: Cache[SharedReply], monkeypatch: pytest.MonkeyPatch, path: str, lasts: bool
) -> None:
    """The twin, whose replies last for ever, goes on saying that nothing can be bought."""
    if not lasts:
        monkeypatch.setattr(kept, "_lasts", lambda reply: float("inf"))
    event = await scene.on_sale(sales_start=ahead(seconds=3))
    path = path.format(id=event["id"])

    async def on_sale() -> bool:
        shown = (await api.get(path)).json
        found = [one for one in (shown if isinstance(shown, list) else [shown]) if one["id"] == event["id"]]
        return bool(found and found[0]["on_sale"])

    before = await on_sale(), await on_sale()
    assert before == (False, False)
    assert kept.requests.hit > 0
    begun = f"SELECT id FROM events WHERE sales_start <= {NOW} AND id = {event['id']}"
    await until(lambda: scene.rows(begun))
    assert await on_sale() == lasts


async def test_an_event_that_took_place_can_be_cancelled(api: Api, scene: Scene, rows: Rows) -> None:
    await scene.paid(2)
    path = f"/events/{scene.event['id']}/cancel"
    for days, status in ((31, 409), (29, 200)):
        rows(f"UPDATE events SET starts_at = DATEADD(DAY, -60, {NOW}) WHERE id = ?", scene.event["id"])
        rows(f"UPDATE events SET ends_at = DATEADD(DAY, -{days}, {NOW}) WHERE id = ?", scene.event["id"])
        await sweep(scene.db, EVENTS_OVER)
        shown = (await api.get(f"/events/{scene.event['id']}", token=scene.organiser.token)).json
        assert shown["status"] == "COMPLETED"
        reply = await api.post(path, {"reason": "It was cut short"}, token=scene.organiser.token)
        assert reply.status == status, reply.text
    assert reply.json["status"] == "CANCELLED"
