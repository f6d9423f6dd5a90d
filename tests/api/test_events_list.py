"""The list of events: filters, orders and pages."""

import base64
import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from bms.sql.database import Database
from tests.kit.api import Api
from tests.kit.figures import refresh_figures
from tests.kit.tsql import Sql
from tests.kit.types import Make, MakeUser
from tests.kit.users import User

SORTS = ("date", "-date", "price", "-popularity", "rating")


async def titles(api: Api, path: str = "/events", **query: Any) -> list[str]:
    reply = await api.get(path, **query)
    assert reply.status == 200, reply.text
    return [event["title"] for event in reply.json]


async def walk(api: Api, url: str) -> list[dict[str, Any]]:
    """Return what all pages from ``url`` on hold."""
    shown: list[dict[str, Any]] = []
    while url:
        reply = await api.get(url)
        assert reply.status == 200, reply.text
        shown += reply.json
        link = reply.headers.get("Link", "")
        assert not link or link.endswith('; rel="next"')
        url = link[1 : link.index(">")] if link else ""
    return shown


@pytest.fixture
async def programme(
    api: Api, make_user: MakeUser, make_venue: Make, make_event: Make
) -> dict[str, dict[str, Any]]:
    """Four published events and a draft, by title."""
    admin = await make_user("ADMIN")
    for name in ("Concert", "Talk"):
        await api.post("/categories", {"name": name}, token=admin.token)
    hall = (await make_venue(name="Grand Hall", city="Utrecht"))["id"]
    barn = (await make_venue(name="The Barn", city="Delft"))["id"]
    events = [
        {"title": "Jazz 100%", "venue": hall, "category": "concert", "starts_at": "2099-01-01T20:00:00Z"},
        {"title": "Folk", "venue": barn, "category": "concert", "starts_at": "2099-01-02T00:00:00Z"},
        {"title": "Physics", "venue": hall, "category": "talk", "starts_at": "2099-01-02T23:59:59.999Z"},
        {"title": "Secret", "venue": hall, "starts_at": "2099-01-01T00:00:00Z", "status": "DRAFT"},
    ]
    prices = {"Jazz 100%": "30.00", "Folk": "10.00", "Physics": "0.00"}
    made = [await make_event(**event, price=prices.get(event["title"], "1.00")) for event in events]
    fair = {"name": "Fair", "date": "2099-01-03", "max_tickets": 9, "location": "Under the oak [x]"}
    made.append((await api.post("/events", fair, token=admin.token)).json)
    return {event["title"]: event for event in made}


@pytest.mark.usefixtures("programme")
async def test_published_events_by_date(api: Api, programme: dict[str, dict[str, Any]]) -> None:
    expected = ["Jazz 100%", "Folk", "Physics", "Fair"]
    for path in ("/events", "/api/events/", "/event", "/api/event/"):
        reply = await api.get(path)
        assert [event["title"] for event in reply.json] == expected
    shown = (await api.get("/events")).json
    assert shown[:3] == [programme[title] for title in expected[:3]]
    assert shown[3].items() <= programme["Fair"].items()  # which was made by older names


async def test_events_that_are_over_are_listed_by_their_days_alone(
    api: Api, make_event: Make, rows: Sql
) -> None:
    event = await make_event()
    rows("UPDATE events SET starts_at = '2020-02-02 10:00:00' WHERE id = ?", event["id"])
    for query in ({}, {"sort": "-date"}, {"sort": "price"}, {"available": "true"}):
        assert await titles(api, **query) == []
    for days in ({"date": "2020-02-02"}, {"date_from": "2020-01-01"}, {"date_to": "2098-01-01"}):
        assert await titles(api, **days) == [event["title"]]
        assert await titles(api, **days, available="true") == []


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({"location": "utrecht"}, ["Jazz 100%", "Physics"]),
    ({"location": "BARN"}, ["Folk"]),
    ({"location": "the OAK [X]"}, ["Fair"]),
    ({"location": "oak [xyz]"}, []),
    ({"location": "Utr"}, []),
    ({"location": "%"}, []),
    ({"city": "DELFT"}, ["Folk"]),
    ({"city": "Delf"}, []),
    ({"category": "concert"}, ["Jazz 100%", "Folk"]),
    ({"category": "no-such"}, []),
    ({"category": "999"}, []),
    ({"date": "2099-01-02"}, ["Folk", "Physics"]),
    ({"date_from": "2099-01-02"}, ["Folk", "Physics", "Fair"]),
    ({"date_to": "2099-01-02"}, ["Jazz 100%", "Folk", "Physics"]),
    ({"date_from": "2099-01-02", "date_to": "2099-01-02"}, ["Folk", "Physics"]),
    ({"date_from": "9999-12-31"}, []),
    ({"date_to": "0001-01-01"}, []),
    ({"q": "OLK"}, ["Folk"]),
    ({"q": "evening"}, []),  # in the descriptions alone
    ({"q": "100%"}, ["Jazz 100%"]),
    ({"q": "1_0"}, []),
    ({"q": "[a-z]"}, []),
    ({"q": "!"}, []),
    ({"q": "' OR 1=1 --"}, []),
    ({"price_max": "10"}, ["Folk", "Physics", "Fair"]),
    ({"price_max": "9.99"}, ["Physics", "Fair"]),
    ({"location": "Utrecht", "category": "talk", "q": "phys"}, ["Physics"]),
    ({"status": "PUBLISHED", "available": "true"}, ["Jazz 100%", "Folk", "Physics", "Fair"]),
]


@pytest.mark.usefixtures("programme")
async def test_filters(api: Api) -> None:
    for query, expected in FILTERS:
        assert await titles(api, **query) == expected, query
        assert await titles(api, **query, sort="-date") == expected[::-1], query
        for sort in ("price", "-popularity", "rating"):
            assert sorted(await titles(api, **query, sort=sort)) == sorted(expected), query


async def test_filters_by_id(api: Api, programme: dict[str, dict[str, Any]], manager: User) -> None:
    hall = programme["Physics"]["venue"]
    for query in ({"venue": hall}, {"location": hall}, {"venue": hall, "location": hall}):
        assert await titles(api, **query) == ["Jazz 100%", "Physics"]
        assert await titles(api, **query, sort="-date") == ["Physics", "Jazz 100%"]
        assert await titles(api, **query, sort="price") == ["Physics", "Jazz 100%"]
    categories = {entry["slug"]: entry["id"] for entry in (await api.get("/categories")).json}
    assert await titles(api, category=categories["talk"]) == ["Physics"]
    assert await titles(api, organizer=manager.id) == ["Jazz 100%", "Folk", "Physics"]
    assert await titles(api, organizer=manager.id, sort="-date", category="concert") == ["Folk", "Jazz 100%"]
    assert await titles(api, organizer=programme["Fair"]["organizer"]["id"]) == ["Fair"]
    assert await titles(api, organizer=999) == []


async def test_only_what_is_available(api: Api, make_event: Make, rows: Sql) -> None:
    full, free = await make_event(), await make_event()
    rows("UPDATE ticket_types SET available = 0 WHERE event_id = ?", full["id"])
    assert await titles(api, available="true") == [free["title"]]
    assert await titles(api, available="false") == [full["title"], free["title"]]


@pytest.mark.usefixtures("programme")
async def test_drafts_are_listed_to_their_organiser_and_admins(
    api: Api, manager: User, make_user: MakeUser
) -> None:
    (await api.get("/events", status="DRAFT")).problem(401, "unauthenticated")
    admin, other = await make_user("ADMIN"), await make_user("EVENT_MANAGER")
    assert await titles(api, status="DRAFT", token=manager.token) == ["Secret"]
    assert await titles(api, status="DRAFT", organizer=manager.id, token=manager.token) == ["Secret"]
    assert await titles(api, status="DRAFT", token=admin.token) == ["Secret"]
    assert await titles(api, status="DRAFT", organizer=manager.id, token=admin.token) == ["Secret"]
    assert await titles(api, status="DRAFT", token=other.token) == []
    asked = await api.get("/events", status="DRAFT", organizer=manager.id, token=other.token)
    asked.problem(403, "forbidden")


@pytest.mark.usefixtures("programme")
async def test_the_orders(api: Api, programme: dict[str, dict[str, Any]], rows: Sql, db: Database) -> None:
    for title, sold, count, total in (("Folk", 3, 3, 14), ("Fair", 5, 1, 4), ("Physics", 0, 2, 10)):
        event = programme[title]["id"]
        rows("UPDATE ticket_types SET available = capacity - ? WHERE event_id = ?", sold, event)
        rows("UPDATE events SET rating_count = ?, rating_sum = ? WHERE id = ?", count, total, event)
    await refresh_figures(db)
    assert await titles(api, sort="date") == ["Jazz 100%", "Folk", "Physics", "Fair"]
    assert await titles(api, sort="-date") == ["Fair", "Physics", "Folk", "Jazz 100%"]
    assert await titles(api, sort="price") == ["Physics", "Fair", "Folk", "Jazz 100%"]
    assert await titles(api, sort="-popularity") == ["Fair", "Folk", "Physics", "Jazz 100%"]
    assert await titles(api, sort="rating") == ["Physics", "Folk", "Fair", "Jazz 100%"]
    rated = (await api.get("/events", q="Folk")).json[0]["rating"]
    assert rated == {"average": 4.67, "count": 3}


@pytest.fixture
async def many(manager: User, rows: Sql, db: Database) -> None:
    """Twenty-four events, written past the API: pairs and triples share each key."""
    first = dt.datetime(2099, 1, 1, 10, 0, 0, 500_000)  # noqa: DTZ001
    for n in range(1, 25):
        rows(
            """
            INSERT INTO events (organizer_id, title, description, starts_at, status, capacity, currency,
                                price_from, rating_count, rating_sum)
            VALUES (@organizer, @title, '', @starts_at, 'PUBLISHED', 10, 'EUR', @price, @ratings, @sum)
            """,
            organizer=manager.id,
            title=f"Event {n}",
            starts_at=first + dt.timedelta(days=n % 5),
            price=n % 4 * Decimal("2.5"),
            ratings=n % 3,
            sum=n % 3 * (n % 2 + 3),
        )
    rows(
        """
        INSERT INTO ticket_types (event_id, name, price, currency, capacity, available)
        SELECT id, 'A', price_from, 'EUR', 10, 10 - id % 4 FROM events
        """
    )
    rows("UPDATE events SET search_text = LOWER(title)")
    await refresh_figures(db)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("sort", SORTS)
async def test_pages_show_every_event_once(api: Api, sort: str) -> None:
    whole = (await api.get("/events", sort=sort, limit=200)).json
    assert len({event["id"] for event in whole}) == 24
    for limit in (1, 5, 8, 24, 25):
        assert await walk(api, f"/events?sort={sort}&limit={limit}") == whole, limit


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("sort", SORTS)
async def test_pages_keep_their_filters(api: Api, manager: User, sort: str) -> None:
    query = f"sort={sort}&limit=2&date_from=2099-01-02&date_to=2099-01-04&q=event&organizer={manager.id}"
    shown = await walk(api, f"/api/events/?{query}")
    assert len(shown) == len({event["id"] for event in shown}) == 15
    assert {event["date"] for event in shown} == {"2099-01-02", "2099-01-03", "2099-01-04"}


@pytest.mark.usefixtures("many")
async def test_what_comes_between_pages_moves_nothing(api: Api, rows: Sql) -> None:
    first = await api.get("/events", limit=10)
    link = first.headers["Link"]
    rows("UPDATE events SET starts_at = '2098-12-31 00:00:00' WHERE id = ?", first.json[-1]["id"] + 1)
    rest = await walk(api, link[1 : link.index(">")])
    assert not {event["id"] for event in first.json} & {event["id"] for event in rest}


@pytest.mark.usefixtures("many")
async def test_a_cursor_of_another_sort_is_refused(api: Api) -> None:
    for sort in SORTS:
        link = (await api.get("/events", sort=sort, limit=1)).headers["Link"]
        cursor = link[link.index("cursor=") + 7 : link.index(">")]
        for other in SORTS:
            reply = await api.get(f"/events?sort={other}&limit=1&cursor={cursor}")
            if other == sort:
                assert reply.status == 200
            else:
                assert "cursor" in reply.problem(422, "validation_failed")["detail"]


FORGED: list[list[Any]] = [
    ["date", "not a time", 1],
    ["date", "2099-01-01 10:00:00+02:00", 1],
    ["date", "2099-01-01 10:00:00", -1],
    ["date", "2099-01-01 10:00:00", 10**19],
    ["price", "NaN", 1],
    ["price", "-1", 1],
    ["price", "1e30", 1],
    ["-popularity", "99999999999999999999", 1],
    ["rating", "x", 1],
    ["rating", "5\u0000", 1],
]


async def test_forged_cursors_are_refused(api: Api) -> None:
    for position in FORGED:
        cursor = base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")
        reply = await api.get("/events", sort=position[0], cursor=cursor)
        reply.problem(422, "validation_failed")


BAD_QUERIES: list[tuple[str, str]] = [
    ("limit=0", "/limit"),
    ("limit=201", "/limit"),
    ("limit=" + "9" * 5000, "/limit"),
    ("sort=title", "/sort"),
    ("status=OPEN", "/status"),
    ("date=1.1.2099", "/date"),
    ("date=2099-01-01&date_to=2099-01-02", "/date"),
    ("date_from=2099-13-01", "/date_from"),
    ("price_max=-1", "/price_max"),
    ("price_max=cheap", "/price_max"),
    ("available=yes", "/available"),
    ("venue=x", "/venue"),
    ("venue=99999999999999999999", "/venue"),
    ("venue=1&location=2", "/location"),
    ("location=99999999999999999999", "/location"),
    ("organizer=-1", "/organizer"),
    ("q=%00", "/q"),
    ("cursor=x", "/cursor"),
    ("colour=red", "/colour"),
    ("q=a&q=b", "/q"),
]


async def test_bad_queries_are_named(api: Api) -> None:
    for query, pointer in BAD_QUERIES:
        problem = (await api.get(f"/events?{query}")).problem(422, "validation_failed")
        assert [error["pointer"] for error in problem["errors"]] == [pointer], query
