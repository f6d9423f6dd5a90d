"""People at the box office: they look around, hold, mostly pay, sometimes cancel.

    locust -f bench/locustfile.py --host http://127.0.0.1:8080

beside ``script/server``, whose demo data is what they buy; ``script/bench --locust`` runs it by itself. Each
registers and logs in first, so people should come by and by (--spawn-rate 2): hashing a password takes a
quarter of a second of a core, and from one address at most 100 logins may be under way.
"""

import random
import uuid
from typing import Any

from locust import HttpUser, between, task

PASSWORD = "correct horse battery"
GOOD_CARD, DECLINED_CARD = "4242424242424242", "4000000000000002"
SEARCHES: tuple[dict[str, str], ...] = (
    {},
    {"available": "true"},
    {"category": "concert"},
    {"city": "Utrecht"},
    {"sort": "price"},
)


class Visitor(HttpUser):
    """Somebody with an account, who thinks for a second or two between two calls."""

    wait_time = between(0.5, 2.5)

    def on_start(self) -> None:
        """Register and log in."""
        self.seen: list[dict[str, Any]] = []
        self.confirmed: list[int] = []
        name = f"visitor-{uuid.uuid4().hex[:12]}"
        account = {
            "username": name,
            "name": "A Visitor",
            "email": f"{name}@example.com",
            "password": PASSWORD,
        }
        self.call("POST", "/register", 201, json=account)
        answer = self.call("POST", "/login", 200, json={"username": name, "password": PASSWORD})
        self.keep_tokens(answer)
        self.browse()

    def call(self, method: str, path: str, *wanted: int, **request: Any) -> dict[str, Any]:
        """Send a request to ``path``, whose ``{id}`` is the request's ``id``, and return its JSON, {} for a
        status that is not one of ``wanted``.
        """
        url = path.format(id=request.pop("id", ""))
        with self.client.request(method, url, name=path, catch_response=True, **request) as answer:
            if answer.status_code not in wanted:
                answer.failure(f"{answer.status_code} {answer.text[:200]}")
                return {}
            answer.success()
            found = answer.json()
            return found if isinstance(found, dict) else {"items": found}

    def keep_tokens(self, answer: dict[str, Any]) -> None:
        """Go on with the tokens of ``answer``."""
        self.refresh_token = answer.get("refresh_token", "")
        self.client.headers["Authorization"] = f"Bearer {answer.get('access_token', '')}"

    @task(10)
    def browse(self) -> None:
        """Look through what is on."""
        found = self.call("GET", "/events", 200, params=random.choice(SEARCHES))
        self.seen = found.get("items") or self.seen

    @task(10)
    def look(self) -> None:
        """Look at one event."""
        if self.seen:
            self.call("GET", "/events/{id}", 200, id=random.choice(self.seen)["id"])

    @task(6)
    def buy(self) -> None:
        """Hold tickets; then pay, or be declined and pay, or change one's mind, or just go away."""
        if not self.seen:
            return
        event = random.choice(self.seen)
        kind = random.choice(event["ticket_types"])
        body = {
            "event": event["id"],
            "tickets": [{"ticket_type": kind["id"], "quantity": random.randint(1, 2)}],
        }
        # 409: sold out, not on sale, or more than one person may have.
        booking = self.call("POST", "/bookings", 201, 409, json=body, headers=fresh_key())
        if booking.get("status") == "CONFIRMED":
            self.confirmed.append(booking["id"])
        elif booking.get("status") == "PENDING":
            self.decide(booking["id"])

    def decide(self, booking_id: int) -> None:
        """Pay for a hold, mostly."""
        chance = random.random()
        if chance < 0.1:
            self.call("POST", "/bookings/{id}/cancel", 200, id=booking_id, json={})
        elif chance < 0.9:
            if chance < 0.2:
                self.pay(booking_id, DECLINED_CARD, 402)
            if self.pay(booking_id, GOOD_CARD, 201):
                self.confirmed.append(booking_id)

    def pay(self, booking_id: int, number: str, *wanted: int) -> dict[str, Any]:
        """Pay for a booking with a card and return the payment."""
        details = {"number": number, "expiry": "12/40", "cvv": "123", "holder": "A Visitor"}
        body = {"booking_id": booking_id, "method": "card", "details": details}
        return self.call("POST", "/payments", *wanted, json=body, headers=fresh_key())

    @task(3)
    def own_bookings(self) -> None:
        """Look for one's tickets."""
        self.call("GET", "/bookings", 200)

    @task(1)
    def cancel(self) -> None:
        """Give tickets back."""
        if self.confirmed:
            self.call("POST", "/bookings/{id}/cancel", 200, id=self.confirmed.pop(), json={})

    @task(1)
    def refresh(self) -> None:
        """Come back with the refresh token."""
        self.keep_tokens(self.call("POST", "/token/refresh", 200, json={"refresh_token": self.refresh_token}))


def fresh_key() -> dict[str, str]:
    """Return the header of a request that is sent for the first time."""
    return {"Idempotency-Key": uuid.uuid4().hex}
