"""The simulated gateway's ledger: an SQLite file, which processes share and which outlives them.

It stores references, outcomes, and of a card its brand and last four digits. An amount is a count of its
currency's smallest amounts, in ``cents``, and the number of decimals that these have, in ``exponent``. Each
call is synchronous, has a connection of its own and is one transaction.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from bms.money import exponent_of
from bms.payments.gateway import OutcomeStatus, ReferenceReused
from bms.payments.simulated.charging import (
    Booked,
    NewCharge,
    Refunding,
    amount_of,
    book_charge,
    book_new,
    booked_of,
    cents_of,
    find_line,
    new_gateway_reference,
    outcome_of,
    status_of,
)

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
    refund_calls INTEGER NOT NULL DEFAULT 0,
    exponent INTEGER NOT NULL DEFAULT 2
) STRICT;
CREATE TABLE IF NOT EXISTS refunds (
    reference TEXT PRIMARY KEY,
    gateway_reference TEXT NOT NULL UNIQUE,
    charge TEXT NOT NULL,
    cents INTEGER NOT NULL CHECK (cents > 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    failure_code TEXT,
    message TEXT,
    exponent INTEGER NOT NULL DEFAULT 2
) STRICT;
CREATE INDEX IF NOT EXISTS ix_refunds_charge ON refunds (charge);
CREATE INDEX IF NOT EXISTS ix_charges_answers_at ON charges (answers_at);
"""


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


class _Open(NamedTuple):
    """A connection that nobody uses at the moment, and the identity of its file."""

    connection: sqlite3.Connection
    file: tuple[int, int] | None


class Ledger:
    """The ledger in the file at ``path``, created with mode 0600 at the first use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._prepared = False
        self._preparing = threading.Lock()
        # Who closes a file's last connection moves its log into it and waits for the disk, so one stays open.
        self._idle: list[_Open] = []

    def charge(self, new: NewCharge) -> Booked:
        """Book a charge unless its reference is booked already, and return the entry.

        Raises ReferenceReused, and ValueError for an amount that is no amount of its currency.
        """
        (booked,) = self.charge_each([new])
        if isinstance(booked, ValueError):
            raise booked
        return booked

    def charge_each(self, charges: Sequence[NewCharge]) -> list[Booked | ValueError]:
        """Book charges in one transaction. Return for each its entry, or the error that refuses it."""
        with suppress(sqlite3.IntegrityError, ValueError), self._connection() as connection:
            return [*book_new(connection, charges)]
        booked: list[Booked | ValueError] = []
        with self._transaction() as connection:
            for new in charges:
                try:
                    booked.append(book_charge(connection, new))
                except ValueError as error:  # nothing was written for it
                    booked.append(error)
        return booked

    def find_charge(self, reference: str) -> Booked | None:
        """Return the entry of a charge, or None."""
        with self._transaction() as connection:
            row = find_line(connection, reference)
        return booked_of(row) if row else None

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
                    status_of(failure),
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
        with self._transaction() as connection:
            booked = connection.execute("SELECT * FROM refunds WHERE reference = ?", (reference,)).fetchone()
            if booked is not None:
                if (booked["charge"], amount_of(booked), booked["currency"]) != (
                    gateway_reference,
                    amount,
                    currency,
                ):
                    raise ReferenceReused(f"refund {reference} was booked with another amount or charge")
                return Booked(outcome_of(booked))
            charge = connection.execute(
                "SELECT c.*, (SELECT coalesce(sum(cents), 0) FROM refunds"
                "  WHERE charge = c.gateway_reference AND status = 'SUCCEEDED') AS refunded"
                " FROM charges AS c WHERE gateway_reference = ?",
                (gateway_reference,),
            ).fetchone()
            # As the charge was counted, which may be older than the currency's exponent here.
            exponent = exponent_of(currency) if charge is None else charge["exponent"]
            cents = cents_of(amount, exponent)
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
                " failure_code, message, exponent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
                (
                    reference,
                    new_gateway_reference("re", reference),
                    gateway_reference,
                    cents,
                    currency,
                    OutcomeStatus.FAILED if failure else OutcomeStatus.SUCCEEDED,
                    *(failure or (None, None)),
                    exponent,
                ),
            ).fetchone()
            return Booked(outcome_of(row), answered=not lost)

    def entries(self) -> list[Entry]:
        """Return all entries in the order of booking, charges before refunds."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT 0 AS kind, rowid, reference, cents, exponent, currency, status, failure_code,"
                " message, gateway_reference FROM charges"
                " UNION ALL SELECT 1, rowid, reference, cents, exponent, currency, status, failure_code,"
                " message, gateway_reference FROM refunds"
                " ORDER BY 1, 2"
            ).fetchall()
        return [_entry(("charge", "refund")[row["kind"]], row) for row in rows]

    def copy_to(self, path: Path) -> None:
        """Write the ledger as it is at one moment to a new file, while others go on writing."""
        self._prepare()
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(self._connect()) as source, closing(sqlite3.connect(path)) as copy:
            source.backup(copy)
            # One file, without a log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")

    def keep_only(self, charges: Collection[str], refunds: Collection[str]) -> None:
        """Remove every charge and every refund whose reference is not among these."""
        with self._transaction() as connection:
            for table, references in (("charges", charges), ("refunds", refunds)):
                known = set(references)
                lines = connection.execute(f"SELECT reference FROM {table}").fetchall()  # noqa: S608
                gone = [(line["reference"],) for line in lines if line["reference"] not in known]
                connection.executemany(f"DELETE FROM {table} WHERE reference = ?", gone)  # noqa: S608

    def remove_old(self, *, days: int, limit: int) -> int:
        """Remove up to ``limit`` charges from more than ``days`` ago, and their refunds. Returns how many.

        They cannot be refunded any more.
        """
        with self._transaction() as connection:
            old = connection.execute(
                "SELECT gateway_reference FROM charges WHERE answers_at < ? ORDER BY answers_at LIMIT ?",
                (time.time() - days * 86_400, limit),
            ).fetchall()
            names = [(line["gateway_reference"],) for line in old]
            connection.executemany("DELETE FROM refunds WHERE charge = ?", names)
            connection.executemany("DELETE FROM charges WHERE gateway_reference = ?", names)
            return len(names)

    def totals(self, currency: str) -> Totals:
        """Return the sums of the charges and refunds that succeeded, with the currency's decimals."""
        sums = {}
        with self._transaction() as connection:
            for table in ("charges", "refunds"):
                rows = connection.execute(
                    f"SELECT sum(cents) AS cents, exponent FROM {table}"  # noqa: S608
                    " WHERE currency = ? AND status = 'SUCCEEDED' GROUP BY exponent",
                    (currency,),
                ).fetchall()
                nothing = Decimal(0).scaleb(-exponent_of(currency))
                sums[table] = sum(map(amount_of, rows), nothing)
        return Totals(sums["charges"], sums["refunds"])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection:
            # Take the write lock first: two readers that both go on to write would deadlock.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection on which each statement is a transaction unless one is begun."""
        self._prepare()
        one = self._take()
        is_well = True
        try:
            yield one.connection
        except sqlite3.Error as error:
            is_well = isinstance(error, sqlite3.IntegrityError)
            raise
        finally:
            if is_well:
                self._idle.append(one)
            else:
                one.connection.close()

    def _take(self) -> _Open:
        """Return a connection to the file that is at the path now, which may be another than before."""
        while self._idle:
            one = self._idle.pop()
            if one.file == _identity(self._path):
                return one
            one.connection.close()
        file = _identity(self._path)  # Before: what comes to the path meanwhile is then seen the next time.
        return _Open(self._connect(), file)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _prepare(self) -> None:
        with self._preparing:
            if self._prepared:
                return
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Only a new file: who closes a descriptor of a file loses all locks that the process has on it
            # (POSIX), those of its connections, too. Another process would then remove the log that they use.
            with suppress(FileExistsError):
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            with closing(self._connect()) as connection:
                _use_wal(connection)
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
                _add_exponents(connection)
            self._prepared = True


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


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


def _add_exponents(connection: sqlite3.Connection) -> None:
    """Bring a file of an earlier release up to date: its amounts are in hundredths, whatever the currency."""
    connection.execute("BEGIN IMMEDIATE")
    for table in ("charges", "refunds"):
        columns = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
        if "exponent" not in columns:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN exponent INTEGER NOT NULL DEFAULT 2")
    connection.execute("COMMIT")


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


def _entry(kind: str, row: sqlite3.Row) -> Entry:
    return Entry(
        kind,
        row["reference"],
        amount_of(row),
        row["currency"],
        OutcomeStatus(row["status"]),
        row["failure_code"],
        row["message"],
        row["gateway_reference"],
    )
