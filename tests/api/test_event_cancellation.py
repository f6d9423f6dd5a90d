"""Cancelling an event: at once for the sale, booking by booking for the rest, each exactly once."""

import asyncio
import logging
from collections import Counter
from typing import Any

import pytest

from bms.commands.events import cancel
from bms.commands.events.cancel import end_cancellation_lease, lease_cancellation
from bms.errors import DatabaseUnavailable, Overloaded
from bms.sql.database import Database
from bms.sql.statements import Statement
from bms.tasks import cancellations
from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.reconciliation import send_due_refunds
from tests.kit.api import Api
from tests.kit.cards import CARD, MASTERCARD, REFUND_FAILS_ONCE
from tests.kit.scene import Scene
from tests.kit.types import Make, MakeUser, Pay, Rows
from tests.kit.users import User


class Killed(BaseException):
    """What no handler of errors catches: the process is gone."""


@pytest.fixture
def sold(make_event: Make, make_user: MakeUser, hold: Make, pay: Pay) -> Make:
    """Make an event with three paid bookings, one hold and one that was cancelled before."""

    async def make() -> dict[str, Any]:
        event = await make_event()
        for number in (CARD["number"], MASTERCARD, REFUND_FAILS_ONCE):
            user = await make_user()
            assert (await pay(user, await hold(user, event, 2), number)).status == 201
        await hold(await make_user(), event)
        return event

    return make


async def run(db: Database) -> int:
    done = 0
    while changed := await cancel_bookings_of_events(db):
        done += changed
    return done


async def test_every_booking_is_cancelled_refunded_and_told_of(
    api: Api, scene: Scene, manager: User, sold: Make
) -> None:
    event = await sold()
    path = f"/events/{event['id']}"
    answer = await api.post(f"{path}/cancel", {"reason": "The singer is ill"}, token=manager.token)
    assert answer.status == 200, answer.text
    assert answer.json["status"] == "CANCELLED"
    progress = (await api.get(f"{path}/cancellation", token=manager.token)).json
    assert (progress["status"], progress["bookings"]) == ("RUNNING", {"remaining": 4, "cancelled": 0})
    assert await run(scene.db) == 4
    assert await send_due_refunds(scene.db, scene.gateway) == 3
    progress = (await api.get(f"{path}/cancellation", token=manager.token)).json
    assert progress["status"] == "FINISHED"
    assert progress["bookings"] == {"remaining": 0, "cancelled": 4}
    assert progress["refunds"] == {"pending": 0, "succeeded": 2, "failed": 1}
    assert progress["reason"] == "The singer is ill"
    scene.rows("UPDATE refunds SET retry_at = created_at")
    await send_due_refunds(scene.db, scene.gateway)
    totals = await scene.gateway.totals("EUR")
    assert totals.charged == totals.refunded
    kinds = Counter(row.kind for row in scene.rows("SELECT kind FROM outbox"))
    assert (kinds["event_cancelled"], kinds["refund_issued"]) == (4, 3)
    told = scene.rows("SELECT DISTINCT user_id FROM notifications WHERE kind = 'event_cancelled'")
    assert len(told) == 4
    await scene.check()


async def test_nothing_is_sold_after_it(api: Api, scene: Scene, sold: Make) -> None:
    event = await sold()
    await api.post(f"/events/{event['id']}/cancel", {}, token=scene.organiser.token)
    reply = await api.post("/bookings", {"event": event["id"]}, token=scene.buyer.token)
    reply.problem(409, "not_on_sale")


async def test_a_hold_cannot_be_paid_after_it(api: Api, scene: Scene) -> None:
    booking = await scene.held()
    await api.post(f"/events/{scene.event['id']}/cancel", {}, token=scene.organiser.token)
    (await scene.pay(booking)).problem(409, "not_on_sale")


async def test_a_job_that_was_killed_is_finished_by_another_process(
    api: Api, scene: Scene, sold: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await sold()
    await api.post(f"/events/{event['id']}/cancel", {}, token=scene.organiser.token)
    original = cancellations.cancel_booking_of_event
    calls = 0

    def die_in_the_middle(tx: Any, **arguments: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Killed
        return original(tx, **arguments)

    monkeypatch.setattr(cancellations, "cancel_booking_of_event", die_in_the_middle)
    with pytest.raises(Killed):
        await cancel_bookings_of_events(scene.db)
    monkeypatch.undo()
    assert await cancel_bookings_of_events(scene.db) == 0, "its lease still runs"
    scene.rows("UPDATE event_cancellations SET leased_until = started_at")
    assert await run(scene.db) == 2
    assert len(scene.rows("SELECT id FROM outbox WHERE kind = 'event_cancelled'")) == 4
    await scene.check()


async def test_one_that_fails_stops_no_other_and_is_come_back_to(
    api: Api, scene: Scene, sold: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await sold()
    await api.post(f"/events/{event['id']}/cancel", {}, token=scene.organiser.token)
    original = cancellations.cancel_booking_of_event
    (first,) = scene.rows("SELECT MIN(id) AS id FROM bookings")

    def fail_the_first(tx: Any, *, booking_id: int, reason: str | None) -> bool:
        if booking_id == first.id:
            raise ValueError("out of order")
        return original(tx, booking_id=booking_id, reason=reason)

    monkeypatch.setattr(cancellations, "cancel_booking_of_event", fail_the_first)
    assert await cancel_bookings_of_events(scene.db) == 3
    (job,) = scene.rows("SELECT finished_at FROM event_cancellations")
    assert job.finished_at is None
    monkeypatch.undo()
    assert await run(scene.db) == 1
    (job,) = scene.rows("SELECT finished_at FROM event_cancellations")
    assert job.finished_at is not None
    await scene.check()


async def test_a_job_that_gets_nowhere_holds_up_no_other(
    api: Api, scene: Scene, sold: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, other = await sold(), await sold()
    for event in (stuck, other):
        await api.post(f"/events/{event['id']}/cancel", {}, token=scene.organiser.token)
    original = cancellations.cancel_booking_of_event
    bad = [
        row.id for row in scene.rows("SELECT id FROM bookings WHERE event_id = ? ORDER BY id", stuck["id"])
    ]

    def fail_all_but_the_last(tx: Any, *, booking_id: int, reason: str | None) -> bool:
        if booking_id in bad[:-1]:
            raise ValueError("out of order")
        return original(tx, booking_id=booking_id, reason=reason)

    monkeypatch.setattr(cancellations, "cancel_booking_of_event", fail_all_but_the_last)
    monkeypatch.setattr(cancellations, "BATCH", 2)
    assert await run(scene.db) == 1 + 4
    monkeypatch.undo()
    assert await run(scene.db) == 3
    await scene.check()


@pytest.mark.parametrize("error", [DatabaseUnavailable(), Overloaded()])
async def test_a_database_that_is_down_or_overloaded_ends_the_batch(
    api: Api, scene: Scene, sold: Make, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    event = await sold()
    await api.post(f"/events/{event['id']}/cancel", {}, token=scene.organiser.token)
    tried = []

    def stand_still(tx: Any, *, booking_id: int, reason: str | None) -> bool:
        tried.append(booking_id)
        raise error

    monkeypatch.setattr(cancellations, "cancel_booking_of_event", stand_still)
    with pytest.raises(type(error)):
        await cancel_bookings_of_events(scene.db)
    assert len(tried) == 1
    monkeypatch.undo()
    scene.rows("UPDATE event_cancellations SET leased_until = started_at")
    assert await run(scene.db) == 4
    await scene.check()


def lease_of(rows: Rows) -> tuple[bool, bool]:
    """Return whether the job is leased, and whether it is finished."""
    (job,) = rows("SELECT leased_until, finished_at FROM event_cancellations")
    return job.leased_until is not None, job.finished_at is not None


async def test_a_process_whose_lease_was_taken_over_does_not_end_the_others(
    api: Api, scene: Scene, rows: Rows, sold: Make
) -> None:
    event = await sold()
    await api.post(f"/events/{event['id']}/cancel", {}, token=scene.organiser.token)
    job = {"event_id": event["id"], "seconds": 120}
    slow = await scene.db.transact(lease_cancellation, **job)
    assert slow is not None
    assert await scene.db.transact(lease_cancellation, **job) is None
    rows("UPDATE event_cancellations SET leased_until = started_at")
    other = await scene.db.transact(lease_cancellation, **job)
    assert other is not None
    assert await scene.db.transact(end_cancellation_lease, event_id=event["id"], token=slow.token) is False
    assert lease_of(rows) == (True, False)
    assert await scene.db.transact(end_cancellation_lease, event_id=event["id"], token=other.token) is True
    assert lease_of(rows) == (False, False)
    assert await run(scene.db) == 4
    assert lease_of(rows) == (False, True)


async def test_without_the_token_it_would_end_the_others(
    api: Api, scene: Scene, sold: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above."""
    guard = "lease_token = @token"
    assert cancel.END_LEASE.text.count(guard) == 1
    unguarded = Statement(
        "test.end_any_lease",
        cancel.END_LEASE.declaration,
        cancel.END_LEASE.text.replace(guard, "@token IS NOT NULL"),
    )
    monkeypatch.setattr(cancel, "END_LEASE", unguarded)
    event = await sold()
    await api.post(f"/events/{event['id']}/cancel", {}, token=scene.organiser.token)
    slow = await scene.db.transact(lease_cancellation, event_id=event["id"], seconds=120)
    assert slow is not None
    scene.rows("UPDATE event_cancellations SET leased_until = started_at")
    await scene.db.transact(lease_cancellation, event_id=event["id"], seconds=120)
    assert await scene.db.transact(end_cancellation_lease, event_id=event["id"], token=slow.token) is True
    assert lease_of(scene.rows) == (False, False)


async def test_a_batch_that_outlives_its_lease_leaves_the_job_to_the_other_process(
    api: Api, scene: Scene, sold: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    event = await sold()
    await api.post(f"/events/{event['id']}/cancel", {}, token=scene.organiser.token)
    original = cancellations.end_cancellation_lease
    others: list[Any] = []

    def end_too_late(tx: Any, **arguments: Any) -> bool:
        if not others:
            scene.rows("UPDATE event_cancellations SET leased_until = started_at")
            others.append(lease_cancellation(tx, event_id=event["id"], seconds=120))
        return original(tx, **arguments)

    monkeypatch.setattr(cancellations, "end_cancellation_lease", end_too_late)
    with caplog.at_level(logging.WARNING):
        assert await cancel_bookings_of_events(scene.db) == 4
    assert "another process holds it" in caplog.text
    assert lease_of(scene.rows) == (True, False)
    assert await cancel_bookings_of_events(scene.db) == 0, "the other has it"
    assert await scene.db.transact(original, event_id=event["id"], token=others[0].token) is True
    assert lease_of(scene.rows) == (False, True)
    await scene.check()


@pytest.mark.parametrize("by", ["cancel", "refund"])
async def test_who_cancels_just_before_the_job_has_all_of_it_back(api: Api, scene: Scene, by: str) -> None:
    event = await scene.on_sale(
        refund_policy={"full_until_hours": 8000, "percent": 0, "none_from_hours": 8000}
    )
    booking = await scene.paid(2)
    await api.post(f"/events/{event['id']}/cancel", {}, token=scene.organiser.token)
    if by == "cancel":
        reply = await scene.cancel(booking)
    else:
        reply = await api.post("/refunds", {"booking_id": booking["id"]}, token=scene.buyer.token)
    assert reply.status in (200, 201), reply.text
    (payment,) = scene.rows("SELECT amount, refunded FROM payments")
    assert payment.refunded == payment.amount
    assert await run(scene.db) == 0
    await scene.check()


async def test_two_processes_at_once_cancel_each_booking_once(api: Api, scene: Scene, sold: Make) -> None:
    event = await sold()
    await api.post(f"/events/{event['id']}/cancel", {}, token=scene.organiser.token)
    done = await asyncio.gather(*(cancel_bookings_of_events(scene.db) for _ in range(4)))
    assert sum(done) + await run(scene.db) == 4
    assert len(scene.rows("SELECT id FROM outbox WHERE kind = 'event_cancelled'")) == 4
    await scene.check()


async def test_a_sale_during_the_cancelling_is_refused_or_undone(api: Api, scene: Scene) -> None:
    event = scene.event
    buyers = [await scene.make_user() for _ in range(12)]

    async def buy(user: User) -> int:
        return (await api.post("/bookings", {"event": event["id"]}, token=user.token)).status

    async def cancel() -> int:
        return (await api.post(f"/events/{event['id']}/cancel", {}, token=scene.organiser.token)).status

    statuses = await asyncio.gather(
        *(buy(user) for user in buyers[:6]), cancel(), *(buy(user) for user in buyers[6:])
    )
    assert set(statuses) <= {200, 201, 409}
    await run(scene.db)
    assert scene.rows("SELECT id FROM bookings WHERE status IN ('PENDING', 'CONFIRMED')") == []
    await scene.check()


async def test_cancelling_twice_answers_as_the_first_time(api: Api, manager: User, sold: Make) -> None:
    event = await sold()
    first = await api.post(f"/events/{event['id']}/cancel", {}, token=manager.token)
    again = await api.post(f"/events/{event['id']}/cancel", {}, token=manager.token)
    assert (again.status, again.json) == (200, first.json)


async def test_delete_removes_an_unbooked_event_and_cancels_a_booked_one(
    api: Api, manager: User, make_event: Make, sold: Make
) -> None:
    unbooked = await make_event()
    assert (await api.delete(f"/events/{unbooked['id']}", token=manager.token)).status == 204
    (await api.get(f"/events/{unbooked['id']}")).problem(404, "not_found")
    cancelled = await make_event()
    await api.post(f"/events/{cancelled['id']}/cancel", {}, token=manager.token)
    assert (await api.delete(f"/events/{cancelled['id']}", token=manager.token)).status == 204
    booked = await sold()
    reply = await api.delete(f"/events/{booked['id']}", token=manager.token)
    assert (reply.status, reply.json["status"]) == (200, "CANCELLED")


async def test_who_may_cancel_and_look(api: Api, make_user: MakeUser, manager: User, sold: Make) -> None:
    event = await sold()
    path = f"/events/{event['id']}"
    other, admin, user = await make_user("EVENT_MANAGER"), await make_user("ADMIN"), await make_user()
    (await api.post(f"{path}/cancel", {})).problem(401, "unauthenticated")
    for stranger in (user, other):
        (await api.post(f"{path}/cancel", {}, token=stranger.token)).problem(403, "forbidden")
    (await api.get(f"{path}/cancellation", token=manager.token)).problem(404, "not_found")
    assert (await api.post(f"{path}/cancel", {}, token=admin.token)).status == 200
    (await api.get(f"{path}/cancellation", token=other.token)).problem(404, "not_found")
    for allowed in (manager, admin):
        assert (await api.get(f"{path}/cancellation", token=allowed.token)).status == 200
