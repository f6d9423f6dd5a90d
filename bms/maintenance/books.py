"""Holds the simulated gateway's books against the payments, line by line."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from bms.payments.gateway import OutcomeStatus
from bms.payments.simulated.ledger import Entry
from bms.queries.conservation import SHOWN, Finding
from bms.queries.gateway_books import ChargedRow, RefundedRow
from bms.terms import PaymentStatus, RefundStatus

RULE = "Payments and refunds are in the gateway's books, to the cent, and nothing else is"

_TOOK_MONEY = frozenset(
    {
        PaymentStatus.SUCCEEDED,
        PaymentStatus.PARTIALLY_REFUNDED,
        PaymentStatus.REFUNDED,
        PaymentStatus.RETURNED,
    }
)
# Amount and currency by reference.
Lines = Mapping[str, tuple[Decimal, str]]


def compare(
    before: Iterable[Entry],
    payments: Iterable[ChargedRow],
    refunds: Iterable[RefundedRow],
    after: Iterable[Entry],
) -> Finding:
    """Return what the books and the database disagree about.

    The books are read ``before`` and ``after`` the database. So a payment that is made in between is missing
    on neither side.
    """
    before, after = list(before), list(after)
    found = [
        *_missing("payment", _wanted(payments, _TOOK_MONEY), _booked(after, "charge")),
        *_missing("refund", _wanted(refunds, {RefundStatus.SUCCEEDED}), _booked(after, "refund")),
        *_unknown(
            "charge",
            _booked(before, "charge"),
            {one.reference for one in payments if one.status in {*_TOOK_MONEY, PaymentStatus.PROCESSING}},
        ),
        *_unknown(
            "refund",
            _booked(before, "refund"),
            {one.reference for one in refunds if one.status != RefundStatus.FAILED},
        ),
    ]
    return Finding(RULE, found[:SHOWN])


def _wanted(rows: Iterable[ChargedRow | RefundedRow], statuses: "frozenset[str] | set[str]") -> Lines:
    return {row.reference: (row.amount, row.currency) for row in rows if row.status in statuses}


def _booked(entries: Iterable[Entry], kind: str) -> Lines:
    return {
        entry.reference: (entry.amount, entry.currency)
        for entry in entries
        if entry.kind == kind and entry.status == OutcomeStatus.SUCCEEDED
    }


def _missing(kind: str, wanted: Lines, booked: Lines) -> Iterator[str]:
    for reference, line in wanted.items():
        if booked.get(reference) != line:
            amount, currency = line
            yield f"{kind} {reference}: {amount} {currency} here, {_text(booked.get(reference))} in the books"


def _unknown(kind: str, booked: Lines, known: "set[str]") -> Iterator[str]:
    for reference, line in booked.items():
        if reference not in known:
            yield f"{kind} {reference}: {_text(line)} in the books, nothing here"


def _text(line: tuple[Decimal, str] | None) -> str:
    return "nothing" if line is None else f"{line[0]} {line[1]}"
