"""Source 001, the ticket booking system: its eight views, with their permissions, workflows and statuses.

It prints no bodies; they are made of the fields that it names. Where it answers 500 when the payment
service cannot be asked, a 503 problem says so.
"""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bms.http import keys
from bms.tasks.holds import expire_due_holds
from tests.kit.api import Api
from tests.kit.books import count, status_of
from tests.kit.scene import Scene
from tests.kit.types import Make, MakeUser, Rows
from tests.kit.users import PASSWORD, User
from tests.sources.documented import ask, bodies, is_time

pytestmark = pytest.mark.usefixtures("books_balance")

EVENT = bodies(
    name="Open air",
    description="Outside.",
    date="2099-06-01T20:00:00Z",
    location="The meadow",
    max_tickets=50,
)
PROCESS = "POST /api/process-payment/{id}/"


@pytest.fixture
async def admin(make_user: MakeUser) -> User:
    return await make_user("ADMIN")


@pytest.fixture
async def free(make_event: Make) -> dict[str, Any]:
    return await make_event(price="0.00")


@pytest.fixture
async def priced(make_event: Make) -> dict[str, Any]:
    return await make_event(price="25.00")


async def order(client: TestClient, user: User, event: dict[str, Any], tickets: int = 1) -> dict[str, Any]:
    """Order tickets of one event and return the order as answered."""
    body = bodies(tickets=[{"event": event["id"]}] * tickets)
    made = await ask(client, "POST /api/orders/", body, token=user.token)
    assert made.status == 201
    return dict(made.json)


# 1 and 4: events.


async def test_events_are_made_by_admins_and_seen_by_all(
    client: TestClient, admin: User, buyer: User
) -> None:
    (await ask(client, "POST /api/events/", EVENT)).problem(401, "unauthenticated")
    (await ask(client, "POST /api/events/", EVENT, token=buyer.token)).problem(403, "forbidden")
    made = await ask(client, "POST /api/events/", EVENT, token=admin.token)
    assert made.status == 201
    documented = {
        "name": "Open air",
        "description": "Outside.",
        "starts_at": "2099-06-01T20:00:00Z",
        "max_tickets": 50,
        "available_tickets": 50,
        "sold_tickets": 0,
    }
    listed = await ask(client, "GET /api/events/")
    shown = await ask(client, "GET /api/events/{id}/", id=made.json["id"])
    assert (listed.status, shown.status) == (200, 200)
    for answered in (made.json, *listed.json, shown.json):
        assert {name: answered[name] for name in documented} == documented
        assert answered["location"]["address"] == "The meadow"


async def test_the_tickets_of_an_event_are_counted(
    client: TestClient, buyer: User, free: dict[str, Any]
) -> None:
    await order(client, buyer, free, 3)
    shown = (await ask(client, "GET /api/events/{id}/", id=free["id"])).json
    assert (shown["max_tickets"], shown["available_tickets"], shown["sold_tickets"]) == (100, 97, 3)


async def test_events_are_changed_by_admins(client: TestClient, admin: User, buyer: User) -> None:
    event = (await ask(client, "POST /api/events/", EVENT, token=admin.token)).json
    whole = EVENT.replace("Open air", "Indoors").replace("50", "40")
    for method, body in (("PUT", whole), ("PATCH", bodies(name="Indoors")), ("DELETE", "")):
        call = method + " /api/events/{id}/"
        (await ask(client, call, body, id=event["id"])).problem(401, "unauthenticated")
        (await ask(client, call, body, token=buyer.token, id=event["id"])).problem(403, "forbidden")
    changed = await ask(client, "PUT /api/events/{id}/", whole, token=admin.token, id=event["id"])
    assert (changed.status, changed.json["name"], changed.json["max_tickets"]) == (200, "Indoors", 40)
    changed = await ask(
        client, "PATCH /api/events/{id}/", '{"max_tickets": 60}', token=admin.token, id=event["id"]
    )
    assert (changed.status, changed.json["name"], changed.json["available_tickets"]) == (200, "Indoors", 60)
    assert (await ask(client, "DELETE /api/events/{id}/", token=admin.token, id=event["id"])).status == 204
    (await ask(client, "GET /api/events/{id}/", id=event["id"])).problem(404, "not_found")


# 2 and 3: accounts and tokens.


async def test_registration_tokens_and_logout(client: TestClient) -> None:
    account = {"username": "kresho", "email": "kresho@example.com", "password": PASSWORD}
    made = await ask(client, "POST /api/register/", bodies(**account))
    assert made.status == 201
    assert (made.json["username"], made.json["email"]) == ("kresho", "kresho@example.com")
    assert PASSWORD not in made.text

    login = await ask(client, "POST /api/token/", bodies(username="kresho", password=PASSWORD))
    assert login.status == 200
    wrong = bodies(username="kresho", password="another password")
    (await ask(client, "POST /api/token/", wrong)).problem(401, "invalid_credentials")

    renewed = await ask(client, "POST /api/token/refresh/", bodies(refresh=login.json["refresh"]))
    assert renewed.status == 200
    tokens = renewed.json
    assert tokens["refresh"] != login.json["refresh"]
    assert (await ask(client, "GET /api/orders/", token=tokens["access"])).status == 200

    out = bodies(refresh=tokens["refresh"])
    (await ask(client, "POST /api/logout/", out)).problem(401, "unauthenticated")
    assert (await ask(client, "POST /api/logout/", out, token=tokens["access"])).status == 205
    (await ask(client, "POST /api/token/refresh/", out)).problem(401, "invalid_refresh_token")
    (await ask(client, "GET /api/orders/", token=tokens["access"])).problem(401, "unauthenticated")


# 5: an order.


async def test_an_order_waits_for_its_payment(
    client: TestClient, buyer: User, make_event: Make, rows: Rows
) -> None:
    for price in ("0.00", "25.00"):
        event = await make_event(price=price)
        body = bodies(tickets=[{"event": event["id"]}])
        (await ask(client, "POST /api/orders/", body)).problem(401, "unauthenticated")
        made = await ask(client, "POST /api/orders/", body, token=buyer.token)
        assert made.status == 201
        answered = made.json
        documented = {
            "user": buyer.id,
            "event": event["id"],
            "quantity": 1,
            "status": "pending",
            "total": price,
        }
        assert {name: answered[name] for name in documented} == documented
        assert [(entry["event"], entry["code"]) for entry in answered["tickets"]] == [(event["id"], None)]
        assert is_time(answered["created_at"])
        assert is_time(answered["expires_at"])
        assert status_of(rows, answered) == "PENDING"
        assert count(rows, "tickets") == count(rows, "outbox", "kind = 'booking_confirmed'") == 0


async def test_entries_of_one_event_are_summed(client: TestClient, buyer: User, free: dict[str, Any]) -> None:
    event = {"event": free["id"]}
    for body, quantity in (
        ({"tickets": [event, event]}, 2),
        ({"tickets": [event, {**event, "quantity": 3}]}, 4),
        ({**event, "quantity": 5}, 5),
        (event, 1),
        ({"event_id": free["id"]}, 1),
        ({"tickets": [{"event_id": free["id"]}]}, 1),
    ):
        made = await ask(client, "POST /api/orders/", bodies(**body), token=buyer.token)
        assert (made.status, made.json["quantity"], len(made.json["tickets"])) == (201, quantity, quantity)


async def test_one_order_is_for_one_event(
    client: TestClient, buyer: User, make_event: Make, rows: Rows
) -> None:
    events = [(await make_event())["id"] for _ in range(2)]
    body = bodies(tickets=[{"event": event} for event in events])
    refused = await ask(client, "POST /api/orders/", body, token=buyer.token)
    assert refused.problem(422, "validation_failed")["errors"] == [
        {"pointer": "/tickets", "message": "One order is for one event: send an order for each."}
    ]
    assert count(rows, "bookings") == 0


SENSELESS: tuple[dict[str, Any], ...] = (
    {},
    {"quantity": 1},
    {"tickets": []},
    {"tickets": [{}]},
    {"tickets": [{"event": 1}], "event": 1},
    {"tickets": [{"event": 1}], "quantity": 1},
    {"tickets": [{"event": 1, "quantity": 60}, {"event": 1, "quantity": 41}]},
    {"tickets": [{"event": 1}, {"event": 1, "ticket_type": 1}]},
    {"tickets": [{"event": 1, "ticket_type": number} for number in range(1, 22)]},
)


async def test_an_order_that_makes_no_sense(client: TestClient, buyer: User, rows: Rows) -> None:
    for body in SENSELESS:
        refused = await ask(client, "POST /api/orders/", bodies(**body), token=buyer.token)
        (error,) = refused.problem(422, "validation_failed")["errors"]
        assert error["pointer"].startswith("/tickets"), body
    assert count(rows, "bookings") == 0


async def test_entries_may_name_ticket_types(client: TestClient, buyer: User, make_event: Make) -> None:
    kinds = [{"name": name, "price": "5.00", "capacity": 9} for name in ("Stalls", "Balcony")]
    event = await make_event(ticket_types=kinds)
    stalls, balcony = (kind["id"] for kind in event["ticket_types"])
    entries = [{"event": event["id"], "ticket_type": kind} for kind in (balcony, stalls, balcony)]
    made = await ask(client, "POST /api/orders/", bodies(tickets=entries), token=buyer.token)
    assert (made.status, made.json["total"]) == (201, "15.00")
    assert sorted(entry["ticket_type"] for entry in made.json["tickets"]) == [stalls, balcony, balcony]
    unnamed = bodies(tickets=[{"event": event["id"]}])
    (await ask(client, "POST /api/orders/", unnamed, token=buyer.token)).problem(422, "validation_failed")


async def test_orders_are_seen_by_their_users_and_admins(
    client: TestClient, scene: Scene, admin: User, free: dict[str, Any]
) -> None:
    first, second = await order(client, scene.buyer, free), await order(client, scene.buyer, free)
    for token in (scene.buyer.token, admin.token):
        assert (await ask(client, "GET /api/orders/", token=token)).json == [second, first]
        assert (await ask(client, "GET /api/orders/{id}/", token=token, id=first["id"])).json == first
    other = await scene.make_user()
    assert (await ask(client, "GET /api/orders/", token=other.token)).json == []
    (await ask(client, "GET /api/orders/{id}/", token=other.token, id=first["id"])).problem(404, "not_found")
    (await ask(client, "GET /api/orders/")).problem(401, "unauthenticated")


# 6: deleting an order.


async def test_an_order_is_deleted(
    client: TestClient, buyer: User, priced: dict[str, Any], rows: Rows
) -> None:
    for call, body in (
        ("PATCH /api/orders/{id}/", ""),
        ("PATCH /api/orders/{id}/", "{}"),
        ("PATCH /api/orders/{id}/", '{"status": "deleted"}'),
        ("PATCH /api/orders/{id}/delete/", ""),
        ("DELETE /api/orders/{id}/", ""),
    ):
        made = await order(client, buyer, priced, 2)
        for _ in range(2):
            deleted = await ask(client, call, body, token=buyer.token, id=made["id"])
            assert (deleted.status, deleted.json["id"], deleted.json["status"]) == (
                200,
                made["id"],
                "deleted",
            )
        assert status_of(rows, made) == "CANCELLED"
        shown = (await ask(client, "GET /api/events/{id}/", id=priced["id"])).json
        assert shown["available_tickets"] == 100


async def test_orders_are_deleted_by_their_users_and_admins(
    client: TestClient, scene: Scene, admin: User, free: dict[str, Any]
) -> None:
    made = await order(client, scene.buyer, free)
    other = await scene.make_user()
    call = "PATCH /api/orders/{id}/"
    (await ask(client, call, id=made["id"])).problem(401, "unauthenticated")
    (await ask(client, call, token=other.token, id=made["id"])).problem(404, "not_found")
    (await ask(client, call, '{"status": "successful"}', token=scene.buyer.token, id=made["id"])).problem(
        422, "validation_failed"
    )
    assert scene.status(made) == "PENDING"
    deleted = await ask(client, call, token=admin.token, id=made["id"])
    assert (deleted.status, deleted.json["status"]) == (200, "deleted")


async def test_a_paid_order_is_deleted(
    client: TestClient, buyer: User, priced: dict[str, Any], rows: Rows
) -> None:
    made = await order(client, buyer, priced)
    assert (await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=made["id"])).status == 200
    deleted = await ask(client, "PATCH /api/orders/{id}/", token=buyer.token, id=made["id"])
    assert (deleted.status, deleted.json["status"]) == (200, "deleted")
    assert status_of(rows, made) == "CANCELLED"


# 7: the simulated service.


async def test_the_simulated_service(client: TestClient) -> None:
    paid = await ask(client, "GET /api/simulate-payment/?outcome=success")
    assert (paid.status, paid.json["status"]) == (200, "success")
    (await ask(client, "GET /api/simulate-payment/?outcome=failure")).problem(400, "payment_failed")
    (await ask(client, "GET /api/simulate-payment/?outcome=maybe")).problem(422, "validation_failed")


async def test_both_outcomes_come_at_random(client: TestClient) -> None:
    # All 60 alike has a chance of 2 in 2**60.
    seen = {(await ask(client, "GET /api/simulate-payment/")).status for _ in range(60)}
    assert seen == {200, 400}


# 8: paying an order by it.


@pytest.mark.parametrize("price", ["0.00", "25.00"])
async def test_a_payment_that_succeeds(
    client: TestClient, buyer: User, make_event: Make, rows: Rows, price: str
) -> None:
    made = await order(client, buyer, await make_event(price=price), 2)
    paid = await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=made["id"])
    assert paid.status == 200
    assert (paid.json["id"], paid.json["status"]) == (made["id"], "successful")
    assert paid.json["message"]
    assert len({entry["code"] for entry in paid.json["tickets"]} - {None}) == 2
    assert (await ask(client, "GET /api/orders/{id}/", token=buyer.token, id=made["id"])).json[
        "status"
    ] == "successful"
    assert status_of(rows, made) == "CONFIRMED"
    assert count(rows, "outbox", "kind = 'booking_confirmed'") == 1
    # What costs nothing has no payment; what costs something is in the books of the gateway too.
    payments = rows("SELECT status, amount FROM payments")
    assert [(row.status, str(row.amount)) for row in payments] == (
        [("SUCCEEDED", "50.00")] if price != "0.00" else []
    )
    charged = (await client.app[keys.GATEWAY].totals("EUR")).charged
    assert charged == sum(row.amount for row in payments)


async def test_the_method_is_one_that_the_event_takes(
    client: TestClient, buyer: User, make_event: Make, rows: Rows
) -> None:
    for methods in (["card"], ["upi"], ["netbanking"], ["wallet"], ["card", "upi"]):
        made = await order(client, buyer, await make_event(payment_options=methods))
        failed = await ask(client, PROCESS + "?outcome=failure", token=buyer.token, id=made["id"])
        failed.problem(400, "payment_failed")
        paid = await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=made["id"])
        assert paid.status == 200
        payments = rows("SELECT status, method FROM payments WHERE booking_id = ? ORDER BY id", made["id"])
        assert [row.status for row in payments] == ["FAILED", "SUCCEEDED"]
        assert {row.method for row in payments} <= set(methods)


@pytest.mark.parametrize("price", ["0.00", "25.00"])
async def test_a_payment_that_fails(
    client: TestClient, buyer: User, make_event: Make, rows: Rows, price: str
) -> None:
    made = await order(client, buyer, await make_event(price=price))
    failed = await ask(client, PROCESS + "?outcome=failure", token=buyer.token, id=made["id"])
    assert failed.problem(400, "payment_failed")["order"] == {"id": made["id"], "status": "pending"}
    assert status_of(rows, made) == "PENDING"
    assert count(rows, "tickets") == 0
    assert (await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=made["id"])).status == 200


async def test_processing_sent_again_under_its_key_is_answered_alike(
    client: TestClient, api: Api, buyer: User, priced: dict[str, Any]
) -> None:
    made = await order(client, buyer, priced)
    path = f"/api/process-payment/{made['id']}/?outcome="
    declined, paid = {"Idempotency-Key": "first"}, {"Idempotency-Key": "second"}
    for _ in range(2):
        reply = await api.post(f"{path}failure", token=buyer.token, headers=declined)
        reply.problem(400, "payment_failed")
    first = await api.post(f"{path}success", token=buyer.token, headers=paid)
    again = await api.post(f"{path}success", token=buyer.token, headers=paid)
    assert (first.status, again.status, again.json) == (200, 200, first.json)
    other = await api.post(f"{path}success", token=buyer.token, headers={"Idempotency-Key": "third"})
    other.problem(400, "order_not_pending")


async def test_an_outcome_at_random(client: TestClient, buyer: User, make_event: Make) -> None:
    for price in ("0.00", "25.00"):
        made = await order(client, buyer, await make_event(price=price))
        # Each try has one chance in two: 60 failures in a row are not seen.
        for _ in range(60):
            reply = await ask(client, PROCESS, token=buyer.token, id=made["id"])
            if reply.status == 200:
                break
            reply.problem(400, "payment_failed")
        assert (reply.status, reply.json["status"]) == (200, "successful")


async def test_an_order_that_is_not_pending(client: TestClient, scene: Scene, buyer: User) -> None:
    for price in ("0.00", "25.00"):
        event = await scene.make_event(price=price)
        paid, deleted, late, expired = [await order(client, buyer, event) for _ in range(4)]
        called_off = await scene.make_event(price=price)
        doomed = await order(client, buyer, called_off)
        await ask(client, "POST /events/{id}/cancel", token=scene.organiser.token, id=called_off["id"])
        assert (
            await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=paid["id"])
        ).status == 200
        await ask(client, "PATCH /api/orders/{id}/", token=buyer.token, id=deleted["id"])
        scene.let_hold_pass(expired)
        await expire_due_holds(scene.db)
        scene.let_hold_pass(late)
        for made in (paid, deleted, late, expired, doomed):
            before = scene.status(made)
            refused = await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=made["id"])
            refused.problem(400, "order_not_pending")
            assert scene.status(made) == before
        shown = await ask(client, "GET /api/orders/{id}/", token=buyer.token, id=expired["id"])
        assert shown.json["status"] == "failed"


async def test_an_order_that_is_not_there(
    client: TestClient, scene: Scene, admin: User, free: dict[str, Any]
) -> None:
    made = await order(client, scene.buyer, free)
    other = await scene.make_user()
    call = PROCESS + "?outcome=success"
    (await ask(client, call, token=scene.buyer.token, id=made["id"] + 1)).problem(404, "not_found")
    for user in (other, admin):
        (await ask(client, call, token=user.token, id=made["id"])).problem(404, "not_found")
    (await ask(client, call, id=made["id"])).problem(401, "unauthenticated")


async def test_a_service_that_cannot_be_asked(
    client: TestClient, buyer: User, make_event: Make, rows: Rows
) -> None:
    for price in ("0.00", "25.00"):
        (await ask(client, "GET /api/simulate-payment/?outcome=timeout")).problem(503, "gateway_unavailable")
        made = await order(client, buyer, await make_event(price=price))
        refused = await ask(client, PROCESS + "?outcome=timeout", token=buyer.token, id=made["id"])
        refused.problem(503, "gateway_unavailable")
        assert refused.headers["Retry-After"]
        assert status_of(rows, made) == "PENDING"


async def test_a_free_order_is_not_paid_with_money(
    client: TestClient, buyer: User, free: dict[str, Any]
) -> None:
    made = await order(client, buyer, free)
    body = bodies(booking_id=made["id"], method="wallet", details={"wallet_id": "mine"})
    (await ask(client, "POST /payments", body, token=buyer.token)).problem(409, "booking_not_pending")
    assert (await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=made["id"])).status == 200
