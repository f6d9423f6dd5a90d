"""Cancelling what is held and not paid."""

import asyncio
from typing import Any

import pytest

from bms.commands.sales import cancel
from bms.sql.statements import Statement
from bms.tasks.sweeps import HOLDS, sweep
from tests.kit.api import Api
from tests.kit.scene import Scene
from tests.kit.types import Make
from tests.kit.users import User
from tests.kit.waiting import Meeting


@pytest.mark.usefixtures("books_balance")
@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_cancelling_gives_the_tickets_back_once(
    api: Api, scene: Scene, buyer: User, prefix: str
) -> None:
    for method, end in (("DELETE", ""), ("POST", "/cancel"), ("POST", "/cancel/")):
        booking = await scene.held(3)
        path = f"{prefix}/bookings/{booking['id']}{end}"
        reply = await api.request(method, path, token=buyer.token)
        assert reply.status == 200
        cancelled = reply.json
        assert (cancelled["id"], cancelled["status"]) == (booking["id"], "CANCELLED")
        assert cancelled["cancelled_at"].endswith("Z")
        assert cancelled["expires_at"] is None
        assert scene.available() == 100
        again = await api.request(method, path, token=buyer.token)
        assert (again.status, again.json) == (200, cancelled)
        assert scene.available() == 100
    assert scene.count("audit_log", "action = 'cancel'") == 3


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
async def test_an_admin_cancels_anybodys(api: Api, scene: Scene) -> None:
    booking, admin = await scene.held(), await scene.make_user("ADMIN")
    reply = await api.delete(f"/bookings/{booking['id']}", token=admin.token)
    assert (reply.status, reply.json["status"]) == (200, "CANCELLED")
    (who,) = scene.rows("SELECT user_id FROM audit_log WHERE action = 'cancel'")
    assert who.user_id == admin.id


async def test_nobody_cancels_without_a_token(api: Api, scene: Scene) -> None:
    booking = await scene.held()
    (await api.delete(f"/bookings/{booking['id']}")).problem(401, "unauthenticated")
    assert scene.status(booking) == "PENDING"


@pytest.mark.usefixtures("books_balance")
async def test_what_has_expired_is_not_cancelled(api: Api, scene: Scene) -> None:
    booking = await scene.held(2)
    scene.let_hold_pass(booking)
    assert await sweep(scene.db, HOLDS) == 1
    refused = await scene.cancel(booking)
    refused.problem(409, "booking_not_cancellable")
    assert (scene.status(booking), scene.available()) == ("EXPIRED", 100)


@pytest.mark.usefixtures("books_balance")
async def test_a_cancelled_booking_is_neither_paid_nor_expired(api: Api, scene: Scene) -> None:
    booking = await scene.held()
    await scene.cancel(booking)
    (await scene.pay(booking)).problem(409, "booking_not_pending")
    assert await sweep(scene.db, HOLDS) == 0
    assert (scene.count("payments"), scene.available()) == (0, 100)


@pytest.mark.usefixtures("books_balance")
async def test_many_cancel_at_once(api: Api, scene: Scene) -> None:
    others = await scene.held(7)
    booking = await scene.held(3)
    path = f"/bookings/{booking['id']}"
    replies = await asyncio.gather(*(api.delete(path, token=scene.buyer.token) for _ in range(8)))
    assert [reply.status for reply in replies] == [200] * 8
    assert len({reply.text for reply in replies}) == 1
    assert scene.available() == 93
    assert scene.status(others) == "PENDING"


async def test_without_the_guard_many_cancel_more_than_once(
    api: Api, scene: Scene, monkeypatch: pytest.MonkeyPatch
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

    buyer = await scene.make_user(email=None)
    await scene.held(90, by=buyer)
    booking = await scene.held(3, by=buyer)
    monkeypatch.setattr(cancel, "CANCEL", unguarded)
    monkeypatch.setattr(cancel, "get_booking", meet)
    path = f"/bookings/{booking['id']}"
    await asyncio.gather(*(api.delete(path, token=buyer.token) for _ in range(8)))
    assert scene.available() > 10
