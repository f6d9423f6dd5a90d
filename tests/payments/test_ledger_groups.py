"""The simulated gateway's books: charges that come together are booked together."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from bms.payments.gateway import OutcomeStatus, ReferenceReused
from bms.payments.simulated.charging import Booked, NewCharge
from bms.payments.simulated.ledger import Ledger


def new(reference: str, amount: str = "25.00") -> NewCharge:
    return NewCharge(reference=reference, amount=Decimal(amount), currency="EUR", method="card")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "gateway.sqlite3")


@contextmanager
def statements(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Note the first word of every statement on the ledger's connections."""
    noted: list[str] = []
    connect = Ledger._connect

    def traced(self: Ledger) -> sqlite3.Connection:
        connection = connect(self)
        connection.set_trace_callback(lambda text: noted.append(text.split()[0]))
        return connection

    ledger._idle.clear()
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "_connect", traced)
        yield noted


def test_a_group_of_new_charges_is_one_statement(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.charge(new("earlier"))
    with statements(ledger, monkeypatch) as noted:
        booked = ledger.charge_each([new(f"p-{number}") for number in range(64)])
    assert noted == ["INSERT"]
    assert {one.outcome.status for one in booked if isinstance(one, Booked)} == {OutcomeStatus.SUCCEEDED}
    assert len(ledger.entries()) == 65
    found = ledger.find_charge("p-63")
    assert found is not None
    assert booked[63] == found


def test_in_a_group_each_charge_has_its_own_outcome(ledger: Ledger) -> None:
    first = ledger.charge(new("p-1"))
    (kept,) = ledger._idle
    repeat, other_amount, bad, fresh, again = ledger.charge_each(
        [new("p-1"), new("p-1", "26.00"), new("p-2", "0.001"), new("p-3"), new("p-3")]
    )
    assert ledger._idle == [kept], "who closes the last connection waits for the disk"
    assert repeat == first
    assert isinstance(other_amount, ReferenceReused)
    assert isinstance(bad, ValueError)
    assert isinstance(fresh, Booked)
    assert again == fresh
    assert [entry.reference for entry in ledger.entries()] == ["p-1", "p-3"]


def test_who_gets_no_answer_gets_one_the_second_time(ledger: Ledger) -> None:
    lost = NewCharge(reference="p-1", amount=Decimal("25.00"), currency="EUR", method="card", answered=False)
    first, second = ledger.charge_each([lost, new("p-2")])[0], ledger.charge_each([lost, new("p-3")])[0]
    assert isinstance(first, Booked)
    assert isinstance(second, Booked)
    assert (first.answered, second.answered) == (False, True)
    assert first.outcome == second.outcome


def test_the_gateways_references_are_in_the_order_of_the_charges(ledger: Ledger) -> None:
    for number in range(3):
        ledger.charge_each([new(f"p-{number}-{one}") for one in range(3)])
    moments = [entry.gateway_reference[:15] for entry in ledger.entries()]
    assert moments == sorted(moments)
    assert len({entry.gateway_reference for entry in ledger.entries()}) == 9
