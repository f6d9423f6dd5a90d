"""Source 000, the assignment: its endpoints and what it asks of each.

It prints no bodies; they are made of the fields that it names. Its "/ create-event" is read as
/create-event.
"""

import datetime as dt
from typing import Any

import jwt
import pytest
from aiohttp.test_utils import TestClient

from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.reconciliation import send_due_refunds
from tests.kit.cards import CARD
from tests.kit.scene import Scene
from tests.kit.types import Make, MakeUser, Rows
from tests.kit.users import PASSWORD, User
from tests.sources.documented import ask, bodies

pytestmark = pytest.mark.usefixtures("books_balance")

REGISTRATION = bodies(email="ann@example.com", name="Ann", username="ann", password=PASSWORD)
LOGIN = bodies(email="ann@example.com", password=PASSWORD)
CARD_REFUSED = {**CARD, "number": "4242 4242 4242 4241"}


def mails(rows: Rows, recipient: str | None) -> list[str]:
    """Return the kinds of the mails to ``recipient``, the oldest first."""
    return [row.kind for row in rows("SELECT kind FROM outbox WHERE recipient = ? ORDER BY id", recipient)]


def lifetime(token: str) -> dt.timedelta:
    claims = jwt.decode(token, options={"verify_signature": False})
    return dt.timedelta(seconds=claims["exp"] - claims["iat"])


async def payment_of(client: TestClient, user: User, booking: dict[str, Any]) -> dict[str, Any]:
    """Return the booking's payment as its buyer sees it."""
    shown = await ask(client, "GET /bookings/{id}", token=user.token, id=booking["id"])
    return dict(
        (await ask(client, "GET /payments/{id}", token=user.token, id=shown.json["payment"]["id"])).json
    )


# Accounts.


async def test_register_login_and_logout(client: TestClient, rows: Rows) -> None:
    registered = await ask(client, "POST /register", REGISTRATION)
    assert registered.status == 201
    account = registered.json
    assert (account["email"], account["name"], account["username"]) == ("ann@example.com", "Ann", "ann")
    assert account["role"] == "USER"
    # The mail of a registration asks for a click: the address may be a stranger's.
    assert mails(rows, "ann@example.com") == ["address_confirmation"]
    (stored,) = rows("SELECT id, password_hash FROM users WHERE username = 'ann'")
    assert stored.id == account["id"]
    assert PASSWORD not in stored.password_hash

    login = await ask(client, "POST /login", LOGIN)
    assert login.status == 200
    token = login.json["access_token"]
    assert lifetime(token) == dt.timedelta(days=1)
    assert lifetime(login.json["refresh_token"]) == dt.timedelta(days=7)

    assert (await ask(client, "GET /bookings", token=token)).status == 200
    assert (await ask(client, "POST /logout", token=token)).status == 204
    (await ask(client, "GET /bookings", token=token)).problem(401, "unauthenticated")


async def test_wrong_credentials_and_a_taken_email(client: TestClient) -> None:
    await ask(client, "POST /register", REGISTRATION)
    for wrong in (LOGIN.replace(PASSWORD, "something else"), LOGIN.replace("ann@", "bob@")):
        (await ask(client, "POST /login", wrong)).problem(401, "invalid_credentials")
    again = REGISTRATION.replace('"ann"', '"bob"')
    assert (await ask(client, "POST /register", again)).problem(409, "email_taken")["field"] == "email"
    other = await ask(client, "POST /register", again.replace("ann@", "bob@"))
    assert other.status == 201


async def test_the_two_roles(client: TestClient) -> None:
    for number, (role, known_as) in enumerate({"User": "USER", "Event Manager": "EVENT_MANAGER"}.items()):
        body = bodies(
            email=f"{number}@example.com", name="A", username=f"a{number}", password=PASSWORD, role=role
        )
        assert (await ask(client, "POST /register", body)).json["role"] == known_as


# Events.


async def test_a_manager_creates_an_event(
    client: TestClient, manager: User, buyer: User, make_venue: Make
) -> None:
    venue = await make_venue(name="Town hall")
    fields = {"title": "Recital", "description": "Piano.", "date": "2099-05-01", "time": "20:15:00"}
    options = ["card", "upi"]
    for location in (venue["id"], "Town hall"):
        body = bodies(**fields, location=location, payment_options=options)
        (await ask(client, "POST /create-event", body)).problem(401, "unauthenticated")
        (await ask(client, "POST /create-event", body, token=buyer.token)).problem(403, "forbidden")
        made = await ask(client, "POST /create-event", body, token=manager.token)
        assert made.status == 201
        assert {name: made.json[name] for name in fields} == fields
        assert made.json["location"]["name"] == "Town hall"
        assert made.json["payment_options"] == options
    unknown = bodies(**fields, location="Nowhere", payment_options=options)
    refused = await ask(client, "POST /create-event", unknown, token=manager.token)
    assert refused.problem(422, "validation_failed")["errors"][0]["pointer"] == "/location"
    locations = await ask(client, "GET /locations")
    assert [location["id"] for location in locations.json] == [venue["id"]]


async def test_events_are_filtered(
    client: TestClient, make_user: MakeUser, make_event: Make, make_venue: Make
) -> None:
    admin = await make_user("ADMIN")
    for slug in ("concert", "theatre"):
        await ask(client, "POST /categories", bodies(slug=slug, name=slug.title()), token=admin.token)
    hall, barn = await make_venue(name="Hall"), await make_venue(name="Barn", city="Delft")
    events = {
        name: (
            await make_event(title=name, venue=venue["id"], category=category, starts_at=f"{day}T20:00:00Z")
        )["id"]
        for name, venue, category, day in (
            ("a", hall, "concert", "2099-01-01"),
            ("b", hall, "theatre", "2099-01-02"),
            ("c", barn, "concert", "2099-01-02"),
        )
    }
    for query, expected in (
        ("", "abc"),
        ("?location=Hall", "ab"),
        (f"?location={barn['id']}", "c"),
        ("?location=Delft", "c"),
        ("?date=2099-01-02", "bc"),
        ("?category=concert", "ac"),
        ("?location=Hall&date=2099-01-02&category=theatre", "b"),
        ("?location=Barn&category=theatre", ""),
    ):
        found = await ask(client, f"GET /event{query}")
        assert [event["id"] for event in found.json] == [events[name] for name in expected], query


# Bookings.


async def test_a_ticket_is_booked(client: TestClient, buyer: User, make_event: Make) -> None:
    event = await make_event(capacity=2)
    body = bodies(event_id=event["id"], quantity=2)
    (await ask(client, "POST /book-ticket", body)).problem(401, "unauthenticated")
    booked = await ask(client, "POST /book-ticket", body, token=buyer.token)
    assert (booked.status, booked.json["status"], booked.json["quantity"]) == (201, "PENDING", 2)
    sold_out = await ask(client, "POST /book-ticket", body, token=buyer.token)
    assert sold_out.problem(409, "sold_out")["available"] == 0
    missing = bodies(event_id=event["id"] + 1)
    (await ask(client, "POST /book-ticket", missing, token=buyer.token)).problem(404, "not_found")


async def test_bookings_are_viewed_and_cancelled(client: TestClient, scene: Scene, buyer: User) -> None:
    booking = await scene.held()
    other = await scene.make_user()
    assert [one["id"] for one in (await ask(client, "GET /bookings", token=buyer.token)).json] == [
        booking["id"]
    ]
    assert (await ask(client, "GET /bookings", token=other.token)).json == []
    cancel = "POST /bookings/{id}/cancel"
    (await ask(client, cancel, token=other.token, id=booking["id"])).problem(404, "not_found")
    cancelled = await ask(client, cancel, token=buyer.token, id=booking["id"])
    assert (cancelled.status, cancelled.json["status"]) == (200, "CANCELLED")


# Mails.


async def test_mails_of_bookings_and_of_event_updates(client: TestClient, scene: Scene) -> None:
    await scene.pay(await scene.held())
    changed = await ask(
        client,
        "PATCH /events/{id}",
        bodies(time="21:00:00"),
        token=scene.organiser.token,
        id=scene.event["id"],
    )
    assert changed.status == 200
    assert mails(scene.rows, scene.buyer.email) == ["registration", "booking_confirmed", "event_updated"]


# Payments.


async def test_a_payment_is_made_and_reverted(client: TestClient, scene: Scene, buyer: User) -> None:
    booking = await scene.held()
    wrong = bodies(booking_id=booking["id"], method="card", details=CARD_REFUSED)
    refused = await ask(client, "POST /make-payment/", wrong, token=buyer.token)
    assert refused.problem(422, "validation_failed")["errors"][0]["pointer"] == "/details/number"
    assert scene.status(booking) == "PENDING"

    body = bodies(booking_id=booking["id"], method="card", details=CARD)
    (await ask(client, "POST /make-payment/", body)).problem(401, "unauthenticated")
    paid = await ask(client, "POST /make-payment/", body, token=buyer.token)
    assert (paid.status, paid.json["status"], paid.json["amount"]) == (201, "SUCCEEDED", "25.00")
    assert scene.status(booking) == "CONFIRMED"

    other = await scene.make_user()
    revert = bodies(payment_id=paid.json["id"])
    (await ask(client, "POST /revert-payment/", revert)).problem(401, "unauthenticated")
    (await ask(client, "POST /revert-payment/", revert, token=other.token)).problem(404, "not_found")
    reverted = await ask(client, "POST /revert-payment/", revert, token=buyer.token)
    assert (reverted.status, reverted.json["status"], reverted.json["amount"]) == (201, "SUCCEEDED", "25.00")
    assert scene.status(booking) == "CANCELLED"
    assert (await payment_of(client, buyer, booking))["status"] == "REFUNDED"


async def test_cancelling_a_booking_reverts_its_payment(
    client: TestClient, scene: Scene, buyer: User
) -> None:
    booking = await scene.held()
    await scene.pay(booking)
    cancelled = await ask(client, "POST /bookings/{id}/cancel", token=buyer.token, id=booking["id"])
    assert cancelled.json["status"] == "CANCELLED"
    assert (await payment_of(client, buyer, booking))["status"] == "REFUNDED"
    totals = await scene.gateway.totals("EUR")
    assert totals.charged == totals.refunded > 0


async def test_cancelling_an_event_cancels_its_bookings_and_reverts_their_payments(
    client: TestClient, scene: Scene
) -> None:
    event, other = scene.event, await scene.make_user()
    paid = [(user, await scene.held(by=user)) for user in (scene.buyer, other)]
    for user, booking in paid:
        await scene.pay(booking, by=user)
    held = await scene.held()

    cancelled = await ask(client, "POST /events/{id}/cancel", token=scene.organiser.token, id=event["id"])
    assert (cancelled.status, cancelled.json["status"]) == (200, "CANCELLED")
    while await cancel_bookings_of_events(scene.db):
        pass
    await send_due_refunds(scene.db, scene.gateway)

    for user, booking in paid:
        assert scene.status(booking) == "CANCELLED"
        assert (await payment_of(client, user, booking))["status"] == "REFUNDED"
        assert "event_cancelled" in mails(scene.rows, user.email)
    assert scene.status(held) == "CANCELLED"
    totals = await scene.gateway.totals("EUR")
    assert totals.charged == totals.refunded > 0
