"""Accounts as their owners see them."""

from bms.errors import NotFound
from bms.sql.session import Row, Transaction
from bms.sql.statements import Statement

GET_PROFILE = Statement(
    "users.get_profile",
    "@id BIGINT",
    """
    SELECT id, email, name, username, role, phone, city, bio, created_at
    FROM   users
    WHERE  id = @id
    """,
)

COUNT = Statement("users.count", "", "SELECT COUNT(*) AS users FROM users")


def get_profile(tx: Transaction, *, user_id: int) -> Row:
    """Return the profile of ``user_id``. Raises NotFound."""
    user = tx.row(GET_PROFILE, id=user_id)
    if user is None:
        raise NotFound()
    return user


def count_users(tx: Transaction) -> int:
    """Return how many accounts there are."""
    return int(tx.value(COUNT))
