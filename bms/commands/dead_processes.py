"""Ends the leases of processes of this host that have died, so that their work need not wait for its time."""

from typing import NamedTuple

from bms.holders import host, is_dead
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class HolderRow(NamedTuple):
    """A token under which something is leased."""

    token: str


LIST_HOLDERS = Statement(
    "leases.list_holders",
    "@host NVARCHAR(32)",
    """
    SELECT lease_token AS token
    FROM   outbox
    WHERE  state = 'PENDING' AND lease_token LIKE CONCAT(@host, '%')
    UNION ALL
    SELECT lease_token AS token
    FROM   event_cancellations
    WHERE  finished_at IS NULL AND lease_token LIKE CONCAT(@host, '%')
    UNION ALL
    SELECT holder AS token
    FROM   leases
    WHERE  holder LIKE CONCAT(@host, '%')
    UNION ALL
    SELECT claimed_by AS token
    FROM   payments
    WHERE  status = 'PROCESSING' AND claimed_by LIKE CONCAT(@host, '%')
    """,
    HolderRow,
)

END_MAIL = Statement(
    "outbox.end_leases",
    "@tokens NVARCHAR(32) LIST",
    """
    UPDATE outbox WITH (ROWLOCK)
    SET    leased_until = NULL, lease_token = NULL
    WHERE  state = 'PENDING' AND lease_token IN (@tokens)
    """,
)

END_CANCELLATIONS = Statement(
    "event_cancellations.end_leases",
    "@tokens NVARCHAR(32) LIST",
    """
    UPDATE event_cancellations WITH (ROWLOCK)
    SET    leased_until = NULL, lease_token = NULL
    WHERE  finished_at IS NULL AND lease_token IN (@tokens)
    """,
)

END_LEADERSHIP = Statement(
    "leases.end",
    "@tokens NVARCHAR(32) LIST",
    "UPDATE leases WITH (ROWLOCK) SET holder = NULL WHERE holder IN (@tokens)",
)

# A payment without anybody who asks is settled by the next reconciliation.
ABANDON_PAYMENTS = Statement(
    "payments.abandon",
    "@tokens NVARCHAR(32) LIST",
    """
    UPDATE payments WITH (ROWLOCK)
    SET    claimed_by = ''
    WHERE  status = 'PROCESSING' AND claimed_by IN (@tokens)
    """,
)


def take_over_from_dead(tx: Transaction) -> int:
    """End what dead processes of this host have leased, and return how many things that were.

    What they did may have taken effect outside, as with any lease that runs out: mail may go out twice under
    one Message-ID, and the gateway is asked under the reference that it knows.
    """
    held = {row.token for row in tx.rows(LIST_HOLDERS, host=host())}
    tokens = sorted(token for token in held if is_dead(token))
    if not tokens:
        return 0
    return sum(
        tx.execute(statement, tokens=tokens)
        for statement in (END_CANCELLATIONS, ABANDON_PAYMENTS, END_MAIL, END_LEADERSHIP)
    )
