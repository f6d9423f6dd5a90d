"""A hold makes few calls in the thread that writes it: they can be counted on a busy machine, time cannot."""

import itertools
from collections.abc import Sequence
from functools import partial

import pytest
from aiohttp.test_utils import TestClient

from bms.commands.idempotency import Key, StoredReply
from bms.commands.sales.hold import Ask, hold_tickets
from bms.commands.sales.pricing import Wanted
from bms.http import keys
from bms.schemas.bookings import present_booking
from bms.sql.database import Database
from bms.sql.session import Transaction
from bms.terms import Actor
from tests.concurrency.crowd import make_crowd
from tests.kit.calls import counting
from tests.kit.types import Make

SIZE = 8
# Of a group of eight for eight events there were 126 before accounts, limits, seats and languages, then 216,
# and 115 when this was written (docs/decisions/0061).
AT_MOST = 130
_numbers = itertools.count(1)


def ask(user_id: int, event_id: int) -> Ask:
    return Ask(
        actor=Actor(user_id),
        user_id=user_id,
        event_id=event_id,
        wanted=(Wanted(None, 1),),
        hold_seconds=600,
        key=Key(user_id, f"key-{next(_numbers)}", "f"),
        render=lambda view: StoredReply.of(201, present_booking(view)),
        locale="en",
    )


def counted(tx: Transaction, *, asks: Sequence[Ask]) -> float:
    """Hold tickets and return how many calls of functions each ask took."""
    replies, calls = counting(partial(hold_tickets, tx, asks=asks))
    assert all(isinstance(reply, StoredReply) for reply in replies)
    return calls / len(asks)


@pytest.fixture
async def pairs(client: TestClient, db: Database, make_event: Make) -> list[tuple[int, int]]:
    """Users, each with an event of its own."""
    crowd = await make_crowd(db, client.app[keys.TOKENS], SIZE)
    return [(person.id, (await make_event(capacity=100))["id"]) for person in crowd]


async def fewest(db: Database, pairs: Sequence[tuple[int, int]]) -> float:
    """Return the fewest calls in a few runs: the first one on a connection prepares the statements."""
    runs = [await db.transact(counted, asks=[ask(*pair) for pair in pairs]) for _ in range(4)]
    return min(runs)


async def test_a_hold_of_a_small_group_makes_few_calls(db: Database, pairs: list[tuple[int, int]]) -> None:
    assert await fewest(db, pairs) < AT_MOST


async def test_a_hold_alone_makes_more(db: Database, pairs: list[tuple[int, int]]) -> None:
    """The twin: what a group shares is counted."""
    assert await fewest(db, pairs[:1]) > AT_MOST
