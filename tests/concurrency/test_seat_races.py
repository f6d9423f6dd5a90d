"""Races for seats, over HTTP at two servers; each has a twin whose guards are taken away, and which fails."""

import asyncio
import threading
from types import ModuleType
from typing import Any

import pytest

from bms.commands.events import pinning, seat_blocks, seating
from bms.commands.sales import reseat
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.concurrency.crowd import book_all
from tests.concurrency.house import House, open_house, unguard, unlock, without
from tests.concurrency.shop import Shop

BUYERS = 300
_DROP_CHECK = "ALTER TABLE event_seats DROP CONSTRAINT ck_event_seats_state"
# In place of the lock on an event's seating: it sees the row, and holds nothing.
LOOK = Statement(
    "test.look_at_seating",
    "@event_id BIGINT",
    "SELECT event_id FROM event_seating WHERE event_id = @event_id",
)


def look_instead(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> None:
    """Have a command look at the seating where it locks it."""
    execute = Transaction.execute

    def look(tx: Transaction, statement: Statement[Any], **values: Any) -> int:
        # SQL Server counts the rows of no SELECT.
        return len(tx.rows(LOOK, **values)) if statement is LOOK else execute(tx, statement, **values)

    monkeypatch.setattr(module, name, LOOK)
    monkeypatch.setattr(Transaction, "execute", look)


async def test_three_hundred_buyers_for_one_seat(shop: Shop) -> None:
    house = await open_house(shop, rows=1, seats=10)
    crowd = await shop.people(BUYERS)
    answers = await book_all(shop.premises.bases, crowd, house.picks(house.guids[4]))
    assert answers == {(201, None): 1, (409, "seats_taken"): BUYERS - 1}
    assert house.counted() == {0: 9, 1: 1}
    await shop.check()


async def test_without_its_guards_a_seat_is_sold_twice(
    own_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin."""
    house = await open_house(own_shop, rows=1, seats=10)
    crowd = await own_shop.people(8)
    await own_shop.get(f"/events/{house.event_id}/seating/availability")  # so that nobody waits for the chart
    unlock(monkeypatch)
    unguard(monkeypatch)
    answers = await book_all(own_shop.premises.bases, crowd, house.picks(house.guids[4]))
    assert answers[201, None] >= 2
    assert len(house.seats_of_bookings()) > house.counted()[1] == 1


async def test_two_organisers_move_tickets_to_one_seat(shop: Shop) -> None:
    house = await open_house(shop, rows=2, seats=10)
    people = await shop.people(2)
    bookings = [await house.sold(person, house.guids[at]) for at, person in enumerate(people)]
    for target in house.guids[10:18]:
        replies = await asyncio.gather(*(_move(house, booking, target) for booking in bookings))
        assert sorted(reply.status for reply in replies) == [200, 409]
        next(reply for reply in replies if reply.status == 409).problem(409, "seats_taken")
        assert house.states()[target] == 2
    assert house.counted() == {0: 18, 2: 2}
    await shop.check()


async def test_without_its_guards_two_tickets_are_moved_to_one_seat(
    own_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin. The lock, the row count and the unique index each would be enough."""
    house = await open_house(own_shop, rows=2, seats=10)
    people = await own_shop.people(2)
    bookings = [await house.sold(person, house.guids[at]) for at, person in enumerate(people)]
    own_shop.rows("DROP INDEX ux_tickets_live_seat_no ON tickets")
    look_instead(monkeypatch, reseat, "LOCK_OPEN")
    unguard(monkeypatch)
    both_have_read, list_named = threading.Barrier(2, timeout=10), seat_blocks.list_named

    def meet(*args: Any) -> Any:
        found = list_named(*args)
        both_have_read.wait()
        return found

    monkeypatch.setattr(reseat, "list_named", meet)
    replies = await asyncio.gather(*(_move(house, booking, house.guids[10]) for booking in bookings))
    assert [reply.status for reply in replies] == [200, 200]
    seats = house.seats_of_bookings()
    assert len(seats) == 2
    assert len(set(seats)) == 1


async def _move(house: House, booking: dict[str, Any], target: str) -> Any:
    (ticket,) = booking["tickets"]
    body = {"moves": [{"ticket": ticket["id"], "to": target}]}
    return await house.shop.post(f"/bookings/{booking['id']}/reseat", body, house.organiser)


async def test_seats_are_blocked_and_bought_at_the_same_time(shop: Shop) -> None:
    house = await open_house(shop, rows=4, seats=10)
    people = await shop.people(40)
    blocking = [_block(house, guid) for guid in house.guids]
    buying = [
        shop.post("/bookings", house.picks(guid), person)
        for guid, person in zip(house.guids, people, strict=True)
    ]
    pairs = [one for pair in zip(blocking, buying, strict=True) for one in pair]
    replies = await asyncio.gather(*pairs)
    for blocked, bought in zip(replies[::2], replies[1::2], strict=True):
        assert (blocked.status, bought.status) in {(200, 409), (409, 201)}
        (bought if blocked.status == 200 else blocked).problem(409, "seats_taken")
    held = sum(reply.status == 201 for reply in replies)
    assert house.counted() == {state: n for state, n in ((1, held), (3, 40 - held)) if n}
    await shop.check()


@pytest.mark.parametrize("guarded", [True, False])
async def test_a_seat_is_bought_after_its_organiser_looked(
    own_shop: Shop, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Without the lock the row count decides. The twin has no guard left, and blocks a seat that is held."""
    house = await open_house(own_shop, rows=1, seats=10)
    buyer = await own_shop.person()
    looked, bought, list_named = threading.Event(), threading.Event(), seat_blocks.list_named

    def look(*args: Any) -> Any:
        found = list_named(*args)
        looked.set()
        bought.wait(10)
        return found

    monkeypatch.setattr(seat_blocks, "list_named", look)
    look_instead(monkeypatch, seat_blocks, "LOCK")
    if not guarded:
        own_shop.rows(_DROP_CHECK)
        block = without(seat_blocks.BLOCK, " AND event_seats.state = 0")
        monkeypatch.setattr(seat_blocks, "BLOCK", block)
    blocking = asyncio.create_task(_block(house, house.guids[0]))
    assert await asyncio.to_thread(looked.wait, 10)
    held = await own_shop.post("/bookings", house.picks(house.guids[0]), buyer)
    assert held.status == 201, held.text
    bought.set()
    reply = await blocking
    assert (reply.status == 200) is not guarded
    assert house.states()[house.guids[0]] == (1 if guarded else 3)
    if guarded:
        await own_shop.check()
    else:
        with pytest.raises(AssertionError):
            await own_shop.check()


async def _block(house: House, guid: str) -> Any:
    body = {"seats": [guid], "reason": "A camera"}
    return await house.shop.post(f"/events/{house.event_id}/seats/block", body, house.organiser)


def _shorter(layout: dict[str, Any]) -> dict[str, Any]:
    """Return a layout without its last row."""
    return {**layout, "zones": [{**zone, "rows": zone["rows"][:-1]} for zone in layout["zones"]]}


async def test_a_plan_loses_a_row_during_the_sale(shop: Shop) -> None:
    """Either its seats are held first, and the plan stays, or they are gone, and nobody has one."""
    house = await open_house(shop, rows=5, seats=10)
    shorter = await house.publish(_shorter(house.layout))
    last = house.guids[40:]
    people = await shop.people(40)
    bodies = [*(house.picks(guid) for guid in last), *(house.best(1) for _ in range(30))]
    buying = [shop.post("/bookings", body, person) for body, person in zip(bodies, people, strict=True)]
    pinned, *bought = await asyncio.gather(house.pin(shorter), *buying)
    assert {reply.status for reply in bought} <= {201, 409, 422}
    states = house.states()
    if pinned.status == 200:
        assert {states[guid] for guid in last} == {3}
        assert house.counted()[0] + house.counted()[1] == 40
    else:
        sold = pinned.problem(409, "seats_sold")["seats"]
        assert set(sold) <= {guid for guid in last if states[guid] == 1}
    assert len(set(house.seats_of_bookings())) == sum(reply.status == 201 for reply in bought)
    await shop.check()


async def test_without_its_guards_a_plan_loses_a_row_that_is_held(
    own_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin."""
    house = await open_house(own_shop, rows=2, seats=10)
    shorter = await house.publish(_shorter(house.layout))
    buyer = await own_shop.person()
    held = await own_shop.post("/bookings", house.picks(house.guids[-1]), buyer)
    assert held.status == 201, held.text
    (await house.pin(shorter)).problem(409, "seats_sold")
    own_shop.rows(_DROP_CHECK)
    monkeypatch.setattr(seating, "_check_kept", lambda *_, **__: None)
    monkeypatch.setattr(pinning, "REMOVE", without(pinning.REMOVE, "AND  event_seats.booking_id IS NULL"))
    assert (await house.pin(shorter)).status == 200
    assert house.states()[house.guids[-1]] == 3
    with pytest.raises(AssertionError):
        await own_shop.check()
