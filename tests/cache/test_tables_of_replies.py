"""What is kept reads no table that is not on the board: a write to it would leave the kept value stale."""

from collections.abc import Iterator
from typing import Any

import pytest

from bms.app import ENDPOINTS
from bms.cache.stamps import CALLERS, EVENTS, SHARING, TABLES
from bms.http.endpoint import Cached, Endpoint
from bms.queries import events
from bms.queries.event_orders import ORDERS
from bms.queries.events import PaymentOption
from bms.sql.statements import Statement
from tests.kit.api import Api
from tests.kit.on_board import (
    Executed,
    not_on_board,
    of_other_events,
    on_board,
    tables_of,
    watch_statements,
)
from tests.kit.scene import Scene

KEPT = [endpoint for endpoint in ENDPOINTS if endpoint.cached is not None]


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[Executed]:
    """What the service has executed, for the test to clear."""
    return watch_statements(monkeypatch)


def queries(endpoint: Endpoint, scene: Scene) -> Iterator[dict[str, Any]]:
    """Yield queries to the endpoint that together run each of its statements."""
    if endpoint.query is None:
        yield {}
        return
    place = scene.event["location"]["id"]
    for sort in ORDERS:
        yield {"sort": sort, "limit": 1}
        yield {"sort": sort, "q": "concert", "available": "true"}
        for narrowed in (
            {"venue": place},
            {"city": "utrecht"},
            {"category": "music"},
            {"organizer": scene.organiser.id},
        ):
            yield {"sort": sort, **narrowed}
            yield {"sort": sort, "q": "concert", **narrowed}


@pytest.fixture
async def categorised(api: Api, scene: Scene) -> None:
    admin = await scene.make_user("ADMIN")
    assert (
        await api.post("/categories", {"name": "Music", "slug": "music"}, token=admin.token)
    ).status == 201
    await scene.on_sale(category="music")


@pytest.mark.usefixtures("categorised")
@pytest.mark.parametrize("endpoint", KEPT, ids=lambda endpoint: endpoint.path)
async def test_a_kept_reply_reads_tables_on_the_board(
    api: Api, scene: Scene, executed: list[Executed], endpoint: Endpoint
) -> None:
    path = endpoint.path.replace("{id}", str(scene.event["id"]))
    assert "{" not in path
    executed.clear()
    for query in queries(endpoint, scene):
        assert (await api.get(path, **query)).status == 200
    assert not_on_board(executed, EVENTS) == set()
    if endpoint.cached is Cached.EVENT:
        assert of_other_events(executed, scene.event["id"]) == set()
    else:
        ran = {done.statement.name for done in executed}
        lists = [each for order in ORDERS.values() for each in (order.statement, *order.narrowed.values())]
        assert {statement.name for each in lists for statement in each} <= ran


async def test_a_kept_caller_reads_tables_on_the_board(
    api: Api, scene: Scene, executed: list[Executed]
) -> None:
    executed.clear()
    (await api.get("/events/999999", token=scene.buyer.token)).problem(404, "not_found")
    known = [done for done in executed if "sessions" in tables_of(done.statement)]
    assert not_on_board(known, CALLERS) == set()


def test_the_board_has_no_table_that_nothing_kept_reads() -> None:
    assert on_board(EVENTS) | on_board(CALLERS) == {*TABLES, *SHARING}


async def test_a_planted_table_is_found(
    api: Api, scene: Scene, executed: list[Executed], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = Statement(
        "test.planted.options",
        "@event_ids BIGINT LIST",
        """
        SELECT o.event_id, o.method
        FROM   event_payment_options AS o
        LEFT JOIN event_cancellations AS c ON c.event_id = o.event_id
        WHERE  o.event_id IN (@event_ids)
               AND (c.event_id IS NULL OR EXISTS (SELECT 1 FROM bookings AS b WHERE b.event_id = c.event_id))
        """,
        PaymentOption,
    )
    monkeypatch.setattr(events, "LIST_PAYMENT_OPTIONS", planted)
    executed.clear()
    for path in (f"/events/{scene.event['id']}", "/events"):
        assert (await api.get(path)).status == 200
        assert not_on_board(executed, EVENTS) == {"event_cancellations", "bookings"}


async def test_a_planted_read_of_another_event_is_found(
    api: Api, scene: Scene, executed: list[Executed], monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = events.complete

    def with_another(tx: Any, rows: Any) -> Any:
        tx.rows(events.LIST_TICKET_TYPES, event_ids=[row.id + 1 for row in rows])
        return complete(tx, rows)

    monkeypatch.setattr(events, "complete", with_another)
    executed.clear()
    assert (await api.get(f"/events/{scene.event['id']}")).status == 200
    assert of_other_events(executed, scene.event["id"]) == {"ticket_types.list_of_events"}
