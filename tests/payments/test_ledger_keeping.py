"""The simulated gateway's books: copied, cut to what is known, and rid of what is old."""

import os
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from bms.payments.gateway import ReferenceReused
from bms.payments.simulated.charging import NewCharge
from bms.payments.simulated.ledger import Ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gateway.sqlite3"


@pytest.fixture
def ledger(path: Path) -> Ledger:
    """Three charges, the first two refunded in part."""
    books = Ledger(path)
    for number in range(3):
        books.charge(
            NewCharge(reference=f"charge{number}", amount=Decimal("25.00"), currency="EUR", method="card")
        )
    for number in range(2):
        (name,) = [one.gateway_reference for one in books.entries() if one.reference == f"charge{number}"]
        books.refund(f"refund{number}", name, Decimal("5.00"), "EUR")
    return books


def references(ledger: Ledger) -> list[str]:
    return sorted(entry.reference for entry in ledger.entries())


ALL = ["charge0", "charge1", "charge2", "refund0", "refund1"]


def test_a_copy_is_whole_and_apart(ledger: Ledger, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    ledger.copy_to(copy)
    assert references(Ledger(copy)) == ALL
    ledger.keep_only([], [])
    assert references(ledger) == []
    assert references(Ledger(copy)) == ALL
    assert copy.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        ledger.copy_to(copy)


def test_only_what_is_known_is_kept(ledger: Ledger) -> None:
    ledger.keep_only(["charge1", "charge2", "elsewhere"], ["refund0"])
    assert references(ledger) == ["charge1", "charge2", "refund0"]


def test_what_is_old_goes_in_batches_with_its_refunds(ledger: Ledger, path: Path) -> None:
    assert ledger.remove_old(days=1, limit=10) == 0
    with closing(sqlite3.connect(path)) as books, books:
        books.execute(
            "UPDATE charges SET answers_at = ? WHERE reference <> 'charge2'", (time.time() - 2 * 86_400,)
        )
    assert ledger.remove_old(days=3, limit=10) == 0
    assert ledger.remove_old(days=1, limit=1) == 1
    assert len(references(ledger)) == 3
    assert ledger.remove_old(days=1, limit=10) == 1
    assert references(ledger) == ["charge2"]


def test_books_that_were_put_in_their_place_are_written_on(ledger: Ledger, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    ledger.copy_to(copy)
    ledger.keep_only([], [])
    copy.replace(tmp_path / "gateway.sqlite3")
    for beside in tmp_path.glob("gateway.sqlite3-*"):
        beside.unlink()
    ledger.charge(NewCharge(reference="later", amount=Decimal("1.00"), currency="EUR", method="card"))
    assert references(ledger) == [*ALL[:3], "later", *ALL[3:]]


LOOK = """\
import sys
from pathlib import Path
from bms.payments.simulated.ledger import Ledger
print(*sorted(entry.reference for entry in Ledger(Path(sys.argv[1])).entries()))
"""


def look_elsewhere(path: Path) -> list[str]:
    """Return what another process finds, which then closes its connection."""
    seen = subprocess.run(
        [sys.executable, "-c", LOOK, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    return seen.stdout.split()


def test_what_is_kept_open_is_not_taken_for_closed(ledger: Ledger, path: Path) -> None:
    # As housekeeping does, in the same process. What is open beside it must keep its locks.
    Ledger(path).remove_old(days=1, limit=1)
    assert look_elsewhere(path) == ALL
    ledger.charge(NewCharge(reference="later", amount=Decimal("1.00"), currency="EUR", method="card"))
    assert look_elsewhere(path) == sorted([*ALL, "later"])


def test_who_closes_a_descriptor_loses_the_locks(ledger: Ledger, path: Path) -> None:
    # What the test above is for: this is how a charge is lost.
    os.close(os.open(path, os.O_RDWR))
    look_elsewhere(path)
    ledger.charge(NewCharge(reference="later", amount=Decimal("1.00"), currency="EUR", method="card"))
    assert "later" not in look_elsewhere(path)


def test_a_connection_is_used_again(ledger: Ledger) -> None:
    with ThreadPoolExecutor(4) as threads:
        for number in range(40):
            new = NewCharge(reference=f"more{number}", amount=Decimal("1.00"), currency="EUR", method="card")
            threads.submit(ledger.charge, new)
    assert len(references(ledger)) == 45
    assert 1 <= len(ledger._idle) <= 4


def test_a_refused_charge_leaves_nothing_behind(ledger: Ledger) -> None:
    with pytest.raises(ReferenceReused):
        ledger.charge(NewCharge(reference="charge0", amount=Decimal("9.00"), currency="EUR", method="card"))
    assert references(ledger) == ALL
    assert (
        Ledger(ledger._path)
        .charge(NewCharge(reference="another", amount=Decimal("9.00"), currency="EUR", method="card"))
        .answered
    )
