"""Kept pages read no table that is not on the board: a write to it would leave them stale."""

import pytest

from bms.app import ENDPOINTS
from bms.cache.stamps import CALLERS, EVENTS
from bms.sql.statements import registered
from bms.web.kit.pages import EVENT_PAGES, Kept, PageRoute
from bms.web.shop.event import OTHERS_SECONDS
from bms.web.site import PAGES
from tests.kit.api import Client
from tests.kit.on_board import Executed, not_on_board, of_other_events, tables_of, watch_statements
from tests.kit.scene import Scene
from tests.kit.seats import open_hall
from tests.kit.site import Browser

OF_AN_EVENT = [
    route.path
    for pages in PAGES
    for route in pages.routes
    if isinstance(route, PageRoute) and route.kept is Kept.EVENT
]
# A version of a plan stays as it was published. Which one an event has stands in event_seating.
NEVER_CHANGED = {"seating_plan_versions"}

assert ENDPOINTS  # with the application all of its statements are loaded


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[Executed]:
    """What the service has executed, for the test to clear."""
    return watch_statements(monkeypatch)


async def visit(scene: Scene, browser: Browser, path: str) -> None:
    name = path.replace("{id:[0-9]+}", str(scene.event["id"])).replace("{slug}", "any")
    assert (await browser.get(name)).status == 200


@pytest.mark.parametrize("path", OF_AN_EVENT)
async def test_a_kept_page_of_an_event_reads_tables_on_the_board(
    scene: Scene, browser: Browser, executed: list[Executed], path: str
) -> None:
    await open_hall(scene)
    executed.clear()
    await visit(scene, browser, path)
    assert not_on_board(executed, EVENTS) - NEVER_CHANGED == set()
    assert of_other_events(executed, scene.event["id"]) == set()


@pytest.mark.parametrize("path", OF_AN_EVENT)
async def test_one_that_names_other_events_is_kept_for_a_moment(
    client: Client, scene: Scene, browser: Browser, executed: list[Executed], path: str
) -> None:
    """They are named where the event itself cannot be bought. Their sales leave its slot alone."""
    await scene.on_sale(title="Another")
    await open_hall(scene)
    scene.rows("UPDATE ticket_types SET available = 0 WHERE event_id = ?", scene.event["id"])
    executed.clear()
    await visit(scene, browser, path)
    assert not_on_board(executed, EVENTS) - NEVER_CHANGED == set()
    assert of_other_events(executed, scene.event["id"]) != set()
    kept = client.app[EVENT_PAGES]._kept.values()
    assert all(one.until - one.began <= OTHERS_SECONDS for one in kept if one.value.status == 200)


def test_what_is_said_never_to_change_is_changed_by_no_statement() -> None:
    changing = {each.name for each in registered() if each.changes in NEVER_CHANGED}
    assert changing == {"seating_plan_versions.insert"}


async def test_a_page_is_kept_until_the_sale_begins(client: Client, scene: Scene, browser: Browser) -> None:
    in_ten = "UPDATE events SET sales_start = DATEADD(SECOND, 10, SYSUTCDATETIME())"
    hall = await open_hall(scene)
    scene.rows(in_ten)
    for path in (f"/e/{hall.event_id}/any", f"/e/{hall.event_id}/seats"):
        assert (await browser.get(path)).status == 200
    kept = list(client.app[EVENT_PAGES]._kept.values())
    assert {one.value.status for one in kept} == {200, 302}, "the map is not shown before"
    assert all(5 < one.until - one.began <= 10 for one in kept)


async def test_a_kept_visitor_reads_tables_on_the_board(
    scene: Scene, browser: Browser, executed: list[Executed]
) -> None:
    await browser.sign_in(scene.buyer.username, scene.buyer.password)
    scene.rows("UPDATE users SET name = name")
    executed.clear()
    await browser.get("/tickets")
    reads = [done for done in executed if done.statement.text.split()[0] == "SELECT"]
    known = [done for done in reads if "sessions" in tables_of(done.statement)]
    assert not_on_board(known, CALLERS) == set()
