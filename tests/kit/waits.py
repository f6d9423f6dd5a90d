"""A payment that waits for its buyer, and the ways in which it may end."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bms.payments.simulated.ledger import Entry
from bms.tasks.reconciliation import Reconciler, ask_about_pending
from tests.kit.api import Reply
from tests.kit.books import LONG_AGO
from tests.kit.cards import NEEDS_BUYER
from tests.kit.notices import Notifier, notice_of
from tests.kit.scene import Scene


def page_of(payment: dict[str, Any]) -> str:
    """Return the path of the page to which a payment's ``next_action`` leads."""
    url: str = payment["next_action"]["url"]
    return urlsplit(url).path


@dataclass
class Wait:
    """A booking, and its payment as POST /payments answered it with 202."""

    scene: Scene
    notifier: Notifier
    booking: dict[str, Any]
    payment: dict[str, Any]

    @property
    def gateway_reference(self) -> str:
        url: str = self.payment["next_action"]["url"]
        return url.rpartition("/")[2]

    @property
    def page(self) -> str:
        """The path of the page where the buyer decides."""
        return page_of(self.payment)

    async def decide(self, *, approved: bool) -> Entry:
        """Let the buyer decide at the gateway, whose notice is lost, and return the charge."""
        entry = await self.scene.gateway.decide(self.gateway_reference, approved=approved)
        assert entry is not None
        return entry

    async def entry(self) -> Entry:
        """Return the charge in the gateway's books."""
        found = await self.scene.gateway.look_up(self.gateway_reference)
        assert found is not None
        return found

    async def notice(self, **fields: Any) -> Reply:
        """Have the gateway send a notice of what it has in its books. ``fields`` replace its own."""
        return await self.notifier.send(notice_of(await self.entry(), **fields))

    async def ask(self) -> int:
        """Let the half minute pass, ask the gateway, and return how many questions it answered."""
        self.scene.rows("UPDATE payments SET ask_at = ? WHERE ask_at IS NOT NULL", LONG_AGO)
        return await ask_about_pending(self.scene.db, self.scene.gateway)

    async def pass_deadline(self) -> int:
        """Let the half hour pass, end the wait, and return how many payments were settled."""
        self.let_time_pass()
        return await Reconciler(self.scene.db, self.scene.gateway).settle_payments()

    def let_time_pass(self) -> None:
        """Let the half hour pass, also for the hold. Nothing has noticed it yet."""
        rows = self.scene.rows
        rows("UPDATE bookings SET hold_expires_at = ? WHERE hold_expires_at IS NOT NULL", LONG_AGO)
        rows(
            "UPDATE payments SET pending_until = ?, held_until = ? WHERE ask_at IS NOT NULL", *[LONG_AGO] * 2
        )

    def status(self) -> tuple[str, str]:
        """Return the states of the booking and of the payment as the database has them."""
        (row,) = self.scene.rows("SELECT status FROM payments WHERE id = ?", self.payment["id"])
        return self.scene.status(self.booking), str(row.status)


async def begin_wait(scene: Scene, notifier: Notifier, quantity: int = 1, **options: Any) -> Wait:
    """Hold tickets, and pay by the card whose buyer must act first."""
    booking = await scene.held(quantity, event=options.pop("event", None), by=options.get("by"))
    reply = await scene.pay(booking, NEEDS_BUYER, **options)
    assert reply.status == 202, reply.text
    return Wait(scene, notifier, booking, reply.json)
