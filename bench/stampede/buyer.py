"""A buyer: looks, asks for tickets, and pays for them in the manner it was given."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bench.stampede.desk import (
    CANCEL,
    HOLD,
    LOOK,
    PAY,
    PAY_SLOWLY,
    SEATS,
    SHOW,
    Answer,
    Desk,
    SaleOver,
    Unanswered,
)
from bench.stampede.hall import Hall
from bench.stampede.plan import Manner, Part

CARD = {"number": "4242 4242 4242 4242", "expiry": "12/40", "cvv": "123", "holder": "A. Buyer"}
SLOW_CARD = {**CARD, "number": "4000 0000 0000 1026"}
BANK_MARGIN = 2.0  # seconds before a hold's end at which the bank, which takes five, is asked


@dataclass
class Sale:
    """What the buyers share: the event, the desk, and what they were told, to be held against the books."""

    desk: Desk
    event_id: int
    hold: int  # seconds
    hall: Hall | None = None
    sold_out: asyncio.Event = field(default_factory=asyncio.Event)
    buying: int = 0
    bookings: dict[str, int] = field(default_factory=dict)  # by the key they were asked for with
    confirmed: set[int] = field(default_factory=set)
    cancelled: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    replayed: int = 0
    vanished: int = 0
    amiss: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def purchase(self) -> Iterator[None]:
        """Count somebody who may still change what is sold."""
        self.buying += 1
        try:
            yield
        finally:
            self.buying -= 1

    async def wait(self, seconds: float) -> None:
        """Wait, but no longer than until all is sold."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.sold_out.wait()


class Buyer:
    """One of them, with a token of its account's."""

    def __init__(self, part: Part, token: str, sale: Sale) -> None:
        self._part, self._token, self._sale = part, token, sale
        self._desk = sale.desk
        self._draw = part.draw
        self._manner = part.manner
        self._keys = 0

    async def visit(self) -> None:
        """Come until there are tickets to go home with, or until the sale is over."""
        with contextlib.suppress(SaleOver, Unanswered):
            await self._sale.wait(self._part.arrival)
            while not await self._try():
                await self._sale.wait(self._draw.uniform(0.7, 1.7) * self._sale.hold)

    async def _try(self) -> bool:
        """Return whether the buyer is through."""
        await self._desk.ask(LOOK, "GET", f"/events/{self._sale.event_id}")
        vanishes = self._manner is Manner.VANISHES
        if vanishes and self._draw.random() < 0.5:
            self._sale.vanished += 1
            await self._drop_hold(await self._body(self._part.quantity), self._key("hold"))
            return True
        booking = await self._hold()
        if booking is None:
            return False
        with self._sale.purchase():
            return await self._finish(booking)

    async def _hold(self) -> dict[str, Any] | None:
        """Return a booking; None when there are no tickets. Of too few left, those are asked for."""
        quantity = self._part.quantity
        while quantity:
            key, body = self._key("hold"), await self._body(quantity)
            if self._manner is Manner.RETURNS:
                await self._drop_hold(body, key)
                await asyncio.sleep(self._draw.uniform(0.05, 0.5))
            answer = await self._desk.ask(
                HOLD, "POST", "/bookings", self._token, body, key=key, slowly=self._manner is Manner.SLOW
            )
            if answer.status == 201:
                self._sale.bookings[key] = answer.body["id"]
                self._sale.replayed += answer.replayed
                return answer.body
            quantity = _fewer(quantity, answer)
        return None

    async def _finish(self, booking: dict[str, Any]) -> bool:
        """Do with a booking what this buyer does; return whether it is through."""
        manner, sale = self._manner, self._sale
        if manner is Manner.FORGETS:
            return True
        await asyncio.sleep(self._thinking(manner))
        key = self._key("pay")
        if manner is Manner.VANISHES:
            sale.vanished += 1
            await self._drop_payment(booking, key)
            return True
        if manner is Manner.RETURNS:
            await self._drop_payment(booking, key)
            await asyncio.sleep(self._draw.uniform(0.05, 0.5))
        times = 2 if manner is Manner.TWICE else 1
        answers = await asyncio.gather(*(self._pay(booking, key) for _ in range(times)))
        if len({(answer.status, answer.body.get("id")) for answer in answers}) != 1:
            sale.amiss.append(f"the payment {key} was answered in two ways")
        sale.replayed += sum(answer.replayed for answer in answers)
        if answers[0].status != 201:
            # Without tickets, and the wiser for it.
            self._manner = Manner.PROMPT
            sale.refused.add(booking["id"])
            return False
        sale.confirmed.add(booking["id"])
        await self._look_at(booking)
        if manner is Manner.CANCELS:
            await asyncio.sleep(self._draw.uniform(0.1, 1.0))
            await self._desk.ask(CANCEL, "POST", f"/bookings/{booking['id']}/cancel", self._token, {})
            sale.cancelled.add(booking["id"])
        return True

    def _thinking(self, manner: Manner) -> float:
        """Return the seconds between holding tickets and paying for them."""
        if manner is Manner.LATE:
            return self._sale.hold + 0.5
        if manner is Manner.SLOW_BANK:
            return max(0.0, self._sale.hold - BANK_MARGIN)
        return self._draw.uniform(0, 0.2) * self._sale.hold

    async def _pay(self, booking: dict[str, Any], key: str) -> Answer:
        """Pay, asking again while the same payment is being made."""
        slow = self._manner is Manner.SLOW_BANK
        body = self._payment(booking, SLOW_CARD if slow else CARD)
        while True:
            answer = await self._desk.ask(
                PAY_SLOWLY if slow else PAY,
                "POST",
                "/payments",
                self._token,
                body,
                key=key,
                slowly=self._manner is Manner.SLOW,
            )
            if answer.code != "request_in_progress":
                return answer
            await asyncio.sleep(answer.retry_after)

    async def _look_at(self, booking: dict[str, Any]) -> None:
        shown = await self._desk.ask(SHOW, "GET", f"/bookings/{booking['id']}", self._token)
        seen = shown.body.get("status"), len(shown.body.get("tickets", ()))
        if seen != ("CONFIRMED", booking["quantity"]):
            self._sale.amiss.append(f"booking {booking['id']} was paid for and is shown as {seen}")

    async def _drop_hold(self, body: dict[str, Any], key: str) -> None:
        await self._drop(HOLD, "/bookings", body, key)

    async def _drop_payment(self, booking: dict[str, Any], key: str) -> None:
        await self._drop(PAY, "/payments", self._payment(booking, CARD), key)

    async def _drop(self, kind: str, path: str, body: dict[str, Any], key: str) -> None:
        # Half of them in the middle of the request, half with all of it sent.
        share = self._draw.choice((self._draw.uniform(0.1, 0.95), 1.0))
        after, rudely = self._draw.uniform(0, 0.3), self._draw.random() < 0.5
        await self._desk.drop(kind, path, self._token, body, key, share=share, after=after, rudely=rudely)

    async def _body(self, quantity: int) -> dict[str, Any]:
        """Return what is asked for: tickets, the best seats, or seats that were free a moment ago."""
        hall, event_id = self._sale.hall, self._sale.event_id
        if hall is None:
            return {"event": event_id, "quantity": quantity}
        line: dict[str, Any] = {"ticket_type": hall.ticket_type_id}
        if self._part.picks_seats:
            path = f"/events/{event_id}/seating/availability"
            seen = await self._desk.ask(SEATS, "GET", path)
            picked = hall.pick(seen.body, quantity, self._draw)
            if picked:
                return {"event": event_id, "tickets": [{**line, "seats": picked}]}
        return {"event": event_id, "tickets": [{**line, "quantity": quantity, "best": {}}]}

    def _payment(self, booking: dict[str, Any], card: dict[str, str]) -> dict[str, Any]:
        return {"booking_id": booking["id"], "method": "card", "details": card}

    def _key(self, what: str) -> str:
        self._keys += 1
        return f"{what}-{self._part.number}-{self._keys}"


def _fewer(quantity: int, answer: Answer) -> int:
    """Return how many to ask for after a refusal; 0 to come back later."""
    if answer.code == "seats_taken":
        return quantity  # others were quicker; there may be more
    if answer.code == "no_block":
        return min(quantity - 1, max(each["largest_together"] for each in answer.body["categories"]))
    return min(quantity - 1, int(answer.body.get("available", 0)))
