"""Refund policies as they are sent: a nested object is merged in PATCH (RFC 7396) and completed elsewhere."""

from typing import Any

import pytest

from tests.kit.api import Api
from tests.kit.types import Make
from tests.kit.users import User

WHOLE = {"full_until_hours": 720, "percent": 50, "none_from_hours": 24}
NEVER = 99_999_999


@pytest.mark.parametrize(
    ("sent", "policy"),
    [
        ({"percent": 10}, {**WHOLE, "percent": 10}),
        ({"percent": 0}, {**WHOLE, "percent": 0}),
        ({"full_until_hours": 100}, {**WHOLE, "full_until_hours": 100}),
        ({"none_from_hours": 0}, {**WHOLE, "none_from_hours": 0}),
        (
            {"full_until_hours": 48, "none_from_hours": 1},
            {**WHOLE, "full_until_hours": 48, "none_from_hours": 1},
        ),
        ({}, WHOLE),
        ({"percent": None}, {**WHOLE, "percent": 0}),
        ({"none_from_hours": None}, {**WHOLE, "none_from_hours": 0}),
        ({"full_until_hours": None}, {**WHOLE, "full_until_hours": NEVER}),
        (None, {"full_until_hours": 0, "percent": 0, "none_from_hours": 0}),
    ],
)
async def test_patch_merges(
    api: Api, manager: User, make_event: Make, sent: Any, policy: dict[str, int]
) -> None:
    event = await make_event(refund_policy=WHOLE)
    assert event["refund_policy"] == WHOLE
    reply = await api.patch(f"/events/{event['id']}", {"refund_policy": sent}, token=manager.token)
    assert (reply.status, reply.json["refund_policy"]) == (200, policy)
    assert {**reply.json, "refund_policy": 0, "updated_at": 0} == {
        **event,
        "refund_policy": 0,
        "updated_at": 0,
    }


@pytest.mark.parametrize(
    ("sent", "policy"),
    [
        ({"percent": 50}, (NEVER, 50, 0)),
        ({"percent": 0}, (NEVER, 0, 0)),
        ({"full_until_hours": 48}, (48, 0, 0)),
        ({"none_from_hours": 24}, (24, 0, 24)),
        ({"percent": 25, "none_from_hours": 24}, (NEVER, 25, 24)),
        ({"full_until_hours": 20_000, "percent": 0, "none_from_hours": 20_000}, (20_000, 0, 20_000)),
        ({"full_until_hours": NEVER, "none_from_hours": NEVER}, (NEVER, 0, NEVER)),
        ({}, (0, 0, 0)),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_new_policy_is_completed(
    api: Api, manager: User, make_event: Make, method: str, sent: Any, policy: tuple[int, int, int]
) -> None:
    if method == "POST":
        event = await make_event(refund_policy=sent)
    else:
        made = await make_event(refund_policy=WHOLE)
        body = {
            "title": "T",
            "starts_at": "2099-01-01T00:00:00Z",
            "venue": made["venue"],
            "capacity": 5,
            "refund_policy": sent,
        }
        reply = await api.put(f"/events/{made['id']}", body, token=manager.token)
        assert reply.status == 200, reply.text
        event = reply.json
    assert tuple(event["refund_policy"].values()) == policy
    same = await api.patch(
        f"/events/{event['id']}", {"refund_policy": event["refund_policy"]}, token=manager.token
    )
    assert same.json["refund_policy"] == event["refund_policy"], "what is shown can be sent back"


@pytest.mark.parametrize(
    ("policy", "pointer"),
    [
        ({"full_until_hours": 24, "percent": 50, "none_from_hours": 48}, "/refund_policy/none_from_hours"),
        ({"full_until_hours": 0, "percent": 50}, "/refund_policy/percent"),
        ({"full_until_hours": 48, "percent": 1, "none_from_hours": 48}, "/refund_policy/percent"),
        ({"percent": 101}, "/refund_policy/percent"),
        ({"percent": -1}, "/refund_policy/percent"),
        ({"full_until_hours": NEVER + 1}, "/refund_policy/full_until_hours"),
        ({"hours": 5}, "/refund_policy/hours"),
    ],
)
async def test_a_rule_that_never_applies_is_refused(
    api: Api, manager: User, make_event: Make, policy: dict[str, int], pointer: str
) -> None:
    event = await make_event(refund_policy=WHOLE)
    body = {"title": "T", "starts_at": "2099-01-01T00:00:00Z", "venue": event["venue"], "capacity": 5}
    for reply in (
        await api.post("/events", {**body, "refund_policy": policy}, token=manager.token),
        await api.put(f"/events/{event['id']}", {**body, "refund_policy": policy}, token=manager.token),
    ):
        problem = reply.problem(422, "validation_failed")
        assert [error["pointer"] for error in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("before", "sent", "pointer"),
    [
        (WHOLE, {"full_until_hours": 12}, "/refund_policy/none_from_hours"),
        (WHOLE, {"none_from_hours": 721}, "/refund_policy/none_from_hours"),
        (WHOLE, {"none_from_hours": 720}, "/refund_policy/percent"),
        ({}, {"percent": 10}, "/refund_policy/percent"),
        ({}, {"none_from_hours": 10}, "/refund_policy/none_from_hours"),
    ],
)
async def test_what_a_merge_makes_is_checked_as_a_whole(
    api: Api, manager: User, make_event: Make, before: Any, sent: Any, pointer: str
) -> None:
    event = await make_event(refund_policy=before)
    reply = await api.patch(f"/events/{event['id']}", {"refund_policy": sent}, token=manager.token)
    problem = reply.problem(422, "validation_failed")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert (await api.get(f"/events/{event['id']}")).json == event


async def test_no_refunds_however_far_ahead(api: Api, scene: Any) -> None:
    await scene.on_sale(starts_at="2190-01-01T20:00:00Z", refund_policy={"percent": 0})
    booking = await scene.paid(2)
    assert (await scene.cancel(booking)).json["refund_due"] == "0.00"
    await scene.check()
