"""Searching events: words of title, place and category, without case and accents."""

from typing import Any

import pytest

from bms.characters import search_form
from bms.formats import MAX_EXCERPT, excerpt_of
from bms.queries import event_orders
from bms.tasks.sweeps import UNFOLDED_EVENTS, sweep
from tests.kit.api import Api
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows
from tests.kit.users import User


async def titles(api: Api, q: str, **more: Any) -> list[str]:
    reply = await api.request("GET", "/events", q=q, **more)
    assert reply.status == 200, reply.text
    return [event["title"] for event in reply.json]


@pytest.mark.parametrize(
    ("title", "q"),
    [
        ("Café Müller", "cafe muller"),
        ("Cafe\u0301 Mu\u0308ller", "CAFÉ MÜLLER"),
        ("Łódź na żywo", "lodz zywo"),
        ("Smørrebrød", "smorrebrod"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("ﬁnal \u2460", "final 1"),
        ("\uff34\uff4f\uff4b\uff59\uff4f", "tokyo"),
        ("Χορός", "χοροσ"),
        ("हिन्दी कविता", "हिन्दी"),
        pytest.param("10% off_now [x]", "10% off_now", marks=pytest.mark.needs("ESCAPE")),
        ("Rock\u200b'n'\u2060Roll", "rock'n'roll"),
    ],
)
async def test_case_and_accents_make_no_difference(api: Api, make_event: Make, title: str, q: str) -> None:
    made = await make_event(title=title)
    await make_event(title="Another one")
    assert await titles(api, q) == [made["title"]]
    assert await titles(api, made["title"]) == [made["title"]]
    for wrong in ("10%25", "o_f", "[a-z]", "%zz%"):
        assert await titles(api, wrong) == []


async def test_all_words_are_found_wherever_they_are(api: Api, make_event: Make, make_venue: Make) -> None:
    venue = await make_venue(name="Théâtre Royal", city="Namur")
    event = await make_event(title="Cellos", venue=venue["id"], category=None)
    for q in ("cellos", "theatre cellos", "NAMUR royal", "cell roy nam", "  cellos   cellos "):
        assert await titles(api, q) == ["Cellos"], q
    assert await titles(api, "cellos utrecht") == []
    assert await titles(api, "evening of music") == [], "descriptions are not searched"
    too_many = await api.get("/events", q=" ".join(f"w{n}" for n in range(11)))
    too_many.problem(422, "validation_failed")
    assert await titles(api, "   ") == ["Cellos"]
    for more in ({"venue": venue["id"]}, {"organizer": event["organizer"]["id"]}, {"sort": "-date"}):
        assert await titles(api, "theatre", **more) == ["Cellos"]
    for sort in ("price", "-popularity", "rating"):
        assert await titles(api, "theatre", sort=sort) == ["Cellos"]


async def test_what_changes_is_found_by_its_new_words(
    api: Api, scene: Scene, make_venue: Make, admin: User
) -> None:
    token = scene.organiser.token
    path = f"/events/{scene.event['id']}"
    venue = await make_venue(name="Old Mill")
    assert (await api.patch(path, {"title": "Quartet", "venue": venue["id"]}, token=token)).status == 200
    assert await titles(api, "quartet mill") == ["Quartet"]
    changed = await api.patch(f"/venues/{venue['id']}", {"name": "Neue Mühle", "city": "Köln"}, token=token)
    assert changed.status == 200
    assert await titles(api, "quartet muhle koln") == ["Quartet"]
    assert await titles(api, "mill") == []
    category = (
        await api.post("/categories", {"name": "Kammermusik", "slug": "chamber"}, token=admin.token)
    ).json
    assert (await api.patch(path, {"category": category["slug"]}, token=token)).status == 200
    assert await titles(api, "kammer") == ["Quartet"]


async def test_what_a_migration_left_behind_is_made_by_the_sweep(api: Api, scene: Scene, rows: Rows) -> None:
    long = "Über " * 200
    rows(
        "UPDATE events SET search_text = 'x', search_folded = 0, excerpt = '', title = 'Zürich',"
        " description = ?",
        long,
    )
    assert await titles(api, "zurich") == []
    assert await sweep(scene.db, UNFOLDED_EVENTS) == scene.count("events")
    assert await sweep(scene.db, UNFOLDED_EVENTS) == 0
    assert await titles(api, "zurich") == ["Zürich"]
    assert (await api.get("/events")).json[0]["excerpt"] == excerpt_of(long)


async def test_pages_go_on_behind_what_was_looked_at(
    api: Api, make_event: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(1, 6):
        await make_event(title=f"Cellos {day}", starts_at=f"2099-08-0{day}T10:00:00Z")
    for sort in ("date", "-date", "price", "-popularity", "rating"):
        seen: list[str] = []
        url = f"/events?q=cellos&limit=2&sort={sort}"
        while url:
            reply = await api.get(url)
            seen += [event["title"] for event in reply.json]
            url = reply.headers.get("Link", "")[1:].partition(">")[0]
        assert sorted(seen) == [f"Cellos {day}" for day in range(1, 6)], sort
    assert event_orders.LOOKED_AT == 5000


def test_the_form_is_bounded_and_the_same_twice() -> None:
    for text in ("ﷺ" * 200, "é" * 600, "😀" * 400, "a" * 700, "ß" * 500):
        form = search_form(text, 600)
        assert len(form.encode("utf-16-le")) <= 1200
        assert search_form(form, 600) == form


@pytest.mark.parametrize("text", ["", "short", "a\nb  c", "x" * 300, "😀" * 150])
def test_a_short_text_is_its_own_excerpt(text: str) -> None:
    assert excerpt_of(text) == text


@pytest.mark.parametrize(
    "text", ["x" * 301, "word " * 100, "😀" * 200, "a " + "y" * 500, "\n" * 5000 + "z" * 400]
)
def test_an_excerpt_is_short(text: str) -> None:
    short = excerpt_of(text)
    assert len(short.encode("utf-16-le")) <= 2 * MAX_EXCERPT
    assert short.endswith("…")
    assert excerpt_of(short) == short


async def test_lists_are_bounded_in_bytes(api: Api, make_event: Make, make_venue: Make) -> None:
    venue = (await make_venue())["id"]
    description = "A long evening. " * 1200
    event = await make_event(venue=venue, description=description)
    assert event["description"] == description.strip()
    for path in ("/events", "/event", "/api/events/", "/events/top"):
        (listed,) = (await api.get(path)).json
        assert listed["description"] == listed["excerpt"] == event["excerpt"]
        assert len(listed["excerpt"]) <= 300
    assert (await api.get(f"/events/{event['id']}")).json["description"] == description.strip()


async def test_a_page_ends_where_it_has_bytes_enough(
    api: Api, make_event: Make, make_venue: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bms.http.pages.MAX_PAGE", 2500)
    venue = (await make_venue())["id"]
    made = [(await make_event(venue=venue))["id"] for _ in range(5)]
    seen, pages, url = [], 0, "/events"
    while url:
        reply = await api.get(url)
        assert len(reply.text) <= 2500
        seen += [event["id"] for event in reply.json]
        pages += 1
        url = reply.headers.get("Link", "")[1:].partition(">")[0]
    assert (seen, pages > 2) == (made, True)


@pytest.mark.parametrize(
    "query",
    [
        "utm_source=x",
        "utm_source=a&utm_medium=b&utm_campaign=%C3%A9",
        "fbclid=1",
        "gclid=a&gclid=b",
        "mc_eid=1&city=Utrecht",
    ],
)
@pytest.mark.parametrize("path", ["/events", "/event", "/venues", "/events/top"])
async def test_what_others_append_to_links_is_ignored(
    api: Api, make_event: Make, path: str, query: str
) -> None:
    await make_event()
    if "top" in path:
        query = query.partition("&city")[0]
    reply = await api.get(f"{path}?{query}")
    assert (reply.status, len(reply.json)) == (200, 1)


@pytest.mark.parametrize(
    "query", ["utmsource=x", "source=x", "utm=1", "citty=x", "UTM_SOURCE=x", "city=a&city=b"]
)
async def test_other_unknown_names_are_refused(api: Api, query: str) -> None:
    (await api.get(f"/events?{query}")).problem(422, "validation_failed")


async def test_personal_lists_know_no_such_names(api: Api, buyer: User) -> None:
    (await api.get("/bookings?utm_source=x", token=buyer.token)).problem(422, "validation_failed")
