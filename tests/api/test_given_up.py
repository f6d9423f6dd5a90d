"""What admins do by the API about refunds and mail that were given up, and what the audit log says."""

import pytest

from bms.queries.due import MAX_REFUND_ATTEMPTS
from tests.kit.api import Api
from tests.kit.scene import Scene
from tests.kit.users import User


@pytest.fixture
async def refund(scene: Scene) -> int:
    """The id of a refund that was given up, as far as the database knows."""
    await scene.cancel(await scene.paid(1))
    scene.rows(
        "UPDATE refunds SET status = 'FAILED', attempts = ?, failure_code = 'account_closed', "
        "settled_at = NULL",
        MAX_REFUND_ATTEMPTS,
    )
    scene.rows("UPDATE payments SET refunded = 0, status = 'SUCCEEDED'")
    return int(scene.rows("SELECT id FROM refunds")[0].id)


async def test_a_refund_is_settled_once(api: Api, scene: Scene, admin: User, refund: int) -> None:
    listed = await api.get("/refunds", token=admin.token)
    assert [(one["id"], one["failure_code"]) for one in listed.json] == [(refund, "account_closed")]
    path = f"/refunds/{refund}/settle"
    (await api.post(path, {}, token=admin.token)).problem(422, "validation_failed")
    settled = await api.post(path, {"reason": "Bank transfer"}, token=admin.token)
    assert (settled.status, settled.json["status"]) == (200, "SUCCEEDED")
    for again in (path, f"/refunds/{refund}/retry"):
        (await api.post(again, {"reason": "Twice"}, token=admin.token)).problem(409, "not_given_up")
    assert (await api.get("/refunds", token=admin.token)).json == []
    log = await api.get(f"/audit?subject=refund&subject_id={refund}&user={admin.id}", token=admin.token)
    assert [(one["action"], one["details"]) for one in log.json] == [("settle_by_hand", "Bank transfer")]
    await scene.balanced()


async def test_a_mail_is_sent_again_once(api: Api, scene: Scene, admin: User) -> None:
    await scene.paid(1)
    scene.rows("UPDATE outbox SET state = 'DEAD', last_error = 'full' WHERE kind = 'booking_confirmed'")
    (mail,) = (await api.get("/mails", token=admin.token)).json
    assert (mail["kind"], mail["last_error"]) == ("booking_confirmed", "full")
    path = f"/mails/{mail['id']}/retry"
    sent = await api.post(path, {}, token=admin.token)
    assert (sent.status, sent.json["state"], sent.json["attempts"]) == (200, "PENDING", 0)
    (await api.post(path, {}, token=admin.token)).problem(409, "not_given_up")
    (await api.post("/mails/987654/retry", {}, token=admin.token)).problem(404, "not_found")


async def test_a_mail_without_words_is_not_sent(api: Api, scene: Scene, admin: User) -> None:
    await scene.paid(1)
    scene.rows("UPDATE outbox SET state = 'DEAD', emptied_at = SYSUTCDATETIME()")
    assert (await api.get("/mails", token=admin.token)).json == []
    (mail, *_) = scene.rows("SELECT id FROM outbox")
    (await api.post(f"/mails/{mail.id}/retry", {}, token=admin.token)).problem(409, "not_given_up")


async def test_payments_are_listed_by_state(api: Api, scene: Scene, admin: User) -> None:
    await scene.paid(1)
    open_ = await scene.paid(1)
    scene.rows("UPDATE payments SET status = 'PROCESSING' WHERE booking_id = ?", open_["id"])
    for user in (admin, scene.buyer):
        found = await api.get("/payments?status=PROCESSING", token=user.token)
        assert [one["booking_id"] for one in found.json] == [open_["id"]]
    (await api.get("/payments?status=x", token=admin.token)).problem(422, "validation_failed")


async def test_an_account_is_signed_out(api: Api, scene: Scene, admin: User) -> None:
    assert (await api.delete(f"/users/{scene.buyer.id}/sessions", token=admin.token)).status == 204
    (await api.get("/profile", token=scene.buyer.token)).problem(401, "unauthenticated")
    (await api.delete("/users/987654/sessions", token=admin.token)).problem(404, "not_found")
