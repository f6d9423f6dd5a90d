"""Counters of limits, shared by processes that have only the database in common."""

from collections.abc import Mapping
from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows


class CounterRow(NamedTuple):
    """After how many seconds a counter is empty; negative once it is."""

    bucket: str
    seconds: int


ADD = Statement(
    "rate_counters.add",
    "@sums NVARCHAR(MAX)",
    """
    UPDATE rate_counters WITH (ROWLOCK)
    SET    free_at = DATEADD(SECOND, s.seconds,
                             CASE WHEN rate_counters.free_at > SYSUTCDATETIME() THEN rate_counters.free_at
                                  ELSE SYSUTCDATETIME() END)
    OUTPUT inserted.bucket, DATEDIFF(SECOND, SYSUTCDATETIME(), inserted.free_at) AS seconds
    FROM   OPENJSON(@sums) WITH (bucket NVARCHAR(64), seconds INT) AS s
    WHERE  rate_counters.bucket = s.bucket
    """,
    CounterRow,
)

# Two processes that insert one counter at once violate pk_rate_counters; the loser's transaction is retried.
INSERT = Statement(
    "rate_counters.insert",
    "@sums NVARCHAR(MAX)",
    """
    INSERT INTO rate_counters (bucket, free_at)
    OUTPUT inserted.bucket, DATEDIFF(SECOND, SYSUTCDATETIME(), inserted.free_at) AS seconds
    SELECT s.bucket, DATEADD(SECOND, s.seconds, SYSUTCDATETIME())
    FROM   OPENJSON(@sums) WITH (bucket NVARCHAR(64), seconds INT) AS s
    """,
    CounterRow,
)


def add_to_counters(tx: Transaction, *, sums: Mapping[str, int]) -> dict[str, int]:
    """Move each counter of ``sums`` on by its seconds. Returns after how many each is empty."""
    # In one order, so that processes with counters in common wait for each other without a deadlock.
    rows = [{"bucket": bucket, "seconds": sums[bucket]} for bucket in sorted(sums)]
    found = {row.bucket: row.seconds for row in tx.rows(ADD, sums=json_rows(rows))}
    new = [row for row in rows if row["bucket"] not in found]
    if new:
        found |= {row.bucket: row.seconds for row in tx.rows(INSERT, sums=json_rows(new))}
    return found
