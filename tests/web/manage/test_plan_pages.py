"""Seating plans at the desk: made, drawn without a script, published, compared, and nothing typed is lost."""

import json
import re
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from bms.http import keys
from bms.seating.demo import theatre
from bms.web.kit.assets import DIRECTORY, asset
from tests.kit.scene import Scene
from tests.kit.seats import generate, open_hall, publish
from tests.kit.site import SAME_ORIGIN, Browser, Page
from tests.kit.users import PASSWORD

MOST, MOST_SCRIPT = 60_000, 30_000  # bytes of a page and all that it loads, but for the plan
SCRIPT = {**SAME_ORIGIN, "Accept": "application/json"}
BLOCK = {
    "sections.0.name": "Stalls",
    "sections.0.category": "Stalls",
    "sections.0.rows": "3",
    "sections.0.seats_per_row": "8",
    "sections.0.aisles_after": "4",
    "sections.0.wheelchair_bays.0.row": "A",
    "sections.0.wheelchair_bays.0.from": "1",
    "sections.0.wheelchair_bays.0.count": "1",
}
BROKEN_CSV = """section,row,seat,x,y,category
Stalls,A,1,10,10,Stalls
Stalls,A,1,30,10,Stalls
Stalls,A,3,50,10,Stalls
"""


async def send(desk: Browser, page: Page, path: str, **typed: str) -> Page:
    form = page.form(path)
    return await desk.submit(page, replace(form, fields=form.fields | typed))


async def upload(desk: Browser, page: Page, path: str, content: bytes, **typed: str) -> Page:
    """Send a form of a page with a file, as a browser does."""
    form = page.form(path)
    data = aiohttp.FormData({**form.fields, **typed})
    data.add_field("file", content, filename="plan", content_type="application/octet-stream")
    return await desk.post(path, data)  # type: ignore[arg-type]


async def imported(desk: Browser, content: bytes, kind: str) -> Page:
    page = await desk.get("/manage/plans/import")
    return await upload(desk, page, "/manage/plans/import", content, name="Old Hall", format=kind)


async def drawn(scene: Scene, *sections: dict[str, Any], **fields: Any) -> str:
    """Store and publish a plan of the organiser's, and return the path of its page."""
    layout = await generate(scene.api, scene.organiser, *sections)
    version = await publish(scene.api, scene.organiser, layout, **fields)
    return f"/manage/plans/{version['plan']}"


def layout_of(scene: Scene, path: str) -> dict[str, Any]:
    row = scene.rows("SELECT layout FROM seating_plans WHERE id = ?", int(path.rsplit("/", 1)[1]))[0]
    found: dict[str, Any] = json.loads(bytes(row.layout))
    return found


def seats_of(layout: dict[str, Any]) -> list[dict[str, Any]]:
    return [seat for zone in layout["zones"] for row in zone["rows"] for seat in row["seats"]]


async def test_a_plan_of_a_few_numbers(scene: Scene, desk: Browser) -> None:
    page = await desk.get("/manage/plans/new")
    assert "200 seats" in page.text  # the form begins with a block
    seen = await send(desk, page, "/manage/plans/new", **BLOCK, preview="1")
    assert "24 seats" in seen.text
    assert scene.count("seating_plans") == 0
    more = await send(desk, seen, "/manage/plans/new", more="1")
    assert more.form("/manage/plans/new").fields["sections.1.category"] == "Stalls"
    form = seen.form("/manage/plans/new")
    form.fields |= {"name": "New Hall", "save": "1"}
    for _ in range(2):  # the button pressed twice
        done = await desk.submit(seen, form)
        assert "stored as a draft" in done.text, done.text
    assert scene.count("seating_plans") == 1
    seats = seats_of(layout_of(scene, done.path))
    assert len(seats) == 24
    assert seats[1]["companion_of"] == "Stalls-A-1"
    assert seats[3]["gap_after"] is True


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"sections.0.rows": "0"}, "Rows: A whole number from 1 to 500"),
        (
            {"sections.0.aisles_after": "8"},
            "Aisles after these seats: An aisle is between two seats of a row.",
        ),
        ({"sections.0.aisles_after": "a"}, "Aisles after these seats"),
        ({"sections.0.first_row": "?"}, "Name of the first row: Letters such as A"),
        ({"sections.0.wheelchair_bays.0.row": "Q"}, "Wheelchair places in row: There is no such row."),
        ({"sections.0.wheelchair_bays.0.from": "8"}, "no room for them"),
        ({"name": ""}, "Name of the plan: Please fill this in."),
    ],
)
async def test_what_makes_no_plan_is_said_at_its_field(
    scene: Scene, desk: Browser, typed: dict[str, str], words: str
) -> None:
    page = await desk.get("/manage/plans/new")
    again = await send(desk, page, "/manage/plans/new", **{**BLOCK, "name": "Hall", **typed, "save": "1"})
    assert again.status == 422
    assert words in again.text
    name, value = next(iter(typed.items()))
    assert again.form("/manage/plans/new").fields[name] == value
    assert scene.count("seating_plans") == 0


async def test_a_file_with_faults_is_stored_and_put_right(scene: Scene, desk: Browser) -> None:
    """Each fault leads to its seat. Once it is put right, the plan is published."""
    page = await imported(desk, BROKEN_CSV.encode(), "csv")
    assert "The file is stored as a draft." in page.text
    assert "1 fault" in page.text
    assert "The same section, row and number as /zones/0/rows/0/seats/0." in page.text
    assert "/zones/0/rows/0/seats/1/seat_number" in page.text
    assert not [form for form in page.forms if form.action.endswith("/publish")]
    base = page.path
    (place,) = [link for link in page.links if "?at=" in link]
    assert place == f"{base}/draw?at=1"
    shown = await desk.get(place)
    assert "Row A" in shown.text
    assert edit_form(shown).fields["where.section"] == "Stalls"
    fixed = await desk.post(
        f"{base}/draw",
        {
            **edit_form(shown).fields,
            "where.first_seat": "",
            "do": "number",
            "first": "11",
        },
    )
    assert "Saved." in fixed.text
    assert [seat["seat_number"] for seat in seats_of(layout_of(scene, base))] == ["11", "12", "13"]
    ready = await desk.get(base)
    assert "fault" not in ready.text
    done = await send(desk, ready, f"{base}/publish")
    assert "Published. Events can have this version" in done.text
    assert "Version 1" in done.text
    assert scene.count("seating_plan_versions") == 1


def edit_form(page: Page) -> Any:
    """Return the form of the editor that changes seats."""
    (form,) = [form for form in page.forms if "where.section" in form.fields]
    return form


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("csv", b"section,row,seat,x,y,category\nStalls,A,1,x,10,Stalls\n", "Line 2"),
        ("csv", b"section;row;seat\n", "The heading lacks this column."),
        ("csv", b"\xff\xfe", "Not UTF-8."),
        ("bms", b'{"name": "x",\n nonsense}', "Not JSON from line 2, column 2 on."),
        ("bms", b"", "Please choose a file"),
    ],
)
async def test_a_file_that_cannot_be_read_says_where(
    scene: Scene, desk: Browser, kind: str, content: bytes, words: str
) -> None:
    page = await imported(desk, content, kind)
    assert page.status == 422
    assert words in page.text
    form = page.form("/manage/plans/import")
    assert form.fields["name"] == "Old Hall"
    assert form.fields["pasted"].strip() == content.decode(errors="replace").strip()
    assert scene.count("seating_plans") == 0


async def test_what_was_pasted_is_read_like_a_file(scene: Scene, desk: Browser) -> None:
    page = await desk.get("/manage/plans/import")
    layout = json.dumps(await generate(scene.api, scene.organiser))
    done = await send(desk, page, "/manage/plans/import", name="Pasted", format="bms", pasted=layout)
    assert "The file is stored as a draft." in done.text
    again = await desk.get(f"{done.path}/import")
    other = await upload(desk, again, f"{done.path}/import", BROKEN_CSV.encode(), format="csv")
    assert "The file is stored as a draft." in other.text
    assert len(seats_of(layout_of(scene, done.path))) == 3
    stale = await upload(desk, again, f"{done.path}/import", BROKEN_CSV.encode(), format="csv")
    assert stale.status == 412
    assert "Somebody else has changed this" in stale.text


async def test_seats_are_changed_by_a_form(scene: Scene, desk: Browser) -> None:
    base = await drawn(scene)
    page = await desk.get(f"{base}/draw")
    where = {"where.section": "Circle", "where.first_row": "A", "where.last_row": "A"}
    for change in (
        {"do": "category", "category": "Stalls", **where},
        {"do": "kind", "kind": "wheelchair", **where, "where.last_seat": "1"},
        {"do": "kind", "kind": "companion", **where, "where.first_seat": "2", "where.last_seat": "2"},
        {"do": "aisle", **where, "where.first_seat": "3", "where.last_seat": "3"},
        {"do": "remove", **where, "where.first_seat": "5", "where.last_seat": "5"},
        {"do": "row", "row": "Z", **where},
    ):
        form = edit_form(page)
        form.fields |= {"where.first_seat": "", "where.last_seat": "", **change}
        page = await desk.submit(page, form)
        assert "Saved." in page.text, page.text
    for fields in (
        {"color": "#112233", "name": "Boxes", "do": "new_category"},
        {"x": "12,5", "y": "3", "do": "focus"},
    ):
        (form,) = [one for one in page.forms if next(iter(fields)) in one.fields]
        form.fields |= fields
        page = await desk.submit(page, form)
        assert "Saved." in page.text, page.text
    layout = layout_of(scene, base)
    row = next(zone for zone in layout["zones"] if zone["name"] == "Circle")["rows"][0]
    assert row["row_number"] == "Z"
    assert [seat["category"] for seat in row["seats"]] == ["Stalls"] * 4
    assert row["seats"][1]["companion_of"] == row["seats"][0]["seat_guid"]
    assert row["seats"][2]["gap_after"] is True
    assert layout["categories"][-1] == {"name": "Boxes", "color": "#112233"}
    assert layout["focal_point"] == {"x": 12.5, "y": 3.0}
    nowhere = await send_edit(desk, page, **{"where.first_row": "Q"})
    assert nowhere.status == 422
    assert "There are no such seats." in nowhere.text
    assert edit_form(nowhere).fields["where.first_row"] == "Q"


async def send_edit(desk: Browser, page: Page, **typed: str) -> Page:
    form = edit_form(page)
    form.fields |= {"do": "plain", **typed}
    return await desk.submit(page, form)


async def test_a_script_sends_what_is_to_be_done(scene: Scene, desk: Browser) -> None:
    base = await drawn(scene)
    page = await desk.get(f"{base}/draw")
    fields = {name: edit_form(page).fields[name] for name in ("csrf", "revision")}

    async def post(edits: Any, **more: str) -> tuple[int, dict[str, Any]]:
        sent = {**fields, "edits": edits if isinstance(edits, str) else json.dumps(edits), **more}
        reply = await desk.post(f"{base}/draw", sent, headers=SCRIPT)
        return reply.status, json.loads(reply.html)

    good = [{"do": "category", "name": "Circle", "seats": [0, 3, 8, 8]}, {"do": "remove", "seats": [9, 9]}]
    assert (await post(good, csrf="nonsense"))[1]["csrf"]
    for bad in (
        "nonsense",
        [],
        [{"do": "fly"}],
        [{"do": "remove"}],
        [{"do": "remove", "seats": [5]}],
        [{"do": "remove", "seats": [5, 60000]}],
        [{"do": "category", "seats": [0, 1]}],
    ):
        status, said = await post(bad)
        assert status == 422, bad
        assert said["message"], bad
    assert await post(good) == (200, {"location": f"{base}/draw?done=1"})
    seats = seats_of(layout_of(scene, base))
    assert [seat["seat_guid"] for seat in seats if seat["category"] == "Circle"][:5] == [
        *(f"Stalls-A-{number}" for number in (1, 2, 3, 4)),
        "Stalls-A-9",
    ]
    status, said = await post(good)  # the same page once more: its draft is another by now
    assert status == 412
    assert said["again"] is True
    assert "Somebody else has changed this" in said["message"]


async def test_what_the_map_is_drawn_from(scene: Scene, desk: Browser, make_browser, make_user) -> None:
    base = await drawn(scene)
    page = await desk.get(f"{base}/draw")
    (sheets,) = re.findall(r'data-draft="([^"]+)"', page.html)
    sheet = json.loads((await desk.get(f"{sheets}plan.json")).html)
    assert [section["name"] for section in sheet["sections"]] == ["Stalls", "Circle"]
    assert sheet["focus"]
    for path in (f"{sheets}7.json", f"{sheets}x.json", f"{base}/sheets/99/plan.json"):
        assert (await desk.get(path)).status == 404, path
    other = make_browser()
    await other.sign_in((await make_user("EVENT_MANAGER")).username, PASSWORD)
    assert (await other.get(f"{sheets}plan.json")).status == 404


async def test_versions_are_compared_and_saved_as_files(scene: Scene, desk: Browser) -> None:
    hall = await open_hall(scene)
    base = f"/manage/plans/{hall.version['plan']}"
    page = await desk.get(f"{base}/draw")
    form = edit_form(page)
    form.fields |= {"where.section": "Circle", "do": "remove", "where.last_row": "A", "where.last_seat": "1"}
    await desk.submit(page, form)
    await send(desk, await desk.get(base), f"{base}/publish")
    first, second = await desk.get(f"{base}/versions/1"), await desk.get(f"{base}/versions/2")
    assert "This is the first version." in first.text
    assert scene.event["title"] in first.text
    assert "Seats that are gone: 1" in second.text
    assert "Circle, row A, seat 1" in second.text
    assert scene.event["title"] not in second.text
    table = await desk.get(f"{base}/versions/2/export?format=csv")
    assert table.headers["Content-Disposition"].startswith("attachment")
    assert len(table.html.splitlines()) == 50
    for form_of in ("bms", "pretix"):
        assert "zones" in json.loads((await desk.get(f"{base}/versions/2/export?format={form_of}")).html)
    assert "zones" in json.loads((await desk.get(f"{base}/draft")).html)
    assert (await desk.get(f"{base}/versions/3")).status == 404
    own = await desk.get(base)
    assert scene.event["title"] in own.text


async def test_another_s_plan(scene: Scene, desk: Browser, make_browser, make_user) -> None:
    """What is not shared is not there; what is shared is looked at, and chosen, by others."""
    hidden, shared = await drawn(scene), await drawn(scene, shared=True)
    other = make_browser()
    await other.sign_in((await make_user("EVENT_MANAGER")).username, PASSWORD)
    listed = await other.get("/manage/plans")
    assert shared in listed.links
    assert hidden not in listed.links
    assert "shared by somebody else" in listed.text
    page = await other.get(shared)
    assert page.status == 200
    assert not [form for form in page.forms if form.action.startswith(shared)]
    assert (await other.get(f"{shared}/versions/1")).status == 200
    for path in (hidden, f"{hidden}/versions/1", f"{hidden}/draw", f"{shared}/draw", f"{shared}/draft"):
        assert (await other.get(path)).status == 404, path
    token = page.form("/language").fields["csrf"]
    for end in ("", "/publish", "/draw", "/import"):
        reply = await other.post(f"{shared}{end}", {"csrf": token, "name": "Mine"})
        assert reply.status == 404, end


async def test_the_name_the_venue_and_who_may_use_it(scene: Scene, desk: Browser) -> None:
    base = await drawn(scene)
    page = await desk.get(base)
    done = await send(desk, page, base, name="Renamed", venue=str(scene.event["venue"]), shared="on")
    assert "Saved." in done.text
    row = scene.rows("SELECT name, venue_id, shared FROM seating_plans")[0]
    assert (row.name, row.venue_id, row.shared) == ("Renamed", scene.event["venue"], True)
    stale = await send(desk, page, base, name="Older")
    assert stale.status == 412
    assert stale.form(base).fields["name"] == "Older"
    assert (await send(desk, await desk.get(base), base, name="")).status == 422


async def test_plans_follow_each_other(scene: Scene, desk: Browser) -> None:
    layout = await generate(scene.api, scene.organiser)
    for number in range(32):
        body = {"name": f"Hall {number:02}", "layout": layout}
        reply = await scene.api.post("/seating-plans", body, token=scene.organiser.token)
        assert reply.status == 201
    first = await desk.get("/manage/plans")
    (more,) = [link for link in first.links if "cursor=" in link]
    second = await desk.get(more)
    names = [re.findall(r"Hall \d\d", page.text) for page in (first, second)]
    assert names == [[f"Hall {n:02}" for n in range(31, 1, -1)], ["Hall 01", "Hall 00"]]


@pytest.mark.parametrize("language", ["en", "hi"])
async def test_what_the_editor_weighs(scene: Scene, desk: Browser, language: str) -> None:
    body = {"name": "Theatre", "layout": theatre()}
    made = await scene.api.post("/seating-plans", body, token=scene.organiser.token)
    base = f"/manage/plans/{made.json['id']}"
    for path in (f"{base}/draw", "/manage/plans/new", "/manage/plans/import", base):
        page = await desk.get(f"{path}?lang={language}")
        loaded = set(re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css))"', page.html))
        sizes = {name: len((await desk.get(name)).html.encode()) for name in loaded}
        script = sum(size for name, size in sizes.items() if name.endswith(".js"))
        html = re.sub(r' d="[^"]+"', "", page.html)  # a picture is plan data
        assert script <= MOST_SCRIPT, sizes
        assert len(html.encode()) + sum(sizes.values()) <= MOST, (path, len(html.encode()), sizes)
        assert "style=" not in page.html


def test_the_editor_names_all_of_its_scripts() -> None:
    """Those that a script imports are loaded with the page, not one after the other."""
    page = (DIRECTORY.parent / "templates/manage/plan_draw.html.j2").read_text(encoding="utf-8")
    imported = {
        name
        for script in ("designer", "draft-map", "edits", "seat-map", "seat-sheet", "seat-view", "seat-shapes")
        for name in re.findall(
            r'from "\./([\w-]+)\.js"', (DIRECTORY / f"{script}.js").read_text(encoding="utf-8")
        )
    }
    assert imported
    for name in imported:
        assert f'"{name}"' in page
        assert asset(f"{name}.js")


async def test_while_all_processes_are_busy_nothing_typed_is_lost(
    scene: Scene, desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await drawn(scene)
    draw, new, show = [await desk.get(one) for one in (f"{path}/draw", "/manage/plans/new", path)]
    monkeypatch.setattr(desk.app[keys.CHARTS].worker, "at_a_time", 0)
    typed = {"do": "row", "where.section": "Stalls", "where.first_row": "A", "row": "Z"}
    form = next(form for form in draw.forms if "where.section" in form.fields)
    refused = await desk.submit(draw, replace(form, fields=form.fields | typed))
    assert refused.status == 503
    assert "Very many people" in refused.text
    again = next(form for form in refused.forms if "where.section" in form.fields)
    assert {name: again.fields[name] for name in typed} == typed
    unmade = await send(desk, new, "/manage/plans/new", **BLOCK, name="Old Hall", save="1")
    assert "Very many people" in unmade.text
    assert unmade.form("/manage/plans/new").fields["name"] == "Old Hall"
    assert unmade.form("/manage/plans/new").fields["sections.0.rows"] == "3"
    nameless = await send(desk, show, path, name="")
    assert nameless.status == 422
    unread = await upload(
        desk, await desk.get("/manage/plans/import"), "/manage/plans/import", b"{}", name="New Hall"
    )
    assert unread.form("/manage/plans/import").fields["name"] == "New Hall"
