"""What Prometheus reads."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from prometheus_client.parser import text_string_to_metric_families

from bms.announcements import FanOutFailed
from bms.commands.sales import inventory
from bms.errors import DatabaseUnavailable, NotFound
from bms.http import keys
from bms.metrics.answer import BACKLOG
from bms.queries.backlog import Backlog
from bms.queries.conservation import list_notes
from bms.queries.due import MAX_REFUND_ATTEMPTS
from tests.kit.api import Api
from tests.kit.notices import Notifier
from tests.kit.scene import Scene
from tests.kit.types import Rows
from tests.kit.users import User
from tests.kit.waits import begin_wait

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def figures(api: Api) -> Figures:
    reply = await api.get("/metrics")
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


def value(found: Figures, name: str, /, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


async def test_requests_are_counted_by_their_route(api: Api, make_event: Callable[..., Any]) -> None:
    event = await make_event()
    for path in (f"/events/{event['id']}", f"/api/events/{event['id']}/", "/events/999"):
        await api.get(path)
    await api.get("/nowhere/at/all")
    found = await figures(api)
    route = {"method": "GET", "route": "/events/{id}"}
    assert value(found, "bms_http_requests_total", **route, status="200") == 2
    assert value(found, "bms_http_requests_total", **route, status="404") == 1
    assert value(found, "bms_http_request_duration_seconds_count", **route) == 3
    assert value(found, "bms_http_requests_total", method="GET", route="none", status="404") == 1
    assert not any("nowhere" in label for _, labels in found for _, label in labels)


async def test_methods_are_only_so_many(api: Api) -> None:
    await api.request("PROPFIND", "/events")
    found = await figures(api)
    assert value(found, "bms_http_requests_total", method="other", route="none", status="405") == 1


async def test_units_of_work_are_counted_by_outcome(api: Api, scene: Scene, buyer: User) -> None:
    event = await scene.on_sale(capacity=1)
    await scene.held()
    sold_out = await api.post("/bookings", {"event": event["id"]}, token=buyer.token)
    sold_out.problem(409, "sold_out")
    (await api.get("/bookings/999", token=buyer.token)).problem(404, "not_found")

    def break_down(tx: Any) -> None:
        raise RuntimeError

    def be_away(tx: Any) -> None:
        raise DatabaseUnavailable

    with pytest.raises(RuntimeError):
        await scene.db.transact(break_down)
    with pytest.raises(DatabaseUnavailable):
        await scene.db.read(be_away)
    found = await figures(api)
    for name, outcome in (
        ("get_seen_booking", "refused"),
        ("break_down", "failed"),
        ("be_away", "unavailable"),
    ):
        assert value(found, "bms_units_of_work_total", name=name, outcome=outcome) == 1
    # A refusal is one of the outcomes of a group, whether it is of many or of one.
    assert value(found, "bms_units_of_work_total", name="hold_tickets", outcome="done") == 2
    assert value(found, "bms_unit_of_work_duration_seconds_count", name="hold_tickets") == 2


async def test_a_lost_race_is_no_failure(api: Api, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    event = scene.event
    reserve = inventory.reserve

    def reserve_too_late(*arguments: Any, **named: Any) -> Any:
        scene.rows("UPDATE ticket_types SET available = 0 WHERE event_id = ?", event["id"])
        return reserve(*arguments, **named)

    monkeypatch.setattr(inventory, "reserve", reserve_too_late)
    (await api.post("/bookings", {"event": event["id"]}, token=scene.buyer.token)).problem(409, "sold_out")
    found = await figures(api)
    outcomes = {
        dict(labels)["outcome"]: figure
        for (name, labels), figure in found.items()
        if name == "bms_units_of_work_total" and dict(labels)["name"] == "hold_tickets"
    }
    assert outcomes == {"refused": 1}


async def test_what_waits_in_the_background(api: Api, scene: Scene, rows: Rows) -> None:
    rows("DELETE FROM outbox")
    found = await figures(api)
    for name in ("outbox_pending", "outbox_dead", "outbox_oldest_seconds", "holds_overdue"):
        assert value(found, f"bms_{name}") == 0, name
    for _ in range(2):
        assert (await scene.pay(await scene.held())).status == 201
    overdue = await scene.held()
    rows("UPDATE bookings SET hold_expires_at = '2020-01-01' WHERE id = ?", overdue["id"])
    rows("UPDATE outbox SET state = 'DEAD' WHERE id = (SELECT MIN(id) FROM outbox)")
    rows("UPDATE outbox SET available_at = '2020-01-01' WHERE state = 'PENDING'")
    found = await figures(api)
    assert value(found, "bms_database_up") == 1
    assert value(found, "bms_outbox_dead") == 1
    assert value(found, "bms_outbox_pending") >= 1
    assert value(found, "bms_outbox_oldest_seconds") > 1_000_000
    assert value(found, "bms_holds_overdue") == 1
    assert value(found, "bms_pool_connections_in_use", pool="write") == 0
    assert value(found, "bms_pool_waiting", pool="read") == 0


async def test_money_that_somebody_must_look_at(api: Api, scene: Scene, rows: Rows) -> None:
    names = ("refunds_given_up", "payments_stuck", "cancellations_unfinished", "cancellations_oldest_seconds")

    async def shown() -> dict[str, float]:
        found = await figures(api)
        return {name: value(found, f"bms_{name}") for name in names}

    for _ in range(3):
        booking = await scene.held()
        assert (await scene.pay(booking, "4000000000002016")).status == 201
        await scene.cancel(booking)
    (await scene.pay(await scene.held(), "4000000000001000")).problem(503, "gateway_unavailable")
    assert await shown() == dict.fromkeys(names, 0)
    first, second, _ = [row.id for row in rows("SELECT id FROM refunds WHERE status = 'FAILED' ORDER BY id")]
    rows("UPDATE refunds SET attempts = ? WHERE id = ?", MAX_REFUND_ATTEMPTS, first)
    rows("UPDATE refunds SET attempts = ? WHERE id = ?", MAX_REFUND_ATTEMPTS - 1, second)
    rows("UPDATE payments SET created_at = DATEADD(MINUTE, -9, created_at) WHERE status = 'PROCESSING'")
    assert await shown() == dict.fromkeys(names, 0) | {"refunds_given_up": 1}
    noted = {note.rule: note.rows for note in await scene.db.read_primary(list_notes) if note.rows}
    assert list(noted) == ["Refunds that failed at their last attempt, and whose money is still owed"]
    rows("UPDATE payments SET created_at = DATEADD(MINUTE, -11, created_at) WHERE status = 'PROCESSING'")
    await api.post(f"/events/{scene.event['id']}/cancel", {}, token=scene.organiser.token)
    rows("UPDATE event_cancellations SET started_at = DATEADD(HOUR, -2, started_at)")
    found = await shown()
    assert found.pop("cancellations_oldest_seconds") >= 7200
    assert found == {"refunds_given_up": 1, "payments_stuck": 1, "cancellations_unfinished": 1}
    rows("UPDATE event_cancellations SET finished_at = started_at")
    assert (await shown())["cancellations_oldest_seconds"] == 0


async def test_payments_that_wait_for_their_buyers(
    api: Api, scene: Scene, notifier: Notifier, rows: Rows
) -> None:
    """They are not stuck, unless nobody has voided them ten minutes after their deadline."""

    async def shown() -> tuple[float, float]:
        found = await figures(api)
        return value(found, "bms_payments_pending"), value(found, "bms_payments_stuck")

    assert await shown() == (0, 0)
    wait = await begin_wait(scene, notifier)
    rows("UPDATE payments SET created_at = DATEADD(MINUTE, -29, created_at)")
    assert await shown() == (1, 0)
    rows("UPDATE payments SET pending_until = DATEADD(MINUTE, -9, SYSUTCDATETIME())")
    assert await shown() == (1, 0)
    rows("UPDATE payments SET pending_until = DATEADD(MINUTE, -11, SYSUTCDATETIME())")
    assert await shown() == (1, 1)
    await wait.pass_deadline()
    assert await shown() == (0, 0)


def test_every_figure_of_the_backlog_has_a_gauge() -> None:
    assert tuple(BACKLOG) == Backlog._fields


async def test_it_answers_without_the_database(
    api: Api, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailable

    monkeypatch.setattr(client.app[keys.DATABASE], "read_primary", away)
    found = await figures(api)
    assert value(found, "bms_database_up") == 0
    for name, _ in BACKLOG.values():
        assert math.isnan(value(found, name)), "it is not known"


async def test_what_is_sold_and_given_back(api: Api, scene: Scene, buyer: User) -> None:
    """Counted once each is committed, whichever way it came about."""
    event = await scene.on_sale(capacity=3)
    await scene.held()
    paid = await scene.held()
    assert (await scene.pay(paid)).status == 201
    await scene.held()
    refused = await api.post("/bookings", {"event": event["id"]}, token=buyer.token)
    refused.problem(409, "sold_out")
    found = await figures(api)
    assert value(found, "bms_holds_total", outcome="held") == 3
    assert value(found, "bms_holds_total", outcome="sold_out") == 1
    assert value(found, "bms_turnstile_group_size_count") == value(found, "bms_turnstile_group_size_sum") == 4
    assert value(found, "bms_turnstile_wait_seconds_count") == 4
    assert value(found, "bms_turnstile_waiting") == 0
    assert value(found, "bms_tickets_sold_total") == 1
    assert value(found, "bms_announcements_total", kind="booking.confirmed") == 1
    assert value(found, "bms_money_total", currency=event["currency"], flow="charged") == float(paid["total"])
    assert value(found, "bms_holds_open") == 2
    await scene.cancel(paid)
    sale = {"event": str(event["id"]), "title": event["title"]}
    assert value(found, "bms_event_tickets_taken", **sale) == 3
    assert value(found, "bms_event_tickets_available", **sale) == 0
    found = await figures(api)
    assert value(found, "bms_money_total", currency=event["currency"], flow="refunded") == float(
        paid["total"]
    )
    assert value(found, "bms_event_tickets_available", **sale) == 1


async def test_a_unit_of_work_that_is_rolled_back_counts_nothing(api: Api, scene: Scene) -> None:
    def change_nothing(tx: Any) -> None:
        tx.note(FanOutFailed(given_up=True))
        raise NotFound

    with pytest.raises(NotFound):
        await scene.db.transact(change_nothing)
    assert not [name for name, _ in await figures(api) if name == "bms_fan_out_failed_total"]


async def test_the_disk_and_the_processes(api: Api) -> None:
    found = await figures(api)
    assert 0 < value(found, "bms_data_directory_free_bytes") < value(found, "bms_data_directory_size_bytes")
    assert value(found, "bms_processes", role="server") == 1
    assert value(found, "bms_pool_connections", pool="write") == 8
    assert value(found, "process_cpu_seconds_total") > 0
    assert value(found, "process_resident_memory_bytes") > 2**20
    assert 0 <= value(found, "bms_event_loop_lag_seconds") < 60


async def test_what_was_not_fanned_out(api: Api, scene: Scene, rows: Rows) -> None:
    rows("UPDATE announcements SET state = 'NEW', available_at = '2020-01-01'")
    found = await figures(api)
    assert value(found, "bms_fan_out_pending") >= 1
    assert value(found, "bms_fan_out_oldest_seconds") > 1_000_000


async def test_what_the_broker_has_not_confirmed(api: Api, scene: Scene, rows: Rows) -> None:
    assert value(await figures(api), "bms_relay_pending") == 0
    rows("UPDATE announcements SET to_publish = 1, available_at = '2020-01-01'")
    found = await figures(api)
    assert value(found, "bms_relay_pending") >= 1
    assert value(found, "bms_relay_oldest_seconds") > 1_000_000
