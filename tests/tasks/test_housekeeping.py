"""What is kept for a while is removed."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from bms.sql.database import Database
from bms.tasks.housekeeping import remove_old_rows
from tests.conftest import Api, User

Make = Callable[..., Awaitable[dict[str, Any]]]
Rows = Callable[..., list[Any]]


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
