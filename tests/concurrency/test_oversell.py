"""Two hundred buyers at once, fifty tickets: fifty are sold. Its twins take the guards away, and oversell."""

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient

from bms import keys
from bms.commands import inventory
from bms.commands.inventory import Line
from bms.errors import SoldOut
from bms.settings import Settings
from bms.sql.database import Database
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.books import Rows, assert_balanced, assert_conserved, available
from tests.concurrency.crowd import book_all, make_crowd

Make = Callable[..., Awaitable[dict[str, Any]]]
BUYERS = 200
TICKETS = 50
_SOLD = """
    SELECT COALESCE(SUM(bl.quantity), 0) AS sold
    FROM   booking_lines bl INNER JOIN bookings b ON b.id = bl.booking_id
    WHERE  b.status IN ('PENDING', 'CONFIRMED')
"""
_DROP_CHECK = "ALTER TABLE ticket_types DROP CONSTRAINT ck_ticket_types_available"

# The statement without its guard: it takes tickets that are not there.
UNGUARDED = Statement(
    "test.reserve_unguarded",
    "@id BIGINT, @quantity INT, @unit_price DECIMAL(12,2), @currency NVARCHAR(3)",
    """
    UPDATE ticket_types
    SET    available = available - @quantity
    OUTPUT inserted.available
    WHERE  id = @id AND price = @unit_price AND currency = @currency
    """,
)
LOOK = Statement("test.look", "@id BIGINT", "SELECT available FROM ticket_types WHERE id = @id")
TAKE = Statement(
    "test.take", "@id BIGINT, @left INT", "UPDATE ticket_types SET available = @left WHERE id = @id"
)


def sold(rows: Rows) -> int:
    return int(rows(_SOLD)[0].sold)


@pytest.fixture
async def crowd(client: TestClient, db: Database) -> list[str]:
    return await make_crowd(db, client.app[keys.TOKENS], BUYERS)


@pytest.fixture
def base(client: TestClient) -> str:
    return str(client.make_url("")).rstrip("/")


@pytest.fixture
def one_by_one(client: TestClient) -> None:
    """Let no two buyers share a transaction, and eight transactions run at a time."""
    client.app[keys.TURNSTILE].group = 1
    client.app[keys.TURNSTILE].lanes = 8


@pytest.mark.parametrize("group", [1, 32])
@pytest.mark.parametrize("guards", ["both", "statement", "constraint"])
async def test_two_hundred_buyers_get_fifty_tickets(
    client: TestClient,
    base: str,
    crowd: list[str],
    make_event: Make,
    db: Database,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    guards: str,
    group: int,
) -> None:
    """The statement and the constraint both guard the sale, and either is enough."""
    client.app[keys.TURNSTILE].group = group
    client.app[keys.TURNSTILE].lanes = 8
    event = await make_event(capacity=TICKETS)
    if guards == "statement":
        rows(_DROP_CHECK)
    elif guards == "constraint":
        monkeypatch.setattr(inventory, "RESERVE", UNGUARDED)
    answers = await book_all([base], crowd, {"event": event["id"], "quantity": 1})
    assert answers == {(201, None): TICKETS, (409, "sold_out"): BUYERS - TICKETS}
    assert (sold(rows), available(rows, event)) == (TICKETS, 0)
    await assert_balanced(db, rows)


async def test_quantities_that_do_not_divide_the_tickets(
    base: str, crowd: list[str], make_event: Make, db: Database, rows: Rows
) -> None:
    event = await make_event(capacity=TICKETS)
    answers = await book_all([base], crowd[:60], {"event": event["id"], "quantity": 3})
    assert answers == {(201, None): 16, (409, "sold_out"): 44}
    assert (sold(rows), available(rows, event)) == (48, 2)
    await assert_balanced(db, rows)


@pytest.mark.usefixtures("one_by_one")
async def test_without_guard_and_constraint_more_is_sold_than_there_is(
    base: str, crowd: list[str], make_event: Make, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: both guards are off."""
    rows(_DROP_CHECK)
    monkeypatch.setattr(inventory, "RESERVE", UNGUARDED)
    event = await make_event(capacity=TICKETS)
    answers = await book_all([base], crowd, {"event": event["id"], "quantity": 1})
    assert answers[201, None] > TICKETS
    assert sold(rows) > TICKETS


@pytest.mark.usefixtures("one_by_one")
async def test_reading_before_writing_sells_more_than_there_is(
    base: str, crowd: list[str], make_event: Make, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other twin: the check is there, and right for one buyer at a time. No constraint sees the loss."""

    def look_then_take(tx: Transaction, lines: Iterable[Line], *, currency: str) -> None:
        for line in lines:
            left = tx.value(LOOK, id=line.ticket_type_id)
            if left < line.quantity:
                raise SoldOut(available=left)
            time.sleep(0.002)
            tx.execute(TAKE, id=line.ticket_type_id, left=left - line.quantity)

    monkeypatch.setattr(inventory, "reserve", look_then_take)
    event = await make_event(capacity=TICKETS)
    answers = await book_all([base], crowd, {"event": event["id"], "quantity": 1})
    assert answers[201, None] > TICKETS
    assert sold(rows) > TICKETS
    with pytest.raises(AssertionError, match="ticket type"):
        assert_conserved(rows)


async def test_two_processes_sell_from_the_same_fifty(
    crowd: list[str],
    make_event: Make,
    db: Database,
    rows: Rows,
    settings: Settings,
    database_url: str,
    tmp_path: Path,
) -> None:
    """``bms serve`` twice, each with a pool of its own: what keeps them apart is in the database."""
    event = await make_event(capacity=TICKETS)
    async with contextlib.AsyncExitStack() as stack:
        starting = (serving(settings, database_url, tmp_path) for _ in range(2))
        bases = await asyncio.gather(*(stack.enter_async_context(process) for process in starting))
        answers = await book_all(bases, crowd, {"event": event["id"], "quantity": 1})
    assert answers == {(201, None): TICKETS, (409, "sold_out"): BUYERS - TICKETS}
    assert (sold(rows), available(rows, event)) == (TICKETS, 0)
    await assert_balanced(db, rows)


@contextlib.asynccontextmanager
async def serving(settings: Settings, database_url: str, directory: Path) -> AsyncIterator[str]:
    """Run a server process on the test's database and yield its base URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BMS_")} | {
        "BMS_PORT": str(port),
        "BMS_DATABASE_URL": database_url,
        "BMS_SECRET_KEY": settings.secret_key,
        "BMS_DATA_DIR": str(directory),
        "BMS_BACKGROUND_TASKS": "off",
        "BMS_BCRYPT_ROUNDS": "4",
    }
    output = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", "from bms.cli import main; raise SystemExit(main(['serve']))"),
        env=environment,
        cwd=directory,
        stdout=output,
        stderr=output,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(20), aiohttp.ClientSession() as client:
            while not await is_ready(client, base):
                assert process.returncode is None, "the server has ended"
                await asyncio.sleep(0.05)
        yield base
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def is_ready(client: aiohttp.ClientSession, base: str) -> bool:
    try:
        async with client.get(f"{base}/health/live") as reply:
            return reply.status == 200
    except aiohttp.ClientError:
        return False
