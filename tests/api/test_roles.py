"""Who may do what, as one table: every endpoint times every kind of caller.

Who may call an endpoint at all is derived from its declaration and from RIGHTS. Whose the things are that it
is about, and what others are told, is this table's.
"""

import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from bms.app import ENDPOINTS
from bms.http.call import Access
from bms.terms import RIGHTS, Right, Role
from tests.kit.api import Api
from tests.kit.attendance import begin
from tests.kit.cards import CARD
from tests.kit.scene import Scene
from tests.kit.seats import Hall, generate, open_hall, publish
from tests.kit.types import Make, Rows
from tests.kit.users import User

CALLERS: dict[str, Role | None] = {
    "anonymous": None,
    "buyer": Role.USER,
    "other": Role.USER,
    "organiser": Role.EVENT_MANAGER,
    "other_organiser": Role.EVENT_MANAGER,
    "admin": Role.ADMIN,
}
DECLARED = {(endpoint.method, endpoint.path): endpoint.access for endpoint in ENDPOINTS}
DONE = frozenset({200, 201, 202, 204})


@dataclass(frozen=True)
class Whose:
    """Whom an endpoint serves of those who may call it: the owners, each by a right or by none, and
    whoever has the rights to everybody's. Others are answered ``refused``.
    """

    owners: Mapping[str, Right | None]
    everybodys: frozenset[Right] = field(default_factory=frozenset)
    refused: int = 403

    def is_served(self, caller: str, rights: frozenset[Right]) -> bool:
        """Return whether ``caller`` is served, who has ``rights``."""
        if caller in self.owners:
            return self.owners[caller] is None or self.owners[caller] in rights
        return bool(self.everybodys) and self.everybodys <= rights


ANYBODYS = Whose(dict.fromkeys(CALLERS))
THE_ORGANISERS = Whose({"organiser": None}, frozenset({Right.EVENTS_ANY}))
THE_ORGANISERS_HIDDEN = Whose({"organiser": None}, frozenset({Right.EVENTS_ANY}), 404)
THE_VENUES = Whose({"organiser": None}, frozenset({Right.VENUES_ANY}))
THE_PLANS = Whose({"organiser": None}, frozenset({Right.VENUES_ANY}), 404)
THE_BUYERS = Whose({"buyer": None}, frozenset({Right.BOOKINGS_ANY}), 404)
THE_BUYERS_ALONE = Whose({"buyer": None}, refused=404)
THE_REVIEWERS = Whose({"buyer": None})
THE_WRITERS = Whose({"buyer": None}, frozenset({Right.REVIEWS_ANY}))
THE_USERS_BOOKINGS = Whose({"buyer": None}, frozenset({Right.BOOKINGS_ANY}))
THE_USERS_MESSAGES = Whose({"buyer": None}, frozenset({Right.USERS_MANAGE}))
TO_GRANT = Whose(
    {"buyer": None, "organiser": Right.REFUNDS_GRANT}, frozenset({Right.REFUNDS_GRANT, Right.EVENTS_ANY}), 404
)
TO_CANCEL = Whose({"buyer": None, "organiser": Right.REFUNDS_GRANT}, frozenset({Right.BOOKINGS_ANY}), 404)
TO_SEE_GRANTED = Whose({"buyer": None, "organiser": None}, frozenset({Right.BOOKINGS_ANY}), 404)


def expected(access: Access | Right, whose: Whose, caller: str) -> frozenset[int]:
    """Return the statuses that ``caller`` may be answered."""
    role = CALLERS[caller]
    if access is Access.SIGNED:  # No caller has the gateway's secret.
        return frozenset({401})
    if role is None and access not in (Access.ANYONE, Access.CREDENTIALS, Access.OPERATOR):
        return frozenset({401})
    rights = frozenset() if role is None else RIGHTS[role]
    if isinstance(access, Right) and access not in rights:
        return frozenset({403})
    return DONE if whose.is_served(caller, rights) else frozenset({whose.refused})


@dataclass
class World:
    """What the calls are about; what a call uses up is made anew for each."""

    scene: Scene
    make_venue: Make
    users: dict[str, User]
    cancelled_event: int
    begun_event: int
    refund: int
    number: Callable[[], int]

    @property
    def event(self) -> dict[str, Any]:
        return self.scene.event

    async def fresh_event(self) -> int:
        return int((await self.scene.make_event())["id"])

    async def held(self) -> int:
        return int((await self.scene.held())["id"])

    async def paid(self) -> dict[str, Any]:
        return await self.scene.paid()

    async def review(self) -> int:
        """Return the id of a review that the buyer has just posted."""
        event = await self.scene.make_event()
        await self.scene.paid(event=event)
        begin(self.scene.rows, event)
        body = {"event": event["id"], "rating": 4}
        posted = await self.scene.api.post("/reviews", body, token=self.scene.buyer.token)
        return int(posted.json["id"])

    async def venue(self) -> int:
        return int((await self.make_venue())["id"])

    async def notification(self) -> int:
        (made,) = self.scene.rows(
            "INSERT INTO notifications (user_id, kind, message) OUTPUT inserted.id"
            " VALUES (?, 'message', 'Hello')",
            self.scene.buyer.id,
        )
        return int(made.id)

    def give_up_refund(self) -> None:
        """Let the refund be as if the gateway had refused it again and again."""
        self.scene.rows("UPDATE refunds SET status = 'FAILED', attempts = 99 WHERE id = ?", self.refund)
        self.scene.rows(
            "UPDATE payments SET refunded = 0, status = 'SUCCEEDED' "
            "WHERE id IN (SELECT payment_id FROM refunds WHERE id = ?)",
            self.refund,
        )

    async def plan(self) -> dict[str, Any]:
        """Return a version of a plan of the organiser's, which is not shared."""
        owner = self.users["organiser"]
        return await publish(self.scene.api, owner, await generate(self.scene.api, owner))

    async def hall(self) -> Hall:
        """Return an event that is sold by seat. The world's own stays."""
        event = self.scene.event
        hall = await open_hall(self.scene)
        self.scene.event = event
        return hall


Request = Callable[[World, str], Awaitable[tuple[str, Any]]]
TABLE: dict[tuple[str, str], tuple[Whose, Request]] = {}


def row(whose: Whose, *endpoints: str) -> Callable[[Request], Request]:
    """Put ``METHOD /path`` into the table, with whom it serves."""

    def register(request: Request) -> Request:
        for endpoint in endpoints:
            method, path = endpoint.split()
            TABLE[method, path] = (whose, request)
        return request

    return register


def plain(*endpoints: str, body: Any = None) -> None:
    """Put endpoints without ids into the table, which serve whoever may call them."""

    async def request(world: World, endpoint: str) -> tuple[str, Any]:
        return endpoint, body

    row(ANYBODYS, *endpoints)(request)


async def _as_is(path: str) -> tuple[str, Any]:
    return path, None


plain(
    *("GET /health/live", "GET /health/ready", "GET /venues", "GET /locations", "GET /categories"),
    *("GET /events", "GET /event", "GET /events/top"),
    *("GET /openapi.json", "GET /openapi-legacy.json", "GET /docs", "GET /problems", "GET /metrics"),
)
row(ANYBODYS, "GET /docs/{file}")(lambda world, path: _as_is(path.format(file="start.js")))
row(ANYBODYS, "GET /simulate-payment")(lambda world, path: _as_is(f"{path}?outcome=success"))
plain("GET /profile", "GET /bookings", "GET /payments", "GET /orders", "GET /notifications")
plain("PATCH /profile", "PUT /profile", body={"name": "A Name"})
row(THE_USERS_MESSAGES, "GET /users/{id}")(
    lambda world, path: _as_is(path.format(id=world.users["buyer"].id))
)
row(ANYBODYS, "GET /problems/{code}")(lambda world, path: _as_is(path.format(code="sold_out")))
plain("GET /users", "GET /reviews/reported", "GET /refunds", "GET /mails", "GET /audit")


@row(ANYBODYS, "POST /register", "POST /users")
async def _register(world: World, path: str) -> tuple[str, Any]:
    return path, {"username": f"new{world.number()}", "password": "correct horse"}


@row(ANYBODYS, "POST /login", "POST /token")
async def _login(world: World, path: str) -> tuple[str, Any]:
    user = world.users["buyer"]
    return path, {"username": user.username, "password": user.password}


@row(ANYBODYS, "POST /categories")
async def _category(world: World, path: str) -> tuple[str, Any]:
    return path, {"name": f"Category {world.number()}"}


@row(THE_VENUES, "DELETE /venues/{id}", "DELETE /locations/{id}")
@row(ANYBODYS, "GET /venues/{id}", "GET /locations/{id}")
async def _venue(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.venue()), None


@row(ANYBODYS, "POST /venues", "POST /locations")
async def _make_venue(world: World, path: str) -> tuple[str, Any]:
    return path, {"name": "Hall", "location": "1 Street", "capacity": 10}


@row(THE_VENUES, "PUT /venues/{id}", "PATCH /venues/{id}", "PUT /locations/{id}", "PATCH /locations/{id}")
async def _change_venue(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.venue()), {"name": "Hall", "location": "1 Street", "capacity": 10}


@row(ANYBODYS, "POST /events", "POST /create-event")
async def _make_event(world: World, path: str) -> tuple[str, Any]:
    return path, {"title": "T", "date": "2099-01-01", "venue": await world.venue(), "capacity": 5}


@row(THE_ORGANISERS, "PUT /events/{id}", "PATCH /events/{id}")
async def _change_event(world: World, path: str) -> tuple[str, Any]:
    body = {"title": "T", "date": "2099-01-01", "venue": await world.venue(), "capacity": 5}
    return path.format(id=await world.fresh_event()), body


@row(THE_ORGANISERS, "DELETE /events/{id}", "POST /events/{id}/cancel")
async def _end_event(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.fresh_event()), {} if path.endswith("cancel") else None


@row(THE_ORGANISERS_HIDDEN, "GET /events/{id}/cancellation")
async def _cancellation(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=world.cancelled_event), None


@row(ANYBODYS, "GET /events/{id}", "GET /reviews/{id}", "GET /events/{event_id}/reviews")
@row(THE_ORGANISERS, "GET /events/{id}/stats", "GET /events/{id}/bookings", "GET /events/{id}/bookings.csv")
async def _of_event(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=world.event["id"], event_id=world.event["id"]), None


LAYOUT: dict[str, Any] = {"format": "bms-plan/1"}
plain("GET /seating-plans", "GET /schemas/seating-plan.json")
plain("POST /seating-plans", body={"name": "Plan", "layout": LAYOUT})
plain("POST /seating-plans/check", body={"layout": LAYOUT})
plain("POST /seating-plans/import", body=LAYOUT)
plain(
    "POST /seating-plans/generate",
    body={"sections": [{"name": "S", "category": "C", "rows": 1, "seats_per_row": 2}]},
)


@row(THE_PLANS, "GET /seating-plans/{id}", "POST /seating-plans/{id}/publish")
@row(THE_PLANS, "GET /seating-plans/{id}/versions/{version_id}")
@row(THE_PLANS, "GET /seating-plans/{id}/versions/{version_id}/export")
@row(ANYBODYS, "GET /seating-layouts/{sha256}")
async def _plan(world: World, path: str) -> tuple[str, Any]:
    version = await world.plan()
    return path.format(id=version["plan"], version_id=1, sha256=version["sha256"]), None


@row(THE_PLANS, "PUT /seating-plans/{id}")
async def _replace_plan(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=(await world.plan())["plan"]), {"name": "Plan", "layout": LAYOUT}


@row(THE_ORGANISERS, "PUT /events/{id}/seating", "DELETE /events/{id}/seating")
@row(ANYBODYS, "GET /events/{id}/seating", "GET /events/{id}/seating/availability")
async def _seating(world: World, path: str) -> tuple[str, Any]:
    hall = await world.hall()
    world.scene.rows("UPDATE seating_plans SET shared = 1 WHERE id = ?", hall.version["plan"])
    body = {
        "plan": hall.version["plan"],
        "categories": {name: [kind] for name, kind in hall.types.items()},
    }
    return path.format(id=hall.event_id), body


@row(ANYBODYS, "POST /events/{id}/seating/suggest")
async def _suggest(world: World, path: str) -> tuple[str, Any]:
    hall = await world.hall()
    return path.format(id=hall.event_id), {"tickets": [{"ticket_type": hall.types["Stalls"]}]}


@row(THE_ORGANISERS, "POST /events/{id}/seats/block", "POST /events/{id}/seats/unblock")
async def _block(world: World, path: str) -> tuple[str, Any]:
    hall = await world.hall()
    body = {"seats": hall.guids()[:1]}
    return path.format(id=hall.event_id), body | ({} if path.endswith("unblock") else {"reason": "Camera"})


@row(THE_ORGANISERS, "POST /events/{id}/complimentary")
async def _give(world: World, path: str) -> tuple[str, Any]:
    # An earlier row of the table has changed the organiser's own address.
    world.scene.rows("UPDATE users SET email_confirmed_at = SYSUTCDATETIME() WHERE role = 'EVENT_MANAGER'")
    kind = world.event["ticket_types"][0]["id"]
    body = {"tickets": [{"ticket_type": kind}], "name": "Ann", "email": "ann@example.org"}
    return path.format(id=world.event["id"]), body


@row(THE_ORGANISERS, "POST /bookings/{id}/reseat", "POST /events/{id}/reseat")
async def _reseat(world: World, path: str) -> tuple[str, Any]:
    hall = await world.hall()
    booking = await hall.held(hall.guids()[0])
    await world.scene.pay(booking)
    ticket = (await world.scene.shown(booking))["tickets"][0]["id"]
    key = booking["id"] if path.startswith("/bookings") else hall.event_id
    return path.format(id=key), {"moves": [{"ticket": ticket, "to": hall.guids()[1]}]}


@row(ANYBODYS, "POST /bookings", "POST /book-ticket", "POST /orders")
async def _hold(world: World, path: str) -> tuple[str, Any]:
    return path, {"event": world.event["id"], "quantity": 1}


@row(ANYBODYS, "POST /events/{id}/purchase", "POST /events/{id}/quote")
async def _purchase(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=world.event["id"]), {"quantity": 1}


@row(TO_CANCEL, "GET /bookings/{id}", "GET /bookings/{id}/refund-preview", "DELETE /bookings/{id}")
@row(THE_BUYERS, "GET /orders/{id}", "DELETE /orders/{id}")
async def _booking(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.held()), None


@row(TO_CANCEL, "POST /bookings/{id}/cancel")
@row(THE_BUYERS, "PATCH /orders/{id}", "PATCH /orders/{id}/delete")
async def _cancel(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.held()), {}


@row(TO_SEE_GRANTED, "PATCH /bookings/{id}/contact")
async def _contact(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.held()), {"name": "Ann"}


@row(TO_SEE_GRANTED, "POST /bookings/{id}/resend")
async def _resend(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=(await world.paid())["id"]), None


@row(THE_BUYERS_ALONE, "POST /bookings/{id}/extend")
async def _extend(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.held()), None


@row(THE_BUYERS_ALONE, "POST /payments", "POST /make-payment")
async def _pay(world: World, path: str) -> tuple[str, Any]:
    return path, {"booking_id": await world.held(), "method": "card", "details": CARD}


@row(THE_BUYERS_ALONE, "POST /process-payment/{id}")
async def _process(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.held()) + "?outcome=success", {}


@row(THE_BUYERS, "GET /payments/{id}")
async def _payment(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=(await world.paid())["payment"]["id"]), None


@row(ANYBODYS, "POST /gateway/notices")
async def _notice(world: World, path: str) -> tuple[str, Any]:
    reference = world.scene.rows("SELECT reference FROM payments WHERE id = 1")[0].reference
    return path, {
        "notice_id": "ev_1",
        "reference": reference,
        "status": "FAILED",
        "gateway_reference": "ch_1",
    }


@row(TO_GRANT, "POST /refunds", "POST /revert-payment")
async def _refund(world: World, path: str) -> tuple[str, Any]:
    return path, {"booking_id": (await world.paid())["id"]}


@row(TO_SEE_GRANTED, "GET /refunds/{id}")
async def _show_refund(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=world.refund), None


@row(THE_USERS_BOOKINGS, "GET /users/{id}/booking-history")
@row(THE_USERS_MESSAGES, "GET /notifications/{user_id}")
async def _of_user(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=world.users["buyer"].id, user_id=world.users["buyer"].id), None


@row(ANYBODYS, "GET /reviews/user/{user_id}")
async def _reviews_of_user(world: World, path: str) -> tuple[str, Any]:
    return path.format(user_id=world.users["buyer"].id), None


@row(ANYBODYS, "PATCH /users/{id}")
async def _change_user(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=world.users["other"].id), {"role": "EVENT_MANAGER"}


@row(ANYBODYS, "POST /password/forgot", "POST /profile/email")
async def _address(world: World, path: str) -> tuple[str, Any]:
    body = {"email": f"new{world.number()}@example.com"}
    return path, body if path.endswith("forgot") else {**body, "password": world.users["buyer"].password}


@row(ANYBODYS, "POST /email/resend")
async def _resend(world: World, path: str) -> tuple[str, Any]:
    world.scene.rows("UPDATE users SET email_confirmed_at = NULL")
    return path, None


plain("GET /sessions", "DELETE /sessions")


@row(THE_BUYERS_ALONE, "DELETE /sessions/{id}")
async def _session(world: World, path: str) -> tuple[str, Any]:
    (made,) = world.scene.rows(
        "INSERT INTO sessions (user_id, refresh_hash, expires_at) OUTPUT inserted.id"
        " VALUES (?, ?, '2099-01-01')",
        world.scene.buyer.id,
        f"hash {world.number()}",
    )
    return path.format(id=made.id), None


@row(ANYBODYS, "POST /profile/totp")
async def _second_factor(world: World, path: str) -> tuple[str, Any]:
    return path, {"password": world.users["buyer"].password}


@row(ANYBODYS, "DELETE /users/{id}/totp")
async def _reset_second_factor(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=world.users["other"].id), None


@row(ANYBODYS, "DELETE /users/{id}/sessions")
async def _end_sessions(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=(await world.scene.make_user()).id), None


@row(ANYBODYS, "POST /refunds/{id}/retry")
async def _retry_refund(world: World, path: str) -> tuple[str, Any]:
    world.give_up_refund()
    return path.format(id=world.refund), None


@row(ANYBODYS, "POST /refunds/{id}/settle")
async def _settle_refund(world: World, path: str) -> tuple[str, Any]:
    world.give_up_refund()
    return path.format(id=world.refund), {"reason": "Bank transfer"}


@row(ANYBODYS, "POST /mails/{id}/retry")
async def _retry_mail(world: World, path: str) -> tuple[str, Any]:
    (mail,) = world.scene.rows("SELECT MAX(id) AS id FROM outbox")
    world.scene.rows("UPDATE outbox SET state = 'DEAD' WHERE id = ?", mail.id)
    return path.format(id=mail.id), None


@row(THE_BUYERS_ALONE, "POST /notifications/{id}/read")
async def _read(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.notification()), {}


@row(THE_ORGANISERS, "POST /notifications")
async def _notify(world: World, path: str) -> tuple[str, Any]:
    return path, {"event": world.event["id"], "message": "Doors open at seven."}


@row(THE_REVIEWERS, "POST /reviews")
async def _review(world: World, path: str) -> tuple[str, Any]:
    return path, {"event": world.begun_event, "rating": 5}


@row(THE_WRITERS, "DELETE /reviews/{id}")
async def _remove_review(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.review()), None


@row(ANYBODYS, "POST /reviews/{id}/report")
async def _report(world: World, path: str) -> tuple[str, Any]:
    return path.format(id=await world.review()), {}


# Tested with the sessions: they use up the very token that the other calls need. Tested with the links and
# the second factors: each needs a token or a code that works once.
APART = {
    *(("POST", "/logout"), ("POST", "/token/refresh"), ("POST", "/profile/password")),
    *(("POST", "/email/confirm"), ("POST", "/password/reset")),
    *(("POST", "/profile/totp/confirm"), ("DELETE", "/profile/totp")),
}


# Reading a message changes nothing that anybody would ask about, and the others change nothing at all.
UNAUDITED = {
    *(("POST", "/notifications/{id}/read"), ("POST", "/events/{id}/quote")),
    ("POST", "/events/{id}/seating/suggest"),
    *(("POST", f"/seating-plans/{what}") for what in ("check", "generate", "import")),
}


@pytest.fixture
async def world(api: Api, scene: Scene, make_venue: Make) -> World:
    await scene.on_sale(capacity=900)
    counter = itertools.count(1)
    users = {
        "buyer": scene.buyer,
        "other": await scene.make_user(),
        "organiser": scene.organiser,
        "other_organiser": await scene.make_user("EVENT_MANAGER"),
        "admin": await scene.make_user("ADMIN"),
    }
    cancelled = (await scene.make_event())["id"]
    await api.post(f"/events/{cancelled}/cancel", {}, token=scene.organiser.token)
    begun = await scene.make_event()
    await scene.paid(event=begun)
    begin(scene.rows, begun)
    refund = await api.post("/refunds", {"booking_id": (await scene.paid())["id"]}, token=scene.buyer.token)
    return World(scene, make_venue, users, cancelled, begun["id"], refund.json["id"], lambda: next(counter))


def test_the_table_is_whole() -> None:
    assert DECLARED.keys() - APART == TABLE.keys()


@pytest.mark.parametrize("caller", CALLERS)
async def test_who_may_do_what(api: Api, world: World, rows: Rows, caller: str) -> None:
    token = world.users[caller].token if caller in world.users else None
    wrong = []
    for method, path in sorted(TABLE):
        whose, request = TABLE[method, path]
        target, body = await request(world, path)
        audited = audit_lines(rows)
        reply = await api.request(method, target, body, token=token)
        statuses = expected(DECLARED[method, path], whose, caller)
        if reply.status not in statuses:
            wrong.append(f"{method} {path}: {reply.status}, not {sorted(statuses)}: {reply.text[:200]}")
        written = audit_lines(rows) > audited
        if method != "GET" and (method, path) not in UNAUDITED and written != reply.ok:
            wrong.append(f"{method} {path}: {reply.status}, and the audit log says {written}")
    assert not wrong, "\n".join(wrong)


async def test_what_a_role_may_call_is_what_its_rights_say(
    api: Api, buyer: User, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = {"name": "Hall", "location": "1 Street", "capacity": 10}
    assert (await api.post("/venues", hall, token=manager.token)).status == 201
    (await api.post("/categories", {"name": "Opera"}, token=buyer.token)).problem(403, "forbidden")
    monkeypatch.setitem(RIGHTS, Role.USER, frozenset({Right.CATEGORIES_WRITE}))
    monkeypatch.setitem(RIGHTS, Role.EVENT_MANAGER, frozenset())
    assert (await api.post("/categories", {"name": "Opera"}, token=buyer.token)).status == 201
    (await api.post("/venues", hall, token=manager.token)).problem(403, "forbidden")


def audit_lines(rows: Rows) -> int:
    return int(rows("SELECT COUNT(*) AS lines FROM audit_log")[0].lines)
