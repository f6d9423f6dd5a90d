"""An event's time zone: what is sent and shown in it, the filters and statistics by day, and the mails."""

import datetime as dt
import json
from typing import Any

import pytest

from tests.kit.api import Api
from tests.kit.attendance import approach, attend, mails, told
from tests.kit.changes import change, whole
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows
from tests.kit.users import User

AMSTERDAM = "Europe/Amsterdam"
SPRING, AUTUMN = "2099-03-29", "2099-10-25"  # when the clocks of Amsterdam change


async def made(api: Api, manager: User, venue: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"title": "Concert", "venue": venue["id"], "capacity": 10, "price": "5.00", **fields}
    reply = await api.post("/events", body, token=manager.token)
    assert reply.status == 201, reply.text
    event: dict[str, Any] = reply.json
    return event


@pytest.fixture
async def hall(make_venue: Make) -> dict[str, Any]:
    return await make_venue(timezone=AMSTERDAM)


async def test_a_venue_has_a_zone(api: Api, manager: User, hall: dict[str, Any]) -> None:
    path = f"/venues/{hall['id']}"
    assert (await api.get(path)).json["timezone"] == hall["timezone"] == AMSTERDAM
    put = {"name": "New", "location": "Here", "capacity": 5}
    assert (await api.put(path, put, token=manager.token)).json["timezone"] == AMSTERDAM
    changed = await api.patch(path, {"timezone": "Asia/Kolkata"}, token=manager.token)
    assert changed.json["timezone"] == "Asia/Kolkata"


@pytest.mark.parametrize(
    "name",
    [
        "Europe/Rotterdam",
        "europe/amsterdam",
        "CET+1",
        "+02:00",
        "",
        "../UTC",
        "/etc/passwd",
        "UTC\x00",
        "x" * 500,
        "Factory",
        "localtime",
        "posix/UTC",
    ],
)
async def test_unknown_zones_are_refused(
    api: Api, manager: User, make_venue: Make, make_event: Make, name: str
) -> None:
    venue, event = await make_venue(), await make_event()
    bodies = [
        ("POST", "/venues", {"name": "A", "location": "B", "capacity": 1}),
        ("PATCH", f"/venues/{venue['id']}", {}),
        ("POST", "/events", {"title": "A", "date": "2099-01-01", "venue": venue["id"]}),
        ("PATCH", f"/events/{event['id']}", {}),
        ("PUT", f"/events/{event['id']}", whole(event)),
    ]
    for method, path, body in bodies:
        reply = await api.request(method, path, {**body, "timezone": name}, token=manager.token)
        (error,) = reply.problem(422, "validation_failed")["errors"]
        assert error["pointer"] == "/timezone", (method, path)


async def test_an_event_copies_its_venues_zone_and_keeps_it(
    api: Api, manager: User, hall: dict[str, Any], make_venue: Make
) -> None:
    event = await made(api, manager, hall, date="2099-06-01", time="00:30")
    assert (event["timezone"], event["date"], event["time"]) == (AMSTERDAM, "2099-06-01", "00:30:00")
    assert event["starts_at"] == "2099-05-31T22:30:00Z"
    await api.patch(f"/venues/{hall['id']}", {"timezone": "Asia/Tokyo"}, token=manager.token)
    assert (await api.get(f"/events/{event['id']}")).json == event
    tokyo = await make_venue(timezone="Asia/Tokyo")
    moved = await change(api, manager, event, venue=tokyo["id"])
    assert (moved["timezone"], moved["starts_at"]) == (AMSTERDAM, event["starts_at"])
    own = await made(api, manager, hall, date="2099-06-01", time="12:00", timezone="America/New_York")
    assert (own["timezone"], own["starts_at"]) == ("America/New_York", "2099-06-01T16:00:00Z")


MEANT: list[tuple[dict[str, Any], str]] = [
    ({"date": "2099-06-01", "time": "00:30"}, "2099-05-31T22:30:00Z"),
    ({"date": "2099-06-01"}, "2099-05-31T22:00:00Z"),
    ({"date": "2099-06-01T00:30:00"}, "2099-05-31T22:30:00Z"),
    ({"date": "2099-06-01T00:30:00Z"}, "2099-06-01T00:30:00Z"),
    ({"starts_at": "2099-06-01T00:30:00"}, "2099-05-31T22:30:00Z"),
    ({"starts_at": "2099-06-01 00:30"}, "2099-05-31T22:30:00Z"),
    ({"starts_at": "2099-06-01T00:30:00+02:00"}, "2099-05-31T22:30:00Z"),
    ({"starts_at": "2099-06-01T00:30:00-05:00"}, "2099-06-01T05:30:00Z"),
    ({"date": AUTUMN, "time": "02:30"}, f"{AUTUMN}T00:30:00Z"),
    ({"starts_at": f"{AUTUMN}T02:30:00"}, f"{AUTUMN}T00:30:00Z"),
    ({"starts_at": f"{AUTUMN}T02:30:00+01:00"}, f"{AUTUMN}T01:30:00Z"),
]


@pytest.mark.parametrize(("fields", "starts_at"), MEANT)
async def test_what_has_no_offset_is_meant_in_the_zone(
    api: Api, manager: User, hall: dict[str, Any], fields: dict[str, Any], starts_at: str
) -> None:
    event = await made(api, manager, hall, **fields)
    assert event["starts_at"] == starts_at
    other = await made(api, manager, hall, date="2099-01-01", time="09:00")
    body = {"title": "Concert", "venue": hall["id"], **fields}
    put = await api.put(f"/events/{other['id']}", body, token=manager.token)
    assert (put.status, put.json["starts_at"], put.json["timezone"]) == (200, starts_at, AMSTERDAM), put.text
    older = {"name": "Fair", "max_tickets": 5, "location": hall["name"], "date": "2099-06-01T10:00:00"}
    assert (
        (await api.post("/api/events/", older, token=manager.token)).json["starts_at"].endswith("T08:00:00Z")
    )


async def test_the_other_times_are_meant_in_the_zone_too(
    api: Api, manager: User, hall: dict[str, Any]
) -> None:
    event = await made(
        api,
        manager,
        hall,
        starts_at="2099-06-01T20:00:00",
        ends_at="2099-06-01T23:00:00",
        sales_start="2099-01-01T10:00:00",
        sales_end="2099-06-01T18:00:00",
    )
    assert (event["ends_at"], event["sales_start"]) == ("2099-06-01T21:00:00Z", "2099-01-01T09:00:00Z")
    assert event["sales_end"] == "2099-06-01T16:00:00Z"
    changed = await change(
        api, manager, event, sales_end="2099-06-01T12:00:00", ends_at="2099-06-01T22:00:00"
    )
    assert (changed["sales_end"], changed["ends_at"]) == ("2099-06-01T10:00:00Z", "2099-06-01T20:00:00Z")


SKIPPED: list[tuple[dict[str, Any], str]] = [
    ({"date": SPRING, "time": "02:30"}, "/time"),
    ({"date": f"{SPRING}T02:00:00"}, "/date"),
    ({"starts_at": f"{SPRING}T02:59:59"}, "/starts_at"),
    ({"date": "2099-01-01", "ends_at": f"{SPRING}T02:30:00"}, "/ends_at"),
    ({"date": "2099-06-01", "sales_start": f"{SPRING}T02:30:00"}, "/sales_start"),
    ({"date": "2099-06-01", "sales_end": f"{SPRING}T02:30:00"}, "/sales_end"),
]


@pytest.mark.parametrize(("fields", "pointer"), SKIPPED)
async def test_what_the_clocks_skip_is_refused(
    api: Api, manager: User, hall: dict[str, Any], fields: dict[str, Any], pointer: str
) -> None:
    body = {"title": "Concert", "venue": hall["id"], **fields}
    event = await made(api, manager, hall, date="2099-02-01", time="02:30")
    for method, path in (("POST", "/events"), *((m, f"/events/{event['id']}") for m in ("PUT", "PATCH"))):
        reply = await api.request(method, path, body, token=manager.token)
        (error,) = reply.problem(422, "no_such_local_time")["errors"]
        assert error["pointer"] == pointer, method
    assert (await api.get(f"/events/{event['id']}")).json == event
    kept = await api.patch(f"/events/{event['id']}", {"date": SPRING}, token=manager.token)
    (error,) = kept.problem(422, "no_such_local_time")["errors"]
    assert error["pointer"] == "/date"


@pytest.mark.parametrize("date", ["9999-12-31", "9999-12-30", "0001-01-01"])
@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Pacific/Kiritimati", "UTC"])
async def test_the_ends_of_the_calendar(
    api: Api, manager: User, hall: dict[str, Any], date: str, zone: str
) -> None:
    """What is taken is shown, and found by its day; the rest is refused."""
    for fields in ({"date": date}, {"date": date, "time": "23:59"}, {"starts_at": f"{date}T23:30:00"}):
        event = await made(api, manager, hall, date="2099-02-01", ends_at="2100-02-01T00:00:00Z")
        body = {"title": "Concert", "venue": hall["id"], "timezone": zone, **fields}
        new = await api.post("/events", body, token=manager.token)
        changed = await api.patch(f"/events/{event['id']}", {"timezone": zone, **fields}, token=manager.token)
        for reply in (new, changed):
            assert reply.status in (200, 201, 422), reply.text
            if reply.ok:
                assert reply.json["date"] == date
                found = (await api.get("/events", date=date, limit=200)).json
                # Who has just placed an event is warned of others at its venue.
                assert {name: value for name, value in reply.json.items() if name != "warnings"} in found


async def test_an_event_at_the_last_moment_has_no_day_in_the_east(
    api: Api, manager: User, make_event: Make
) -> None:
    event = await make_event(starts_at="9999-12-31T23:00:00Z")
    reply = await api.patch(f"/events/{event['id']}", {"timezone": "Asia/Tokyo"}, token=manager.token)
    (error,) = reply.problem(422, "validation_failed")["errors"]
    assert error["pointer"] == "/timezone"
    west = await change(api, manager, event, timezone="America/New_York")
    assert (west["date"], west["time"]) == ("9999-12-31", "18:00:00")


async def test_a_new_date_keeps_local_time_and_length(api: Api, manager: User, hall: dict[str, Any]) -> None:
    event = await made(api, manager, hall, date="2099-03-28", time="20:30", ends_at="2099-03-28T23:00:00")
    for fields, start, end in (
        ({"date": SPRING}, f"{SPRING}T18:30:00Z", f"{SPRING}T21:00:00Z"),
        ({"date": "2099-12-01"}, "2099-12-01T19:30:00Z", "2099-12-01T22:00:00Z"),
        ({"time": "10:00"}, "2099-12-01T09:00:00Z", "2099-12-01T11:30:00Z"),
        ({"date": "2099-07-01", "time": "23:00"}, "2099-07-01T21:00:00Z", "2099-07-01T23:30:00Z"),
        ({"date": "2099-07-02T12:00:00"}, "2099-07-02T10:00:00Z", "2099-07-02T12:30:00Z"),
        (
            {"date": "2099-07-03", "ends_at": "2099-07-03T23:59:00"},
            "2099-07-03T10:00:00Z",
            "2099-07-03T21:59:00Z",
        ),
        ({"starts_at": "2099-07-03T18:00:00"}, "2099-07-03T16:00:00Z", "2099-07-03T21:59:00Z"),
    ):
        event = await change(api, manager, event, **fields)
        assert (event["starts_at"], event["ends_at"]) == (start, end), fields


async def test_the_second_of_two_times_stays_the_second(
    api: Api, manager: User, hall: dict[str, Any]
) -> None:
    event = await made(api, manager, hall, starts_at=f"{AUTUMN}T02:30:00+01:00")
    assert (await change(api, manager, event, date=AUTUMN))["starts_at"] == f"{AUTUMN}T01:30:00Z"
    assert (await change(api, manager, event, time="02:30"))["starts_at"] == f"{AUTUMN}T00:30:00Z"


async def test_a_new_zone_alone_moves_nothing(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event(starts_at="2099-06-01T22:30:00Z")
    changed = await change(api, manager, event, timezone=AMSTERDAM)
    assert (changed["starts_at"], changed["date"], changed["time"]) == (
        event["starts_at"],
        "2099-06-02",
        "00:30:00",
    )
    assert [one["id"] for one in (await api.get("/events", date="2099-06-02")).json] == [event["id"]]
    both = await change(api, manager, event, timezone="Asia/Tokyo", time="19:00")
    assert (both["date"], both["starts_at"]) == ("2099-06-02", "2099-06-02T10:00:00Z")


async def test_filters_by_day_are_by_the_local_day(api: Api, manager: User, make_venue: Make) -> None:
    zones = ("Pacific/Kiritimati", AMSTERDAM, "UTC", "America/St_Johns", "Etc/GMT+12")
    events = {}
    for zone in zones:
        venue = await make_venue(timezone=zone)
        for day in ("2099-06-01", "2099-06-02", "2099-06-03"):
            for time in ("00:00", "23:59:59"):
                event = await made(api, manager, venue, date=day, time=time)
                events[event["id"]] = day
    for query, days in (
        ({"date": "2099-06-02"}, {"2099-06-02"}),
        ({"date_from": "2099-06-02"}, {"2099-06-02", "2099-06-03"}),
        ({"date_to": "2099-06-02"}, {"2099-06-01", "2099-06-02"}),
        ({"date_from": "2099-06-02", "date_to": "2099-06-03"}, {"2099-06-02", "2099-06-03"}),
        ({"date": "2099-06-04"}, set()),
    ):
        wanted = {event for event, day in events.items() if day in days}
        for sort in ("date", "-date", "price", "-popularity"):
            found = (await api.get("/events", **query, sort=sort, limit=200)).json
            assert {event["id"] for event in found} == wanted, (query, sort)
    top = (await api.get("/events/top", date_from="2099-06-02", date_to="2099-06-02", limit=200)).json
    assert {event["date"] for event in top} == {"2099-06-02"}


async def test_statistics_are_by_the_local_day(api: Api, scene: Scene, make_venue: Make) -> None:
    for zone, days in (
        ("UTC", ["2026-01-31", "2026-02-01"]),
        (AMSTERDAM, ["2026-02-01"]),
        ("America/St_Johns", ["2026-01-31"]),
        ("Asia/Kathmandu", ["2026-02-01"]),
    ):
        venue = await make_venue(timezone=zone)
        event = await scene.on_sale(venue=venue["id"], price="0.00")
        for moment in (dt.datetime(2026, 1, 31, 23, 14), dt.datetime(2026, 2, 1, 0, 46)):  # noqa: DTZ001
            booking = await scene.held(2)
            scene.rows("UPDATE bookings SET confirmed_at = ? WHERE id = ?", moment, booking["id"])
        shown = (await api.get(f"/events/{event['id']}/stats", token=scene.organiser.token)).json
        assert shown["timezone"] == zone
        assert [day["date"] for day in shown["by_day"]] == days
        assert sum(day["tickets"] for day in shown["by_day"]) == 4


async def test_people_read_local_times(
    api: Api, scene: Scene, manager: User, buyer: User, hall: dict[str, Any], rows: Rows
) -> None:
    event = await made(api, manager, hall, date="2099-06-01", time="00:30", price="0.00")
    await attend(scene.hold, event, buyer)
    (confirmed,) = mails(rows, "booking_confirmed")
    facts = json.loads(confirmed.payload)["event"]
    assert (facts["starts_at"], facts["timezone"]) == ("2099-05-31T22:30:00Z", AMSTERDAM)
    await change(api, manager, event, date="2099-12-02")
    (notice,) = await told(api, buyer, "event_updated")
    assert "Monday 1 June 2099, 00:30 (Europe/Amsterdam, UTC+2)" in notice["message"]
    assert "Wednesday 2 December 2099, 00:30 (Europe/Amsterdam, UTC+1)" in notice["message"]
    approach(rows, event, 3)
