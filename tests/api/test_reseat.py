"""Tickets get other seats: alone, among each other, across bookings; and their holders are told."""

import asyncio
import json
from typing import Any, NamedTuple

import pytest

from tests.kit.api import Reply
from tests.kit.attendance import mails, told
from tests.kit.scene import Scene
from tests.kit.seats import Hall, open_hall
from tests.kit.types import MakeUser
from tests.kit.users import User

pytestmark = pytest.mark.usefixtures("books_balance")


class Sold(NamedTuple):
    """A paid booking, its buyer and its tickets' ids."""

    id: int
    buyer: User
    tickets: list[int]


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    return await open_hall(scene)


async def sell(hall: Hall, make_user: MakeUser, *guids: str, type: str = "Stalls") -> Sold:  # noqa: A002
    buyer = await make_user()
    booking = await hall.held(*guids, type=type, by=buyer)
    await hall.scene.pay(booking, by=buyer)
    shown = await hall.scene.shown(booking, by=buyer)
    return Sold(booking["id"], buyer, [ticket["id"] for ticket in shown["tickets"]])


async def reseat(hall: Hall, *moves: tuple[int, str], by: User | None = None, path: str = "") -> Reply:
    body = {"moves": [{"ticket": ticket, "to": seat} for ticket, seat in moves]}
    path = path or f"/events/{hall.event_id}/reseat"
    return await hall.api.post(path, body, token=(by or hall.scene.organiser).token)


async def seats_of(hall: Hall, sold: Sold) -> list[str]:
    shown = await hall.scene.shown({"id": sold.id}, by=sold.buyer)
    assert [seat["guid"] for line in shown["lines"] for seat in line["seats"]] == [
        ticket["seat"]["guid"] for ticket in shown["tickets"]
    ]
    return [ticket["seat"]["guid"] for ticket in shown["tickets"]]


async def test_two_bookings_exchange_seats(hall: Hall, make_user: MakeUser) -> None:
    a, b, c, d = hall.guids()[:4]
    one, two = await sell(hall, make_user, a, b), await sell(hall, make_user, c, d)
    codes = hall.scene.rows("SELECT id, code, status FROM tickets ORDER BY id")
    reply = await reseat(hall, (one.tickets[1], c), (two.tickets[0], b))
    assert reply.status == 200, reply.text
    assert [booking["id"] for booking in reply.json] == [two.id, one.id]
    assert (await seats_of(hall, one), await seats_of(hall, two)) == ([a, c], [b, d])
    assert hall.scene.rows("SELECT id, code, status FROM tickets ORDER BY id") == codes
    assert hall.count(2) == 4
    assert hall.scene.count("refunds") == 0
    lines = hall.scene.rows("SELECT subject_id FROM audit_log WHERE action = 'reseat' ORDER BY subject_id")
    assert [line.subject_id for line in lines] == [one.id, two.id]


async def test_three_move_on_and_a_seat_is_left(hall: Hall, make_user: MakeUser) -> None:
    a, b, c, d = hall.guids()[:4]
    sold = [await sell(hall, make_user, guid) for guid in (a, b, c)]
    tickets = [one.tickets[0] for one in sold]
    assert (await reseat(hall, *zip(tickets, (b, c, d), strict=True))).status == 200
    assert [await seats_of(hall, one) for one in sold] == [[b], [c], [d]]
    assert [hall.states()[guid] for guid in (a, b, c, d)] == [0, 2, 2, 2]
    assert (await hall.book(a)).status == 201


async def test_the_holders_are_told_where_they_sit_now(hall: Hall, make_user: MakeUser) -> None:
    a, b = hall.guids()[:2]
    one, two = await sell(hall, make_user, a), await sell(hall, make_user, b)
    await hall.api.patch("/profile", {"locale": "de"}, token=two.buyer.token)
    await reseat(hall, (one.tickets[0], b), (two.tickets[0], a))
    sent = mails(hall.scene.rows, "tickets_reseated")
    assert {mail.recipient for mail in sent} == {one.buyer.email, two.buyer.email}
    (change,) = json.loads(next(m for m in sent if m.recipient == one.buyer.email).payload)["changes"]
    assert (change["before"]["number"], change["after"]["number"]) == ("1", "2")
    (first,) = await told(hall.api, one.buyer, "tickets_reseated")
    assert "Stalls, row A, seat 2" in first["message"]
    (second,) = await told(hall.api, two.buyer, "tickets_reseated")
    assert "Stalls, Reihe A, Platz 1" in second["message"]


async def test_who_does_not_move_is_not_told(hall: Hall, make_user: MakeUser) -> None:
    a, b = hall.guids()[:2]
    one = await sell(hall, make_user, a)
    assert (await reseat(hall, (one.tickets[0], a))).status == 200
    assert mails(hall.scene.rows, "tickets_reseated") == []
    for _ in range(2):  # what is so already stays so
        assert (await reseat(hall, (one.tickets[0], b))).status == 200
    assert len(mails(hall.scene.rows, "tickets_reseated")) == 1
    assert (await reseat(hall, (one.tickets[0], a))).status == 200
    assert len(mails(hall.scene.rows, "tickets_reseated")) == 2


async def test_a_refused_move_moves_nobody(hall: Hall, make_user: MakeUser) -> None:
    a, b, c, taken = hall.guids()[:4]
    circle = hall.guids("Circle")[0]
    one, two = await sell(hall, make_user, a), await sell(hall, make_user, b)
    three = await sell(hall, make_user, circle, type="Circle")
    await hall.held(taken)
    good = (one.tickets[0], c)
    refused = await reseat(hall, good, (two.tickets[0], taken))
    assert refused.problem(409, "seats_taken")["seats"] == [taken]
    refused = await reseat(hall, good, (two.tickets[0], circle))
    assert refused.problem(409, "seats_taken")["seats"] == [circle]
    refused = await reseat(hall, (two.tickets[0], circle), (three.tickets[0], b))
    assert sorted(refused.problem(409, "other_category")["seats"]) == sorted([circle, b])
    for moves, pointer in (
        ([good, (10**9, b)], "/moves/1/ticket"),
        ([good, (two.tickets[0], "nowhere")], "/moves/1/to"),
        ([good, (one.tickets[0], b)], "/moves"),
        ([good, (two.tickets[0], c)], "/moves"),
        ([(good[0], "")], "/moves/0/to"),
        ([], "/moves"),
        ([good] * 101, "/moves"),
    ):
        errors = (await reseat(hall, *moves)).problem(422, "validation_failed")["errors"]
        assert errors[0]["pointer"] == pointer
    assert [await seats_of(hall, sold) for sold in (one, two, three)] == [[a], [b], [circle]]
    assert mails(hall.scene.rows, "tickets_reseated") == []


async def test_tickets_of_others_do_not_move(hall: Hall, make_user: MakeUser) -> None:
    a, b, c = hall.guids()[:3]
    one, two = await sell(hall, make_user, a), await sell(hall, make_user, b)
    # Of another booking, by the path of one booking.
    reply = await reseat(hall, (two.tickets[0], c), path=f"/bookings/{one.id}/reseat")
    reply.problem(422, "validation_failed")
    # Of another event, whose organiser is the same.
    other = await open_hall(hall.scene)
    (await reseat(other, (one.tickets[0], c))).problem(422, "validation_failed")
    # By another organiser, and by the buyer.
    hall.scene.event = {"id": hall.event_id}
    (await reseat(hall, (one.tickets[0], c), by=await make_user("EVENT_MANAGER"))).problem(403, "forbidden")
    (await reseat(hall, (one.tickets[0], c), by=one.buyer)).problem(403, "forbidden")
    assert (await reseat(hall, (one.tickets[0], c), by=await make_user("ADMIN"))).status == 200


async def test_what_is_cancelled_does_not_move_and_its_seat_is_free(hall: Hall, make_user: MakeUser) -> None:
    a, b, c = hall.guids()[:3]
    one = await sell(hall, make_user, a, b)
    gone, stays = one.tickets
    body: dict[str, Any] = {"tickets": [gone]}
    await hall.api.post(f"/bookings/{one.id}/cancel", body, token=one.buyer.token)
    (await reseat(hall, (gone, c))).problem(422, "validation_failed")
    assert (await reseat(hall, (stays, a))).status == 200
    assert (await reseat(hall, (stays, c))).status == 200
    assert [hall.states()[guid] for guid in (a, b, c)] == [0, 0, 2]


async def test_two_at_once_leave_everybody_one_seat(hall: Hall, make_user: MakeUser) -> None:
    """They lock the bookings in one order, whatever the order of the moves, and the seats once."""
    guids = hall.guids()[:6]
    sold = [await sell(hall, make_user, guid) for guid in guids]
    tickets = [one.tickets[0] for one in sold]
    ways = [
        list(zip(tickets, guids[way:] + guids[:way], strict=True))[:: 1 if way % 2 else -1]
        for way in range(1, 6)
    ]
    replies = await asyncio.gather(*(reseat(hall, *moves) for moves in ways))
    assert {reply.status for reply in replies} == {200}
    seats = [seat for one in sold for seat in await seats_of(hall, one)]
    assert sorted(seats) == sorted(guids)


async def test_a_seat_is_bought_or_moved_to(hall: Hall, make_user: MakeUser) -> None:
    a, b = hall.guids()[:2]
    one = await sell(hall, make_user, a)
    buyers = [await make_user() for _ in range(3)]
    moved, *bought = await asyncio.gather(
        reseat(hall, (one.tickets[0], b)), *(hall.book(b, by=buyer) for buyer in buyers)
    )
    assert sorted(reply.status for reply in (moved, *bought)) in ([200, 409, 409, 409], [201, 409, 409, 409])
