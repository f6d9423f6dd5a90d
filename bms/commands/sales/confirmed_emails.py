"""Events whose tickets go to confirmed e-mail addresses alone: throwaway accounts cannot empty them."""

from collections.abc import Collection
from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement


class UnconfirmedUser(NamedTuple):
    """A user whose address is not confirmed, as a guest's never is."""

    id: int


LIST_UNCONFIRMED = Statement(
    "users.list_of_unconfirmed",
    "@ids BIGINT LIST",
    "SELECT id FROM users WHERE id IN (@ids) AND email_confirmed_at IS NULL",
    UnconfirmedUser,
)


def list_unconfirmed(tx: Transaction, user_ids: Collection[int]) -> set[int]:
    """Return those of the users who have no confirmed address. Runs no statement for nobody."""
    if not user_ids:
        return set()
    return {row.id for row in tx.rows(LIST_UNCONFIRMED, ids=sorted(user_ids))}
