"""Every page of the desk: no word is past the catalogues, and no markup of people's is taken for markup."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from bms.i18n import forms
from bms.i18n.languages import Language
from bms.web.kit.visit import SHOP_NAME
from tests.kit.pseudo import circled
from tests.kit.scene import Scene
from tests.kit.seats import generate, open_hall, publish
from tests.kit.site import Browser, Page
from tests.kit.users import PASSWORD
from tests.web.test_every_word import data_of, pseudo, words_in
from tests.web.test_markup import PAYLOADS, smuggled

__all__ = ["pseudo"]  # a fixture

# What no language changes, beside what the shop shows: names of zones, currencies and fields of the log.
DATA = {"CHF", "GBP", "INR", "USD", "Europe/Berlin", "Europe/Amsterdam", "Hall", "account_closed", "full"}
# The heading of a table with a plan.
DATA |= {"section", "row", "seat", "category"}


@pytest.fixture
async def nobodys_tongue(pseudo: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the site speak the pseudo-language alone, in the times of charts too."""
    for name in ("local_day", "local_clock"):
        original = getattr(forms, name)

        def circling(language: Language, there: Any, _original: Any = original) -> str:
            return circled(_original(language, there))

        monkeypatch.setattr(forms, name, circling)


async def send(desk: Browser, page: Page, path: str, found: list[Page], **typed: str) -> Page:
    form = page.form(path)
    form.fields |= typed
    found.append(await desk.submit(page, form))
    return found[-1]


async def plans(scene: Scene, desk: Browser) -> list[Page]:
    """Return the pages of seating plans: a published one, one with faults, and forms that are refused."""
    name = scene.event["title"][:60]
    section = {"name": name, "category": name, "rows": 2, "seats_per_row": 4, "aisles_after": [2]}
    layout = await generate(scene.api, scene.organiser, section)
    version = await publish(scene.api, scene.organiser, layout, name=name)
    plan = f"/manage/plans/{version['plan']}"
    layout["zones"][1]["rows"][0]["seats"][1] |= {"category": "full", "kind": ["wheelchair"]}
    body = {"name": name, "layout": layout, "venue": scene.event["venue"]}
    broken = await scene.api.post("/seating-plans", body, token=scene.organiser.token)
    faulty = f"/manage/plans/{broken.json['id']}"
    found = [
        await desk.get(path)
        for path in (
            *("/manage/plans", "/manage/plans/new", "/manage/plans/import"),
            *(f"{plan}{end}" for end in ("", "?done=made", "/draw?done=1", "/import", "/versions/1")),
            *(faulty, f"{faulty}/draw?at=1"),
        )
    ]
    new, imported = found[1], found[2]
    await send(desk, new, "/manage/plans/new", found, **{"sections.0.rows": "0", "name": "", "save": "1"})
    csv = {"name": name, "format": "csv", "pasted": "section,row,seat\n"}
    await send(desk, imported, "/manage/plans/import", found, **csv)
    form = next(form for form in found[-3].forms if "where.section" in form.fields)
    form.fields |= {"where.first_row": "9", "do": "plain"}
    found.append(await desk.submit(found[-3], form))
    return found


async def everything(scene: Scene, desk: Browser, **event: Any) -> list[Page]:
    """Return the pages of the desk, each with something on it."""
    booking = await scene.paid(3)
    gone = await scene.paid(1)
    await scene.cancel(gone)
    scene.rows("UPDATE refunds SET status = 'FAILED', attempts = 99, failure_code = 'account_closed'")
    scene.rows("UPDATE outbox SET state = 'DEAD', last_error = 'full' WHERE kind = 'booking_cancelled'")
    base = f"/manage/events/{scene.event['id']}"
    one = f"{base}/bookings/{booking['reference']}"
    draft = (await scene.make_event(scene.organiser, title="A draft", status="DRAFT"))["id"]
    ends = ("", "/log", "/troubles", "/bookings", "/bookings?q=nobody", "/message", "/reviews", "/seating")
    found = [
        await desk.get(path)
        for path in (
            *("/manage", "/manage?past=1", "/manage/events/new", "/manage/venues", "/manage/venues/new"),
            f"/manage/venues/{scene.event['venue']}",
            f"/manage/events/{draft}/publish",
            f"/manage/events/{draft}/cancel",
            *(f"{base}{end}" for end in (*ends, "/give", "/change", "/cancel")),
            *(one, f"{one}/cancel", f"{one}/refund", f"{one}/seats"),
            *(f"{one}?done={done}" for done in ("resent", "contact", "cancelled", "refunded", "moved")),
        )
    ]
    found += await plans(scene, desk)
    pages = {page.path: page for page in found}
    await send(desk, pages["/manage/events/new"], "/manage/events/new", found)
    await send(desk, pages["/manage/venues/new"], "/manage/venues/new", found)
    change = pages[f"{base}/change"]
    await send(desk, change, change.path, found, title="", currency="x")
    await send(desk, change, change.path, found, starts_at="2099-09-01T19:30", refund="never")
    await send(desk, pages[f"{base}/message"], f"{base}/message", found, message="A draft")
    await send(desk, pages[f"{base}/give"], f"{base}/give", found)
    tickets = {f"t.{one['id']}": "on" for one in (await scene.shown(booking))["tickets"][:1]}
    await send(desk, pages[f"{one}/cancel"], f"{one}/cancel", found)
    await send(desk, pages[f"{one}/cancel"], f"{one}/cancel", found, **tickets)
    await send(desk, pages[f"{one}/refund"], f"{one}/refund", found, amount="5")
    await send(desk, pages[f"{base}/cancel"], f"{base}/cancel", found)
    return found


async def test_every_word_of_the_desk_is_translated(
    scene: Scene, desk: Browser, nobodys_tongue: None
) -> None:
    pages = await everything(scene, desk)
    data = {*data_of(scene), desk.app[SHOP_NAME], *DATA}
    wrong: dict[str, list[str]] = {}
    for page in pages:
        page.html = re.sub(r'<datalist id="zones">.*?</datalist>', "", page.html)
        found = [word for word in words_in(page, data) if len(word) > 1]
        if found:
            wrong.setdefault(f"{page.path} {page.status}", []).extend(found)
    assert wrong == {}
    assert len(pages) > 30


async def test_a_seated_event_too(scene: Scene, desk: Browser, nobodys_tongue: None) -> None:
    hall = await open_hall(scene)
    base = f"/manage/events/{hall.event_id}"
    plan = hall.version["plan"]
    data = {*data_of(scene), desk.app[SHOP_NAME], *DATA}
    for end in ("", "/seating", f"/seating?plan={plan}", "/blocked", "/blocked?done=freed"):
        assert [word for word in words_in(await desk.get(f"{base}{end}"), data) if len(word) > 1] == []


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_people_typed_is_text(scene: Scene, make_browser, payload: str) -> None:
    """Titles, venues, ticket types, names, reasons, messages: as text on every page of the desk."""
    organiser = await scene.make_user("EVENT_MANAGER", name=payload)
    venue = await scene.api.post(
        "/venues",
        {"name": payload, "location": payload, "city": payload, "capacity": 100},
        token=organiser.token,
    )
    scene.organiser = organiser
    await scene.on_sale(
        organizer=organiser,
        title=payload,
        description=payload,
        venue=venue.json["id"],
        ticket_types=[{"name": payload, "price": "5.00", "capacity": 10}],
    )
    scene.buyer = await scene.make_user(name=payload)
    browser = make_browser()
    await browser.sign_in(organiser.username, PASSWORD)
    for page in await everything(scene, browser):
        assert page.status in (200, 422), (page.path, page.text)
        assert smuggled(page.html) == [], page.path
