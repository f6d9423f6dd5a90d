"""The simulated gateway: every branch, charged once, and books that agree to the cent."""

import asyncio
import contextlib
import logging
import re
import sqlite3
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bms.errors import GatewayUnavailable
from bms.payments.cards import number_valid
from bms.payments.gateway import Charge, Gateway, Outcome, OutcomeStatus, ReferenceReused
from bms.payments.simulated.gateway import CARDS, MESSAGES, SimulatedGateway
from bms.payments.simulated.ledger import Totals
from tests.kit.cards import (
    ANSWER_LOST,
    NO_ANSWER,
    REFUND_ANSWER_LOST,
    REFUND_FAILS,
    REFUND_FAILS_ONCE,
    REFUND_UNANSWERED_ONCE,
    SLOW,
)

GOOD = "4242424242424242"

TEST_CARDS = Path(__file__).parents[2] / "docs" / "test-cards.md"


def charge(reference: str = "p-1", number: str = GOOD, amount: str = "50.00", **details: str) -> Charge:
    card = {"number": number, "expiry": "12/39", "cvv": "987", "holder": "Ana Ruiz"}
    return Charge(reference, Decimal(amount), "EUR", "card", card | details)


def other(method: str, details: Mapping[str, str], reference: str = "p-1") -> Charge:
    return Charge(reference, Decimal("50.00"), "EUR", method, details)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "var" / "gateway.sqlite3"


@pytest.fixture
def gateway(ledger: Path) -> SimulatedGateway:
    return SimulatedGateway(ledger, slow_seconds=0.4)


def totals(charged: str, refunded: str = "0.00") -> Totals:
    return Totals(Decimal(charged), Decimal(refunded))


async def refund(
    gateway: Gateway, paid: Outcome, reference: str = "r-1", amount: str = "50.00", currency: str = "EUR"
) -> Outcome:
    return await gateway.refund(reference, paid.gateway_reference, Decimal(amount), currency)


@pytest.mark.parametrize(
    "number",
    [
        GOOD,
        "4242 4242-4242 4242",
        "5555555555554444",
        "378282246310005",
        "4111111111111111",
        "6011111111111117",
    ],
)
async def test_a_card_that_pays(gateway: SimulatedGateway, number: str) -> None:
    outcome = await gateway.charge(charge(number=number))
    assert outcome.status is OutcomeStatus.SUCCEEDED
    assert outcome.succeeded
    assert outcome.gateway_reference.startswith("ch_")
    assert outcome.failure_code is None
    assert outcome.message is None
    assert await gateway.find_charge("p-1") == outcome
    assert await gateway.totals("EUR") == totals("50.00")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4000000000000002", "card_declined"),
        ("4000000000009995", "insufficient_funds"),
        ("4000000000000069", "expired_card"),
        ("4000000000000127", "incorrect_cvc"),
        ("4000000000000119", "processing_error"),
        ("4242424242424241", "invalid_details"),
        ("", "invalid_details"),
    ],
)
async def test_a_card_that_is_refused(gateway: SimulatedGateway, number: str, code: str) -> None:
    outcome = await gateway.charge(charge(number=number))
    assert outcome.status is OutcomeStatus.FAILED
    assert not outcome.succeeded
    assert (outcome.failure_code, outcome.message) == (code, MESSAGES[code])
    assert await gateway.find_charge("p-1") == outcome
    assert await gateway.charge(charge(number=number)) == outcome
    assert await gateway.totals("EUR") == totals("0.00")
    assert (await refund(gateway, outcome)).failure_code == "charge_not_succeeded"


@pytest.mark.parametrize(
    ("method", "details"),
    [
        ("upi", {"vpa": "success@okbank"}),
        ("upi", {"vpa": "ana.failure@okbank"}),
        ("netbanking", {"bank": "First Bank"}),
        ("wallet", {"wallet_id": "w-77"}),
    ],
)
async def test_other_methods_pay(gateway: SimulatedGateway, method: str, details: Mapping[str, str]) -> None:
    assert (await gateway.charge(other(method, details))).succeeded
    assert await gateway.totals("EUR") == totals("50.00")


@pytest.mark.parametrize(
    ("method", "details", "code"),
    [
        ("upi", {"vpa": "failure@okbank"}, "payment_declined"),
        ("upi", {"vpa": "FAIL@okbank"}, "payment_declined"),
        ("netbanking", {"bank": "FAIL"}, "payment_declined"),
        ("wallet", {"wallet_id": "failure"}, "payment_declined"),
        ("upi", {}, "invalid_details"),
        ("cheque", {"number": "7"}, "invalid_details"),
    ],
)
async def test_other_methods_are_refused(
    gateway: SimulatedGateway, method: str, details: Mapping[str, str], code: str
) -> None:
    assert (await gateway.charge(other(method, details))).failure_code == code
    assert await gateway.totals("EUR") == totals("0.00")


@pytest.mark.parametrize(
    "unanswered",
    [
        charge(number=NO_ANSWER),
        other("upi", {"vpa": "timeout@okbank"}),
        other("netbanking", {"bank": "Timeout"}),
        other("wallet", {"wallet_id": "timeout"}),
    ],
)
async def test_no_answer_and_nothing_charged(gateway: SimulatedGateway, unanswered: Charge) -> None:
    for _ in range(2):
        with pytest.raises(GatewayUnavailable):
            await gateway.charge(unanswered)
        assert await gateway.find_charge("p-1") is None
    assert await gateway.entries() == []
    paid = await gateway.charge(charge())
    assert paid.succeeded
    assert await gateway.charge(unanswered) == paid


async def test_charged_although_the_answer_was_lost(gateway: SimulatedGateway) -> None:
    with pytest.raises(GatewayUnavailable):
        await gateway.charge(charge(number=ANSWER_LOST))
    found = await gateway.find_charge("p-1")
    assert found is not None
    assert found.succeeded
    assert await gateway.charge(charge(number=ANSWER_LOST)) == found
    assert await gateway.totals("EUR") == totals("50.00")


async def test_the_slow_card_is_unknown_until_it_has_paid(gateway: SimulatedGateway) -> None:
    started = time.monotonic()
    paying = asyncio.create_task(gateway.charge(charge(number=SLOW)))
    while not await gateway.entries():  # noqa: ASYNC110  # only the file can tell
        await asyncio.sleep(0.01)
    with pytest.raises(GatewayUnavailable, match="still in progress"):
        await gateway.find_charge("p-1")
    outcome = await paying
    assert time.monotonic() - started >= 0.35
    assert outcome.succeeded
    assert await gateway.find_charge("p-1") == outcome


async def test_the_slow_card_pays_although_nobody_waits(gateway: SimulatedGateway) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await gateway.charge(charge(number=SLOW))
    again = await gateway.charge(charge(number=SLOW))
    assert again.succeeded
    assert await gateway.find_charge("p-1") == again
    assert await gateway.totals("EUR") == totals("50.00")


async def test_a_reference_is_charged_once(gateway: SimulatedGateway) -> None:
    first = await gateway.charge(charge())
    assert await gateway.charge(charge()) == first
    assert await gateway.charge(charge(number="4000000000000002")) == first
    assert (await gateway.charge(charge("p-2"))).gateway_reference != first.gateway_reference
    assert await gateway.totals("EUR") == totals("100.00")


async def test_a_reference_with_another_amount_is_a_mistake(gateway: SimulatedGateway) -> None:
    paid = await gateway.charge(charge())
    with pytest.raises(ReferenceReused):
        await gateway.charge(charge(amount="50.01"))
    with pytest.raises(ReferenceReused):
        await gateway.charge(replace(charge(), currency="USD"))
    await refund(gateway, paid, amount="10.00")
    with pytest.raises(ReferenceReused):
        await refund(gateway, paid, amount="10.01")
    assert await gateway.totals("EUR") == totals("50.00", "10.00")


@pytest.mark.parametrize("number", [GOOD, SLOW])
async def test_concurrent_charges_with_one_reference_charge_once(ledger: Path, number: str) -> None:
    gateways = [SimulatedGateway(ledger, slow_seconds=0.1) for _ in range(4)]
    outcomes = await asyncio.gather(*(gateway.charge(charge(number=number)) for gateway in gateways * 5))
    assert len(set(outcomes)) == 1
    assert len(await gateways[0].entries()) == 1
    assert await gateways[0].totals("EUR") == totals("50.00")


async def test_gateways_over_one_file_agree_and_it_survives_a_restart(ledger: Path) -> None:
    one, two = SimulatedGateway(ledger), SimulatedGateway(ledger)
    paid = await one.charge(charge())
    assert await two.find_charge("p-1") == paid
    given_back = await refund(two, paid, amount="20.00")
    assert await refund(one, paid, amount="20.00") == given_back
    restarted = SimulatedGateway(ledger)
    assert await restarted.find_charge("p-1") == paid
    assert await restarted.charge(charge()) == paid
    assert await refund(restarted, paid, amount="20.00") == given_back
    assert await restarted.totals("EUR") == await one.totals("EUR") == totals("50.00", "20.00")


async def test_refunds_in_parts_never_exceed_the_charge(gateway: SimulatedGateway) -> None:
    paid = await gateway.charge(charge(amount="10.00"))
    assert (await refund(gateway, paid, "r-1", "3.33")).succeeded
    assert (await refund(gateway, paid, "r-2", "3.33")).succeeded
    refused = await refund(gateway, paid, "r-3", "3.35")
    assert (refused.status, refused.failure_code) == (OutcomeStatus.FAILED, "refund_exceeds_charge")
    assert (await refund(gateway, paid, "r-4", "3.34")).succeeded
    assert (await refund(gateway, paid, "r-5", "0.01")).failure_code == "refund_exceeds_charge"
    assert await gateway.totals("EUR") == totals("10.00", "10.00")


async def test_concurrent_refunds_never_exceed_the_charge(gateway: SimulatedGateway) -> None:
    paid = await gateway.charge(charge(amount="10.00"))
    outcomes = await asyncio.gather(
        *(refund(gateway, paid, f"r-{number}", "3.00") for number in range(8)),
        *(refund(gateway, paid, "r-0", "3.00") for _ in range(4)),
    )
    assert len({outcome.gateway_reference for outcome in outcomes if outcome.succeeded}) == 3
    assert await gateway.totals("EUR") == totals("10.00", "9.00")


async def test_what_cannot_be_refunded(gateway: SimulatedGateway) -> None:
    paid = await gateway.charge(charge())
    assert (await refund(gateway, paid, "r-1", currency="USD")).failure_code == "currency_mismatch"
    unknown = replace(paid, gateway_reference="ch_nothing")
    assert (await refund(gateway, unknown, "r-2")).failure_code == "unknown_charge"
    assert await gateway.totals("EUR") == totals("50.00")


async def test_a_refund_that_fails_once(gateway: SimulatedGateway) -> None:
    paid = await gateway.charge(charge(number=REFUND_FAILS_ONCE))
    first = await refund(gateway, paid, "r-1")
    assert (first.status, first.failure_code) == (OutcomeStatus.FAILED, "refund_failed")
    assert await refund(gateway, paid, "r-1") == first
    assert (await refund(gateway, paid, "r-2")).succeeded
    assert await gateway.totals("EUR") == totals("50.00", "50.00")


async def test_a_refund_that_always_fails(gateway: SimulatedGateway) -> None:
    paid = await gateway.charge(charge(number=REFUND_FAILS))
    for number in range(3):
        assert (await refund(gateway, paid, f"r-{number}")).failure_code == "refund_failed"
    assert await gateway.totals("EUR") == totals("50.00")


async def test_a_refund_without_an_answer_is_made_when_sent_again(gateway: SimulatedGateway) -> None:
    paid = await gateway.charge(charge(number=REFUND_UNANSWERED_ONCE))
    with pytest.raises(GatewayUnavailable):
        await refund(gateway, paid)
    assert await gateway.totals("EUR") == totals("50.00")
    assert (await refund(gateway, paid)).succeeded
    assert await gateway.totals("EUR") == totals("50.00", "50.00")


async def test_a_refund_made_although_the_answer_was_lost(gateway: SimulatedGateway) -> None:
    paid = await gateway.charge(charge(number=REFUND_ANSWER_LOST))
    with pytest.raises(GatewayUnavailable):
        await refund(gateway, paid, amount="20.00")
    assert await gateway.totals("EUR") == totals("50.00", "20.00")
    assert (await refund(gateway, paid, amount="20.00")).succeeded
    assert (await refund(gateway, paid, "r-2", "30.00")).succeeded
    assert await gateway.totals("EUR") == totals("50.00", "50.00")


async def test_the_books_hold_every_line_to_the_cent(gateway: SimulatedGateway) -> None:
    amounts = [Decimal(cents).scaleb(-2) for cents in (1, 10, 33, 9_999_999_999, 1999)]
    for number, amount in enumerate(amounts):
        await gateway.charge(charge(f"p-{number}", amount=str(amount)))
    await gateway.charge(charge("p-declined", "4000000000000002", "7.00"))
    await gateway.charge(replace(charge("p-usd"), currency="USD"))
    lines = await gateway.entries()
    assert [line.amount for line in lines] == [*amounts, Decimal("7.00"), Decimal("50.00")]
    assert lines[5].failure_code == "card_declined"
    assert {line.kind for line in lines} == {"charge"}
    assert await gateway.totals("EUR") == Totals(sum(amounts, Decimal()), Decimal("0.00"))
    assert await gateway.totals("USD") == totals("50.00")


@pytest.mark.parametrize(
    ("currency", "amount", "part", "too_fine"),
    [("JPY", "1501", "500", "0.5"), ("KWD", "10.125", "0.001", "0.0001"), ("INR", "9.99", "0.01", "0.001")],
)
async def test_the_books_count_the_smallest_amounts_of_a_currency(
    gateway: SimulatedGateway, currency: str, amount: str, part: str, too_fine: str
) -> None:
    paid = await gateway.charge(replace(charge(amount=amount), currency=currency))
    assert (await refund(gateway, paid, "r-1", part, currency)).succeeded
    assert [str(entry.amount) for entry in await gateway.entries()] == [amount, part]
    books = await gateway.totals(currency)
    assert (str(books.charged), str(books.refunded)) == (amount, part)
    rest = str(Decimal(amount) - Decimal(part))
    assert (await refund(gateway, paid, "r-2", rest, currency)).succeeded
    assert (await refund(gateway, paid, "r-3", part, currency)).failure_code == "refund_exceeds_charge"
    with pytest.raises(ValueError, match="decimals"):
        await gateway.charge(replace(charge("p-2", amount=too_fine), currency=currency))
    with pytest.raises(ValueError, match="decimals"):
        await refund(gateway, paid, "r-4", too_fine, currency)


async def test_books_of_the_release_before_read_as_before(ledger: Path) -> None:
    """They counted hundredths, also of the yen, and had no column that says so."""
    ledger.parent.mkdir()
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        connection.executescript(
            """
            CREATE TABLE charges (
                reference TEXT PRIMARY KEY, gateway_reference TEXT NOT NULL UNIQUE,
                cents INTEGER NOT NULL CHECK (cents > 0), currency TEXT NOT NULL, method TEXT NOT NULL,
                brand TEXT, last4 TEXT, status TEXT NOT NULL, failure_code TEXT, message TEXT,
                answers_at REAL NOT NULL, refunding TEXT NOT NULL, refund_calls INTEGER NOT NULL DEFAULT 0
            ) STRICT;
            CREATE TABLE refunds (
                reference TEXT PRIMARY KEY, gateway_reference TEXT NOT NULL UNIQUE, charge TEXT NOT NULL,
                cents INTEGER NOT NULL CHECK (cents > 0), currency TEXT NOT NULL, status TEXT NOT NULL,
                failure_code TEXT, message TEXT
            ) STRICT;
            INSERT INTO charges (reference, gateway_reference, cents, currency, method, status, answers_at,
                                 refunding)
            VALUES ('old', 'ch_old', 150050, 'JPY', 'card', 'SUCCEEDED', 0, 'prompt'),
                   ('usual', 'ch_usual', 5000, 'EUR', 'card', 'SUCCEEDED', 0, 'prompt');
            INSERT INTO refunds (reference, gateway_reference, charge, cents, currency, status)
            VALUES ('part', 're_part', 'ch_old', 50, 'JPY', 'SUCCEEDED');
            """
        )
    gateways = [SimulatedGateway(ledger) for _ in range(4)]
    await asyncio.gather(*(gateway.entries() for gateway in gateways))
    gateway = gateways[0]
    assert [str(entry.amount) for entry in await gateway.entries()] == ["1500.50", "50.00", "0.50"]
    again = replace(charge("old", amount="1500.50"), currency="JPY")
    old = await gateway.charge(again)
    assert (old.succeeded, old.gateway_reference) == (True, "ch_old")
    assert (await gateway.void("old", Decimal("1500.50"), "JPY")).succeeded
    assert (await refund(gateway, old, "part", "0.50", "JPY")).succeeded
    assert (await refund(gateway, old, "rest", "1500.00", "JPY")).succeeded
    await gateway.charge(replace(charge("new", amount="700"), currency="JPY"))
    books = await gateway.totals("JPY")
    assert (books.charged, books.refunded) == (Decimal("2200.50"), Decimal("1500.50"))
    assert await gateway.totals("EUR") == totals("50.00")


@pytest.mark.parametrize("amount", ["0", "-1.00", "1.001", "NaN", "Infinity"])
async def test_an_amount_is_positive_with_two_decimals(gateway: SimulatedGateway, amount: str) -> None:
    with pytest.raises(ValueError, match="two decimals"):
        await gateway.charge(charge(amount=amount))
    paid = await gateway.charge(charge("p-2"))
    with pytest.raises(ValueError, match="two decimals"):
        await refund(gateway, paid, amount=amount)
    assert await gateway.totals("EUR") == totals("50.00")


async def test_a_ledger_that_cannot_be_opened_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(GatewayUnavailable):
        await SimulatedGateway(tmp_path).charge(charge())


async def test_no_details_are_shown_or_kept(
    gateway: SimulatedGateway, ledger: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = []
    for number in CARDS:
        made = charge(f"p-{number[-4:]}", number)
        shown.append(repr(made))
        try:
            shown.append(repr(await gateway.charge(made)))
        except GatewayUnavailable as error:
            shown.extend(traceback.format_exception(error))
    await gateway.charge(other("upi", {"vpa": "ana.ruiz@okbank"}, "p-upi"))
    shown.append(caplog.text)
    files = [path.read_bytes() for path in _files(ledger.parent)]
    secrets = [*CARDS, "987", "12/39", "Ana Ruiz", "ana.ruiz"]
    assert not [secret for secret in secrets if secret in "".join(shown)]
    assert not [
        secret
        for secret in [*CARDS, "12/39", "Ana Ruiz", "ana.ruiz"]
        for file in files
        if secret.encode() in file
    ]
    assert b"mastercard4444" in b"".join(files)


def _files(directory: Path) -> list[Path]:
    return [path for path in directory.iterdir() if path.is_file()]


async def test_the_ledger_is_its_owners_alone(gateway: SimulatedGateway, ledger: Path) -> None:
    await gateway.charge(charge())
    assert [path.stat().st_mode & 0o077 for path in _files(ledger.parent)] == [0] * len(_files(ledger.parent))


def test_every_special_number_is_documented_and_valid() -> None:
    documented = {
        re.sub(" ", "", number)
        for number in re.findall(r"^\| ([0-9 ]{12,}) \|", TEST_CARDS.read_text(), re.M)
    }
    assert documented == set(CARDS)
    assert all(number_valid(number) for number in CARDS)


async def test_the_documented_codes_are_what_happens(gateway: SimulatedGateway) -> None:
    rows = re.findall(r"^\| ([0-9 ]+) \| (?:is|lacks) [^|]+\| `(\w+)` \|", TEST_CARDS.read_text(), re.M)
    assert len(rows) == 5
    for number, code in rows:
        assert (await gateway.charge(charge(number, number))).failure_code == code
