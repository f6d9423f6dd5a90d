"""The simulated gateway's ledger: an SQLite file, which processes share and which outlives them.

It stores references, amounts in whole cents, outcomes, and of a card its brand and last four digits. Each
call is synchronous, opens its own connection and is one transaction.
"""

import hashlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from bms.payments.gateway import Outcome, OutcomeStatus, ReferenceReused

_BUSY_SECONDS = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS charges (
    reference TEXT PRIMARY KEY,
    gateway_reference TEXT NOT NULL UNIQUE,
    cents INTEGER NOT NULL CHECK (cents > 0),
    currency TEXT NOT NULL,
    method TEXT NOT NULL,
    brand TEXT,
    last4 TEXT,
    status TEXT NOT NULL,
    failure_code TEXT,
    message TEXT,
    answers_at REAL NOT NULL,
    refunding TEXT NOT NULL,
    refund_calls INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS refunds (
    reference TEXT PRIMARY KEY,
    gateway_reference TEXT NOT NULL UNIQUE,
    charge TEXT NOT NULL,
    cents INTEGER NOT NULL CHECK (cents > 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    failure_code TEXT,
    message TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS ix_refunds_charge ON refunds (charge);
"""


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


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger. ``kind`` is ``charge`` or ``refund``."""

    kind: str
    reference: str
    amount: Decimal
    currency: str
    status: OutcomeStatus
    failure_code: str | None
    message: str | None
    gateway_reference: str


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums charged and refunded, in one currency."""

    charged: Decimal
    refunded: Decimal


class Ledger:
    """The ledger in the file at ``path``, created with mode 0600 at the first use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._prepared = False
        self._preparing = threading.Lock()

    def charge(
        self,
        reference: str,
        amount: Decimal,
        currency: str,
        *,
        method: str,
        brand: str | None,
        last4: str | None,
        failure: tuple[str, str] | None,
        refunding: Refunding,
        answered: bool,
        delay: float,
        waits: bool = False,
    ) -> Booked:
        """Book a charge unless its reference is booked already, and return the entry.

        ``failure`` is the code and message of a refusal, ``answered`` whether the first call gets an answer,
        ``delay`` the seconds until there is an outcome, ``waits`` whether the buyer must decide first. Raises
        ReferenceReused.
        """
        cents = _cents(amount)
        code, message = failure or (None, None)
        status = _status(failure, waits=waits)
        with self._transaction() as connection:
            created = connection.execute(
                "INSERT INTO charges (reference, gateway_reference, cents, currency, method, brand, last4,"
                " status, failure_code, message, answers_at, refunding)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (reference) DO NOTHING",
                (
                    reference,
                    _gateway_reference("ch", reference),
                    cents,
                    currency,
                    method,
                    brand,
                    last4,
                    status,
                    code,
                    message,
                    time.time() + delay,
                    refunding,
                ),
            ).rowcount
            row = connection.execute("SELECT * FROM charges WHERE reference = ?", (reference,)).fetchone()
            if (row["cents"], row["currency"]) != (cents, currency):
                raise ReferenceReused(f"charge {reference} was booked with another amount or currency")
            return Booked(_outcome(row), answered or not created, row["answers_at"])

    def find_charge(self, reference: str) -> Booked | None:
        """Return the entry of a charge, or None."""
        with self._transaction() as connection:
            row = connection.execute("SELECT * FROM charges WHERE reference = ?", (reference,)).fetchone()
        return Booked(_outcome(row), answers_at=row["answers_at"]) if row else None

    def look_up(self, gateway_reference: str) -> Entry | None:
        """Return the charge that the gateway knows by ``gateway_reference``, or None."""
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT * FROM charges WHERE gateway_reference = ?", (gateway_reference,)
            ).fetchone()
        return _entry("charge", row) if row else None

    def decide(self, gateway_reference: str, failure: tuple[str, str] | None) -> Entry | None:
        """Write the outcome of a charge that waits for its buyer, and return the charge, or None.

        ``failure`` is None for a success. The first decision stands.
        """
        with self._transaction() as connection:
            connection.execute(
                "UPDATE charges SET status = ?, failure_code = ?, message = ?"
                " WHERE gateway_reference = ? AND status = ?",
                (
                    _status(failure),
                    *(failure or (None, None)),
                    gateway_reference,
                    OutcomeStatus.PENDING,
                ),
            )
        return self.look_up(gateway_reference)

    def refund(self, reference: str, gateway_reference: str, amount: Decimal, currency: str) -> Booked | None:
        """Book a refund unless its reference is booked already, and return the entry.

        Returns None if nothing was booked and the call gets no answer. Raises ReferenceReused.
        """
        cents = _cents(amount)
        with self._transaction() as connection:
            booked = connection.execute("SELECT * FROM refunds WHERE reference = ?", (reference,)).fetchone()
            if booked is not None:
                if (booked["charge"], booked["cents"], booked["currency"]) != (
                    gateway_reference,
                    cents,
                    currency,
                ):
                    raise ReferenceReused(f"refund {reference} was booked with another amount or charge")
                return Booked(_outcome(booked))
            charge = connection.execute(
                "SELECT c.*, (SELECT coalesce(sum(cents), 0) FROM refunds"
                "  WHERE charge = c.gateway_reference AND status = 'SUCCEEDED') AS refunded"
                " FROM charges AS c WHERE gateway_reference = ?",
                (gateway_reference,),
            ).fetchone()
            failure = _why_not(charge, cents, currency)
            lost = False
            if failure is None:
                refunding, first = Refunding(charge["refunding"]), charge["refund_calls"] == 0
                connection.execute(
                    "UPDATE charges SET refund_calls = refund_calls + 1 WHERE gateway_reference = ?",
                    (gateway_reference,),
                )
                if refunding is Refunding.UNANSWERED_ONCE and first:
                    return None
                if refunding is Refunding.FAILS or (refunding is Refunding.FAILS_ONCE and first):
                    failure = ("refund_failed", "The card's bank did not take the refund.")
                lost = refunding is Refunding.ANSWER_LOST and first
            row = connection.execute(
                "INSERT INTO refunds (reference, gateway_reference, charge, cents, currency, status,"
                " failure_code, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
                (
                    reference,
                    _gateway_reference("re", reference),
                    gateway_reference,
                    cents,
                    currency,
                    OutcomeStatus.FAILED if failure else OutcomeStatus.SUCCEEDED,
                    *(failure or (None, None)),
                ),
            ).fetchone()
            return Booked(_outcome(row), answered=not lost)

    def entries(self) -> list[Entry]:
        """Return all entries in the order of booking, charges before refunds."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT 0 AS kind, rowid, reference, cents, currency, status, failure_code, message,"
                " gateway_reference FROM charges"
                " UNION ALL SELECT 1, rowid, reference, cents, currency, status, failure_code, message,"
                " gateway_reference FROM refunds"
                " ORDER BY 1, 2"
            ).fetchall()
        return [_entry(("charge", "refund")[row["kind"]], row) for row in rows]

    def totals(self, currency: str) -> Totals:
        """Return the sums of the charges and refunds that succeeded, to the cent."""
        with self._transaction() as connection:
            charged, refunded = connection.execute(
                "SELECT"
                " (SELECT coalesce(sum(cents), 0) FROM charges WHERE currency = ? AND status = 'SUCCEEDED'),"
                " (SELECT coalesce(sum(cents), 0) FROM refunds WHERE currency = ? AND status = 'SUCCEEDED')",
                (currency, currency),
            ).fetchone()
        return Totals(_amount(charged), _amount(refunded))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._prepare()
        with closing(self._connect()) as connection:
            # Take the write lock first: two readers that both go on to write would deadlock.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _prepare(self) -> None:
        with self._preparing:
            if self._prepared:
                return
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(self._connect()) as connection:
                _use_wal(connection)
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
            self._prepared = True


def _use_wal(connection: sqlite3.Connection) -> None:
    # SQLite ignores its busy timeout here when another process makes the same change.
    give_up = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


def _why_not(charge: sqlite3.Row | None, cents: int, currency: str) -> tuple[str, str] | None:
    if charge is None:
        return "unknown_charge", "There is no such charge."
    if charge["status"] != OutcomeStatus.SUCCEEDED:
        return "charge_not_succeeded", "That charge took no money."
    if charge["currency"] != currency:
        return "currency_mismatch", "The charge was in another currency."
    if charge["refunded"] + cents > charge["cents"]:
        return "refund_exceeds_charge", "The refunds would exceed the charge."
    return None


def _status(failure: tuple[str, str] | None, *, waits: bool = False) -> OutcomeStatus:
    if failure:
        return OutcomeStatus.FAILED
    return OutcomeStatus.PENDING if waits else OutcomeStatus.SUCCEEDED


def _entry(kind: str, row: sqlite3.Row) -> Entry:
    return Entry(
        kind,
        row["reference"],
        _amount(row["cents"]),
        row["currency"],
        OutcomeStatus(row["status"]),
        row["failure_code"],
        row["message"],
        row["gateway_reference"],
    )


def _outcome(row: sqlite3.Row) -> Outcome:
    return Outcome(
        OutcomeStatus(row["status"]), row["gateway_reference"], row["failure_code"], row["message"]
    )


def _gateway_reference(prefix: str, reference: str) -> str:
    return f"{prefix}_{hashlib.sha256(reference.encode()).hexdigest()[:24]}"


def _cents(amount: Decimal) -> int:
    if not amount.is_finite() or amount <= 0 or amount * 100 % 1:
        raise ValueError(f"{amount} is not a positive amount with two decimals at the most")
    return int(amount * 100)


def _amount(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
