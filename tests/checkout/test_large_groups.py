"""No statement touches more than 1,000 seats or holds more than 256 KB of JSON, and a group closes there."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from bms.checkout import turnstile
from bms.checkout.pinning import Pinner
from bms.checkout.turnstile import Turnstile
from bms.commands.idempotency import StoredReply
from bms.commands.sales.hold import Ask
from bms.commands.sales.pricing import Wanted
from bms.queries.seats import list_labels
from bms.sql.session import Transaction
from bms.sql.statements import MAX_BYTES, MAX_ROWS, json_batches
from bms.terms import Actor
from tests.kit.scene import Scene
from tests.kit.seats import Hall, generate, seat_event
from tests.kit.types import MakeUser

BIG = {"name": "Big", "category": "Big", "rows": 15, "seats_per_row": 100}


class Ran(NamedTuple):
    """A statement on seats, the rows that it changed, and the bytes of its longest text."""

    name: str
    rows: int
    size: int


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[Ran]:
    """The statements on the seats of events that have run."""
    noted: list[Ran] = []
    execute, rows = Transaction.execute, Transaction.rows

    def note(statement: Any, values: dict[str, Any], changed: int) -> None:
        if statement.name.startswith("event_seats."):
            texts = [len(value.encode()) for value in values.values() if isinstance(value, str)]
            noted.append(Ran(statement.name, changed, max(texts, default=0)))

    def executed(tx: Transaction, statement: Any, **values: Any) -> int:
        changed = execute(tx, statement, **values)
        note(statement, values, changed)
        return changed

    def read(tx: Transaction, statement: Any, **values: Any) -> Any:
        note(statement, values, 0)
        return rows(tx, statement, **values)

    monkeypatch.setattr(Transaction, "execute", executed)
    monkeypatch.setattr(Transaction, "rows", read)
    return noted


async def wide_hall(scene: Scene) -> Hall:
    """Return an event with 1,500 seats, whose labels are as long as they may be."""
    layout = await generate(scene.api, scene.organiser, BIG)
    for zone in layout["zones"]:
        zone["entrance"] = "Ü" * 100
        zone["name"] = "Ö" * 64
    hall = await seat_event(scene, layout)
    while await Pinner(scene.db).run():
        pass
    return hall


def ask(hall: Hall, user: int, quantity: int) -> Ask:
    return Ask(
        actor=Actor(user),
        user_id=user,
        event_id=hall.event_id,
        wanted=(Wanted(hall.types["Big"], quantity),),
        hold_seconds=600,
        key=None,
        render=lambda view: StoredReply.of(201, view.id),
    )


async def test_seats_are_pinned_taken_and_freed_in_small_statements(
    scene: Scene, ran: list[Ran], make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []
    hold = turnstile.hold_tickets

    def grouped(tx: Transaction, *, asks: Sequence[Ask], **more: Any) -> Any:
        groups.append(sum(one.quantity for one in asks))
        return hold(tx, asks=asks, **more)

    grouped.__name__ = hold.__name__
    monkeypatch.setattr(turnstile, "hold_tickets", grouped)
    hall = await wide_hall(scene)
    people = [(await make_user()).id for _ in range(15)]
    through = Turnstile(scene.db)
    await through.hold(ask(hall, people[0], 100))  # the chart is loaded
    del groups[:]
    await asyncio.gather(*(through.hold(ask(hall, user, 100)) for user in people[1:]))
    await through.close()
    assert groups == [1000, 400]
    assert hall.count(1) == 1500
    # All of them end at once.
    scene.rows("UPDATE bookings SET hold_expires_at = '2020-01-01'")
    late = Turnstile(scene.db)
    await late.hold(ask(hall, scene.buyer.id, 1))
    await late.close()
    assert hall.count(1) == 1
    await scene.balanced()
    assert {"event_seats.insert", "event_seats.take", "event_seats.free_of_booking"} <= {r.name for r in ran}
    assert max(one.rows for one in ran) <= MAX_ROWS
    assert MAX_BYTES / 2 < max(one.size for one in ran) <= MAX_BYTES


async def test_many_labels_are_read_in_parts(scene: Scene, ran: list[Ran]) -> None:
    wanted = [(1, no) for no in range(2500)]
    assert await scene.db.read_primary(list_labels, wanted) == {}
    assert [one.name for one in ran] == ["event_seats.list_labels"] * 3


async def test_an_ask_of_more_goes_alone(
    scene: Scene, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turnstile, "SEATS", 50)
    kind = scene.event["ticket_types"][0]["id"]
    hall = Hall(scene, {}, {}, {"Big": kind}, scene.event["id"])
    through = Turnstile(scene.db)
    people = [(await make_user()).id for _ in range(3)]
    replies = await asyncio.gather(
        *(through.hold(ask(hall, user, size)) for user, size in zip(people, (1, 90, 1), strict=True))
    )
    await through.close()
    assert len(replies) == 3


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [
        ([], []),
        ([{"a": 1}] * 3, [2, 1]),
        ([{"a": "x" * 30}] * 3, [1, 1, 1]),
        ([{"a": "x" * 100}], [1]),  # one row alone may be longer
        ([{"a": "é" * 7}] * 2, [2]),
    ],
)
def test_batches_are_no_longer_than_they_may_be(rows: list[dict[str, Any]], sizes: list[int]) -> None:
    batches = list(json_batches(rows, most=2, most_bytes=50))
    assert [count for _, count in batches] == sizes
    assert all(len(text.encode()) <= 50 or count == 1 for text, count in batches)
