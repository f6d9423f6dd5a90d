"""Random lives of events and bookings: whatever happens in whatever order, the books add up after it."""

import asyncio
import contextlib
import itertools
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from bms.app import create_app
from bms.commands.accounts.registration import register_user
from bms.errors import GatewayUnavailable
from bms.http import keys
from bms.payments.gateway import OutcomeStatus
from bms.queries.conservation import check_conservation
from bms.settings import Settings
from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.outbox import send_due_messages
from bms.tasks.reconciliation import Reconciler, ask_about_pending, send_due_refunds
from bms.tasks.sweeps import HOLDS, sweep
from tests.kit.api import Api, Reply
from tests.kit.cards import CARD
from tests.kit.servers import Server
from tests.kit.tsql import Sql
from tests.kit.users import PASSWORD

CARDS = {
    "pays": "4242424242424242",
    "is declined": "4000000000000002",
    "gets no answer": "4000000000001000",
    "pays without an answer": "4000000000001018",
    "fails its first refund": "4000000000002008",
    "loses the answer of its first refund": "4000000000002032",
    "needs its buyer": "4000002500003155",
}
_numbers = itertools.count(1)
places = st.integers(0, 50)


class Lives(RuleBasedStateMachine):
    """Three buyers and an organiser at an API of their own, over real HTTP."""

    server: Server
    directory: Path

    def __init__(self) -> None:
        super().__init__()
        self.opened = contextlib.ExitStack()
        url = self.opened.enter_context(self.server.migrated())
        self.settings = Settings(
            data_dir=self.directory / f"life_{next(_numbers)}",
            secret_key="a secret for tests, long enough for HS256",
            bcrypt_rounds=4,
            background_tasks=False,
            demo_data=False,
        )
        self.runner = asyncio.Runner()
        self.rows = Sql(url)
        self.client = self.wait(self._start(url))
        self.api = Api(self.client)
        self.db = self.client.app[keys.DATABASE]
        self.gateway = self.client.app[keys.GATEWAY]
        self.tokens: list[str] = []
        self.events: list[int] = []
        self.bookings: list[tuple[int, int]] = []  # (booking, whose)
        self.seated = 0  # the event that is sold by seat

    async def _start(self, url: str) -> TestClient:
        client = TestClient(TestServer(create_app(self.settings, url)))
        await client.start_server()
        return client

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def teardown(self) -> None:
        try:
            self._settle_everything()
        finally:
            self.wait(self.client.close())
            self.runner.close()
            self.rows.close()
            self.opened.close()

    @initialize()
    def people(self) -> None:
        for username, role in (("organiser", "EVENT_MANAGER"), *((f"buyer{n}", "USER") for n in range(3))):
            hashed = self.wait(self.client.app[keys.PASSWORDS].hash(PASSWORD))
            self.wait(
                self.db.transact(
                    register_user,
                    name=username,
                    username=username,
                    email=f"{username}@example.com",
                    password_hash=hashed,
                    role=role,
                )
            )
            reply = self.wait(self.api.post("/login", {"username": username, "password": PASSWORD}))
            self.tokens.append(reply.json["access_token"])
        # Hypothesis leaves some rules out of each life, so every one begins with something to act on.
        self.make_event(price="12.50", limit=None)
        self.make_seated_event()
        self.hold_seats(buyer=2, picks=[0, 1], own=True)
        self.hold(place=0, buyer=1, a=1, b=0)
        self.hold_and_pay(buyer=1, card="pays")
        self.hold_and_pay(buyer=2, card="fails its first refund")
        self.hold_and_pay(buyer=3, card="pays without an answer")
        self.hold_and_pay(buyer=2, card="needs its buyer")

    @rule(price=st.sampled_from(["0.00", "12.50", "33.33"]), limit=st.sampled_from([None, 3]))
    def make_event(self, price: str, limit: int | None) -> None:
        if len(self.events) == 4:
            return
        body = {
            "name": "An event",
            "date": "2099-01-01",
            "ticket_types": [
                {"name": "A", "price": price, "capacity": 5},
                {"name": "B", "price": "20.00", "capacity": 3},
            ],
            "per_user_limit": limit,
            "refund_policy": {"full_until_hours": 48, "percent": 50, "none_from_hours": 2},
        }
        reply = self.send("POST", "/events", 0, body, 201)
        self.events.append(reply.json["id"])

    def make_seated_event(self) -> None:
        sections = [
            {"name": name, "category": name, "rows": 1, "seats_per_row": seats}
            for name, seats in (("Stalls", 6), ("Circle", 4))
        ]
        drawn = self.send("POST", "/seating-plans/generate", 0, {"sections": sections}, 200)
        plan = {"name": "Hall", "layout": drawn.json["layout"]}
        made = self.send("POST", "/seating-plans", 0, plan, 201).json["id"]
        self.send("POST", f"/seating-plans/{made}/publish", 0, {}, 201)
        self.make_event(price="12.50", limit=None)
        self.seated = self.events[-1]
        kinds = self.rows("SELECT id FROM ticket_types WHERE event_id = ? ORDER BY id", self.seated)
        categories = {"Stalls": [kinds[0].id], "Circle": [kinds[1].id]}
        pin = {"plan": made, "categories": categories, "orphan_rule": "off"}
        self.send("PUT", f"/events/{self.seated}/seating", 0, pin, 200)

    def seats(self) -> list[Any]:
        return self.rows(
            """
            SELECT s.guid, t.ticket_type_id
            FROM   event_seats AS s
            INNER JOIN event_category_types AS t
                    ON t.event_id = s.event_id AND t.category_no = s.category_no
            WHERE  s.event_id = ?
            ORDER BY s.seat_no
            """,
            self.seated,
        )

    @rule(buyer=st.integers(1, 3), picks=st.lists(places, min_size=1, max_size=3), own=st.booleans())
    def hold_seats(self, buyer: int, picks: list[int], own: bool) -> None:
        seats = self.seats()
        chosen = [seats[one % len(seats)] for one in picks]
        kind = chosen[0].ticket_type_id
        guids = list(dict.fromkeys(seat.guid for seat in chosen if seat.ticket_type_id == kind))
        wish: dict[str, Any] = {"seats": guids} if own else {"quantity": len(guids), "best": {}}
        body = {"event": self.seated, "tickets": [{"ticket_type": kind, **wish}]}
        reply = self.send("POST", "/bookings", buyer, body, 201, 409)
        if reply.status == 201:
            self.bookings.append((reply.json["id"], buyer))

    @rule(place=places, back=st.booleans())
    def block_a_seat(self, place: int, back: bool) -> None:
        seats = self.seats()
        body = {"seats": [seats[place % len(seats)].guid]}
        if back:
            self.send("POST", f"/events/{self.seated}/seats/unblock", 0, body, 200)
        else:
            self.send("POST", f"/events/{self.seated}/seats/block", 0, {**body, "reason": "Camera"}, 200, 409)

    @rule(place=places, to=places)
    def move_a_ticket(self, place: int, to: int) -> None:
        tickets = self.rows(
            "SELECT id, booking_id FROM tickets WHERE event_id = ? AND status = 'VALID' ORDER BY id",
            self.seated,
        )
        if tickets:
            ticket, seats = tickets[place % len(tickets)], self.seats()
            body = {"moves": [{"ticket": ticket.id, "to": seats[to % len(seats)].guid}]}
            self.send("POST", f"/bookings/{ticket.booking_id}/reseat", 0, body, 200, 409)

    @rule(place=places, buyer=st.integers(1, 3), a=st.integers(0, 2), b=st.integers(0, 2))
    def hold(self, place: int, buyer: int, a: int, b: int) -> None:
        live = self.rows("SELECT id FROM events WHERE status = 'PUBLISHED' ORDER BY id")
        if not live:
            return
        event = live[place % len(live)].id
        kinds = [
            row.id for row in self.rows("SELECT id FROM ticket_types WHERE event_id = ? ORDER BY id", event)
        ]
        wanted = [
            {"ticket_type": kind, "quantity": count}
            for kind, count in zip(kinds, (a, b), strict=False)
            if count
        ]
        if not wanted:
            return
        reply = self.send("POST", "/bookings", buyer, {"event": event, "tickets": wanted}, 201, 409)
        if reply.status == 201:
            self.bookings.append((reply.json["id"], buyer))

    @rule(place=places, card=st.sampled_from(sorted(CARDS)))
    def pay(self, place: int, card: str) -> None:
        if self.bookings:
            booking, buyer = self.bookings[place % len(self.bookings)]
            details = {**CARD, "number": CARDS[card]}
            body = {"booking_id": booking, "method": "card", "details": details}
            self.send("POST", "/payments", buyer, body, 201, 202, 402, 409, 503)

    @rule(place=places, approved=st.booleans(), told=st.booleans())
    def decide(self, place: int, approved: bool, told: bool) -> None:
        """A buyer decides on the gateway's page. The notice of that may be lost."""
        charges = [e for e in self.wait(self.gateway.entries()) if e.status is OutcomeStatus.PENDING]
        if not charges:
            return
        reference = charges[place % len(charges)].gateway_reference
        if told:
            path = f"/simulated-gateway/{reference}/{'approve' if approved else 'decline'}"
            reply = self.wait(self.api.post(path))
            assert reply.status == 200, reply.text
        else:
            self.wait(self.gateway.decide(reference, approved=approved))

    @rule()
    def ask(self) -> None:
        self.rows("UPDATE payments SET ask_at = created_at WHERE ask_at IS NOT NULL")
        self.wait(ask_about_pending(self.db, self.gateway))

    @rule(buyer=st.integers(1, 3), card=st.sampled_from(sorted(CARDS)))
    def hold_and_pay(self, buyer: int, card: str) -> None:
        before = len(self.bookings)
        self.hold(place=0, buyer=buyer, a=1, b=int(buyer == 1))
        if len(self.bookings) > before:
            self.pay(place=before, card=card)

    @rule(place=places, swept=st.booleans())
    def let_a_hold_run_out(self, place: int, swept: bool) -> None:
        pending = self.rows("SELECT id FROM bookings WHERE status = 'PENDING' ORDER BY id")
        if pending:
            chosen = pending[place % len(pending)].id
            self.rows(
                "UPDATE payments SET pending_until = created_at WHERE booking_id = ? AND ask_at IS NOT NULL",
                chosen,
            )
            self.rows("UPDATE bookings SET hold_expires_at = created_at WHERE id = ?", chosen)
        if swept:
            self.wait(sweep(self.db, HOLDS))

    @rule(place=places)
    def cancel_booking(self, place: int) -> None:
        if self.bookings:
            booking, buyer = self.bookings[place % len(self.bookings)]
            self.send("DELETE", f"/bookings/{booking}", buyer, None, 200, 409)

    @rule(place=places, which=st.lists(places, min_size=1, max_size=3))
    def cancel_tickets(self, place: int, which: list[int]) -> None:
        if not self.bookings:
            return
        booking, buyer = self.bookings[place % len(self.bookings)]
        tickets = self.rows("SELECT id FROM tickets WHERE booking_id = ? ORDER BY id", booking)
        if tickets:
            body = {"tickets": [tickets[one % len(tickets)].id for one in which]}
            preview = f"/bookings/{booking}/refund-preview?tickets={','.join(map(str, body['tickets']))}"
            told = self.send("GET", preview, buyer, None, 200).json["amount"]
            before = self.rows("SELECT SUM(refund_claimed) AS sum FROM payments")[0].sum
            reply = self.send("POST", f"/bookings/{booking}/cancel", buyer, body, 200, 409)
            if reply.status == 200:
                after = self.rows("SELECT SUM(refund_claimed) AS sum FROM payments")[0].sum
                assert f"{after - before:.2f}" == told, "what was told is given back"

    @rule(place=places, amount=st.sampled_from([None, "0.01", "12.50", "20.00"]), organiser=st.booleans())
    def refund(self, place: int, amount: str | None, organiser: bool) -> None:
        if self.bookings:
            booking, buyer = self.bookings[place % len(self.bookings)]
            body = {"booking_id": booking} | ({"amount": amount} if amount else {})
            self.send("POST", "/refunds", 0 if organiser else buyer, body, 201, 404, 409)

    @rule(place=places, capacity=st.integers(1, 8))
    def change_capacity(self, place: int, capacity: int) -> None:
        event = self.events[place % len(self.events)]
        body = {
            "ticket_types": [{"name": "A", "price": "12.50", "capacity": capacity}],
            "capacity": capacity + 9,
        }
        self.send("PATCH", f"/events/{event}", 0, body, 200, 409, 422)

    @rule(place=places, hours=st.sampled_from([72, 24, 1]))
    def let_time_pass(self, place: int, hours: int) -> None:
        """The start comes closer: nothing else in BMS looks at how long ago things were."""
        event = self.events[place % len(self.events)]
        self.rows(
            "UPDATE events SET starts_at = DATEADD(HOUR, ?, SYSUTCDATETIME()) WHERE id = ?", hours, event
        )
        self.rows(
            "UPDATE bookings SET promised_starts_at = DATEADD(HOUR, ?, SYSUTCDATETIME()) WHERE event_id = ?",
            hours,
            event,
        )

    @rule(place=places, really=st.booleans())
    def cancel_event(self, place: int, really: bool) -> None:
        if really:
            event = self.events[place % len(self.events)]
            self.send("POST", f"/events/{event}/cancel", 0, {}, 200)

    @rule()
    def carry_out_cancellations(self) -> None:
        self.wait(cancel_bookings_of_events(self.db))

    @rule()
    def reconcile(self) -> None:
        self.wait(Reconciler(self.db, self.gateway, older_than=0).settle_payments())
        self.rows("UPDATE refunds SET retry_at = created_at")
        # Some cards give no answer to the first refund, which ends the batch.
        with contextlib.suppress(GatewayUnavailable):
            self.wait(send_due_refunds(self.db, self.gateway))

    @invariant()
    def the_books_add_up(self) -> None:
        broken = [found for found in self.wait(self.db.read_primary(check_conservation)) if found.rows]
        assert not broken, broken
        ours = {row.reference: row for row in self.rows("SELECT reference, amount, status FROM payments")}
        for entry in self.wait(self.gateway.entries()):
            if entry.kind == "charge" and entry.status is OutcomeStatus.SUCCEEDED:
                payment = ours[entry.reference]
                assert payment.amount == entry.amount
                assert payment.status != "FAILED", payment

    def _settle_everything(self) -> None:
        for _ in range(3):
            self.carry_out_cancellations()
        self.rows("UPDATE payments SET pending_until = created_at WHERE ask_at IS NOT NULL")
        for _ in range(100):
            self.reconcile()
            if not self.rows("SELECT id FROM refunds WHERE status <> 'SUCCEEDED'"):
                break
        while self.wait(send_due_messages(self.db, self.client.app[keys.TRANSPORT], self.settings)):
            pass
        self.the_books_add_up()
        totals = self.wait(self.gateway.totals("EUR"))
        (ours,) = self.rows(
            "SELECT COALESCE(SUM(amount), 0) AS charged, COALESCE(SUM(refunded), 0) AS refunded FROM payments"
            " WHERE status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'RETURNED')"
        )
        assert (ours.charged, ours.refunded) == (totals.charged, totals.refunded)
        assert self.rows("SELECT id FROM payments WHERE status = 'PROCESSING'") == []
        assert self.rows("SELECT id FROM refunds WHERE status <> 'SUCCEEDED'") == []
        assert self.rows("SELECT id, last_error FROM outbox WHERE state <> 'SENT'") == []

    def send(self, method: str, path: str, who: int, body: Any, *expected: int) -> Reply:
        reply: Reply = self.wait(self.api.request(method, path, body, token=self.tokens[who]))
        assert reply.status in expected, f"{method} {path}: {reply.status} {reply.text}"
        return reply


def test_random_lives(server: Server, tmp_path: Path) -> None:
    machine = type("LivesHere", (Lives,), {"server": server, "directory": tmp_path})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=16,
            stateful_step_count=20,
            deadline=None,
            # A life takes a second: what failed is reported as it was lived, not made small first.
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
