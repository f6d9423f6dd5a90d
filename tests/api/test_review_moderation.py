"""Reviews: by whom and from when on, and how they go: by their writer, an admin, or with the ticket."""

import asyncio
from typing import Any

import pytest

from bms.commands.events import moderation
from bms.commands.events import reviews as posting
from bms.sql.session import Transaction
from bms.tasks.cancellations import cancel_bookings_of_events
from tests.api.test_reviews import counted_and_kept, rating, review
from tests.kit.api import Api
from tests.kit.attendance import begin, pages
from tests.kit.scene import Scene
from tests.kit.tsql import Sql
from tests.kit.users import User
from tests.kit.waiting import Meeting

NOW = "SYSUTCDATETIME()"


def put(rows: Sql, event: dict[str, Any], starts: int, ends: int | None) -> None:
    """Put the start and the end of an event so many minutes ahead of now."""
    end = "NULL" if ends is None else f"DATEADD(MINUTE, {ends}, {NOW})"
    rows(
        f"UPDATE events SET starts_at = DATEADD(MINUTE, {starts}, {NOW}), ends_at = {end} WHERE id = ?",
        event["id"],
    )


@pytest.mark.parametrize(
    ("starts", "ends", "code"),
    [
        (5, None, "event_not_begun"),
        (5, 60, "event_not_begun"),
        (-5, 60, "event_not_over"),
        (-90, 60, "event_not_over"),
        (-5, None, "event_not_over"),
        (-59, None, "event_not_over"),
        (-61, None, None),
        (-90, -1, None),
        (-5, -1, None),
    ],
)
async def test_from_when_on(api: Api, scene: Scene, starts: int, ends: int | None, code: str | None) -> None:
    await scene.paid()
    put(scene.rows, scene.event, starts, ends)
    reply = await review(api, scene.buyer, scene.event, 5)
    if code is None:
        assert reply.status == 201, reply.text
    else:
        reply.problem(409, code)
    assert await rating(api, scene.event) == ((None, 0) if code else (5.0, 1))


async def test_of_an_event_that_is_completed(api: Api, scene: Scene) -> None:
    await scene.paid()
    put(scene.rows, scene.event, -5, None)
    scene.rows("UPDATE events SET status = 'COMPLETED' WHERE id = ?", scene.event["id"])
    assert (await review(api, scene.buyer, scene.event, 5)).status == 201


async def test_a_start_cannot_be_moved_to_and_fro(api: Api, scene: Scene) -> None:
    await scene.paid()
    put(scene.rows, scene.event, -5, 60)
    path = f"/events/{scene.event['id']}"
    for fields in ({"starts_at": "2031-01-01T00:00:00Z"}, {"ends_at": "2099-01-01T00:00:00Z"}):
        (await api.patch(path, fields, token=scene.organiser.token)).problem(409, "event_begun")


async def test_without_a_valid_ticket(api: Api, scene: Scene) -> None:
    booking = await scene.paid()
    begin(scene.rows, scene.event)
    scene.rows("UPDATE tickets SET status = 'CANCELLED' WHERE booking_id = ?", booking["id"])
    (await review(api, scene.buyer, scene.event, 5)).problem(403, "forbidden")


@pytest.fixture
async def reviews(api: Api, scene: Scene) -> list[tuple[User, dict[str, Any], dict[str, Any]]]:
    """Three buyers, each with a booking and a review: 1, 3 and 5 stars."""
    users = [scene.buyer, *[await scene.make_user() for _ in range(2)]]
    bookings = [await scene.paid(by=user) for user in users]
    begin(scene.rows, scene.event)
    posted = [
        (await review(api, user, scene.event, stars)).json
        for user, stars in zip(users, (1, 3, 5), strict=True)
    ]
    return list(zip(users, bookings, posted, strict=True))


Reviews = list[tuple[User, dict[str, Any], dict[str, Any]]]


async def shown(api: Api, event: dict[str, Any]) -> set[int]:
    return {one["id"] for one in (await api.get(f"/reviews/{event['id']}")).json}


async def test_a_writer_deletes_a_review_and_may_post_again(api: Api, scene: Scene, reviews: Reviews) -> None:
    writer, _, posted = reviews[0]
    path = f"/reviews/{posted['id']}"
    (await api.delete(path)).problem(401, "unauthenticated")
    (await api.delete(path, token=reviews[1][0].token)).problem(403, "forbidden")
    (await api.delete(path, token=scene.organiser.token)).problem(403, "forbidden")
    assert (await api.delete(path, token=writer.token)).status == 204
    (await api.delete(path, token=writer.token)).problem(404, "not_found")
    assert await rating(api, scene.event) == (4.0, 2)
    assert posted["id"] not in await shown(api, scene.event)
    assert (await review(api, writer, scene.event, 4)).status == 201
    assert await rating(api, scene.event) == (4.0, 3)
    for missing in ("0", "999999", "x"):
        (await api.delete(f"/reviews/{missing}", token=writer.token)).problem(404, "not_found")


async def test_an_admin_removes_a_review_for_good(
    api: Api, scene: Scene, admin: User, reviews: Reviews
) -> None:
    writer, _, posted = reviews[0]
    path = f"/reviews/{posted['id']}"
    assert (await api.delete(path, token=admin.token)).status == 204
    (await api.delete(path, token=admin.token)).problem(404, "not_found")
    (await api.delete(path, token=writer.token)).problem(404, "not_found")
    assert await rating(api, scene.event) == (4.0, 2)
    assert posted["id"] not in await shown(api, scene.event)
    assert (await api.get(f"/reviews/user/{writer.id}")).json == []
    (await review(api, writer, scene.event, 5)).problem(403, "forbidden")
    assert await rating(api, scene.event) == (4.0, 2)


async def test_reports_are_for_admins(api: Api, scene: Scene, admin: User, reviews: Reviews) -> None:
    (first, _, one), (second, _, two), (third, _, _) = reviews
    path = f"/reviews/{one['id']}/report"
    (await api.post(path, {})).problem(401, "unauthenticated")
    made = await api.post(path, {"reason": " It names me. "}, token=second.token)
    assert (made.status, made.json["reason"], made.json["review"]) == (201, "It names me.", one["id"])
    again = await api.post(path, {"reason": "Other"}, token=second.token)
    assert (again.status, again.json) == (200, made.json)
    assert (await api.post(path, {}, token=third.token)).status == 201
    assert (await api.post(f"/reviews/{two['id']}/report", {}, token=first.token)).status == 201
    (await api.get("/reviews/reported", token=scene.organiser.token)).problem(403, "forbidden")
    listed = (await api.get("/reviews/reported", token=admin.token)).json
    assert [(entry["id"], entry["reports"], entry["reasons"]) for entry in listed] == [
        (two["id"], 1, []),
        (one["id"], 2, ["It names me."]),
    ]
    assert listed[1].items() >= one.items()
    assert await pages(api, "/reviews/reported?limit=1", admin) == listed
    await api.delete(f"/reviews/{one['id']}", token=admin.token)
    assert [entry["id"] for entry in (await api.get("/reviews/reported", token=admin.token)).json] == [
        two["id"]
    ]
    (await api.post(path, {}, token=third.token)).problem(404, "not_found")
    for body in ({"reason": "x" * 501}, {"reason": 5}, {"stars": 1}):
        (await api.post(f"/reviews/{two['id']}/report", body, token=third.token)).problem(
            422, "validation_failed"
        )


@pytest.mark.parametrize("way", ["cancel", "refund", "event"])
async def test_a_cancelled_bookings_review_goes(
    api: Api, scene: Scene, admin: User, reviews: Reviews, way: str
) -> None:
    _, booking, posted = reviews[0]
    if way == "cancel":
        reply = await api.delete(f"/bookings/{booking['id']}", token=admin.token)
    elif way == "refund":
        reply = await api.post("/refunds", {"booking_id": booking["id"]}, token=scene.organiser.token)
    else:
        reply = await api.post(f"/events/{scene.event['id']}/cancel", {}, token=scene.organiser.token)
        assert await cancel_bookings_of_events(scene.db) == 3
    assert reply.ok, reply.text
    assert scene.status(booking) == "CANCELLED"
    left = set() if way == "event" else {one["id"] for _, _, one in reviews[1:]}
    assert await shown(api, scene.event) == left
    assert posted["id"] not in left
    assert await rating(api, scene.event) == ((None, 0) if way == "event" else (4.0, 2))
    if way != "cancel":  # begun: nothing is given back
        await scene.balanced()


async def test_it_stays_with_another_booking(api: Api, scene: Scene, admin: User) -> None:
    bookings = [await scene.paid(), await scene.paid()]
    begin(scene.rows, scene.event)
    await review(api, scene.buyer, scene.event, 2)
    for booking, expected in zip(bookings, [(2.0, 1), (None, 0)], strict=True):
        assert (await api.delete(f"/bookings/{booking['id']}", token=admin.token)).status == 200
        assert await rating(api, scene.event) == expected


async def test_an_admins_removal_outlasts_the_ticket(
    api: Api, scene: Scene, admin: User, reviews: Reviews
) -> None:
    _, booking, posted = reviews[0]
    await api.delete(f"/reviews/{posted['id']}", token=admin.token)
    assert (await api.delete(f"/bookings/{booking['id']}", token=admin.token)).status == 200
    assert await rating(api, scene.event) == (4.0, 2)


@pytest.mark.parametrize("locked", [True, False])
async def test_a_review_and_a_cancellation_at_once(
    api: Api, scene: Scene, admin: User, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """Whichever comes first, no review is left without a ticket. The twin cancels without the lock."""
    booking = await scene.paid()
    begin(scene.rows, scene.event)
    meeting = Meeting(patience=0.5 if locked else 5)
    real_lock, real_find = moderation.LOCK_BEGUN, moderation.FIND_UNFOUNDED
    row, execute = Transaction.row, Transaction.execute

    def meet_row(tx: Transaction, statement: Any, **values: Any) -> Any:
        found = row(tx, statement, **values)
        if statement is posting.HELD or statement is real_find:
            meeting()
        return found

    def skip_lock(tx: Transaction, statement: Any, **values: Any) -> int:
        if statement is real_lock and not locked:
            return 1
        return execute(tx, statement, **values)

    monkeypatch.setattr(Transaction, "row", meet_row)
    monkeypatch.setattr(Transaction, "execute", skip_lock)
    posted, cancelled = await asyncio.gather(
        review(api, scene.buyer, scene.event, 5),
        api.delete(f"/bookings/{booking['id']}", token=admin.token),
    )
    assert cancelled.status == 200
    left = scene.count("reviews")
    if locked:
        assert posted.status in (201, 403)
        assert left == 0
        (kept,) = scene.rows("SELECT rating_count AS n FROM events WHERE id = ?", scene.event["id"])
        assert kept.n == 0
    else:
        assert (posted.status, left) == (201, 1), "the review has outlived its ticket"


async def test_many_removals_at_once_count_once(
    api: Api, scene: Scene, admin: User, reviews: Reviews
) -> None:
    deletes = [
        api.delete(f"/reviews/{posted['id']}", token=token)
        for user, _, posted in reviews
        for token in (user.token, admin.token, user.token)
    ]
    statuses = [reply.status for reply in await asyncio.gather(*deletes)]
    assert statuses.count(204) == 3
    assert set(statuses) == {204, 404}
    scene.rows("DELETE FROM reviews WHERE removed_at IS NOT NULL")
    real, kept = counted_and_kept(scene.rows, scene.event)
    assert (real[0], kept) == (0, (0, 0))
