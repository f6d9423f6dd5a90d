"""A charge as the simulated gateway books it: one line of its ledger, in a transaction of the caller."""

import hashlib
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from bms.money import exponent_of
from bms.payments.gateway import Outcome, OutcomeStatus, ReferenceReused


class Refunding(StrEnum):
    """How refunds of a charge behave. The charge decides."""

    PROMPT = "prompt"
    FAILS_ONCE = "fails_once"
    FAILS = "fails"
    UNANSWERED_ONCE = "unanswered_once"
    ANSWER_LOST = "answer_lost"


@dataclass(frozen=True, slots=True)
class Booked:
    """An entry's outcome, known from ``answers_at`` on (seconds since 1970).

    ``answered`` is False if the call that booked the entry gets no answer.
    """

    outcome: Outcome
    answered: bool = True
    answers_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCharge:
    """A charge to book. ``failure`` is the code and message of a refusal.

    ``answered`` says whether the first call gets an answer, ``delay`` how many seconds there is no outcome,
    ``waits`` whether the buyer must decide first.
    """

    reference: str
    amount: Decimal
    currency: str
    method: str
    brand: str | None = None
    last4: str | None = None
    failure: tuple[str, str] | None = None
    refunding: Refunding = Refunding.PROMPT
    answered: bool = True
    delay: float = 0.0
    waits: bool = False


def book_new(connection: sqlite3.Connection, charges: Sequence[NewCharge]) -> list[Booked]:
    """Book charges whose references have no entry yet by one statement, and return their entries.

    SQLite lets another thread of this process go first for each statement, and the file stays locked
    meanwhile. One statement that is a transaction of its own locks it for less than a millisecond.

    Raises IntegrityError if one has an entry, and ValueError for an amount that is no amount of its currency.
    Nothing is written then.
    """
    lines = [_line(new) for new in charges]
    connection.execute(
        f"{_INSERT} VALUES {', '.join([_VALUES] * len(lines))}",
        [value for line in lines for value in line],
    )
    return [
        Booked(
            Outcome(line.status, line.gateway_reference, line.failure_code, line.message),
            new.answered,
            line.answers_at,
        )
        for new, line in zip(charges, lines, strict=True)
    ]


def book_charge(connection: sqlite3.Connection, new: NewCharge) -> Booked:
    """Book a charge unless its reference is booked already, and return the entry.

    Raises ReferenceReused, and ValueError for an amount that is no amount of its currency. Nothing is written
    then.
    """
    row = find_line(connection, new.reference)
    if row is None:
        (booked,) = book_new(connection, [new])
        return booked
    if (amount_of(row), row["currency"]) != (new.amount, new.currency):
        raise ReferenceReused(f"charge {new.reference} was booked with another amount or currency")
    return booked_of(row)


def find_line(connection: sqlite3.Connection, reference: str) -> sqlite3.Row | None:
    """Return the ledger's line of a charge, or None."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM charges WHERE reference = ?", (reference,)
    ).fetchone()
    return row


class _Line(NamedTuple):
    """A new line of the ledger, by its columns."""

    reference: str
    gateway_reference: str
    cents: int
    currency: str
    method: str
    brand: str | None
    last4: str | None
    status: OutcomeStatus
    failure_code: str | None
    message: str | None
    answers_at: float
    refunding: Refunding
    exponent: int


_INSERT = f"INSERT INTO charges ({', '.join(_Line._fields)})"
_VALUES = f"({', '.join('?' * len(_Line._fields))})"


def _line(new: NewCharge) -> _Line:
    """Return the line of a charge that is booked now. Raises ValueError as ``cents_of``."""
    exponent = exponent_of(new.currency)
    failure_code, message = new.failure or (None, None)
    return _Line(
        reference=new.reference,
        gateway_reference=new_gateway_reference("ch", new.reference),
        cents=cents_of(new.amount, exponent),
        currency=new.currency,
        method=new.method,
        brand=new.brand,
        last4=new.last4,
        status=status_of(new.failure, waits=new.waits),
        failure_code=failure_code,
        message=message,
        answers_at=time.time() + new.delay,
        refunding=new.refunding,
        exponent=exponent,
    )


def status_of(failure: tuple[str, str] | None, *, waits: bool = False) -> OutcomeStatus:
    """Return the state of a charge that is booked now."""
    if failure:
        return OutcomeStatus.FAILED
    return OutcomeStatus.PENDING if waits else OutcomeStatus.SUCCEEDED


def booked_of(row: sqlite3.Row) -> Booked:
    """Return the entry that a charge's line of the ledger is. Whoever asks for it gets an answer."""
    return Booked(outcome_of(row), answers_at=row["answers_at"])


def outcome_of(row: sqlite3.Row) -> Outcome:
    """Return the outcome that a line of the ledger has."""
    return Outcome(
        OutcomeStatus(row["status"]), row["gateway_reference"], row["failure_code"], row["message"]
    )


def new_gateway_reference(prefix: str, reference: str) -> str:
    """Return the gateway's own reference for a new line, which begins with the time as ours do."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{hashlib.sha256(reference.encode()).hexdigest()[:16]}"


def cents_of(amount: Decimal, exponent: int) -> int:
    """Return ``amount`` in its smallest parts. Raises ValueError unless it is positive with none smaller."""
    if not amount.is_finite() or amount <= 0 or amount.scaleb(exponent) % 1:
        decimals = {0: "no", 2: "two", 3: "three"}[exponent]
        raise ValueError(f"{amount} is not a positive amount with {decimals} decimals at the most")
    return int(amount.scaleb(exponent))


def amount_of(row: sqlite3.Row) -> Decimal:
    """Return the amount of a line of the ledger."""
    return Decimal(row["cents"]).scaleb(-row["exponent"])
