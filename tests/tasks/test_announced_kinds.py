"""Every kind of domain event is announced by its change, once, and mail follows from announcements alone."""

import ast
from collections import Counter
from pathlib import Path

import pytest

import bms
from bms.app import ENDPOINTS
from bms.commands.messages.followers import FOLLOWERS
from bms.sql.database import Database
from bms.sql.statements import registered
from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.reconciliation import Reconciler, send_due_refunds
from bms.tasks.sweeps import EVENTS_OVER, HOLDS, sweep
from tests.kit.attendance import begin
from tests.kit.cards import ANSWER_LOST, DECLINED, REFUND_FAILS_ONCE
from tests.kit.changes import change
from tests.kit.scene import Scene

assert ENDPOINTS  # with the application all of its statements are loaded

BASE = Path(bms.__file__).parent


@pytest.fixture
def with_a_broker(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the service announce what only a broker takes."""
    monkeypatch.setattr(db, "_has_broker", True)


class News:
    """What has been announced since the last time."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._last = 0
        self()

    def __call__(self) -> dict[str, int]:
        rows = self._scene.rows("SELECT id, kind FROM announcements WHERE id > ? ORDER BY id", self._last)
        self._last = max((row.id for row in rows), default=self._last)
        return dict(Counter(row.kind for row in rows))


@pytest.mark.usefixtures("with_a_broker")
async def test_bookings_and_payments(scene: Scene) -> None:
    news = News(scene)
    booking = await scene.held(2)
    assert news() == {"booking.held": 1}
    await scene.pay(booking, DECLINED)
    assert news() == {"payment.failed": 1}
    assert (await scene.pay(booking, REFUND_FAILS_ONCE)).status == 201
    assert news() == {"payment.succeeded": 1, "booking.confirmed": 1}
    assert (await scene.cancel(booking)).status == 200
    assert news() == {"booking.cancelled": 1, "refund.failed": 1}
    scene.rows("UPDATE refunds SET retry_at = created_at")
    assert await send_due_refunds(scene.db, scene.gateway) == 1
    assert news() == {"refund.issued": 1}
    scene.let_hold_pass(await scene.held())
    assert await sweep(scene.db, HOLDS) == 1
    assert news() == {"booking.held": 1, "booking.expired": 1}
    late = await scene.held()
    await scene.pay(late, ANSWER_LOST)
    scene.let_hold_pass(late)
    assert await sweep(scene.db, HOLDS) == 1
    scene.rows("UPDATE ticket_types SET on_sale = 0")
    assert await Reconciler(scene.db, scene.gateway, older_than=0).settle_payments() == 1
    assert news() == {
        "booking.held": 1,
        "booking.expired": 1,
        "payment.succeeded": 1,
        "payment.returned": 1,
    }
    await scene.check()


@pytest.mark.usefixtures("with_a_broker")
async def test_users_and_events(scene: Scene) -> None:
    news = News(scene)
    person = {"name": "Ana", "username": "ana_1", "email": "ana@example.com", "password": "correct horse 1"}
    assert (await scene.api.post("/register", person)).status == 201
    assert news()["user.registered"] == 1
    organiser = scene.organiser.token
    event = await scene.on_sale(price="0.00")
    assert news() == {"event.published": 1}
    await scene.held()
    # Nobody holds what is confirmed at once.
    assert news() == {"booking.confirmed": 1}
    await change(scene.api, scene.organiser, event, date="2099-08-03")
    assert news() == {"event.changed": 1}
    message = {"event": event["id"], "message": "Come early"}
    assert (await scene.api.post("/notifications", message, token=organiser)).status == 201
    assert news() == {"organizer.message": 1}
    begin(scene.rows, event)
    scene.rows("UPDATE events SET ends_at = DATEADD(MINUTE, 1, starts_at) WHERE id = ?", event["id"])
    assert await sweep(scene.db, EVENTS_OVER) == 1
    assert news() == {"event.completed": 1}
    review = {"event": event["id"], "rating": 5}
    assert (await scene.api.post("/reviews", review, token=scene.buyer.token)).status == 201
    assert news() == {"review.posted": 1}
    other = await scene.on_sale(price="0.00")
    await scene.held()
    news()
    assert (await scene.api.post(f"/events/{other['id']}/cancel", {}, token=organiser)).ok
    assert news() == {"event.cancelled": 1}
    await cancel_bookings_of_events(scene.db)
    assert news() == {"booking.cancelled": 1}
    await scene.check()


async def test_without_a_broker_nobody_is_told_of_holds(scene: Scene) -> None:
    news = News(scene)
    scene.let_hold_pass(await scene.held())
    assert await sweep(scene.db, HOLDS) == 1
    assert news() == {}


async def test_what_nothing_follows_from_is_done_when_it_is_written(scene: Scene) -> None:
    await scene.paid()
    rows = scene.rows("SELECT kind, state FROM announcements")
    assert {row.state for row in rows if row.kind not in FOLLOWERS} == {"DONE"}


def callers_of(name: str) -> set[str]:
    """Return the modules of BMS that call a function by this name, of any module."""
    found = set()
    for path in BASE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name:
                found.add(path.relative_to(BASE).as_posix())
    return found


def test_mail_and_notifications_are_written_by_the_fan_out_alone() -> None:
    ours = [one for one in registered() if not one.name.startswith("test.")]
    writing = {
        table: {one.name for one in ours if f"INSERT INTO {table} " in one.text}
        for table in ("outbox", "notifications")
    }
    # One that an admin sends to one user is written with its announcement: the reply shows it.
    assert writing == {
        "outbox": {"outbox.insert"},
        "notifications": {"notifications.insert", "notifications.send"},
    }
    assert callers_of("enqueue") == {"commands/messages/fan_out.py"}
