"""The background loops: they go on after an error, and stop promptly without leaving a batch half done."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bms.commands.accounts.registration import register_user
from bms.errors import BMSError, DatabaseUnavailable, GatewayUnavailable
from bms.mail.transports import FileTransport
from bms.payments.simulated.gateway import SimulatedGateway
from bms.resources import make_database
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks import runner
from bms.tasks.runner import Task, background
from tests.kit.servers import Server
from tests.kit.waiting import until


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "PAUSE_AFTER_ERROR", 0.02)


Batch = Callable[[], Awaitable[int]]


def run_only(monkeypatch: pytest.MonkeyPatch, batch: Batch, every: float = 1.0) -> None:
    """Let ``batch`` be the only task."""
    monkeypatch.setattr(runner, "list_tasks", lambda *_: (Task("only", None, batch, every),))


@pytest.fixture
def away(server: Server) -> str:
    """The name of a database that is not there."""
    return server.name()


@pytest.fixture
async def idle(settings: Settings, server: Server, away: str) -> Any:
    """A database object that leads to that database."""
    database = make_database(settings, server.url(away))
    await database.open()
    yield database
    await database.close()


def tasks_of(database: Database, settings: Settings) -> contextlib.AbstractAsyncContextManager[None]:
    """Return the background tasks of a process whose mail goes to files."""
    gateway = SimulatedGateway(settings.data_dir / "gateway.sqlite3")
    return background(database, FileTransport(settings.mail_dir), gateway, settings)


async def test_waiting_loops_stop_at_once(
    idle: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = asyncio.Event()

    async def batch() -> int:
        began.set()
        return 0

    run_only(monkeypatch, batch, every=86_400)
    # Its pause is a day: whoever sat it out would not come back from here.
    async with asyncio.timeout(60), tasks_of(idle, settings):
        await began.wait()
        await asyncio.sleep(0)


async def test_a_batch_that_has_begun_is_finished(
    idle: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, done = asyncio.Event(), []

    async def batch() -> int:
        began.set()
        await asyncio.sleep(0.3)
        done.append(1)
        return 1

    run_only(monkeypatch, batch)
    async with tasks_of(idle, settings):
        await began.wait()
        assert done == []
    assert done == [1]


async def test_while_there_is_more_no_pause_is_made(
    idle: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [100]
    empty = asyncio.Event()

    async def batch() -> int:
        await asyncio.sleep(0)
        if not left[0]:
            empty.set()
            return 0
        left[0] -= 1
        return 1

    run_only(monkeypatch, batch)
    async with tasks_of(idle, settings), asyncio.timeout(5):
        await empty.wait()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("error", [RuntimeError("a mistake"), DatabaseUnavailable()])
async def test_an_error_does_not_end_the_loop(
    idle: Database,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    calls = []
    third = asyncio.Event()

    async def batch() -> int:
        calls.append(1)
        if len(calls) == 3:
            third.set()
        elif len(calls) < 3:
            raise error
        return 0

    run_only(monkeypatch, batch)
    with caplog.at_level(logging.WARNING):
        async with tasks_of(idle, settings), asyncio.timeout(5):
            await third.wait()
    told = [record.getMessage() for record in caplog.records if record.name == runner.__name__]
    # What is no domain error is logged with its traceback.
    expected = f"only: {error}" if isinstance(error, BMSError) else "only failed"
    assert told == [expected, expected]


async def test_a_gateway_that_is_down_is_asked_ever_less_often(
    idle: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    ends = [
        *[GatewayUnavailable()] * 8,
        None,
        GatewayUnavailable(),
        DatabaseUnavailable(),
        GatewayUnavailable(),
    ]
    over = asyncio.Event()

    async def batch() -> int:
        end = ends.pop(0)
        if end is not None:
            raise end
        return 0

    async def rest(stopping: asyncio.Event, *_: asyncio.Event, seconds: float) -> None:
        rests.append(seconds)
        if not ends:
            over.set()
            await stopping.wait()

    monkeypatch.setattr(runner, "first_of", rest)
    monkeypatch.setattr(runner.random, "uniform", lambda low, high: 1.0)
    run_only(monkeypatch, batch, every=10.0)
    async with tasks_of(idle, settings), asyncio.timeout(30):
        await over.wait()
    assert rests == [5, 10, 20, 40, 80, 160, 300, 300, 10, 5, 5, 10]


async def test_every_process_runs_every_task(idle: Database, settings: Settings) -> None:
    transport, gateway = FileTransport(settings.mail_dir), SimulatedGateway(settings.data_dir / "gateway")
    tasks = runner.list_tasks(idle, transport, gateway, settings)
    names = [task.name for task in tasks]
    assert sorted(names) == [
        *("addresses", "cancellations", "events", "fan_out", "figures", "holds", "housekeeping", "names"),
        *("payments", "pending", "refunds", "releases", "reminders", "search_texts", "seats"),
    ]
    # Each is the real thing, called as it is to be: it gets as far as the database, which is not there.
    for task in tasks:
        with pytest.raises(DatabaseUnavailable):
            await task.batch()


def mailed_to(address: str, settings: Settings) -> bool:
    return any(f"To: {address}" in path.read_text() for path in settings.mail_dir.glob("*.eml"))


@pytest.mark.needs("drops of databases in use")
@pytest.mark.usefixtures("quick")
async def test_a_database_that_is_away_is_waited_for(
    idle: Database, settings: Settings, server: Server, away: str, caplog: pytest.LogCaptureFixture
) -> None:
    account = {"name": "Ana", "username": "ana", "email": "ana@example.com"}
    async with tasks_of(idle, settings):
        await until(lambda: "holds: " in caplog.text and "outbox: " in caplog.text)
        server.create(away, migrated=True)
        await idle.transact(register_user, **account, password_hash="x", role="USER")
        await until(lambda: mailed_to("ana@example.com", settings))
        # And away once more, in the middle of it.
        server.drop(away)
        seen = caplog.text.count("holds: ")
        await until(lambda: caplog.text.count("holds: ") > seen)
        server.create(away, migrated=True)
        account |= {"username": "bob", "email": "bob@example.com"}
        await idle.transact(register_user, **account, password_hash="x", role="USER")
        await until(lambda: mailed_to("bob@example.com", settings))
    server.drop(away)
