"""A price that changes while it is booked: who was told a price is charged that price, or is refused.

The twins take the guards away, and buyers are charged what nobody told them.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from bms.checkout.turnstile import Turnstile
from bms.commands.idempotency import StoredReply
from bms.commands.sales import hold, inventory
from bms.commands.sales.hold import Ask
from bms.commands.sales.pricing import Wanted
from bms.errors import PriceChanged
from bms.queries.bookings import BookingLine
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor
from tests.concurrency.crowd import Person
from tests.concurrency.shop import Shop
from tests.kit.api import Reply
from tests.kit.scene import Scene
from tests.kit.types import Rows

BUYERS = 12
ROUNDS = 3

# The statement without the price in its guard.
RESERVE_AT_ANY_PRICE = Statement(
    "test.reserve_at_any_price",
    inventory.RESERVE.declaration,
    inventory.RESERVE.text.replace("price = @list_price", "@list_price IS NOT NULL"),
)
SET_PRICE = "UPDATE ticket_types SET price = 30 WHERE event_id = ?"


class Outcome(NamedTuple):
    """What a buyer was told of the price, and the reply to the booking."""

    told: dict[str, Any]
    reply: Reply

    @property
    def is_as_told(self) -> bool:
        return bool(self.reply.json["total"] == self.told["total"])


class Sale:
    """An event whose price is raised by a cent, over and over, while everybody asks for it and books."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._raised = asyncio.Condition()
        self._prices = [Decimal("25.00")]

    async def run(self) -> list[Outcome]:
        """Return what became of each booking."""
        organiser = await self._shop.person("EVENT_MANAGER")
        event = await self._shop.event(organiser, capacity=1000)
        buyers = await self._shop.people(BUYERS)
        changing = asyncio.create_task(self._change(event, organiser))
        try:
            of_buyers = await asyncio.gather(
                *(self._buy(event, buyer, number % 2 == 0) for number, buyer in enumerate(buyers))
            )
        finally:
            changing.cancel()
            await asyncio.gather(changing, return_exceptions=True)
        return [outcome for outcomes in of_buyers for outcome in outcomes]

    async def _change(self, event: dict[str, Any], organiser: Person) -> None:
        while True:
            price = self._prices[-1] + Decimal("0.01")
            reply = await self._shop.patch(f"/events/{event['id']}", {"price": str(price)}, organiser)
            if reply.status == 503:  # an organiser waits for buyers no longer than anybody
                continue
            assert reply.status == 200, reply.text
            async with self._raised:
                self._prices.append(price)
                self._raised.notify_all()

    async def _buy(self, event: dict[str, Any], buyer: Person, dawdles: bool) -> list[Outcome]:
        outcomes = []
        for _ in range(ROUNDS):
            told = await self._shop.post(f"/events/{event['id']}/quote", {"quantity": 2})
            assert told.status == 200, told.text
            if dawdles:
                price = Decimal(told.json["lines"][0]["price"])
                async with self._raised:
                    await self._raised.wait_for(lambda price=price: self._prices[-1] > price)
            body = {"event": event["id"], "quantity": 2, "quote": told.json["quote"]}
            outcomes.append(Outcome(told.json, await self._shop.post("/bookings", body, buyer)))
        return outcomes


def answers(outcomes: Iterable[Outcome]) -> Counter[tuple[int, str | None]]:
    return Counter((outcome.reply.status, outcome.reply.json.get("code")) for outcome in outcomes)


async def test_buyers_of_two_processes_are_charged_what_they_were_told(shop: Shop) -> None:
    outcomes = await Sale(shop).run()
    found = answers(outcomes)
    assert set(found) <= {(201, None), (409, "price_changed")}
    assert found[409, "price_changed"] >= BUYERS // 2 * ROUNDS, "those who dawdle come too late"
    for outcome in outcomes:
        assert outcome.is_as_told == (outcome.reply.status == 201)
        if outcome.reply.status == 409:
            assert outcome.reply.json["quote"] != outcome.told["quote"]
    await shop.check()


async def test_without_the_comparison_they_are_charged_another_price(
    own_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the above."""
    monkeypatch.setattr(hold, "check_told", lambda quote, told: None)
    outcomes = await Sale(own_shop).run()
    assert any(o.reply.status == 201 and not o.is_as_told for o in outcomes)


@pytest.fixture
def late_change(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Rows:
    """The price is raised once, after a hold has read it and before it takes the tickets."""
    left = [1]
    reserve, together = inventory.reserve, inventory.reserve_together

    def change() -> None:
        if left:
            left.pop()
            scene.rows(SET_PRICE, scene.event["id"])

    def late(tx: Transaction, lines: Iterable[BookingLine], **options: Any) -> None:
        change()
        reserve(tx, lines, **options)

    def late_together(tx: Transaction, lines: Iterable[tuple[BookingLine, int, str]]) -> bool:
        change()
        return together(tx, lines)

    monkeypatch.setattr(inventory, "reserve", late)
    monkeypatch.setattr(inventory, "reserve_together", late_together)
    return scene.rows


async def quote_of(scene: Scene) -> dict[str, Any]:
    told = await scene.api.post(f"/events/{scene.event['id']}/quote", {"quantity": 1})
    assert told.status == 200
    quote: dict[str, Any] = told.json
    return quote


@pytest.mark.usefixtures("late_change")
async def test_a_price_that_changes_at_the_last_moment(scene: Scene) -> None:
    told = await quote_of(scene)
    body = {"event": scene.event["id"], "quantity": 1, "quote": told["quote"]}
    refused = await scene.api.post("/bookings", body, token=scene.buyer.token)
    problem = refused.problem(409, "price_changed")
    assert (problem["total"], scene.count("bookings"), scene.available()) == ("30.00", 0, 100)
    body["quote"] = problem["quote"]
    assert (await scene.api.post("/bookings", body, token=scene.buyer.token)).json["total"] == "30.00"
    await scene.balanced()


@pytest.mark.usefixtures("late_change")
async def test_without_a_quote_it_is_a_conflict_as_always(scene: Scene) -> None:
    body = {"event": scene.event["id"], "quantity": 1}
    refused = await scene.api.post("/bookings", body, token=scene.buyer.token)
    assert refused.problem(409, "conflict")["detail"].startswith("The price has just changed")
    assert (await scene.api.post("/bookings", body, token=scene.buyer.token)).json["total"] == "30.00"


@pytest.mark.usefixtures("late_change")
async def test_in_a_group_each_gets_what_they_asked_for(scene: Scene) -> None:
    """The whole group runs again at the new price, and only those who were told another are refused."""
    told = await quote_of(scene)
    buyers = [await scene.make_user() for _ in range(6)]
    asks = [
        Ask(
            actor=Actor(buyer.id),
            user_id=buyer.id,
            event_id=scene.event["id"],
            wanted=(Wanted(None, 1),),
            hold_seconds=600,
            key=None,
            render=lambda view: StoredReply(201, f"{view.booking.total:.2f}"),
            quote=told["quote"] if number % 2 else None,
        )
        for number, buyer in enumerate(buyers)
    ]
    turnstile = Turnstile(scene.db, lanes=1)
    outcomes = await asyncio.gather(*(turnstile.hold(ask) for ask in asks), return_exceptions=True)
    for ask, outcome in zip(asks, outcomes, strict=True):
        if ask.quote is None:
            assert isinstance(outcome, StoredReply)
            assert outcome.body == "30.00"
        else:
            assert isinstance(outcome, PriceChanged)
            assert outcome.extra == await quote_of(scene)
    assert scene.available() == 97
    await scene.balanced()


@pytest.mark.usefixtures("late_change")
async def test_without_the_guard_it_is_sold_at_the_price_of_the_past(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: nothing compares the price that was read with the row that is taken from."""
    assert RESERVE_AT_ANY_PRICE.text != inventory.RESERVE.text
    monkeypatch.setattr(inventory, "RESERVE", RESERVE_AT_ANY_PRICE)
    told = await quote_of(scene)
    body = {"event": scene.event["id"], "quantity": 1, "quote": told["quote"]}
    reply = await scene.api.post("/bookings", body, token=scene.buyer.token)
    assert (reply.status, reply.json["total"]) == (201, "25.00")
    assert (await quote_of(scene))["total"] == "30.00"
