"""The figures that lists are sorted by follow what is sold, given back, let go and reviewed."""

import asyncio
import datetime as dt
from typing import Any

import pytest

from bms.commands.events.figures import count_tickets, refresh_figures, take_turn
from bms.queries.due import list_stale_figures
from bms.sql.database import Database
from bms.tasks import figures
from bms.tasks.figures import Figures
from bms.tasks.sweeps import EVENTS_OVER, HOLDS, sweep
from tests.kit.api import Api
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows


class Told:
    """What is kept of events, and what is true of them."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def kept(self) -> list[Any]:
        return self._rows(
            "SELECT event_id, status, sold, available, rating FROM event_figures ORDER BY event_id"
        )

    def true(self) -> list[Any]:
        return self._rows(
            """
            SELECT e.id, e.status, SUM(tt.capacity - tt.available) AS sold,
                   SUM(CASE WHEN tt.on_sale = 1 THEN tt.available ELSE 0 END) AS available,
                   CASE WHEN e.rating_count > 0
                        THEN CAST(e.rating_sum AS BIGINT) * 1000 / e.rating_count ELSE 0 END AS rating
            FROM   events AS e
            INNER JOIN ticket_types AS tt ON tt.event_id = e.id
            GROUP BY e.id, e.status, e.rating_count, e.rating_sum
            ORDER BY e.id
            """
        )

    def are_true(self) -> bool:
        return [tuple(row) for row in self.kept()] == [tuple(row) for row in self.true()]


@pytest.fixture
def told(rows: Rows) -> Told:
    return Told(rows)


async def test_a_new_event_has_figures_at_once(scene: Scene, told: Told) -> None:
    await scene.make_event(status="DRAFT")
    assert told.are_true()
    assert [row.available for row in told.kept()] == [100, 0]


async def test_sales_are_counted_in_the_next_turn(scene: Scene, db: Database, told: Told) -> None:
    await scene.held(3)
    assert not told.are_true()  # a sale does not write them
    await Figures(db).run()
    assert told.are_true()
    assert [(row.sold, row.available) for row in told.kept()] == [(3, 97)]


async def test_what_comes_back_is_counted(scene: Scene, db: Database, told: Told, rows: Rows) -> None:
    cancelled, expired = await scene.held(2), await scene.held(4)
    await Figures(db).refresh()
    await scene.api.post(f"/bookings/{cancelled['id']}/cancel", token=scene.buyer.token)
    rows("UPDATE bookings SET hold_expires_at = '2020-01-01' WHERE id = ?", expired["id"])
    assert await sweep(db, HOLDS) == 1
    assert not told.are_true()
    await Figures(db).refresh()
    assert told.are_true()
    assert [row.sold for row in told.kept()] == [0]


async def test_commands_write_the_status_and_ratings_themselves(
    scene: Scene, api: Api, db: Database, told: Told, rows: Rows
) -> None:
    draft = await scene.make_event(status="DRAFT")
    await api.patch(f"/events/{draft['id']}", {"status": "PUBLISHED"}, token=scene.organiser.token)
    assert [row.status for row in told.kept()] == ["PUBLISHED", "PUBLISHED"]
    await api.post(f"/events/{draft['id']}/cancel", {}, token=scene.organiser.token)
    assert [row.status for row in told.kept()] == ["PUBLISHED", "CANCELLED"]
    await scene.paid()
    past = dt.datetime(2020, 1, 1)  # noqa: DTZ001
    rows("UPDATE events SET starts_at = ? WHERE id = ?", past, scene.event["id"])
    assert await sweep(db, EVENTS_OVER) == 1
    assert told.kept()[0].status == "COMPLETED"
    review = {"event": scene.event["id"], "rating": 4}
    made = await api.post("/reviews", review, token=scene.buyer.token)
    assert made.status == 201, made.text
    assert told.kept()[0].rating == 4000
    await api.delete(f"/reviews/{made.json['id']}", token=scene.buyer.token)
    assert told.kept()[0].rating == 0
    assert told.are_true()


async def test_a_turn_is_taken_once(db: Database) -> None:
    taken = await asyncio.gather(*(db.transact(take_turn, seconds=60) for _ in range(8)))
    assert sum(taken) == 1


async def test_no_turn_is_later_than_five_seconds(db: Database) -> None:
    # The next look at whose turn it is may be late by a fifth.
    assert figures.TURN_SECONDS + 1.2 * figures.EVERY < 5


async def test_who_dies_in_a_turn_is_followed_by_another(scene: Scene, db: Database, told: Told) -> None:
    await scene.held(3)
    assert await db.transact(take_turn, seconds=1)  # and nothing after that
    other = Figures(db)
    await other.run()
    assert not told.are_true()
    await asyncio.sleep(1.1)
    await other.run()
    assert told.are_true()


async def test_two_at_once_and_sales_beside_them(scene: Scene, db: Database, told: Told) -> None:
    events = [scene.event, *[await scene.make_event(price="0.00") for _ in range(4)]]

    async def sell() -> None:
        for number in range(40):
            await scene.hold(scene.buyer, events[number % len(events)])

    async def bring() -> None:
        for _ in range(20):
            await Figures(db).refresh()

    await asyncio.gather(sell(), bring(), bring())
    # Whatever one wrote over the other's, the turn after the last sale finds.
    await Figures(db).refresh()
    assert told.are_true()
    assert sum(row.sold for row in told.kept()) == 40
    assert await db.read_primary(list_stale_figures, limit=10) == []


async def test_all_events_are_compared_page_by_page(
    db: Database, make_event: Make, told: Told, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a process of the release before wrote, and events that are not to come."""
    monkeypatch.setattr(figures, "PAGE", 2)
    for _ in range(5):
        await make_event()
    rows("DELETE FROM event_figures WHERE event_id IN (SELECT MAX(id) FROM events)")
    rows("UPDATE event_figures SET rating = 5000, status = 'DRAFT' WHERE sold = 0")
    task = Figures(db)
    for _ in range(3):
        assert not told.are_true()
        await task.refresh()
    assert told.are_true()


async def test_many_stale_ones_are_brought_in_batches(
    db: Database, make_event: Make, told: Told, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "BATCH", 2)
    for _ in range(5):
        await make_event()
    rows("UPDATE ticket_types SET available = available - 7")
    await Figures(db).refresh()
    assert told.are_true()


async def test_a_turn_that_fails_ends(
    db: Database, make_event: Make, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "BATCH", 1)
    await make_event()
    rows("UPDATE ticket_types SET available = available - 7")

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(figures, "count_tickets", fail)
    async with asyncio.timeout(10):
        await Figures(db).refresh()


async def test_a_kept_list_follows_the_figures(scene: Scene, api: Api, db: Database) -> None:
    """Neither the sale nor its own figures leave an old order behind."""
    other = await scene.make_event()

    async def order() -> list[int]:
        return [event["id"] for event in (await api.get("/events?sort=-popularity")).json]

    await scene.hold(scene.buyer, scene.event, 1)
    await Figures(db).refresh()
    assert await order() == [scene.event["id"], other["id"]]
    await scene.hold(scene.buyer, other, 2)
    assert await order() == [scene.event["id"], other["id"]]
    await Figures(db).refresh()
    assert await order() == [other["id"], scene.event["id"]]


@pytest.mark.parametrize("command", [count_tickets, refresh_figures])
async def test_nothing_is_brought_of_no_event(db: Database, command: Any) -> None:
    await db.transact(command, event_ids=[])
