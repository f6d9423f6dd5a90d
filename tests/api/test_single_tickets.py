"""Cancelling single tickets of a booking, and asking first what is given back."""

from typing import Any

import pytest

from tests.kit.api import Api, Reply
from tests.kit.cards import REFUND_ANSWER_LOST, REFUND_FAILS_ONCE
from tests.kit.scene import Scene
from tests.kit.users import User

HALF = {"full_until_hours": 99_999_999, "percent": 50, "none_from_hours": 0}
TYPES = [
    {"name": "Stalls", "price": "33.33", "capacity": 10},
    {"name": "Balcony", "price": "20.01", "capacity": 10},
    {"name": "Child", "price": "0.00", "capacity": 10},
]


async def paid(scene: Scene, *quantities: int, by: User | None = None) -> dict[str, Any]:
    """Buy so many tickets of each type of the scene's event, and return the booking as shown."""
    tickets = [
        {"ticket_type": kind["id"], "quantity": quantity}
        for kind, quantity in zip(scene.event["ticket_types"], quantities, strict=False)
        if quantity
    ]
    user = by or scene.buyer
    body = {"event": scene.event["id"], "tickets": tickets}
    booking = (await scene.api.post("/bookings", body, token=user.token)).json
    assert (await scene.pay(booking, by=user)).status == 201
    return await scene.shown(booking, by=user)


async def cancel(scene: Scene, booking: dict[str, Any], *tickets: int, by: User | None = None) -> Reply:
    path = f"/bookings/{booking['id']}/cancel"
    return await scene.api.post(path, {"tickets": list(tickets)}, token=(by or scene.buyer).token)


async def preview(scene: Scene, booking: dict[str, Any], *tickets: int) -> dict[str, Any]:
    path = f"/bookings/{booking['id']}/refund-preview"
    wanted = {"tickets": ",".join(map(str, tickets))} if tickets else {}
    reply = await scene.api.get(path, token=scene.buyer.token, **wanted)
    assert reply.status == 200, reply.text
    shown: dict[str, Any] = reply.json
    return shown


def ids(booking: dict[str, Any]) -> list[int]:
    return [ticket["id"] for ticket in booking["tickets"]]


async def test_one_of_five_is_cancelled_and_four_stay(scene: Scene) -> None:
    await scene.on_sale(ticket_types=TYPES, refund_policy=HALF)
    booking = await paid(scene, 5)
    assert (booking["quantity"], booking["live_quantity"], booking["total"]) == (5, 5, "166.65")
    first = ids(booking)[0]
    assert await preview(scene, booking, first) == {
        "currency": "EUR",
        "amount": "16.66",
        "rule": "part",
        "per_ticket": [{"ticket": first, "amount": "16.66"}],
        "until": scene.event["starts_at"],
    }
    reply = await cancel(scene, booking, first)
    assert reply.status == 200, reply.text
    shown = reply.json
    assert (shown["status"], shown["quantity"], shown["live_quantity"]) == ("CONFIRMED", 5, 4)
    assert (shown["total"], shown["payment"]["status"]) == ("166.65", "PARTIALLY_REFUNDED")
    assert [(r["amount"], r["status"]) for r in shown["refunds"]] == [("16.66", "SUCCEEDED")]
    assert [t["status"] for t in shown["tickets"]] == ["CANCELLED", *["VALID"] * 4]
    assert scene.available() == 30 - 4
    await scene.check()
    assert (await cancel(scene, booking, first)).json == shown, "as the first time"
    (mail,) = scene.rows("SELECT payload FROM outbox WHERE kind = 'tickets_cancelled'")
    assert booking["tickets"][0]["code"] in mail.payload
    assert '"refund":"16.66"' in mail.payload.replace(" ", "")
    assert len(scene.rows("SELECT id FROM notifications WHERE kind = 'tickets_cancelled'")) == 1


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 2, 0, 1, 3]])
async def test_one_by_one_gives_what_the_whole_gives(scene: Scene, order: list[int]) -> None:
    await scene.on_sale(ticket_types=TYPES, refund_policy=HALF)
    booking = await paid(scene, 3, 2)
    whole = await preview(scene, booking)
    assert whole["amount"] == "70.01"
    for place in order:
        told = await preview(scene, booking, ids(booking)[place])
        reply = await cancel(scene, booking, ids(booking)[place])
        assert reply.json["refunds"][-1]["amount"] == told["amount"]
        await scene.check()
    shown = reply.json
    assert (shown["status"], shown["live_quantity"], shown["refund_due"]) == ("CANCELLED", 0, "70.01")
    assert sum(float(r["amount"]) for r in shown["refunds"]) == pytest.approx(70.01)
    kinds = [row.kind for row in scene.rows("SELECT kind FROM outbox ORDER BY id")]
    assert (kinds.count("tickets_cancelled"), kinds.count("booking_cancelled")) == (4, 1)
    assert scene.available() == 30


async def test_some_and_then_the_rest(scene: Scene) -> None:
    await scene.on_sale(ticket_types=TYPES, refund_policy=HALF)
    booking = await paid(scene, 3, 2)
    shown = (await cancel(scene, booking, *ids(booking)[1:3])).json
    assert [r["amount"] for r in shown["refunds"]] == ["33.32"]
    rest = await preview(scene, booking)
    assert {each["ticket"] for each in rest["per_ticket"]} == {ids(booking)[n] for n in (0, 3, 4)}
    shown = (await scene.cancel(booking)).json
    assert [r["amount"] for r in shown["refunds"]] == ["33.32", rest["amount"]]
    assert shown["refund_due"] == "70.01"
    await scene.check()


async def test_all_tickets_named_cancel_the_booking(scene: Scene) -> None:
    booking = await paid(scene, 2)
    shown = (await cancel(scene, booking, *ids(booking))).json
    assert (shown["status"], shown["refund_due"], shown["payment"]["status"]) == (
        "CANCELLED",
        "50.00",
        "REFUNDED",
    )
    again = await cancel(scene, booking, ids(booking)[0])
    assert (again.status, again.json) == (200, shown)
    await scene.check()


async def test_the_free_ticket_of_a_booking_stays_when_the_paid_ones_go(scene: Scene) -> None:
    await scene.on_sale(ticket_types=TYPES)
    booking = await paid(scene, 0, 1, 1)
    shown = (await cancel(scene, booking, ids(booking)[0])).json
    assert (shown["status"], shown["live_quantity"], shown["payment"]["status"]) == (
        "CONFIRMED",
        1,
        "REFUNDED",
    )
    await scene.check()
    shown = (await scene.cancel(booking)).json
    assert (shown["status"], shown["refund_due"]) == ("CANCELLED", "20.01")
    await scene.check()


async def test_tickets_that_cost_nothing(scene: Scene) -> None:
    await scene.on_sale(price="0.00")
    booking = await scene.held(3)
    assert booking["status"] == "CONFIRMED"
    told = await preview(scene, booking)
    assert (told["amount"], told["rule"]) == ("0.00", "full")
    shown = (await cancel(scene, booking, ids(booking)[2])).json
    assert (shown["live_quantity"], shown["refunds"], scene.available()) == (2, [], 98)
    await scene.check()


@pytest.mark.parametrize(
    ("tickets", "pointer"),
    [
        ([], "/tickets"),
        ([0], "/tickets/0"),
        (["5"], "/tickets/0"),
        (None, "/tickets"),
        ([True], "/tickets/0"),
        ([999_999_999], "/tickets"),
        (list(range(1, 502)), "/tickets"),
    ],
)
async def test_bad_tickets(api: Api, scene: Scene, tickets: Any, pointer: str) -> None:
    booking = await paid(scene, 2)
    reply = await api.post(f"/bookings/{booking['id']}/cancel", {"tickets": tickets}, token=scene.buyer.token)
    problem = reply.problem(422, "validation_failed")
    assert problem["errors"][0]["pointer"] == pointer
    assert (await scene.shown(booking))["live_quantity"] == 2


async def test_tickets_of_others_are_not_cancelled(scene: Scene) -> None:
    stranger = await scene.make_user()
    mine, others = await paid(scene, 2), await paid(scene, 2, by=stranger)
    (await cancel(scene, mine, ids(others)[0])).problem(422, "validation_failed")
    (await cancel(scene, mine, ids(mine)[0], ids(others)[0])).problem(422, "validation_failed")
    (await cancel(scene, others, ids(others)[0])).problem(404, "not_found")
    another = await scene.make_user("EVENT_MANAGER")
    (await cancel(scene, mine, ids(mine)[0], by=another)).problem(404, "not_found")
    for path in (f"/bookings/{others['id']}/refund-preview", "/bookings/999/refund-preview"):
        (await scene.api.get(path, token=scene.buyer.token)).problem(404, "not_found")
    mixed = f"/bookings/{mine['id']}/refund-preview"
    reply = await scene.api.get(mixed, token=scene.buyer.token, tickets=f"{ids(others)[0]}")
    reply.problem(422, "validation_failed")
    for booking, user in ((mine, scene.buyer), (others, stranger)):
        assert (await scene.shown(booking, by=user))["live_quantity"] == 2
    admin = await scene.make_user("ADMIN")
    assert (await cancel(scene, others, ids(others)[0], by=admin)).json["live_quantity"] == 1
    await scene.check()


@pytest.mark.parametrize(
    "tickets", ["", "x", "1,", ",1", "0", "1.5", "1 2", "-1", "9" * 20, "1" + ",1" * 2000]
)
async def test_bad_previews(scene: Scene, tickets: str) -> None:
    booking = await paid(scene, 1)
    path = f"/bookings/{booking['id']}/refund-preview"
    (await scene.api.get(path, token=scene.buyer.token, tickets=tickets)).problem(422, "validation_failed")


async def test_what_is_held_has_no_tickets_yet(scene: Scene) -> None:
    booking = await scene.held(2)
    (await cancel(scene, booking, 1)).problem(422, "validation_failed")
    told = await preview(scene, booking)
    assert (told["amount"], told["per_ticket"]) == ("0.00", [])


async def test_once_the_event_has_begun_nothing_is_given_back(scene: Scene) -> None:
    booking = await paid(scene, 2)
    gone = ids(booking)[0]
    shown = (await cancel(scene, booking, gone)).json
    for table, column in (("events", "starts_at"), ("bookings", "promised_starts_at")):
        scene.rows(f"UPDATE {table} SET {column} = DATEADD(MINUTE, -5, SYSUTCDATETIME())")
    assert await preview(scene, booking) == {
        "currency": "EUR",
        "amount": "0.00",
        "rule": "none",
        "per_ticket": [{"ticket": ids(booking)[1], "amount": "0.00"}],
        "until": None,
    }
    (await cancel(scene, booking, ids(booking)[1])).problem(409, "booking_not_cancellable")
    assert (await cancel(scene, booking, gone)).json == shown


async def test_the_event_is_cancelled_after_single_tickets(scene: Scene) -> None:
    from bms.tasks.cancellations import cancel_bookings_of_events

    await scene.on_sale(ticket_types=TYPES, refund_policy=HALF)
    booking = await paid(scene, 2)
    await cancel(scene, booking, ids(booking)[0])
    reply = await scene.api.post(f"/events/{scene.event['id']}/cancel", {}, token=scene.organiser.token)
    assert reply.status == 200
    assert (await preview(scene, booking))["rule"] == "full"
    await cancel_bookings_of_events(scene.db)
    shown = await scene.shown(booking)
    assert (shown["status"], shown["refund_due"]) == ("CANCELLED", "50.00")
    await scene.check()


async def test_what_the_organiser_gave_counts_as_for_the_whole(scene: Scene) -> None:
    booking = await paid(scene, 4)
    body = {"booking_id": booking["id"], "amount": "30.00"}
    assert (await scene.api.post("/refunds", body, token=scene.organiser.token)).status == 201
    assert (await scene.shown(booking))["live_quantity"] == 4, "who is given something keeps the tickets"
    told = await preview(scene, booking)
    assert told["amount"] == "70.00"
    assert [each["amount"] for each in told["per_ticket"]] == ["0.00", "20.00", "25.00", "25.00"]
    for ticket in ids(booking):
        await cancel(scene, booking, ticket)
        await scene.check()
    assert (await scene.shown(booking))["payment"]["status"] == "REFUNDED"


async def test_the_limit_per_person_counts_live_tickets(scene: Scene) -> None:
    await scene.on_sale(per_user_limit=3)
    booking = await paid(scene, 3)
    body = {"event": scene.event["id"], "quantity": 2}
    (await scene.api.post("/bookings", body, token=scene.buyer.token)).problem(409, "per_user_limit")
    await cancel(scene, booking, *ids(booking)[:2])
    assert (await scene.api.post("/bookings", body, token=scene.buyer.token)).status == 201


@pytest.mark.parametrize("number", [REFUND_FAILS_ONCE, REFUND_ANSWER_LOST])
async def test_a_refund_that_fails_is_sent_again(scene: Scene, number: str) -> None:
    from bms.tasks.reconciliation import send_due_refunds

    booking = await scene.shown(await scene.paid(2, number))
    await cancel(scene, booking, ids(booking)[0])
    scene.rows("UPDATE refunds SET retry_at = created_at")
    assert await send_due_refunds(scene.db, scene.gateway) == 1
    assert [r["status"] for r in (await scene.shown(booking))["refunds"]] == ["SUCCEEDED"]
    await scene.check()


async def test_statistics_count_live_tickets(scene: Scene) -> None:
    booking = await paid(scene, 3)
    await cancel(scene, booking, ids(booking)[0])
    reply = await scene.api.get(f"/events/{scene.event['id']}/stats", token=scene.organiser.token)
    shown = reply.json
    assert (shown["sold"], shown["revenue"], shown["refunded"]) == (2, "50.00", "25.00")
    assert shown["by_ticket_type"][0]["gross"] == "50.00"
    assert [day["tickets"] for day in shown["by_day"]] == [2]


async def test_renaming_a_ticket_type_does_not_rename_what_was_sold(scene: Scene) -> None:
    await scene.on_sale(ticket_types=TYPES)
    booking = await paid(scene, 2)
    kind = scene.event["ticket_types"][0]["id"]
    changes = {"ticket_types": [{"id": kind, "name": "Standing"}]}
    reply = await scene.api.patch(f"/events/{scene.event['id']}", changes, token=scene.organiser.token)
    assert reply.json["ticket_types"][0]["name"] == "Standing"
    assert [line["name"] for line in (await scene.shown(booking))["lines"]] == ["Stalls"]
    await cancel(scene, booking, ids(booking)[0])
    (mail,) = scene.rows("SELECT payload FROM outbox WHERE kind = 'tickets_cancelled'")
    assert "Stalls" in mail.payload
    scene.rows("UPDATE booking_lines SET name = NULL")
    assert [line["name"] for line in (await scene.shown(booking))["lines"]] == ["Standing"], "of old rows"
