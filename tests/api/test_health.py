"""Health, and what happens while the database is away."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bms.app import create_app
from bms.settings import Settings
from bms.sql.embedded.provision import create_database, embedded_url
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.yoyo.apply import apply_migrations
from tests.kit.api import Api
from tests.kit.sessions import terminate
from tests.kit.tsql import Sql
from tests.kit.types import Rows
from tests.kit.users import PASSWORD


async def test_all_is_well(api: Api) -> None:
    live = await api.get("/health/live")
    assert (live.status, live.json) == (200, {"status": "ok"})
    ready = await api.get("/health/ready")
    assert (ready.status, ready.json) == (200, {"status": "ok", "checks": {"database": "ok", "outbox": "ok"}})


async def test_mail_that_does_not_go_out(api: Api, rows: Rows) -> None:
    for name in ("ada", "bob"):
        account = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        assert (await api.post("/register", account)).status == 201
    assert (await api.get("/health/ready")).status == 200
    rows("UPDATE outbox SET available_at = '2001-01-01'")
    # It is reported. Requests are served all the same, and no other process would send it sooner.
    ready = await api.get("/health/ready")
    assert ready.status == 200
    assert ready.json == {"status": "ok", "checks": {"database": "ok", "outbox": "2 overdue"}}


@pytest.fixture
async def own_server(tmp_path: Path) -> AsyncIterator[EmbeddedServer]:
    """A server of this test's own, which it may stop."""
    server = EmbeddedServer(tmp_path / "postgres")
    await asyncio.to_thread(server.start)
    yield server
    await asyncio.to_thread(server.stop)


@pytest.mark.embedded_only("it stops the server")
async def test_the_database_goes_away_and_comes_back(own_server: EmbeddedServer, settings: Settings) -> None:
    create_database(own_server, "bms")
    url = embedded_url(own_server)
    await asyncio.to_thread(apply_migrations, url)
    account = {"username": "ada", "password": PASSWORD}
    async with TestClient(TestServer(create_app(settings, url))) as client:
        api = Api(client)
        assert (await api.post("/register", account)).status == 201
        tokens = (await api.post("/login", account)).json
        assert (await api.get("/health/ready")).status == 200

        await asyncio.to_thread(own_server.stop)
        for _ in range(2):
            ready = await api.get("/health/ready")
            assert ready.status == 503
            assert int(ready.headers["Retry-After"]) > 0
            assert ready.json == {
                "status": "unavailable",
                "checks": {"database": "unavailable", "outbox": "unknown"},
            }
            assert (await api.get("/health/live")).status == 200
            refused = await asyncio.gather(
                api.get("/events"),
                api.get("/profile", token=tokens["access_token"]),
                api.post("/login", account),
                api.post("/register", {**account, "username": "bob"}),
                api.post("/token/refresh", {"refresh_token": tokens["refresh_token"]}),
                *(api.get("/venues") for _ in range(20)),
            )
            for reply in refused:
                reply.problem(503, "database_unavailable")
                assert int(reply.headers["Retry-After"]) > 0
                assert "postgres" not in reply.text.lower()
        # What needs no database is refused as ever.
        (await api.get("/nothing")).problem(404, "not_found")
        (await api.post("/register", {})).problem(422, "validation_failed")

        await asyncio.to_thread(own_server.start)
        ready = await api.get("/health/ready")
        assert (ready.status, ready.json["status"]) == (200, "ok")
        replies = await asyncio.gather(*(api.get("/venues") for _ in range(20)))
        assert {reply.status for reply in replies} == {200}
        assert (await api.get("/profile", token=tokens["access_token"])).status == 200
        # Neither was bob made, nor was the refresh token spent, while nothing could be written.
        assert (await api.post("/register", {**account, "username": "bob"})).status == 201
        assert (await api.post("/token/refresh", {"refresh_token": tokens["refresh_token"]})).status == 200


async def test_connections_that_were_cut_are_replaced_unseen(api: Api, rows: Sql) -> None:
    for _ in range(2):
        replies = await asyncio.gather(*(api.get("/venues") for _ in range(20)))
        assert {reply.status for reply in replies} == {200}
        terminate(rows.connection)
    assert (await api.get("/health/ready")).status == 200
