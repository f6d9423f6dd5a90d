"""Refused requests, as counts per minute, address and code."""

from collections.abc import Iterable

from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows

ADD = Statement(
    "refusals.add",
    "@refusals NVARCHAR(MAX)",
    """
    UPDATE refusals WITH (ROWLOCK)
    SET    times = refusals.times + r.times
    FROM   OPENJSON(@refusals) WITH (minute_at DATETIME2(3), address NVARCHAR(64), code NVARCHAR(48),
                                     times INT) AS r
    WHERE  refusals.minute_at = r.minute_at AND refusals.address = r.address AND refusals.code = r.code
    """,
)

# Before ADD, so that it finds every row. Two processes that insert one row at once violate pk_refusals, and
# the loser's transaction is retried.
START = Statement(
    "refusals.start",
    "@refusals NVARCHAR(MAX)",
    """
    INSERT INTO refusals (minute_at, address, code, times)
    SELECT r.minute_at, r.address, r.code, 0
    FROM   OPENJSON(@refusals) WITH (minute_at DATETIME2(3), address NVARCHAR(64), code NVARCHAR(48)) AS r
    WHERE  NOT EXISTS (SELECT 1 FROM refusals AS old
                       WHERE old.minute_at = r.minute_at AND old.address = r.address AND old.code = r.code)
    """,
)


def add_refusals(tx: Transaction, *, counts: Iterable[tuple[str, str, str, int]]) -> None:
    """Add to the counts by minute (UTC, ISO 8601), address and code."""
    # In one order, so that processes with rows in common wait for each other without a deadlock.
    rows = [
        {"minute_at": minute, "address": address, "code": code, "times": times}
        for minute, address, code, times in sorted(counts)
    ]
    tx.execute(START, refusals=json_rows(rows))
    tx.execute(ADD, refusals=json_rows(rows))
