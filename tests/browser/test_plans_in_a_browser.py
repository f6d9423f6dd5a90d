"""Seating plans in a real browser: from a file or a few numbers to an event, by mouse and by keyboard."""

import json
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from bms.seating.demo import stadium
from tests.kit.browsing import fill_in, sign_in
from tests.kit.office_pages import plan_pages
from tests.kit.page_faults import faults_of, too_wide
from tests.kit.scene import Scene
from tests.kit.seats import CIRCLE, STALLS, generate

pytestmark = pytest.mark.slow

CSV = "section,row,seat,x,y,category\n" + "".join(
    f"Stalls,{row},{number},{number * 20},{at * 30 + 20},Stalls\n"
    for at, row in enumerate("AB")
    for number in (1, 2, 2, 4)
)
PHONE = {"width": 390, "height": 844}


def seat(page: Page, name: str) -> Locator:
    return page.locator(f".seat[aria-label^='{name},']")


async def label(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.getAttribute('aria-label')"))


async def stored(scene: Scene, **layout: Any) -> str:
    """Store a plan of the organiser's, and return the path of its page."""
    drawn = layout.get("layout") or await generate(scene.api, scene.organiser, STALLS, CIRCLE)
    reply = await scene.api.post(
        "/seating-plans", {"name": "Hall", "layout": drawn}, token=scene.organiser.token
    )
    assert reply.status == 201, reply.text
    return f"/manage/plans/{reply.json['id']}"


def layout_of(scene: Scene, base: str) -> dict[str, Any]:
    row = scene.rows("SELECT layout FROM seating_plans WHERE id = ?", int(base.rsplit("/", 1)[1]))[0]
    found: dict[str, Any] = json.loads(bytes(row.layout))
    return found


@pytest.mark.parametrize("options", [pytest.param({}, id="desk"), pytest.param(PHONE, id="phone")])
async def test_a_file_is_read_put_right_and_sold_by(
    scene: Scene, open_page: Any, options: dict[str, Any]
) -> None:
    page = await open_page("/", **options)
    await sign_in(page, scene.organiser)
    await page.goto("/manage")
    await page.click("#sections >> text=Seating plans")
    await page.click("text=From a file")
    await fill_in(page, {"name": "Old Hall"})
    await page.select_option("[name=format]", "csv")
    await page.set_input_files(
        "[name=file]", {"name": "hall.csv", "mimeType": "text/csv", "buffer": CSV.encode()}
    )
    await page.click("main form button")
    await expect(page.locator("#wrong h2")).to_have_text("4 faults")
    base = page.url
    await page.click("#wrong a >> nth=0")
    await page.wait_for_url("**/draw?at=*")
    wrong = page.locator(".seat.wrong")
    await expect(wrong).to_have_count(2)
    await expect(page.locator(".seat.picked")).to_have_count(1)
    await expect(page.locator("[data-count]")).to_have_text("1 seat chosen")
    # Two seats of one number and one place in each row: each has two faults.
    await page.select_option("#f-do", "remove")
    await page.click("#edits button:has-text('Apply')")
    await expect(page.locator("[data-changes]")).to_have_text("1 change is not saved yet.")
    await page.click("#wrong a >> nth=-1")
    await expect(page.locator(".seat.picked")).to_have_count(1)
    await page.click("#edits button:has-text('Apply')")
    await expect(page.locator("[data-changes]")).to_have_text("2 changes are not saved yet.")
    await page.click("[data-save]")
    await expect(page.locator(".notice.good")).to_have_text("Saved.")
    await expect(page.locator("#wrong")).to_have_count(0)
    await page.goto(base)
    await page.click("text=Publish as version 1")
    await expect(page.locator(".notice.good")).to_contain_text("Published.")
    event = await scene.on_sale(ticket_types=[{"name": "Stalls", "price": "20.00", "capacity": 5}])
    await page.goto(f"/manage/events/{event['id']}/seating")
    await page.click("text=Seat the event by this plan")
    await page.click("text=Show what happens")
    await page.click("text=Seat the event so")
    await expect(page.locator(".notice.good")).to_contain_text("seated by the plan")
    assert scene.count("event_seats", "event_id = ?", event["id"]) == 6
    await page.goto(base)
    await expect(page.locator("main")).to_contain_text(event["title"])


async def test_the_preview_follows_the_form(scene: Scene, open_page: Any) -> None:
    page = await open_page("/")
    await sign_in(page, scene.organiser)
    await page.goto("/manage/plans/new")
    preview = page.locator("[data-preview]")
    await expect(preview).to_contain_text("200 seats")
    await page.fill("[name='sections.0.rows']", "4")
    await expect(preview).to_contain_text("80 seats")
    await page.fill("[name='sections.0.rows']", "no")
    await expect(preview).to_contain_text("There is a picture once the form is right")
    await page.fill("[name='sections.0.rows']", "2")
    await expect(preview).to_contain_text("40 seats")
    await page.click("text=One more block")
    await fill_in(page, {"sections.1.name": "Circle", "sections.1.rows": "1", "name": "New Hall"})
    await expect(preview).to_contain_text("60 seats")
    await page.click("text=Store the plan")
    await expect(page.locator(".notice.good")).to_contain_text("stored as a draft")
    assert scene.rows("SELECT seats FROM seating_plans")[0].seats == 60


async def test_a_row_is_painted_by_keyboard_alone(scene: Scene, open_page: Any) -> None:
    base = await stored(scene)
    page = await open_page("/")
    await sign_in(page, scene.organiser)
    await page.goto(f"{base}/draw")
    await page.wait_for_selector(".seat[tabindex='0']")

    async def tab_to(selector: str) -> None:
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"the keyboard does not come to {selector}")

    await tab_to("[name=picks]")
    await page.keyboard.press("ArrowRight")  # rows
    await tab_to(".seat")
    assert (await label(page)).startswith("Stalls, row A")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-count]")).to_have_text("10 seats chosen")
    await expect(page.locator("[data-say]")).to_have_text("10 seats chosen")
    assert (await label(page)).endswith("chosen")
    await tab_to("#f-category")
    await page.keyboard.press("End")
    await tab_to("#edits .actions button")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-changes]")).to_have_text("1 change is not saved yet.")
    await expect(seat(page, "Stalls, row B, seat 1")).to_have_attribute(
        "aria-label", "Stalls, row B, seat 1, Circle, chosen"
    )
    await tab_to("[data-save]")
    await page.keyboard.press("Enter")
    await expect(page.locator(".notice.good")).to_have_text("Saved.")
    rows = next(zone for zone in layout_of(scene, base)["zones"] if zone["name"] == "Stalls")["rows"]
    painted = [{seat["category"] for seat in row["seats"]} for row in rows]
    assert painted == [{"Stalls"}, {"Circle"}, {"Stalls"}, {"Stalls"}]


async def test_changes_are_undone_and_outlive_a_reload(scene: Scene, open_page: Any) -> None:
    base = await stored(scene)
    page = await open_page("/")
    await sign_in(page, scene.organiser)
    await page.goto(f"{base}/draw")
    page.on("dialog", lambda dialog: dialog.accept())
    await seat(page, "Stalls, row C, seat 3").focus()
    await page.keyboard.press("Shift+ArrowRight")
    await page.keyboard.press("Shift+ArrowRight")
    await expect(page.locator("[data-count]")).to_have_text("3 seats chosen")
    await page.select_option("#f-do", "kind")
    await page.select_option("#f-kind", "restricted_view")
    await page.click("#edits button:has-text('Apply')")
    await page.select_option("#f-do", "remove")
    await page.click("#edits button:has-text('Apply')")
    await expect(seat(page, "Stalls, row C, seat 4")).to_have_attribute(
        "aria-label", "Stalls, row C, seat 4, Stalls, restricted view, removed"
    )
    await page.click("[data-undo]")
    await page.reload()
    await expect(page.locator("[data-changes]")).to_have_text("1 change is not saved yet.")
    await expect(seat(page, "Stalls, row C, seat 4")).to_have_attribute(
        "aria-label", "Stalls, row C, seat 4, Stalls, restricted view"
    )
    # Meanwhile somebody else removes one of the seats.
    layout = layout_of(scene, base)
    zone = next(zone for zone in layout["zones"] if zone["name"] == "Stalls")
    del zone["rows"][2]["seats"][2]
    del zone["rows"][0]["seats"][0]
    reply = await scene.api.put(
        f"/seating-plans/{base.rsplit('/', 1)[1]}",
        {"name": "Hall", "layout": layout},
        token=scene.organiser.token,
    )
    assert reply.status == 200
    await page.click("[data-save]")
    notice = page.locator("[data-notice]")
    await expect(notice).to_contain_text("some of the seats that you changed are gone")
    await expect(page.locator("[data-changes]")).to_have_text("1 change is not saved yet.")
    await page.click("[data-save]")
    await expect(page.locator(".notice.good")).to_have_text("Saved.")
    zone = next(zone for zone in layout_of(scene, base)["zones"] if zone["name"] == "Stalls")
    kinds = [seat["seat_number"] for seat in zone["rows"][2]["seats"] if seat.get("kind")]
    assert kinds == ["4", "5"]


async def test_what_people_look_at_and_a_new_category(scene: Scene, open_page: Any) -> None:
    base = await stored(scene)
    page = await open_page("/")
    await sign_in(page, scene.organiser)
    await page.goto(f"{base}/draw")
    await page.wait_for_selector(".seat[tabindex='0']")
    await page.click("summary:has-text('What people look at')")
    await page.click("[data-place]")
    await page.locator("[data-map]").scroll_into_view_if_needed()
    box = await page.locator("[data-map]").bounding_box()
    await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.75)
    await expect(page.locator("[data-changes]")).to_have_text("1 change is not saved yet.")
    before = layout_of(scene, base)["focal_point"]
    await page.click("summary:has-text('New category')")
    await page.fill("[data-also=new_category] [name=name]", "Boxes")
    await page.click("[data-also=new_category] button")
    await expect(page.locator(".notice.good")).to_have_text("Saved.")
    layout = layout_of(scene, base)
    assert layout["categories"][-1]["name"] == "Boxes"
    assert layout["focal_point"]["y"] > before["y"]


async def test_a_stadium_stays_usable(scene: Scene, open_page: Any) -> None:
    layout = stadium()
    names = [zone["name"] for zone in layout["zones"] if zone["rows"]]
    page = await open_page("/")
    await sign_in(page, scene.organiser)
    await page.goto("/manage/plans/import")
    await fill_in(page, {"name": "Stadium"})
    content = {"name": "a.json", "mimeType": "application/json", "buffer": json.dumps(layout).encode()}
    await page.set_input_files("[name=file]", content)
    await page.click("main form button")
    await page.wait_for_url("**?done=imported")
    base = page.url.removesuffix("?done=imported")
    await page.goto(f"{base}/draw")
    block = page.get_by_role("button", name=f"{names[0]}:")
    await block.focus()
    assert await page.locator(".plan .seat").count() == 0
    await page.check("[name=picks][value=section]")
    await block.focus()
    await page.keyboard.press("Enter")
    count = sum(len(row["seats"]) for row in layout["zones"][1]["rows"])
    await expect(page.locator("[data-count]")).to_have_text(f"{count} seats chosen")
    category = layout["categories"][-1]["name"]
    await page.select_option("#f-category", category)
    await page.click("#edits button:has-text('Apply')")
    await page.click("[data-save]")
    await expect(page.locator(".notice.good")).to_have_text("Saved.")
    changed = layout_of(scene, base)
    zone = next(zone for zone in changed["zones"] if zone["name"] == names[0])
    assert {seat["category"] for row in zone["rows"] for seat in row["seats"]} == {category}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_axe_finds_nothing(scene: Scene, open_page: Any, theme: str, width: int) -> None:
    page = await open_page("/", width=width, color_scheme=theme)
    await sign_in(page, scene.organiser)
    found: list[str] = []
    for path in await plan_pages(scene):
        answer = await page.goto(path)
        assert answer.status == 200, path
        if "/draw" in path:
            await page.wait_for_selector(".seat[tabindex='0']")
        await page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
        found += await faults_of(page)
        found += [f"{page.url} is too wide: {one}" for one in await too_wide(page)]
    assert found == []


@pytest.mark.parametrize("locale", ["de", "hi"])
async def test_text_of_twice_the_size_fits(scene: Scene, open_page: Any, locale: str) -> None:
    page = await open_page("/", width=640, locale=locale)
    await sign_in(page, scene.organiser)
    for path in await plan_pages(scene):
        await page.goto(path)
        await page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        assert await too_wide(page) == [], (locale, path)
