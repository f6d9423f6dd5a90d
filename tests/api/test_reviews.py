"""Reviews: who may write one, what becomes of the event's rating, and many at once."""

import asyncio
from typing import Any

import pytest

from bms.commands.events import reviews
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.kit.api import Api, Reply
from tests.kit.attendance import attend, begin, pages
from tests.kit.scene import Scene
from tests.kit.types import Make, MakeUser, Rows
from tests.kit.users import User
from tests.kit.waiting import Meeting


@pytest.fixture
async def begun(make_event: Make, hold: Make, buyer: User, rows: Rows) -> dict[str, Any]:
    """An event that has begun, of which ``buyer`` holds a confirmed booking."""
    event = await make_event(price="0.00")
    await attend(hold, event, buyer)
    begin(rows, event)
    return event


async def rating(api: Api, event: dict[str, Any]) -> tuple[float | None, int]:
    shown = (await api.get(f"/events/{event['id']}")).json["rating"]
    return shown["average"], shown["count"]


async def review(api: Api, writer: User, event: dict[str, Any], stars: int, **fields: Any) -> Reply:
    return await api.post("/reviews", {"event": event["id"], "rating": stars, **fields}, token=writer.token)


@pytest.mark.parametrize(
    ("path", "name"), [("/reviews", "event"), ("/api/reviews/", "event_id"), ("/reviews/", "eventId")]
)
async def test_a_review(
    api: Api, buyer: User, begun: dict[str, Any], rows: Rows, path: str, name: str
) -> None:
    body = {name: begun["id"], "rating": 4, "comment": " Loud.\nGood. "}
    reply = await api.post(path, body, token=buyer.token)
    assert reply.status == 201, reply.text
    written = reply.json
    (user,) = rows("SELECT name FROM users WHERE id = ?", buyer.id)
    assert written["user"] == {"id": buyer.id, "name": user.name}
    assert (written["event"], written["rating"], written["comment"]) == (begun["id"], 4, "Loud.\nGood.")
    assert written["date"] == written["created_at"] == written["updated_at"]
    for shown in (f"/reviews/{begun['id']}", f"/events/{begun['id']}/reviews", f"/reviews/user/{buyer.id}"):
        assert (await api.get(shown)).json == [written]
    assert await rating(api, begun) == (4.0, 1)
    (line,) = rows("SELECT action, subject_id FROM audit_log WHERE subject = 'review'")
    assert (line.action, line.subject_id) == ("create", written["id"])


async def test_posting_again_replaces_it(api: Api, buyer: User, begun: dict[str, Any], rows: Rows) -> None:
    first = (await review(api, buyer, begun, 1, comment="Late.")).json
    again = await review(api, buyer, begun, 5)
    assert again.status == 200
    assert (again.json["id"], again.json["rating"], again.json["comment"]) == (first["id"], 5, None)
    assert again.json["created_at"] == first["created_at"]
    assert again.json["updated_at"] >= first["updated_at"]
    assert (await api.get(f"/reviews/{begun['id']}")).json == [again.json]
    assert await rating(api, begun) == (5.0, 1)
    assert [line.action for line in rows("SELECT action FROM audit_log WHERE subject = 'review'")] == [
        "create",
        "replace",
    ]


async def test_the_events_rating_shows_in_its_etag_and_not_in_its_version(
    api: Api, buyer: User, begun: dict[str, Any]
) -> None:
    before = (await api.get(f"/events/{begun['id']}")).headers["ETag"]
    await review(api, buyer, begun, 3)
    after = (await api.get(f"/events/{begun['id']}")).headers["ETag"]
    assert before != after
    assert before.partition("-")[0] == after.partition("-")[0]


async def test_only_of_what_has_begun(api: Api, buyer: User, make_event: Make, hold: Make) -> None:
    event = await make_event(price="0.00")
    await attend(hold, event, buyer)
    (await review(api, buyer, event, 5)).problem(409, "event_not_begun")
    assert await rating(api, event) == (None, 0)


async def test_only_by_those_who_held_a_ticket(api: Api, scene: Scene) -> None:
    event = scene.event
    stranger, cancelled, admin = (
        await scene.make_user(),
        await scene.make_user(),
        await scene.make_user("ADMIN"),
    )
    await scene.held()
    booking = await scene.held(by=cancelled)
    assert (await api.delete(f"/bookings/{booking['id']}", token=cancelled.token)).status == 200
    begin(scene.rows, event)
    for user in (scene.buyer, stranger, cancelled, scene.organiser, admin):
        document = (await review(api, user, event, 5)).problem(403, "forbidden")
        assert "confirmed booking" in document["detail"]
    assert await rating(api, event) == (None, 0)


async def test_nobody_writes_in_anothers_name(
    api: Api, buyer: User, make_user: MakeUser, begun: dict[str, Any]
) -> None:
    other = await make_user()
    (await review(api, buyer, begun, 5, user=other.id)).problem(403, "forbidden")
    (await review(api, other, begun, 5, userId=buyer.id)).problem(403, "forbidden")
    assert (await review(api, buyer, begun, 5, user_id=buyer.id)).status == 201
    (await api.post("/reviews", {"event": begun["id"], "rating": 5})).problem(401, "unauthenticated")


async def test_what_is_not_there(api: Api, scene: Scene, manager: User) -> None:
    draft = await scene.on_sale(status="DRAFT")
    begin(scene.rows, draft)
    for user in (scene.buyer, manager):
        (await review(api, user, draft, 5)).problem(404, "not_found")
        (await review(api, user, {"id": 999_999}, 5)).problem(404, "not_found")
    for path in (f"/reviews/{draft['id']}", f"/events/{draft['id']}/reviews", "/reviews/999", "/reviews/x"):
        (await api.get(path)).problem(404, "not_found")
    (await api.get("/reviews/user/999")).problem(404, "not_found")
    admin = await scene.make_user("ADMIN")
    for user in (manager, admin):
        assert (await api.get(f"/reviews/{draft['id']}", token=user.token)).json == []


WRONG = [
    ("/rating", {"rating": 0}),
    ("/rating", {"rating": 6}),
    ("/rating", {"rating": "5"}),
    ("/rating", {"rating": 4.5}),
    ("/rating", {"rating": None}),
    ("/comment", {"comment": "x" * 2001}),
    ("/comment", {"comment": 1}),
    ("/event", {"event": "1"}),
    ("/stars", {"stars": 5}),
]


async def test_what_is_wrong(api: Api, buyer: User, begun: dict[str, Any]) -> None:
    for pointer, change in WRONG:
        body = {"event": begun["id"], "rating": 5, **change}
        document = (await api.post("/reviews", body, token=buyer.token)).problem(422, "validation_failed")
        assert [error["pointer"] for error in document["errors"]] == [pointer]


async def test_lists_are_newest_first_in_pages(api: Api, scene: Scene) -> None:
    first, second = await scene.on_sale(price="0.00"), await scene.make_event(price="0.00")
    users = [await scene.make_user() for _ in range(3)]
    written = []
    for event in (first, second):
        await attend(scene.hold, event, *users)
        begin(scene.rows, event)
        written += [(await review(api, user, event, 3)).json for user in users]
    of_first = [one for one in written if one["event"] == first["id"]]
    of_user = [one for one in written if one["user"]["id"] == users[0].id]
    assert await pages(api, f"/events/{first['id']}/reviews?limit=2") == of_first[::-1]
    assert await pages(api, f"/reviews/user/{users[0].id}?limit=1") == of_user[::-1]
    (await api.get(f"/reviews/{first['id']}?cursor=x")).problem(422, "validation_failed")


def meet_after_the_look(monkeypatch: pytest.MonkeyPatch, meeting: Meeting) -> None:
    """Have two meet between the reading of the old review and what is written after it."""
    real = Transaction.row

    def row(tx: Transaction, statement: Statement, **values: Any) -> Any | None:
        found = real(tx, statement, **values)
        if statement is reviews.FIND:
            meeting()
        return found

    monkeypatch.setattr(Transaction, "row", row)


async def post_many(api: Api, users: list[User], event: dict[str, Any]) -> list[int]:
    """Have each user post six reviews of one event, all at once, and return the statuses."""
    posts = [
        review(api, user, event, 1 + (3 * place + turn) % 5)
        for turn in range(6)
        for place, user in enumerate(users)
    ]
    return [reply.status for reply in await asyncio.gather(*posts)]


def counted_and_kept(rows: Rows, event: dict[str, Any]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the count and sum that the reviews have, and those that the event keeps."""
    (real,) = rows("SELECT COUNT(*) AS n, SUM(rating) AS stars FROM reviews WHERE event_id = ?", event["id"])
    (kept,) = rows("SELECT rating_count AS n, rating_sum AS stars FROM events WHERE id = ?", event["id"])
    return (real.n, real.stars), (kept.n, kept.stars)


@pytest.fixture
async def crowd(make_user: MakeUser) -> list[User]:
    return [await make_user() for _ in range(4)]


async def test_many_at_once_keep_count_and_average(
    api: Api, scene: Scene, crowd: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await scene.on_sale(price="0.00")
    await attend(scene.hold, event, *crowd)
    begin(scene.rows, event)
    meet_after_the_look(monkeypatch, Meeting())
    statuses = await post_many(api, crowd, event)
    assert sorted(statuses) == [200] * 20 + [201] * 4
    real, kept = counted_and_kept(scene.rows, event)
    assert real == kept
    assert await rating(api, event) == (round(real[1] / 4, 2), 4)


async def test_without_the_lock_the_sum_goes_wrong(
    api: Api, scene: Scene, crowd: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above: the event is read and not locked, and the sum drifts from the reviews."""
    unlocked = Statement(
        "test.read_rated",
        "@id BIGINT",
        "SELECT status, starts_at, ends_at, SYSUTCDATETIME() AS asked_at FROM events WHERE id = @id",
    )
    event = await scene.on_sale(price="0.00")
    await attend(scene.hold, event, *crowd)
    begin(scene.rows, event)
    for user in crowd:
        assert (await review(api, user, event, 3)).status == 201
    monkeypatch.setattr(reviews, "LOCK_RATED", unlocked)
    meet_after_the_look(monkeypatch, Meeting(patience=5))
    # What is lost of one rating may be made good by what is lost of another: then once more.
    for _ in range(10):
        assert set(await post_many(api, crowd, event)) == {200}
        real, kept = counted_and_kept(scene.rows, event)
        if real != kept:
            break
    assert real != kept
