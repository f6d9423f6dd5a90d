"""The till: buyers who pay at the same moment share transactions, and each gets what they would get alone."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from bms.checkout.till import Till
from bms.commands.idempotency import Key, StoredReply
from bms.commands.sales.claim_together import Wish
from bms.commands.sales.pay import Claim
from bms.commands.sales.settle import Result, settle_payment
from bms.errors import (
    BMSError,
    BookingNotPending,
    HoldExpired,
    IdempotencyKeyReused,
    NotFound,
    PaymentInProgress,
    RequestInProgress,
    ValidationFailed,
)
from bms.payments.gateway import Outcome, OutcomeStatus
from bms.sql.session import Transaction
from bms.terms import Actor
from tests.kit.cards import DECLINED
from tests.kit.scene import Scene
from tests.kit.users import User

PAID = Outcome(OutcomeStatus.SUCCEEDED, "ch_1")


class Watched(Till):
    """A till that notes how many are served together, and which are served alone."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.groups: list[int] = []
        self.alone = 0

    async def _claim_together(self, wishes: Sequence[Wish]) -> Any:
        self.groups.append(len(wishes))
        return await super()._claim_together(wishes)

    async def _settle_together(self, settlings: Sequence[Any]) -> Any:
        self.groups.append(len(settlings))
        return await super()._settle_together(settlings)

    async def _claim_alone(self, wish: Wish) -> Any:
        self.alone += 1
        return await super()._claim_alone(wish)

    async def _settle_alone(self, one: Any) -> Any:
        self.alone += 1
        return await super()._settle_alone(one)


@pytest.fixture
async def till(scene: Scene) -> Watched:
    return Watched(scene.db)


@pytest.fixture
async def crowd(scene: Scene) -> list[tuple[User, dict[str, Any]]]:
    """Six buyers, each with a held booking."""
    buyers = [await scene.make_user() for _ in range(6)]
    return [(buyer, await scene.held(2, by=buyer)) for buyer in buyers]


def wish(buyer: User, booking: dict[str, Any], *, key: str | None = None, **changes: Any) -> Wish:
    fields: dict[str, Any] = {
        "actor": Actor(buyer.id, request_id="r"),
        "booking_id": booking["id"],
        "method": "card",
        "card_brand": "visa",
        "card_last4": "4242",
        "key": None if key is None else Key(buyer.id, key, "f"),
    }
    return Wish(**{**fields, **changes})


async def served(*asks: Any) -> list[Any]:
    return await asyncio.gather(*asks, return_exceptions=True)


async def settled(
    till: Till, crowd: Sequence[tuple[User, dict[str, Any]]], claims: Sequence[Any]
) -> list[Any]:
    """Settle the claims of a crowd, all of which have paid."""
    pairs = zip(crowd, claims, strict=True)
    return await served(
        *(till.settle(claim.payment_id, booking["id"], PAID, request_id="r") for (_, booking), claim in pairs)
    )


@pytest.mark.needs("text in OPENJSON")
async def test_a_crowd_pays_together(
    scene: Scene, till: Watched, crowd: list[tuple[User, dict[str, Any]]]
) -> None:
    claims = await served(*(till.claim(wish(*one, key=f"k{n}")) for n, one in enumerate(crowd)))
    assert all(isinstance(claim, Claim) for claim in claims), claims
    replies = await settled(till, crowd, claims)
    assert [reply.status for reply in replies] == [201] * 6
    assert (till.groups, till.alone) == ([6, 6], 0)
    assert {scene.status(booking) for _, booking in crowd} == {"CONFIRMED"}
    assert scene.count("tickets", "status = 'VALID'") == 12
    for _, booking in crowd:
        assert scene.count("tickets", "booking_id = ?", booking["id"]) == 2
        assert scene.count("audit_log", "action = 'claim' AND subject = 'payment'") == 6
    assert scene.count("audit_log", "action = 'succeed'") == 6
    assert scene.count("announcements", "kind = 'booking.confirmed'") == 6
    # The replies are kept: who sends the same again hears the same.
    again = await till.claim(wish(*crowd[0], key="k0"))
    assert isinstance(again, StoredReply)
    assert (again.status, again.body, again.replayed) == (201, replies[0].body, True)


async def test_each_hears_what_they_would_hear_alone(
    scene: Scene, till: Watched, crowd: list[tuple[User, dict[str, Any]]]
) -> None:
    (a, good), (b, expired), (c, ended), (d, repeated), (e, odd), (f, taken) = crowd
    scene.let_hold_pass(expired)
    scene.rows("DELETE FROM event_payment_options WHERE method = 'upi'")
    await scene.cancel(ended, by=c)
    assert isinstance(await till.claim(wish(d, repeated, key="used")), Claim)
    await till.claim(wish(f, taken))
    stranger = await scene.make_user()
    outcomes = await served(
        till.claim(wish(a, good)),
        till.claim(wish(b, expired)),
        till.claim(wish(c, ended)),
        till.claim(wish(d, repeated, key="used")),
        till.claim(wish(e, odd, method="upi")),
        till.claim(wish(stranger, good)),
    )
    kinds = [Claim, HoldExpired, BookingNotPending, RequestInProgress, ValidationFailed, NotFound]
    assert [type(one) for one in outcomes] == kinds
    reused = wish(d, repeated, key=None, actor=Actor(d.id), method="card")
    outcomes = await served(
        till.claim(Wish(**{**fields(reused), "key": Key(d.id, "used", "another")})),
        till.claim(wish(f, taken)),
        till.claim(wish(e, odd)),
    )
    assert [type(one) for one in outcomes] == [IdempotencyKeyReused, PaymentInProgress, Claim]
    assert max(till.groups) > 1


def fields(one: Wish) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Wish.__slots__}


async def test_a_payment_that_another_settles_spoils_no_group(
    scene: Scene, till: Watched, crowd: list[tuple[User, dict[str, Any]]]
) -> None:
    """Reconciliation is quicker for two: one succeeded, one was given up."""
    claims = await served(*(till.claim(wish(*one)) for one in crowd))
    for claim, result in zip(claims, (Result(True, "ch_1"), Result(False, None, "voided")), strict=False):
        await scene.db.transact(
            settle_payment,
            payment_id=claim.payment_id,
            result=result,
            render=lambda payment, status: StoredReply.of(201, {"status": status}),
            request_id=None,
        )
    replies = await settled(till, crowd, claims)
    assert [reply.status for reply in replies] == [201, 409, 201, 201, 201, 201]
    assert scene.count("tickets", "status = 'VALID'") == 10
    assert [scene.status(booking) for _, booking in crowd][1] == "PENDING"
    assert scene.count("payments", "status = 'RETURNED' OR status = 'SUCCEEDED'") == 6


async def test_late_payments_are_settled_alone(
    scene: Scene, till: Watched, crowd: list[tuple[User, dict[str, Any]]]
) -> None:
    claims = await served(*(till.claim(wish(*one)) for one in crowd))
    scene.let_hold_pass(crowd[0][1])
    scene.rows(
        "UPDATE bookings SET status = 'EXPIRED', expired_at = SYSUTCDATETIME() WHERE id = ?",
        crowd[0][1]["id"],
    )
    scene.rows("UPDATE ticket_types SET available = available + 2")
    replies = await settled(till, crowd, claims)
    assert [reply.status for reply in replies] == [201] * 6
    assert (till.groups[-1], till.alone) == (6, 1)
    assert scene.count("tickets", "status = 'VALID'") == 12
    assert scene.available() == 100 - 12


async def test_a_crowd_over_http(scene: Scene, crowd: list[tuple[User, dict[str, Any]]]) -> None:
    """Two of the cards are declined, and every request is sent twice under its key."""
    sends = [
        scene.pay(
            booking,
            *([DECLINED] if number < 2 else []),
            by=buyer,
            headers={"Idempotency-Key": f"k{number}"},
        )
        for number, (buyer, booking) in enumerate(crowd)
        for _ in range(2)
    ]
    replies = await asyncio.gather(*sends)
    for number, pair in enumerate(zip(replies[::2], replies[1::2], strict=True)):
        wanted = 402 if number < 2 else 201
        assert {reply.status for reply in pair} <= {wanted, 409}
        assert wanted in {reply.status for reply in pair}
    assert scene.count("tickets", "status = 'VALID'") == 8
    assert (await scene.gateway.totals("EUR")).charged == 4 * 50
    await scene.check()


async def test_nobody_is_told_of_a_group_that_fails(
    scene: Scene, till: Watched, crowd: list[tuple[User, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error in the middle of a group is not that of any buyer: each is served alone then."""

    def claim_payments(tx: Transaction, *, wishes: Sequence[Wish]) -> None:
        raise BMSError

    monkeypatch.setattr("bms.checkout.till.claim_payments", claim_payments)
    claims = await served(*(till.claim(wish(*one)) for one in crowd))
    assert all(isinstance(claim, Claim) for claim in claims)
    assert till.alone == 6
