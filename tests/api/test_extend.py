"""Holding a booking for longer."""

import pytest

from tests.kit.scene import Scene

LEFT = "SELECT DATEDIFF(SECOND, SYSUTCDATETIME(), hold_expires_at) AS left_ FROM bookings WHERE id = ?"


async def extend(scene: Scene, booking, *, token: str | None = None):
    return await scene.api.post(f"/bookings/{booking['id']}/extend", token=token or scene.buyer.token)


async def test_a_hold_lasts_five_minutes_longer_as_often_as_wished(scene: Scene) -> None:
    booking = await scene.held()
    (before,) = scene.rows(LEFT, booking["id"])
    for times in (1, 2):
        reply = await extend(scene, booking)
        assert (reply.status, reply.json["status"]) == (200, "PENDING")
        (after,) = scene.rows(LEFT, booking["id"])
        assert abs(after.left_ - before.left_ - 300 * times) <= 30
    assert (await scene.pay(booking)).status == 201


async def test_up_to_half_an_hour_in_all(scene: Scene) -> None:
    booking = await scene.held()
    for _ in range(3):
        assert (await extend(scene, booking)).status == 200
    (left,) = scene.rows(LEFT, booking["id"])
    assert left.left_ <= 1800
    (await extend(scene, booking)).problem(409, "hold_at_limit")
    assert scene.rows(LEFT, booking["id"])[0].left_ <= left.left_


@pytest.mark.parametrize("end", ["passed", "paid", "cancelled"])
async def test_not_once_it_has_ended(scene: Scene, end: str) -> None:
    booking = await scene.held()
    if end == "passed":
        scene.let_hold_pass(booking)
    elif end == "paid":
        await scene.pay(booking)
    else:
        await scene.cancel(booking)
    reply = await extend(scene, booking)
    reply.problem(409, "hold_expired" if end == "passed" else "booking_not_pending")


async def test_only_by_its_buyer(scene: Scene, admin) -> None:
    booking = await scene.held()
    for token in (scene.organiser.token, admin.token):
        (await extend(scene, booking, token=token)).problem(404, "not_found")


async def test_a_repeat_holds_no_longer(scene: Scene) -> None:
    booking = await scene.held()
    for _ in range(2):
        path, headers = f"/bookings/{booking['id']}/extend", {"Idempotency-Key": "more"}
        assert (await scene.api.post(path, token=scene.buyer.token, headers=headers)).status == 200
    assert scene.rows(LEFT, booking["id"])[0].left_ <= 1200
