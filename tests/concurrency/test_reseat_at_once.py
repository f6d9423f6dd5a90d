"""Two organisers give one ticket two seats at once."""

import asyncio
from typing import Any, ClassVar

import pytest

from bms.commands.sales import reseat
from bms.commands.sales.reseat import reseat_booking
from bms.queries.conservation import check_conservation
from bms.sql.session import Transaction
from bms.terms import Actor, Role
from tests.kit.scene import Scene
from tests.kit.seats import CIRCLE, Hall, open_hall
from tests.kit.waiting import Meeting


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    return await open_hall(scene, CIRCLE)


async def move_twice(hall: Hall) -> list[Any]:
    """Have a ticket moved to two seats at once, and return how each ended."""
    first, *targets = hall.guids("Circle")[:3]
    booking = await hall.held(first, type="Circle")
    await hall.scene.pay(booking)
    ticket = (await hall.scene.shown(booking))["tickets"][0]["id"]
    actor = Actor(hall.scene.organiser.id, Role.EVENT_MANAGER)
    return await asyncio.gather(
        *(
            hall.scene.db.transact(reseat_booking, actor, booking_id=booking["id"], moves=[(ticket, target)])
            for target in targets
        ),
        return_exceptions=True,
    )


async def test_the_second_moves_it_on(hall: Hall) -> None:
    assert await move_twice(hall) == [None, None]
    assert hall.count(2) == 1
    await hall.scene.balanced()


class Without:
    """A transaction in which some statements do nothing, and seem to have changed a row."""

    def __init__(self, tx: Transaction, skipped: list[Any]) -> None:
        self._tx, self._skipped = tx, skipped

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def only(self, statement: Any, **values: Any) -> Any:
        return None if statement in self._skipped else self._tx.only(statement, **values)

    def execute(self, statement: Any, **values: Any) -> int:
        changed = 0 if statement in self._skipped else self._tx.execute(statement, **values)
        return max(changed, int(statement in (*self._skipped, *self.heedless)))

    heedless: ClassVar[list[Any]] = []  # statements whose row count is not heeded


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is locked, and both have read the ticket before either writes."""
    both_have_read = Meeting(5)
    first, run = reseat.list_named, reseat.reseat_tickets

    def listed(tx: Transaction, *args: Any) -> Any:
        found = first(tx, *args)
        both_have_read()
        return found

    monkeypatch.setattr(reseat, "list_named", listed)
    locks = [reseat.LOCK_BOOKING, reseat.LOCK_OPEN]
    monkeypatch.setattr(
        reseat, "reseat_tickets", lambda tx, *args, **named: run(Without(tx, locks), *args, **named)
    )


@pytest.mark.usefixtures("unlocked")
async def test_without_the_locks_the_row_counts_decide(hall: Hall) -> None:
    outcomes = await move_twice(hall)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Contested", "NoneType"]
    await hall.scene.balanced()


@pytest.mark.usefixtures("unlocked")
async def test_without_both_a_seat_is_sold_without_a_ticket(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin."""
    monkeypatch.setattr(Without, "heedless", [reseat.FREE_SOME])
    assert await move_twice(hall) == [None, None]
    broken = [finding.rule for finding in await hall.scene.db.read(check_conservation) if finding.rows]
    assert "A sold seat has one valid ticket" in broken
