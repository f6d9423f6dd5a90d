"""People at the box office: those who look around, those who buy, and those who run events.

    locust -f bench/locustfile.py --host http://127.0.0.1:8080

beside ``script/server``, whose demo data is what they buy. Name classes to have only some of them
(``Browser``, ``Buyer``, ``Organiser``), and an event to have everybody go there (``--event 3``). A crowd on
one event is bench/locust_stampede.py. Each person with an account registers and logs in first, so people
should come by and by (--spawn-rate 2): hashing a password takes a quarter of a second of a core.

A run fails at once, with exit status 2, where nobody answers or there is nothing to buy: figures of an empty
shop would look splendid.
"""

import json
import random
import re
import sys
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.request import urlopen

from locust import HttpUser, between, events, task

PASSWORD = "correct horse battery"
GOOD_CARD, DECLINED_CARD = "4242424242424242", "4000000000000002"
NOTHING_TO_BUY = 2  # exit status
SEARCHES: tuple[dict[str, str], ...] = (
    {},
    {"available": "true"},
    {"category": "concert"},
    {"city": "Utrecht"},
    {"sort": "price"},
)


@events.init_command_line_parser.add_listener
def _options(parser: Any) -> None:
    parser.add_argument("--event", type=int, default=0, help="the id of the event that all go to (any)")
    parser.add_argument("--most-tickets", type=int, default=2, help="tickets a booking, at the most (2)")


@events.test_start.add_listener
def _look_for_something_to_buy(environment: Any, **_: Any) -> None:
    wrong = what_is_wrong(environment.host or "", environment.parsed_options.event)
    if wrong:
        print(f"locustfile: {wrong}", file=sys.stderr, flush=True)
        environment.process_exit_code = NOTHING_TO_BUY
        environment.runner.quit()


def what_is_wrong(host: str, event: int) -> str:
    """Return why nobody can buy anything at ``host``, or "". With ``event``, of that event."""
    try:
        if not on_sale(host, event):
            return (
                f"there is nothing to buy at {host}: begin with demo data (script/server) or an event on sale"
            )
    except (OSError, ValueError, TypeError, KeyError) as error:
        return f"{host} does not answer as BMS does: {error}"
    return ""


def on_sale(host: str, event: int = 0) -> list[int]:
    """Return the ids of the events that have tickets for sale at ``host``, or of ``event`` alone."""
    found = [_get(f"{host}/events/{event}")] if event else _get(f"{host}/events?available=true&limit=200")
    return [
        one["id"]
        for one in found
        if one["on_sale"] and any(kind["available"] for kind in one["ticket_types"])
    ]


def _get(url: str) -> Any:
    with urlopen(url, timeout=10) as answer:
        return json.load(answer)


class Visitor(HttpUser):
    """Somebody who thinks for a second or two between two calls."""

    abstract = True
    wait_time = between(0.5, 2.5)

    def on_start(self) -> None:
        """Come in."""
        self.seen: list[dict[str, Any]] = []
        self.browse()

    def call(self, method: str, path: str, *wanted: int, **request: Any) -> dict[str, Any]:
        """Send a request to ``path``, whose parameter is the request's ``id``, and return its JSON, {} for a
        status that is not one of ``wanted``.
        """
        url = re.sub(r"\{\w+\}", str(request.pop("id", "")), path)
        with self.client.request(method, url, name=path, catch_response=True, **request) as answer:
            if answer.status_code not in wanted:
                answer.failure(f"{answer.status_code} {answer.text[:200]}")
                return {}
            answer.success()
            found = answer.json()
            return found if isinstance(found, dict) else {"items": found}

    def browse(self) -> None:
        """Look through what is on, or at the one event that everybody goes to."""
        event = self.environment.parsed_options.event
        if event:
            found = self.call("GET", "/events/{id}", 200, id=event)
            self.seen = [found] if found else self.seen
        else:
            found = self.call("GET", "/events", 200, params=random.choice(SEARCHES))
            self.seen = found.get("items") or self.seen


class Browser(Visitor):
    """Somebody without an account, who only looks."""

    weight = 5

    @task(2)
    def look_around(self) -> None:
        """Look through what is on."""
        self.browse()

    @task(3)
    def look(self) -> None:
        """Look at one event, and at what others say of it."""
        if self.seen:
            event = random.choice(self.seen)["id"]
            self.call("GET", "/events/{id}", 200, id=event)
            self.call("GET", "/reviews/{id}", 200, id=event)


class Member(Visitor):
    """Somebody with an account."""

    abstract = True
    role = "USER"

    def on_start(self) -> None:
        """Register and log in."""
        name = f"visitor-{uuid.uuid4().hex[:12]}"
        account = {
            "username": name,
            "name": "A Visitor",
            "email": f"{name}@example.com",
            "password": PASSWORD,
            "role": self.role,
        }
        self.call("POST", "/register", 201, json=account)
        answer = self.call("POST", "/login", 200, json={"username": name, "password": PASSWORD})
        self.keep_tokens(answer)
        super().on_start()

    def keep_tokens(self, answer: dict[str, Any]) -> None:
        """Go on with the tokens of ``answer``."""
        self.refresh_token = answer.get("refresh_token", "")
        self.client.headers["Authorization"] = f"Bearer {answer.get('access_token', '')}"

    @task(1)
    def refresh(self) -> None:
        """Come back with the refresh token."""
        self.keep_tokens(self.call("POST", "/token/refresh", 200, json={"refresh_token": self.refresh_token}))


class Buyer(Member):
    """Somebody who holds tickets, mostly pays and sometimes cancels."""

    weight = 10

    def on_start(self) -> None:
        """Register, log in and look around."""
        self.confirmed: list[int] = []
        super().on_start()

    @task(10)
    def look_around(self) -> None:
        """Look through what is on."""
        self.browse()

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
        booking = self.hold(random.choice(self.seen))
        if booking.get("status") == "CONFIRMED":
            self.confirmed.append(booking["id"])
        elif booking.get("status") == "PENDING":
            self.decide(booking["id"])

    def hold(self, event: dict[str, Any]) -> dict[str, Any]:
        """Hold some tickets of one type and return the booking, or what refused it."""
        kind = random.choice(event["ticket_types"])
        quantity = random.randint(1, self.environment.parsed_options.most_tickets)
        body = {"event": event["id"], "tickets": [{"ticket_type": kind["id"], "quantity": quantity}]}
        # 409: sold out, not on sale, or more than one person may have.
        return self.call("POST", "/bookings", 201, 409, json=body, headers=fresh_key())

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


class Organiser(Member):
    """Somebody who puts an event on sale and watches it. Registration as EVENT_MANAGER must be open."""

    weight = 1
    role = "EVENT_MANAGER"

    def on_start(self) -> None:
        """Register, log in, and put a first event on sale."""
        self.own: list[int] = []
        super().on_start()
        self.create()

    @task(1)
    def create(self) -> None:
        """Put an event on sale that costs nothing, in a venue of one's own."""
        venue = {"name": f"Hall {uuid.uuid4().hex[:8]}", "location": "1 Main Street", "capacity": 500}
        made = self.call("POST", "/venues", 201, json=venue, headers=fresh_key())
        if not made:
            return
        starts_at = datetime.now(UTC) + timedelta(days=random.randint(20, 200))
        event = {
            "title": "An evening of load",
            "description": "Made by a load test.",
            "venue": made["id"],
            "starts_at": starts_at.isoformat(),
            "price": "25.00",
        }
        answer = self.call("POST", "/events", 201, json=event, headers=fresh_key())
        if answer:
            self.own.append(answer["id"])

    @task(5)
    def watch(self) -> None:
        """See how one's event sells."""
        if self.own:
            event = random.choice(self.own)
            self.call("GET", "/events/{id}/stats", 200, id=event)
            self.call("GET", "/events/{id}/bookings", 200, id=event)

    @task(1)
    def change(self) -> None:
        """Change the words of an event."""
        if self.own:
            words = {"description": f"Changed by a load test at {datetime.now(UTC):%H:%M:%S}."}
            self.call("PATCH", "/events/{id}", 200, id=random.choice(self.own), json=words)


def fresh_key() -> dict[str, str]:
    """Return the header of a request that is sent for the first time."""
    return {"Idempotency-Key": uuid.uuid4().hex}
