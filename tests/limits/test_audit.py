"""What is audited of refusals and of what admins read."""

import asyncio
import dataclasses
import logging

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bms.app import create_app
from bms.errors import DatabaseUnavailable, Forbidden, TooManyRequests
from bms.http import keys, refusals
from bms.http.refusals import OTHERS, Refusals
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks.housekeeping import remove_what_is_old
from tests.kit.api import Api
from tests.kit.limits import come_from
from tests.kit.types import MakeUser, Rows
from tests.kit.users import User

HERE, THERE = "203.0.113.5", "198.51.100.7"
COUNTS = """
SELECT address, code, SUM(times) AS times FROM refusals GROUP BY address, code ORDER BY address, code
"""
READ = "SELECT user_id, subject, subject_id, details FROM audit_log WHERE action = 'read' ORDER BY id"


def counted(rows: Rows) -> list[tuple[str, str, int]]:
    return [(row.address, row.code, row.times) for row in rows(COUNTS)]


async def test_refusals_are_counts_and_not_a_row_each(
    client: TestClient, api: Api, buyer: User, rows: Rows
) -> None:
    wrong = {"username": buyer.username, "password": "wrong"}
    for _ in range(15):
        await api.post("/login", wrong, headers=come_from(HERE))
    for _ in range(3):
        (await api.get("/users", token=buyer.token, headers=come_from(THERE))).problem(403, "forbidden")
        (await api.get("/bookings", headers=come_from(THERE))).problem(401, "unauthenticated")
        (await api.get("/events/99999", headers=come_from(THERE))).problem(404, "not_found")
    await client.app[keys.REFUSALS].write()
    # The device of ``buyer`` has ten wrong passwords of its own.
    assert counted(rows) == [
        (THERE, "forbidden", 3),
        (HERE, "invalid_credentials", 10),
        (HERE, "too_many_attempts", 5),
    ]
    await api.get("/users", token=buyer.token, headers=come_from(THERE))
    await client.app[keys.REFUSALS].write()
    assert counted(rows)[0] == (THERE, "forbidden", 4)


async def test_processes_add_to_one_count(client: TestClient, rows: Rows) -> None:
    first = client.app[keys.REFUSALS]
    second = Refusals(first._write)
    for _ in range(5):
        first.note(Forbidden(), HERE)
        second.note(Forbidden(), HERE)
    await asyncio.gather(first.write(), second.write())
    assert counted(rows) == [(HERE, "forbidden", 10)]
    await second.close()


async def test_an_attacker_from_everywhere_fills_no_memory(
    client: TestClient, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "MOST", 2)
    noted = client.app[keys.REFUSALS]
    for number in range(10):
        noted.note(TooManyRequests(), f"192.0.2.{number}")
    await noted.write()
    code = "too_many_requests"
    assert counted(rows) == [("192.0.2.0", code, 1), ("192.0.2.1", code, 1), (OTHERS, code, 8)]


async def test_what_could_not_be_written_is_written_later(client: TestClient, rows: Rows) -> None:
    app_s = client.app[keys.REFUSALS]
    is_down = True

    async def write(counts: dict[refusals.Refused, int]) -> None:
        if is_down:
            raise DatabaseUnavailable()
        await app_s._write(counts)

    own = Refusals(write)
    own.note(Forbidden(), HERE)
    with pytest.raises(DatabaseUnavailable):
        await own.write()
    own.note(Forbidden(), HERE)
    is_down = False
    await own.close()
    assert counted(rows) == [(HERE, "forbidden", 2)]


async def test_old_counts_and_counters_are_removed(db: Database, settings: Settings, rows: Rows) -> None:
    rows(
        "INSERT INTO refusals (minute_at, address, code, times) VALUES ('2001-01-01', 'a', 'forbidden', 3),"
        " (SYSUTCDATETIME(), 'b', 'forbidden', 1)"
    )
    rows(
        "INSERT INTO rate_counters (bucket, free_at) VALUES ('old', '2001-01-01'),"
        " ('live', DATEADD(HOUR, 1, SYSUTCDATETIME()))"
    )
    await remove_what_is_old(db, settings)
    assert counted(rows) == [("b", "forbidden", 1)]
    assert [row.bucket for row in rows("SELECT bucket FROM rate_counters")] == ["live"]


async def test_what_admins_read_is_audited(
    api: Api, make_user: MakeUser, buyer: User, manager: User, rows: Rows
) -> None:
    admin = await make_user("ADMIN")
    assert (await api.get(f"/users/{buyer.id}/booking-history?limit=5", token=admin.token)).status == 200
    assert (await api.get("/users?q=Person", token=admin.token)).status == 200
    # What everybody sees is no secret, a refusal reads nothing, and others read what is theirs.
    assert (await api.get("/events", token=admin.token)).status == 200
    assert (await api.get("/bookings/999", token=admin.token)).status == 404
    for user in (buyer, manager):
        assert (await api.get("/bookings", token=user.token)).status == 200
    assert [(row.user_id, row.subject, row.subject_id, row.details) for row in rows(READ)] == [
        (admin.id, "accounts.history", buyer.id, f"/users/{buyer.id}/booking-history?limit=5"),
        (admin.id, "accounts.index", 0, "/users?q=Person"),
    ]


@pytest.mark.parametrize(("proxies", "warnings"), [(0, 1), (1, 0)])
async def test_an_unknown_proxy_is_warned_of_once(
    proxies: int, warnings: int, caplog: pytest.LogCaptureFixture, settings: Settings, database_url: str
) -> None:
    app = create_app(dataclasses.replace(settings, trusted_proxies=proxies), database_url)
    async with TestClient(TestServer(app)) as client:
        api = Api(client)
        with caplog.at_level(logging.WARNING, "bms"):
            await api.get("/events")
            assert caplog.records == []
            for _ in range(3):
                await api.get("/events", headers=come_from(HERE))
    assert ["BMS_TRUSTED_PROXIES" in record.message for record in caplog.records] == [True] * warnings
