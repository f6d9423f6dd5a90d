"""Sweeps: a batch does what is due, one that fails stops no other, a database that is down ends the batch."""

import logging
from dataclasses import replace

import pytest

from bms.errors import DatabaseUnavailable, Overloaded
from bms.sql.database import Database
from bms.sql.session import Transaction
from bms.tasks.sweeps import BATCH, EVENTS_OVER, Sweep, sweep
from bms.terms import Service
from tests.kit.api import Api
from tests.kit.types import Make, Rows
from tests.kit.users import User


class Work:
    """Three things that are due, of which the second fails with ``error``."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.tried: list[int] = []
        self.kind = Sweep(
            "work", Service.BOOKINGS, self.list_due, self.do, "thing_id", "thing %d failed", 1.0
        )

    def list_due(self, tx: Transaction, *, limit: int) -> list[int]:
        assert limit == BATCH
        return [1, 2, 3]

    def do(self, tx: Transaction, *, thing_id: int) -> bool:
        self.tried.append(thing_id)
        if thing_id == 2 and self.error is not None:
            raise self.error
        return True


async def test_what_was_done_meanwhile_is_not_counted(db: Database) -> None:
    work = Work(None)
    assert await sweep(db, work.kind) == 3
    assert await sweep(db, replace(work.kind, do=lambda tx, *, thing_id: thing_id == 3)) == 1


async def test_one_that_fails_is_logged_and_stops_no_other(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(ValueError("out of order"))
    with caplog.at_level(logging.ERROR):
        assert await sweep(db, work.kind) == 2
    assert work.tried == [1, 2, 3]
    (record,) = [record for record in caplog.records if record.name == "bms.tasks.sweeps"]
    assert record.getMessage() == "thing 2 failed"
    assert "out of order" in caplog.text


@pytest.mark.parametrize("error", [DatabaseUnavailable(), Overloaded()])
async def test_a_database_that_is_down_or_overloaded_ends_the_batch(db: Database, error: Exception) -> None:
    work = Work(error)
    with pytest.raises(type(error)):
        await sweep(db, work.kind)
    assert work.tried == [1, 2]


async def test_events_that_are_over_are_completed(
    db: Database, api: Api, manager: User, make_event: Make, rows: Rows
) -> None:
    over, without_end, running, coming = [(await make_event())["id"] for _ in range(4)]
    hours = "UPDATE events SET starts_at = DATEADD(HOUR, ?, SYSUTCDATETIME()) WHERE id = ?"
    for event, ago in ((over, 3), (without_end, 25), (running, 23)):
        rows(hours, -ago, event)
    rows("UPDATE events SET ends_at = DATEADD(HOUR, 2, starts_at) WHERE id = ?", over)
    assert await sweep(db, EVENTS_OVER) == 2
    assert await sweep(db, EVENTS_OVER) == 0
    statuses = {row.id: row.status for row in rows("SELECT id, status FROM events")}
    assert statuses == {
        over: "COMPLETED",
        without_end: "COMPLETED",
        running: "PUBLISHED",
        coming: "PUBLISHED",
    }
    assert {event["id"] for event in (await api.get("/events")).json} == {running, coming}
    assert (await api.get(f"/events/{over}")).json["status"] == "COMPLETED"
    reply = await api.patch(f"/events/{over}", {"title": "Again"}, token=manager.token)
    reply.problem(409, "event_not_changeable")
