"""Events end by themselves, and what is kept for a while is removed."""

import hashlib

from bms.sql.database import Database
from bms.tasks.upkeep import complete_events_over, remove_old_rows
from tests.kit.api import Api
from tests.kit.types import Make, Rows
from tests.kit.users import User


async def test_events_that_are_over_are_completed(
    db: Database, api: Api, manager: User, make_event: Make, rows: Rows
) -> None:
    over, without_end, running, coming = [(await make_event())["id"] for _ in range(4)]
    hours = "UPDATE events SET starts_at = DATEADD(HOUR, ?, SYSUTCDATETIME()) WHERE id = ?"
    for event, ago in ((over, 3), (without_end, 25), (running, 23)):
        rows(hours, -ago, event)
    rows("UPDATE events SET ends_at = DATEADD(HOUR, 2, starts_at) WHERE id = ?", over)
    assert await complete_events_over(db) == 2
    assert await complete_events_over(db) == 0
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


async def test_what_is_old_is_removed_and_the_rest_is_kept(
    db: Database, api: Api, buyer: User, make_event: Make, rows: Rows
) -> None:
    event = await make_event()
    stored = {key: hashlib.sha256(key.encode()).hexdigest() for key in ("old", "young", "open")}
    for key in stored:
        headers = {"Idempotency-Key": key}
        await api.post("/bookings", {"event": event["id"]}, token=buyer.token, headers=headers)
    eight_days_ago = "created_at = DATEADD(DAY, -8, created_at)"
    rows(f"UPDATE idempotency_keys SET {eight_days_ago} WHERE idempotency_key <> ?", stored["young"])
    rows("UPDATE idempotency_keys SET status = NULL WHERE idempotency_key = ?", stored["open"])
    await api.post("/login", {"username": buyer.username, "password": "wrong"})
    rows("UPDATE login_attempts SET window_ends_at = DATEADD(DAY, -1, window_ends_at)")
    await api.post("/login", {"username": buyer.username, "password": buyer.password})
    rows("INSERT INTO sessions (user_id, refresh_hash, expires_at) VALUES (?, 'x', '2001-01-01')", buyer.id)
    before = len(rows("SELECT id FROM sessions"))
    rows("UPDATE login_attempts SET window_ends_at = DATEADD(DAY, -1, window_ends_at)")
    await remove_old_rows(db)
    kept = {row.idempotency_key for row in rows("SELECT idempotency_key FROM idempotency_keys")}
    assert kept == {stored["young"], stored["open"]}
    assert len(rows("SELECT id FROM sessions")) == before - 1
    assert rows("SELECT bucket FROM login_attempts") == []
