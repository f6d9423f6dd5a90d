"""Accounts: profiles, and the list that admins see."""

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple

from bms.characters import search_form
from bms.errors import NotFound
from bms.queries.bookings import BookingView, list_bookings
from bms.queries.patterns import contains
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, Role

MAX_SEARCHED = 100  # UTF-16 units


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
    email_confirmed_at: dt.datetime | None
    second_factor_at: dt.datetime | None
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
    email_confirmed_at: dt.datetime | None
    second_factor_at: dt.datetime | None
    created_at: dt.datetime


class NameRow(NamedTuple):
    """What somebody is called."""

    id: int
    name: str


class UserCount(NamedTuple):
    """How many accounts there are."""

    users: int


LIST = Statement(
    "users.list",
    "@after BIGINT, @limit INT",
    """
    SELECT TOP (@limit) id, email, name, username, role, phone, city, bio, locale, is_active,
           email_confirmed_at, second_factor_at, created_at
    FROM   users
    WHERE  id > @after
    ORDER BY id
    """,
    AccountRow,
)

# A role stands in its statement: only so PostgreSQL knows which are rare. From constants of ``bms.terms``.
LIST_IN_ROLE = {
    role: Statement(
        f"users.list_in_role_{role.lower()}",
        "@after BIGINT, @limit INT",
        f"""
        SELECT TOP (@limit) id, email, name, username, role, phone, city, bio, locale, is_active,
               email_confirmed_at, second_factor_at, created_at
        FROM   users
        WHERE  role = '{role}' AND id > @after
        ORDER BY id
        """,  # noqa: S608
        AccountRow,
    )
    for role in Role
}

# No index leads to a part of a name: it reads accounts until a page is full.
SEARCH = Statement(
    "users.search",
    "@role NVARCHAR(16), @pattern NVARCHAR(300), @folded_pattern NVARCHAR(300), @after BIGINT, @limit INT",
    """
    SELECT TOP (@limit) id, email, name, username, role, phone, city, bio, locale, is_active,
           email_confirmed_at, second_factor_at, created_at
    FROM   users
    WHERE  id > @after AND (@role IS NULL OR role = @role)
      AND  (LOWER(name) LIKE LOWER(@pattern) ESCAPE '!'
            OR name_folded LIKE @folded_pattern ESCAPE '!' OR LOWER(username) LIKE LOWER(@pattern) ESCAPE '!'
            OR LOWER(email) LIKE LOWER(@pattern) ESCAPE '!')
    ORDER BY id
    """,
    AccountRow,
)

GET_PROFILE = Statement(
    "users.get_profile",
    "@id BIGINT",
    """
    SELECT id, email, name, username, role, phone, city, bio, locale, email_confirmed_at, second_factor_at,
           created_at
    FROM   users
    WHERE  id = @id
    """,
    ProfileRow,
)

GET_ACCOUNT = Statement(
    "users.get_account",
    "@id BIGINT",
    """
    SELECT id, email, name, username, role, phone, city, bio, locale, is_active,
           email_confirmed_at, second_factor_at, created_at
    FROM   users
    WHERE  id = @id
    """,
    AccountRow,
)

LIST_NAMES = Statement(
    "users.list_names",
    "@ids BIGINT LIST",
    "SELECT id, name FROM users WHERE id IN (@ids)",
    NameRow,
)

COUNT = Statement("users.count", "", "SELECT COUNT(*) AS users FROM users", UserCount)


def list_accounts(
    tx: Transaction, *, q: str | None, role: Role | None, after: int | None, limit: int
) -> list[AccountRow]:
    """Return up to ``limit`` accounts by id. ``q`` is part of a name, a username or an e-mail address."""
    page = {"after": after or 0, "limit": limit}
    if q is not None:
        patterns = {"pattern": contains(q), "folded_pattern": contains(search_form(q, MAX_SEARCHED))}
        return tx.rows(SEARCH, role=role, **patterns, **page)
    return tx.rows(LIST, **page) if role is None else tx.rows(LIST_IN_ROLE[Role(role)], **page)


def list_history(tx: Transaction, *, user_id: int, before: int | None, limit: int) -> list[BookingView]:
    """Return up to ``limit`` bookings of a user, the newest first. Raises NotFound for an unknown user."""
    get_profile(tx, user_id=user_id)
    return list_bookings(tx, user_id=user_id, before=before, limit=limit)


def has_proved_address(tx: Transaction, actor: Actor) -> bool:
    """Return whether the actor answers for words to strangers: by a confirmed address, or as an admin."""
    if actor.role is Role.ADMIN:
        return True
    return get_profile(tx, user_id=actor.user_id).email_confirmed_at is not None


def get_profile(tx: Transaction, *, user_id: int) -> ProfileRow:
    """Return the profile of ``user_id``. Raises NotFound."""
    user = tx.row(GET_PROFILE, id=user_id)
    if user is None:
        raise NotFound()
    return user


def get_account(tx: Transaction, *, user_id: int) -> AccountRow:
    """Return the account of ``user_id`` as admins see it. Raises NotFound."""
    account = tx.row(GET_ACCOUNT, id=user_id)
    if account is None:
        raise NotFound("There is no such user")
    return account


def list_names(tx: Transaction, *, user_ids: Collection[int]) -> dict[int, str]:
    """Return what users are called, by their ids."""
    found = tx.rows(LIST_NAMES, ids=sorted(set(user_ids))) if user_ids else []
    return {row.id: row.name for row in found}


def count_users(tx: Transaction) -> int:
    """Return how many accounts there are."""
    return tx.only(COUNT).users
