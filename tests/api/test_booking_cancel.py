"""Cancelling what is held and not paid."""

import asyncio
from typing import Any

import pytest

from bms.commands.sales import cancel
from bms.sql.database import Database
from bms.sql.statements import Statement
from bms.tasks.holds import expire_due_holds
from tests.kit.api import Api
from tests.kit.books import available, count, let_hold_pass, status_of
from tests.kit.types import Make, MakeUser, Pay, Rows
from tests.kit.users import User
from tests.kit.waiting import Meeting


@pytest.mark.usefixtures("books_balance")
@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_cancelling_gives_the_tickets_back_once(
    api: Api, buyer: User, make_event: Make, hold: Make, rows: Rows, prefix: str
) -> None:
    event = await make_event()
    for method, end in (("DELETE", ""), ("POST", "/cancel"), ("POST", "/cancel/")):
        booking = await hold(buyer, event, 3)
        path = f"{prefix}/bookings/{booking['id']}{end}"
        reply = await api.request(method, path, token=buyer.token)
        assert reply.status == 200
        cancelled = reply.json
        assert (cancelled["id"], cancelled["status"]) == (booking["id"], "CANCELLED")
        assert cancelled["cancelled_at"].endswith("Z")
        assert cancelled["expires_at"] is None
        assert available(rows, event) == 100
        again = await api.request(method, path, token=buyer.token)
        assert (again.status, again.json) == (200, cancelled)
        assert available(rows, event) == 100
    assert count(rows, "audit_log", "action = 'cancel'") == 3


@pytest.mark.usefixtures("books_balance")
async def test_a_reason_is_kept(api: Api, buyer: User, make_event: Make, hold: Make) -> None:
    path = f"/bookings/{(await hold(buyer, await make_event()))['id']}/cancel"
    for body, pointer in (
        ({"reason": "x" * 201}, "/reason"),
        ({"reason": 5}, "/reason"),
        ({"why": ""}, "/why"),
    ):
        problem = (await api.post(path, body, token=buyer.token)).problem(422, "validation_failed")
        assert [error["pointer"] for error in problem["errors"]] == [pointer]
    reply = await api.post(path, {"reason": "Ill, à regret 🎭"}, token=buyer.token)
    assert reply.json["cancel_reason"] == "Ill, à regret 🎭"
    again = await api.post(path, {"reason": "another"}, token=buyer.token)
    assert again.json["cancel_reason"] == "Ill, à regret 🎭"


@pytest.mark.usefixtures("books_balance")
async def test_an_admin_cancels_anybodys(
    api: Api, buyer: User, make_user: MakeUser, make_event: Make, hold: Make, rows: Rows
) -> None:
    booking, admin = await hold(buyer, await make_event()), await make_user("ADMIN")
    reply = await api.delete(f"/bookings/{booking['id']}", token=admin.token)
    assert (reply.status, reply.json["status"]) == (200, "CANCELLED")
    (who,) = rows("SELECT user_id FROM audit_log WHERE action = 'cancel'")
    assert who.user_id == admin.id


async def test_nobody_cancels_without_a_token(
    api: Api, buyer: User, make_event: Make, hold: Make, rows: Rows
) -> None:
    booking = await hold(buyer, await make_event())
    (await api.delete(f"/bookings/{booking['id']}")).problem(401, "unauthenticated")
    assert status_of(rows, booking) == "PENDING"


@pytest.mark.usefixtures("books_balance")
async def test_what_has_expired_is_not_cancelled(
    api: Api, buyer: User, make_event: Make, hold: Make, db: Database, rows: Rows
) -> None:
    event = await make_event()
    booking = await hold(buyer, event, 2)
    let_hold_pass(rows, booking)
    assert await expire_due_holds(db) == 1
    refused = await api.delete(f"/bookings/{booking['id']}", token=buyer.token)
    refused.problem(409, "booking_not_cancellable")
    assert (status_of(rows, booking), available(rows, event)) == ("EXPIRED", 100)


@pytest.mark.usefixtures("books_balance")
async def test_a_cancelled_booking_is_neither_paid_nor_expired(
    api: Api, buyer: User, make_event: Make, hold: Make, pay: Pay, db: Database, rows: Rows
) -> None:
    event = await make_event()
    booking = await hold(buyer, event)
    await api.delete(f"/bookings/{booking['id']}", token=buyer.token)
    (await pay(buyer, booking)).problem(409, "booking_not_pending")
    assert await expire_due_holds(db) == 0
    assert (count(rows, "payments"), available(rows, event)) == (0, 100)


@pytest.mark.usefixtures("books_balance")
async def test_many_cancel_at_once(api: Api, buyer: User, make_event: Make, hold: Make, rows: Rows) -> None:
    event = await make_event()
    others = await hold(buyer, event, 7)
    booking = await hold(buyer, event, 3)
    path = f"/bookings/{booking['id']}"
    replies = await asyncio.gather(*(api.delete(path, token=buyer.token) for _ in range(8)))
    assert [reply.status for reply in replies] == [200] * 8
    assert len({reply.text for reply in replies}) == 1
    assert available(rows, event) == 93
    assert status_of(rows, others) == "PENDING"


async def test_without_the_guard_many_cancel_more_than_once(
    api: Api,
    make_user: MakeUser,
    make_event: Make,
    hold: Make,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The twin of the test above: whoever reads PENDING writes CANCELLED, and tickets come from nowhere.

    The buyer has no address: of one with an address the mail's dedupe key stops the second change.
    """
    unguarded = Statement(
        "test.cancel_unguarded",
        "@id BIGINT, @reason NVARCHAR(200)",
        """
        UPDATE bookings
        SET    status = 'CANCELLED', cancelled_at = SYSUTCDATETIME(), cancel_reason = @reason
        OUTPUT inserted.event_id, inserted.total
        WHERE  id = @id
        """,
    )
    read = cancel.get_booking

    meeting = Meeting(patience=5)

    def meet(*args: Any, **kwargs: Any) -> Any:
        view = read(*args, **kwargs)
        meeting()
        return view

    event, buyer = await make_event(), await make_user(email=None)
    await hold(buyer, event, 90)
    booking = await hold(buyer, event, 3)
    monkeypatch.setattr(cancel, "CANCEL", unguarded)
    monkeypatch.setattr(cancel, "get_booking", meet)
    path = f"/bookings/{booking['id']}"
    await asyncio.gather(*(api.delete(path, token=buyer.token) for _ in range(8)))
    assert available(rows, event) > 10
