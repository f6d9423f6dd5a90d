"""The simulated gateway: a charge that waits for its buyer has one decision, however many come at once."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from bms.payments.gateway import Charge, NextAction, Outcome, OutcomeStatus
from bms.payments.simulated.gateway import MESSAGES, PAGE, SimulatedGateway
from tests.kit.cards import NEEDS_BUYER

AMOUNT = Decimal("50.00")


def charge(reference: str = "p-1") -> Charge:
    card = {"number": NEEDS_BUYER, "expiry": "12/39", "cvv": "987"}
    return Charge(reference, AMOUNT, "EUR", "card", card)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "gateway.sqlite3"


@pytest.fixture
def gateway(ledger: Path) -> SimulatedGateway:
    return SimulatedGateway(ledger)


@pytest.fixture
async def waiting(gateway: SimulatedGateway) -> Outcome:
    return await gateway.charge(charge())


async def kept(gateway: SimulatedGateway) -> Decimal:
    totals = await gateway.totals("EUR")
    return totals.charged - totals.refunded


async def test_it_waits_and_nothing_is_charged(gateway: SimulatedGateway, waiting: Outcome) -> None:
    assert (waiting.status, waiting.pending, waiting.succeeded) == (OutcomeStatus.PENDING, True, False)
    assert waiting.next_action == NextAction("redirect", f"{PAGE}{waiting.gateway_reference}")
    assert await gateway.find_charge("p-1") == waiting
    assert await gateway.charge(charge()) == waiting
    assert await kept(gateway) == 0
    refund = await gateway.refund("r-1", waiting.gateway_reference, AMOUNT, "EUR")
    assert refund.failure_code == "charge_not_succeeded"


@pytest.mark.parametrize("approved", [True, False])
async def test_the_first_decision_stands(
    gateway: SimulatedGateway, ledger: Path, waiting: Outcome, approved: bool
) -> None:
    for decision in (approved, not approved):
        entry = await gateway.decide(waiting.gateway_reference, approved=decision)
        assert entry is not None
        assert entry.status == ("SUCCEEDED" if approved else "FAILED")
        assert entry.failure_code == (None if approved else "not_approved")
        assert await gateway.look_up(waiting.gateway_reference) == entry
    outcome = await SimulatedGateway(ledger).find_charge("p-1")
    assert outcome is not None
    assert (outcome.succeeded, outcome.next_action) == (approved, None)
    assert await gateway.void("p-1", AMOUNT, "EUR") == outcome
    assert await gateway.charge(charge()) == outcome
    assert await kept(gateway) == (AMOUNT if approved else 0)


async def test_a_void_stands_too(gateway: SimulatedGateway, waiting: Outcome) -> None:
    voided = await gateway.void("p-1", AMOUNT, "EUR")
    assert (voided.status, voided.failure_code) == (OutcomeStatus.FAILED, "not_completed")
    assert voided.message == MESSAGES["not_completed"]
    entry = await gateway.decide(waiting.gateway_reference, approved=True)
    assert entry is not None
    assert entry.status is OutcomeStatus.FAILED
    assert await gateway.void("p-1", AMOUNT, "EUR") == voided
    assert await kept(gateway) == 0


async def test_decisions_and_voids_at_once_agree(ledger: Path, waiting: Outcome) -> None:
    gateways = [SimulatedGateway(ledger) for _ in range(4)]
    await asyncio.gather(
        *(one.decide(waiting.gateway_reference, approved=True) for one in gateways),
        *(one.decide(waiting.gateway_reference, approved=False) for one in gateways),
        *(one.void("p-1", AMOUNT, "EUR") for one in gateways),
    )
    outcomes = {await one.find_charge("p-1") for one in gateways}
    (outcome,) = outcomes
    assert outcome is not None
    assert not outcome.pending
    assert await kept(gateways[0]) == (AMOUNT if outcome.succeeded else 0)


async def test_a_charge_that_is_not_there(gateway: SimulatedGateway) -> None:
    assert await gateway.look_up("ch_0") is None
    assert await gateway.decide("ch_0", approved=True) is None
    paid = await gateway.charge(Charge("p-2", AMOUNT, "EUR", "card", {"number": "4242424242424242"}))
    entry = await gateway.decide(paid.gateway_reference, approved=False)
    assert entry is not None
    assert entry.status is OutcomeStatus.SUCCEEDED, "only one that waits is decided"
