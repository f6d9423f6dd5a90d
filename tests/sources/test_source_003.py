"""Source 003, the microservices: every endpoint that it lists, and what its stories tell.

It prints no bodies; they are made of the fields of its tables. ``eventId`` and the like, as those
tables write them, are taken beside ``event``.
"""

import datetime as dt
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.kit.cards import CARD
from tests.kit.scene import Scene
from tests.kit.types import Make, MakeUser, Pay
from tests.kit.users import PASSWORD, User
from tests.sources.documented import ask, bodies, is_time

pytestmark = pytest.mark.usefixtures("books_balance")

REVIEW = "POST /reviews"


@pytest.fixture
async def booking(buyer: User, make_event: Make, hold: Make) -> dict[str, Any]:
    return await hold(buyer, await make_event())


# User management.


async def test_registration_login_and_profile(client: TestClient) -> None:
    account = {"username": "ann", "email": "ann@example.com"}
    made = await ask(client, "POST /register", bodies(**account, password=PASSWORD))
    assert made.status == 201
    assert {name: made.json[name] for name in account} == account
    login = await ask(client, "POST /login", bodies(email="ann@example.com", password=PASSWORD))
    assert login.status == 200
    token = login.json["access_token"]

    (await ask(client, "GET /profile")).problem(401, "unauthenticated")
    profile = await ask(client, "GET /profile", token=token)
    assert profile.status == 200
    assert {name: profile.json[name] for name in account} == account
    change = {"name": "Ann Other", "city": "Utrecht", "bio": "Likes jazz."}
    (await ask(client, "PUT /profile", bodies(**change))).problem(401, "unauthenticated")
    changed = await ask(client, "PUT /profile", bodies(**change), token=token)
    assert changed.status == 200
    again = (await ask(client, "GET /profile", token=token)).json
    assert again == changed.json
    assert {name: again[name] for name in change} == change


# Event management.


async def test_organizers_list_their_events(
    client: TestClient, manager: User, buyer: User, make_user: MakeUser, make_venue: Make
) -> None:
    venue = await make_venue()
    fields = {"title": "Workshop", "description": "Hands on.", "date": "2099-03-04"}
    body = bodies(**fields, location=venue["id"])
    (await ask(client, "POST /events", body)).problem(401, "unauthenticated")
    (await ask(client, "POST /events", body, token=buyer.token)).problem(403, "forbidden")
    made = await ask(client, "POST /events", body, token=manager.token)
    assert made.status == 201
    event = made.json
    assert {name: event[name] for name in fields} == fields
    assert event["location"]["id"] == venue["id"]
    assert event["organizer"]["id"] == manager.id
    assert event["available"] == venue["capacity"]

    assert (await ask(client, "GET /events")).json == [event]
    shown = await ask(client, "GET /events/{eventId}", eventId=event["id"])
    assert (shown.status, shown.json) == (200, event)

    other = await make_user("EVENT_MANAGER")
    whole = body.replace("Workshop", "Masterclass")
    for call, sent in (("PUT /events/{eventId}", whole), ("DELETE /events/{eventId}", "")):
        (await ask(client, call, sent, eventId=event["id"])).problem(401, "unauthenticated")
        for user in (buyer, other):
            refused = await ask(client, call, sent, token=user.token, eventId=event["id"])
            refused.problem(403, "forbidden")
    changed = await ask(client, "PUT /events/{eventId}", whole, token=manager.token, eventId=event["id"])
    assert (changed.status, changed.json["title"]) == (200, "Masterclass")
    gone = await ask(client, "DELETE /events/{eventId}", token=manager.token, eventId=event["id"])
    assert gone.status == 204
    (await ask(client, "GET /events/{eventId}", eventId=event["id"])).problem(404, "not_found")


# Bookings.


@pytest.mark.parametrize("name", ["event", "eventId"])
async def test_bookings(
    client: TestClient, buyer: User, make_user: MakeUser, make_event: Make, name: str
) -> None:
    event = await make_event()
    body = bodies(**{name: event["id"], "userId": buyer.id})
    (await ask(client, "POST /bookings", body)).problem(401, "unauthenticated")
    made = await ask(client, "POST /bookings", body, token=buyer.token)
    assert made.status == 201
    booking = made.json
    assert (booking["user"], booking["event"], booking["status"]) == (buyer.id, event["id"], "PENDING")
    assert is_time(booking["booking_date"])
    assert (await ask(client, "GET /bookings", token=buyer.token)).json == [booking]
    shown = await ask(client, "GET /bookings/{bookingId}", token=buyer.token, bookingId=booking["id"])
    assert (shown.status, shown.json) == (200, booking)

    other = await make_user()
    for call in ("GET /bookings/{bookingId}", "DELETE /bookings/{bookingId}"):
        (await ask(client, call, bookingId=booking["id"])).problem(401, "unauthenticated")
        (await ask(client, call, token=other.token, bookingId=booking["id"])).problem(404, "not_found")
    assert (await ask(client, "GET /bookings", token=other.token)).json == []
    gone = await ask(client, "DELETE /bookings/{bookingId}", token=buyer.token, bookingId=booking["id"])
    assert (gone.status, gone.json["status"]) == (200, "CANCELLED")


# Payments.


@pytest.mark.parametrize("names", [("booking_id", "payment_id"), ("bookingId", "paymentId")])
async def test_payments_and_refunds(
    client: TestClient, buyer: User, make_user: MakeUser, booking: dict[str, Any], names: tuple[str, str]
) -> None:
    body = bodies(**{names[0]: booking["id"]}, method="card", details=CARD)
    (await ask(client, "POST /payments", body)).problem(401, "unauthenticated")
    paid = await ask(client, "POST /payments", body, token=buyer.token)
    assert paid.status == 201
    documented = {
        "booking_id": booking["id"],
        "user": buyer.id,
        "amount": booking["total"],
        "status": "SUCCEEDED",
    }
    assert {name: paid.json[name] for name in documented} == documented
    assert is_time(paid.json["created_at"])
    shown = await ask(client, "GET /payments/{paymentId}", token=buyer.token, paymentId=paid.json["id"])
    assert (shown.status, shown.json) == (200, paid.json)
    confirmed = await ask(client, "GET /bookings/{bookingId}", token=buyer.token, bookingId=booking["id"])
    assert confirmed.json["status"] == "CONFIRMED"
    assert len(confirmed.json["tickets"]) == 1

    other = await make_user()
    hidden = await ask(client, "GET /payments/{paymentId}", token=other.token, paymentId=paid.json["id"])
    hidden.problem(404, "not_found")
    body = bodies(**{names[1]: paid.json["id"]})
    (await ask(client, "POST /refunds", body)).problem(401, "unauthenticated")
    (await ask(client, "POST /refunds", body, token=other.token)).problem(404, "not_found")
    refunded = await ask(client, "POST /refunds", body, token=buyer.token)
    assert refunded.status == 201
    assert (refunded.json["payment_id"], refunded.json["amount"]) == (paid.json["id"], booking["total"])
    assert refunded.json["status"] == "SUCCEEDED"


async def test_cancelling_a_booking_refunds_it(
    client: TestClient, buyer: User, booking: dict[str, Any], pay: Pay
) -> None:
    paid = (await pay(buyer, booking)).json
    gone = await ask(client, "DELETE /bookings/{bookingId}", token=buyer.token, bookingId=booking["id"])
    assert (gone.status, gone.json["status"]) == (200, "CANCELLED")
    shown = await ask(client, "GET /payments/{paymentId}", token=buyer.token, paymentId=paid["id"])
    assert shown.json["status"] == "REFUNDED"


# Notifications.


async def test_users_are_told_of_their_bookings(
    client: TestClient, scene: Scene, buyer: User, booking: dict[str, Any]
) -> None:
    await scene.pay(booking)
    body = bodies(eventId=booking["event"], message="Doors open at seven.")
    (await ask(client, "POST /notifications", body)).problem(401, "unauthenticated")
    (await ask(client, "POST /notifications", body, token=buyer.token)).problem(403, "forbidden")
    sent = await ask(client, "POST /notifications", body, token=scene.organiser.token)
    assert (sent.status, sent.json["recipients"]) == (201, 1)

    call = "GET /notifications/{userId}"
    told = await ask(client, call, token=buyer.token, userId=buyer.id)
    assert told.status == 200
    newest, confirmed = told.json
    assert (newest["user"], newest["message"]) == (buyer.id, "Doors open at seven.")
    assert is_time(newest["date"])
    assert booking["reference"] in confirmed["message"]

    other, admin = await scene.make_user(), await scene.make_user("ADMIN")
    (await ask(client, call, userId=buyer.id)).problem(401, "unauthenticated")
    (await ask(client, call, token=other.token, userId=buyer.id)).problem(403, "forbidden")
    assert (await ask(client, call, token=admin.token, userId=buyer.id)).json == told.json

    body = bodies(userId=buyer.id, message="A word with you.")
    (await ask(client, "POST /notifications", body, token=scene.organiser.token)).problem(403, "forbidden")
    assert (await ask(client, "POST /notifications", body, token=admin.token)).status == 201
    assert (await ask(client, call, token=buyer.token, userId=buyer.id)).json[0][
        "message"
    ] == "A word with you."


# Reviews.


async def test_reviews_of_events_that_were_attended(
    client: TestClient, scene: Scene, buyer: User, booking: dict[str, Any]
) -> None:
    await scene.pay(booking)
    event, other = booking["event"], await scene.make_user()
    body = bodies(eventId=event, rating=4, comment="Loud, and good.")
    (await ask(client, REVIEW, body)).problem(401, "unauthenticated")
    (await ask(client, REVIEW, body, token=buyer.token)).problem(409, "event_not_begun")

    begun = dt.datetime.now(dt.UTC).replace(tzinfo=None) - dt.timedelta(hours=1)
    scene.rows("UPDATE events SET starts_at = ? WHERE id = ?", begun, event)
    (await ask(client, REVIEW, body, token=other.token)).problem(403, "forbidden")
    posted = await ask(client, REVIEW, body, token=buyer.token)
    assert posted.status == 201
    review = posted.json
    assert (review["event"], review["user"]["id"]) == (event, buyer.id)
    assert (review["rating"], review["comment"]) == (4, "Loud, and good.")
    assert is_time(review["date"])

    assert (await ask(client, "GET /reviews/{eventId}", eventId=event)).json == [review]
    assert (await ask(client, "GET /reviews/user/{userId}", userId=buyer.id)).json == [review]
    assert (await ask(client, "GET /reviews/user/{userId}", userId=other.id)).json == []
    shown = await ask(client, "GET /events/{eventId}", eventId=event)
    assert shown.json["rating"] == {"average": 4.0, "count": 1}
