"""Two transactions that take the same two rows crosswise: the one that must give way is run again."""

import asyncio
from typing import Any

import pyodbc
import pytest

from bms.sql import database
from bms.sql.odbc.target import parse_url
from tests.concurrency.crowd import Person
from tests.concurrency.shop import Shop
from tests.kit.api import Reply
from tests.kit.books import available
from tests.kit.sessions import is_postgres, waiting
from tests.kit.waiting import until

pytestmark = pytest.mark.needs("DEADLOCK_PRIORITY")

TAKE = "UPDATE ticket_types SET available = available WHERE id = ?"
SEATS = [{"name": name, "price": "10.00", "capacity": 5} for name in ("Stalls", "Balcony")]


async def book_crosswise(shop: Shop, person: Person, event: dict[str, Any]) -> Reply:
    """Let the buyer wait for the second row while somebody who has that one asks for the first."""
    first, second = (kind["id"] for kind in event["ticket_types"])
    rival = pyodbc.connect(parse_url(shop.premises.database_url).odbc, autocommit=False)
    try:
        if not is_postgres(rival):
            rival.execute("SET DEADLOCK_PRIORITY HIGH").close()
        rival.execute(TAKE, second).close()
        booking = asyncio.create_task(shop.post("/bookings", wanted(event), person))
        await until(lambda: waiting(shop.rows.connection) > 0)
        # The database has found out who waits for whom as soon as this comes back.
        await asyncio.to_thread(lambda: rival.execute(TAKE, first).close())
        rival.commit()
        return await booking
    finally:
        rival.close()


def wanted(event: dict[str, Any]) -> dict[str, Any]:
    tickets = [{"ticket_type": kind["id"], "quantity": 1} for kind in event["ticket_types"]]
    return {"event": event["id"], "tickets": tickets}


async def test_the_victim_is_run_again_and_both_end_well(shop: Shop) -> None:
    log = shop.premises.settings.data_dir / "serve.log"
    event, person = await shop.event(ticket_types=SEATS), await shop.person()
    before = log.read_text().count("deadlock victim, attempt 1")
    reply = await book_crosswise(shop, person, event)
    assert (reply.status, reply.json["quantity"]) == (201, 2)
    assert log.read_text().count("deadlock victim, attempt 1") == before + 1
    assert available(shop.rows, event) == 8
    await shop.check()


async def test_without_another_attempt_the_buyer_is_sent_away(
    own_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the victim is not run again. Nothing of it is left, and the buyer is told to come again."""
    monkeypatch.setattr(database, "MAX_ATTEMPTS", 1)
    event, person = await own_shop.event(ticket_types=SEATS), await own_shop.person()
    reply = await book_crosswise(own_shop, person, event)
    reply.problem(503, "overloaded")
    assert int(reply.headers["Retry-After"]) > 0
    assert available(own_shop.rows, event) == 10
    assert (await own_shop.post("/bookings", wanted(event), person)).status == 201
    await own_shop.check()
