"""Buyers, payers and organisers at one seat, by two processes' worth of maps and connections."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bms.checkout.charts import Charts
from bms.checkout.turnstile import Turnstile
from bms.commands.events.seat_blocks import block_seats
from bms.commands.idempotency import StoredReply
from bms.commands.sales.hold import Ask
from bms.commands.sales.pricing import Wanted
from bms.commands.sales.reseat import reseat_booking
from bms.errors import BMSError, Contested, PriceChanged
from bms.resources import make_database
from bms.seating.asks import Best
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks.sweeps import HOLDS, sweep
from bms.terms import Actor, Role
from tests.concurrency.house import unguard, unlock
from tests.kit.gateways import Pause
from tests.kit.scene import Scene
from tests.kit.seats import CIRCLE, STALLS, Hall, generate, open_hall, seat_event
from tests.kit.types import MakeUser


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    return await open_hall(scene, CIRCLE)


@pytest.fixture
async def doors(
    db: Database, settings: Settings, database_url: str, hall: Hall
) -> AsyncIterator[list[Turnstile]]:
    """Two turnstiles, each with connections and maps of its own, as two processes have them."""
    other = make_database(settings, database_url)
    await other.open()
    charts = [Charts(db), Charts(other)]
    made = [Turnstile(database, charts=of) for database, of in zip((db, other), charts, strict=True)]
    yield made
    for turnstile, of in zip(made, charts, strict=True):
        await turnstile.close()
        of.close()
    await other.close()


def ask(hall: Hall, user: int, *guids: str, quantity: int = 1) -> Ask:
    wanted = Wanted(hall.types["Circle"], len(guids) or quantity, guids, None if guids else Best())
    return Ask(
        actor=Actor(user),
        user_id=user,
        event_id=hall.event_id,
        wanted=(wanted,),
        hold_seconds=600,
        key=None,
        render=lambda view: StoredReply.of(201, {"id": view.id, "seats": sorted(view.seats)}),
    )


async def served(doors: list[Turnstile], asks: list[Ask]) -> list[Any]:
    """Return a reply or an error for each ask, every second one asked at the other door."""
    return await asyncio.gather(
        *(doors[n % 2].hold(one) for n, one in enumerate(asks)), return_exceptions=True
    )


def granted(outcomes: list[Any]) -> list[StoredReply]:
    for outcome in outcomes:
        assert isinstance(outcome, (StoredReply, BMSError)), repr(outcome)
    return [outcome for outcome in outcomes if isinstance(outcome, StoredReply)]


async def test_many_buyers_for_one_seat(hall: Hall, doors: list[Turnstile], make_user: MakeUser) -> None:
    people = [(await make_user()).id for _ in range(20)]
    outcomes = await served(doors, [ask(hall, one, hall.guids("Circle")[0]) for one in people])
    assert len(granted(outcomes)) == 1
    codes = {outcome.code for outcome in outcomes if isinstance(outcome, BMSError)}
    assert codes == {"seats_taken"}
    await hall.scene.balanced()


async def test_own_picks_and_the_best_half_and_half(
    hall: Hall, doors: list[Turnstile], make_user: MakeUser
) -> None:
    people = [(await make_user()).id for _ in range(24)]
    guids = hall.guids("Circle")
    asks = [
        ask(hall, one, guids[n % 10]) if n % 3 else ask(hall, one, quantity=1) for n, one in enumerate(people)
    ]
    sold = granted(await served(doors, asks))
    assert hall.count(1) == len(sold)
    # Whoever came too late for a seat may have the best that is left.
    late = granted(await served(doors, [ask(hall, one, quantity=1) for one in people[:12]]))
    assert len(sold) + len(late) == 10
    assert hall.count(0) == 0
    await hall.scene.balanced()


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    unlock(monkeypatch)


@pytest.mark.usefixtures("unlocked")
async def test_without_the_lock_the_row_count_decides(
    hall: Hall, doors: list[Turnstile], make_user: MakeUser
) -> None:
    people = [(await make_user()).id for _ in range(2)]
    outcomes = await served(doors, [ask(hall, one, hall.guids("Circle")[0]) for one in people])
    assert len(granted(outcomes)) == 1
    await hall.scene.balanced()


@pytest.mark.usefixtures("unlocked")
async def test_without_both_guards_a_seat_is_sold_twice(
    hall: Hall, doors: list[Turnstile], make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin."""
    unguard(monkeypatch)
    people = [(await make_user()).id for _ in range(2)]
    outcomes = await served(doors, [ask(hall, one, hall.guids("Circle")[0]) for one in people])
    assert len(granted(outcomes)) == 2
    assert hall.count(1) == 1  # two bookings, one seat


async def sold(hall: Hall, *guids: str) -> tuple[int, list[int]]:
    booking = await hall.held(*guids, type="Circle")
    await hall.scene.pay(booking)
    shown = await hall.scene.shown(booking)
    return booking["id"], [ticket["id"] for ticket in shown["tickets"]]


async def test_two_organisers_reseat_into_one_seat(hall: Hall) -> None:
    guids = hall.guids("Circle")
    moves = [(await sold(hall, guids[n]), guids[5]) for n in range(2)]
    actor = Actor(hall.scene.organiser.id, Role.EVENT_MANAGER)
    outcomes = await asyncio.gather(
        *(
            hall.scene.db.transact(reseat_booking, actor, booking_id=booking, moves=[(tickets[0], target)])
            for (booking, tickets), target in moves
        ),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "SeatsTaken"]
    assert hall.count(2) == 2
    await hall.scene.balanced()


async def test_seats_are_blocked_while_they_are_bought(
    hall: Hall, doors: list[Turnstile], make_user: MakeUser
) -> None:
    guids = hall.guids("Circle")
    actor = Actor(hall.scene.organiser.id, Role.EVENT_MANAGER)
    people = [(await make_user()).id for _ in range(10)]
    blocking = [
        hall.scene.db.transact(block_seats, actor, event_id=hall.event_id, guids=[guid], reason="Camera")
        for guid in guids
    ]
    buying = served(doors, [ask(hall, one, guid) for one, guid in zip(people, guids, strict=True)])
    outcomes, *blocked = await asyncio.gather(buying, *blocking, return_exceptions=True)
    assert not isinstance(outcomes, BaseException)
    assert len(granted(outcomes)) + sum(one == 1 for one in blocked) == 10
    assert not any(isinstance(one, Contested) for one in blocked)
    await hall.scene.balanced()


@pytest.mark.parametrize("taken", [False, True])
async def test_a_late_payment_has_its_very_seats_or_its_money(
    hall: Hall, pause: Pause, make_user: MakeUser, taken: bool
) -> None:
    wanted = hall.guids("Circle")[:2]
    booking = await hall.held(*wanted, type="Circle")
    request = asyncio.create_task(hall.scene.pay(booking))
    await pause.reached.wait()
    hall.scene.let_hold_pass(booking)
    assert await sweep(hall.scene.db, HOLDS) == 1
    assert hall.count(0) == 10
    if taken:
        await hall.held(wanted[1], type="Circle", by=await make_user())
    pause.go.set()
    reply = await request
    assert reply.status == (409 if taken else 201), reply.text
    states = hall.states()
    assert [states[guid] for guid in wanted] == ([0, 1] if taken else [2, 2])
    assert hall.scene.count("refunds") == taken
    await hall.scene.balanced()


async def test_standing_and_seats_are_sold_side_by_side(scene: Scene, make_user: MakeUser) -> None:
    """A standing area has room for as many as the plan says, whoever sells it."""
    layout = await _with_standing(scene)
    hall = await seat_event(scene, layout)
    stand = {"type": "Standing", "quantity": 2}
    first = await hall.held(**stand)
    assert first["lines"][0]["seats"] == []
    refused = await hall.book(type="Standing", quantity=2, by=await make_user())
    refused.problem(409, "sold_out")
    (await hall.book("x", type="Standing")).problem(422, "validation_failed")
    await hall.scene.pay(first)
    await hall.scene.balanced()
    await hall.scene.cancel(first)
    await hall.held(by=await make_user(), **stand)
    await hall.scene.balanced()


async def test_who_is_refused_for_the_price_leaves_the_standing_places(
    scene: Scene, db: Database, make_user: MakeUser
) -> None:
    """Both are judged in one transaction, and the area has room for three."""
    hall = await seat_event(scene, await _with_standing(scene))
    asks = [
        Ask(
            actor=Actor((user := await make_user()).id),
            user_id=user.id,
            event_id=hall.event_id,
            wanted=(Wanted(hall.types["Standing"], 3),),
            hold_seconds=600,
            key=None,
            quote=quote,
            render=lambda view: StoredReply(201, ""),
        )
        for quote in ("outdated", None)
    ]
    through = Turnstile(db)
    replies = await asyncio.gather(*(through.hold(one) for one in asks), return_exceptions=True)
    assert [type(reply) for reply in replies] == [PriceChanged, StoredReply]
    await hall.scene.balanced()


async def _with_standing(scene: Scene) -> dict[str, Any]:
    layout = await generate(scene.api, scene.organiser, STALLS)
    layout["categories"].append({"name": "Standing"})
    layout["zones"].append(
        {
            "name": "Floor",
            "position": {"x": 0, "y": 0},
            "rows": [],
            "areas": [
                {
                    "shape": "rectangle",
                    "position": {"x": 0, "y": 0},
                    "rectangle": {"width": 10, "height": 10},
                    "color": "#eeeeee",
                    "sell": {"category": "Standing", "capacity": 3},
                }
            ],
        }
    )
    return layout
