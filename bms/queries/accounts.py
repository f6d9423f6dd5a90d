"""Accounts as admins see them."""

from bms.errors import NotFound
from bms.queries.bookings import BookingView, list_bookings
from bms.queries.patterns import contains
from bms.sql.session import Row, Transaction
from bms.sql.statements import Statement

LIST = Statement(
    "users.list",
    "@role NVARCHAR(16), @pattern NVARCHAR(300), @after BIGINT, @limit INT",
    """
    SELECT TOP (@limit) id, email, name, username, role, phone, city, bio, is_active, created_at
    FROM   users
    WHERE  id > @after AND (@role IS NULL OR role = @role)
      AND  (@pattern IS NULL OR LOWER(name) LIKE LOWER(@pattern) ESCAPE '!'
            OR LOWER(username) LIKE LOWER(@pattern) ESCAPE '!'
            OR LOWER(email) LIKE LOWER(@pattern) ESCAPE '!')
    ORDER BY id
    """,
)


def list_accounts(
    tx: Transaction, *, q: str | None, role: str | None, after: int | None, limit: int
) -> list[Row]:
    """Return up to ``limit`` accounts by id; ``q`` is part of a name, a username or an e-mail address."""
    return tx.rows(LIST, role=role, pattern=contains(q), after=after or 0, limit=limit)


def list_history(tx: Transaction, *, user_id: int, before: int | None, limit: int) -> list[BookingView]:
    """Return up to ``limit`` bookings of a user, the newest first. Raises NotFound: no such user."""
    get_profile(tx, user_id=user_id)
    return list_bookings(tx, user_id=user_id, before=before, limit=limit)


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
