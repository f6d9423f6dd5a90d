"""A hold of seats makes few calls in the thread that writes it, and takes few statements for a group."""

import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import pytest
from aiohttp.test_utils import TestClient

from bms.commands.idempotency import Key, StoredReply
from bms.commands.sales.hold import Ask, hold_tickets
from bms.commands.sales.pricing import Wanted
from bms.http import keys
from bms.schemas.bookings import present_booking
from bms.seating.asks import Best
from bms.seating.maps import SeatMaps
from bms.sql.database import Database
from bms.sql.session import Session, Transaction
from bms.terms import Actor
from tests.concurrency.crowd import make_crowd
from tests.kit.calls import counting
from tests.kit.scene import Scene
from tests.kit.seats import Hall, open_hall

SIZE = 32
# Of a group of 32 who take two seats each, picked or the best in turn, there were some 400 when each seat was
# measured three times, and 240 when this was written (docs/decisions/0061).
AT_MOST = 270
STATEMENTS = 12  # of a group, with a commit of one more round trip
STALLS = {"name": "Stalls", "category": "Stalls", "rows": 40, "seats_per_row": 20}
_numbers = itertools.count(1)


class Cost(NamedTuple):
    """The calls of functions for each ask, and the statements for all."""

    calls: float
    statements: int


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    return await open_hall(scene, STALLS, orphan_rule="refuse")


@pytest.fixture
async def people(client: TestClient, db: Database) -> list[int]:
    return [person.id for person in await make_crowd(db, client.app[keys.TOKENS], SIZE)]


def asks(hall: Hall, people: Sequence[int], guids: Iterator[str]) -> list[Ask]:
    """Return asks for two seats each, of ``guids`` or the best in turn."""
    kind = hall.types["Stalls"]
    return [
        Ask(
            actor=Actor(user),
            user_id=user,
            event_id=hall.event_id,
            wanted=(Wanted(kind, 2, (next(guids), next(guids))) if at % 2 else Wanted(kind, 2, (), Best()),),
            hold_seconds=600,
            key=Key(user, f"seated-{next(_numbers)}", "f"),
            render=lambda view: StoredReply.of(201, present_booking(view)),
            locale="en",
        )
        for at, user in enumerate(people)
    ]


def cost(tx: Transaction, *, group: Sequence[Ask], maps: SeatMaps, ran: list[str]) -> Cost:
    """Hold the tickets of a group and return what that took."""
    del ran[:]
    replies, calls = counting(partial(hold_tickets, tx, asks=group, maps=maps))
    assert all(isinstance(reply, StoredReply) for reply in replies)
    return Cost(calls / len(group), len(ran))


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the statements that have run."""
    names: list[str] = []
    lengths = Session.run

    def run(session: Session, statement: object, *more: object) -> object:
        names.append(statement.name)  # type: ignore[attr-defined]
        return lengths(session, statement, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "run", run)
    return names


async def least(client: TestClient, db: Database, hall: Hall, people: Sequence[int], ran: list[str]) -> Cost:
    """Return the least of a few runs: the first prepare the statements and load the chart."""
    await hall.held(*hall.guids()[-4:-2])
    maps = client.app[keys.CHARTS].maps
    guids = iter(reversed(hall.guids()[:-4]))
    costs = [await db.transact(cost, group=asks(hall, people, guids), maps=maps, ran=ran) for _ in range(4)]
    return min(costs)


async def test_a_seated_hold_of_a_group_makes_few_calls(
    client: TestClient, db: Database, hall: Hall, people: list[int], ran: list[str]
) -> None:
    found = await least(client, db, hall, people, ran)
    assert found.calls < AT_MOST
    assert found.statements <= STATEMENTS, ran
    await hall.scene.balanced()


async def test_one_alone_makes_more(
    client: TestClient, db: Database, hall: Hall, people: list[int], ran: list[str]
) -> None:
    """The twin: what a group shares is counted."""
    assert (await least(client, db, hall, people[:1], ran)).calls > AT_MOST
