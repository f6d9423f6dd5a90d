"""Accounts: profiles, and the list that admins see."""

import datetime as dt
from typing import NamedTuple

from bms.errors import NotFound
from bms.queries.bookings import BookingView, list_bookings
from bms.queries.patterns import contains
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Role


class UserRow(NamedTuple):
    """An account as registration returns it."""

    id: int
    email: str | None
    name: str
    username: str
    role: str
    created_at: dt.datetime


class ProfileRow(NamedTuple):
    """An account with its profile."""

    id: int
    email: str | None
    name: str
    username: str
    role: str
    phone: str | None
    city: str | None
    bio: str | None
    locale: str | None
    created_at: dt.datetime


class AccountRow(NamedTuple):
    """An account with its profile, and whether it may log in."""

    id: int
    email: str | None
    name: str
    username: str
    role: str
    phone: str | None
    city: str | None
    bio: str | None
    locale: str | None
    is_active: int
    created_at: dt.datetime


class UserCount(NamedTuple):
    """How many accounts there are."""

    users: int


LIST = Statement(
    "users.list",
    "@role NVARCHAR(16), @pattern NVARCHAR(300), @after BIGINT, @limit INT",
    """
    SELECT TOP (@limit) id, email, name, username, role, phone, city, bio, locale, is_active,
           created_at
    FROM   users
    WHERE  id > @after AND (@role IS NULL OR role = @role)
      AND  (@pattern IS NULL OR LOWER(name) LIKE LOWER(@pattern) ESCAPE '!'
            OR LOWER(username) LIKE LOWER(@pattern) ESCAPE '!'
            OR LOWER(email) LIKE LOWER(@pattern) ESCAPE '!')
    ORDER BY id
    """,
    AccountRow,
)

GET_PROFILE = Statement(
    "users.get_profile",
    "@id BIGINT",
    """
    SELECT id, email, name, username, role, phone, city, bio, locale, created_at
    FROM   users
    WHERE  id = @id
    """,
    ProfileRow,
)

COUNT = Statement("users.count", "", "SELECT COUNT(*) AS users FROM users", UserCount)


def list_accounts(
    tx: Transaction, *, q: str | None, role: Role | None, after: int | None, limit: int
) -> list[AccountRow]:
    """Return up to ``limit`` accounts by id. ``q`` is part of a name, a username or an e-mail address."""
    return tx.rows(LIST, role=role, pattern=contains(q), after=after or 0, limit=limit)


def list_history(tx: Transaction, *, user_id: int, before: int | None, limit: int) -> list[BookingView]:
    """Return up to ``limit`` bookings of a user, the newest first. Raises NotFound for an unknown user."""
    get_profile(tx, user_id=user_id)
    return list_bookings(tx, user_id=user_id, before=before, limit=limit)


def get_profile(tx: Transaction, *, user_id: int) -> ProfileRow:
    """Return the profile of ``user_id``. Raises NotFound."""
    user = tx.row(GET_PROFILE, id=user_id)
    if user is None:
        raise NotFound()
    return user


def count_users(tx: Transaction) -> int:
    """Return how many accounts there are."""
    return tx.only(COUNT).users
